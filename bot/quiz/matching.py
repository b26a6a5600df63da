"""Matching: first and second halves of clauses, measures and problems, problems and solutions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.quiz import facts, words
from bot.quiz.build import LONGEST_QUOTE, Source, finish, quote
from bot.quiz.item import Item, Rule, item_id, rank
from knowledge.clause import Clause

PAIRS = 4


def make(source: Source) -> Iterator[Item]:
    """All items of this kind."""
    clause, heading = source.clause, source.heading
    if facts.solution(clause):
        others = [one for one in source.document.clauses if one.id != clause.id and facts.solution(one)]
        group = sorted((clause, *others[: PAIRS - 1]), key=lambda one: one.start)
        if len(group) >= 3:
            pairs = [(facts.title(one), facts.solution(one)) for one in group]
            yield _match(source, "continues", "solutions", stem=words.SOLVE, group=group, pairs=pairs)
    if heading is None:
        return
    yield from _halves(source, heading)
    yield from _places(source, heading)


def _halves(source: Source, heading: Clause) -> Iterator[Item]:
    """The clause and those that follow it under the heading, each cut at a comma."""
    children = source.knowledge.children(heading)
    at = next(i for i, one in enumerate(children) if one.id == source.clause.id)
    group = [one for one in (*children[at:], *children[:at]) if _halve(one) is not None][:PAIRS]
    if len(group) >= 3 and group[0].id == source.clause.id:
        pairs = [half for one in group if (half := _halve(one)) is not None]
        yield _match(source, "continues", "halves", stem=words.CONTINUE, group=group, pairs=pairs)


def _halve(clause: Clause) -> tuple[str, str] | None:
    """Two neighbouring pieces of one sentence, the longest such pair that is short enough to be shown."""
    places = facts.pieces(clause)
    fitting = [
        (a, b)
        for a, b in pairwise(places)
        if a.sentence == b.sentence and b.end - a.start <= LONGEST_QUOTE and min(a.end - a.start, b.end - b.start) >= 5
    ]
    if not fitting:
        return None
    first, second = fitting[0]
    return clause.text[first.start : first.end], clause.text[second.start : second.end]


def _places(source: Source, heading: Clause) -> Iterator[Item]:
    """The clause and one of each other heading of the kind, with the headings."""
    headings = [one for one in source.document.clauses if one.kind == heading.kind]
    if len(headings) < 3:
        headings = [one for one in source.document.clauses if one.is_heading]
    near = sorted(headings, key=lambda one: abs(one.start - heading.start))[:PAIRS]
    group: list[tuple[Clause, Clause]] = []
    for one in sorted(near, key=lambda one: one.start):
        children = [child for child in source.knowledge.children(one) if len(quote(child)) <= LONGEST_QUOTE]
        if one.id == heading.id:
            children = [source.clause]
        if children:
            group.append((min(children, key=lambda child: rank(source.clause.text, child.id)), one))
    if len(group) >= 3:
        pairs = [(quote(clause), facts.title(one)) for clause, one in group]
        stem = words.PLACE if heading.kind == "problem" else words.PLACE_SECTION
        involved = [clause for clause, _ in group] + [one for _, one in group]
        yield _match(source, "placed", "headings", stem=stem, group=involved, pairs=pairs, labelled=len(group))


def _match(
    source: Source,
    rule: Rule,
    position: str,
    *,
    stem: str,
    group: Sequence[Clause],
    pairs: Sequence[tuple[str, str]],
    labelled: int | None = None,
) -> Item:
    also = [one for one in group if one.id != source.clause.id]
    identifier = item_id(source.clause, "matching", position)
    ordered = sorted(pairs, key=lambda pair: rank(identifier, "left", pair[0]))
    options = sorted((pair[1] for pair in pairs), key=lambda right: rank(identifier, right))
    if [pair[1] for pair in ordered] == options:
        options = options[1:] + options[:1]
    key = tuple(options.index(right) for _, right in ordered)
    labels = "、".join(one.label for one in group[:labelled])
    return finish(
        source, "matching", rule, identifier, stem=stem.format(title=source.title), passage="", options=tuple(options),
        key=key, explanation=words.BECAUSE_MATCHED.format(labels=labels), also=also, left=tuple(left for left, _ in ordered),
    )  # fmt: skip
