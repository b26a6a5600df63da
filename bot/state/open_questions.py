"""Questions that were not answered, by the words alone, until they expire. Whoever puts them here has scrubbed them.

What was decided on a group of questions is decisions.py's business; a settled question stays here, unseen, until it expires.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select

from bot.state.database import Database
from bot.state.tables import feedback, open_questions, settled_questions

#: clarify: a choice was offered; near, far: declined, beside the notice's topics or far from them; down: a thumb down.
Kind = Literal["clarify", "near", "far", "down"]
#: Rows at most: beyond it new questions are not kept, so that nobody can fill the disk by asking.
MAX_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A scrubbed text, and how often it was asked on a day. `near` is a clause's reference, "" for none."""

    text: str
    kind: Kind
    day: date
    near: str = ""
    masked: bool = False
    asked: int = 1


class OpenQuestions:
    """The questions of one installation; rows expire after `keep_days`, and with 0 none is kept."""

    def __init__(self, database: Database, keep_days: int) -> None:
        """`days`, for how long questions are kept, is there to be told to people."""
        self._database = database
        self.days = keep_days

    @property
    def keeps(self) -> bool:
        """Whether anything is kept at all."""
        return self.days > 0

    def put(self, questions: Sequence[tuple[str, OpenQuestion]]) -> None:
        """Keep questions, each with what makes two the same (its normalised text); the same of a day is counted.

        Raises StateUnavailable.
        """
        if not self.keeps or not questions:
            return
        rows = [
            {
                "key": self.key(normalized),
                "day": one.day,
                "text": one.text,
                "kind": one.kind,
                "near": one.near,
                "masked": one.masked,
                "asked": one.asked,
                "expires": one.day + timedelta(days=self.days),
            }
            for normalized, one in questions
        ]
        statement = self._database.insert(open_questions)
        update = {"asked": open_questions.c.asked + statement.excluded.asked}
        with self._database.begin() as connection:
            if connection.execute(select(func.count()).select_from(open_questions)).scalar_one() >= MAX_ROWS:
                seen = connection.execute(select(open_questions.c.key, open_questions.c.day))
                known = {(row.key, row.day) for row in seen}
                rows = [row for row in rows if (row["key"], row["day"]) in known]
            for row in rows:
                connection.execute(
                    statement.values(row).on_conflict_do_update(index_elements=["key", "day"], set_=update)
                )

    def key(self, normalized: str) -> str:
        """What a question is known by: a keyed hash of its normalised text. Raises StateUnavailable."""
        return self._database.hashed("question", normalized)

    def all(self, today: date | None = None) -> list[tuple[str, OpenQuestion]]:
        """Keys and questions, one a day, that are neither settled nor expired; oldest first. Raises StateUnavailable."""
        today = today or datetime.now(UTC).date()
        table = open_questions.c
        found = (
            select(open_questions)
            .where(table.expires > today, table.key.not_in(select(settled_questions.c.key)))
            .order_by(table.day, table.key)
        )
        with self._database.begin() as connection:
            return [
                (row.key, OpenQuestion(row.text, row.kind, row.day, row.near, row.masked, row.asked))
                for row in connection.execute(found)
            ]

    def complaints(self, today: date | None = None) -> list[tuple[str, str, date]]:
        """Question as asked, clauses (JSON) and day of each thumb down whose question went along. Raises StateUnavailable."""
        today = today or datetime.now(UTC).date()
        table = feedback.c
        found = (
            select(table.question, table.clauses, table.given)
            .where(table.verdict == "down", table.question != "", table.expires > today)
            .order_by(table.given, table.subject)
        )
        with self._database.begin() as connection:
            return [(row.question, row.clauses, row.given) for row in connection.execute(found)]

    def settled(self) -> set[str]:
        """Keys of the questions that a decision settled. Raises StateUnavailable."""
        with self._database.begin() as connection:
            return set(connection.execute(select(settled_questions.c.key)).scalars())

    def purge(self, today: date | None = None) -> int:
        """Delete what has expired, and everything where nothing is to be kept; returns how many rows that were.

        Raises StateUnavailable.
        """
        today = today or datetime.now(UTC).date()
        gone = delete(open_questions)
        if self.keeps:
            gone = gone.where(open_questions.c.expires <= today)
        with self._database.begin() as connection:
            return connection.execute(gone).rowcount
