"""One question on two versions side by side: what was decided, the candidates, and in words what differs.

What led to either stands in full below; trial.py makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import replies
from bot.assistant import Explanation
from bot.channels.web.admin import words
from bot.channels.web.admin.frame import table
from bot.channels.web.pages.html import Markup, joined, tag
from index.hit import Hit
from knowledge.base import KnowledgeBase

#: Probabilities are shown, and compared, to so many digits.
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Side:
    """A version with what it makes of the question; `full` is everything that led to it."""

    letter: str
    title: str
    explanation: Explanation
    knowledge: KnowledgeBase
    full: Markup


def compared(left: Side, right: Side) -> Markup:
    """Both, first what differs, then all of it."""
    names = tuple(words.SIDE.format(letter=one.letter, title=one.title) for one in (left, right))
    rows = [(name, *values) for name, *values in zip(_ITEMS, _values(left), _values(right), strict=True)]
    differing = [name for name, one, other in rows if one != other]
    said = words.SOME_DIFFER.format(count=len(differing), items="、".join(differing))
    parts = [
        tag("h2", words.COMPARE_TWO),
        tag("p", said if differing else words.ALL_SAME, role="status"),
        table(
            words.COMPARE_TWO,
            (words.ITEM, words.DIFFERENCE, *names),
            [(name, _marked(words.NOT_SAME if one != other else words.SAME), one, other) for name, one, other in rows],
            class_="compared",
        ),
    ]
    candidates = _candidates(left, right)
    if candidates:
        columns = (words.CLAUSE, words.DIFFERENCE, *names)
        parts += [tag("h2", words.CANDIDATES), table(words.CANDIDATES, columns, candidates, class_="compared numbers")]
    halves = (
        tag("section", tag("h2", words.IN_FULL.format(letter=one.letter, title=one.title)), one.full)
        for one in (left, right)
    )
    return tag("div", *parts, tag("div", *halves, class_="versions"), id="found")


_ITEMS = (words.OUTCOME, words.SURENESS, words.RESTS_ON, words.ANSWER_TEXT)


def _values(side: Side) -> tuple[str, str, str, str]:
    """What a person is given, as it is compared."""
    decision = side.explanation.decision
    clauses = words.PUNCTUATION.join(clause.label for clause in decision.clauses) or words.NONE
    return (
        replies.OUTCOME_NAMES[decision.outcome],
        f"{decision.confidence:.{_DIGITS}f}",
        clauses,
        side.explanation.answer.answer,
    )


def _candidates(left: Side, right: Side) -> list[tuple[str, ...]]:
    """Every candidate of either with its probabilities, the best of the first version first, and what differs."""
    ours, theirs = _hits(left), _hits(right)
    rows: list[tuple[str, ...]] = []
    for reference in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get(reference), theirs.get(reference)
        known = one or other
        assert known is not None
        shown = tuple(words.NONE if hit is None else f"{hit.probability:.{_DIGITS}f}" for hit in (one, other))
        rows.append((known.clause.label, _marked(_difference(left, right, one, other)), *shown))
    return rows


def _hits(side: Side) -> dict[str, Hit]:
    result = side.explanation.result
    hits: Sequence[Hit] = () if result is None or result.addressed else result.hits
    return {f"{hit.clause.document}:{hit.clause.id}": hit for hit in hits}


def _difference(left: Side, right: Side, one: Hit | None, other: Hit | None) -> str:
    if one is None or other is None:
        return words.ONLY.format(letter=(right if one is None else left).letter)
    by = round(other.probability, _DIGITS) - round(one.probability, _DIGITS)
    found = []
    if abs(by) >= 10**-_DIGITS / 2:
        found.append((words.RISES if by > 0 else words.FALLS).format(by=f"{abs(by):.{_DIGITS}f}"))
    if one.clause.text != other.clause.text:
        found.append(words.TEXT_DIFFERS if found else f"≠ {words.TEXT_DIFFERS}")
    return "，".join(found) or words.SAME


def _marked(difference: str) -> Markup:
    """A difference in bold beside its sign and words; what is the same stays plain."""
    return joined([difference]) if difference == words.SAME else tag("strong", difference, class_="differs")
