"""Writes reminders to those who asked for them: looks every half minute, while the bot runs."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime

from telegram import Bot
from telegram.error import TelegramError

from bot.channels.telegram_bot.delivery import Place, send
from bot.channels.telegram_bot.handlers.desk import Desk
from bot.channels.telegram_bot.study_buttons import remind_buttons
from bot.channels.telegram_bot.text import pack, text_sections
from bot.state.database import StateUnavailable
from bot.study import Due, words

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
#: A reminder that the network did not take is tried again after so long.
RETRY_SECONDS = 300.0


async def keep_reminding(bot: Bot, desk: Desk, stop: asyncio.Event) -> None:
    """Send what is to be sent, until `stop` is set; what goes wrong is logged, and costs no other reminder."""
    while not stop.is_set():
        try:
            await remind(bot, desk, now())
        except StateUnavailable as error:
            logger.warning("no reminder could be looked up: %s", error)
        except Exception:
            logger.exception("reminding failed; going on")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)


async def remind(bot: Bot, desk: Desk, moment: datetime) -> None:
    """Send the reminders of this moment. Raises StateUnavailable."""
    assistant = desk.background.assistant
    if assistant is None or not desk.keeps:
        return
    claimed = await desk.kept(
        lambda state: desk.study(state, assistant.knowledge).claim_reminders(desk.channel, moment)
    )
    for one in claimed:
        await _write(bot, desk, one, moment)


async def _write(bot: Bot, desk: Desk, due: Due, moment: datetime) -> None:
    parts = pack(text_sections(words.REMIND.format(due=due.cards)))
    try:
        sent = await send(bot, Place(int(due.address)), parts, remind_buttons())
    except TelegramError as error:
        logger.warning("a reminder could not be sent (%s); later again", type(error).__name__)
        await desk.kept(lambda state: state.reminders.retry(due.person, moment.timestamp() + RETRY_SECONDS))
        return
    if not sent:  # blocked
        await desk.kept(lambda state: state.reminders.unreachable(due.person))


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)
