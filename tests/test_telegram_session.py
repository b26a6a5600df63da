"""Study sessions in a group over a loopback Bot API server: polls, votes, time, who may lead, faults, restarts, replicas."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import func, select

from bot import replies
from bot.bootstrap import BackgroundAssistant
from bot.channels.telegram_bot import delivery, intake, session_runner
from bot.channels.telegram_bot.session_text import read_control, read_setup
from bot.channels.telegram_bot.text import quote_text
from bot.quiz.item import Item
from bot.quiz.layout import LETTERS
from bot.rooms import words
from bot.rooms.announcements import Announcements
from bot.rooms.classroom import Classroom
from bot.rooms.report import follow_up
from bot.rooms.room import Room, Tally
from bot.state import tables
from bot.state.database import StateUnavailable
from bot.state.inbox import Arrival
from bot.state.rooms import RoomBook
from bot.state.state import State
from tests.fakes import real_knowledge
from tests.states import state_at
from tests.telegram_fake import (
    BOT_NAME,
    TOKEN,
    Json,
    TelegramFake,
    bot_message,
    check_call,
    loaded,
    member_update,
    message_update,
    press_update,
    read_html,
    until,
    vote_update,
)
from tests.test_telegram_server import SECRET, Bot

pytest_plugins = ["tests.states"]

GROUP, TRAINER, ADMIN, MEMBER = -100200, 42, 43, 44
BOT_ID = int(TOKEN.split(":")[0])
only_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


@pytest.fixture(scope="module")
def background() -> BackgroundAssistant:
    return loaded()


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[TelegramFake]:
    server = await TelegramFake().serve()
    server.administrators.add(ADMIN)
    yield server
    await server.close()
    for method, fields in server.calls:
        check_call(method, fields)


class Group:
    """A group with a bot that runs sessions on a clock which stands until it is moved."""

    def __init__(self, fake: TelegramFake, state: State, background: BackgroundAssistant) -> None:
        self.fake, self.state, self.background = fake, state, background
        self.now = 1_000_000_000.0
        self.chat = GROUP
        self.bots: list[Bot] = []
        self.classroom = Classroom(state.rooms, f"tg:{BOT_ID}", 90, lambda: self.now, speaks_after=True)

    async def start(self, transport: str = "polling", state: State | None = None) -> Bot:
        bot = Bot(self.fake, transport, self.background, state or self.state, clock=lambda: self.now)
        bot.application.bot.rate_limiter._group_max_rate = 10_000  # a test need not wait three seconds a message
        self.bots.append(bot)
        return await bot.ready()

    async def stop(self) -> None:
        while self.bots:
            await self.bots.pop().close()

    async def say(self, text: str, *, user: int = TRAINER, **fields: Any) -> tuple[int, Json]:
        """Say something in the group; id and fields of the bot's reply."""
        before = len(self.fake.sent())
        await self.fake.deliver(message_update(text, user=user, chat=self.chat, **fields))
        await until(lambda: len(self.fake.sent()) > before)
        return max(message for chat, message in self.fake.messages if chat == self.chat), self.fake.sent()[-1]

    async def press(self, data: str, message: int, *, user: int = TRAINER, **fields: Any) -> Json:
        """Press a button; what the presser is shown."""
        before = self.fake.count("answerCallbackQuery")
        shown = bot_message(
            self.chat, message, reply_markup={"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}
        )
        await self.fake.deliver(press_update(data, {**shown, **fields}, user=user))
        await until(lambda: self.fake.count("answerCallbackQuery") > before)
        return [call for name, call in self.fake.calls if name == "answerCallbackQuery"][-1]

    async def open(self, count: int = 5, **fields: Any) -> str:
        """Start a session, and wait for its first poll; its code."""
        message, call = await self.say("/session", **fields)
        [go] = [data for data in buttons(call) if data.startswith("room+:go:")]
        await self.press(go.replace(":10:30:", f":{count}:30:"), message, **fields)
        await self.poll(0)
        return self.code

    @property
    def code(self) -> str:
        [code] = self.classroom.open_rooms()
        return code

    @property
    def room(self) -> Room:
        return self.classroom.room(self.code)

    @property
    def polls(self) -> list[Json]:
        """Every poll that was sent, in order."""
        return list(self.fake.quizzes.values())

    def noted(self) -> list[tuple[int, str, int]]:
        """(position, poll, message) of every poll on record."""
        with self.state.rooms.holding(self.code) as rows:
            return rows.polls() if rows is not None else []

    async def poll(self, number: int) -> Json:
        """The poll of an item, once it was sent and noted."""

        def noted() -> bool:
            with suppress(ValueError):
                return any(position == number for position, _, _ in self.noted())
            return False

        await until(noted, seconds=20)
        [(poll, message)] = [(p, m) for position, p, m in self.noted() if position == number][-1:]
        assert self.fake.quizzes[message]["id"] == poll
        return self.fake.quizzes[message]

    async def control(self, action: str, *, user: int = TRAINER) -> Json:
        """Press a button of the open item."""
        room = self.room
        message = max(self.fake.quizzes)
        return await self.press(f"room:{room.code}:{action}:{room.position}", message, user=user)

    async def vote(self, poll: Json, *options: int, user: int) -> None:
        """Vote, and wait until the vote was handled."""
        await self.fake.deliver(vote_update(poll["id"], *options, user=user))
        await self.idle()

    async def idle(self) -> None:
        await until(lambda: not self.fake.undelivered() and "open" not in self.state.inbox.tally(BOT_ID))

    async def phase(self, phase: str, position: int) -> None:
        await until(lambda: (self.room.phase, self.room.position) == (phase, position))

    async def quiet(self) -> None:
        """Wait until every bot has said what the session has to say."""

        def told() -> bool:
            runners = [bot.application.sessions for bot in self.bots]
            return all(runner is not None and runner._told.get(self.code) == self.room.revision for runner in runners)

        await until(told)

    async def time_over(self) -> None:
        """Move the clock to where the open item closes, or the next one comes."""
        await self.quiet()
        room = self.room
        assert room.deadline is not None
        self.now = room.deadline + (1.0 if room.phase == "asking" else 0.0)

        def moved() -> bool:
            now = self.classroom.room(room.code)  # stays readable when the session is over
            return (now.phase, now.position) != (room.phase, room.position)

        await until(moved)

    async def answer(self, number: int) -> Json:
        """The message with an item's answer."""
        head = f"<b>第 {number + 1}/"
        await until(lambda: any(call["text"].startswith(head) for call in self.fake.sent()))
        return next(call for call in self.fake.sent() if call["text"].startswith(head))

    async def settled(self) -> None:
        await until(lambda: not self.state.rooms.placed_rooms(f"tg:{BOT_ID}"), seconds=20)


@pytest_asyncio.fixture
async def group(
    fake: TelegramFake, state: State, background: BackgroundAssistant, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Group]:
    monkeypatch.setattr(session_runner, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(session_runner, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(intake, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(delivery, "_RETRY_SECONDS", (0.0, 0.0))
    made = Group(fake, state, background)
    yield made
    await made.stop()


def buttons(call: Json) -> list[str]:
    markup = json.loads(call.get("reply_markup", '{"inline_keyboard": []}'))
    return [button["callback_data"] for row in markup["inline_keyboard"] for button in row]


def labels(call: Json) -> list[list[str]]:
    return [[button["text"] for button in row] for row in json.loads(call["reply_markup"])["inline_keyboard"]]


def calls(fake: TelegramFake, name: str) -> list[Json]:
    return [fields for method, fields in fake.calls if method == name]


def wrong(item: Item) -> list[int]:
    if item.kind == "multiple":
        return list(item.key[:-1] if len(item.key) > 1 else range(len(item.options)))
    return [next(place for place in range(len(item.options)) if place not in item.key)]


# A whole session


async def test_a_session_of_several_people_from_the_start_to_the_closing_sheet(
    group: Group, fake: TelegramFake, state: State
) -> None:
    await group.start()
    topic = {"message_thread_id": 9, "is_topic_message": True}
    code = await group.open(5, **topic)
    items = group.room.items
    assert all(item.telegram_fits for item in items)
    for number, item in enumerate(items):
        poll = await group.poll(number)
        sent = calls(fake, "sendPoll")[-1]
        assert (sent["chat_id"], sent["message_thread_id"]) == (str(GROUP), "9")
        assert (sent["is_anonymous"], sent["type"]) == ("false", "quiz")
        assert sent["question"] in (item.stem, f"（{number + 1}/5）{item.stem}")
        assert [one["text"] for one in poll["options"]] == list(item.options)
        assert poll["correct_option_ids"] == list(item.key)
        assert poll["allows_multiple_answers"] == (item.kind == "multiple")
        for user in (1, 2, 3):
            right = user == 1 or (number == 0 and user == 2)
            await fake.deliver(vote_update(poll["id"], *(item.key if right else wrong(item)), user=user))
        await group.idle()
        assert group.classroom.tally(code) is not None
        await group.time_over()
        said = await group.answer(number)
        text, [quote] = read_html(said["text"])
        assert f"3 人作答，{2 if number == 0 else 1} 人答对。" in text
        assert "；".join(f"{LETTERS[place]}．{item.options[place]}" for place in item.key) in text
        assert item.citation.label in text
        assert quote == quote_text(item.citation.quote)
        assert said["message_thread_id"] == "9"
        assert poll["is_closed"]
        await group.quiet()
        assert (group.room.phase, group.room.deadline) == ("shown", group.now + 20)
        await group.time_over()
    await group.settled()
    report = group.classroom.report(code)
    assert [one.tally for one in report.results] == [
        Tally(3, 3, 2 if number == 0 else 1, report.results[number].tally.counts) for number in range(5)
    ]
    sheets = [read_html(call["text"]) for call in fake.sent() if call["text"].startswith("<b>《通知》学习总结：")]
    first = fake.sent().index(next(call for call in fake.sent() if "学习总结：" in call["text"]))
    texts = [read_html(call["text"]) for call in fake.sent()[first:]]
    assert len(sheets) == 1
    whole = "\n".join(text for text, _ in texts)
    assert "3 人参加，出了 5 题。" in whole
    for number, one in enumerate(report.results, 1):
        assert f"{number}．{one.item.citation.label}（" in whole
    assert len(report.weak) == len({item.clause for item in items})
    assert [quote for _, quotes in texts for quote in quotes] == [quote_text(one.quote) for one in report.weak]
    assert all(f"{one.label}（{one.right}/{one.answered} 答对）" in whole for one in report.weak)
    [(name, content)] = fake.files
    assert name == words.FOLLOW_UP_FILE
    assert content[:2] == b"PK"
    [document] = calls(fake, "sendDocument")
    assert document["caption"] == words.FOLLOW_UP.format(count=len(follow_up(report, real_knowledge())))
    assert fake.count("sendPoll") == fake.count("stopPoll") == 5
    with state.database.begin() as connection:
        for table in (tables.room_seats, tables.room_answers, tables.room_polls, tables.room_parts):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
        kept = str(connection.execute(select(tables.rooms)).mappings().one())
    assert str(GROUP) not in kept


@only_sqlite
async def test_one_tap_starts_and_buttons_change_what_it_will_be(group: Group, fake: TelegramFake) -> None:
    await group.start()
    message, call = await group.say(f"/session@{BOT_NAME}")
    assert "我只记总数" in call["text"]
    assert labels(call) == [
        ["✓ 全文", "问题一", "问题二"],
        ["问题三", "问题四", "贯彻落实"],
        ["5 题", "✓ 10 题", "15 题", "20 题"],
        ["15 秒", "✓ 30 秒", "45 秒", "60 秒"],
        ["✓ 只记总数", "可自愿留名"],
        ["开始"],
    ]
    scope = next(data for data in buttons(call) if read_setup(data)[1].scope == "2")  # type: ignore[index]
    await group.press(scope, message)
    await until(lambda: fake.count("editMessageText") == 1)
    edited = calls(fake, "editMessageText")[-1]
    assert labels(edited)[0] == ["全文", "问题一", "✓ 问题二"]
    await group.press(next(one for one in buttons(edited) if ":10:60:" in one), message)
    await until(lambda: fake.count("editMessageText") == 2)
    edited = calls(fake, "editMessageText")[-1]
    await group.press(buttons(edited)[-1], message)
    await group.poll(0)
    room = group.room
    assert (len(room.items), room.settings.seconds, room.settings.title) == (10, 60, "《通知》问题二学习")
    assert {item.clause.split(".")[0] for item in room.items} == {"2"}
    assert room.deadline == group.now + 60
    [tapped] = [call for call in calls(fake, "editMessageText") if "开始！" in call["text"]]
    assert "reply_markup" not in tapped
    again = await group.press(buttons(edited)[-1], message)
    assert again["text"] == words.SESSION_ALREADY
    assert len(group.polls) == 1


# Who leads, and what the buttons do


@only_sqlite
async def test_only_the_starter_and_administrators_lead(group: Group, fake: TelegramFake) -> None:
    await group.start()
    message, call = await group.say("/session")
    told = await group.press(buttons(call)[-1], message, user=MEMBER)
    assert (told["text"], told["show_alert"]) == (words.SESSION_NOT_YOURS, "true")
    assert group.classroom.open_rooms() == {}
    await group.press(buttons(call)[-1], message, user=ADMIN)
    await group.poll(0)
    for action in ("pause", "skip", "more", "end?", "end", "reveal"):
        told = await group.control(action, user=MEMBER)
        assert told["text"] == words.SESSION_NOT_YOURS
    assert (await group.control("pause", user=TRAINER))["text"] == words.SESSION_NOT_YOURS, (
        "an administrator started it"
    )
    assert (group.room.phase, group.room.position) == ("asking", 0)
    assert (await group.control("pause", user=ADMIN))["text"] == "已暂停。"
    roles = [call["user_id"] for call in calls(fake, "getChatMember")]
    assert sorted(roles) == sorted({str(MEMBER), str(ADMIN), str(TRAINER)}), "each is asked for once a minute"


@only_sqlite
async def test_where_a_role_cannot_be_looked_up_nothing_is_done(group: Group, fake: TelegramFake) -> None:
    await group.start()
    await group.open()
    fake.faults += [("getChatMember", 502, "Bad Gateway", None)]
    assert (await group.control("skip", user=ADMIN))["text"] == words.SESSION_NOT_CHECKED
    assert group.room.position == 0
    await group.control("skip", user=ADMIN)
    await group.phase("asking", 1)


@only_sqlite
async def test_pause_extend_skip_reveal_next_and_end(group: Group, fake: TelegramFake) -> None:
    await group.start()
    code = await group.open()
    poll = await group.poll(0)
    assert labels(calls(fake, "sendPoll")[-1]) == [["暂停", "+30 秒", "公布答案"], ["跳过", "结束"]]

    assert (await group.control("pause"))["text"] == "已暂停。"
    await until(lambda: fake.count("editMessageReplyMarkup") == 1)
    assert labels(calls(fake, "editMessageReplyMarkup")[-1])[0] == ["已暂停 · 继续"]
    group.now += 500
    await group.vote(poll, *group.room.items[0].key, user=1)
    assert group.room.phase == "paused"
    await group.control("resume")
    assert group.room.deadline == group.now + 30
    await group.control("more")
    assert group.room.deadline == group.now + 60
    group.now += 59

    await group.control("reveal")
    said = await group.answer(0)
    assert "1 人作答，1 人答对。" in said["text"]
    assert labels(said) == [["下一题"], ["停在这里", "+30 秒", "结束"]]
    await until(lambda: group.room.deadline == group.now + 20)
    await group.control("pause")
    assert (group.room.phase, group.room.deadline) == ("shown", None)
    group.now += 1000
    await group.control("next")
    await group.poll(1)

    stale = await group.press(f"room:{code}:skip:0", max(fake.quizzes))
    assert stale["text"] == words.SESSION_PASSED
    skipped = await group.poll(1)
    await group.control("skip")
    await group.poll(2)
    await until(lambda: skipped["is_closed"])
    await group.control("reveal")
    await group.answer(2)
    assert not any(call["text"].startswith("<b>第 2/") for call in fake.sent()), "a skipped item has no answer"
    await group.control("next")
    last = await group.poll(3)

    await group.control("end?")
    await until(lambda: labels(calls(fake, "editMessageReplyMarkup")[-1]) == [["确定结束", "不结束"]])
    await group.control("back")
    await until(lambda: labels(calls(fake, "editMessageReplyMarkup")[-1])[0][0] == "暂停")
    assert group.room.phase == "asking"
    await group.control("end")
    await group.settled()
    assert last["is_closed"]
    report = group.classroom.report(code)
    assert (report.skipped, len(report.results)) == (1, 3)
    assert any("出了 3 题，跳过 1 题。" in call["text"] for call in fake.sent())
    over = await group.press(f"room:{code}:next:3", max(fake.quizzes))
    assert over["text"] == words.NOT_NOW["over"]


@only_sqlite
async def test_a_second_session_offers_to_go_on_or_to_end(group: Group, fake: TelegramFake) -> None:
    await group.start()
    code = await group.open()
    await group.control("pause")
    message, call = await group.say("/session", user=ADMIN)
    assert call["text"] == words.SESSION_OPEN.format(title="《通知》学习", where="第 1/5 题，已暂停")
    go, end = buttons(call)
    await group.press(go, message, user=MEMBER)
    assert group.room.phase == "paused"
    await group.press(go, message, user=ADMIN)
    assert group.room.phase == "asking"
    await until(lambda: int(calls(fake, "editMessageReplyMarkup")[-1]["message_id"]) == message)
    await group.press(end, message)
    await group.settled()
    assert group.classroom.report(code).results[0].tally.answered == 0
    assert any(words.SHEET_NOTHING in call["text"] for call in fake.sent())
    assert fake.files == []
    _, call = await group.say("/session")
    assert "room+:go" in buttons(call)[-1]


@only_sqlite
@pytest.mark.parametrize(
    "data",
    ["room:1:pause:0", "room:123456:dance:0", "room:123456:pause:0", "room+:go:7:30:ab:", "room+:go:5:30:zz:", "room:"],
)
async def test_forged_buttons_do_nothing(group: Group, data: str) -> None:
    await group.start()
    told = await group.press(data, 5)
    assert told["show_alert"] == "true"
    assert group.classroom.open_rooms() == {}


async def test_a_button_of_another_group_does_nothing(group: Group) -> None:
    await group.start()
    code = await group.open()
    group.chat = GROUP - 1
    told = await group.press(f"room:{code}:end:0", 5)
    assert told["text"] == replies.TELEGRAM_UNKNOWN_BUTTON
    assert group.room.phase == "asking"


@only_sqlite
async def test_in_private_a_session_is_explained(group: Group, fake: TelegramFake) -> None:
    await group.start()
    await fake.deliver(message_update("/session"))
    await until(fake.sent)
    assert fake.sent()[0]["text"] == words.SESSION_GROUP_ONLY


# Votes


async def test_a_vote_counts_once_and_only_in_time(group: Group, fake: TelegramFake) -> None:
    await group.start()
    code = await group.open()
    item, poll = group.room.items[0], await group.poll(0)
    await group.vote(poll, user=1)  # a vote that was taken back
    await group.vote({"id": "77"}, 0, user=1)  # somebody else's poll
    await group.vote(poll, 11, user=1)  # no option of it
    assert group.classroom.tally(code) == Tally(0, 0, 0, (0,) * len(item.options))
    await group.vote(poll, *item.key, user=1)
    await group.vote(poll, *wrong(item), user=1)
    await group.time_over()
    await group.answer(0)
    await group.vote(poll, *item.key, user=2)
    await until(lambda: group.room.phase == "shown")
    found = group.classroom.tally(code)
    assert found is not None
    assert (found.seats, found.answered, found.right) == (2, 1, 1)


@only_sqlite
async def test_two_hundred_votes_at_once_are_each_counted_once(group: Group, fake: TelegramFake) -> None:
    await group.start()
    code = await group.open()
    item, poll = group.room.items[0], await group.poll(0)
    votes = [vote_update(poll["id"], *item.key, user=user) for user in range(1, 201)]
    fake._update_queues._state(TOKEN).updates += votes[:-1]
    await fake.deliver(votes[-1])
    await until(lambda: not fake.undelivered())
    await group.time_over()  # closes only when the votes that came in are counted
    await group.answer(0)
    found = group.classroom.tally(code)
    assert found is not None
    assert (found.seats, found.answered, found.right) == (200, 200, 200)


async def test_forgetting_deletes_votes_in_open_sessions(group: Group, fake: TelegramFake) -> None:
    await group.start()
    code = await group.open()
    item, poll = group.room.items[0], await group.poll(0)
    for user in (1, 2):
        await group.vote(poll, *item.key, user=user)
    await fake.deliver(message_update("/forget", user=1))
    await until(lambda: any(words.SESSION_FORGOTTEN in call["text"] for call in fake.sent(1)))
    assert group.classroom.tally(code).seats == 1  # type: ignore[union-attr]


# Faults


@only_sqlite
async def test_429_at_a_poll_delays_it_and_its_clock(group: Group, fake: TelegramFake) -> None:
    await group.start()
    fake.faults.append(("sendPoll", 429, "Too Many Requests: retry after 1", {"retry_after": 1}))
    message, call = await group.say("/session")
    await group.press(buttons(call)[-1], message)
    await until(lambda: fake.count("sendPoll") == 1)
    group.now += 100  # longer than the item's time
    await group.poll(0)
    await until(lambda: group.room.deadline == group.now + 30)
    assert (fake.count("sendPoll"), len(group.polls)) == (2, 1)


@only_sqlite
async def test_what_the_network_lost_is_said_again(group: Group, fake: TelegramFake) -> None:
    await group.start()
    fake.faults += [("sendPoll", 502, "Bad Gateway", None)] * 2
    await group.open()
    assert len(group.polls) == 1
    fake.faults += [("stopPoll", 502, "Bad Gateway", None)] * 3 + [("sendMessage", 500, "Internal", None)] * 3
    await group.control("reveal")
    await until(lambda: group.room.phase == "shown")
    await group.quiet()
    assert not fake.faults
    assert len([call for call in fake.sent() if call["text"].startswith("<b>第 1/")]) == 4


@only_sqlite
async def test_a_poll_that_is_closed_or_gone_already_costs_nothing(group: Group, fake: TelegramFake) -> None:
    await group.start()
    await group.open()
    (await group.poll(0))["is_closed"] = True
    await group.control("reveal")
    await group.answer(0)
    await group.control("next")
    await group.poll(1)
    fake.quizzes.pop(max(fake.quizzes))
    message = max(message for _, message in fake.messages)
    await group.press(f"room:{group.code}:reveal:1", message)
    await group.answer(1)


@only_sqlite
async def test_a_poll_that_telegram_refuses_is_skipped(group: Group, fake: TelegramFake) -> None:
    await group.start()
    fake.faults.append(("sendPoll", 400, "Bad Request: poll options must be non-empty", None))
    message, call = await group.say("/session")
    await group.press(buttons(call)[-1], message)
    await group.poll(1)
    assert group.room.skipped == {0}


@only_sqlite
@pytest.mark.parametrize("how", ["told", "refused", "no right to write"])
async def test_thrown_out_of_the_group_the_report_waits_for_its_return(
    group: Group, fake: TelegramFake, how: str
) -> None:
    await group.start()
    code = await group.open()
    poll = await group.poll(0)
    await group.vote(poll, *wrong(group.room.items[0]), user=1)
    if how == "told":
        await fake.deliver(member_update("member", "kicked", chat=GROUP))
    else:
        error = (403, "Forbidden: bot was kicked from the supergroup chat")
        if how != "refused":
            error = (400, "Bad Request: not enough rights to send text messages to the chat")
        fake.faults.append(("sendPoll", *error, None))
        await group.control("skip")
    await until(lambda: group.classroom.room(code).phase == "over")
    before = len(fake.sent())
    report = group.classroom.report(code)
    assert report.seats == 1
    await group.idle()
    assert len(fake.sent()) == before
    await fake.deliver(member_update("kicked", "member", chat=GROUP))
    await group.settled()
    assert any("学习总结：1 人参加" in call["text"] for call in fake.sent())


@only_sqlite
async def test_a_group_that_forbids_polls_is_told_so(group: Group, fake: TelegramFake) -> None:
    await group.start()
    code = await group.open()
    poll = await group.poll(0)
    await group.vote(poll, *group.room.items[0].key, user=1)
    fake.faults.append(("sendPoll", 400, "Bad Request: not enough rights to send polls to the chat", None))
    await group.control("skip")
    await until(lambda: group.classroom.room(code).phase == "over")
    await group.settled()
    texts = [call["text"] for call in fake.sent()]
    assert sum("不让我发投票" in text for text in texts) == 1
    assert any("学习总结：1 人参加，出了 0 题，跳过 2 题" in text for text in texts)


@only_sqlite
@pytest.mark.parametrize("how", ["told", "refused"])
async def test_a_group_that_becomes_a_supergroup_goes_on_there(group: Group, fake: TelegramFake, how: str) -> None:
    await group.start()
    await group.open()
    new = GROUP - 7
    if how == "told":
        moved = message_update(None, chat=GROUP, migrate_to_chat_id=new)
        moved["message"]["chat"] = {"id": GROUP, "type": "group", "title": "G"}
        await fake.deliver(moved)
        await until(lambda: group.classroom.open_rooms()[group.code]["chat"] == new)
        group.chat = new
    else:
        error = "Bad Request: group chat was upgraded to a supergroup chat"
        fake.faults.append(("sendPoll", 400, error, {"migrate_to_chat_id": new}))
    await group.control("skip")
    await group.poll(1)
    assert calls(fake, "sendPoll")[-1]["chat_id"] == str(new)
    assert group.classroom.open_rooms()[group.code]["chat"] == new


@only_sqlite
async def test_a_vote_before_its_poll_is_on_record_is_counted(
    group: Group, fake: TelegramFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is slow to note a poll that the class sees already."""
    done, sent, noted = Announcements.done, threading.Event(), threading.Event()

    def slow(self: Announcements, code: str, step: Any, **fields: Any) -> None:
        if step == (0, "poll"):
            sent.set()
            assert noted.wait(20)
        done(self, code, step, **fields)

    monkeypatch.setattr(Announcements, "done", slow)
    looked: list[str] = []
    find = RoomBook.find_poll
    monkeypatch.setattr(RoomBook, "find_poll", lambda self, poll: looked.append(poll) or find(self, poll))
    await group.start()
    message, call = await group.say("/session")
    [go] = [data for data in buttons(call) if data.startswith("room+:go:")]
    await group.press(go, message)
    await until(sent.is_set)
    poll = group.polls[0]
    await fake.deliver(vote_update(poll["id"], *group.room.items[0].key, user=1))
    await until(lambda: poll["id"] in looked)
    noted.set()
    await group.idle()
    await until(lambda: group.classroom.tally(group.code).answered == 1)  # type: ignore[union-attr]


@only_sqlite
async def test_names_are_given_by_their_owners_and_shown_to_the_starter_alone(group: Group, fake: TelegramFake) -> None:
    await group.start()
    message, call = await group.say("/session")
    [named] = [data for data in buttons(call) if read_setup(data) and read_setup(data)[1].named]  # type: ignore[index]
    await group.press(named, message)
    await until(lambda: fake.count("editMessageText") == 1)
    edited = calls(fake, "editMessageText")[-1]
    assert words.SESSION_CHOSEN.format(text=words.SESSION_NAMED[True]) in itertools.chain(*labels(edited))
    await group.press(buttons(edited)[-1].replace(":10:", ":5:"), message)
    poll, code = await group.poll(0), group.code
    started = calls(fake, "editMessageText")[-1]
    sign, unsign = buttons(started)
    assert "不点就只算进总数" in started["text"]
    await group.vote(poll, *group.room.items[0].key, user=1)
    for user in (1, 2, 3):
        assert "已留名" in (await group.press(sign, message, user=user))["text"]
    for _ in range(2):  # delivered twice does the same as once
        assert (await group.press(unsign, message, user=2))["text"] == words.SESSION_UNSIGNED
    await group.control("end")
    await group.settled()
    assert group.classroom.report(code).seats == 2  # who took the name back and answered nothing was not there
    sheet = next(one for one in fake.sent() if "总结" in one["text"])
    [show] = buttons(sheet)
    assert labels(sheet) == [["看留名（2 人）"]]
    for user in (MEMBER, ADMIN):
        assert (await group.press(show, message, user=user))["text"] == words.SESSION_NAMES_YOURS
    group.chat = GROUP - 99  # a group of their own, which they lead
    assert (await group.press(show, message, user=ADMIN))["text"] == words.SESSION_NAMES_YOURS
    group.chat = GROUP
    fake.faults.append(("sendMessage", 403, "Forbidden: bot can't initiate conversation with a user", None))
    assert (await group.press(show, message))["text"] == words.SESSION_NAMES_CLOSED
    assert (await group.press(unsign, message, user=3))["text"] == words.SESSION_UNSIGNED  # after the end, too
    assert (await group.press(show, message))["text"] == words.SESSION_NAMES_SENT
    listed = fake.sent()[-1]
    assert listed["chat_id"] == str(TRAINER)
    assert listed["text"].count("答 1 题，对 1 题") == 1
    assert "答 0 题" not in listed["text"]
    assert group.classroom.forget("telegram:1") == 1
    assert (await group.press(show, message))["text"] == words.SESSION_NAMES_NONE
    assert group.classroom.named(code) == []


# Restarts


async def test_a_restart_in_the_middle_loses_nothing_and_repeats_nothing(group: Group, fake: TelegramFake) -> None:
    await group.start()
    code = await group.open()
    items, poll = group.room.items, await group.poll(0)
    await group.vote(poll, *items[0].key, user=1)
    await group.stop()
    # Acknowledged by the process that died, handled by none; and voted while nobody was there.
    acknowledged = vote_update(poll["id"], *items[0].key, user=2)
    group.state.inbox.take_in(
        BOT_ID, [Arrival(acknowledged["update_id"], "telegram:vote:2:0", json.dumps(acknowledged))]
    )
    await fake.deliver(vote_update(poll["id"], *wrong(items[0]), user=3))
    group.now += 300
    await group.start()
    await group.idle()
    await until(lambda: group.room.deadline == group.now + 30)
    assert (group.room.phase, group.room.position) == ("asking", 0)
    await group.time_over()
    assert "3 人作答，2 人答对。" in (await group.answer(0))["text"]
    await until(lambda: group.room.deadline == group.now + 20)
    await group.stop()
    await group.start()
    await group.time_over()
    await group.poll(1)
    assert fake.count("sendPoll") == 2
    assert len([call for call in fake.sent() if call["text"].startswith("<b>第 1/")]) == 1
    assert code == group.code


async def test_a_poll_that_nobody_noted_is_sent_again_and_its_votes_count_nowhere(
    group: Group, fake: TelegramFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    await group.start()
    monkeypatch.setattr(Announcements, "done", _dies)
    message, call = await group.say("/session")
    await group.press(buttons(call)[-1], message)
    await until(lambda: len(group.polls) == 1)
    await group.stop()
    monkeypatch.undo()
    group.now += 300
    await group.start()
    poll = await group.poll(0)
    [lost, noted] = group.polls
    assert poll == noted
    await until(lambda: group.room.deadline == group.now + 30)
    await group.vote(lost, *group.room.items[0].key, user=1)
    await group.vote(noted, *group.room.items[0].key, user=2)
    assert group.classroom.tally(group.code).answered == 1  # type: ignore[union-attr]


def _dies(*arguments: Any, **named: Any) -> None:
    raise StateUnavailable("killed here")


async def test_a_restart_before_the_closing_sheet_still_brings_it(
    group: Group, fake: TelegramFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    await group.start()
    code = await group.open()
    poll = await group.poll(0)
    await group.vote(poll, *wrong(group.room.items[0]), user=1)
    await group.stop()
    group.classroom.act(code, "end")
    await group.start()
    await group.settled()
    assert poll["is_closed"]
    assert any("学习总结：1 人参加" in call["text"] for call in fake.sent())
    assert len(fake.files) == 1


# Several replicas


@only_postgresql
async def test_two_replicas_say_each_part_once(
    group: Group, fake: TelegramFake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SETTLE_SECONDS", 0.2)
    states = [state_at(url) for _ in range(2)]
    bots = [await group.start("webhook", state) for state in states]
    hooks = itertools.cycle([bot.hook for bot in bots])
    async with httpx.AsyncClient(trust_env=False, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as client:

        async def deliver(update: Json) -> None:
            assert (await client.post(next(hooks), json=update)).status_code == 200

        monkeypatch.setattr(fake, "deliver", deliver)
        code = await group.open()
        for number in range(5):
            poll = await group.poll(number)
            for user in range(10):
                await deliver(vote_update(poll["id"], *group.room.items[number].key, user=user))
            await group.idle()
            await group.time_over()
            await group.answer(number)
            await group.time_over()
        await group.settled()
    assert len(group.polls) == fake.count("sendPoll") == 5
    heads = [call["text"].splitlines()[0] for call in fake.sent() if call["text"].startswith("<b>第 ")]
    assert len(heads) == len(set(heads)) == 5
    assert len([call for call in fake.sent() if "学习总结：10 人参加" in call["text"]]) == 1
    assert [one.tally.right for one in group.classroom.report(code).results] == [10] * 5
    await group.stop()
    for state in states:
        state.close()


# Texts


def test_every_text_of_an_alert_fits() -> None:
    alerts = [
        words.SESSION_NOT_YOURS, words.SESSION_NOT_CHECKED, words.SESSION_ALREADY, words.SESSION_PASSED,
        words.SESSION_TOO_FEW, *words.CONTROLLED.values(), *words.NOT_NOW.values(),
    ]  # fmt: skip
    assert max(map(len, alerts)) <= 200
    assert read_control("room:123456:end?:3") is not None


def test_ids_of_settings_hold_what_they_say() -> None:
    assert read_setup("room+:show:5:15:0a1b2c3d4e:jianfu-2019:2") is not None
    assert read_setup("room+:show:5:16:0a1b2c3d4e:2") is None
