"""Learning alone in a private chat: one item at a time, as a poll or with buttons, each answer kept before it is judged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from telegram import Bot, CallbackQuery, Message, PollAnswer, Update
from telegram.constants import ChatType

from bot import replies
from bot.assistant import Assistant
from bot.channels.telegram_bot import study_buttons as buttons
from bot.channels.telegram_bot import study_text as texts
from bot.channels.telegram_bot.delivery import Place, acknowledge, edit, edit_markup, send
from bot.channels.telegram_bot.handlers.desk import Context, Desk, message_of, person, place_of, say
from bot.channels.telegram_bot.polls import send_quiz
from bot.channels.telegram_bot.session_runner import SessionRunner
from bot.channels.telegram_bot.study_buttons import StudyPress
from bot.channels.telegram_bot.text import pack, text_sections
from bot.state.database import StateUnavailable
from bot.state.reminders import Reminder
from bot.state.state import State
from bot.state.study_polls import Shown
from bot.study import InvalidChoice, Outcome, Study, Task, UnknownItem, words

Result = TypeVar("Result")


class Studying:
    """Handlers of /study, its buttons, and answers to its polls."""

    def __init__(self, desk: Desk, runner: SessionRunner | None = None) -> None:
        self._desk = desk
        self._runner = runner

    async def study(self, update: Update, context: Context) -> None:
        """/study: how much is due, and a button that starts."""
        message, user = message_of(update), update.effective_user
        if message.chat.type != ChatType.PRIVATE or user is None:
            await say(context.bot, place_of(message), words.PRIVATE)
            return
        assistant = await self._desk.ready(message, context)
        if assistant is None:
            return
        try:
            today = await self._do(assistant, lambda study: study.today(person(user.id), now()))
        except StateUnavailable:
            await say(context.bot, place_of(message), replies.TELEGRAM_STATE_AWAY)
            return
        markup = buttons.start_buttons(anything=bool(today.tasks))
        await say(context.bot, place_of(message), texts.today_text(today), markup)

    async def press(self, context: Context, query: CallbackQuery, press: StudyPress) -> None:
        """Do what a button says; a refusal is shown as an alert."""
        assistant, message = self._desk.background.assistant, query.message
        if message is None or message.chat.type != ChatType.PRIVATE:
            await acknowledge(query, words.PRIVATE, alert=True)
            return
        if assistant is None:
            await acknowledge(query, self._desk.not_ready(), alert=True)
            return
        try:
            await self._pressed(context.bot, query, press, assistant)
        except StateUnavailable:
            await acknowledge(query, replies.TELEGRAM_STATE_AWAY, alert=True)
        except (UnknownItem, InvalidChoice) as error:
            await acknowledge(query, str(error), alert=True)

    async def _pressed(self, bot: Bot, query: CallbackQuery, press: StudyPress, assistant: Assistant) -> None:
        user_id, place = query.from_user.id, Place(query.from_user.id)
        match press.kind:
            case "answer":
                await self._answered(bot, query, press, assistant)
            case "picks":
                task = await self._do(assistant, lambda study: study.task(person(user_id), press.item))
                shown = Task(task.item, press.place, task.is_new, task.revised)
                await acknowledge(query)
                parts, markup = (
                    pack(texts.form_sections(shown, press.choice)),
                    buttons.form_buttons(shown, press.choice),
                )
                if isinstance(query.message, Message):
                    await edit(bot, place, [query.message.message_id], parts, markup)
            case "item":
                task = await self._do(assistant, lambda study: study.task(person(user_id), press.item))
                await acknowledge(query)
                await self._show(bot, user_id, task)
            case "next":
                today = await self._do(assistant, lambda study: study.today(person(user_id), now()))
                await acknowledge(query)
                if today.tasks:
                    await self._show(bot, user_id, today.tasks[0])
                else:
                    await say(bot, place, texts.today_text(today), buttons.start_buttons(anything=False))
            case "stop":
                await acknowledge(query)
                await say(bot, place, words.STOPPED)
            case "book":
                tasks = await self._do(assistant, lambda study: study.wrong_book(person(user_id)))
                await acknowledge(query)
                first = press.place if press.place < len(tasks) else 0
                markup = buttons.book_buttons(tasks, first, assistant.knowledge)
                await send(bot, place, pack(texts.book_sections(tasks, first)), markup)
            case "map":
                standings = await self._do(assistant, lambda study: study.map(person(user_id), now()))
                await acknowledge(query)
                sections = texts.map_sections(standings, assistant.knowledge)
                await send(bot, place, pack(sections), buttons.map_buttons())
            case "reminder" | "set":
                await self._reminder(bot, query, press, assistant)

    async def _reminder(self, bot: Bot, query: CallbackQuery, press: StudyPress, assistant: Assistant) -> None:
        """The reminder's settings: shown, or changed and shown in their place."""
        user_id = query.from_user.id
        channel = self._desk.channel

        def change(state: State) -> tuple[str, Reminder]:
            study = self._desk.study(state, assistant.knowledge)
            reminder = study.reminder(person(user_id))
            if press.kind == "set":
                reminder = buttons.changed(reminder, press)
                study.remind(person(user_id), reminder, channel, str(user_id), now())
            return texts.reminder_text(reminder, state.reminders.keep_days), reminder

        text, reminder = await self._desk.kept(change)
        await acknowledge(query)
        parts, markup = pack(text_sections(text)), buttons.reminder_buttons(reminder)
        if press.kind == "set" and isinstance(query.message, Message):
            await edit(bot, Place(user_id), [query.message.message_id], parts, markup)
        else:
            await send(bot, Place(user_id), parts, markup)

    async def _answered(self, bot: Bot, query: CallbackQuery, press: StudyPress, assistant: Assistant) -> None:
        """An answer by buttons: kept, then judged; the buttons go, so that it is not given twice."""
        user_id = query.from_user.id
        outcome = await self._do(
            assistant, lambda study: study.answer(person(user_id), press.item, press.choice, press.place, now())
        )
        if not outcome.counted:
            await acknowledge(query, words.REPEATED, alert=True)
            return
        await acknowledge(query)
        if isinstance(query.message, Message):
            await edit_markup(bot, query.message, None)
        await self._judge(bot, user_id, outcome, assistant)

    async def poll_answered(self, update: Update, context: Context) -> None:
        """A vote in one of our polls. It cannot be given again, so what keeps it from being counted is tried again."""
        vote = update.poll_answer
        if vote is None or vote.user is None or not vote.option_ids:  # a vote taken back says nothing
            return
        assistant = await self._desk.wait_for_assistant(context)
        if assistant is None:
            if not self._desk.intake.undelivered(update.update_id):
                await say(context.bot, Place(vote.user.id), self._desk.not_ready())
            return
        try:
            outcome = await self._counted(vote, vote.user.id, assistant)
        except StateUnavailable:
            if not self._desk.intake.undelivered(update.update_id):
                await say(context.bot, Place(vote.user.id), replies.TELEGRAM_STATE_AWAY)
        except (UnknownItem, InvalidChoice) as error:
            await say(context.bot, Place(vote.user.id), str(error), buttons.start_buttons(anything=True))
        else:
            if outcome is not None:
                await self._judge(context.bot, vote.user.id, outcome, assistant)
            elif await self._desk.kept(lambda state: self._may_be_ours(state, vote)):
                await say(context.bot, Place(vote.user.id), words.POLL_UNKNOWN)

    async def _counted(self, vote: PollAnswer, user_id: int, assistant: Assistant) -> Outcome | None:
        """What came of a vote; None for a poll that is not on record."""

        def count(state: State) -> Outcome | None:
            shown = state.polls.find(vote.poll_id, person(user_id))
            if shown is None:
                return None
            study = self._desk.study(state, assistant.knowledge)
            return study.answer(person(user_id), shown.item, vote.option_ids, shown.showing, now())

        return await self._desk.kept(count)

    async def _judge(self, bot: Bot, user_id: int, outcome: Outcome, assistant: Assistant) -> None:
        parts = pack(texts.outcome_sections(outcome, assistant.knowledge, now()))
        await send(bot, Place(user_id), parts, buttons.outcome_buttons(outcome.item, assistant, right=outcome.right))

    async def _show(self, bot: Bot, user_id: int, task: Task) -> None:
        """Show an item: as a poll where one can carry it, else as a message with buttons."""
        if not task.item.telegram_fits:
            await send(bot, Place(user_id), pack(texts.form_sections(task, ())), buttons.form_buttons(task, ()))
            return
        poll = await send_quiz(bot, Place(user_id), task.item, texts.poll_question(task), buttons.stop_button())
        if poll is not None:
            shown = Shown(task.item.shown_id, task.showing)
            await self._desk.kept(lambda state: state.polls.put(poll, person(user_id), shown))

    def _may_be_ours(self, state: State, vote: PollAnswer) -> bool:
        """Whether an unknown poll can be one of this person's learning: a group's session has polls of its own."""
        assert vote.user is not None
        rooms = self._runner.classroom if self._runner is not None else None
        if rooms is not None and (rooms.poll_underway() or rooms.find_poll(vote.poll_id) is not None):
            return False  # counted there
        return state.polls.has_any(person(vote.user.id))

    async def _do(self, assistant: Assistant, action: Callable[[Study], Result]) -> Result:
        """Do something with a person's cards, in a thread. Raises StateUnavailable."""
        return await self._desk.kept(lambda state: action(self._desk.study(state, assistant.knowledge)))


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)
