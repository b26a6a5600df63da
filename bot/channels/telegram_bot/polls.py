"""A quiz item as a native poll; knows nothing of who learns what, or in which session."""

from __future__ import annotations

import logging
from typing import Any

from telegram import Bot, InlineKeyboardMarkup, Message, Poll
from telegram.error import Forbidden

from bot.channels.telegram_bot.delivery import Place, patiently
from bot.quiz.item import Item

logger = logging.getLogger(__name__)


def quiz_fields(item: Item) -> dict[str, Any]:
    """What bot.send_poll() takes of an item that fits (Item.telegram_fits), so that answers come with their giver."""
    return {
        "options": list(item.options),
        "type": Poll.QUIZ,
        "is_anonymous": False,
        "allows_multiple_answers": item.form == "several",
        "correct_option_ids": list(item.key),
        "explanation": item.explanation,
    }


async def send_quiz(
    bot: Bot, place: Place, item: Item, question: str, markup: InlineKeyboardMarkup | None = None
) -> str | None:
    """Send an item that fits; the poll's id.

    None where the person blocked the bot.
    """

    async def post() -> Message:
        return await bot.send_poll(
            place.chat_id,
            question,
            **quiz_fields(item),
            message_thread_id=place.thread_id,
            reply_markup=markup,
        )

    try:
        message = await patiently(post)
    except Forbidden as error:
        logger.info("the bot may not write to a chat (%s)", error.message)
        return None
    return message.poll.id if message.poll is not None else None
