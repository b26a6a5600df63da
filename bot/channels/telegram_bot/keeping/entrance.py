"""/admin: links the chat to an account by a code, shows what there is to do, hands out the YAML, unlinks."""

from __future__ import annotations

from telegram import CallbackQuery, Update
from telegram.constants import ChatType

from bot import replies
from bot.accounts import words as account_words
from bot.accounts.linking import Keeper, Linking, NotLinked
from bot.accounts.roles import Action, may
from bot.channels.telegram_bot.delivery import Place, acknowledge
from bot.channels.telegram_bot.handlers.desk import Context, message_of, person, place_of, say
from bot.channels.telegram_bot.keeping import words
from bot.channels.telegram_bot.keeping.buttons import menu_buttons
from bot.channels.telegram_bot.keeping.room import Room, send_file
from bot.channels.telegram_bot.words import argument_of
from bot.kb import words as kb_words
from bot.kb.drafts import Draft
from bot.kb.receiving import documents_in_use
from bot.kb.workshop import Workshop
from bot.state.database import StateUnavailable
from bot.state.versions import Entry, served_before, serving, waiting


class Entrance:
    """The handler of /admin, and of what stands under it."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def admin(self, update: Update, context: Context) -> None:
        """/admin CODE links; /admin alone shows what there is to do."""
        message, user = message_of(update), update.effective_user
        if message.chat.type != ChatType.PRIVATE or user is None:
            await say(context.bot, place_of(message), words.PRIVATE)
            return
        if self._room.workshop is None or not self._room.desk.keeps:
            await say(context.bot, place_of(message), words.OFF)
            return
        code, greeting = argument_of(message), ""
        try:
            if code:
                keeper = await self._room.desk.kept(lambda state: Linking(state).link(code, person(user.id)))
                greeting = words.LINKED.format(name=keeper.name, role=account_words.ROLE_NAMES[keeper.role]) + "\n"
            found = await self._room.keeper(user.id)
            if found is None:
                await say(context.bot, place_of(message), words.NOT_LINKED)
                return
            served, drafts, waiting, back = await self._room.run(lambda shop: _standing(shop, found))
        except NotLinked as error:
            await say(context.bot, place_of(message), words.REFUSED.format(error=error))
            return
        except StateUnavailable:
            await say(context.bot, place_of(message), replies.TELEGRAM_STATE_AWAY)
            return
        role = account_words.ROLE_NAMES[found.role]
        you = words.YOU.format(name=found.name, role=role, served=kb_words.served(served))
        await say(context.bot, place_of(message), f"{greeting}{you}\n{words.HOW}", menu_buttons(drafts, waiting, back))

    async def yaml(self, context: Context, query: CallbackQuery) -> None:
        """Hand out the document files of the version in use. Raises JianfuError, StateUnavailable."""
        files = await self._room.run(documents_in_use)
        await acknowledge(query)
        for name, content in files:
            await send_file(context.bot, Place(query.from_user.id), name, content, words.YAML_NOTE)

    async def unlink(self, context: Context, query: CallbackQuery) -> None:
        """Unlink whoever pressed. Raises StateUnavailable."""
        await self._room.desk.kept(lambda state: state.links.forget(person(query.from_user.id)))
        await acknowledge(query)
        await say(context.bot, Place(query.from_user.id), words.UNLINKED)


def _standing(shop: Workshop, keeper: Keeper) -> tuple[int, list[Draft], list[Entry], tuple[int, int] | None]:
    """The version in use, open proposals, those that wait for this person, and where they may go back to."""
    entries = shop.shelved.versions.log() if shop.shelved.versions is not None else []
    head = serving(entries)
    if head is None or not may(keeper.role, Action.PUBLISH):
        return 0 if head is None else head.seq, shop.drafts.all(), [], None
    before = served_before(entries)
    back = None if before is None else (before.seq, head.seq)
    return head.seq, shop.drafts.all(), waiting(entries)[::-1], back
