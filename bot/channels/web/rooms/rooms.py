"""The rooms as the web's routes use them: the classroom in threads, its errors in our shape, feeds, letterbox and ticker."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from bot.channels.web.core.errors import ApiError
from bot.channels.web.core.service import STATE_RETRY_SECONDS, Service
from bot.channels.web.core.threads import Threads
from bot.channels.web.rooms.feeds import Feeds, Shown
from bot.channels.web.rooms.letterbox import Letterbox
from bot.channels.web.rooms.views import room_view, screen_view
from bot.quiz.paper import NoSuchPaper, select
from bot.rooms import words
from bot.rooms.classroom import Classroom, Opened
from bot.rooms.room import Answered, BadRequest, NoSuchRoom, NotNow, RoomSettings, Verdict
from bot.state.database import StateUnavailable

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

CHANNEL = "web"
#: Rooms that may be open at once in one installation.
MOST_OPEN = 2_000
#: Calls of a whole hall may wait: they are short.
ROOM_THREADS, WAITING = 2, 2000
#: Seconds between two looks for rooms whose time is over and that nobody follows; longer while the database is away.
TICK_SECONDS, AWAY_SECONDS = 2.0, 30.0


class Rooms:
    """The rooms of one app."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._classroom: Classroom | None = None
        self._threads = Threads("room", ROOM_THREADS, WAITING)
        self.feeds = Feeds(self._look)
        self._letterbox = Letterbox(self._keep)

    @property
    def _rooms(self) -> Classroom:
        state = self._service.state
        if state is None:
            raise StateUnavailable("no state is configured")
        if self._classroom is None:
            self._classroom = Classroom(state.rooms, CHANNEL, state.rooms.keep_days)
        return self._classroom

    async def run(self, call: Callable[[Classroom], Result]) -> Result:
        """The call's result, in a thread.

        Raises ApiError: 404 no such room, 409 not now, 422 what cannot be, 503 the database is away.
        """
        try:
            classroom = self._rooms
            return await self._threads.run(lambda: call(classroom))
        except (StateUnavailable, NoSuchRoom, NotNow, BadRequest) as error:
            raise translated(error) from error

    async def open(self, scope: str | None, count: int, settings: RoomSettings) -> Opened:
        """Open a room over a new paper. Raises ApiError, also where too many rooms are open or the scope has too few items."""
        knowledge = self._service.assistant.knowledge

        def opened(classroom: Classroom) -> Opened:
            if len(classroom.open_rooms()) >= MOST_OPEN:
                raise NotNow(words.MANY_ROOMS.format(most=MOST_OPEN))
            try:
                items = select(knowledge, count, secrets.randbelow(2**31), scope)
            except NoSuchPaper as error:
                raise BadRequest(words.NO_PAPER.format(scope=scope or words.EVERYTHING, count=count)) from error
            return classroom.open(items, settings, knowledge.version)

        return await self.run(opened)

    async def answer(self, code: str, answered: Answered) -> Verdict:
        """What became of an answer, once it is kept. Raises ApiError."""
        try:
            verdict = await self._letterbox.put(code, answered)
        except (StateUnavailable, NoSuchRoom, NotNow, BadRequest) as error:
            raise translated(error) from error
        self.feeds.poke(code)
        return verdict

    async def _keep(self, code: str, answers: Sequence[Answered]) -> list[Verdict]:
        classroom = self._rooms
        return await self._threads.run(partial(classroom.answer, code, answers, strangers="refuse"))

    async def _look(self, code: str) -> Shown:
        knowledge = self._service.assistant.knowledge

        def looked(classroom: Classroom) -> Shown:
            look = classroom.look(code)
            return Shown(look, room_view(look, knowledge), screen_view(look))

        return await self.run(looked)

    async def tick(self) -> None:
        """Let time pass in the rooms that nobody follows, until cancelled."""
        while True:
            wait = TICK_SECONDS
            try:
                classroom = self._rooms
                # While there is no assistant nobody can look at a room: its time stands.
                due = await self._threads.run(classroom.due) if self._service.background.assistant is not None else []
                for code in due:
                    await self._tick(classroom, code)
            except (StateUnavailable, ApiError):  # the database has logged why
                wait = AWAY_SECONDS
            await asyncio.sleep(wait)

    async def _tick(self, classroom: Classroom, code: str) -> None:
        """Let time pass in one room; what is wrong with it costs the others nothing."""
        try:
            await self._threads.run(partial(classroom.tick, code))
            self.feeds.poke(code)
        except (StateUnavailable, ApiError):
            raise
        except NoSuchRoom:
            pass
        except Exception:
            logger.exception("room %s cannot be read", code)

    def close(self) -> None:
        """Drop what waits for a thread."""
        self._threads.close()


def translated(error: Exception) -> ApiError:
    """The classroom's error in our shape."""
    message = str(error)
    if isinstance(error, NoSuchRoom):
        return ApiError(404, "no_such_room", message=message)
    if isinstance(error, NotNow):
        return ApiError(409, "not_now", message=message)
    if isinstance(error, BadRequest):
        return ApiError(422, "bad_room_request", message=message)
    return ApiError(503, "state_unavailable", headers={"Retry-After": str(STATE_RETRY_SECONDS)})
