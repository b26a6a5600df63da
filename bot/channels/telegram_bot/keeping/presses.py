"""Pressed buttons of this room: whoever presses must be linked to an account that may do it, asked anew each time."""

from __future__ import annotations

from telegram import Update
from telegram.constants import ChatType

from bot import replies
from bot.accounts.roles import Action, may
from bot.channels.telegram_bot.delivery import Place, acknowledge
from bot.channels.telegram_bot.handlers.desk import Context, say
from bot.channels.telegram_bot.keeping import words
from bot.channels.telegram_bot.keeping.buttons import PUBLISHING, read_keep_press
from bot.channels.telegram_bot.keeping.entrance import Entrance
from bot.channels.telegram_bot.keeping.files import Files
from bot.channels.telegram_bot.keeping.proposals import Proposals
from bot.channels.telegram_bot.keeping.room import Room, known_error
from knowledge.errors import JianfuError

#: Telegram shows so many characters of an alert.
_ALERT = 200


class KeepPresses:
    """The handler of ids that begin with "k:"."""

    def __init__(self, room: Room, entrance: Entrance, files: Files, proposals: Proposals) -> None:
        self._room = room
        self._entrance = entrance
        self._files = files
        self._proposals = proposals

    async def press(self, update: Update, context: Context) -> None:
        """Do what a button says; a refusal is shown as an alert, or as a message where it is long."""
        query = update.callback_query
        if query is None:
            return
        press, message = read_keep_press(query.data), query.message
        if press is None or message is None or message.chat.type != ChatType.PRIVATE:
            await acknowledge(query, replies.TELEGRAM_UNKNOWN_BUTTON, alert=True)
            return
        try:
            keeper = await self._room.keeper(query.from_user.id)
            wanted = Action.PUBLISH if press.kind in PUBLISHING else Action.PROPOSE
            if keeper is None or not may(keeper.role, wanted):
                await acknowledge(query, words.NOT_YOURS, alert=True)
            elif press.kind == "yaml":
                await self._entrance.yaml(context, query)
            elif press.kind == "unlink":
                await self._entrance.unlink(context, query)
            elif press.kind in ("clauses", "submit", "submit_with", "drop"):
                await self._files.press(context, query, press, keeper)
            else:
                await self._proposals.press(context, query, press, keeper)
        except JianfuError as error:
            told = known_error(error)
            await acknowledge(query, told if len(told) <= _ALERT else None, alert=True)
            if len(told) > _ALERT:
                await say(context.bot, Place(query.from_user.id), told)
