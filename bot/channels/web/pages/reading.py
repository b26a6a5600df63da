"""The notice as HTML for reading: the whole of it with each clause's place and address, one clause, the words marked in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from bot import replies
from bot.channels.web.pages.html import Markup, joined, tag
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document

MAX_MARKS = 20

#: Characters [start, end) of a document's source.
Marks = tuple[tuple[int, int], ...]


def read_marks(text: str, clause: Clause) -> Marks:
    """The marks of `start-end,start-end` that lie inside the clause, sorted and disjoint; whatever is not one is ignored."""
    found = []
    for part in text.split(",")[:MAX_MARKS]:
        numbers = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", part.strip())
        if numbers and clause.start <= int(numbers[1]) < int(numbers[2]) <= clause.end:
            found.append((int(numbers[1]), int(numbers[2])))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def marked_words(clause: Clause, marks: Marks) -> Markup:
    """The clause's words on one line, with <mark> around the marked ones."""
    pieces: list[str] = []
    for is_marked, letters in groupby(_placed(clause), lambda letter: _within(letter[1], marks)):
        words = "".join(letter for letter, _ in letters)
        pieces.append(tag("mark", words) if is_marked else words)
    return joined(pieces)


def _placed(clause: Clause) -> Iterator[tuple[str, int]]:
    """The characters of the display text with their places in the source; -1 for a bar, which stands for line breaks."""
    place = 0
    for letter in clause.display:
        found = clause.text.find(letter, place)
        yield letter, clause.start + found if found >= 0 else -1
        place = max(place, found + 1)


def _within(place: int, marks: Marks) -> bool:
    return any(start <= place < end for start, end in marks)


def lines(clause: Clause) -> list[str]:
    """A clause's lines; a heading's display joins its lines with a bar, and reading wants them back."""
    return clause.display.split("｜") if clause.is_heading else [clause.display]


def anchor(clause: Clause) -> str:
    """The id of a clause's element in its notice."""
    return f"clause-{clause.id}"


def address(root: str, clause: Clause, knowledge: KnowledgeBase) -> str:
    """The address of a clause's own page."""
    return f"{root}c/{knowledge.reference(clause)}"


def step(clause: Clause | None, knowledge: KnowledgeBase, relation: str) -> Markup:
    """A link to a neighbour; the pages of clauses lie side by side, so the reference alone leads there."""
    if clause is None:
        return tag("span")
    # ./ keeps a reference with a colon from being read as a scheme.
    return tag("a", clause.label, href=f"./{knowledge.reference(clause)}", rel=relation[:4], class_=relation)


def full_source(clause: Clause, document: Document) -> str:
    """Where a clause stands, with the notice's full title, its issuer and year."""
    place = clause.label.replace(f"《{document.short_title}》", f"《{document.title}》", 1)
    return f"{place}（{document.issuer}，{document.year}年）"


def contents(document: Document) -> Markup:
    """Links to the parts of a notice, for the top of its page."""
    tops = [clause for clause in document if clause.parent is None]
    return joined(tag("li", tag("a", top_name(clause, document), href=f"#{anchor(clause)}")) for clause in tops)


def top_name(clause: Clause, document: Document) -> str:
    """What a part is called: its heading, or its label without the notice's name where it has none."""
    return lines(clause)[0] if clause.is_heading else clause.label.removeprefix(f"《{document.short_title}》")


def notice(
    root: str, document: Document, knowledge: KnowledgeBase, marked: Clause | None = None, marks: Marks = ()
) -> Markup:
    """A whole notice, each clause under its anchor and with a link to its own page; `marked` stands out."""
    issued = replies.PAGE_WORDS["issued"].format(issuer=document.issuer, year=document.year)
    body = [tag("header", tag("h2", document.title), tag("p", issued))]
    for clause in document:
        first, *rest = lines(clause)
        words: str = marked_words(clause, marks) if clause is marked and not clause.is_heading else first
        place = clause.label.removeprefix(f"《{document.short_title}》").rpartition("·")[2]
        to_page = address(root, clause, knowledge)
        if clause.is_heading:
            text = [tag("span", tag("a", words, href=to_page), class_="text")]
        else:
            text = [tag("a", place, href=to_page, class_="marker"), tag("span", words, class_="text")]
        body.append(
            tag(
                "h3" if clause.is_heading else "p",
                *text,
                *(tag("span", line, class_="method") for line in rest),
                id=anchor(clause),
                class_="notice-clause marked" if clause is marked else "notice-clause",
            )
        )
    return tag("article", *body, class_="notice")


def choices(root: str, clauses: Sequence[Clause], knowledge: KnowledgeBase) -> Markup:
    """List items, each a link to a clause under its label and its words."""
    return joined(
        tag("li", tag("a", tag("strong", one.label), " ", tag("span", one.display), href=address(root, one, knowledge)))
        for one in clauses
    )
