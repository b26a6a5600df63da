"""A bot over the in-process transport double, to talk to: real updates in, recorded calls out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from telegram import Update

from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels import telegram_bot
from bot.channels.telegram_bot import delivery
from bot.config import TelegramConfig
from tests.telegram_fake import (
    TOKEN,
    Json,
    RecordingRequest,
    bot_message,
    edit_update,
    loaded,
    message_update,
    press_update,
)

GROUP = -1001


def ready(assistant: Assistant) -> BackgroundAssistant:
    """A background assistant that has loaded this one."""
    background = BackgroundAssistant(lambda _: assistant)
    background.start()
    assert background.wait(5)
    return background


class Chat:
    """An application over a recording transport."""

    def __init__(self, background: BackgroundAssistant, **options: Any) -> None:
        self.request = RecordingRequest()
        self.application = telegram_bot.create_application(
            background, TelegramConfig(), TOKEN, request=self.request, get_updates_request=RecordingRequest(), **options
        )

    async def feed(self, *updates: Json) -> None:
        """Handle updates, at once like the application does."""
        processor = self.application.update_processor
        parsed = [Update.de_json(update, self.application.bot) for update in updates]
        await asyncio.gather(
            *(processor.process_update(update, self.application.process_update(update)) for update in parsed)
        )

    async def say(self, text: str | None, **fields: Any) -> list[Json]:
        """Feed one message; the messages sent for it."""
        before = len(self.sent)
        await self.feed(message_update(text, **fields))
        return self.sent[before:]

    async def press(self, data: str, message: Json | None = None, *, user: int = 42) -> list[tuple[str, Json]]:
        """Press a button; the calls made for it."""
        before = len(self.request.calls)
        await self.feed(press_update(data, message or bot_message(), user=user))
        return self.request.calls[before:]

    async def edit(self, message: Json, text: str, **fields: Any) -> list[tuple[str, Json]]:
        """Edit a message that was fed; the calls made for it, "typing" aside."""
        before = len(self.request.calls)
        await self.feed(edit_update(message, text, **fields))
        return [(name, call) for name, call in self.request.calls[before:] if name != "sendChatAction"]

    @property
    def sent(self) -> list[Json]:
        return self.request.named("sendMessage")


@pytest_asyncio.fixture
async def open_chat(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Any]]:
    """Opens chats with a bot; sends that failed are tried again at once."""
    monkeypatch.setattr(delivery, "_RETRY_SECONDS", (0.0, 0.0))
    opened: list[Chat] = []

    async def open_(background: BackgroundAssistant | None = None, **options: Any) -> Chat:
        chat = Chat(background or loaded(), **options)
        await chat.application.initialize()
        opened.append(chat)
        chat.request.calls.clear()
        return chat

    yield open_
    for chat in opened:
        await chat.application.shutdown()


@pytest_asyncio.fixture
async def chat(open_chat: Callable[..., Any]) -> Chat:
    result: Chat = await open_chat()
    return result


def shown(call: Json, message_id: int = 1000) -> Json:
    """The bot's message that a sendMessage made, as Telegram describes it under a press; ids count from 1000."""
    markup = {"reply_markup": call["reply_markup"]} if "reply_markup" in call else {}
    return bot_message(call["chat_id"], message_id, **markup)


def rows(call: Json) -> list[list[str]]:
    return [[button["callback_data"] for button in row] for row in call["reply_markup"]["inline_keyboard"]]
