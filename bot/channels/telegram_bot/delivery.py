"""Sends, edits and acknowledges; knows which of Telegram's refusals are harmless and how to mend the others.

Holds no words and no rules of its own: it is given parts and buttons.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from telegram import (
    Bot,
    CallbackQuery,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError
from telegram.ext import AIORateLimiter

from bot.channels.telegram_bot.history import thread_of
from bot.channels.telegram_bot.text import Part

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

#: Telegram shows "typing" for about five seconds.
TYPING_SECONDS = 4.0
#: Held so that none is forgotten by the loop before it ends.
_courtesies: set[asyncio.Task[None]] = set()
#: Pauses before a send that failed on the network is tried again.
_RETRY_SECONDS = (0.5, 2.0)
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
#: What Telegram says of a press or an inline query that it does not wait for any more.
_TOO_LATE = ("query is too old", "query id is invalid", "query_id_invalid")


class RateLimiter(AIORateLimiter):
    """Waits as Telegram asks (429); what puts no message into a group does not count against its 20 a minute."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """Pass a request on, now or later."""
        if endpoint in ("sendChatAction", "getChatMember"):
            return await callback(*args, **kwargs)
        return await super().process_request(callback, args, kwargs, endpoint, data, rate_limit_args)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes: the chat, its topic, and the message it replies to."""

    chat_id: int
    thread_id: int | None = None
    reply_to: int | None = None

    @classmethod
    def under(cls, message: Message) -> Place:
        """The place of a reply to a message."""
        return cls(message.chat.id, thread_of(message), message.message_id)


async def send(
    bot: Bot, place: Place, parts: Sequence[Part], markup: InlineKeyboardMarkup | None = None
) -> tuple[int, ...]:
    """Send messages, the buttons under the last; returns their ids.

    Who blocked the bot gets nothing, and that is no error.
    """
    sent: list[int] = []
    for number, part in enumerate(parts, 1):
        try:
            place, message_id = await _send_part(bot, place, part, markup if number == len(parts) else None)
        except Forbidden as error:
            logger.info("the bot may not write to a chat (%s)", error.message)
            break
        sent.append(message_id)
    return tuple(sent)


async def post(bot: Bot, place: Place, parts: Sequence[Part], markup: InlineKeyboardMarkup | None = None) -> Place:
    """Like send(), for who must know whether it arrived. Returns where the chat is now; raises Forbidden."""
    for number, part in enumerate(parts, 1):
        place, _ = await _send_part(bot, place, part, markup if number == len(parts) else None)
    return place


async def close_poll(bot: Bot, chat_id: int, message_id: int) -> None:
    """Close a poll and take its buttons away; one that is closed or gone already is let be."""
    try:
        await patiently(lambda: bot.stop_poll(chat_id, message_id))
    except BadRequest as error:
        if not says(error, "already been closed", "not found", "can't be stopped", "message_id_invalid"):
            raise
        logger.info("a poll could not be closed (%s)", error.message)


async def edit(
    bot: Bot,
    place: Place,
    message_ids: Sequence[int],
    parts: Sequence[Part],
    markup: InlineKeyboardMarkup | None = None,
) -> tuple[int, ...]:
    """Put parts in the place of messages; send what does not fit, delete what is left over. Returns the ids now."""
    kept: list[int] = []
    for message_id, part in zip(message_ids, parts, strict=False):
        last = len(kept) + 1 == len(parts)
        try:
            await _edit_part(bot, place.chat_id, message_id, part, markup if last else None)
        except Forbidden as error:
            logger.info("the bot may not write to a chat (%s)", error.message)
            return tuple(kept)
        except ChatMigrated as error:
            place = Place(error.new_chat_id)  # messages have other ids there
            break
        except BadRequest as error:
            if says(error, "message to edit not found", "message can't be edited", "message_id_invalid"):
                break
            if not says(error, "message is not modified"):
                raise
        kept.append(message_id)
    sent = await send(bot, place, parts[len(kept) :], markup) if len(kept) < len(parts) else ()
    for message_id in message_ids[len(parts) :]:
        with suppress(TelegramError):  # too old, or gone already
            await bot.delete_message(place.chat_id, message_id)
    return (*kept, *sent)


async def edit_markup(bot: Bot, message: Message, markup: InlineKeyboardMarkup | None) -> None:
    """Put other buttons, or none, under a message; where that is not possible any more, the old ones stay."""
    try:
        await patiently(lambda: bot.edit_message_reply_markup(message.chat.id, message.message_id, reply_markup=markup))
    except (BadRequest, ChatMigrated, Forbidden) as error:
        if not says(error, "message is not modified"):
            logger.info("buttons could not be changed (%s)", error.message)


@dataclass(frozen=True, slots=True)
class Entry:
    """One result of an inline query: what the list shows, and the message that choosing it sends."""

    id: str
    title: str
    description: str
    part: Part

    def article(self, *, plain: bool) -> InlineQueryResultArticle:
        """The result as Telegram takes it."""
        content = InputTextMessageContent(
            self.part.plain if plain else self.part.html,
            parse_mode=None if plain else ParseMode.HTML,
            link_preview_options=_NO_PREVIEW,
        )
        return InlineQueryResultArticle(self.id, self.title, content, description=self.description)


