"""How a card is remembered, by FSRS: the only file that imports the fsrs library.

The library's own parameters and learning steps (1 and 10 minutes), without its random spread of intervals, so that the
same answers give the same days everywhere. A right answer is its Good, a wrong one its Again.
"""

from __future__ import annotations

from datetime import datetime

import fsrs

_SCHEDULER = fsrs.Scheduler(enable_fuzzing=False)


def answered(memory: str | None, right: bool, now: datetime) -> tuple[str, datetime]:
    """The memory after an answer, as JSON, and when it is due next; None is a card never answered.

    `now` must be in UTC, else ValueError is raised.
    """
    # The library numbers cards by the clock, and sleeps to keep the numbers apart; ours go by person and item.
    card = fsrs.Card.from_json(memory) if memory is not None else fsrs.Card(card_id=0, due=now)
    card, _ = _SCHEDULER.review_card(card, fsrs.Rating.Good if right else fsrs.Rating.Again, now)
    return card.to_json(), card.due


def is_learnt(memory: str) -> bool:
    """Whether the card is past its learning steps: it comes back after days, not minutes."""
    return fsrs.Card.from_json(memory).state is fsrs.State.Review


def retrievability(memory: str, now: datetime) -> float:
    """The probability, 0 to 1, that the card is remembered."""
    return float(_SCHEDULER.get_card_retrievability(fsrs.Card.from_json(memory), now))
