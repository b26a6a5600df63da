"""Updates and the database over a loopback Bot API server: nothing lost, nothing twice, order kept, faults survived."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import random
import sys
import textwrap
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from bot import replies
from bot.bootstrap import BackgroundAssistant
from bot.channels.telegram_bot import delivery, intake
from bot.state import tables
from bot.state.inbox import Arrival, Inbox
from bot.state.state import State
from tests.fakes import ROOT
from tests.states import state_at
from tests.telegram_fake import (
    TOKEN,
    Json,
    TelegramFake,
    check_call,
    edit_update,
    inline_update,
    loaded,
    message_update,
    press_update,
    until,
)
from tests.test_telegram_server import SECRET, Bot

pytest_plugins = ["tests.states"]

BOT_ID = int(TOKEN.split(":")[0])


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[TelegramFake]:
    server = await TelegramFake().serve()
    yield server
    await server.close()
    for method, fields in server.calls:
        check_call(method, fields)


@pytest_asyncio.fixture(params=["polling", "webhook"])
async def start(request: pytest.FixtureRequest, fake: TelegramFake) -> AsyncIterator[Callable[..., Any]]:
    """Starts bots that share whatever state they are given."""
    bots: list[Bot] = []

    async def start_(state: State, background: BackgroundAssistant | None = None, transport: str = "") -> Bot:
        bots.append(Bot(fake, transport or request.param, background or loaded(), state))
        return await bots[-1].ready()

    yield start_
    for bot in bots:
        await bot.close()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything logged from INFO up."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


def kept(state: State) -> dict[int, tuple[str, str | None]]:
    """State and payload of each update in the inbox."""
    with state.database.begin() as connection:
        return {row.update_id: (row.state, row.payload) for row in connection.execute(select(tables.inbox))}


async def all_done(state: State, count: int) -> None:
    await until(lambda: state.inbox.tally(BOT_ID) == {"done": count}, seconds=20)


async def test_every_kind_of_update_goes_through_the_inbox(
    start: Callable[..., Any], fake: TelegramFake, state: State
) -> None:
    await start(state)
    question = message_update("几页")
    await fake.deliver(question)
    await until(fake.sent)
    [(_, answer_id)] = fake.messages
    await fake.deliver(edit_update(question["message"], "密级"))
    await until(lambda: fake.count("editMessageText") == 1)
    await fake.deliver(press_update("o", {**question["message"], "message_id": answer_id}))
    await until(lambda: fake.count("editMessageText") == 2)
    await fake.deliver(inline_update("几页"))
    await until(lambda: fake.count("answerInlineQuery"))
    await all_done(state, 3)  # an inline query is worth nothing later and is not kept
    assert all(payload is None for _, payload in kept(state).values())
    assert fake.undelivered() == []


@pytest.mark.fault(11)
async def test_a_repeated_update_is_answered_once_also_after_a_restart(
    start: Callable[..., Any], fake: TelegramFake, url: str
) -> None:
    first = state_at(url)
    bot = await start(first)
    update = message_update("几页")
    for _ in range(3):
        await fake.deliver(update)
    await all_done(first, 1)
    await bot.close()
    second = state_at(url)
    await start(second)
    await fake.deliver(update)
    await fake.deliver(message_update("/help"))
    await all_done(second, 2)
    assert [call["text"].startswith("<b>《通知》") for call in fake.sent()] == [True, False]


async def test_what_was_taken_in_is_answered_after_a_restart(
    start: Callable[..., Any], fake: TelegramFake, url: str
) -> None:
    first = state_at(url)
    bot = await start(first, loaded(delay=0.8))
    updates = [message_update(f"{number}页") for number in range(3)]
    for update in updates:
        await fake.deliver(update)
    await until(lambda: len(kept(first)) == 3 and fake.count("sendChatAction"))
    await bot.close()
    assert len(fake.sent()) < 3  # what was in work was finished, the rest waits
    second = state_at(url)
    await start(second)
    await all_done(second, 3)
    assert [len(fake.answers_to(update)) for update in updates] == [1, 1, 1]


@pytest.mark.fault(12)
async def test_poison_is_put_aside_with_its_reason(
    start: Callable[..., Any], fake: TelegramFake, state: State, log: io.StringIO
) -> None:
    await start(state)
    poison = message_update("毒")
    del poison["message"]["date"]
    await fake.deliver(poison)
    await fake.deliver(message_update("几页"))
    await until(fake.sent)
    await until(lambda: state.inbox.tally(BOT_ID) == {"dead": 1, "done": 1})
    assert kept(state)[poison["update_id"]] == ("dead", None)
    assert "毒" not in log.getvalue()


async def test_an_update_is_confirmed_only_when_it_is_kept(
    fake: TelegramFake, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    take_in = Inbox.take_in

    def slow_take_in(box: Inbox, **arguments: Any) -> set[int]:
        time.sleep(0.3)
        seen.append((len(fake.undelivered()), len(kept(state))))
        return take_in(box, **arguments)

    monkeypatch.setattr(Inbox, "take_in", slow_take_in)
    for transport in ("polling", "webhook"):
        bot = await Bot(fake, transport, loaded(), state).ready()
        await fake.enqueue_update(message_update("几页"), token=TOKEN)
        await until(lambda: not fake.undelivered())
        await bot.close()
    assert seen == [(1, 0), (1, 1)]


@pytest.mark.fault(5)
async def test_while_the_database_is_away_answers_go_on(
    start: Callable[..., Any], fake: TelegramFake, tmp_path: Path, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(intake, "_LONGEST_PAUSE", 0.2)
    blocker = tmp_path / "place"
    blocker.write_text("a file where the folder should be", "utf8")
    state = state_at(f"sqlite:///{blocker}/x.db")
    await start(state)
    await fake.deliver(message_update("几页"))
    await until(fake.sent)
    assert "updates are in memory only" in log.getvalue()
    blocker.unlink()
    await fake.deliver(message_update("几页"))
    await all_done(state, 1)
    assert len(fake.sent()) == 2
    assert "几页" not in log.getvalue()


@pytest.mark.fault(10)
async def test_an_answer_that_the_network_lost_is_delivered_later(
    start: Callable[..., Any], fake: TelegramFake, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_RETRY_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(intake, "RETRY_SECONDS", 0.3)
    await start(state)
    fake.faults += [("sendMessage", 502, "Bad Gateway", None)] * 3
    question = message_update("几页")
    await fake.deliver(question)
    await fake.deliver(message_update("/help"))
    await all_done(state, 2)
    texts = [call["text"] for call in fake.sent()]
    assert len(texts) == 5
    assert texts[3] == texts[0]  # in order, although it had to wait
    assert texts[4].startswith(replies.help_text())
    assert not any("编号" in text and "出了点问题" in text for text in texts)


async def test_a_network_that_stays_away_is_given_up_and_does_not_block_the_chat(
    start: Callable[..., Any], fake: TelegramFake, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_RETRY_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(intake, "RETRY_SECONDS", 0.05)
    await start(state)
    fake.faults += [("sendMessage", 502, "Bad Gateway", None)] * 9
    await fake.deliver(message_update("几页"))
    await fake.deliver(message_update("/help"))
    await until(lambda: state.inbox.tally(BOT_ID) == {"dead": 1, "done": 1}, seconds=20)
    assert fake.sent()[-1]["text"].startswith(replies.help_text())


# Several replicas behind one webhook


async def test_two_replicas_answer_each_update_once_and_in_order(
    fake: TelegramFake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SETTLE_SECONDS", 5.0)  # a busy test machine may take long to post a window
    states = [state_at(url) for _ in range(2)]
    bots = [await Bot(fake, "webhook", loaded(), state).ready() for state in states]
    for state in states:
        state.database.open()
    by_chat = {chat: [message_update(f"{n}页", user=chat) for n in range(6)] for chat in range(1, 9)}
    updates = [update for turn in zip(*by_chat.values(), strict=True) for update in turn]
    updates.sort(key=lambda update: int(update["update_id"]))
    random.seed(4)
    posts: list[tuple[str, Json]] = []
    for start in range(0, len(updates), 12):  # Telegram sends side by side, so neighbours overtake each other
        window = [(bot.hook, update) for update in updates[start : start + 12] for bot in bots for _ in range(2)]
        random.shuffle(window)
        posts += window
    async with httpx.AsyncClient(trust_env=False, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as client:
        slots = asyncio.Semaphore(8)

        async def post(hook: str, update: Json) -> int:
            async with slots:
                return (await client.post(hook, json=update)).status_code

        statuses = await asyncio.gather(*(post(*one) for one in posts))
    assert set(statuses) == {200}
    await all_done(states[0], len(updates))
    for bot in bots:
        await bot.close()
    order = defaultdict(list)
    for call in fake.sent():
        order[int(call["chat_id"])].append(json.loads(call["reply_parameters"])["message_id"])
    assert {chat: len(sent) for chat, sent in order.items()} == dict.fromkeys(by_chat, 6)
    for chat, asked in by_chat.items():
        expected = [update["message"]["message_id"] for update in sorted(asked, key=lambda one: int(one["update_id"]))]
        assert order[chat] == expected
    for state in states:
        state.close()


async def test_a_replica_takes_over_from_one_that_died(fake: TelegramFake, url: str) -> None:
    state = state_at(url)
    update = message_update("几页")
    dead = state_at(url)
    # Another replica claimed it, and was killed: its lease is over by now.
    long_ago = time.time() - 60
    dead.inbox.take_in(BOT_ID, [Arrival(update["update_id"], "telegram:chat:42:0", json.dumps(update))], now=long_ago)
    assert len(dead.inbox.claim(BOT_ID, 1, now=long_ago)) == 1
    bot = await Bot(fake, "webhook", loaded(), state).ready()
    await all_done(state, 1)
    await bot.close()
    assert len(fake.answers_to(update)) == 1


# Killed at any moment


@pytest.mark.fault(11)
@pytest.mark.parametrize("killed_while", ["answering", "between answers"])
async def test_kill_9_loses_no_question(fake: TelegramFake, url: str, killed_while: str) -> None:
    script = f"""
        from bot.bootstrap import BackgroundAssistant
        from bot.channels import telegram_bot
        from bot.config import TelegramConfig
        from tests.fakes import scripted_assistant
        from tests.states import state_at
        config = TelegramConfig(base_url={fake.url!r} + "/bot")
        background = BackgroundAssistant(lambda _: scripted_assistant(delay=0.3))
        background.start()
        state = state_at({url!r})
        telegram_bot.run_alone(telegram_bot.create_application(background, config, {TOKEN!r}, state=state), config)
    """

    async def run() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", textwrap.dedent(script), cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )

    process = await run()
    updates = [message_update(f"{number}页", user=user) for number in range(3) for user in (1, 2)]
    try:
        for update in updates:
            await fake.deliver(update)
        if killed_while == "answering":
            await until(lambda: fake.count("sendChatAction") and not fake.undelivered(), seconds=90)
        else:
            await until(lambda: len(fake.sent()) >= 2, seconds=90)
        process.kill()
        await process.wait()
        process = await run()
        state = state_at(url)
        await until(lambda: state.inbox.tally(BOT_ID) == {"done": 6}, seconds=90)
        state.close()
    finally:
        process.kill()
        await process.wait()
    assert {len(fake.answers_to(update)) for update in updates} <= {1, 2}
