"""What a session showed: how each item was answered, which clauses to read again, and a paper made of these.

Totals only. Nothing here says who answered what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.quiz.item import Item
from bot.quiz.paper import NoSuchPaper, select_from
from bot.rooms.room import Tally
from knowledge.base import KnowledgeBase

#: A clause is to be read again where fewer than this share of the answers to its items were right.
KNOWN_SHARE = 0.8
#: Items of a follow-up paper: so many for each weak clause, and no more than so many together.
PER_CLAUSE, MOST_FOLLOW_UP = 2, 20


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item that was asked, and how it was answered."""

    item: Item
    tally: Tally

    @property
    def missed(self) -> int:
        """Answers that were wrong."""
        return self.tally.answered - self.tally.right


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """How the items of one clause were answered, together; `clause` is a KnowledgeBase reference."""

    clause: str
    label: str
    quote: str
    answered: int
    right: int

    @property
    def weak(self) -> bool:
        """Whether the class had better read it again; a clause that nobody answered says nothing."""
        return self.answered > 0 and self.right < KNOWN_SHARE * self.answered


@dataclass(frozen=True, slots=True)
class Report:
    """A session's totals. `seats` took part, `skipped` items were left out and count nowhere; `day` is an ISO date (of Beijing)."""

    title: str
    day: str
    knowledge_version: str
    seats: int
    results: tuple[ItemResult, ...]
    skipped: int

    @property
    def clauses(self) -> tuple[ClauseResult, ...]:
        """Every clause that was asked about, the least known first."""
        found: dict[str, ClauseResult] = {}
        for one in self.results:
            before = found.get(one.item.clause)
            found[one.item.clause] = ClauseResult(
                one.item.clause,
                one.item.citation.label,
                one.item.citation.quote,
                one.tally.answered + (before.answered if before else 0),
                one.tally.right + (before.right if before else 0),
            )
        return tuple(sorted(found.values(), key=lambda one: one.right / one.answered if one.answered else 2.0))

    @property
    def weak(self) -> tuple[ClauseResult, ...]:
        """The clauses to read again, the least known first."""
        return tuple(one for one in self.clauses if one.weak)

    def to_json(self) -> dict[str, Any]:
        """The object that is kept, and given by the API."""
        return {
            "title": self.title,
            "day": self.day,
            "knowledge_version": self.knowledge_version,
            "seats": self.seats,
            "skipped": self.skipped,
            "results": [{"item": one.item.to_json(), "tally": asdict(one.tally)} for one in self.results],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Report:
        """The report that to_json() wrote."""
        results = tuple(
            ItemResult(Item.from_json(one["item"]), Tally(**{**one["tally"], "counts": tuple(one["tally"]["counts"])}))
            for one in content["results"]
        )
        return cls(**{**content, "results": results})


def tally(item: Item, seats: int, choices: Iterable[tuple[Sequence[int], bool, int]]) -> Tally:
    """Count (choice, correct, how often) of one item."""
    counts = [0] * (0 if item.kind in ("order", "matching") else len(item.options))
    answered = right = 0
    for choice, correct, often in choices:
        answered += often
        right += often if correct else 0
        for option in choice if counts else ():
            counts[option] += often
    return Tally(seats, answered, right, tuple(counts))


def follow_up(report: Report, knowledge: KnowledgeBase) -> tuple[Item, ...]:
    """A paper on the weak clauses, of items that were not asked where there are such; empty where nothing is weak.

    A clause that today's notice no longer has is left out. The same report gives the same paper.
    """
    weak = [one.clause for one in report.weak if knowledge.find(one.clause) is not None]
    if not weak:
        return ()
    asked = frozenset(one.item.id for one in report.results)
    count = min(PER_CLAUSE * len(weak), MOST_FOLLOW_UP)
    for leave_out in (asked, frozenset[str]()):
        try:
            return select_from(knowledge, frozenset(weak), count, seed=len(asked), leave_out=leave_out)
        except NoSuchPaper:
            continue
    return ()
