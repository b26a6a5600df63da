"""How well a clause is known: not started, being learnt, known. No marks, no percentages, nothing to compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Literal

from bot.state.cards import Card
from bot.study import memory
from knowledge.clause import Clause

Level = Literal["new", "learning", "known"]

#: So many cards of a clause (or all, where it has fewer) must be remembered on average with this probability.
ENOUGH_CARDS = 3
KNOWN = 0.85


@dataclass(frozen=True, slots=True)
class Standing:
    """A clause, its KnowledgeBase reference, and how well a person knows it."""

    clause: Clause
    reference: str
    level: Level


def level_of(cards: Sequence[Card], items: int, now: datetime) -> Level:
    """The level of a clause of so many items, of which these cards were begun.

    FSRS gives each card's retrievability; a card answered wrong last, or still in its learning steps, counts as nothing:
    right after an answer FSRS takes every card for remembered.
    """
    if not cards:
        return "new"
    strengths = [
        memory.retrievability(card.memory, now) if card.right and memory.is_learnt(card.memory) else 0.0
        for card in cards
    ]
    return "known" if len(cards) >= min(ENOUGH_CARDS, items) and fmean(strengths) >= KNOWN else "learning"
