"""Number, term and "who" items: a statement of the clause with one amount, term or body taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.quiz import facts, numbers, words
from bot.quiz.build import Source, build, closest, shorten
from bot.quiz.confusables import OTHER_BODIES, confusables
from bot.quiz.item import Item, Kind
from bot.quiz.qualifiers import alterations
from bot.quiz.segment import words as segmented
from bot.spans.passages import Span

#: How the name of a single body ends.
_NAMED = re.compile("(?:办公厅|委|工委|部|院|局)$")
_WHO = re.compile("(?:机关|部门|单位|办公厅|负责同志|一把手|干部|全党)$")


def make(source: Source) -> Iterator[Item]:
    """All items that fill one blank."""
    yield from _numbers(source)
    yield from _terms(source)
    yield from _qualifiers(source)
    yield from _bodies(source)


def _numbers(source: Source) -> Iterator[Item]:
    text = source.clause.text
    near = [one for sibling in source.siblings for one in facts.amounts(sibling.text)]
    for amount in facts.amounts(text):
        right = text[amount.start : amount.end]
        piece = next((one for one in facts.pieces(source.clause) if one.start <= amount.start < one.end), None)
        start, end = (piece.start, piece.end) if piece is not None else (amount.start, amount.end)
        before, after = text[start : amount.start], text[amount.end : max(end, amount.end)]
        wrong = [
            one
            for one in numbers.others(text, amount, near)
            if one not in text and not any(before + one + after in other.text for other in source.siblings)
        ][:3]
        if len(wrong) == 3:
            ordered = sorted((right, *wrong), key=_value)
            yield from _fill(source, "number", (amount.start, amount.end), wrong, ordered)


def _value(written: str) -> tuple[float, str]:
    found = facts.amounts(written)
    return (found[0].low if found else 0.0), written


def _terms(source: Source) -> Iterator[Item]:
    text = source.clause.text
    for unit in facts.units(source.clause):
        right = text[unit.start : unit.end]
        if text.count(right) > 1 and unit.sort != "member":
            continue
        wrong = [one for one in confusables(right) if one not in text][:3]
        if len(wrong) < 3:
            alike = [
                sibling.text[one.start : one.end]
                for sibling in source.siblings
                for one in facts.units(sibling)
                if one.sort == unit.sort and _alike(sibling.text[one.start : one.end], right, unit.sort)
            ]
            wrong += closest(right, alike, seed=(text, unit.start), taken=[text, *wrong], most=3 - len(wrong))
        if len(wrong) == 3:
            yield from _fill(source, "term", (unit.start, unit.end), wrong)


def _alike(one: str, other: str, sort: facts.Sort) -> bool:
    """Whether two terms of a sort can stand in one place: names in marks always, others when built of like words."""
    shapes = [[(len(word.text), word.tag[0]) for word in segmented(term)] for term in (one, other)]
    return sort in ("quoted", "titled") or (shapes[0] == shapes[1] and one[-1] == other[-1])


def _qualifiers(source: Source) -> Iterator[Item]:
    for place in alterations(source.clause.text):
        shown = facts.statement_at(source.clause, place.start, place.end)
        if shown is None or facts.speaks_leader(source.words(*shown)):
            continue
        is_body = place.sort == "body" and _WHO.search(source.words(place.start, place.end))
        kind: Kind = "who" if is_body else "term"
        yield from _fill(source, kind, (place.start, place.end), list(place.choices))


def _bodies(source: Source) -> Iterator[Item]:
    text = source.clause.text
    for doer in facts.doers(source.clause):
        right = text[doer.start : doer.end]
        names = [name for one in (source.clause, *source.siblings) for name in facts.bodies(one)]
        shown = source.with_blank(doer.start, doer.end)
        if _NAMED.search(right):  # beside 中央办公厅, 一把手 would give the key away
            names = [name for name in names if _NAMED.search(name)] + list(OTHER_BODIES)
        names = [name for name in names if shown is None or name not in shown[0]]
        yield from _fill(source, "who", (doer.start, doer.end), closest(right, names, seed=(text, doer.start)))


def _fill(
    source: Source, kind: Kind, place: Span, wrong: list[str], ordered: list[str] | None = None
) -> Iterator[Item]:
    start, end = place
    shown = source.with_blank(start, end)
    if shown is None or len(wrong) < 2:
        return
    passage, statement = shown
    stem = words.WHO if kind == "who" else words.FILL
    piece = next((one for one in facts.pieces(source.clause) if one.start <= start and end <= one.end), None)
    said = source.words(piece.start, piece.end) if piece is not None else source.words(*statement)
    yield build(
        source,
        kind,
        "fills",
        f"{start}-{end}",
        stem=stem.format(title=source.title, passage=passage),
        passage=passage,
        right=[source.words(start, end)],
        wrong=wrong,
        explanation=words.BECAUSE.format(label=source.clause.label, words=shorten(said)),
        marked=[(start, end)],
        sort_by=ordered,
    )
