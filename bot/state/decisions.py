"""What was decided on groups of questions: which clause answers them, that none does, or nothing. Never by whom."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from sqlalchemy import delete, insert, select

from bot.state.database import Database
from bot.state.tables import review_decisions, settled_questions

#: add: a clause answers; beside: nothing does, and `target` is why; dismiss: not worth a place in the knowledge.
Action = Literal["add", "beside", "dismiss"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. `texts` go into the knowledge; a dismissal has none. `number` is 0 until it is on record."""

    action: Action
    target: str = ""
    related: str = ""
    why: str = ""
    texts: Sequence[str] = ()
    asked: int = 0
    day: date = date.min
    number: int = 0


class Decisions:
    """The decisions of one installation; rows expire after `keep_days`."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days)

    def put(self, decision: Decision, keys: Collection[str], today: date | None = None) -> int:
        """Keep a decision and settle the questions with these keys; returns its number. Raises StateUnavailable."""
        today = today or datetime.now(UTC).date()
        row = {
            "day": today,
            "action": decision.action,
            "target": decision.target,
            "related": decision.related,
            "why": decision.why,
            "texts": json.dumps(list(decision.texts), ensure_ascii=False),
            "asked": decision.asked,
            "expires": today + self._keep,
        }
        with self._database.begin() as connection:
            number = connection.execute(
                insert(review_decisions).values(row).returning(review_decisions.c.id)
            ).scalar_one()
            for key in sorted(keys):
                settle = {"decision": number, "expires": today + self._keep}
                statement = self._database.insert(settled_questions).values(key=key, **settle)
                connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=settle))
        return int(number)

    def undo(self, number: int) -> bool:
        """Take a decision back: its questions return to the queue. False where there is none. Raises StateUnavailable."""
        with self._database.begin() as connection:
            connection.execute(delete(settled_questions).where(settled_questions.c.decision == number))
            return connection.execute(delete(review_decisions).where(review_decisions.c.id == number)).rowcount > 0

    def all(self) -> list[Decision]:
        """Every decision on record, oldest first. Raises StateUnavailable."""
        with self._database.begin() as connection:
            return [
                Decision(
                    row.action,
                    row.target,
                    row.related,
                    row.why,
                    tuple(json.loads(row.texts)),
                    row.asked,
                    row.day,
                    row.id,
                )
                for row in connection.execute(select(review_decisions).order_by(review_decisions.c.id))
            ]

    def purge(self, today: date | None = None) -> int:
        """Delete what has expired; returns how many rows that were. Raises StateUnavailable."""
        today = today or datetime.now(UTC).date()
        gone = 0
        with self._database.begin() as connection:
            for table in (settled_questions, review_decisions):
                gone += connection.execute(delete(table).where(table.c.expires <= today)).rowcount
        return gone
