"""Proposals in a chat: the preview in place, the whole of a change, publishing, agreeing, going back.

Every step asks what the web's pages ask, of the same functions; what needs a reason is done by reasons.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from telegram import Bot, CallbackQuery, ForceReply
from telegram.error import Forbidden

from bot.accounts.linking import Keeper
from bot.accounts.roles import Action, may
from bot.channels.telegram_bot.delivery import Place, acknowledge, edit, patiently, send
from bot.channels.telegram_bot.handlers.desk import Context
from bot.channels.telegram_bot.keeping import words
from bot.channels.telegram_bot.keeping.buttons import (
    KeepPress,
    agree_button,
    back_button,
    progress_buttons,
    proposal_buttons,
)
from bot.channels.telegram_bot.keeping.room import LOOK_SECONDS, Room, send_runs, telling
from bot.channels.telegram_bot.keeping.runs import Run, pack_runs
from bot.channels.telegram_bot.keeping.texts import changes, stage_text, summary, version_runs
from bot.channels.telegram_bot.text import pack, text_sections
from bot.kb import draft_words, publishing
from bot.kb.changes import told
from bot.kb.differences import differences
from bot.kb.drafts import Draft, NoDraft
from bot.kb.preview import Preview
from bot.kb.shelf import Pointer
from bot.kb.workshop import Workshop
from bot.state.versions import BaseMoved, Entry, serving, waiting
from knowledge.errors import JianfuError

LONGEST_REASON = 500
_LONGEST_REASONS = 1500


class Proposals:
    """What is done with proposals and versions."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def press(self, context: Context, query: CallbackQuery, press: KeepPress, keeper: Keeper) -> None:
        """A button under a proposal or a version. Raises JianfuError, StateUnavailable."""
        bot, place = context.bot, Place(query.from_user.id)
        here = query.message.message_id if query.message is not None else 0
        match press.kind:
            case "look":
                await self._look(bot, query, place, here, press.draft, keeper)
            case "changes":
                await self._changes(bot, query, place, press.draft)
            case "publish" | "ask":
                await self._publish(bot, query, place, here, press, keeper)
            case "again" | "redo":
                again = press.kind == "again"
                draft = await self._room.run(
                    lambda shop: _again(shop, press.draft) if again else shop.redo(press.draft)
                )
                await acknowledge(query)
                await self.show(bot, place, here, draft, keeper)
            case "discard":
                await self._room.run(lambda shop: shop.drafts.discard(press.draft))
                await acknowledge(query)
                await edit(bot, place, [here], pack(text_sections(words.DROPPED)))
            case "waiting":
                await self._waiting(bot, query, place, press.seq, keeper)
            case "agree":
                await self._agree(bot, query, place, here, press.seq, keeper)
            case "back":
                await self._ask_why_back(bot, query, place, press)

    async def show(self, bot: Bot, place: Place, message_id: int, draft: Draft, keeper: Keeper) -> None:
        """Show a proposal in a message: how far its preview is, and the preview once it is made. Nobody waits for that."""
        self._room.spawn((place.chat_id, draft.id), lambda: self._follow(bot, place, message_id, draft.id, keeper))

    async def _look(
        self, bot: Bot, query: CallbackQuery, place: Place, here: int, draft_id: str, keeper: Keeper
    ) -> None:
        draft, preview = await self._room.run(lambda shop: _begun(shop, draft_id))
        stage = self._room.shop.stage(draft_id)
        still = words.STILL.format(stage=stage[0] if stage else draft_words.WAITING)
        await acknowledge(query, still if preview is None else None)
        await self.show(bot, place, here, draft, keeper)

    async def _follow(self, bot: Bot, place: Place, message_id: int, draft_id: str, keeper: Keeper) -> None:
        """Wait for a preview and show it; a proposal that is gone meanwhile is let be."""
        shop = self._room.shop
        tell = lambda: stage_text(shop.stage(draft_id), draft_words.WAITING)  # noqa: E731
        begun: Callable[[Workshop], tuple[Draft, Preview | None]] = lambda shop: _begun(shop, draft_id)  # noqa: E731
        try:
            draft, preview = await self._room.run(begun)
            if preview is None:
                async with telling(bot, place, message_id, tell, progress_buttons(draft_id)):
                    while preview is None:
                        await asyncio.sleep(LOOK_SECONDS)
                        draft, preview = await self._room.run(begun)
        except NoDraft:
            return
        now = await self._room.run(lambda shop: shop.shelved.in_use().seq)
        markup = proposal_buttons(draft, preview, keeper, now=now, approvals=shop.approvals)
        await edit(bot, place, [message_id], pack_runs(summary(draft, preview)), markup)

    async def _changes(self, bot: Bot, query: CallbackQuery, place: Place, draft_id: str) -> None:
        draft, preview = await self._room.run(lambda shop: _ready(shop, draft_id))
        await acknowledge(query)
        title = words.TITLE.format(author=draft.author, what="；".join(told(change) for change in draft.changes))
        await send_runs(bot, place, title, draft.id, changes(preview))

    async def _publish(
        self, bot: Bot, query: CallbackQuery, place: Place, here: int, press: KeepPress, keeper: Keeper
    ) -> None:
        draft, preview = await self._room.run(lambda shop: _ready(shop, press.draft))
        if draft.revision != press.number:
            await acknowledge(query, words.CHANGED_SINCE, alert=True)
            await self.show(bot, place, here, draft, keeper)
            return
        try:
            await self._room.run(lambda shop: shop.check(draft))  # nobody writes reasons for what cannot be published
        except BaseMoved:
            await self.show(bot, place, here, draft, keeper)  # now with a button that does it again
            raise
        if preview.obstacles:
            await acknowledge(query, words.ASKED)
            reasons = "；".join(preview.obstacles)[:_LONGEST_REASONS]
            await _ask(bot, place, words.OVERRIDE_ASK.format(id=draft.id, revision=draft.revision, reasons=reasons))
            return
        entry = await self.settle(draft, keeper, override=None)
        await acknowledge(query)
        await self.tell(bot, place, here, entry, keeper)

    async def settle(self, draft: Draft, keeper: Keeper, *, override: str | None) -> Entry:
        """Put a proposal on record: published, or for a second person. Raises JianfuError, StateUnavailable."""
        reason = "；".join(told(change) for change in draft.changes)[:LONGEST_REASON]
        if draft.author != keeper.name:
            reason += words.DRAFTED_BY.format(author=draft.author)
        ask = not may(keeper.role, Action.PUBLISH)
        return await self._room.run(
            lambda shop: shop.publish(draft, author=keeper.name, reason=reason, override=override, ask=ask)
        )

    async def tell(self, bot: Bot, place: Place, message_id: int, entry: Entry, keeper: Keeper) -> None:
        """Say what came of it, in the place of a message, or as a new one where that is 0."""
        text = words.PROPOSED if entry.action == "propose" else words.PUBLISHED
        back = entry.action != "propose" and entry.parent and may(keeper.role, Action.PUBLISH)
        markup = back_button(entry.parent, entry.seq) if back else None
        parts = pack(text_sections(text.format(seq=entry.seq, version=entry.version)))
        await edit(bot, place, [message_id] if message_id else [], parts, markup)

    async def _waiting(self, bot: Bot, query: CallbackQuery, place: Place, seq: int, keeper: Keeper) -> None:
        entry, runs = await self._room.run(lambda shop: _proposed(shop, seq))
        await acknowledge(query)
        await send_runs(bot, place, words.BUTTON_WAITING.format(seq=seq), str(seq), runs)
        if entry.author == keeper.name:
            await send(bot, place, pack(text_sections(words.NOT_ONES_OWN)))
        elif may(keeper.role, Action.PUBLISH):
            text = words.BUTTON_WAITING.format(seq=seq)
            await send(bot, place, pack(text_sections(text)), agree_button(seq))

    async def _agree(self, bot: Bot, query: CallbackQuery, place: Place, here: int, seq: int, keeper: Keeper) -> None:
        def agree(shop: Workshop) -> Entry:
            _proposed(shop, seq)  # which says in this room's words that it waits no more
            return publishing.approve(shop.shelved, seq, approver=keeper.name)

        entry = await self._room.run(agree)
        await acknowledge(query)
        await self.tell(bot, place, here, entry, keeper)

    async def _ask_why_back(self, bot: Bot, query: CallbackQuery, place: Place, press: KeepPress) -> None:
        head = await self._room.run(lambda shop: shop.shelved.in_use().seq)
        if head != press.number:
            await acknowledge(query, words.IN_USE_ALREADY.format(head=head), alert=True)
            return
        await acknowledge(query, words.ASKED)
        await _ask(bot, place, words.BACK_ASK.format(head=head, to=press.seq))

    async def go_back(self, to: int, head: int, keeper: Keeper, reason: str) -> Entry:
        """Go back to a version while `head` is in use. Raises JianfuError, StateUnavailable."""

        def back(shop: Workshop) -> Entry:
            now = shop.shelved.in_use().seq
            if now != head:
                raise BaseMoved(words.IN_USE_ALREADY.format(head=now))
            return publishing.rollback(shop.shelved, str(to), author=keeper.name, reason=reason)[1]

        return await self._room.run(back)


