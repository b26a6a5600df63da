"""Reasons, written as a reply to the message that asked for one: for publishing against the gate, and for going back.

What the reason is for stands in the message replied to, so nothing has to be remembered over a restart.
"""

from __future__ import annotations

import re

from telegram import Message, Update
from telegram.ext.filters import MessageFilter

from bot.accounts.linking import Keeper
from bot.accounts.roles import Action, may
from bot.channels.telegram_bot.delivery import Place, send
from bot.channels.telegram_bot.handlers.desk import Context, message_of, place_of, say
from bot.channels.telegram_bot.keeping import words
from bot.channels.telegram_bot.keeping.proposals import LONGEST_REASON, Proposals
from bot.channels.telegram_bot.keeping.room import Room, known_error
from bot.channels.telegram_bot.text import pack, text_sections
from bot.kb.drafts import Draft
from bot.kb.workshop import Workshop
from knowledge.errors import JianfuError

_OVERRIDE = re.compile(r"提议 ([0-9a-f]{8})·([0-9]{1,6}) 没有过把关：")
_BACK = re.compile(r"要从第 ([0-9]{1,9}) 版退回到第 ([0-9]{1,9}) 版，")


class Reason(MessageFilter):
    """Lets replies through that answer one of our questions for a reason."""

    def filter(self, message: Message) -> bool:
        """Whether the message replies to such a question of a bot."""
        asked = message.reply_to_message
        if asked is None or asked.from_user is None or not asked.from_user.is_bot:
            return False
        text = asked.text or ""
        return bool(_OVERRIDE.match(text) or _BACK.match(text))


class Reasons:
    """The handler of such replies."""

    def __init__(self, room: Room, proposals: Proposals) -> None:
        self._room = room
        self._proposals = proposals

    async def reply(self, update: Update, context: Context) -> None:
        """Do what the reason was asked for, if whoever wrote it may."""
        message, user = message_of(update), update.effective_user
        asked = message.reply_to_message
        if user is None or asked is None or asked.from_user is None or asked.from_user.id != context.bot.id:
            return
        reason = " ".join((message.text or "").split()).encode("utf8", "replace").decode("utf8")[:LONGEST_REASON]
        try:
            keeper = await self._room.keeper(user.id)
            if keeper is None:
                await say(context.bot, place_of(message), words.NOT_YOURS)
            elif match := _OVERRIDE.match(asked.text or ""):
                await self._publish(context, message, keeper, match[1], int(match[2]), reason)
            elif match := _BACK.match(asked.text or ""):
                await self._go_back(context, message, keeper, int(match[1]), int(match[2]), reason)
        except JianfuError as error:
            await say(context.bot, place_of(message), known_error(error))

    async def _publish(
        self, context: Context, message: Message, keeper: Keeper, draft_id: str, revision: int, reason: str
    ) -> None:
        def find(shop: Workshop) -> Draft:
            draft = shop.drafts.get(draft_id)
            if draft.revision != revision:
                raise JianfuError(words.CHANGED_SINCE)
            return draft

        draft = await self._room.run(find)
        entry = await self._proposals.settle(draft, keeper, override=reason)
        await self._proposals.tell(context.bot, Place(message.chat.id), 0, entry, keeper)

    async def _go_back(
        self, context: Context, message: Message, keeper: Keeper, head: int, to: int, reason: str
    ) -> None:
        if not may(keeper.role, Action.PUBLISH):
            await say(context.bot, place_of(message), words.NOT_YOURS)
            return
        entry = await self._proposals.go_back(to, head, keeper, reason)
        text = words.ROLLED_BACK.format(to=to, version=entry.version, seq=entry.seq)
        await send(context.bot, Place(message.chat.id), pack(text_sections(text)))
