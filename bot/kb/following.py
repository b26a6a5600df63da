"""Follows what is published, in a process that serves: loads the version in use beside the old one, then switches.

Each process asks for itself, so replicas that share a database all come to the same version within seconds, however it
was published. Until the new version is ready, and wherever it cannot be loaded, the old one goes on serving.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.kb import words
from bot.kb.served import Served, Shelved
from bot.kb.shelf import Pointer
from bot.state.database import StateUnavailable
from index.builtin_model import Progress
from knowledge.base import KnowledgeBase

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
#: At most this long between two looks while the database is away.
PATIENCE_SECONDS = 30.0
#: How long until a version that could not be loaded is tried again: a disk may have room by then.
RETRY_SECONDS = 60.0


class Follower:
    """What one process serves, and how it comes to the next version."""

    def __init__(self, shelved: Shelved, make: Callable[[KnowledgeBase, Progress], Assistant]) -> None:
        self._shelved = shelved
        self._make = make
        self._serving: Pointer | None = None
        self._failed: tuple[Pointer, float] | None = None
        self._away = False

    def first(self, progress: Progress) -> Assistant:
        """The assistant to begin with. Raises JianfuError."""
        progress(words.READING, None)
        return self._assistant(self._shelved.load(), progress)

    def _assistant(self, served: Served, progress: Progress) -> Assistant:
        assistant = self._make(served.knowledge, progress)
        self._serving = served.pointer
        return assistant

    async def follow(self, background: BackgroundAssistant, stop: asyncio.Event, every: float = LOOK_SECONDS) -> None:
        """Look for a newer version every so many seconds until `stop` is set; what is being loaded then is let go."""
        pause = every
        while not stop.is_set():
            if background.wait(0):
                await self._look_aside(background, stop)
            pause = min(pause * 2, PATIENCE_SECONDS) if self._away else every
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def _look_aside(self, background: BackgroundAssistant, stop: asyncio.Event) -> None:
        """look() in a thread that nobody waits for once `stop` is set: building an index takes a minute."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def look() -> None:
            try:
                self.look(background)
            finally:
                with suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(done.set)

        threading.Thread(target=look, name="knowledge-follower", daemon=True).start()
        waits = [asyncio.ensure_future(done.wait()), asyncio.ensure_future(stop.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def look(self, background: BackgroundAssistant) -> None:
        """Serve what is in use now, if it is another version than before; blocks while it is loaded."""
        try:
            pointer = self._shelved.in_use()
        except StateUnavailable:  # logged by the database; what is served goes on being served
            self._away = True
            return
        self._away = False
        if pointer == self._serving:
            background.problem = None
            return
        if self._failed is not None and self._failed[0] == pointer and time.monotonic() < self._failed[1]:
            return
        self._failed = None
        if background.replace(lambda progress: self._assistant(self._shelved.fetch(pointer), progress)):
            logger.info("now serving %s of the knowledge", pointer.seq or "the shipped version")
        else:
            self._failed = (pointer, time.monotonic() + RETRY_SECONDS)
            logger.error("version %s of the knowledge cannot be served; the one before goes on", pointer.seq)
