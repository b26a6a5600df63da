"""What comes unasked: errors, messages that waited too long, and being let into or out of a chat."""

from __future__ import annotations

import logging
import secrets
import traceback
from datetime import UTC, datetime, timedelta

from telegram import ChatMember, Update
from telegram.constants import ChatType
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError
from telegram.ext import ApplicationHandlerStop

from bot import replies
from bot.channels.telegram_bot.addressing import question_in
from bot.channels.telegram_bot.delivery import Place, acknowledge
from bot.channels.telegram_bot.handlers.desk import Context, Desk, place_of, say
from bot.channels.telegram_bot.order import RecentKeys
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

#: Questions older than this are not answered any more, when Telegram delivers them after a long stop.
STALE = timedelta(hours=24)
_OUTSIDE = (ChatMember.LEFT, ChatMember.BANNED)


class Trouble:
    """Handlers of what goes wrong, or comes late."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told = RecentKeys(1_000)

    async def skip_stale(self, update: object, context: Context) -> None:
        """Drop messages that have waited for too long, with a word, once a chat. Buttons of old messages work."""
        if not isinstance(update, Update) or (message := update.message or update.edited_message) is None:
            return
        if datetime.now(UTC) - (message.edit_date or message.date) <= STALE:
            return
        logger.info("a message older than %s was skipped", STALE)
        if update.message is not None and question_in(message, context.bot) and self._told.add(message.chat.id):
            await say(context.bot, place_of(message), replies.TELEGRAM_STALE)
        raise ApplicationHandlerStop

    async def membership(self, update: Update, context: Context) -> None:
        """Let into a group: say once how to ask. Blocked by a person: forget what they asked."""
        change = update.my_chat_member
        if change is None:
            return
        before, after = change.old_chat_member.status, change.new_chat_member.status
        if change.chat.type == ChatType.PRIVATE and after in _OUTSIDE:
            self._desk.history.forget(change.from_user.id)
            self._desk.answered.forget(change.from_user.id)
        elif change.chat.type in (ChatType.GROUP, ChatType.SUPERGROUP) and before in _OUTSIDE and after not in _OUTSIDE:
            hello = replies.TELEGRAM_GROUP_HELLO.format(name=context.bot.username)
            await say(context.bot, Place(change.chat.id), hello)

    async def error(self, update: object, context: Context) -> None:
        """Log what went wrong under a short id, without the question, and tell the person the id.

        What could not be delivered for want of a network is handled again a little later, where it is kept.
        """
        error = context.error
        if isinstance(error, Forbidden):
            logger.info("the bot may not write to a chat (%s)", error.message)
            return
        if isinstance(update, Update) and _passes(error) and self._desk.intake.undelivered(update.update_id):
            logger.warning("update %s was not delivered (%s); later again", update.update_id, type(error).__name__)
            return
        trace = secrets.token_hex(4)
        # An unknown exception's message might hold the question; its class and its place in the code do not.
        detail = f": {error}" if isinstance(error, (TelegramError, JianfuError)) else ""
        frames = "".join(traceback.format_tb(error.__traceback__)) if error is not None else ""
        logger.error("telegram error %s: %s%s\n%s", trace, type(error).__name__, detail, frames)
        if not isinstance(update, Update):
            return
        message = update.effective_message
        voter = update.poll_answer.user if update.poll_answer is not None else None
        place = place_of(message) if message is not None else Place(voter.id) if voter is not None else None
        try:
            if place is not None:
                await say(context.bot, place, replies.TELEGRAM_ERROR.format(trace=trace))
            if update.callback_query is not None:
                await acknowledge(update.callback_query)
        except TelegramError as second:
            logger.warning("error %s could not be told: %s", trace, type(second).__name__)


def _passes(error: Exception | None) -> bool:
    """Whether the same may go well a little later: the network was away, or Telegram asks to wait."""
    return isinstance(error, RetryAfter) or (isinstance(error, NetworkError) and not isinstance(error, BadRequest))
