"""Who asked to be reminded, when, and when never; off unless asked for, and gone when not used for a while.

An address is kept only while a reminder is on: nobody can be written to under a hash. Claiming moves a reminder on to its
next time in the same transaction, so it is sent at most once, however many processes look and whichever of them dies.
When it is next, and whether there is anything to remind of, is bot/study's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, select, update

from bot.state.database import Database
from bot.state.tables import reminders

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Reminder:
    """A person's wish, in minutes of the day. From `quiet_from` to `quiet_to` nothing is sent; never quiet if equal."""

    wanted: bool = False
    minute: int = 12 * 60 + 30
    quiet_from: int = 21 * 60
    quiet_to: int = 8 * 60


@dataclass(frozen=True, slots=True)
class Claimed:
    """A reminder whose time has come: whose (a hash), where to, the wish, and the last time.

    Times are seconds since 1970; `last_at` is 0 where there was none.
    """

    person: str
    address: str
    reminder: Reminder
    last_at: float


class Reminders:
    """The reminders of one installation. Safe to use from several threads and processes."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self.keep_days = keep_days
        self._keep = timedelta(days=keep_days)

    def of(self, person: str) -> Reminder:
        """A person's wish; off where nothing is kept. Raises StateUnavailable."""
        mine = select(reminders).where(reminders.c.person == self._key(person))
        with self._database.begin() as connection:
            row = connection.execute(mine).one_or_none()
        return _reminder(row) if row is not None else Reminder()

    def put(
        self, person: str, reminder: Reminder, *, channel: str, address: str, next_at: float, today: date | None = None
    ) -> None:
        """Keep a person's wish; the address only where it is wanted. Raises StateUnavailable."""
        row = {
            **asdict(reminder),
            "channel": channel if reminder.wanted else "",
            "address": address if reminder.wanted else "",
            "next_at": next_at,
            "expires": self._expires(today),
        }
        statement = self._database.insert(reminders).values(person=self._key(person), last_at=0.0, **row)
        with self._database.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_=row))

    def used(self, person: str, today: date | None = None) -> None:
        """Note that a person still learns: the wish lives on. Raises StateUnavailable."""
        expires = self._expires(today)
        stale = (reminders.c.person == self._key(person)) & (reminders.c.expires != expires)
        with self._database.begin() as connection:
            connection.execute(update(reminders).where(stale).values(expires=expires))

    def claim(self, channel: str, now: float, following: Callable[[Reminder], float], limit: int = 50) -> list[Claimed]:
        """Reminders of a channel whose time has come, each moved on to the time that `following` gives.

        Once this returned they are nobody else's. Raises StateUnavailable.
        """
        come = (
            select(reminders)
            .where(reminders.c.channel == channel, reminders.c.wanted.is_(True), reminders.c.next_at <= now)
            .order_by(reminders.c.next_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._database.begin() as connection:
            rows = connection.execute(come).all()
            claimed = [Claimed(row.person, row.address, _reminder(row), row.last_at) for row in rows]
            for one in claimed:
                moved = update(reminders).where(reminders.c.person == one.person)
                connection.execute(moved.values(next_at=following(one.reminder), last_at=now))
        return claimed

    def retry(self, person: str, at: float) -> None:
        """Set the next time of a claimed reminder (its `person` is a hash) that could not be sent.

        Raises StateUnavailable.
        """
        mine = (reminders.c.person == person) & reminders.c.wanted.is_(True)
        with self._database.begin() as connection:
            connection.execute(update(reminders).where(mine).values(next_at=at, last_at=0.0))

    def unreachable(self, person: str) -> None:
        """Turn off a claimed reminder (its `person` is a hash) whose address takes nothing any more.

        Raises StateUnavailable.
        """
        with self._database.begin() as connection:
            connection.execute(
                update(reminders).where(reminders.c.person == person).values(wanted=False, channel="", address="")
            )

    def forget(self, person: str) -> int:
        """Delete a person's wish; returns how many rows that were. Raises StateUnavailable."""
        mine = reminders.c.person == self._key(person)
        with self._database.begin() as connection:
            return connection.execute(delete(reminders).where(mine)).rowcount

    def purge(self, today: date | None = None) -> int:
        """Delete what has expired; returns how many rows that were. Raises StateUnavailable."""
        today = today or datetime.now(UTC).date()
        with self._database.begin() as connection:
            return connection.execute(delete(reminders).where(reminders.c.expires <= today)).rowcount

    def _key(self, person: str) -> str:
        return self._database.hashed("person", person)

    def _expires(self, today: date | None) -> date:
        return (today or datetime.now(UTC).date()) + self._keep


def _reminder(row: object) -> Reminder:
    return Reminder(*(getattr(row, name) for name in ("wanted", "minute", "quiet_from", "quiet_to")))
