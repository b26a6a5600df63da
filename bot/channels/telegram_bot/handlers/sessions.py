"""Study sessions in groups: /session, the buttons of whoever leads it, votes, and groups that move or shut the bot out."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from dataclasses import asdict
from functools import partial

from telegram import Bot, CallbackQuery, ChatMember, Message, Update
from telegram.constants import ChatType
from telegram.error import BadRequest, Forbidden, TelegramError

from bot import replies
from bot.channels.telegram_bot.delivery import Place, acknowledge, edit, edit_markup, send
from bot.channels.telegram_bot.handlers.desk import Context, Desk, message_of, person, place_of, say, show
from bot.channels.telegram_bot.history import thread_of
from bot.channels.telegram_bot.session_runner import SessionRunner
from bot.channels.telegram_bot.session_text import (
    MORE_SECONDS,
    Control,
    Setup,
    confirmation,
    controls,
    names_parts,
    open_view,
    read_control,
    read_setup,
    setup_view,
    started_view,
)
from bot.channels.telegram_bot.votes import Votes
from bot.quiz.paper import NoSuchPaper
from bot.rooms import words
from bot.rooms.announcements import ChatPlace
from bot.rooms.polls import poll_items
from bot.rooms.room import MOST_NAME, NoSuchRoom, NotNow, Room, RoomSettings
from bot.rooms.room import BadRequest as Refused
from bot.rooms.rules import ACTIONS
from bot.state.database import StateUnavailable
from knowledge.base import KnowledgeBase

logger = logging.getLogger(__name__)

#: Seconds for reading an answer before the next item comes.
READING_SECONDS = 20
#: For so many seconds it is believed that somebody is an administrator, or is none.
_ROLE_SECONDS = 60.0
_ADMINISTRATORS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)
_OUTSIDE = (ChatMember.LEFT, ChatMember.BANNED)


class Sessions:
    """Handlers of study sessions; `runner` is None in a bot that keeps nothing."""

    def __init__(self, desk: Desk, runner: SessionRunner | None) -> None:
        self._desk = desk
        self._runner = runner
        self._votes = Votes(runner.classroom) if runner else None
        self._roles: dict[tuple[int, int], tuple[float, bool]] = {}

    async def session(self, update: Update, context: Context) -> None:
        """/session: the settings and a button that starts; while one is open, whether to go on or end it."""
        message, user = message_of(update), update.effective_user
        if message.chat.type == ChatType.PRIVATE or user is None:
            await say(context.bot, place_of(message), words.SESSION_GROUP_ONLY)
            return
        if self._runner is None:
            await say(context.bot, place_of(message), replies.TELEGRAM_STATE_AWAY)
            return
        assistant = await self._desk.ready(message, context)
        if assistant is None:
            return
        try:
            await self._runner.let_in(message.chat.id)
            room = await self._open_in(message)
            starter = await self._starter(message.chat.id, user.id)
        except StateUnavailable:
            await say(context.bot, place_of(message), replies.TELEGRAM_STATE_AWAY)
            return
        view = open_view(room) if room is not None else setup_view(Setup(starter), assistant.knowledge)
        await show(context.bot, place_of(message), view)

    async def press(self, update: Update, context: Context) -> None:
        """A button of a session: for its starter and the group's administrators, anybody else is told so."""
        query = update.callback_query
        if query is None:
            return
        setup, control = read_setup(query.data or ""), read_control(query.data or "")
        if self._runner is None or not isinstance(query.message, Message) or (setup is None and control is None):
            await acknowledge(query, replies.TELEGRAM_UNKNOWN_BUTTON, alert=True)
            return
        try:
            if setup is not None:
                await self._prepare(context.bot, query, query.message, *setup)
            elif control is not None:
                await self._control(context.bot, query, query.message, control)
        except StateUnavailable:
            await acknowledge(query, replies.TELEGRAM_STATE_AWAY, alert=True)
        except (NotNow, NoSuchRoom) as error:
            await acknowledge(query, str(error), alert=True)

    async def _prepare(self, bot: Bot, query: CallbackQuery, message: Message, what: str, setup: Setup) -> None:
        assistant = self._desk.background.assistant
        if assistant is None:
            await acknowledge(query, self._desk.not_ready(), alert=True)
            return
        mine = setup.starter == await self._starter(message.chat.id, query.from_user.id)
        if not mine and not await self._leads(bot, query, message):
            return
        here = [message.message_id]
        if what == "show":
            await acknowledge(query)
            view = setup_view(setup, assistant.knowledge)
            await edit(bot, Place.under(message), here, view.parts, view.markup)
            return
        room = await self._open_in(message)
        if room is not None and room.phase != "lobby":
            await acknowledge(query, words.SESSION_ALREADY, alert=True)
            return
        try:
            room = room or await self._open(message, query.from_user.id, setup, assistant.knowledge)
        except NoSuchPaper:
            await acknowledge(query, words.SESSION_TOO_FEW, alert=True)
            return
        await acknowledge(query, words.CONTROLLED["start"])
        view = started_view(room)
        await edit(bot, Place.under(message), here, view.parts, view.markup)
        await self._act(room.code, "start")

    async def _open(self, message: Message, user_id: int, setup: Setup, knowledge: KnowledgeBase) -> Room:
        """A new room in the lobby. Raises NoSuchPaper, StateUnavailable."""
        classroom = self._active.classroom
        clause = knowledge.find(setup.scope) if setup.scope else None
        label = clause.label if clause is not None else f"《{replies.titles(knowledge)}》"
        settings = RoomSettings(words.ROOM_TITLE.format(title=label), setup.seconds, READING_SECONDS, named=setup.named)
        place = asdict(ChatPlace(message.chat.id, thread_of(message)))

        def open_() -> Room:
            items = poll_items(knowledge, setup.count, secrets.randbelow(1_000_000), setup.scope or None)
            opened = classroom.open(items, settings, knowledge.version, key=person(user_id), place=place)
            return classroom.room(opened.code)

        return await asyncio.to_thread(open_)

    async def _control(self, bot: Bot, query: CallbackQuery, message: Message, control: Control) -> None:
        classroom = self._active.classroom
        room = await asyncio.to_thread(classroom.room, control.code)
        places = await asyncio.to_thread(classroom.open_rooms)
        if room.phase != "over" and places.get(room.code, {}).get("chat") != message.chat.id:
            await acknowledge(query, replies.TELEGRAM_UNKNOWN_BUTTON, alert=True)
            return
        if control.action in ("sign", "unsign"):
            await self._sign(query, room, gives=control.action == "sign")
            return
        started = await asyncio.to_thread(classroom.may_control, control.code, person(query.from_user.id))
        if control.action == "names":  # whoever leads another group may have learned this one's code
            if started:
                await self._send_names(bot, query, room)
            else:
                await acknowledge(query, words.SESSION_NAMES_YOURS, alert=True)
            return
        if not started and not await self._leads(bot, query, message):
            return
        if room.phase == "over":
            await acknowledge(query, words.NOT_NOW["over"], alert=True)
        elif control.position != room.position:
            await acknowledge(query, words.SESSION_PASSED, alert=True)
        elif control.action in ("end?", "back"):
            await acknowledge(query)
            markup = confirmation(room) if control.action == "end?" else controls(room)
            if markup is not None:
                await edit_markup(bot, message, markup)
        else:
            after = await self._act(room.code, control.action, control.position)
            await acknowledge(query, words.CONTROLLED[control.action].format(seconds=MORE_SECONDS))
            markup = controls(after)
            stays = after.position == room.position and after.phase in ("asking", "paused", room.phase)
            if control.action != "more" and stays and markup is not None:
                await edit_markup(bot, message, markup)

    async def _sign(self, query: CallbackQuery, room: Room, *, gives: bool) -> None:
        """Whoever presses puts their name under their answers, or takes it back. Raises NoSuchRoom, NotNow."""
        classroom, user = self._active.classroom, query.from_user
        if not gives:
            await asyncio.to_thread(classroom.withdraw_name, room.code, person(user.id))
            await acknowledge(query, words.SESSION_UNSIGNED, alert=True)
            return
        shown = "".join(one for one in user.full_name if one.isprintable())
        name = shown[:MOST_NAME].strip() or words.SESSION_NO_NAME
        try:
            await asyncio.to_thread(partial(classroom.join, room.code, person(user.id), name=name))
        except Refused as error:
            await acknowledge(query, str(error), alert=True)
            return
        await acknowledge(query, words.SESSION_SIGNED.format(name=name), alert=True)

    async def _send_names(self, bot: Bot, query: CallbackQuery, room: Room) -> None:
        """The list of names, to who began the session, in private."""
        classroom = self._active.classroom
        names = await asyncio.to_thread(classroom.named, room.code)
        until = await asyncio.to_thread(classroom.named_until, room.code)
        if not names:
            await acknowledge(query, words.SESSION_NAMES_NONE, alert=True)
            return
        try:
            sent = await send(bot, Place(query.from_user.id), names_parts(room, names, until))
        except BadRequest:  # they never wrote to the bot
            sent = ()
        await acknowledge(query, words.SESSION_NAMES_SENT if sent else words.SESSION_NAMES_CLOSED, alert=True)

    async def _act(self, code: str, action: str, position: int | None = None) -> Room:
        """Do what a button says, if the room is still at the item under which it stands. Raises NoSuchRoom, NotNow, StateUnavailable."""
        runner = self._active
        if action == "more":
            after = await asyncio.to_thread(partial(runner.classroom.extend, code, MORE_SECONDS, position=position))
        elif action == "go":
            after = await asyncio.to_thread(runner.classroom.room, code)
            if after.phase == "paused":
                after = await asyncio.to_thread(runner.classroom.act, code, "resume")
            elif after.phase == "lobby":
                after = await asyncio.to_thread(runner.classroom.act, code, "start")
        else:
            [known] = [one for one in ACTIONS if one == action]
            after = await asyncio.to_thread(partial(runner.classroom.act, code, known, position=position))
        runner.wake()
        return after

    async def vote(self, update: Update, context: Context) -> None:
        """A vote in a poll: kept where the poll is a session's. One that was taken back is none."""
        vote = update.poll_answer
        voter = (vote.user or vote.voter_chat) if vote else None
        if vote is None or voter is None or self._votes is None or not vote.option_ids:
            return
        try:
            learns = partial(self._learns_by, vote.poll_id, person(voter.id))
            await self._votes.keep(vote.poll_id, person(voter.id), tuple(sorted(vote.option_ids)), elsewhere=learns)
        except StateUnavailable:
            if not self._desk.intake.undelivered(update.update_id):
                logger.warning("a vote was lost: the database is away")

    async def _learns_by(self, poll: str, learner: str) -> bool:
        """Whether the poll shows this person an item of their own learning. Raises StateUnavailable."""
        return await self._desk.kept(lambda state: state.polls.find(poll, learner)) is not None

    async def migrated(self, update: Update, context: Context) -> None:
        """A group became a supergroup: its session goes on there."""
        message = message_of(update)
        if self._runner is not None and message.migrate_to_chat_id is not None:
            move = self._runner.announcements.move
            new = message.migrate_to_chat_id
            await asyncio.to_thread(lambda: move(message.chat.id, chat=new))
            self._runner.wake()

    async def membership(self, update: Update, context: Context) -> None:
        """Thrown out of a group: its session is over. Let in again: what was left to say is said."""
        change = update.my_chat_member
        if self._runner is None or change is None or change.chat.type == ChatType.PRIVATE:
            return
        if change.new_chat_member.status in _OUTSIDE:
            await self._runner.shut_out(change.chat.id)
        elif change.old_chat_member.status in _OUTSIDE:
            await self._runner.let_in(change.chat.id)

    @property
    def _active(self) -> SessionRunner:
        if self._runner is None:
            raise StateUnavailable(replies.TELEGRAM_STATE_AWAY)
        return self._runner

    async def _starter(self, chat_id: int, user_id: int) -> str:
        """A short hash of a person in a chat, for the ids of buttons. Raises StateUnavailable."""
        return await self._desk.kept(lambda state: state.rooms.hashed("starter", str(chat_id), person(user_id))[:10])

    async def _open_in(self, message: Message) -> Room | None:
        """The open session of a chat's topic. Raises StateUnavailable."""
        classroom = self._active.classroom
        place = (message.chat.id, thread_of(message))
        for code, where in (await asyncio.to_thread(classroom.open_rooms)).items():
            if (where.get("chat"), where.get("thread")) == place:
                return await asyncio.to_thread(classroom.room, code)
        return None

    async def _leads(self, bot: Bot, query: CallbackQuery, message: Message) -> bool:
        """Whether whoever pressed is an administrator of the group; otherwise they are told who may."""
        key = message.chat.id, query.from_user.id
        until, leads = self._roles.get(key, (0.0, False))
        if time.monotonic() >= until:
            try:
                member = await bot.get_chat_member(*key)
                leads = member.status in _ADMINISTRATORS
            except (BadRequest, Forbidden):
                leads = False
            except TelegramError as error:
                logger.info("a role could not be looked up (%s)", type(error).__name__)
                await acknowledge(query, words.SESSION_NOT_CHECKED, alert=True)
                return False
            if len(self._roles) > 10_000:
                self._roles.clear()
            self._roles[key] = time.monotonic() + _ROLE_SECONDS, leads
        if not leads:
            await acknowledge(query, words.SESSION_NOT_YOURS, alert=True)
        return leads
