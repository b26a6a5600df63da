"""What all handlers share: the assistant, the order of chats, what is remembered, and a few ways to speak."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from telegram import Bot, InlineKeyboardMarkup, MaybeInaccessibleMessage, Message, Update
from telegram.ext import CallbackContext

from bot import replies
from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.telegram_bot.answered import Answered
from bot.channels.telegram_bot.buttons import View
from bot.channels.telegram_bot.delivery import Place, send, typing
from bot.channels.telegram_bot.history import Conversation, History
from bot.channels.telegram_bot.intake import Intake
from bot.channels.telegram_bot.text import pack, text_sections
from bot.state.database import StateUnavailable
from bot.state.people import Settings
from bot.state.state import State
from bot.study import Study
from knowledge.base import KnowledgeBase

#: python-telegram-bot's default context, spelt out once.
Context = CallbackContext[Bot, dict[object, object], dict[object, object], dict[object, object]]

Result = TypeVar("Result")

_LOADING_CHECK_SECONDS = 0.1


class Desk:
    """One bot's shared things. Handlers hold it; it knows none of them."""

    def __init__(
        self,
        background: BackgroundAssistant,
        intake: Intake,
        history: History,
        state: State | None,
        *,
        patience_seconds: float = 20.0,
        concurrent_questions: int = 4,
    ) -> None:
        self.background = background
        self.intake = intake
        self.history = history
        self.answered = Answered()
        self.asking = asyncio.Semaphore(concurrent_questions)
        self.channel = f"telegram:{intake.bot_id}"
        self._state = state
        self._study: tuple[KnowledgeBase, Study] | None = None
        self._patience_seconds = patience_seconds

    async def ready(self, message: Message, context: Context) -> Assistant | None:
        """The assistant, waited for if need be; without it the person is told so."""
        assistant = self.background.assistant
        if assistant is None:
            async with typing(context.bot, Place.under(message)):
                assistant = await self.wait_for_assistant(context)
        if assistant is None:
            await say(context.bot, Place.under(message), self.not_ready())
        return assistant

    async def wait_for_assistant(self, context: Context) -> Assistant | None:
        """The assistant; None when loading failed, takes too long, or the bot is being stopped."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_seconds
        # Looked at again and again, as its own wait() would block one of the few worker threads for every person.
        while not self.background.wait(0):
            if loop.time() >= deadline or not context.application.running:
                break
            await asyncio.sleep(_LOADING_CHECK_SECONDS)
        return self.background.assistant

    def not_ready(self) -> str:
        """Why there is no assistant yet."""
        if self.background.error is not None:
            return replies.TELEGRAM_FAILED
        return replies.LOADING_QUESTION.format(stage=self.background.stage)

    async def kept(self, action: Callable[[State], Result]) -> Result:
        """Do something with what is kept, in a thread. Raises StateUnavailable, also where nothing is kept at all."""
        if self._state is None:
            raise StateUnavailable(replies.TELEGRAM_STATE_AWAY)
        return await asyncio.to_thread(action, self._state)

    @property
    def keeps(self) -> bool:
        """Whether there is a database at all."""
        return self._state is not None

    def study(self, state: State, knowledge: KnowledgeBase) -> Study:
        """Learning alone over a knowledge base; made once for each, in the caller's thread."""
        if self._study is None or self._study[0] is not knowledge:
            self._study = knowledge, Study(state.cards, state.reminders, knowledge)
        return self._study[1]

    @property
    def kept_days(self) -> int | None:
        """How long unanswered questions are kept; 0 for not at all, None where there is no state to keep them in."""
        return self._state.open_questions.days if self._state is not None else None

    async def settings(self, user_id: int | None) -> Settings:
        """A person's settings; those that everybody has where they cannot be read."""
        if user_id is None or self._state is None:
            return Settings()
        try:
            return await self.kept(lambda state: state.people.settings(person(user_id)))
        except StateUnavailable:  # logged by the database
            return Settings()


def person(user_id: int) -> str:
    """The name under which a person's things are kept, hashed by whoever keeps them."""
    return f"telegram:{user_id}"


def message_of(update: Update) -> Message:
    """The message of an update whose handler only gets messages."""
    message = update.message
    if message is None:
        raise TypeError("this handler is registered for messages only")
    return message


def place_of(message: MaybeInaccessibleMessage) -> Place:
    """Where to reply to a message, be it one that Telegram does not show the bot any more."""
    return Place.under(message) if isinstance(message, Message) else Place(message.chat.id)


def conversation_of(update: Update, message: MaybeInaccessibleMessage) -> Conversation:
    """The conversation of the person who sent an update."""
    user_id = update.effective_user.id if update.effective_user else None
    if isinstance(message, Message):
        return Conversation.of(message, user_id)
    return Conversation(message.chat.id, None, user_id)


async def show(bot: Bot, place: Place, view: View) -> None:
    """Send a view as a new message."""
    await send(bot, place, view.parts, view.markup)


async def say(bot: Bot, place: Place, text: str, markup: InlineKeyboardMarkup | None = None) -> None:
    """Send a reply of ours."""
    await send(bot, place, pack(text_sections(text)), markup)
