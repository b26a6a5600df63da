"""The wrong-answer book and the map of measures as HTML; routes are studying.py's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from urllib.parse import quote

from bot import replies
from bot.channels.web.pages import reading
from bot.channels.web.pages.html import Markup, joined, tag
from bot.study import Standing, Task
from bot.study.words import LEVELS
from knowledge.base import KnowledgeBase

_WORDS = replies.STUDY_PAGE
_PAGES = {"today": "study", "wrong": "study/wrong", "map": "study/map"}


def tabs(root: str, current: str) -> Markup:
    """Links between the pages of learning."""
    links = []
    for name, path in _PAGES.items():
        here = {"aria_current": "page"} if name == current else {}
        links.append(tag("li", tag("a", _WORDS[name], href=root + path, **here)))
    return tag("nav", tag("ul", *links), class_="tabs", aria_label=_WORDS["tabs"])


def wrong_book(root: str, tasks: Sequence[Task], knowledge: KnowledgeBase) -> Markup:
    """The items that were answered wrong last, under their clauses."""
    if not tasks:
        return tag("p", _WORDS["none_wrong"], class_="nothing")
    groups = []
    for label, group in groupby(tasks, key=lambda task: task.item.citation.label):
        items = list(group)
        reference = items[0].item.clause
        rows = [
            tag(
                "li",
                tag("p", task.item.stem, class_="stem"),
                tag("a", _WORDS["again"], href=f"{root}study?item={task.item.id}", class_="action"),
            )
            for task in items
        ]
        actions = tag(
            "p",
            tag("a", _WORDS["read"], href=f"{root}c/{reference}"),
            " ",
            tag("a", replies.ASK_ABOUT, href=f"{root}?q={quote(label + '：')}"),
            class_="wrong-actions",
        )
        clause = knowledge.find(reference)
        words = tag("blockquote", *(tag("p", line) for line in reading.lines(clause))) if clause is not None else ""
        groups.append(tag("section", tag("h2", label), words, actions, tag("ul", *rows), class_="card wrong-clause"))
    return joined(groups)


def map_of(root: str, standings: Sequence[Standing], knowledge: KnowledgeBase) -> Markup:
    """A table for each notice: a row for each heading, in it the clauses below with how well each is known, in words."""
    tables = []
    for document in knowledge.documents:
        mine = [one for one in standings if one.clause.document == document.id]
        rows = []
        for parent, group in groupby(mine, key=lambda one: one.clause.parent):
            clauses = list(group)
            above = knowledge.parent(clauses[0].clause) if parent is not None else None
            name = reading.lines(above)[0] if above is not None else _WORDS["opening"]
            cells = tag("ul", *(_cell(root, one) for one in clauses), class_="levels")
            rows.append(tag("tr", tag("th", name, scope="row"), tag("td", cells)))
        caption = tag("caption", _WORDS["map_of"].format(title=document.short_title))
        tables.append(tag("table", caption, tag("tbody", *rows), class_="map"))
    return joined(tables)


def _cell(root: str, standing: Standing) -> Markup:
    place = standing.clause.label.rpartition("·")[2].rpartition("》")[2]
    words = [tag("span", place), " ", tag("strong", LEVELS[standing.level])]
    return tag("li", tag("a", *words, href=f"{root}c/{standing.reference}", class_=f"level {standing.level}"))
