"""The way of a question, however it was asked: to the assistant, and back as a reply or in the place of an answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from telegram import MaybeInaccessibleMessage, Message, Update

from bot import replies
from bot.answer import Answer
from bot.assistant import Assistant
from bot.channels.telegram_bot.addressing import question_for_bot, question_in
from bot.channels.telegram_bot.answered import Exchange
from bot.channels.telegram_bot.buttons import Offer, answer_buttons
from bot.channels.telegram_bot.delivery import edit, send, typing
from bot.channels.telegram_bot.handlers.desk import Context, Desk, conversation_of, message_of, place_of, say
from bot.channels.telegram_bot.order import RecentKeys
from bot.channels.telegram_bot.text import answer_sections, pack
from bot.channels.telegram_bot.words import argument_of

#: An edited question whose answer is not remembered is answered anew when it was asked within this time.
RECENT = timedelta(minutes=10)


class Questions:
    """Handlers of questions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._albums = RecentKeys(1_000)

    async def ask(self, update: Update, context: Context) -> None:
        """/ask with a question, or as a reply to somebody's message that is the question."""
        message = message_of(update)
        question = argument_of(message)
        replied = message.reply_to_message
        if not question and replied and replied.from_user and replied.from_user.id != context.bot.id:
            question = (replied.text or "").strip()
        if question:
            await self.answer(update, context, message, question)
        else:
            await say(context.bot, place_of(message), replies.TELEGRAM_ASK_USAGE)

    async def private_text(self, update: Update, context: Context) -> None:
        """Any text in a private chat is a question."""
        message = message_of(update)
        await self.answer(update, context, message, message.text or "")

    async def group_text(self, update: Update, context: Context) -> None:
        """Text in a group is a question only when it mentions the bot or replies to it."""
        message = message_of(update)
        if _by_a_bot(message):
            return
        question = question_for_bot(message, context.bot)
        if question is not None:
            await self.answer(update, context, message, question)

    async def private_other(self, update: Update, context: Context) -> None:
        """Pictures, voice and the like: one sentence, once for a whole album."""
        message = message_of(update)
        if message.media_group_id is None or self._albums.add((message.chat.id, message.media_group_id)):
            await say(context.bot, place_of(message), replies.TELEGRAM_TEXT_ONLY)

    async def edited(self, update: Update, context: Context) -> None:
        """A question that was changed: answered again, in the place of its answer.

        An edit that leaves the question as it was is nothing new. Where the answer is not remembered (a restart, another
        replica, thousands of questions ago) a message of the last RECENT is answered as if it were new: it may have
        become a question only now. Older ones are let be.
        """
        message = update.edited_message
        if message is None or _by_a_bot(message):
            return
        question = question_in(message, context.bot)
        known = self._desk.answered.to_question(message.chat.id, message.message_id)
        if not question or (known is not None and known.question == _sendable(question)):
            return
        if known is not None or datetime.now(UTC) - message.date <= RECENT:
            await self.answer(update, context, message, question, replacing=known)

    async def answer(
        self,
        update: Update,
        context: Context,
        message: MaybeInaccessibleMessage,
        question: str,
        *,
        asked: str = "",
        replacing: Exchange | None = None,
    ) -> None:
        """Ask the assistant, with the person's earlier questions, and deliver what it says.

        `asked` is shown with the answer where a button asked; `replacing` is what the question read before an edit.
        """
        desk, place, conversation = self._desk, place_of(message), conversation_of(update, message)
        question = _sendable(question)
        async with typing(context.bot, place):
            assistant = await desk.wait_for_assistant(context)
            if assistant is not None:
                earlier = desk.history.replace(conversation, replacing.question, question) if replacing else None
                remembered = earlier is not None
                async with desk.asking:
                    earlier = desk.history.earlier(conversation) if earlier is None else earlier
                    answer = await asyncio.to_thread(assistant.ask, question, earlier)
                settings = await desk.settings(conversation.user_id)
        if assistant is None:
            await say(context.bot, place, desk.not_ready())
            return
        parts = pack(answer_sections(answer, asked, folds=not settings.full_quotes))
        markup = answer_buttons(
            answer, assistant.knowledge, offers(answer, assistant) if settings.next_questions else ()
        )
        if replacing is not None:
            sent = await edit(context.bot, place, replacing.answer_ids, parts, markup)
        else:
            sent = await send(context.bot, place, parts, markup)
        if question and not remembered:  # only now: what could not be delivered is handled again
            desk.history.add(conversation, question)
        if sent:
            origin = sent[0] if asked else message.message_id  # a button's message may ask many questions
            desk.answered.add(Exchange(message.chat.id, origin, conversation.user_id, question, sent))


def offers(answer: Answer, assistant: Assistant) -> list[Offer]:
    """The answer's next questions with the ids of their buttons: a clause and the number of one of its questions."""
    if answer.outcome == "clarify" or not answer.next_questions:  # a choice comes before anything further
        return []
    found = {
        question: f"a:{assistant.knowledge.reference(clause)}:{number}"
        for clause in assistant.knowledge
        for number, question in enumerate(assistant.questions(clause))
        if question in answer.next_questions
    }
    return [(question, found[question]) for question in answer.next_questions if question in found]


def _sendable(question: str) -> str:
    """The question without halves of surrogate pairs, which are no characters and could not be sent back."""
    return question.encode("utf8", "replace").decode("utf8")


def _by_a_bot(message: Message) -> bool:
    """Two bots must not talk to each other; anonymous administrators come as a bot with a sender_chat."""
    return message.from_user is not None and message.from_user.is_bot and message.sender_chat is None
