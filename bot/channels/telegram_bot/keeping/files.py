"""Files sent in private: fetched, read into a draft notice or into changes, and shown with what can be done with them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import PurePath

from telegram import Bot, CallbackQuery, Document, Message, Update
from telegram.error import BadRequest

from bot import replies
from bot.accounts.linking import Keeper
from bot.channels.telegram_bot.delivery import Place, acknowledge, edit, patiently, send
from bot.channels.telegram_bot.handlers.desk import Context, message_of, place_of, say
from bot.channels.telegram_bot.keeping import words
from bot.channels.telegram_bot.keeping.buttons import KeepPress, notice_buttons
from bot.channels.telegram_bot.keeping.proposals import Proposals
from bot.channels.telegram_bot.keeping.room import Room, known_error, send_runs, telling
from bot.channels.telegram_bot.keeping.runs import Run
from bot.channels.telegram_bot.keeping.texts import report_text
from bot.channels.telegram_bot.text import pack, text_sections
from bot.kb import receiving
from bot.kb.drafts import Draft
from bot.kb.workshop import Workshop
from bot.state.database import StateUnavailable
from bot.state.state import State
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError
from knowledge.importing.about import Given
from knowledge.importing.extraction import Progress
from knowledge.importing.leftovers import REPORT
from knowledge.importing.safety import MAX_BYTES
from knowledge.importing.words import READING, TO_FILL
from knowledge.loader import DOCUMENTS_FOLDER, load_document

_NAMED = re.compile(r"编号\s*[:：]?\s*([0-9A-Za-z._-]+)")
_ISSUER = re.compile(r"单位\s*[:：]\s*(\S{2,60})")
_ID = re.compile(r"[0-9A-Za-z](?!.*\.\.)[0-9A-Za-z._-]{0,63}")
#: Seconds without a byte until a download is given up.
_DOWNLOAD_SECONDS = 60.0


class Files:
    """The handler of files, and of the buttons under a new notice."""

    def __init__(self, room: Room, proposals: Proposals) -> None:
        self._room = room
        self._proposals = proposals

    async def document(self, update: Update, context: Context) -> None:
        """A file: of whoever is linked it is read, everybody else is told what the bot is for."""
        message, user = message_of(update), update.effective_user
        document = message.document
        if document is None or user is None:
            return
        try:
            keeper = await self._room.keeper(user.id)
        except StateUnavailable:
            await say(context.bot, place_of(message), replies.TELEGRAM_STATE_AWAY)
            return
        if keeper is None:
            await say(context.bot, place_of(message), words.NOT_FOR_FILES)
        elif (document.file_size or 0) > MAX_BYTES:
            size, limit = -(-(document.file_size or 0) // 2**20), MAX_BYTES // 2**20
            await say(context.bot, place_of(message), words.TOO_LARGE.format(size=size, limit=limit))
        else:
            await self._take(context.bot, message, document, keeper)

    async def _take(self, bot: Bot, message: Message, document: Document, keeper: Keeper) -> None:
        place = place_of(message)
        stages = [words.WORKING.format(stage=words.DOWNLOADING)]
        sent = await send(bot, place, pack(text_sections(stages[0])))
        if not sent:
            return

        def progress(stage: str, fraction: float | None) -> None:
            share = None if fraction is None else round(100 * min(1.0, max(0.0, fraction)))
            text = words.WORKING if share is None else words.WORKING_SHARE
            stages[0] = text.format(stage=stage, percent=share)

        async def answer(text: str) -> None:
            await edit(bot, place, sent, pack(text_sections(text)))

        try:
            async with self._room.reading, telling(bot, place, sent[0], lambda: stages[0]):
                content = await _fetch(bot, document)
                progress(READING, None)
                name = document.file_name or ""
                made = await self._read(message, name, content, keeper, progress)
        except JianfuError as error:
            await answer(known_error(error))
            return
        if isinstance(made, str):
            text, suggested = await self._room.run(lambda shop: _report(shop, made))
            await edit(bot, place, sent, pack(text_sections(text)), notice_buttons(made, suggested))
        else:
            await self._proposals.show(bot, place, sent[0], made, keeper)

    async def _read(
        self, message: Message, name: str, content: bytes, keeper: Keeper, progress: Progress
    ) -> str | Draft:
        """The id of a new notice's draft, or the proposal that the file made. Raises JianfuError."""
        shop = self._room.shop

        def read(state: State) -> str | Draft:
            if PurePath(name).suffix.lower() in receiving.YAML_ENDINGS:
                changes = receiving.rewritten(shop, name, content)
                if not changes:
                    raise JianfuError(words.NOTHING_NEW_YAML)
                return shop.begin(keeper.name, changes)
            knowledge = shop.shelved.fetch(shop.shelved.in_use(), confirmed=False).knowledge
            identifier = _identifier(message.caption or "", PurePath(name).stem, knowledge)
            issuer = _ISSUER.search(message.caption or "")
            given = Given(issuer=issuer[1] if issuer is not None else "")
            notice = receiving.read_notice(name, content, identifier, given, progress)
            same = receiving.matching(notice, knowledge)
            if same is None:
                import_id = state.database.hashed("import", str(message.chat.id), str(message.message_id))[:8]
                receiving.keep_notice(shop, import_id, notice)
                return import_id
            changes = receiving.corrections(notice, same)
            if not changes:
                raise JianfuError(words.NOTHING_NEW.format(title=same.title))
            return shop.begin(keeper.name, changes)

        return await self._room.desk.kept(read)

    async def press(self, context: Context, query: CallbackQuery, press: KeepPress, keeper: Keeper) -> None:
        """A button under a new notice. Raises JianfuError, StateUnavailable."""
        bot, place = context.bot, Place(query.from_user.id)
        here = query.message.message_id if query.message is not None else 0
        if press.kind == "clauses":
            title, runs = await self._room.run(lambda shop: _clauses(shop, press.draft))
            await acknowledge(query)
            await send_runs(bot, place, title, press.draft, runs)
        elif press.kind == "drop":
            await self._room.run(lambda shop: receiving.drop_notice(shop, press.draft))
            await acknowledge(query)
            await edit(bot, place, [here], pack(text_sections(words.DROPPED)))
        else:
            all_of_them = press.kind == "submit_with"

            def propose(shop: Workshop) -> Draft:
                folder = receiving.kept_notice(shop, press.draft)
                chosen = range(len(receiving.suggested(folder))) if all_of_them else ()
                return receiving.propose_notice(shop, press.draft, chosen, keeper.name)

            draft = await self._room.run(propose)
            await acknowledge(query)
            await self._proposals.show(bot, place, here, draft, keeper)