async def answer_inline(query: InlineQuery, entries: Sequence[Entry], cache_seconds: int) -> None:
    """List results; a query that Telegram has given up meanwhile is let be."""
    plain = False
    for _ in range(2):
        articles = [entry.article(plain=plain) for entry in entries]
        try:
            await query.answer(articles, cache_time=cache_seconds, is_personal=False)
        except BadRequest as error:
            if says(error, "can't parse entities") and not plain:
                logger.warning("Telegram refused our HTML; listed as plain text")
                plain = True
                continue
            if not says(error, *_TOO_LATE):
                raise
            logger.info("an inline query was too old to be answered")
        return


async def acknowledge(query: CallbackQuery, said: str | None = None, *, alert: bool = False) -> None:
    """Answer a pressed button, so that its clock stops; `said` is shown in passing, or as an `alert` to be closed."""
    try:
        await patiently(lambda: query.answer(text=said, show_alert=alert))
    except BadRequest as error:
        # Telegram forgets presses after a while (a restart, a queue); what the button shows may still be shown.
        if not says(error, *_TOO_LATE):
            raise
        logger.info("a press was too old to be acknowledged")


@asynccontextmanager
async def typing(bot: Bot, place: Place) -> AsyncIterator[None]:
    """Show "typing" at once and keep it up until the block ends."""

    async def show() -> None:
        await bot.send_chat_action(place.chat_id, ChatAction.TYPING, message_thread_id=place.thread_id)

    async with keeping_up(show, TYPING_SECONDS):
        yield


@asynccontextmanager
async def keeping_up(courtesy: Callable[[], Awaitable[object]], seconds: float) -> AsyncIterator[asyncio.Task[None]]:
    """Do something at once, and every so many seconds until the block ends; whatever goes wrong with it costs nothing.

    A request that is under way then is let be: each that is cut off may cost httpx's pool a connection for good, and after
    a few thousand answers there would be none left to answer by. Who needs it to be over waits for the task.
    """
    ended = asyncio.Event()

    async def repeat() -> None:
        while not ended.is_set():
            with suppress(TelegramError, RuntimeError):  # the second where the program has stopped meanwhile
                await courtesy()
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), seconds)

    task = asyncio.create_task(repeat(), name="telegram-courtesy")
    _courtesies.add(task)
    task.add_done_callback(_courtesies.discard)
    try:
        yield task
    finally:
        ended.set()


@dataclass(frozen=True, slots=True)
class _Letter:
    """One message on its way; a refusal that can be mended gives a changed letter."""

    place: Place
    text: str
    parse_mode: str | None
    markup: InlineKeyboardMarkup | None

    async def post(self, bot: Bot) -> int:
        reply_to = self.place.reply_to
        message = await bot.send_message(
            self.place.chat_id,
            self.text,
            parse_mode=self.parse_mode,
            message_thread_id=self.place.thread_id,
            reply_parameters=ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None,
            reply_markup=self.markup,
            link_preview_options=_NO_PREVIEW,
        )
        return message.message_id

    def mended(self, error: TelegramError, plain: str) -> _Letter | None:
        """The letter to send instead, or None when nothing can be done (or it was done already)."""
        if isinstance(error, ChatMigrated) and error.new_chat_id != self.place.chat_id:
            # A group became a supergroup: it goes by a new id, and its messages have new ids too.
            return replace(self, place=Place(error.new_chat_id))
        if says(error, "can't parse entities") and self.parse_mode is not None:
            logger.warning("Telegram refused our HTML; sent as plain text")
            return replace(self, text=plain, parse_mode=None)
        if says(error, "message thread not found") and self.place.thread_id is not None:
            return replace(self, place=replace(self.place, thread_id=None))
        return None


async def _send_part(bot: Bot, place: Place, part: Part, markup: InlineKeyboardMarkup | None) -> tuple[Place, int]:
    """Send one message, mending what can be mended; returns the place for the next one, and the message's id."""
    letter = _Letter(place, part.html, ParseMode.HTML, markup)
    for _ in range(3):
        try:
            message_id = await patiently(partial(letter.post, bot))
        except (BadRequest, ChatMigrated) as error:
            mended = letter.mended(error, part.plain)
            if mended is None:
                raise
            letter = mended
        else:
            return letter.place, message_id
    return letter.place, await letter.post(bot)


async def _edit_part(bot: Bot, chat_id: int, message_id: int, part: Part, markup: InlineKeyboardMarkup | None) -> None:
    def editing(text: str, parse_mode: str | None) -> Callable[[], Awaitable[Message | bool]]:
        return lambda: bot.edit_message_text(
            text,
            chat_id=chat_id,
            message_id=message_id,
            parse_mode=parse_mode,
            reply_markup=markup,
            link_preview_options=_NO_PREVIEW,
        )

    try:
        await patiently(editing(part.html, ParseMode.HTML))
    except BadRequest as error:
        if not says(error, "can't parse entities"):
            raise
        logger.warning("Telegram refused our HTML; edited as plain text")
        await patiently(editing(part.plain, None))


async def patiently(action: Callable[[], Awaitable[Result]]) -> Result:
    """Run an action again when the network failed; a refusal (BadRequest) is passed on at once."""
    for pause in _RETRY_SECONDS:
        try:
            return await action()
        except BadRequest:
            raise
        except NetworkError as error:
            logger.warning("Telegram was not reached (%s); trying again", type(error).__name__)
            await asyncio.sleep(pause)
    return await action()


def says(error: TelegramError, *phrases: str) -> bool:
    """Whether Telegram's refusal holds one of these phrases (in lower case)."""
    message = error.message.lower()
    return any(phrase in message for phrase in phrases)
