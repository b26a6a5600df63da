"""Counts of answers by day: how questions ended, with which clause, and how long they took. No question is kept here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select

from bot.state.database import Database
from bot.state.tables import outcome_counts, time_counts

#: How a question ended; `other` was declined for another reason than near, far, noise or attack (too long, no such place).
Ending = Literal["answer", "clarify", "near", "far", "noise", "attack", "other", "chat"]
#: Upper bounds of the times that are told apart, in milliseconds; 0 stands for everything beyond.
BOUNDS = (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1_000, 2_000, 5_000, 10_000)


def bound(milliseconds: float) -> int:
    """The bound that a time falls under, 0 where it is beyond them all."""
    return next((one for one in BOUNDS if milliseconds <= one), 0)


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by (day, ending, clause) and by (day, bound in ms)."""

    outcomes: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    times: Counter[tuple[date, int]] = field(default_factory=Counter)


class Counters:
    """The counts of one installation; days older than `keep_days` are dropped, and with 0 nothing is counted."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self._days = keep_days

    @property
    def keeps(self) -> bool:
        """Whether anything is counted at all."""
        return self._days > 0

    def add(self, counts: Counts) -> None:
        """Add to what is counted. Raises StateUnavailable, and then nothing was added."""
        if not self.keeps or not counts.outcomes:
            return
        outcome, time = self._database.insert(outcome_counts), self._database.insert(time_counts)
        more_outcomes = {"total": outcome_counts.c.total + outcome.excluded.total}
        more_times = {"total": time_counts.c.total + time.excluded.total}
        with self._database.begin() as connection:
            for (day, ending, clause), count in sorted(counts.outcomes.items()):
                row = outcome.values(day=day, outcome=ending, clause=clause, total=count)
                keys = ["day", "outcome", "clause"]
                connection.execute(row.on_conflict_do_update(index_elements=keys, set_=more_outcomes))
            for (day, up_to_ms), count in sorted(counts.times.items()):
                timed = time.values(day=day, up_to_ms=up_to_ms, total=count)
                connection.execute(timed.on_conflict_do_update(index_elements=["day", "up_to_ms"], set_=more_times))

    def between(self, first: date, last: date) -> Counts:
        """What was counted from one day to another, both included. Raises StateUnavailable."""
        found = Counts()
        with self._database.begin() as connection:
            for row in connection.execute(select(outcome_counts).where(outcome_counts.c.day.between(first, last))):
                found.outcomes[row.day, row.outcome, row.clause] = row.total
            for row in connection.execute(select(time_counts).where(time_counts.c.day.between(first, last))):
                found.times[row.day, row.up_to_ms] = row.total
        return found

    def purge(self, today: date | None = None) -> int:
        """Delete days that are past keeping; returns how many rows that were. Raises StateUnavailable."""
        oldest = (today or datetime.now(UTC).date()) - timedelta(days=self._days)
        with self._database.begin() as connection:
            return sum(
                connection.execute(delete(table).where(table.c.day <= oldest)).rowcount
                for table in (outcome_counts, time_counts)
            )
