"""Votes in polls of study sessions: those that come together are kept together, in one transaction a room."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.rooms.classroom import Classroom
from bot.rooms.room import Answered, BadRequest, NoSuchRoom, Verdict

logger = logging.getLogger(__name__)

#: Polls whose room is remembered.
_MOST_POLLS = 1_000
#: How long a vote in an unknown poll waits while a poll is being sent, and how often it looks, in seconds.
RECORDED_SECONDS, LOOK_SECONDS = 10.0, 0.2


@dataclass(frozen=True, slots=True)
class _Vote:
    person: str
    position: int
    choice: tuple[int, ...]
    verdict: asyncio.Future[Verdict | None]


class Votes:
    """Keeps votes; who voted is hashed on the way."""

    def __init__(self, classroom: Classroom) -> None:
        self._classroom = classroom
        self._polls: dict[str, tuple[str, int]] = {}
        self._waiting: dict[str, list[_Vote]] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}

    async def keep(
        self, poll: str, person: str, choice: tuple[int, ...], *, elsewhere: Callable[[], Awaitable[bool]]
    ) -> Verdict | None:
        """Keep a vote; when this returns, it is kept. None for a poll of no session, or what cannot be an answer.

        `elsewhere` says whether an unknown poll is known to another part of the bot. Raises StateUnavailable.
        """
        found = await self._find(poll)
        if found is None and not await elsewhere():
            found = await self._find_recorded(poll)
        if found is None:
            return None
        code, position = found
        vote = _Vote(person, position, choice, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(code, []).append(vote)
        if code not in self._keeping:
            self._keeping[code] = asyncio.create_task(self._keep_all(code), name="telegram-votes")
        return await vote.verdict

    async def _find_recorded(self, poll: str) -> tuple[str, int] | None:
        """The same for a poll that was voted in before it was on record; None where none is being sent."""
        until = time.monotonic() + RECORDED_SECONDS
        while True:
            underway = await asyncio.to_thread(self._classroom.poll_underway)  # asked first: it ends with the record
            found = await self._find(poll)
            if found is not None or not underway or time.monotonic() > until:
                return found
            await asyncio.sleep(LOOK_SECONDS)

    async def _find(self, poll: str) -> tuple[str, int] | None:
        found = self._polls.get(poll) or await asyncio.to_thread(self._classroom.find_poll, poll)
        if found is not None:
            if len(self._polls) >= _MOST_POLLS:
                self._polls.clear()
            self._polls[poll] = found
        return found

    async def _keep_all(self, code: str) -> None:
        try:
            while batch := self._waiting.pop(code, []):
                try:
                    verdicts = await asyncio.to_thread(self._put, code, batch)
                except Exception as error:
                    for vote in batch:
                        if not vote.verdict.done():
                            vote.verdict.set_exception(error)
                    continue
                for vote, verdict in zip(batch, verdicts, strict=True):
                    if not vote.verdict.done():
                        vote.verdict.set_result(verdict)
        finally:
            del self._keeping[code]

    def _put(self, code: str, batch: list[_Vote]) -> list[Verdict | None]:
        """Keep all, or, where one of them cannot be kept, each by itself. Raises StateUnavailable."""
        try:
            answers = [Answered(self._classroom.seat(code, one.person), one.position, one.choice) for one in batch]
            return list(self._classroom.answer(code, answers, strangers="seat"))
        except NoSuchRoom:
            return [None] * len(batch)
        except BadRequest as error:
            if len(batch) == 1:
                logger.warning("a vote was not kept: %s", error)
                return [None]
            return [self._put(code, [one])[0] for one in batch]
