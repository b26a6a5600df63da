"""Which problem does this measure belong to."""

from __future__ import annotations

from collections.abc import Iterator

from bot.quiz import facts, words
from bot.quiz.build import Source, build, quote
from bot.quiz.item import Item


def make(source: Source) -> Iterator[Item]:
    """One item for a clause under a heading, where the notice has several headings of that kind."""
    clause, heading = source.clause, source.heading
    if heading is None:
        return
    others = [one for one in source.document.clauses if one.is_heading and one.id != heading.id]
    if heading.kind == "problem":
        others = [one for one in others if one.kind == "problem"]
    if not others:
        return
    shown, title = quote(clause), facts.title(heading)
    near = sorted(others, key=lambda one: abs(one.start - heading.start))[:3]
    ordered = [facts.title(one) for one in sorted((heading, *near), key=lambda one: one.start)]
    stem = words.HEADING if heading.kind == "problem" else words.HEADING_SECTION
    yield build(
        source, "belongs", "heading", "heading", stem=stem.format(title=source.title, passage=shown),
        passage=shown, right=[title], wrong=[facts.title(one) for one in near], sort_by=ordered, also=[heading],
        explanation=words.BECAUSE_WHERE.format(label=clause.label, heading=title),
    )  # fmt: skip
