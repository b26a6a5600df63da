"""Runs blocking calls in a few threads, off the event loop; further calls wait, and too many are turned away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from bot.channels.web.core.errors import ApiError

Result = TypeVar("Result")

WAITING = 100  # more than this many calls in the queue are turned away
RETRY_SECONDS = 2


class Threads:
    """A bounded pool with a bounded queue."""

    def __init__(self, name: str, threads: int, waiting: int = WAITING) -> None:
        self._make_pool = partial(ThreadPoolExecutor, threads, thread_name_prefix=name)
        self._pool: ThreadPoolExecutor | None = None
        self._limit = threads + waiting
        self._open = 0

    async def run(self, call: Callable[[], Result]) -> Result:
        """The call's result. Raises ApiError 503 when the queue is full, and whatever the call raises."""
        if self._open >= self._limit:
            raise ApiError(503, "busy", headers={"Retry-After": str(RETRY_SECONDS)})
        if self._pool is None:
            self._pool = self._make_pool()
        self._open += 1
        try:
            named = partial(copy_context().run, call)  # what the call logs names its request
            return await asyncio.get_running_loop().run_in_executor(self._pool, named)
        finally:
            self._open -= 1

    def close(self) -> None:
        """Drop the calls that wait; those being run end by themselves. A later call starts anew."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
