"""The report of a session as HTML: readable in print, without colour and without script. No names."""

from __future__ import annotations

from bot.channels.web.pages.html import Markup, joined, tag
from bot.channels.web.rooms.views import revised, weak_clauses
from bot.quiz.layout import LETTERS, answer
from bot.rooms import words
from bot.rooms.report import ItemResult, Report
from knowledge.base import KnowledgeBase

_BAR_HEIGHT = "12"


def values(root: str, code: str, report: Report, knowledge: KnowledgeBase) -> dict[str, str]:
    """What the template report.html takes."""
    skipped = words.REPORT_SKIPPED.format(skipped=report.skipped) if report.skipped else ""
    about = words.REPORT_ABOUT.format(day=report.day, seats=report.seats, items=len(report.results), skipped=skipped)
    items = [_item(one, knowledge) for one in report.results]
    files = [name for name in words.FILES if report.weak or not name.startswith("paper.")]
    links = [
        tag("a", words.FILES[name], class_="action", href=f"{root}api/v1/rooms/{code}/files/{name}") for name in files
    ]
    return {
        "heading": report.title,
        "about": about,
        "version": report.knowledge_version,
        "files": joined(links),
        "items": joined(items) if items else tag("li", words.REPORT_EMPTY),
        "weak": _weak(report, knowledge),
    }


def _item(one: ItemResult, knowledge: KnowledgeBase) -> Markup:
    """One item: what was asked, a bar of how many were right, and what was chosen."""
    tally = one.tally
    percent = round(100 * tally.right / tally.answered) if tally.answered else 0
    told = words.REPORT_RIGHT.format(right=tally.right, answered=tally.answered, percent=percent)
    ground = tag("rect", width="100%", height=_BAR_HEIGHT, class_="bar-empty")
    bar = tag("rect", width=f"{percent}%", height=_BAR_HEIGHT, fill="url(#bar-0)", class_="bar")
    drawn = tag("svg", ground, bar, width="100%", height=_BAR_HEIGHT, aria_hidden="true")
    key = words.REPORT_KEY.format(key=answer(one.item))
    counts = [
        (words.REPORT_COUNT_RIGHT if place in one.item.key else words.REPORT_COUNT).format(letter=letter, count=count)
        for place, (letter, count) in enumerate(zip(LETTERS, tally.counts, strict=False))
    ]
    lines = [key, *([words.REPORT_COUNTS.format(counts="　".join(counts))] if counts else []), one.item.citation.label]
    changed = revised(one.item.clause, one.item.citation.quote, knowledge)
    return tag(
        "li",
        tag("p", one.item.stem),
        tag("p", drawn, tag("strong", told if tally.answered else words.REPORT_NONE), class_="report-bar"),
        tag("p", "　".join(lines), *([" ", tag("strong", words.REVISED)] if changed else []), class_="room-small"),
    )


def _weak(report: Report, knowledge: KnowledgeBase) -> Markup:
    """The clauses to read again, word for word."""
    clauses = weak_clauses(report, knowledge)
    if not clauses:
        return tag("p", words.REPORT_NO_WEAK)
    figures = []
    for one in clauses:
        quote = tag("blockquote", *(tag("p", line) for line in one["quote"].splitlines() if line.strip()))
        caption = [
            tag("span", words.SOURCE.format(label=one["label"]), class_="source"),
            tag("span", words.REPORT_WEAK.format(right=one["right"], answered=one["answered"])),
        ]
        if one["revised"]:
            caption.append(tag("strong", words.REVISED, class_="room-revised"))
        figures.append(tag("figure", quote, tag("figcaption", *caption), class_="citation"))
    return joined(figures)
