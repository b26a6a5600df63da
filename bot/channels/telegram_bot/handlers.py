"""What the bot does with each kind of update: small handlers that translate between Telegram and the assistant.

The rules of answering are the assistant's, the words replies.py's; which handler gets what is said in
telegram_bot.register_handlers.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
import unicodedata
from datetime import UTC, datetime, timedelta

from telegram import Bot, CallbackQuery, InlineKeyboardMarkup, MaybeInaccessibleMessage, Message, Update
from telegram.error import Forbidden, TelegramError
from telegram.ext import ApplicationHandlerStop, CallbackContext

from bot import replies
from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.telegram_bot.addressing import after_command, question_for_bot
from bot.channels.telegram_bot.buttons import (
    Press,
    View,
    answer_buttons,
    clause_view,
    examples,
    outline_view,
    read_press,
)
from bot.channels.telegram_bot.delivery import Place, acknowledge, edit, send, typing
from bot.channels.telegram_bot.history import Conversation, History
from bot.channels.telegram_bot.order import ChatOrder, RecentKeys
from bot.channels.telegram_bot.text import answer_sections, pack, text_sections
from bot.trust import trust_text
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

#: python-telegram-bot's default context, spelt out once.
Context = CallbackContext[Bot, dict[object, object], dict[object, object], dict[object, object]]

#: Questions older than this are not answered any more, when Telegram delivers them after a long stop.
_STALE = timedelta(hours=24)
_LOADING_CHECK_SECONDS = 0.1


class Handlers:
    """All handlers of one bot, with what they share."""

    def __init__(
        self,
        background: BackgroundAssistant,
        order: ChatOrder,
        history: History,
        *,
        patience_seconds: float = 20.0,
        concurrent_questions: int = 4,
    ) -> None:
        self._background = background
        self._order = order
        self._history = history
        self._patience_seconds = patience_seconds
        self._asking = asyncio.Semaphore(concurrent_questions)
        self._albums = RecentKeys(1_000)

    # Commands

    async def start(self, update: Update, context: Context) -> None:
        """/start: three lines and examples; what was asked before is forgotten."""
        message = _message(update)
        self._history.clear(_conversation(update, message))
        assistant = await self._ready(message, context)
        if assistant is not None:
            text = replies.TELEGRAM_START.format(title=_full_titles(assistant.knowledge))
            await _say(context.bot, Place.under(message), text, examples())

    async def help(self, update: Update, context: Context) -> None:
        """/help, and any command that does not exist."""
        await _say(context.bot, Place.under(_message(update)), replies.help_text(), examples())

    async def ask(self, update: Update, context: Context) -> None:
        """/ask with a question, or as a reply to somebody's message that is the question."""
        message = _message(update)
        question = after_command(message)
        replied = message.reply_to_message
        if not question and replied and replied.from_user and replied.from_user.id != context.bot.id:
            question = (replied.text or "").strip()
        if question:
            await self._answer(update, context, message, question)
        else:
            await _say(context.bot, Place.under(message), replies.TELEGRAM_ASK_USAGE)

    async def problems(self, update: Update, context: Context) -> None:
        """/problems: the headings as buttons."""
        message = _message(update)
        assistant = await self._ready(message, context)
        if assistant is not None:
            await _show(context.bot, Place.under(message), outline_view(assistant.knowledge))

    async def source(self, update: Update, context: Context) -> None:
        """/source 2.2: that clause."""
        message = _message(update)
        assistant = await self._ready(message, context)
        if assistant is None:
            return
        # Full-width digits and stops come from Chinese keyboards.
        reference = unicodedata.normalize("NFKC", after_command(message)).replace("。", ".").strip()
        clause = assistant.knowledge.find(reference)
        if clause is not None:
            await _show(context.bot, Place.under(message), clause_view(clause, assistant.knowledge))
            return
        missing = replies.NO_SUCH_CLAUSE.format(reference=reference[:40]) + "\n" if reference else ""
        await _say(context.bot, Place.under(message), missing + replies.TELEGRAM_SOURCE_USAGE)

    async def trust(self, update: Update, context: Context) -> None:
        """/trust: how answers are made, and how well."""
        message = _message(update)
        assistant = await self._ready(message, context)
        if assistant is not None:
            await _say(context.bot, Place.under(message), trust_text(assistant.knowledge, assistant.mode))

    # Messages

    async def private_text(self, update: Update, context: Context) -> None:
        """Any text in a private chat is a question."""
        message = _message(update)
        await self._answer(update, context, message, message.text or "")

    async def group_text(self, update: Update, context: Context) -> None:
        """Text in a group is a question only when it mentions the bot or replies to it."""
        message = _message(update)
        if message.from_user is not None and message.from_user.is_bot and message.sender_chat is None:
            return  # two bots must not talk to each other; anonymous administrators come as a bot with a sender_chat
        question = question_for_bot(message, context.bot)
        if question is not None:
            await self._answer(update, context, message, question)

    async def private_other(self, update: Update, context: Context) -> None:
        """Pictures, voice and the like: one sentence, once for a whole album."""
        message = _message(update)
        if message.media_group_id is None or self._albums.add((message.chat.id, message.media_group_id)):
            await _say(context.bot, Place.under(message), replies.TELEGRAM_TEXT_ONLY)

    async def skip_stale(self, update: object, context: Context) -> None:
        """Drop messages that have waited at Telegram for too long. Presses stay: buttons of old messages work."""
        message = update.message if isinstance(update, Update) else None
        if message is not None and datetime.now(UTC) - message.date > _STALE:
            logger.info("a message older than %s was skipped", _STALE)
            raise ApplicationHandlerStop

    # Buttons

    async def press(self, update: Update, context: Context) -> None:
        """A pressed button: acknowledged first, then shown; unknown or forged ones get a short alert."""
        query = update.callback_query
        if query is None:
            return
        press, assistant = read_press(query.data), self._background.assistant
        if press is not None and press.kind == "example":
            await self._press_example(update, context, query, press)
        elif assistant is None:
            await acknowledge(query, self._not_ready())
        else:
            view = _view(press, assistant.knowledge)
            await acknowledge(query, replies.TELEGRAM_UNKNOWN_BUTTON if view is None else None)
            if view is not None and query.message is not None:
                await _open(context.bot, query.message, view, in_place=press is None or press.kind != "new")

    async def _press_example(self, update: Update, context: Context, query: CallbackQuery, press: Press) -> None:
        await acknowledge(query)
        if query.message is not None:
            question = replies.EXAMPLES[int(press.reference)]
            async with self._order.turn(query.message.chat.id):
                await self._answer(update, context, query.message, question, asked=question)

    # Errors

    async def error(self, update: object, context: Context) -> None:
        """Log what went wrong under a short id, without the question, and tell the person the id."""
        error = context.error
        if isinstance(error, Forbidden):
            logger.info("the bot may not write to a chat (%s)", error.message)
            return
        trace = secrets.token_hex(4)
        # An unknown exception's message might hold the question; its class and its place in the code do not.
        detail = f": {error}" if isinstance(error, (TelegramError, JianfuError)) else ""
        frames = "".join(traceback.format_tb(error.__traceback__)) if error is not None else ""
        logger.error("telegram error %s: %s%s\n%s", trace, type(error).__name__, detail, frames)
        if not isinstance(update, Update):
            return
        text = replies.TELEGRAM_ERROR.format(trace=trace)
        message = update.effective_message
        try:
            if message is not None:
                place = Place.under(message) if isinstance(message, Message) else Place(message.chat.id)
                await _say(context.bot, place, text)
            if update.callback_query is not None:
                await acknowledge(update.callback_query)
        except TelegramError as second:
            logger.warning("error %s could not be told: %s", trace, type(second).__name__)

    # The way of a question

    async def _answer(
        self, update: Update, context: Context, message: MaybeInaccessibleMessage, question: str, asked: str = ""
    ) -> None:
        """Ask the assistant, with the person's earlier questions, and send what it says as a reply."""
        place = Place.under(message) if isinstance(message, Message) else Place(message.chat.id)
        conversation = _conversation(update, message)
        # Half a surrogate pair is no character and could not be sent back.
        question = question.encode("utf8", "replace").decode("utf8")
        async with typing(context.bot, place):
            assistant = await self._wait_for_assistant(context)
            if assistant is not None:
                async with self._asking:
                    earlier = self._history.earlier(conversation)
                    answer = await asyncio.to_thread(assistant.ask, question, earlier)
        if assistant is None:
            await _say(context.bot, place, self._not_ready())
            return
        if question:
            self._history.add(conversation, question)
        await send(
            context.bot, place, pack(answer_sections(answer, asked)), answer_buttons(answer, assistant.knowledge)
        )

    async def _ready(self, message: Message, context: Context) -> Assistant | None:
        """The assistant, waited for if need be; without it the person is told so."""
        assistant = self._background.assistant
        if assistant is None:
            async with typing(context.bot, Place.under(message)):
                assistant = await self._wait_for_assistant(context)
        if assistant is None:
            await _say(context.bot, Place.under(message), self._not_ready())
        return assistant

    async def _wait_for_assistant(self, context: Context) -> Assistant | None:
        """The assistant; None when loading failed, takes too long, or the bot is being stopped."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_seconds
        # Looked at again and again, as its own wait() would block one of the few worker threads for every person.
        while not self._background.wait(0):
            if loop.time() >= deadline or not context.application.running:
                break
            await asyncio.sleep(_LOADING_CHECK_SECONDS)
        return self._background.assistant

    def _not_ready(self) -> str:
        if self._background.error is not None:
            return replies.TELEGRAM_FAILED
        return replies.LOADING_QUESTION.format(stage=self._background.stage)


def _message(update: Update) -> Message:
    """The message of an update whose handler only gets messages."""
    message = update.message
    if message is None:
        raise TypeError("this handler is registered for messages only")
    return message


def _conversation(update: Update, message: MaybeInaccessibleMessage) -> Conversation:
    user_id = update.effective_user.id if update.effective_user else None
    if isinstance(message, Message):
        return Conversation.of(message, user_id)
    return Conversation(message.chat.id, None, user_id)


def _full_titles(knowledge: KnowledgeBase) -> str:
    return "》《".join(document.title for document in knowledge.documents)


def _view(press: Press | None, knowledge: KnowledgeBase) -> View | None:
    """What a press opens, or None when it names nothing that exists."""
    if press is None:
        return None
    if press.kind == "outline":
        return outline_view(knowledge)
    clause = knowledge.find(press.reference)
    return clause_view(clause, knowledge) if clause is not None else None


async def _open(bot: Bot, message: MaybeInaccessibleMessage, view: View, *, in_place: bool) -> None:
    if not isinstance(message, Message):
        # Telegram does not give the bot messages this old any more; they cannot be edited either.
        await send(bot, Place(message.chat.id), view.parts, view.markup)
    elif in_place:
        await edit(bot, Place.under(message), message.message_id, view.parts, view.markup)
    else:
        await _show(bot, Place.under(message), view)


async def _show(bot: Bot, place: Place, view: View) -> None:
    await send(bot, place, view.parts, view.markup)


async def _say(bot: Bot, place: Place, text: str, markup: InlineKeyboardMarkup | None = None) -> None:
    await send(bot, place, pack(text_sections(text)), markup)