async def _ask(bot: Bot, place: Place, text: str) -> None:
    """Ask for a reason, which comes as a reply to this message."""
    prompt = ForceReply(input_field_placeholder=words.PLACEHOLDER)
    [part, *_] = pack(text_sections(text))
    try:
        await patiently(lambda: bot.send_message(place.chat_id, part.plain, reply_markup=prompt))
    except Forbidden:
        return  # blocked meanwhile


def _begun(shop: Workshop, draft_id: str) -> tuple[Draft, Preview | None]:
    """A proposal and its preview, which is begun where nobody works on it: a restart may have interrupted it."""
    draft = shop.drafts.get(draft_id)
    preview = shop.preview(draft)
    if preview is None:
        shop.work_on(draft)
    return draft, preview


def _ready(shop: Workshop, draft_id: str) -> tuple[Draft, Preview]:
    """A proposal with its preview. Raises NoDraft, and JianfuError where there is none."""
    draft = shop.drafts.get(draft_id)
    preview = shop.preview(draft)
    if preview is None or preview.fault:
        shop.work_on(draft)
        raise JianfuError(preview.fault if preview is not None else draft_words.NOT_READY)
    return draft, preview


def _again(shop: Workshop, draft_id: str) -> Draft:
    draft = shop.drafts.get(draft_id)
    shop.work_on(draft, again=True)
    return draft


def _proposed(shop: Workshop, seq: int) -> tuple[Entry, list[Run]]:
    """A row of the log that waits for a second person, and what it changes. Raises JianfuError."""
    entries = shop.shelved.versions.log() if shop.shelved.versions is not None else []
    head, entry = serving(entries), next((one for one in waiting(entries) if one.seq == seq), None)
    if head is None or entry is None:
        raise JianfuError(words.NOT_WAITING.format(seq=seq))
    old, new = (
        shop.shelved.fetch(Pointer(one.seq, one.digest, one.hash), confirmed=False).knowledge for one in (head, entry)
    )
    return entry, version_runs(entry, differences(old, new))
