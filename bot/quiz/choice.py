"""Single and multiple choice: what follows, what stands under a heading and what does not, what a list holds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from bot.quiz import facts, words
from bot.quiz.build import Source, build, closest, quote, shorten
from bot.quiz.confusables import OTHER_BODIES, confusables
from bot.quiz.item import Item, rank
from knowledge.clause import Clause


def make(source: Source) -> Iterator[Item]:
    """All items of these kinds."""
    yield from _follows(source)
    yield from _headings(source)
    yield from _under(source)
    yield from _listed(source)


def _follows(source: Source) -> Iterator[Item]:
    """Of a piece of the clause, the piece right after it."""
    clause = source.clause
    places = facts.pieces(clause)
    if clause.is_heading:
        return
    for before, after in pairwise(places):
        shown, right = source.words(before.start, before.end), source.words(after.start, after.end)
        if before.sentence != after.sentence or min(len(shown), len(right)) < 6 or shown.endswith(("的", "等")):
            continue
        pool = [
            sibling.text[piece.start : piece.end]
            for sibling in source.siblings
            if not sibling.is_heading and (sibling.kind != "background" or clause.kind == "background")
            for piece in facts.pieces(sibling)[1:]
            if sibling.text[piece.end - 1] not in "的等上"
        ]
        wrong = closest(right, pool, seed=(clause.text, after.start))
        if len(wrong) == 3:
            yield build(
                source,
                "single",
                "follows",
                f"{before.start}-{after.end}",
                stem=words.FOLLOWS.format(title=source.title, passage=shown),
                passage=shown,
                right=[right],
                wrong=wrong,
                explanation=words.BECAUSE.format(
                    label=clause.label, words=shorten(source.words(before.start, after.end), 120)
                ),
                marked=[(after.start, after.end)],
            )


def _headings(source: Source) -> Iterator[Item]:
    """Of a problem its solution, of a solution its problem."""
    clause = source.clause
    if not facts.solution(clause):
        return
    title, solution = facts.title(clause), facts.solution(clause)
    others = [one for one in source.document.clauses if one.id != clause.id and facts.solution(one)]
    because = words.BECAUSE.format(label=clause.label, words=clause.display)
    if not others:
        return
    yield build(
        source, "single", "follows", "solution",
        stem=words.SOLUTION.format(title=source.title, passage=title), passage=title,
        right=[solution], wrong=[facts.solution(one) for one in others[:3]], explanation=because,
    )  # fmt: skip
    yield build(
        source, "single", "precedes", "problem",
        stem=words.PROBLEM.format(title=source.title, passage=solution), passage=solution,
        right=[title], wrong=[facts.title(one) for one in others[:3]], explanation=because,
    )  # fmt: skip


def _under(source: Source) -> Iterator[Item]:
    """What stands under the clause's heading: one right of four, one wrong of four, several of five."""
    clause, heading = source.clause, source.heading
    if heading is None:
        if clause.is_heading:
            yield from _children(source)
        return
    title = facts.title(heading)
    inside = [one for one in source.knowledge.children(heading) if one.id != clause.id]
    outside = _others(source, heading)
    is_section = heading.kind == "section"
    own = quote(clause)
    if len(outside) >= 2:
        wrong = closest(own, map(quote, outside), seed=(clause.text, "under"))
        if len(wrong) >= 2:
            stem = words.UNDER_SECTION if is_section else words.UNDER
            yield build(
                source, "single", "under", "under", stem=stem.format(title=source.title, passage=title),
                passage=title, right=[own], wrong=wrong, also=[heading],
                explanation=words.BECAUSE_WHERE.format(label=clause.label, heading=title),
            )  # fmt: skip
    if inside and len(outside) >= 2:
        for step in range(2 if len(inside) > 2 else 1):
            friends = sorted(inside, key=lambda one: rank(clause.text, one.id, step))[: 2 - step]
            strangers = closest(own, map(quote, outside), seed=(clause.text, step, "several"), most=2 + step)
            right = [own, *map(quote, friends)]
            if len(strangers) < 2 or len(set(right)) < len(right):
                continue
            labels = "、".join(one.label for one in (clause, *friends))
            stem = words.UNDER_ALL_SECTION if is_section else words.UNDER_ALL
            yield build(
                source, "multiple", "under", f"under{step}", stem=stem.format(title=source.title, passage=title),
                passage=title, right=right, wrong=strangers, also=[heading, *friends],
                explanation=words.BECAUSE_UNDER.format(labels=labels, heading=title),
            )  # fmt: skip
    for other in _headings_beside(source, heading):
        group = source.knowledge.children(other)
        if len(group) >= 3:
            rest = sorted(group, key=lambda one: (abs(len(quote(one)) - len(own)) > 15, rank(clause.text, one.id)))[:3]
            beside = facts.title(other)
            stem = words.OUTSIDE_SECTION if other.kind == "section" else words.OUTSIDE
            yield build(
                source, "single", "outside", "outside", stem=stem.format(title=source.title, passage=beside),
                passage=beside, right=[own], wrong=list(map(quote, rest)), also=[heading, other, *rest],
                explanation=words.BECAUSE_OUTSIDE.format(label=clause.label, heading=title, passage=beside),
            )  # fmt: skip
            return


