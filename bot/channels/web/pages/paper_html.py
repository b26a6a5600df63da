"""Papers and the form for them as HTML; routes are papers.py's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot import replies
from bot.channels.web.pages import reading
from bot.channels.web.pages.html import Markup, joined, tag
from bot.quiz import words
from bot.quiz.item import KINDS
from bot.quiz.layout import Paper, Question
from knowledge.base import KnowledgeBase
from knowledge.clause import Document

_WORDS = replies.PAPER_PAGE


def questions(paper: Paper, heading: str = "h2") -> Markup:
    """The questions of a paper without its key."""
    below = f"h{int(heading[1]) + 1}"
    parts = [tag(heading, paper.title), tag("p", paper.about, class_="about")]
    for section in paper.sections:
        parts += [tag(below, section.heading), tag("ol", *map(_question, section.questions), class_="questions")]
    return tag("article", *parts, class_="paper")


def _question(question: Question) -> Markup:
    parts = [tag("p", f"{question.number}．{question.stem}", class_="stem")]
    if question.left:
        parts.append(tag("ul", *(tag("li", line) for line in question.left), class_="choices"))
    columns = len(question.rows[0])
    parts.append(tag("ul", *(tag("li", line) for line in question.options), class_=f"choices columns-{columns}"))
    return tag("li", *parts)


def key(paper: Paper) -> Markup:
    """The key of a paper with the clauses' own words."""
    solved = (tag("li", tag("p", one.line), tag("p", one.quote, class_="quoted")) for one in paper.solved)
    return tag(
        "section",
        tag("p", _WORDS["key_follows"], class_="key-follows"),
        tag("h2", words.KEY),
        tag("p", paper.key_about, class_="about"),
        tag("ol", *solved, class_="solved"),
        class_="paper-key",
    )


def fault(said: str) -> Markup:
    """What is wrong with the form, read out at once; nothing where all is well."""
    return tag("p", said, id="fault", class_="fault", role="alert") if said else Markup()


def number(name: str, value: str, most: int, *, wrong: bool) -> Markup:
    """A field for a number."""
    told = {"aria_invalid": "true", "aria_describedby": "fault"} if wrong else {}
    numeric = {"inputmode": "numeric", "autocomplete": "off", "maxlength": str(len(str(most)) + 2)}
    return tag("input", id=name, name=name, value=value, **numeric, **told)


def kinds(chosen: Collection[str]) -> Markup:
    """A box to tick for each kind."""
    return joined(
        tag("label", _box("kinds", kind, checked=kind in chosen), tag("span", words.KIND_NAMES[kind])) for kind in KINDS
    )


def _box(name: str, value: str, *, checked: bool) -> Markup:
    more = {"checked": ""} if checked else {}
    return tag("input", type="checkbox", name=name, value=value, **more)


def scopes(knowledge: KnowledgeBase, counts: Mapping[str, int], chosen: str) -> Markup:
    """The options of the list of scopes, each with how many items it has; several notices stand in groups."""
    every = _option("", _WORDS["everything"].format(count=sum(counts.values())), chosen)
    if len(knowledge.documents) == 1:
        return joined([every, *_parts(knowledge.documents[0], knowledge, counts, chosen)])
    groups = []
    for document in knowledge.documents:
        count = sum(counts[knowledge.reference(clause)] for clause in document)
        whole = _option(document.id, _WORDS["whole"].format(title=document.short_title, count=count), chosen)
        groups.append(tag("optgroup", whole, *_parts(document, knowledge, counts, chosen), label=document.title))
    return joined([every, *groups])


def _parts(document: Document, knowledge: KnowledgeBase, counts: Mapping[str, int], chosen: str) -> list[Markup]:
    """The parts of a notice that have items, and of these the clause that was chosen, if it is no whole part."""
    listed = [clause for clause in document if clause.parent is None]
    picked = knowledge.find(chosen) if chosen else None
    if picked is not None and picked.document == document.id and picked.parent is not None:
        listed.append(picked)
    options = []
    for clause in listed:
        within = (clause, *knowledge.children(clause))
        count = sum(counts[knowledge.reference(one)] for one in within)
        name = reading.top_name(clause, document)
        if count:
            reference = knowledge.reference(clause)
            options.append(_option(reference, _WORDS["scope"].format(name=name, count=count), chosen))
    return options


def _option(value: str, name: str, chosen: str) -> Markup:
    more = {"selected": ""} if value == chosen else {}
    return tag("option", name, value=value, **more)
