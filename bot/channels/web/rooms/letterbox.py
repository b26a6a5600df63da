"""Answers that come in within a few milliseconds are kept together: one transaction, and everybody hears when it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.rooms.room import Answered, BadRequest, Verdict

#: How long the first answer waits for others, in seconds, and how many are kept in one transaction.
GATHER_SECONDS, MOST_TOGETHER = 0.005, 200

Keep = Callable[[str, Sequence[Answered]], Awaitable[list[Verdict]]]


class Letterbox:
    """The answers under way, by room."""

    def __init__(self, keep: Keep) -> None:
        """`keep` keeps all answers or raises."""
        self._keep = keep
        self._waiting: dict[str, list[tuple[Answered, asyncio.Future[Verdict]]]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def put(self, code: str, answered: Answered) -> Verdict:
        """What became of an answer, once it is in the database. Raises what the keeping raises."""
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(code, []).append((answered, future))
        if code not in self._tasks:
            self._tasks[code] = asyncio.create_task(self._empty(code))
        return await future

    async def _empty(self, code: str) -> None:
        """Keep what waits, until nothing does."""
        try:
            while self._waiting.get(code):
                await asyncio.sleep(GATHER_SECONDS)
                waiting = self._waiting[code]
                batch, self._waiting[code] = waiting[:MOST_TOGETHER], waiting[MOST_TOGETHER:]
                await self._keep_batch(code, batch)
        finally:
            del self._tasks[code]
            for _, future in self._waiting.pop(code, []):  # only when this task was cancelled
                future.cancel()

    async def _keep_batch(self, code: str, batch: Sequence[tuple[Answered, asyncio.Future[Verdict]]]) -> None:
        try:
            verdicts = await self._keep(code, [one for one, _ in batch])
        except BadRequest as error:
            if len(batch) > 1:  # one bad answer must not cost the others
                for one in batch:
                    await self._keep_batch(code, [one])
                return
            _fail(batch, error)
        except Exception as error:
            _fail(batch, error)
        else:
            for (_, future), verdict in zip(batch, verdicts, strict=True):
                if not future.done():  # its sender may have left
                    future.set_result(verdict)


def _fail(batch: Sequence[tuple[Answered, asyncio.Future[Verdict]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