def _children(source: Source) -> Iterator[Item]:
    """Of a heading, which of five clauses stand under it; a few different fives."""
    clause = source.clause
    inside, outside = source.knowledge.children(clause), _others(source, clause)
    title = facts.title(clause)
    is_section = clause.kind == "section"
    for step in range(3):
        if len(inside) < 2 or len(outside) < 2:
            return
        count = 2 + step % 2
        chosen = sorted(
            sorted(inside, key=lambda one: rank(clause.text, step, one.id))[:count], key=lambda one: one.start
        )
        right = list(map(quote, chosen))
        wrong = closest(right[0], map(quote, outside), seed=(clause.text, step), taken=right[1:], most=5 - count)
        if len(wrong) < 2 or len(set(right)) < len(right):
            continue
        stem = words.UNDER_ALL_SECTION if is_section else words.UNDER_ALL
        yield build(
            source, "multiple", "under", f"children{step}", stem=stem.format(title=source.title, passage=title),
            passage=title, right=right, wrong=wrong, also=chosen,
            explanation=words.BECAUSE_UNDER.format(labels="、".join(one.label for one in chosen), heading=title),
        )  # fmt: skip


def _others(source: Source, heading: Clause) -> list[Clause]:
    """Clauses of the notice under other headings, those of the same kind of heading first."""
    found = [one for one in source.document.clauses if one.parent not in (None, heading.id) and not one.is_heading]
    parents = {one.id: one for one in source.document.clauses if one.is_heading}
    return sorted(found, key=lambda one: parents[one.parent or ""].kind != heading.kind)


def _headings_beside(source: Source, heading: Clause) -> list[Clause]:
    """The other headings of the notice, of the same kind first, in an order that the clause decides."""
    found = [one for one in source.document.clauses if one.is_heading and one.id != heading.id]
    return sorted(found, key=lambda one: (one.kind != heading.kind, rank(source.clause.text, one.id)))


def _listed(source: Source) -> Iterator[Item]:
    """Which of several terms a list in the clause holds."""
    clause = source.clause
    for listing in facts.listings(clause):
        members = [source.words(*span) for span in listing.members]
        shown = source.with_blank(*listing.span)
        if shown is None:
            continue
        are_bodies = all(member in facts.bodies(clause) for member in members)
        if are_bodies:
            pool = [name for sibling in source.siblings for name in facts.bodies(sibling)] + list(OTHER_BODIES)
        else:
            pool = sorted(
                {other for member in members for other in confusables(member)}, key=lambda one: rank(clause.text, one)
            )
            if len(pool) < 2:
                pool += [
                    sibling.text[one.start : one.end]
                    for sibling in source.siblings
                    for one in facts.units(sibling)
                    if one.sort == "member"
                ]
        pool = [one for one in pool if one not in clause.text]
        for step in range(2 if len(members) > 4 else 1):
            right = sorted(members, key=lambda one: rank(clause.text, step, one))[:3]
            wrong = closest(right[0], pool, seed=(clause.text, step), taken=right[1:], most=2)
            stem = words.LISTED_WHO if are_bodies else words.LISTED
            if len(wrong) == 2:
                yield build(
                    source, "who" if are_bodies else "multiple", "listed", f"{listing.span[0]}:{step}",
                    stem=stem.format(title=source.title, passage=shown[0]), passage=shown[0], right=right, wrong=wrong,
                    explanation=words.BECAUSE.format(label=clause.label, words=shorten("、".join(members), 140)),
                    marked=[listing.span],
                )  # fmt: skip
