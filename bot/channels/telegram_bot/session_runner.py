"""Runs study sessions in groups: looks what rooms have to say, says each part once, and lets time do its part.

All that matters stands in the database, so a session goes on after a restart, in any replica. A poll is recorded right
after it is sent; who dies in between leaves a poll that nobody knows: the item is sent again, and votes in the unknown poll
count nowhere. What rooms do is bot/rooms/'s business, how they look session_text.py's.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from telegram import Bot, InlineKeyboardMarkup, InputFile
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter

from bot.bootstrap import BackgroundAssistant
from bot.channels.telegram_bot.delivery import Place, close_poll, post, says
from bot.channels.telegram_bot.polls import quiz_fields
from bot.channels.telegram_bot.session_text import answer_parts, controls, lines, names_button, question, sheet_parts
from bot.channels.telegram_bot.text import Part
from bot.quiz import export_docx
from bot.rooms import rules, words
from bot.rooms.announcements import HOLD_SECONDS, Announcements, ChatPlace, Said, Step, steps
from bot.rooms.classroom import Classroom
from bot.rooms.report import follow_up
from bot.rooms.room import NoSuchRoom, NotNow, Room
from bot.state.database import StateUnavailable
from bot.state.state import State
from knowledge.base import KnowledgeBase

logger = logging.getLogger(__name__)

#: How often rooms are looked at when nothing here happens: for time, and for what another replica or the network left.
LOOK_SECONDS = 0.5
#: A part that the network lost is said again after so long.
RETRY_SECONDS = 3.0
#: An item overdue by more when it is first looked at, or since before the start, had nobody to count its votes meanwhile:
#: it gets its time again.
STALLED_SECONDS = 5.0
#: An item is closed so much later at most where votes that came in are still to be counted.
COUNTING_SECONDS = 10.0
#: How long a stop waits for what is being said.
DRAIN_SECONDS = 3.0
#: What marks a vote among the updates in the inbox.
_VOTE = '"poll_answer"'
#: What Telegram says where a group lets the bot write, but send no polls.
_NO_POLLS = "rights to send polls"
#: What Telegram says where the bot can write no more, though it was not thrown out.
_SHUT_OUT = (
    "not enough rights",
    "have no rights",
    "chat not found",
    "deactivated",
    "topic_closed",
    "need administrator",
)


class SessionRunner:
    """The sessions of one bot. `clock` gives seconds since 1970."""

    def __init__(
        self,
        background: BackgroundAssistant,
        state: State,
        bot_id: int,
        keep_days: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        channel = f"tg:{bot_id}"  # another bot on the same database cannot speak in this one's groups
        self.classroom = Classroom(state.rooms, channel, keep_days, clock, speaks_after=True)
        self.announcements = Announcements(state.rooms, channel)
        self._background = background
        self._inbox = state.inbox
        self._bot_id = bot_id
        self._clock = clock
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._told: dict[str, int] = {}
        self._due: dict[str, tuple[int, float]] = {}
        self._started = 0.0

    def start(self, bot: Bot, *, alone: bool) -> None:
        """Begin. `alone`: no other process runs sessions for this bot."""
        self._started = asyncio.get_running_loop().time()
        self._looking = asyncio.create_task(self._look_on(bot, alone=alone), name="telegram-sessions")

    def wake(self) -> None:
        """Look at once: something changed here."""
        self._wake.set()

    async def stop(self) -> None:
        """Begin nothing more, and finish what is being said; what takes too long is said after the next start."""
        self._stopping.set()
        self._wake.set()
        if self._looking is None:
            return
        await self._looking
        self._looking = None
        if tasks := list(self._serving.values()):
            _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def shut_out(self, chat: int) -> None:
        """The bot may not write to a chat: its session is over, and its report waits for being let in again.

        Raises StateUnavailable.
        """
        for code in await asyncio.to_thread(self.announcements.move, chat, away=True):
            with suppress(NoSuchRoom):
                await asyncio.to_thread(self.classroom.act, code, "end")
            logger.info("a session ended: the bot may not write to its group")

    async def let_in(self, chat: int) -> None:
        """The bot may write to a chat again: what was left to say is said. Raises StateUnavailable."""
        if await asyncio.to_thread(self.announcements.move, chat, away=False):
            self._told.clear()
            self.wake()

    async def _look_on(self, bot: Bot, *, alone: bool) -> None:
        freed = not alone
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if not freed:
                    await asyncio.to_thread(self.announcements.free_all)
                    freed = True
                await self._look(bot)
            except StateUnavailable as error:
                logger.warning("sessions cannot be read: %s", error)
            except Exception:
                logger.exception("looking at sessions failed; going on")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)

    async def _look(self, bot: Bot) -> None:
        """Serve every room that has something to say or is due; rooms are served side by side."""
        if self._background.assistant is None:
            return
        placed = await asyncio.to_thread(self.announcements.placed)
        known = {one.code for one in placed}
        self._told = {code: revision for code, revision in self._told.items() if code in known}
        self._due = {code: since for code, since in self._due.items() if code in known}
        self._serving = {code: task for code, task in self._serving.items() if not task.done()}
        now = self._clock()
        for one in placed:
            waits = self._told.get(one.code) == one.revision and now < rules.due(one.phase, one.deadline)
            if one.code not in self._serving and not waits and not (one.place.away and one.phase == "over"):
                self._serving[one.code] = asyncio.create_task(self._serve(bot, one.code), name="telegram-session")

    async def _serve(self, bot: Bot, code: str) -> None:
        """Say what a room has to say, part after part, and let time move it."""
        try:
            while not self._stopping.is_set():
                room = await asyncio.to_thread(self.classroom.room, code)
                said = await asyncio.to_thread(self.announcements.said, code)
                todo = steps(room, said)
                if said.place is None or (said.place.away and room.phase == "over"):
                    return
                if todo:
                    if not await self._take(bot, room, said, todo[0]):
                        return
                elif room.phase == "over":
                    await asyncio.to_thread(self.announcements.settle, code)
                    return
                elif not await self._let_time_pass(room):
                    return
        except NoSuchRoom:
            return
        except StateUnavailable as error:
            logger.warning("a session waits for the database: %s", error)
        except Exception:
            logger.exception("a session failed; it is looked at again")

    async def _let_time_pass(self, room: Room) -> bool:
        """What time alone does; whether that changed the room."""
        overdue, loop_time = self._clock() - rules.due(room.phase, room.deadline), asyncio.get_running_loop().time()
        if overdue < 0:
            self._told[room.code] = room.revision
            return False
        if room.phase == "asking":
            revision, since = self._due.get(room.code, (-1, 0.0))
            if revision != room.revision:
                if overdue > min(STALLED_SECONDS, loop_time - self._started):
                    await asyncio.to_thread(self.classroom.restart_clock, room.code)
                    return True
                self._due[room.code] = room.revision, (since := loop_time)
            counting = await asyncio.to_thread(self._inbox.waits, self._bot_id, _VOTE)
            if counting and loop_time - since < COUNTING_SECONDS:
                return False
        await asyncio.to_thread(self.classroom.tick, room.code)
        return True

    async def _take(self, bot: Bot, room: Room, said: Said, step: Step) -> bool:
        """Say one part, held meanwhile so that no other replica says it; whether to go on with the room now."""
        code, place = room.code, said.place
        if place is None or not await asyncio.to_thread(self.announcements.hold, code, step):
            return False
        holding = asyncio.create_task(self._keep_hold(code, step))
        retry: float | None = None
        try:
            await self._say(bot, room, said, place, step)
        except ChatMigrated as error:
            await asyncio.to_thread(self.announcements.move, place.chat, chat=error.new_chat_id)
            retry = 0.0
        except Forbidden:
            await self.shut_out(place.chat)
            retry = 0.0
        except RetryAfter as error:
            wait = error.retry_after
            retry = wait if isinstance(wait, (int, float)) else wait.total_seconds()
        except BadRequest as error:
            retry = await self._refused(bot, room, place, step, error)
        except NetworkError as error:
            logger.warning("a session's %s was not delivered (%s); later again", step[1], type(error).__name__)
            retry = RETRY_SECONDS
        finally:
            holding.cancel()
            with suppress(asyncio.CancelledError):
                await holding
        if retry is not None:
            await asyncio.to_thread(self.announcements.keep_hold, code, step, retry)
        return not retry

    async def _refused(self, bot: Bot, room: Room, place: ChatPlace, step: Step, error: BadRequest) -> float | None:
        """What becomes of a part that Telegram refuses: said elsewhere (after so many seconds), or never."""
        if says(error, "thread not found") and place.thread is not None:
            await asyncio.to_thread(self.announcements.move, place.chat, thread=None)
            return 0.0
        if step[1] == "poll" and says(error, _NO_POLLS):
            await self._end_without_polls(bot, room, place, step)
            return 0.0
        if says(error, *_SHUT_OUT):
            await self.shut_out(place.chat)
            return 0.0
        logger.error("Telegram refused a session's %s: %s", step[1], error.message)
        if step[1] == "poll":
            with suppress(NotNow):
                await asyncio.to_thread(self.classroom.act, room.code, "skip")
        await asyncio.to_thread(self.announcements.done, room.code, step)
        return None

    async def _end_without_polls(self, bot: Bot, room: Room, place: ChatPlace, step: Step) -> None:
        """The group allows messages but no polls: say so, and end what cannot go on; the item that nobody saw counts not."""
        try:
            await self._post(bot, place, lines(words.SESSION_NO_POLLS))
        except (BadRequest, Forbidden):
            await self.shut_out(place.chat)
            return
        with suppress(NotNow):
            await asyncio.to_thread(self.classroom.break_off, room.code)
        await asyncio.to_thread(self.announcements.done, room.code, step)

    async def _keep_hold(self, code: str, step: Step) -> None:
        while True:
            await asyncio.sleep(HOLD_SECONDS / 3)
            with suppress(StateUnavailable):
                await asyncio.to_thread(self.announcements.keep_hold, code, step)

    async def _say(self, bot: Bot, room: Room, said: Said, place: ChatPlace, step: Step) -> None:
        position, part = step
        match part:
            case "poll":
                await self._send_poll(bot, room, place, step)
                return
            case "answer":
                await self._say_answer(bot, room, said, place, position)
            case "sheet":
                report = await asyncio.to_thread(self.classroom.report, room.code)
                names = await asyncio.to_thread(self.classroom.named, room.code)
                await self._post(bot, place, sheet_parts(report, self._knowledge), names_button(room, len(names)))
            case "paper":
                await self._send_paper(bot, room, place)
        await asyncio.to_thread(self.announcements.done, room.code, step)

    async def _send_poll(self, bot: Bot, room: Room, place: ChatPlace, step: Step) -> None:
        position, _ = step
        item = room.items[position]
        message = await bot.send_poll(
            place.chat,
            question(room, item, position),
            **quiz_fields(item),
            description=words.POLL_ABOUT.format(seconds=room.settings.seconds),
            message_thread_id=place.thread,
            reply_markup=controls(room),
        )
        poll = message.poll.id if message.poll else ""
        done = self.announcements.done
        await asyncio.to_thread(lambda: done(room.code, step, poll=poll, message=message.message_id))
        await asyncio.to_thread(self.classroom.restart_clock, room.code)

    async def _say_answer(self, bot: Bot, room: Room, said: Said, place: ChatPlace, position: int) -> None:
        """Close an item's poll; say its answer unless it was skipped or the session was ended over it."""
        for message in said.polls[position]:
            await close_poll(bot, place.chat, message)
        if room.phase == "over" or position in room.skipped:
            return
        tally = await asyncio.to_thread(self.classroom.tally, room.code, position)
        if tally is None:
            return
        markup = controls(room) if room.phase == "shown" and room.position == position else None
        parts = answer_parts(room, position, tally, self._knowledge)
        await self._post(bot, place, parts, markup)
        if markup is not None:
            await asyncio.to_thread(self.classroom.restart_clock, room.code)

    async def _send_paper(self, bot: Bot, room: Room, place: ChatPlace) -> None:
        knowledge = self._knowledge
        report = await asyncio.to_thread(self.classroom.report, room.code)

        def write() -> tuple[int, bytes]:
            items = follow_up(report, knowledge)
            if not items:
                return 0, b""
            with tempfile.TemporaryDirectory(prefix="jianfu-") as folder:
                path = Path(folder) / words.FOLLOW_UP_FILE
                export_docx.write(path, items, knowledge, len(report.results))
                return len(items), path.read_bytes()

        count, content = await asyncio.to_thread(write)
        if count:
            await bot.send_document(
                place.chat,
                InputFile(content, filename=words.FOLLOW_UP_FILE),
                caption=words.FOLLOW_UP.format(count=count),
                message_thread_id=place.thread,
            )

    async def _post(
        self, bot: Bot, place: ChatPlace, parts: Sequence[Part], markup: InlineKeyboardMarkup | None = None
    ) -> None:
        now_at = await post(bot, Place(place.chat, place.thread), parts, markup)
        if now_at.chat_id != place.chat:
            await asyncio.to_thread(self.announcements.move, place.chat, chat=now_at.chat_id, thread=None)

    @property
    def _knowledge(self) -> KnowledgeBase:
        assistant = self._background.assistant
        if assistant is None:
            raise TypeError("sessions are served only once there is an assistant")
        return assistant.knowledge
