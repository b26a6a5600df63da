"""In which order updates are handled: in turn inside a chat, side by side across chats, each update once.

Knows nothing of what an update asks for, except that a pressed button never waits for a question.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

logger = logging.getLogger(__name__)

#: The base class takes its own limit before a chat's turn; one busy chat must not be able to use it up.
_NEVER_REACHED = 1_000_000


class RecentKeys:
    """The last `limit` keys seen; older ones are forgotten."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: Hashable) -> bool:
        """Remember a key; False when it was there already."""
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
        return True

    def discard(self, key: Hashable) -> None:
        """Forget a key."""
        self._keys.pop(key, None)


class KeyedLocks:
    """A lock a key, first come first served; a lock that nobody holds or waits for is dropped."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def hold(self, key: Hashable) -> AsyncIterator[None]:
        """Hold the key's lock."""
        lock, users = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            users = self._locks[key][1] - 1
            if users:
                self._locks[key] = lock, users
            else:
                del self._locks[key]


Lane = tuple[str, int, int]


def lane_of(update: Update) -> Lane | None:
    """What the update is answered in order with; None for what waits for nothing: an inline query.

    A press must be answered at once, so it waits only for earlier presses on the same message; a vote in a poll names no
    chat, and waits only for earlier votes of the same person.
    """
    query = update.callback_query
    if query is not None:
        message = query.message
        return ("message", message.chat.id, message.message_id) if message else ("press", update.update_id, 0)
    if update.inline_query is not None:
        return None
    vote = update.poll_answer
    if vote is not None:  # names no chat: it is answered in the person's own
        voter = vote.user or vote.voter_chat
        return ("chat", voter.id if voter else 0, 0)
    return ("chat", update.effective_chat.id if update.effective_chat else 0, 0)


class ChatOrder(BaseUpdateProcessor):
    """Handles a chat's updates one after another, at most `chats_at_once` chats at a time, each update once.

    `on_handled` is told the id of each update when its handlers have ended, or when it was dropped as seen before.
    """

    def __init__(
        self,
        chats_at_once: int = 64,
        remembered_updates: int = 10_000,
        on_handled: Callable[[int], None] = lambda update_id: None,
    ) -> None:
        super().__init__(max_concurrent_updates=_NEVER_REACHED)
        self._on_handled = on_handled
        self._locks = KeyedLocks()
        self._slots = asyncio.Semaphore(chats_at_once)
        self._seen = RecentKeys(remembered_updates)

    @property
    def open_locks(self) -> int:
        """How many chats and messages are being worked on or waited for."""
        return len(self._locks)

    @asynccontextmanager
    async def turn(self, chat_id: int) -> AsyncIterator[None]:
        """The chat's turn to have a question answered, and one of the slots shared by all chats."""
        async with self._locks.hold(("chat", chat_id, 0)), self._slots:
            yield

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the update's turn; drop it when it was delivered before."""
        if not isinstance(update, Update):
            await coroutine
            return
        if not self._seen.add(update.update_id):
            logger.info("update %s was delivered again; dropped", update.update_id)
            if asyncio.iscoroutine(coroutine):
                coroutine.close()
            self._on_handled(update.update_id)
            return
        lane = lane_of(update)
        if lane is None:
            await coroutine
        elif lane[0] == "chat":
            async with self.turn(lane[1]):
                await coroutine
        else:
            # A press that asks a question takes the chat's turn itself; it holds no slot meanwhile, else slots could
            # be held by presses that wait for chats that wait for a slot.
            async with self._locks.hold(lane):
                await coroutine
        self._on_handled(update.update_id)

    def forget(self, update_id: int) -> None:
        """Let an update be handled again: its answer could not be delivered."""
        self._seen.discard(update_id)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""
