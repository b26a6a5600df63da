"""True or false: a statement of the clause as it stands, or with exactly one number, body or qualifier altered."""

from __future__ import annotations

from collections.abc import Iterator

from bot.quiz import facts, numbers, words
from bot.quiz.build import Source, build
from bot.quiz.item import Item, rank
from bot.quiz.qualifiers import Sort, alterations

OPTIONS = (words.RIGHT, words.WRONG)


def make(source: Source) -> Iterator[Item]:
    """The statements of a clause, each true once and false as often as something in it can be altered."""
    clause = source.clause
    for start, end in facts.statements(clause):
        statement = source.words(start, end)
        if not clause.is_heading and len(statement) >= 8 and not statement.endswith(("？", "?")):
            yield build(
                source, "truefalse", "agrees", f"true{start}", stem=words.JUDGE.format(title=source.title, passage=statement),
                passage=statement, right=[words.RIGHT], wrong=[words.WRONG], sort_by=OPTIONS,
                explanation=words.BECAUSE_RIGHT.format(label=clause.label), marked=[(start, end)],
            )  # fmt: skip
    for start, end, sort, choices in _places(source):
        place = facts.statement_at(clause, start, end)
        if place is None or not choices or clause.is_heading:
            continue
        if sort != "number" and facts.speaks_leader(source.words(*place)):
            continue
        new = min(choices, key=lambda one: rank(clause.text, start, one))
        statement = source.words(place[0], start) + new + source.words(end, place[1])
        yield build(
            source, "truefalse", "agrees", f"{start}-{end}", stem=words.JUDGE.format(title=source.title, passage=statement),
            passage=statement, right=[words.WRONG], wrong=[words.RIGHT], sort_by=OPTIONS, marked=[(start, end)],
            explanation=words.BECAUSE_WRONG.format(
                sort=words.SORTS[sort], original=source.words(start, end), altered=new, label=clause.label
            ),
        )  # fmt: skip


def _places(source: Source) -> Iterator[tuple[int, int, Sort, tuple[str, ...]]]:
    clause = source.clause
    for amount in facts.amounts(clause.text):
        yield amount.start, amount.end, "number", numbers.others(clause.text, amount)[:3]
    for one in alterations(clause.text):
        yield one.start, one.end, one.sort, one.choices
    for doer in facts.doers(clause):
        own = source.words(doer.start, doer.end)
        names = [name for sibling in (clause, *source.siblings) for name in facts.bodies(sibling)]
        fitting = tuple(one for one in names if one[-2:] == own[-2:] and one not in own and own not in one)
        yield doer.start, doer.end, "body", fitting[:3]
