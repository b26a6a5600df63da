"""Counts tries to log in, for an account or an address, so that passwords cannot be guessed; names neither.

A try is counted before the password is looked at, in a commit of its own: many at once, or on several replicas, gain nothing.
"""

from __future__ import annotations

import time

from sqlalchemy import case, delete, update

from bot.state.database import Database
from bot.state.tables import login_attempts as attempts

#: Counting begins anew after so many seconds.
WINDOW_SECONDS = 15 * 60.0


class AttemptBook:
    """The tries of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, kind: str, value: str, limit: int, now: float | None = None) -> float:
        """Count a try; returns 0, or for how many seconds the next ones are refused. Raises StateUnavailable."""
        now = time.time() if now is None else now
        over = attempts.c.began <= now - WINDOW_SECONDS
        statement = self._database.insert(attempts).values(subject=self._hash(kind, value), tries=1, began=now)
        counted = statement.on_conflict_do_update(
            index_elements=["subject"],
            set_={
                "tries": case((over, 1), else_=attempts.c.tries + 1),
                "began": case((over, now), else_=attempts.c.began),
            },
        ).returning(attempts.c.tries, attempts.c.began)
        with self._database.begin() as connection:
            row = connection.execute(counted).one()
        return 0.0 if row.tries <= limit else max(1.0, row.began + WINDOW_SECONDS - now)

    def take_back(self, kind: str, value: str) -> None:
        """One try less: it succeeded. Raises StateUnavailable."""
        mine = attempts.c.subject == self._hash(kind, value)
        with self._database.begin() as connection:
            connection.execute(update(attempts).where(mine, attempts.c.tries > 0).values(tries=attempts.c.tries - 1))

    def forget(self, kind: str, value: str) -> None:
        """Begin anew. Raises StateUnavailable."""
        mine = attempts.c.subject == self._hash(kind, value)
        with self._database.begin() as connection:
            connection.execute(delete(attempts).where(mine))

    def purge(self, now: float | None = None) -> int:
        """Delete what no longer counts; returns how many rows that were. Raises StateUnavailable."""
        now = time.time() if now is None else now
        with self._database.begin() as connection:
            return connection.execute(delete(attempts).where(attempts.c.began <= now - WINDOW_SECONDS)).rowcount

    def _hash(self, kind: str, value: str) -> str:
        return self._database.hashed("login", kind, value)
