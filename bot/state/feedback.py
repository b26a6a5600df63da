"""What people say of answers: a thumb and a reason. Kept without who said it where that is not known, and expiring."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, func, select

from bot.answer import Outcome
from bot.state.database import Database
from bot.state.tables import feedback

Verdict = Literal["up", "down"]
#: wrong_clause 错条款, incomplete 不完整, should_answer 应答未答, should_not_answer 不该答; "" when none was given.
Reason = Literal["", "wrong_clause", "incomplete", "should_answer", "should_not_answer"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict on one answer. `question` is "" unless the person was told that it is sent along."""

    verdict: Verdict
    outcome: Outcome
    knowledge_version: str
    channel: str
    reason: Reason = ""
    question: str = ""
    clauses: Sequence[str] = ()


class FeedbackBook:
    """The feedback of one installation; rows expire after `keep_days`."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days)

    def put(self, subject: str, opinion: Opinion, person: str | None = None) -> None:
        """Keep an opinion; `subject` names the answer, and a second opinion on it replaces the first.

        `subject` and `person` are hashed here (Database.hashed). Raises StateUnavailable.
        """
        today = datetime.now(UTC).date()
        row: dict[str, Any] = {
            "person": self._database.hashed("person", person) if person is not None else None,
            "verdict": opinion.verdict,
            "reason": opinion.reason,
            "question": opinion.question if opinion.verdict == "down" else "",
            "outcome": opinion.outcome,
            "clauses": json.dumps(list(opinion.clauses)),
            "knowledge_version": opinion.knowledge_version,
            "channel": opinion.channel,
            "given": today,
            "expires": today + self._keep,
        }
        key = self._database.hashed("feedback", opinion.channel, subject)
        statement = self._database.insert(feedback).values(subject=key, **row)
        with self._database.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["subject"], set_=row))

    def forget(self, person: str) -> int:
        """Delete everything a person said; returns how many rows that were. Raises StateUnavailable."""
        key = self._database.hashed("person", person)
        with self._database.begin() as connection:
            return connection.execute(delete(feedback).where(feedback.c.person == key)).rowcount

    def purge(self, today: date | None = None) -> int:
        """Delete what has expired; returns how many rows that were. Raises StateUnavailable."""
        today = today or datetime.now(UTC).date()
        with self._database.begin() as connection:
            return connection.execute(delete(feedback).where(feedback.c.expires <= today)).rowcount

    def tally(self) -> dict[tuple[str, str], int]:
        """How often each (verdict, reason) was given. Raises StateUnavailable."""
        counted = select(feedback.c.verdict, feedback.c.reason, func.count()).group_by(
            feedback.c.verdict, feedback.c.reason
        )
        with self._database.begin() as connection:
            return {(verdict, reason): count for verdict, reason, count in connection.execute(counted)}
