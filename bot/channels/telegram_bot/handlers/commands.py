"""Commands that show something: the start, the help, the outline, a clause, how far to trust, and a receipt."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

from telegram import Update
from telegram.constants import ChatType

from bot import replies
from bot.channels.telegram_bot.buttons import clause_view, examples, outline_view
from bot.channels.telegram_bot.deep_links import read_link
from bot.channels.telegram_bot.delivery import send
from bot.channels.telegram_bot.handlers.desk import Context, Desk, conversation_of, message_of, place_of, say, show
from bot.channels.telegram_bot.handlers.questions import Questions
from bot.channels.telegram_bot.keeping import words as keeping_words
from bot.channels.telegram_bot.keeping.room import Room
from bot.channels.telegram_bot.receipt_text import receipt_sections
from bot.channels.telegram_bot.text import pack
from bot.channels.telegram_bot.words import argument_of
from bot.state.database import StateUnavailable
from bot.state.receipts import read_code
from bot.trust import trust_text
from knowledge.base import KnowledgeBase


class Commands:
    """Handlers of commands, and of the words that stand for them."""

    def __init__(self, desk: Desk, questions: Questions, room: Room) -> None:
        self._desk = desk
        self._room = room
        self._questions = questions

    async def start(self, update: Update, context: Context) -> None:
        """/start: three lines and examples, or what a deep link names; what was asked before is forgotten."""
        message = message_of(update)
        self._desk.history.clear(conversation_of(update, message))
        assistant = await self._desk.ready(message, context)
        if assistant is None:
            return
        payload = argument_of(message)
        link = read_link(payload)
        if link is not None and link.kind == "question":
            await self._questions.answer(update, context, message, link.content, asked=link.content)
            return
        clause = assistant.knowledge.find(link.content) if link is not None else None
        if clause is not None:
            view = clause_view(clause, assistant.knowledge, assistant.related(clause))
            await show(context.bot, place_of(message), view)
            return
        text = replies.TELEGRAM_START.format(title=_full_titles(assistant.knowledge))
        text = f"{replies.TELEGRAM_BAD_LINK}\n{text}" if payload else text
        await say(context.bot, place_of(message), text + self._kept(), examples())

    async def help(self, update: Update, context: Context) -> None:
        """/help, and any command that does not exist; who keeps the knowledge is told of that too."""
        message, user = message_of(update), update.effective_user
        more = replies.TELEGRAM_HELP_MORE.format(name=context.bot.username) + self._kept()
        if message.chat.type == ChatType.PRIVATE and user is not None:
            with suppress(StateUnavailable):
                more += keeping_words.HELP if await self._room.keeper(user.id) is not None else ""
        await say(context.bot, place_of(message), replies.help_text() + more, examples())

    def _kept(self) -> str:
        """What is kept of questions, on a line of its own; "" where nothing is."""
        days = self._desk.kept_days
        return "\n" + replies.TELEGRAM_KEPT.format(days=days) if days else ""

    async def problems(self, update: Update, context: Context) -> None:
        """/problems: the headings as buttons."""
        message = message_of(update)
        assistant = await self._desk.ready(message, context)
        if assistant is not None:
            await show(context.bot, place_of(message), outline_view(assistant.knowledge))

    async def source(self, update: Update, context: Context) -> None:
        """/source 2.2: that clause."""
        message = message_of(update)
        assistant = await self._desk.ready(message, context)
        if assistant is None:
            return
        # Full-width digits and stops come from Chinese keyboards.
        reference = unicodedata.normalize("NFKC", argument_of(message)).replace("。", ".").strip()
        clause = assistant.knowledge.find(reference)
        if clause is not None:
            view = clause_view(clause, assistant.knowledge, assistant.related(clause))
            await show(context.bot, place_of(message), view)
            return
        missing = replies.NO_SUCH_CLAUSE.format(reference=reference[:40]) + "\n" if reference else ""
        await say(context.bot, place_of(message), missing + replies.TELEGRAM_SOURCE_USAGE)

    async def trust(self, update: Update, context: Context) -> None:
        """/trust: how answers are made, and how well."""
        message = message_of(update)
        assistant = await self._desk.ready(message, context)
        if assistant is not None:
            await say(
                context.bot, place_of(message), trust_text(assistant.knowledge, assistant.mode, self._desk.kept_days)
            )

    async def verify(self, update: Update, context: Context) -> None:
        """/verify CODE: what was said under a receipt, and whether its clauses read the same today."""
        message = message_of(update)
        assistant = await self._desk.ready(message, context)
        if assistant is None:
            return
        place, typed = place_of(message), argument_of(message)
        code = read_code(typed)
        if code is None:
            mistyped = replies.TELEGRAM_VERIFY_MISTYPED.format(typed=typed[:40])
            await say(context.bot, place, mistyped if typed else replies.TELEGRAM_VERIFY_USAGE)
            return
        try:
            receipt = await self._desk.kept(lambda state: state.receipts.find(code))
        except StateUnavailable:
            await say(context.bot, place, replies.TELEGRAM_STATE_AWAY)
            return
        if receipt is None:
            await say(context.bot, place, replies.TELEGRAM_VERIFY_UNKNOWN.format(code=code))
        else:
            await send(context.bot, place, pack(receipt_sections(receipt, assistant.knowledge)))


def _full_titles(knowledge: KnowledgeBase) -> str:
    return "》《".join(document.title for document in knowledge.documents)
