"""Telegram for tests: a loopback Bot API server, an in-process transport double, and hand-made updates.

The server is lo-bot-api-emulator with what it lacks: a user name, topics, group types, HTML that is really parsed,
"message is not modified", and faults on demand. Every call and every update is judged by aiogram's schema.
"""

from __future__ import annotations

import asyncio
import html.parser
import itertools
import json
import re
import time
from collections.abc import Callable
from typing import Any

import aiogram.methods
import aiogram.types
import lo_bot_api_emulator as lo
import lo_bot_api_emulator.updates as lo_updates
from aiohttp import web
from telegram.request import BaseRequest, RequestData

from bot.bootstrap import BackgroundAssistant
from tests.fakes import scripted_assistant

TOKEN = "1234567:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"
BOT_ID, BOT_NAME = 7, "Fixture_bot"
BOT_USER = {"id": BOT_ID, "is_bot": True, "first_name": "Fixture", "username": BOT_NAME}

Json = dict[str, Any]

lo_updates.KINDS |= {"edited_message", "my_chat_member", "poll_answer"}


def loaded(**options: Any) -> BackgroundAssistant:
    """A scripted assistant that is ready."""
    background = BackgroundAssistant(lambda _: scripted_assistant(**options))
    background.start()
    assert background.wait(10)
    assert background.error is None
    return background


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until a condition holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("the condition did not come true in time")
        await asyncio.sleep(0.01)


# Hand-made updates

_update_ids = itertools.count(100)
_message_ids = itertools.count(10)


def message_update(text: str | None, *, user: int = 42, chat: int | None = None, **fields: Any) -> Json:
    """A message from a person; a negative `chat` is a supergroup. Commands get their entity."""
    chat_id = chat if chat is not None else user
    message: Json = {
        "message_id": next(_message_ids),
        "date": int(time.time()),
        "chat": {"id": chat_id, "type": "private", "first_name": "A"}
        if chat_id > 0
        else {"id": chat_id, "type": "supergroup", "title": "G"},
        "from": {"id": user, "is_bot": False, "first_name": "<A&B>"},
    }
    if text is not None:
        message["text"] = text
        command = re.match(r"/\w+(@\w+)?", text)
        if command:
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
    message.update(fields)
    return checked({"update_id": next(_update_ids), "message": message})


def press_update(data: str, message: Json, *, user: int = 42) -> Json:
    """A person presses a button under `message` (as Telegram would describe it)."""
    query = {
        "id": str(next(_update_ids)),
        "from": {"id": user, "is_bot": False, "first_name": "A"},
        "chat_instance": "1",
        "data": data,
        "message": message,
    }
    return checked({"update_id": next(_update_ids), "callback_query": query})


