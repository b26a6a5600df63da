"""Thumbs and reasons under answers: one opinion a person and answer, the last one counts."""

from __future__ import annotations

from typing import get_args

from telegram import CallbackQuery, Message

from bot import replies
from bot.channels.telegram_bot.buttons import Press, with_reasons, with_thumbs
from bot.channels.telegram_bot.delivery import acknowledge, edit_markup
from bot.channels.telegram_bot.handlers.desk import Context, Desk, person
from bot.state.database import StateUnavailable
from bot.state.feedback import Opinion, Reason, Verdict
from bot.state.receipts import Receipt
from bot.state.state import State


class Opinions:
    """Handlers of the thumbs and of the reasons that follow a thumb down."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def press(self, context: Context, query: CallbackQuery, press: Press) -> None:
        """A thumb or a reason: kept first, then thanked for; a thumb down opens the reasons, a reason closes them.

        What the answer said is looked up by its receipt. The question goes along only with a complaint of the person who
        asked it, while it is still in memory, and the person is told.
        """
        message = query.message
        question = self._question(query) if press.detail != "up" else ""
        try:
            known = await self._desk.kept(lambda state: _keep(state, query, press, question))
        except StateUnavailable:
            await acknowledge(query, replies.TELEGRAM_STATE_AWAY, alert=True)
            return
        if not known:
            await acknowledge(query, replies.TELEGRAM_FEEDBACK_UNKNOWN, alert=True)
            return
        await acknowledge(query, _thanks(press, bool(question)), alert=press.detail == "down" and bool(question))
        if isinstance(message, Message) and message.reply_markup is not None:
            opened = with_reasons if press.detail == "down" else with_thumbs
            await edit_markup(context.bot, message, opened(message.reply_markup, press.reference))

    def _question(self, query: CallbackQuery) -> str:
        message = query.message
        exchange = self._desk.answered.by_answer(message.chat.id, message.message_id) if message else None
        return exchange.question if exchange is not None and exchange.user_id == query.from_user.id else ""


def _keep(state: State, query: CallbackQuery, press: Press, question: str) -> bool:
    """Keep an opinion on a receipt; False where there is no such receipt. Raises StateUnavailable."""
    receipt = state.receipts.find(press.reference)
    if receipt is None:
        return False
    message, user_id = query.message, query.from_user.id
    place = f"{message.chat.id}:{message.message_id}" if message else query.inline_message_id
    verdict: Verdict = "up" if press.detail == "up" else "down"
    [reason] = [one for one in get_args(Reason) if one == (press.detail if press.kind == "reason" else "")]
    opinion = Opinion(
        verdict, receipt.outcome, receipt.knowledge_version, "telegram", reason, question, _clauses(receipt)
    )
    state.feedback.put(f"{place}:{user_id}", opinion, person(user_id))
    return True


def _clauses(receipt: Receipt) -> list[str]:
    return [f"{one.document}:{one.clause}" for one in receipt.citations] or list(receipt.clauses)


def _thanks(press: Press, along: bool) -> str:
    match press.detail:
        case "up":
            return replies.TELEGRAM_FEEDBACK_UP
        case "down":
            return replies.TELEGRAM_FEEDBACK_DOWN_ALONG if along else replies.TELEGRAM_FEEDBACK_DOWN
    return replies.TELEGRAM_FEEDBACK_REASON.format(reason=replies.TELEGRAM_REASONS[press.detail])
