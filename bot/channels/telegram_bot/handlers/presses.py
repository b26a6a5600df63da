"""Pressed buttons: each is acknowledged, then done; unknown or forged ones get a short alert."""

from __future__ import annotations

from telegram import Bot, CallbackQuery, MaybeInaccessibleMessage, Message, Update

from bot import replies
from bot.assistant import Assistant
from bot.channels.telegram_bot.buttons import Press, View, clause_view, outline_view, read_press
from bot.channels.telegram_bot.delivery import Place, acknowledge, edit
from bot.channels.telegram_bot.handlers.desk import Context, Desk, place_of, show
from bot.channels.telegram_bot.handlers.opinions import Opinions
from bot.channels.telegram_bot.handlers.personal import Personal
from bot.channels.telegram_bot.handlers.questions import Questions
from bot.channels.telegram_bot.handlers.studying import Studying
from bot.channels.telegram_bot.study_buttons import read_study_press


class Presses:
    """The handler of pressed buttons."""

    def __init__(
        self, desk: Desk, questions: Questions, opinions: Opinions, personal: Personal, studying: Studying
    ) -> None:
        self._desk = desk
        self._questions = questions
        self._opinions = opinions
        self._personal = personal
        self._studying = studying

    async def press(self, update: Update, context: Context) -> None:
        """Do what a button says."""
        query = update.callback_query
        if query is None:
            return
        if (study_press := read_study_press(query.data)) is not None:
            await self._studying.press(context, query, study_press)
            return
        press = read_press(query.data)
        if press is None:
            await acknowledge(query, replies.TELEGRAM_UNKNOWN_BUTTON, alert=True)
            return
        match press.kind:
            case "verdict" | "reason":
                await self._opinions.press(context, query, press)
            case "switch":
                await self._personal.switch(context, query, press)
            case "example":
                await self._ask(update, context, query, replies.EXAMPLES[int(press.reference)])
            case _:
                await self._with_assistant(update, context, query, press)

    async def _with_assistant(self, update: Update, context: Context, query: CallbackQuery, press: Press) -> None:
        """What needs the knowledge base: a question of a clause, a clause, the outline."""
        assistant = self._desk.background.assistant
        if assistant is None:
            await acknowledge(query, self._desk.not_ready(), alert=True)
            return
        if press.kind == "next":
            question = _question(press, assistant)
            if question is not None:
                await self._ask(update, context, query, question)
                return
        view = _view(press, assistant)
        if view is None:
            await acknowledge(query, replies.TELEGRAM_UNKNOWN_BUTTON, alert=True)
            return
        await acknowledge(query)
        if query.message is not None:
            await _open(context.bot, query.message, view, in_place=press.kind != "new")

    async def _ask(self, update: Update, context: Context, query: CallbackQuery, question: str) -> None:
        """Ask as the person who pressed, in the turn of the chat."""
        await acknowledge(query)
        if query.message is not None:
            async with self._desk.intake.order.turn(query.message.chat.id):
                await self._questions.answer(update, context, query.message, question, asked=question)


def _question(press: Press, assistant: Assistant) -> str | None:
    """The question that a button offered; None when the clause or the question is not there any more."""
    clause = assistant.knowledge.find(press.reference)
    questions = assistant.questions(clause) if clause is not None else ()
    number = int(press.detail)
    return questions[number] if number < len(questions) else None


def _view(press: Press, assistant: Assistant) -> View | None:
    """What a press opens, or None when it names nothing that exists."""
    if press.kind == "outline":
        return outline_view(assistant.knowledge)
    clause = assistant.knowledge.find(press.reference) if press.kind in ("edit", "new") else None
    return clause_view(clause, assistant.knowledge, assistant.related(clause)) if clause is not None else None


async def _open(bot: Bot, message: MaybeInaccessibleMessage, view: View, *, in_place: bool) -> None:
    # Telegram does not give the bot messages that are too old; they cannot be edited either.
    if in_place and isinstance(message, Message):
        await edit(bot, Place.under(message), [message.message_id], view.parts, view.markup)
    else:
        await show(bot, place_of(message), view)
