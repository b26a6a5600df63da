"""Deletes what has expired, when the process starts and every few hours, whatever the channels do meanwhile."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Protocol

from bot.state.database import StateUnavailable
from bot.state.state import State

logger = logging.getLogger(__name__)

PURGE_SECONDS = 6 * 3600.0


class _Purged(Protocol):
    def purge(self) -> int:
        """Delete what has expired; returns how many rows that were."""


async def keep_tidy(state: State, stop: asyncio.Event, every_seconds: float = PURGE_SECONDS) -> None:
    """Purge now and then until `stop` is set. A database that is away is logged, and tried again the next time."""
    while not stop.is_set():
        await asyncio.to_thread(purge, state)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_seconds)


def purge(state: State) -> None:
    """Delete everything that has expired; what goes wrong with one table is logged and costs the others nothing."""
    books: tuple[tuple[str, _Purged], ...] = (
        ("feedback", state.feedback),
        ("inbox", state.inbox),
        ("people", state.people),
        ("cards", state.cards),
        ("polls", state.polls),
        ("reminders", state.reminders),
        ("rooms", state.rooms),
        ("open questions", state.open_questions),
        ("decisions", state.decisions),
        ("counters", state.counters),
        ("sessions", state.sessions),
        ("login attempts", state.attempts),
        ("account links", state.links),
    )
    for name, book in books:
        try:
            gone = book.purge()
        except StateUnavailable as error:
            logger.warning("nothing was purged from %s: %s", name, error)
        except Exception:
            logger.exception("purging %s failed", name)
        else:
            if gone:
                logger.info("%d expired rows were deleted from %s", gone, name)