def edit_update(message: Json, text: str, **fields: Any) -> Json:
    """A person changes a message's text."""
    changed = {name: value for name, value in message.items() if name != "entities"}
    command = re.match(r"/\w+(@\w+)?", text)
    if command:
        changed["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
    edited = {**changed, "text": text, "edit_date": int(time.time()), **fields}
    return checked({"update_id": next(_update_ids), "edited_message": edited})


def inline_update(text: str, *, user: int = 42) -> Json:
    """A person types after @bot, in some chat."""
    person = {"id": user, "is_bot": False, "first_name": "A"}
    query = {"id": str(next(_message_ids)), "from": person, "query": text, "offset": ""}
    return checked({"update_id": next(_update_ids), "inline_query": query})


def member_update(before: str, after: str, *, chat: int = 42, user: int = 42) -> Json:
    """The bot's place in a chat changes."""
    person = {"id": user, "is_bot": False, "first_name": "A"}
    kind: Json = {"type": "private", "first_name": "A"} if chat > 0 else {"type": "supergroup", "title": "G"}
    more = {"kicked": {"until_date": 0}}

    def member(status: str) -> Json:
        return {"status": status, "user": BOT_USER, **more.get(status, {})}

    change = {
        "chat": {"id": chat, **kind},
        "from": person,
        "date": int(time.time()),
        "old_chat_member": member(before),
        "new_chat_member": member(after),
    }
    return checked({"update_id": next(_update_ids), "my_chat_member": change})


def vote_update(poll: str, *options: int, user: int = 42) -> Json:
    """A person votes in a poll; without options they take their vote back."""
    person = {"id": user, "is_bot": False, "first_name": "A"}
    persistent = [str(option) for option in options]
    vote = {"poll_id": poll, "user": person, "option_ids": list(options), "option_persistent_ids": persistent}
    return checked({"update_id": next(_update_ids), "poll_answer": vote})


def bot_message(chat: int = 42, message_id: int | None = None, text: str = "x", **fields: Any) -> Json:
    """A message that the bot sent."""
    kind: Json = {"type": "private", "first_name": "A"} if chat > 0 else {"type": "supergroup", "title": "G"}
    return {
        "message_id": message_id or next(_message_ids),
        "date": int(time.time()),
        "chat": {"id": chat, **kind},
        "from": BOT_USER,
        "text": text,
        **fields,
    }


def mention(text: str) -> Json:
    """Entities for the first @name in a text, counted as Telegram counts."""
    found = re.search(r"@\w+", text)
    assert found
    units = len(text[: found.start()].encode("utf-16-le")) // 2
    return {"entities": [{"type": "mention", "offset": units, "length": len(found[0])}]}


def checked(update: Json) -> Json:
    """The update, after aiogram agreed that Telegram could send it."""
    aiogram.types.Update.model_validate(update)
    return update


def check_call(method: str, fields: Json) -> None:
    """Fail unless aiogram's schema of the Bot API knows this call and every field in it."""
    decoded = {
        name: json.loads(value) if isinstance(value, str) and name in _STRUCTURES else value
        for name, value in fields.items()
    }
    call = getattr(aiogram.methods, method[0].upper() + method[1:]).model_validate(decoded)
    assert not call.model_extra, (method, call.model_extra)


_STRUCTURES = {
    "reply_markup",
    "reply_parameters",
    "link_preview_options",
    "commands",
    "scope",
    "allowed_updates",
    "results",
    "options",
    "correct_option_ids",
}


# HTML as Telegram reads it

_TAGS = {"b": set(), "blockquote": {"expandable"}, "i": set(), "s": set(), "a": {"href"}, "code": set()}


class _TelegramHtml(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.quotes: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS or {name for name, _ in attributes} - _TAGS[tag]:
            raise ValueError(f'Unsupported start tag "{tag}"')
        self.open.append(tag)
        if tag == "blockquote":
            self.quotes.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError(f'Unmatched end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        self.text += data
        if "blockquote" in self.open:
            self.quotes[-1] += data


def read_html(text: str) -> tuple[str, list[str]]:
    """The visible text and the quotes of Telegram HTML. Raises ValueError where Telegram would refuse."""
    if "<" in re.sub(r"</?[a-z]+(?: [^<>]*)?>", "", text):
        raise ValueError("Unsupported start tag")  # Python's parser would take a stray "<" for text
    reader = _TelegramHtml()
    reader.feed(text)
    reader.close()
    if reader.open:
        raise ValueError(f"Can't find end tag corresponding to start tag {reader.open[-1]}")
    return reader.text, reader.quotes


# The loopback server


class TelegramFake(lo.LoBotApiEmulator):  # type: ignore[misc]
    """A Bot API server on 127.0.0.1. `calls` holds (method, fields) of everything but getUpdates."""

    # Real fields of the Bot API that the emulator refuses.
    _EXTRA = frozenset({"message_thread_id", "link_preview_options", "protect_content"})

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_insecure_loopback_webhooks=True, **options)
        self.calls: list[tuple[str, Json]] = []
        self.polls: list[Json] = []
        self.faults: list[tuple[str, int, str, Json | None]] = []
        self.messages: dict[tuple[int, int], tuple[str, str]] = {}
        self.quizzes: dict[int, Json] = {}
        self.files: list[tuple[str, bytes]] = []
        self.administrators: set[int] = set()
        self.next_id = 1000
        self.made_polls: list[Json] = []
        self.bad_token = False
        #: Methods whose next answer is cut off in the middle, and the connection with it.
        self.cuts: list[str] = []
        self.url = ""

    def validate(self, method: str, fields: Json, uploads: Json) -> Any:
        if self.bad_token:
            raise lo.ApiRefusal("Unauthorized", 401)
        (self.polls if method == "getUpdates" else self.calls).append(
            dict(fields) if method == "getUpdates" else (method, {**fields, **dict.fromkeys(uploads, "file")})  # type: ignore[arg-type]
        )
        for fault in self.faults:
            if fault[0] == method:
                self.faults.remove(fault)
                raise lo.ApiRefusal(fault[2], fault[1], fault[3])
        accepted = {name: value for name, value in fields.items() if name not in self._EXTRA}
        if "force_reply" in fields.get("reply_markup", ""):  # the emulator knows keyboards only
            del accepted["reply_markup"]
        if fields.get("parse_mode") == "HTML":
            try:
                accepted["text"], _ = read_html(fields["text"])
            except ValueError as error:
                raise lo.ApiRefusal(f"Bad Request: can't parse entities: {error}") from None
        if method == "editMessageText":
            self._check_edit(fields)
        if method == "answerInlineQuery":
            for article in json.loads(fields["results"]):
                read_html(article["input_message_content"]["message_text"])
        self.files += [(one["filename"], one["data"]) for one in uploads.values()]
        result = self._own(method, fields) or super().validate(method, accepted, uploads)
        if method == "getMe":
            result.update(username=BOT_NAME)
        if isinstance(result, dict) and "chat" in result:
            self._complete(result, fields)
        return result

    def _own(self, method: str, fields: Json) -> Json | None:
        """What the emulator does not know: polls, and the roles of a group's members."""
        match method:
            case "sendPoll":
                return self._send_poll(fields)
            case "stopPoll":
                quiz = self.quizzes.get(int(fields["message_id"]))
                if quiz is None:
                    raise lo.ApiRefusal("Bad Request: message with poll to stop not found")
                if quiz["is_closed"]:
                    raise lo.ApiRefusal("Bad Request: poll has already been closed")
                quiz["is_closed"] = True
                return quiz
            case "getChatMember":
                user = int(fields["user_id"])
                person = {"id": user, "is_bot": False, "first_name": "A"}
                if user in self.administrators:
                    return {"status": "creator", "user": person, "is_anonymous": False}
                return {"status": "member", "user": person}
        return None

    def _send_poll(self, fields: Json) -> Json:
        options, right = json.loads(fields["options"]), json.loads(fields["correct_option_ids"])
        texts = [one["text"] if isinstance(one, dict) else one for one in options]
        if not 1 <= len(fields["question"]) <= 300 or not 1 <= len(texts) <= 12:
            raise lo.ApiRefusal("Bad Request: poll question or options are of a wrong length")
        if any(not 1 <= len(text) <= 100 for text in texts) or len(fields.get("explanation", "")) > 200:
            raise lo.ApiRefusal("Bad Request: a poll's text is too long")
        several = fields.get("allows_multiple_answers") == "true"
        if fields["type"] != "quiz" or not right or (len(right) > 1 and not several):
            raise lo.ApiRefusal("Bad Request: wrong correct options of a quiz")
        self.validate_markup(json.loads(fields.get("reply_markup", '{"inline_keyboard": []}')))
        message_id, self.next_id = self.next_id, self.next_id + 1
        quiz = self.quizzes[message_id] = {
            "id": str(5_000_000 + message_id),
            "question": fields["question"],
            "options": [{"text": t, "voter_count": 0, "persistent_id": str(i)} for i, t in enumerate(texts)],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": fields["is_anonymous"] == "true",
            "type": "quiz",
            "allows_multiple_answers": several,
            "allows_revoting": False,
            "members_only": False,
            "correct_option_ids": right,
            "explanation": fields.get("explanation", ""),
        }
        self.made_polls.append(quiz)
        return {"message_id": message_id, "chat": {"id": int(fields["chat_id"]), "type": "private"}, "poll": quiz}

    def _check_edit(self, fields: Json) -> None:
        key = int(fields["chat_id"]), int(fields["message_id"])
        if key not in self.messages:
            raise lo.ApiRefusal("Bad Request: message to edit not found")
        if self.messages[key] == (fields["text"], fields.get("reply_markup", "")):
            raise lo.ApiRefusal("Bad Request: message is not modified: specified new message content")

    def _complete(self, result: Json, fields: Json) -> None:
        chat_id = int(fields["chat_id"])
        before, _ = self.messages.get((chat_id, result["message_id"]), ("", ""))
        self.messages[chat_id, result["message_id"]] = fields.get("text", before), fields.get("reply_markup", "")
        result |= {"date": int(time.time()), "from": BOT_USER}
        if chat_id < 0:
            result["chat"] = {"id": chat_id, "type": "supergroup", "title": "G"}
        if fields.get("message_thread_id"):
            result |= {"message_thread_id": int(fields["message_thread_id"]), "is_topic_message": True}

    async def serve(self, port: int = 0) -> TelegramFake:
        app = self.app()
        app.middlewares.append(self._cut)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    @web.middleware
    async def _cut(self, request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        method, response = request.path.rsplit("/", 1)[-1], await handler(request)
        if method not in self.cuts or not isinstance(response, web.Response):
            return response  # type: ignore[no-any-return]
        self.cuts.remove(method)
        body = bytes(response.body or b"")  # type: ignore[arg-type]
        half = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
        await half.prepare(request)
        await half.write(body[: len(body) // 2])
        assert request.transport is not None
        request.transport.abort()
        return half

    async def close(self) -> None:
        await self._runner.cleanup()

    def answers_to(self, update: Json) -> list[Json]:
        """The fields of every sendMessage that replies to an update's message."""
        message = update["message"]
        return [
            fields
            for fields in self.sent(message["chat"]["id"])
            if json.loads(fields.get("reply_parameters", "{}")).get("message_id") == message["message_id"]
        ]

    async def deliver(self, update: Json) -> None:
        """Send an update as it is: also one sent before, or one that no library can read."""
        state = self._update_queues._state(TOKEN)
        async with state.condition:
            state.updates.append(update)
            state.condition.notify_all()
        await self.deliver_updates(token=TOKEN)

    def undelivered(self) -> list[Json]:
        return list(self._update_queues._state(TOKEN).updates)

    def sent(self, chat: int | None = None) -> list[Json]:
        """The fields of every sendMessage, refused ones included."""
        return [
            fields
            for method, fields in self.calls
            if method == "sendMessage" and chat in (None, int(fields["chat_id"]))
        ]

    def count(self, method: str) -> int:
        return sum(1 for name, _ in self.calls if name == method)


class RecordingRequest(BaseRequest):
    """The in-process double: records calls, answers from `script` (a list of (status, body) a method) or sensibly."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json]] = []
        self.script: dict[str, list[tuple[int, Json] | Exception]] = {}
        self._ids = itertools.count(1000)

    @property
    def read_timeout(self) -> float:
        return 1.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        name, fields = url.rsplit("/", 1)[1], (request_data.parameters if request_data else {})
        check_call(name, fields)
        self.calls.append((name, fields))
        if self.script.get(name):
            scripted = self.script[name].pop(0)
            if isinstance(scripted, Exception):
                raise scripted
            return scripted[0], json.dumps(scripted[1]).encode()
        result: Any = True
        if name == "getMe":
            result = BOT_USER
        elif name in ("sendMessage", "editMessageText"):
            if fields.get("parse_mode") == "HTML":
                read_html(str(fields["text"]))
            result = bot_message(int(str(fields["chat_id"])), int(str(fields.get("message_id") or next(self._ids))))
        return 200, json.dumps({"ok": True, "result": result}).encode()

    def named(self, *methods: str) -> list[Json]:
        return [fields for name, fields in self.calls if name in methods]


def refusal(status: int, description: str, **parameters: Any) -> tuple[int, Json]:
    """An answer of Telegram's that refuses a call."""
    body: Json = {"ok": False, "error_code": status, "description": description}
    return status, {**body, "parameters": parameters} if parameters else body
