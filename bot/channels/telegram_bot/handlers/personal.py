"""What belongs to one person: settings, and forgetting everything that is kept of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from telegram import CallbackQuery, Message, Update
from telegram.constants import ChatType

from bot import replies
from bot.channels.telegram_bot.buttons import Press, settings_view
from bot.channels.telegram_bot.delivery import Place, acknowledge, edit
from bot.channels.telegram_bot.handlers.desk import Context, Desk, message_of, person, place_of, say, show
from bot.channels.telegram_bot.keeping import words as keeping_words
from bot.channels.telegram_bot.session_runner import SessionRunner
from bot.rooms import words
from bot.state.database import StateUnavailable
from bot.state.people import Settings
from bot.state.state import State


class Personal:
    """Handlers of /settings and its switches, and of /forget."""

    def __init__(self, desk: Desk, runner: SessionRunner | None = None) -> None:
        self._desk = desk
        self._runner = runner

    async def settings(self, update: Update, context: Context) -> None:
        """/settings: the person's switches; in a group everybody could press them, so they are shown in private only."""
        message, user = message_of(update), update.effective_user
        if message.chat.type != ChatType.PRIVATE or user is None:
            await say(context.bot, place_of(message), replies.TELEGRAM_SETTINGS_PRIVATE)
            return
        try:
            settings = await self._desk.kept(lambda state: state.people.settings(person(user.id)))
        except StateUnavailable:
            await say(context.bot, place_of(message), replies.TELEGRAM_STATE_AWAY)
            return
        await show(context.bot, place_of(message), settings_view(settings))

    async def switch(self, context: Context, query: CallbackQuery, press: Press) -> None:
        """A pressed switch: turned, kept, and shown in place."""

        def turn(state: State) -> Settings:
            before = state.people.settings(person(query.from_user.id))
            after = replace(before, **{press.reference: not getattr(before, press.reference)})
            state.people.put(person(query.from_user.id), after)
            return after

        try:
            settings = await self._desk.kept(turn)
        except StateUnavailable:
            await acknowledge(query, replies.TELEGRAM_STATE_AWAY, alert=True)
            return
        await acknowledge(query)
        if isinstance(query.message, Message):
            view = settings_view(settings)
            message_ids = [query.message.message_id]
            await edit(context.bot, Place.under(query.message), message_ids, view.parts, view.markup)

    async def forget(self, update: Update, context: Context) -> None:
        """/forget: deletes feedback, settings, cards, the reminder and what is in memory of the person, and says how much."""
        message, user = message_of(update), update.effective_user
        if user is None:
            return
        questions = self._desk.history.forget(user.id)
        self._desk.answered.forget(user.id)

        def forget(state: State) -> dict[str, int]:
            name = person(user.id)
            state.polls.forget(name)
            return {
                "feedback": state.feedback.forget(name),
                "settings": state.people.forget(name),
                "cards": state.cards.forget(name),
                "reminders": state.reminders.forget(name),
                "links": state.links.forget(name),
            }

        classroom = self._runner.classroom if self._runner else None
        try:
            gone = await self._desk.kept(forget)
            answers = await asyncio.to_thread(classroom.forget, person(user.id)) if classroom else 0
        except StateUnavailable:
            text = replies.TELEGRAM_FORGOTTEN_PARTLY.format(questions=questions)
        else:
            unlinked = keeping_words.FORGOTTEN if gone.pop("links") else ""
            text = replies.TELEGRAM_FORGOTTEN.format(**gone, questions=questions) + unlinked
            text += words.SESSION_FORGOTTEN if answers else ""
        await say(context.bot, place_of(message), text)
