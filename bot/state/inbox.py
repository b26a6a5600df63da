"""The inbox of a chat channel: updates from the moment they are acknowledged until they are answered.

Several replicas may share it. An update is answered at least once, and more than once only where the one who answered
died before saying so. Inside a lane (a chat) updates are handed out one at a time and in order, whoever answers them.
What an update says is deleted as soon as it is done; what is in it, and how it is answered, is the channel's business.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, exists, func, or_, select, update

from bot.state.database import Database
from bot.state.tables import inbox

#: Seconds for which whoever claimed an update may be silent; clocks of replicas must agree better than this.
LEASE_SECONDS = 30.0
#: No lease is so long, and no update comes from so far in the future: the clock was put back meanwhile.
CLOCK_SECONDS = 300.0
#: An update that ended the process this often is given up.
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Arrival:
    """An update that came in. `lane` names what is answered in order; it is hashed here.

    `unreadable` says why an update that nobody can answer is put aside; its payload is not kept.
    """

    update_id: int
    lane: str
    payload: str
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """An update to answer now; `attempts` counts this one, and proves who holds it."""

    update_id: int
    payload: str
    attempts: int


class Inbox:
    """The updates of one installation, of any number of bots. Safe to use from several threads and processes."""

    def __init__(self, database: Database, keep_hours: int) -> None:
        self._database = database
        self._keep_seconds = keep_hours * 3600.0

    def take_in(self, bot_id: int, arrivals: Sequence[Arrival], now: float | None = None) -> set[int]:
        """Keep what has not been seen before; returns the ids of it. Once this returned, nothing is lost.

        Raises StateUnavailable, and then nothing was kept.
        """
        if not arrivals:
            return set()
        received = time.time() if now is None else now
        rows: list[dict[str, Any]] = [
            {
                "bot_id": bot_id,
                "update_id": one.update_id,
                "lane": self._database.hashed("lane", one.lane),
                "payload": None if one.unreadable else one.payload,
                "state": "dead" if one.unreadable else "open",
                "reason": one.unreadable[:64],
                "attempts": 0,
                "leased_until": 0.0,
                "received": received,
            }
            for one in {one.update_id: one for one in arrivals}.values()
        ]
        statement = self._database.insert(inbox).values(rows).on_conflict_do_nothing().returning(inbox.c.update_id)
        with self._database.begin() as connection:
            return set(connection.execute(statement).scalars())

    def claim(self, bot_id: int, limit: int, *, settle_seconds: float = 0.0, now: float | None = None) -> list[Claim]:
        """At most `limit` updates to answer now, the oldest open one of each lane, leased for LEASE_SECONDS.

        Updates are numbered without gaps. Where numbers are missing, what stands behind them waits `settle_seconds`
        for them: a webhook receives side by side, so that a later update may come in first. Raises StateUnavailable.
        """
        now = time.time() if now is None else now
        unheld = or_(inbox.c.leased_until <= now, inbox.c.leased_until > now + CLOCK_SECONDS)
        free = and_(inbox.c.bot_id == bot_id, inbox.c.state == "open", unheld)
        with self._database.begin() as connection:
            connection.execute(
                update(inbox)
                .where(free, inbox.c.attempts >= MAX_ATTEMPTS)
                .values(state="dead", payload=None, reason=f"no answer in {MAX_ATTEMPTS} attempts")
            )
            chosen = _first_of_each_lane().where(free)
            if settle_seconds:
                gap = connection.execute(_first_after_a_gap(bot_id, now - settle_seconds, now + CLOCK_SECONDS)).scalar()
                chosen = chosen if gap is None else chosen.where(inbox.c.update_id < gap)
            chosen = chosen.order_by(inbox.c.update_id).limit(limit).with_for_update(skip_locked=True, of=inbox)
            claims = [Claim(row.update_id, row.payload or "", row.attempts + 1) for row in connection.execute(chosen)]
            connection.execute(
                update(inbox)
                .where(inbox.c.bot_id == bot_id, inbox.c.update_id.in_([claim.update_id for claim in claims]))
                .values(attempts=inbox.c.attempts + 1, leased_until=now + LEASE_SECONDS)
            )
            return claims

    def done(self, bot_id: int, claims: Collection[Claim]) -> None:
        """These were answered: delete what they said, keep their numbers. Raises StateUnavailable."""
        self._change(bot_id, claims, state="done", payload=None)

    def lease(self, bot_id: int, claims: Collection[Claim], seconds: float, now: float | None = None) -> None:
        """Hold these for so many seconds more; 0 gives them back. Raises StateUnavailable."""
        self._change(bot_id, claims, leased_until=(time.time() if now is None else now) + seconds)

    def _change(self, bot_id: int, claims: Collection[Claim], **values: Any) -> None:
        """Change rows that are still held by these claims and not by later ones."""
        if not claims:
            return
        statement = (
            update(inbox)
            .where(
                inbox.c.bot_id == bot_id,
                inbox.c.update_id == bindparam("one"),
                inbox.c.attempts == bindparam("held_as"),
                inbox.c.state == "open",
            )
            .values(**values)
        )
        with self._database.begin() as connection:
            connection.execute(statement, [{"one": claim.update_id, "held_as": claim.attempts} for claim in claims])

    def give_back_all(self, bot_id: int) -> None:
        """End every lease: for a process that starts and knows that no other answers for this bot.

        Raises StateUnavailable.
        """
        with self._database.begin() as connection:
            connection.execute(
                update(inbox).where(inbox.c.bot_id == bot_id, inbox.c.state == "open").values(leased_until=0.0)
            )

    def waits(self, bot_id: int, mark: str) -> bool:
        """Whether an update that holds `mark` is still to be answered. Raises StateUnavailable."""
        open_ = (inbox.c.bot_id == bot_id) & (inbox.c.state == "open")
        with self._database.begin() as connection:
            return connection.execute(select(exists().where(open_, inbox.c.payload.contains(mark)))).scalar_one()

    def purge(self, now: float | None = None) -> int:
        """Delete what came in longer than `keep_hours` ago; returns how many rows that were. Raises StateUnavailable."""
        before = (time.time() if now is None else now) - self._keep_seconds
        with self._database.begin() as connection:
            return connection.execute(delete(inbox).where(inbox.c.received < before)).rowcount

    def tally(self, bot_id: int) -> dict[str, int]:
        """How many updates are open, done and dead. Raises StateUnavailable."""
        counted = select(inbox.c.state, func.count()).where(inbox.c.bot_id == bot_id).group_by(inbox.c.state)
        with self._database.begin() as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}


def _first_of_each_lane() -> Select[Any]:
    """Rows without an open one before them in their lane, be that claimed or not."""
    earlier = inbox.alias("earlier")
    blocked = exists().where(
        earlier.c.bot_id == inbox.c.bot_id,
        earlier.c.state == "open",
        earlier.c.lane == inbox.c.lane,
        earlier.c.update_id < inbox.c.update_id,
    )
    return select(inbox.c.update_id, inbox.c.payload, inbox.c.attempts).where(~blocked)


def _first_after_a_gap(bot_id: int, since: float, until: float) -> Select[Any]:
    """The lowest number that came in between `since` and `until` and whose forerunner has not come in."""
    forerunner = inbox.alias("forerunner")
    known = exists().where(forerunner.c.bot_id == inbox.c.bot_id, forerunner.c.update_id == inbox.c.update_id - 1)
    lately = inbox.c.received.between(since, until)
    return select(func.min(inbox.c.update_id)).where(inbox.c.bot_id == bot_id, lately, ~known)