async def _fetch(bot: Bot, document: Document) -> bytes:
    """A file's content. Raises JianfuError for one that Telegram does not give, TelegramError without a network."""
    try:
        file = await patiently(lambda: bot.get_file(document.file_id))
        content = bytes(await patiently(lambda: file.download_as_bytearray(read_timeout=_DOWNLOAD_SECONDS)))
    except BadRequest as error:
        raise JianfuError(words.NOT_FETCHED) from error
    if len(content) > MAX_BYTES:
        size = -(-len(content) // 2**20)
        raise JianfuError(words.TOO_LARGE.format(size=size, limit=MAX_BYTES // 2**20))
    return content


def _identifier(caption: str, stem: str, knowledge: KnowledgeBase) -> str:
    """The new notice's id: what the caption says, else the file's name, else the day."""
    named = _NAMED.search(caption)
    first = caption.split(maxsplit=1)[0] if caption.strip() else ""
    for one in (named[1] if named is not None else "", first, stem):
        if _ID.fullmatch(one):
            return one
    day = datetime.now(UTC).strftime("tongzhi-%Y%m%d")
    taken = {one.id for one in knowledge.documents}
    return next(one for one in (day, *(f"{day}-{n}" for n in range(2, 1000))) if one not in taken)


def _report(shop: Workshop, import_id: str) -> tuple[str, int]:
    folder = receiving.kept_notice(shop, import_id)
    suggested = len(receiving.suggested(folder))
    path = next(iter((folder / DOCUMENTS_FOLDER).glob("*.yaml")))
    report = (folder / REPORT).read_text(encoding="utf8")
    unfilled = load_document(path, folder).issuer == TO_FILL
    return report_text(report, path.stem, suggested, unfilled=unfilled), suggested


def _clauses(shop: Workshop, import_id: str) -> tuple[str, list[Run]]:
    """A new notice's title, and its clauses and the whole report, to be shown."""
    folder = receiving.kept_notice(shop, import_id)
    path = next(iter((folder / DOCUMENTS_FOLDER).glob("*.yaml")))
    document = load_document(path, folder)
    runs: list[Run] = []
    for clause in document:
        runs += [(f"{clause.id} {clause.label}", "head"), (f"\n{clause.text}\n\n", "")]
    runs.append(((folder / REPORT).read_text(encoding="utf8"), ""))
    return document.title, runs
