"""What stands where in a document, and how a heading is named in passing (文山会海的第七条)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.outline.numerals import NUMBER
from index.outline.words import COUNTERS, normalize
from knowledge.clause import Clause, Document, Kind


def heading_name(clause: Clause) -> str:
    """A heading's label without its document: 问题二."""
    return re.sub(r"^《[^》]*》", "", clause.label) or clause.label


def of_kind(document: Document, kind: Kind) -> tuple[Clause, ...]:
    """The clauses of one kind, in reading order."""
    return tuple(clause for clause in document if clause.kind == kind)


def loose_clauses(document: Document) -> tuple[Clause, ...]:
    """Measures and points that stand under no heading."""
    return tuple(c for c in document if c.parent is None and c.kind in ("measure", "point"))


def title_of(heading: Clause) -> str:
    """The first line of a heading's text, without the number before it."""
    line = normalize(heading.text.splitlines()[0])
    return re.sub(rf"^(?:问题)?{NUMBER}?[:：、.]", "", line)


def shares_words(title: str, text: str, length: int = 4) -> bool:
    """Whether a text repeats that many letters in a row of a title."""
    pieces = {title[i : i + length] for i in range(len(title) - length + 1)}
    return any(text[i : i + length] in pieces for i in range(len(text) - length + 1))


def named_heading(text: str, headings: Sequence[Clause]) -> tuple[int, Clause] | None:
    """A heading named by words of its title before an item or 部分 (文山会海的第七条), and where its name ends."""
    part = re.match(r"(.{2,8}?)(?:这|那)?一?部分", text)
    if part is not None:
        sections = [h for h in headings if h.kind == "section" and _made_of(part[1], normalize(heading_name(h)))]
        if len(sections) == 1:
            return part.end(), sections[0]
    match = re.match(
        rf"(.{{2,16}}?)(?:(?:这个)?问题|部分|方面)?(?:中|里|下)?的?(?=第{NUMBER}[{COUNTERS}]|最后|倒数)", text
    )
    if match is None:
        return None
    words = match[1]
    has_noun = re.search("问题|部分|方面", match[0][len(words) :]) is not None
    named = [h for h in headings if _made_of(words, title_of(h) + normalize(heading_name(h)))]
    if len(named) != 1 or len(words) < (2 if has_noun or words in normalize(named[0].label) else 3):
        return None
    return match.end(), named[0]


def _made_of(words: str, title: str) -> bool:
    """Whether `words` falls into runs of two or more characters that the title has (保障落实 in 保障贯彻落实)."""
    reachable = {0}
    for start in range(len(words)):
        if start in reachable:
            for end in range(start + 2, len(words) + 1):
                if words[start:end] in title:
                    reachable.add(end)
    return len(words) in reachable
