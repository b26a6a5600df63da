"""Who is logged in: sessions on the server under a hash of the token that the browser holds.

A session ends by logging out, after a while of no use, and at the latest some hours after it began.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update

from bot.state.database import Database
from bot.state.tables import accounts, sessions

#: How often at most it is written down that a session is in use, in seconds.
NOTE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is good now: whose, with which role, since when, and its latest end (seconds since 1970)."""

    name: str
    role: str
    created: float
    expires: float


class SessionBook:
    """The sessions of one installation."""

    def __init__(self, database: Database, idle_seconds: float, longest_seconds: float) -> None:
        """`idle_seconds` of no use end a session, and `longest_seconds` in any case."""
        self._database = database
        self._idle = idle_seconds
        self._longest = longest_seconds

    def begin(self, token: str, name: str, *, instead_of: str = "", now: float | None = None) -> None:
        """Begin a session under a new token; the one of the old token, if there is any, ends. Raises StateUnavailable."""
        now = time.time() if now is None else now
        row = {"token": self._hash(token), "account": name, "created": now, "used": now, "expires": now + self._longest}
        old = self._hash(instead_of)
        with self._database.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.token == old))
            connection.execute(self._database.insert(sessions).values(**row))

    def find(self, token: str, now: float | None = None) -> Session | None:
        """The session of a token, and a note that it is in use; None once it ended or its account is closed."""
        now = time.time() if now is None else now
        mine = sessions.c.token == self._hash(token)
        joined = select(sessions, accounts.c.role, accounts.c.disabled).join_from(
            sessions, accounts, sessions.c.account == accounts.c.name
        )
        with self._database.begin() as connection:
            row = connection.execute(joined.where(mine)).one_or_none()
            if row is None or row.disabled or not self._good(row.used, row.expires, now):
                return None
            if now - row.used >= NOTE_SECONDS:
                connection.execute(update(sessions).where(mine).values(used=now))
        return Session(row.account, row.role, row.created, row.expires)

    def present(self, now: float | None = None) -> tuple[Session, ...]:
        """All sessions that are good now, the oldest first. Raises StateUnavailable."""
        now = time.time() if now is None else now
        joined = select(sessions, accounts.c.role).join_from(sessions, accounts, sessions.c.account == accounts.c.name)
        good = joined.where(~accounts.c.disabled).order_by(sessions.c.created)
        with self._database.begin() as connection:
            rows = connection.execute(good).all()
        return tuple(
            Session(row.account, row.role, row.created, row.expires)
            for row in rows
            if self._good(row.used, row.expires, now)
        )

    def end(self, token: str) -> None:
        """End a session, if there is one of this token. Raises StateUnavailable."""
        mine = sessions.c.token == self._hash(token)
        with self._database.begin() as connection:
            connection.execute(delete(sessions).where(mine))

    def purge(self, now: float | None = None) -> int:
        """Delete what has ended; returns how many rows that were. Raises StateUnavailable."""
        now = time.time() if now is None else now
        ended = or_(sessions.c.expires <= now, sessions.c.used <= now - self._idle)
        with self._database.begin() as connection:
            return connection.execute(delete(sessions).where(ended)).rowcount

    def _good(self, used: float, expires: float, now: float) -> bool:
        return now < expires and now < used + self._idle

    def _hash(self, token: str) -> str:
        return self._database.hashed("session", token)
