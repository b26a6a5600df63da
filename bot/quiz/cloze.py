"""Number, term and "who" items: a statement of the clause with one amount, term or body taken out."""

from __future__ import annotations

from collections.abc import Iterator

from bot.quiz import facts, numbers, words
from bot.quiz.build import Source, build, closest, shorten
from bot.quiz.item import Item, Kind
from bot.quiz.qualifiers import alterations

#: Set phrases that one meets in notices, where a notice has few of its own.
IDIOMS = (
    "求真务实", "真抓实干", "敷衍塞责", "走马观花", "铺张浪费", "推诿扯皮", "弄虚作假", "兴师动众", "层层加码", "大操大办",
    "照本宣科", "按部就班", "久拖不决", "令行禁止",
)  # fmt: skip
_SAME_SORT = {
    "titled": ("titled",),
    "quoted": ("quoted",),
    "member": ("member", "object"),
    "object": ("object", "member"),
}


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
        own = {text[one.start : one.end] for one in facts.amounts(text)}
        wrong = [one for one in numbers.others(text, amount, near) if one not in own][:3]
        if len(wrong) == 3:
            ordered = sorted((right, *wrong), key=_value)
            yield from _fill(source, "number", amount.start, amount.end, wrong, ordered)


def _value(written: str) -> tuple[float, str]:
    found = facts.amounts(written)
    return (found[0].low if found else 0.0), written


def _terms(source: Source) -> Iterator[Item]:
    text = source.clause.text
    for unit in facts.units(source.clause):
        right = text[unit.start : unit.end]
        if text.count(right) > 1 and unit.sort != "member":
            continue
        sorts = _SAME_SORT.get(unit.sort, (unit.sort,))
        pool = [
            sibling.text[one.start : one.end]
            for sibling in source.siblings
            for one in facts.units(sibling)
            if one.sort in sorts
        ]
        pool.sort(key=lambda one: one[-1] == right[-1], reverse=True)
        if unit.sort == "idiom":
            pool += IDIOMS
        fresh = [one for one in pool if one not in text]
        yield from _fill(source, "term", unit.start, unit.end, closest(right, fresh, seed=(text, unit.start)))


def _qualifiers(source: Source) -> Iterator[Item]:
    for place in alterations(source.clause.text):
        kind: Kind = "who" if place.sort == "body" else "term"
        yield from _fill(source, kind, place.start, place.end, list(place.choices))


def _bodies(source: Source) -> Iterator[Item]:
    text = source.clause.text
    for doer in facts.doers(source.clause):
        right = text[doer.start : doer.end]
        names = [name for one in (source.clause, *source.siblings) for name in facts.bodies(one)]
        yield from _fill(source, "who", doer.start, doer.end, closest(right, names, seed=(text, doer.start)))


def _fill(
    source: Source, kind: Kind, start: int, end: int, wrong: list[str], ordered: list[str] | None = None
) -> Iterator[Item]:
    shown = source.with_blank(start, end)
    if shown is None or len(wrong) < 2:
        return
    passage, place = shown
    stem = words.WHO if kind == "who" and len(source.words(start, end)) > 2 else words.FILL
    piece = next((one for one in facts.pieces(source.clause) if one.start <= start and end <= one.end), None)
    said = source.words(piece.start, piece.end) if piece is not None else source.words(*place)
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
