"""The whole bot against a loopback Bot API server, over polling and over the webhook.

Every call that the server gets is judged by aiogram's schema when a test ends.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot import replies
from bot.bootstrap import BackgroundAssistant
from bot.channels import telegram_bot
from bot.channels.telegram_bot import application as application_module
from bot.channels.telegram_bot import delivery, intake, updates
from bot.channels.telegram_bot.delivery import RateLimiter
from bot.config import TelegramConfig
from bot.state.state import State
from knowledge.errors import JianfuError
from tests.fakes import ROOT
from tests.ports import free_port
from tests.telegram_fake import (
    BOT_NAME,
    TOKEN,
    Json,
    TelegramFake,
    bot_message,
    check_call,
    loaded,
    message_update,
    press_update,
    until,
)

SECRET = "a-Secret_1"


class Bot:
    """A running bot and the fake Telegram it talks to."""

    def __init__(
        self,
        fake: TelegramFake,
        transport: str,
        background: BackgroundAssistant,
        state: State | None = None,
        **options: Any,
    ) -> None:
        self.fake = fake
        port = free_port()
        self.hook = f"http://127.0.0.1:{port}/telegram"
        self.config = TelegramConfig.model_validate(
            {
                "transport": transport,
                "base_url": f"{fake.url}/bot",
                "base_file_url": f"{fake.url}/file/bot",
                "webhook_url": self.hook,
                "webhook_port": port,
            }
        )
        self.application = telegram_bot.create_application(background, self.config, TOKEN, state=state, **options)
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(
            telegram_bot.run(self.application, self.config, self.stop, secret=SECRET, first_delay=0.05)
        )

    async def ready(self) -> Bot:
        before = self.fake.count("deleteWebhook"), self.fake.count("setWebhook")
        await until(
            lambda: self.task.done() or (self.fake.count("deleteWebhook"), self.fake.count("setWebhook")) != before
        )
        return self

    async def close(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, 10)


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[TelegramFake]:
    server = await TelegramFake().serve()
    yield server
    await server.close()
    for method, fields in server.calls:
        check_call(method, fields)
    for fields in server.polls:
        check_call("getUpdates", fields)


@pytest_asyncio.fixture(params=["polling", "webhook"])
async def start(request: pytest.FixtureRequest, fake: TelegramFake) -> AsyncIterator[Callable[..., Any]]:
    bots: list[Bot] = []

    async def start_(background: BackgroundAssistant | None = None, transport: str | None = None) -> Bot:
        bots.append(Bot(fake, transport or request.param, background or loaded()))
        return await bots[-1].ready()

    yield start_
    for bot in bots:
        await bot.close()


only_polling = pytest.mark.parametrize("start", ["polling"], indirect=True)
only_webhook = pytest.mark.parametrize("start", ["webhook"], indirect=True)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything logged from DEBUG up, as a handler of the root logger would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


# Over both transports


async def test_a_conversation(start: Callable[..., Any], fake: TelegramFake) -> None:
    await start()
    for text, expected in [
        ("/start", "您好！我只回答《关于解决形式主义突出问题为基层减负的通知》的问题"),
        ("/help", "我只回答"),
        ("一个文件最多几页", "<b>《通知》问题二·措施2</b>写明："),
        ("/ask 开会", replies.CLARIFY),
        ("/source 2.2", "<b>《通知》问题二·措施2</b>\n<blockquote>"),
        ("/problems", replies.TELEGRAM_PROBLEMS),
    ]:
        before = len(fake.sent())
        update = message_update(text)
        await fake.enqueue_update(update, token=TOKEN)
        await until(lambda before=before: len(fake.sent()) > before)
        call = fake.sent()[-1]
        assert call["text"].startswith(expected)
        assert json.loads(call["reply_parameters"])["message_id"] == update["message"]["message_id"]
    await until(lambda: not fake.undelivered())


async def test_the_outline_is_walked_in_one_message(start: Callable[..., Any], fake: TelegramFake) -> None:
    await start()
    await fake.enqueue_update(message_update("/problems"), token=TOKEN)
    await until(fake.sent)
    [(_, message_id)] = fake.messages
    seen = []
    for data in ("c:2", "c:2.2", "c:2.2", "o", "c:7.7"):
        await fake.enqueue_update(press_update(data, bot_message(message_id=message_id)), token=TOKEN)
        seen.append(data)
        await until(lambda: fake.count("answerCallbackQuery") == len(seen))
    await until(lambda: fake.count("editMessageText") == 4)
    # Pressing 2.2 twice changes nothing the second time, which Telegram refuses and nobody notices.
    assert len(fake.sent()) == 1
    assert fake.messages[42, message_id][0] == replies.TELEGRAM_PROBLEMS
    assert fake.calls[-1][1]["text"] == replies.TELEGRAM_UNKNOWN_BUTTON


async def test_a_topic_of_a_group_gets_its_answer(start: Callable[..., Any], fake: TelegramFake) -> None:
    await start()
    await fake.enqueue_update(message_update("几页", chat=-100123), token=TOKEN)
    topic = {"message_thread_id": 9, "is_topic_message": True}
    await fake.enqueue_update(message_update(f"/ask@{BOT_NAME} 几页", chat=-100123, **topic), token=TOKEN)
    await until(fake.sent)
    [call] = fake.sent()
    assert (call["chat_id"], call["message_thread_id"]) == ("-100123", "9")


async def test_a_repeated_update_is_answered_once(start: Callable[..., Any], fake: TelegramFake) -> None:
    await start()
    update = message_update("几页")
    for _ in range(5):
        await fake.deliver(update)
    await fake.deliver(message_update("/help"))
    await until(lambda: len(fake.sent()) == 2)
    assert fake.sent()[1]["text"].startswith(replies.help_text())


@pytest.mark.fault(13)
async def test_a_chat_keeps_its_order_and_delays_no_other(start: Callable[..., Any], fake: TelegramFake) -> None:
    await start(loaded(delay=0.3))
    for update in (message_update("几页", user=1), message_update("/help", user=1), message_update("/help", user=2)):
        await fake.enqueue_update(update, token=TOKEN)
    await until(lambda: len(fake.sent()) == 3)
    assert [int(call["chat_id"]) for call in fake.sent()] == [2, 1, 1]
    assert "政策性文件原则上不超过" in fake.sent()[1]["text"]


@pytest.mark.fault(13)
async def test_a_storm_from_one_chat_keeps_nobody_waiting(
    start: Callable[..., Any], fake: TelegramFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    unhurried = partial(RateLimiter, overall_max_rate=0, group_max_rate=0)
    monkeypatch.setattr(application_module, "RateLimiter", unhurried)  # 30 a second would hold both back alike
    await start(loaded(delay=0.01))
    for number in range(200):
        await fake.enqueue_update(message_update(f"几页{number}", user=1), token=TOKEN)
    await until(lambda: fake.sent(1))
    for user in (2, 3):
        await fake.enqueue_update(message_update("几页", user=user), token=TOKEN)
    await until(lambda: fake.sent(2) and fake.sent(3), seconds=60)
    stormed = len(fake.sent(1))
    assert stormed < 200  # the others did not wait for the end of it
    await until(lambda: len(fake.sent(1)) == 200, seconds=120)
    replied = [json.loads(call["reply_parameters"])["message_id"] for call in fake.sent(1)]
    assert replied == sorted(replied)


@pytest.mark.fault(10)
async def test_a_connection_cut_in_the_middle_of_what_telegram_says(
    start: Callable[..., Any], fake: TelegramFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_RETRY_SECONDS", (0.0, 0.0))
    await start()
    fake.cuts += ["sendMessage", "getUpdates"]
    await fake.enqueue_update(message_update("几页"), token=TOKEN)
    await until(
        lambda: len(fake.sent()) >= 2
    )  # the first was cut off: nobody knows whether it arrived, so it is said again
    assert fake.cuts in ([], ["getUpdates"])
    await fake.enqueue_update(message_update("几页", user=2), token=TOKEN)
    await until(lambda: fake.sent(2))


@pytest.mark.fault(12)
async def test_an_update_that_cannot_be_read_is_skipped(
    start: Callable[..., Any], fake: TelegramFake, log: io.StringIO
) -> None:
    await start()
    poison = message_update("毒")
    del poison["message"]["date"]
    await fake.deliver(message_update("/help"))
    await fake.deliver(poison)
    await fake.deliver(message_update("几页"))
    await until(lambda: len(fake.sent()) == 2)
    await until(lambda: not fake.undelivered())
    assert f"update {poison['update_id']} cannot be read" in log.getvalue()
    assert "毒" not in log.getvalue()


@pytest.mark.fault(10)
async def test_429_then_success(start: Callable[..., Any], fake: TelegramFake) -> None:
    await start()
    fake.faults.append(("sendMessage", 429, "Too Many Requests: retry after 1", {"retry_after": 1}))
    started = time.monotonic()
    await fake.enqueue_update(message_update("几页"), token=TOKEN)
    await until(lambda: len(fake.sent()) == 2)
    assert time.monotonic() - started >= 1.0
    assert "政策性文件原则上不超过" in fake.sent()[1]["text"]


async def test_refused_html_is_sent_plain(start: Callable[..., Any], fake: TelegramFake) -> None:
    await start()
    fake.faults.append(("sendMessage", 400, "Bad Request: can't parse entities: unsupported start tag", None))
    await fake.enqueue_update(message_update("几页"), token=TOKEN)
    await until(lambda: len(fake.sent()) == 2)
    assert "parse_mode" not in fake.sent()[1]
    assert fake.sent()[1]["text"].startswith("《通知》问题二·措施2写明：\n中央印发")


@pytest.mark.fault(15)
async def test_a_stop_lets_the_answer_in_work_be_delivered(start: Callable[..., Any], fake: TelegramFake) -> None:
    bot = await start(loaded(delay=0.8))
    for _ in range(2):
        await fake.enqueue_update(message_update("几页"), token=TOKEN)
    await until(lambda: fake.count("sendChatAction"))
    assert fake.sent() == []
    started = time.monotonic()
    await bot.close()
    assert time.monotonic() - started < 5
    assert ["政策性文件原则上不超过" in call["text"] for call in fake.sent()] == [True, True]
    # Nothing is left at Telegram that would be answered again after a restart.
    assert fake.undelivered() == []


async def test_a_stop_between_two_polls_leaves_nothing_to_be_answered_again(
    fake: TelegramFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = await Bot(fake, "polling", loaded()).ready()
    parse = intake.parse

    def parse_and_stop(*arguments: Any) -> Any:
        bot.stop.set()  # so that no further poll confirms this update
        return parse(*arguments)

    monkeypatch.setattr(intake, "parse", parse_and_stop)
    await fake.enqueue_update(message_update("几页"), token=TOKEN)
    await asyncio.wait_for(bot.task, 10)
    assert len(fake.sent()) == 1
    assert fake.undelivered() == []


async def test_a_question_asked_while_the_bot_was_down_is_answered(
    start: Callable[..., Any], fake: TelegramFake
) -> None:
    await fake.enqueue_update(message_update("几页"), token=TOKEN)
    await start()
    await until(fake.sent)
    assert "政策性文件原则上不超过" in fake.sent()[0]["text"]


async def test_menus_and_updates_are_asked_for_explicitly(start: Callable[..., Any], fake: TelegramFake) -> None:
    bot = await start()
    menus = [
        (json.loads(fields["scope"])["type"], [item["command"] for item in json.loads(fields["commands"])])
        for method, fields in fake.calls
        if method == "setMyCommands"
    ]
    names = ["problems", "source", "trust", "verify"]
    assert (
        menus
        == [
            ("all_private_chats", ["ask", *names, "study", "settings", "forget", "help", "start"]),
            ("all_group_chats", ["ask", "session", *names, "help"]),
        ]
        * 2
    )
    languages = [fields.get("language_code") for method, fields in fake.calls if method == "setMyCommands"]
    assert languages == [None, None, "en", "en"]
    if bot.config.transport == "webhook":
        [hook] = [fields for method, fields in fake.calls if method == "setWebhook"]
        assert hook["secret_token"] == SECRET
        assert hook["url"] == bot.hook
    else:
        await until(lambda: fake.polls)
        hook = fake.polls[0]
    assert json.loads(hook["allowed_updates"]) == [
        "message",
        "edited_message",
        "callback_query",
        "inline_query",
        "my_chat_member",
        "poll_answer",
    ]


@pytest.mark.fault(23)
async def test_the_token_and_questions_stay_out_of_the_log(
    start: Callable[..., Any], fake: TelegramFake, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_RETRY_SECONDS", (0.0, 0.0))
    bot = await start()
    for name in ("httpx", "httpcore"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
    logging.getLogger().manager._clear_cache()  # type: ignore[attr-defined]
    for number, status in enumerate((500, 502, 409, 401), 1):
        fake.faults += [("sendMessage", status, "Internal", None)] * 10
        await fake.enqueue_update(message_update("隐私几页"), token=TOKEN)
        await until(lambda number=number: log.getvalue().count("could not be told") == number)
        fake.faults.clear()
    try:
        raise RuntimeError(f"{bot.application.bot!r} {bot.application.bot.base_url}")
    except RuntimeError:
        logging.getLogger("x").exception("failed %s", bot.application.bot.base_url, stack_info=True)
    await bot.close()
    assert TOKEN not in log.getvalue()
    assert TOKEN.split(":")[1] not in log.getvalue()
    # httpx did log addresses, so there was something to redact.
    assert "/bot<token>/sendMessage" in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert "隐私" not in log.getvalue()


# The start


@pytest.mark.fault(10)
@pytest.mark.parametrize("transport", ["polling", "webhook"])
async def test_network_down_at_start_then_up(transport: str, log: io.StringIO) -> None:
    late = TelegramFake()
    port = free_port()
    late.url = f"http://127.0.0.1:{port}"
    bot = Bot(late, transport, loaded())
    await until(lambda: log.getvalue().count("Telegram is not reachable") >= 2)
    assert not bot.task.done()
    await late.serve(port)
    try:
        await late.enqueue_update(message_update("几页"), token=TOKEN)
        await until(late.sent)
        assert "政策性文件原则上不超过" in late.sent()[0]["text"]
        await bot.close()
    finally:
        await late.close()
    assert TOKEN not in log.getvalue()


async def test_a_stop_while_the_network_is_down_ends_at_once() -> None:
    nowhere = TelegramFake()
    nowhere.url = f"http://127.0.0.1:{free_port()}"
    bot = Bot(nowhere, "polling", loaded())
    await asyncio.sleep(0)
    await asyncio.wait_for(bot.close(), 3)


@pytest.mark.fault(10)
async def test_polling_goes_on_after_the_network_failed(fake: TelegramFake, log: io.StringIO) -> None:
    fake.faults += [("getUpdates", 502, "Bad Gateway", None), ("getUpdates", 409, "Conflict: terminated", None)]
    bot = await Bot(fake, "polling", loaded()).ready()
    await fake.enqueue_update(message_update("几页"), token=TOKEN)
    await until(fake.sent)
    await bot.close()
    assert "another process polls with the same token" in log.getvalue()


@pytest.mark.fault(10)
async def test_a_token_that_telegram_does_not_know_ends_with_one_line(fake: TelegramFake, log: io.StringIO) -> None:
    fake.bad_token = True
    bot = Bot(fake, "polling", loaded())
    with pytest.raises(JianfuError, match=r"^Telegram 不认这个令牌") as caught:
        await asyncio.wait_for(bot.task, 5)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value) + log.getvalue()
    assert caught.value.__suppress_context__


@pytest.mark.fault(10)
async def test_a_token_revoked_while_polling_ends_with_one_line(fake: TelegramFake) -> None:
    bot = await Bot(fake, "polling", loaded()).ready()
    await until(lambda: fake.polls)
    fake.bad_token = True
    await fake.enqueue_update(message_update("几页"), token=TOKEN)  # ends the long poll
    with pytest.raises(JianfuError, match=r"^Telegram 不认这个令牌"):
        await asyncio.wait_for(bot.task, 8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"webhook_url": ""}, r"telegram\.webhook_url 写明"),
        ({"webhook_url": "http://example.invalid/x"}, "Telegram 不接受这个 webhook 地址"),
        ({"webhook_listen": "203.0.113.7"}, r"不能在 203\.0\.113\.7:"),
    ],
)
async def test_unusable_webhook_settings_are_said_in_chinese(fake: TelegramFake, change: Json, message: str) -> None:
    config = TelegramConfig.model_validate(
        {
            "transport": "webhook",
            "base_url": f"{fake.url}/bot",
            "webhook_url": "https://example.invalid/x",
            "webhook_port": free_port(),
            **change,
        }
    )
    application = telegram_bot.create_application(loaded(), config, TOKEN)
    with pytest.raises(JianfuError, match=message):
        await asyncio.wait_for(telegram_bot.run(application, config, asyncio.Event(), secret=SECRET), 8)


async def test_the_webhook_secret_comes_from_the_environment(
    fake: TelegramFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TelegramConfig(transport="webhook", webhook_url="https://example.invalid/x")
    application = telegram_bot.create_application(loaded(), config, TOKEN)
    for value in ("", "有中文"):
        monkeypatch.setenv("JIANFU_TELEGRAM_WEBHOOK_SECRET", value)
        with pytest.raises(JianfuError, match="JIANFU_TELEGRAM_WEBHOOK_SECRET"):
            await telegram_bot.run(application, config, asyncio.Event())


# The webhook's border


@pytest.mark.fault(12, 20)
@only_webhook
async def test_the_webhook_refuses_strangers_and_survives_nonsense(
    start: Callable[..., Any], fake: TelegramFake, log: io.StringIO
) -> None:
    bot = await start()
    good = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    update = json.dumps(message_update("几页"))
    async with httpx.AsyncClient(trust_env=False) as client:

        async def post(content: bytes | str, headers: dict[str, str]) -> int:
            return (await client.post(bot.hook, content=content, headers=headers)).status_code

        assert await post(update, {}) == 403
        assert await post(update, {"X-Telegram-Bot-Api-Secret-Token": "wrong"}) == 403
        assert await post(update, {"X-Telegram-Bot-Api-Secret-Token": b"\xe9\xff"}) == 403  # type: ignore[dict-item]
        assert await post("{nonsense", good) == 400
        assert await post(b"\xff\xfe", good) == 400
        assert await post("[" * 100_000, good) == 400
        assert await post("[]", good) == 200
        assert await post('{"update_id": 5, "message": {"message_id": 1}}', good) == 200
        assert await post(b" " * (updates.MAX_BODY_BYTES + 1), good) == 413
        assert (await client.get(bot.hook, headers=good)).status_code == 405
        assert fake.sent() == []
        assert await post(update, good) == 200
    await until(fake.sent)
    assert "update 5 cannot be read" in log.getvalue()


# A process of its own


@pytest.mark.fault(15)
async def test_sigterm_ends_a_process_after_its_last_answer(fake: TelegramFake) -> None:
    script = f"""
        from bot.bootstrap import BackgroundAssistant
        from bot.channels import telegram_bot
        from bot.config import TelegramConfig
        from tests.fakes import scripted_assistant
        config = TelegramConfig(base_url={fake.url!r} + "/bot")
        background = BackgroundAssistant(lambda _: scripted_assistant(delay=1.0))
        background.start()
        telegram_bot.run_alone(telegram_bot.create_application(background, config, {TOKEN!r}), config)
        print("ended well")
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(script),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await fake.enqueue_update(message_update("几页"), token=TOKEN)
        await until(lambda: fake.count("sendChatAction"), seconds=30)
        process.send_signal(signal.SIGTERM)
        output, errors = await asyncio.wait_for(process.communicate(), 10)
    finally:
        if process.returncode is None:
            process.kill()
    assert (process.returncode, output, errors) == (0, b"ended well\n", b"")
    assert "政策性文件原则上不超过" in fake.sent()[0]["text"]
