"""Learning alone on Telegram: the real application against a loopback Bot API server, polls, buttons, restarts, reminders."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from telegram import Update

from bot import replies
from bot.bootstrap import BackgroundAssistant
from bot.channels.telegram_bot import delivery, intake, reminding
from bot.channels.telegram_bot.handlers import studying
from bot.channels.telegram_bot.order import lane_of
from bot.channels.telegram_bot.study_buttons import form_buttons, read_study_press
from bot.channels.telegram_bot.study_text import form_sections, poll_question, reminder_text
from bot.channels.telegram_bot.updates import ALLOWED_UPDATES
from bot.quiz.bank import make_items
from bot.quiz.item import Item
from bot.state.reminders import Reminder
from bot.state.state import State
from bot.study import Study, Task, words
from bot.study.study import NEW_A_DAY
from tests.fakes import real_knowledge
from tests.states import state_at
from tests.telegram_fake import (
    Json,
    TelegramFake,
    bot_message,
    loaded,
    message_update,
    press_update,
    until,
    vote_update,
)
from tests.test_telegram_server import Bot, fake

__all__ = ["fake"]

ME = 42
#: Nine in the morning of Beijing.
NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
ITEMS = {item.stem: item for item in make_items(real_knowledge())}

#: The moments at which bots looked for reminders.
LOOKS: list[datetime] = []


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'jianfu.db'}"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The bot's time: change the only element to pass it."""
    time = [NOW]
    monkeypatch.setattr(studying, "now", lambda: time[0])
    monkeypatch.setattr(reminding, "now", lambda: LOOKS.append(time[0]) or time[0])  # type: ignore[func-returns-value]
    monkeypatch.setattr(reminding, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(delivery, "_RETRY_SECONDS", (0.0, 0.0))
    return time


@pytest_asyncio.fixture
async def start(fake: TelegramFake, url: str, clock: list[datetime]) -> AsyncIterator[Callable[..., Awaitable[Bot]]]:
    """Starts bots over one database, each as after a restart."""
    bots: list[Bot] = []

    async def start_(background: BackgroundAssistant | None = None) -> Bot:
        bots.append(Bot(fake, "polling", background or loaded(), state_at(url)))
        return await bots[-1].ready()

    yield start_
    for bot in bots:
        await bot.close()


@pytest.fixture
def state(url: str) -> State:
    return state_at(url)


def study(state: State) -> Study:
    return Study(state.cards, state.reminders, real_knowledge())


TOKEN = "1234567:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"


async def tell(fake: TelegramFake, update: Json) -> tuple[str, Json]:
    """Give the bot an update; the last thing that it then sends."""

    def made() -> list[tuple[str, Json]]:
        return [call for call in fake.calls if call[0] in ("sendMessage", "sendPoll", "editMessageText")]

    before = len(made())
    await fake.enqueue_update(update, token=TOKEN)
    await until(lambda: len(made()) > before)
    return made()[-1]


async def press(fake: TelegramFake, data: str) -> tuple[str, Json]:
    """Press a button under the message that the bot sent last."""
    last = max((message for chat, message in fake.messages if chat == ME), default=1000)
    return await tell(fake, press_update(data, bot_message(ME, last)))


def data_of(fields: Json) -> list[str]:
    return [button["callback_data"] for row in json.loads(fields["reply_markup"])["inline_keyboard"] for button in row]


def item_of(fields: Json) -> Item:
    return ITEMS[fields["question"]]


def wrong(item: Item) -> int:
    return next(one for one in range(len(item.options)) if one not in item.key)


async def test_an_item_a_time_as_a_poll_and_a_wrong_answer_shows_the_clause(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State
) -> None:
    await start()
    method, day = await tell(fake, message_update("学习"))
    assert (method, day["text"]) == ("sendMessage", words.TODAY.format(due=0, new=NEW_A_DAY))
    assert data_of(day) == ["y:n", "y:w:0", "y:m", "y:r"]

    method, poll = await press(fake, "y:n")
    first = item_of(poll)
    assert (method, poll["type"], str(poll["is_anonymous"]).lower()) == ("sendPoll", "quiz", "false")
    assert tuple(json.loads(poll["correct_option_ids"])) == first.key
    assert (poll["explanation"], data_of(poll)) == (first.explanation, ["y:x"])
    _, said = await tell(fake, vote_update(fake.made_polls[-1]["id"], *first.key))
    assert said["text"] == words.RIGHT.format(again=" 10 分钟后")
    assert data_of(said)[:2] == ["y:n", "y:x"]

    _, poll = await press(fake, "y:n")
    second = item_of(poll)
    assert second != first
    _, said = await tell(fake, vote_update(fake.made_polls[-1]["id"], wrong(second)))
    lines = said["text"].splitlines()
    assert lines[0].startswith("答错了。正确答案：「")
    assert lines[1] == f"<b>{second.citation.label}</b>"
    assert lines[2].startswith("<blockquote>")
    assert data_of(said)[0] == f"a:{second.clause}:0"
    cards = {card.item: card.right for card in state.cards.of(state.cards.key(f"telegram:{ME}"))}
    assert cards == {first.id: True, second.id: False}

    _, asked = await press(fake, f"a:{second.clause}:0")
    assert asked["text"].startswith("问：")
    _, book = await press(fake, "y:w:0")
    assert book["text"].startswith(words.BOOK.format(count=1))
    assert data_of(book)[:2] == [f"y:i:{second.id}", f"n:{second.clause}"]
    _, poll = await press(fake, f"y:i:{second.id}")
    assert item_of(poll) == second
    await tell(fake, vote_update(fake.made_polls[-1]["id"], *second.key))
    _, book = await press(fake, "y:w:0")
    assert book["text"] == words.BOOK_EMPTY
    _, chart = await press(fake, "y:m")
    assert "已掌握" not in chart["text"]
    assert "学习中：背景" in chart["text"]
    assert "%" not in chart["text"]
    _, stopped = await press(fake, "y:x")
    assert stopped["text"] == words.STOPPED


async def test_a_vote_counts_once_also_after_a_restart(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State
) -> None:
    bot = await start()
    _, poll = await press(fake, "y:n")
    item, poll_id = item_of(poll), fake.made_polls[-1]["id"]
    await bot.close()
    await start()
    await tell(fake, vote_update(poll_id, *item.key))
    _, again = await tell(fake, vote_update(poll_id, *item.key))
    assert again["text"].startswith(words.NOT_COUNTED)
    [card] = state.cards.of(state.cards.key(f"telegram:{ME}"))
    assert (card.item, card.answers) == (item.id, 1)
    _, poll = await press(fake, "y:n")
    assert item_of(poll) != item


async def test_polls_of_others_or_never_kept_are_not_counted(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State
) -> None:
    await start()
    await press(fake, "y:n")
    await fake.enqueue_update(vote_update(fake.made_polls[-1]["id"], 0, user=43), token=TOKEN)
    _, said = await tell(fake, vote_update("nothing", 0))
    assert said["text"] == words.POLL_UNKNOWN
    assert said["chat_id"] == str(ME), "whoever does not learn here is told nothing of a poll that is not ours"
    for person in (42, 43):
        assert state.cards.of(state.cards.key(f"telegram:{person}")) == []


async def test_forgetting_counts_the_cards(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State
) -> None:
    await start()
    _, poll = await press(fake, "y:n")
    await tell(fake, vote_update(fake.made_polls[-1]["id"], *item_of(poll).key))
    await press(fake, "y:r")
    await press(fake, "y:s:wanted:1")
    _, said = await tell(fake, message_update("/forget"))
    gone = replies.TELEGRAM_FORGOTTEN.format(feedback=0, settings=0, cards=1, reminders=1, questions=0)
    assert said["text"] == gone
    assert state.cards.of(state.cards.key(f"telegram:{ME}")) == []
    await fake.enqueue_update(vote_update(fake.made_polls[-1]["id"], *item_of(poll).key), token=TOKEN)
    await press(fake, "y:n")
    assert state.cards.of(state.cards.key(f"telegram:{ME}")) == []


async def test_order_and_matching_are_answered_by_buttons(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State
) -> None:
    await start()
    for kind in ("order", "matching"):
        item = next(one for one in ITEMS.values() if one.kind == kind)
        _, shown = await press(fake, f"y:i:{item.id}")
        for pick in item.key:
            data = next(
                one for one in data_of(shown) if one.startswith("y:p") and one.endswith((f".{pick}", f":{pick}"))
            )
            _, shown = await press(fake, data)
        picks = ".".join(map(str, item.key))
        assert data_of(shown)[0] == f"y:a:{item.shown_id}:0:{picks}"
        _, said = await press(fake, data_of(shown)[0])
        assert said["text"].startswith("答对了")
    assert [card.right for card in state.cards.of(state.cards.key(f"telegram:{ME}"))] == [True, True]
    # Pressed again, it is said that it counts no more.
    before = fake.count("answerCallbackQuery")
    await fake.enqueue_update(press_update(data_of(shown)[0], bot_message(ME, 1000)), token=TOKEN)  # fmt: skip
    await until(lambda: fake.count("answerCallbackQuery") > before)
    assert next(f for m, f in reversed(fake.calls) if m == "answerCallbackQuery")["text"] == words.REPEATED


async def test_a_group_is_sent_to_the_private_chat(start: Callable[..., Awaitable[Bot]], fake: TelegramFake) -> None:
    await start()
    _, said = await tell(fake, message_update("/study@Fixture_bot", chat=-1001))
    assert said["text"] == words.PRIVATE


# Reminders


def learned(state: State) -> None:
    """Everything of a first day, so that something is due on the next."""
    book = study(state)
    for task in book.today(f"telegram:{ME}", NOW).tasks:
        book.answer(f"telegram:{ME}", task.item.id, task.item.key, task.showing, NOW)


async def wishes_to_be_reminded(start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State) -> None:
    """Somebody who learned, and asked for a reminder."""
    learned(state)
    await start()
    await press(fake, "y:r")
    await press(fake, "y:s:wanted:1")


def reminded(fake: TelegramFake) -> list[str]:
    return [fields["text"] for fields in fake.sent() if "题到期" in fields["text"]]


async def looked() -> None:
    """Wait until the bot has looked for reminders twice more."""
    before = len(LOOKS)
    await until(lambda: len(LOOKS) >= before + 2)


async def test_a_reminder_is_off_until_asked_for_and_comes_once(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State, clock: list[datetime]
) -> None:
    learned(state)
    bot = await start()
    _, view = await press(fake, "y:r")
    assert view["text"].startswith(words.REMINDER_OFF)
    _, view = await press(fake, "y:s:wanted:1")
    assert view["text"].splitlines()[:2] == ["每天 12:30，有到期的题才提醒，一天最多一次。", "21:00—08:00 不打扰。"]
    clock[0] = NOW + timedelta(hours=3, minutes=30)
    await until(lambda: reminded(fake))
    await bot.close()
    await start()
    clock[0] += timedelta(minutes=1)
    await looked()
    assert reminded(fake) == [words.REMIND.format(due=NEW_A_DAY)]
    clock[0] += timedelta(days=1)
    await until(lambda: len(reminded(fake)) == 2)
    assert data_of(next(one for one in fake.sent() if "题到期" in one["text"])) == ["y:n", "y:r"]


async def test_no_reminder_in_quiet_hours(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State, clock: list[datetime]
) -> None:
    await wishes_to_be_reminded(start, fake, state)
    _, view = await press(fake, "y:s:quiet_from:720")
    assert words.REMINDER_CLASH in view["text"].splitlines()
    clock[0] = NOW + timedelta(hours=3, minutes=30)
    # The reminder is moved on to the next day without being sent.
    await until(lambda: next_at(state) > clock[0].timestamp())
    await looked()
    assert reminded(fake) == []


def next_at(state: State) -> float:
    with state.database.begin() as connection:
        return float(connection.exec_driver_sql("SELECT next_at FROM reminders").scalar_one())


async def test_who_blocked_the_bot_is_not_reminded_again(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State, clock: list[datetime]
) -> None:
    await wishes_to_be_reminded(start, fake, state)
    fake.faults.append(("sendMessage", 403, "Forbidden: bot was blocked by the user", None))
    clock[0] = NOW + timedelta(hours=3, minutes=30)
    await until(lambda: not state.reminders.of(f"telegram:{ME}").wanted)


async def test_a_reminder_that_failed_on_the_way_comes_a_little_later(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State, clock: list[datetime]
) -> None:
    await wishes_to_be_reminded(start, fake, state)
    fake.faults += [("sendMessage", 502, "Bad Gateway", None)] * 3
    clock[0] = NOW + timedelta(hours=3, minutes=30)
    await until(lambda: not fake.faults)
    clock[0] += timedelta(minutes=6)
    await until(lambda: len(reminded(fake)) == 4)  # three that were refused, and one that arrived


async def test_a_reminder_that_failed_for_an_hour_is_left_out_that_day(
    start: Callable[..., Awaitable[Bot]], fake: TelegramFake, state: State, clock: list[datetime]
) -> None:
    await wishes_to_be_reminded(start, fake, state)
    fake.faults += [("sendMessage", 502, "Bad Gateway", None)] * 3
    clock[0] = NOW + timedelta(hours=3, minutes=30)
    await until(lambda: not fake.faults)
    clock[0] += timedelta(hours=1, minutes=6)
    await until(lambda: next_at(state) > clock[0].timestamp())  # moved on to the next day
    await looked()
    assert len(reminded(fake)) == 3  # those that were refused
    clock[0] = NOW + timedelta(days=1, hours=3, minutes=30)
    await until(lambda: len(reminded(fake)) == 4)


# Small things


def test_votes_are_asked_for_and_handled_in_the_persons_lane() -> None:
    assert "poll_answer" in ALLOWED_UPDATES
    update = Update.de_json(vote_update("p", 0, user=42), None)
    assert lane_of(update) == ("chat", 42, 0)
    assert intake.parse(vote_update("p", 0), None)[0] is not None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "y:",
        "y:z",
        "y:i:xyz",
        "y:w:-1",
        "y:s:minute:1440",
        "y:s:wanted:2",
        "y:s:x:1",
        "y:a:0:0:0",
        "y:p:0000000000000000:0:",
    ],
)
def test_a_forged_button_is_none_of_ours(data: str | None) -> None:
    assert read_study_press(data) is None


def test_every_button_of_every_item_fits_and_is_read(state: State) -> None:
    for item in ITEMS.values():
        markup = form_buttons(Task(item, 123456), item.key)
        for row in markup.inline_keyboard:
            for button in row:
                assert len(str(button.callback_data).encode()) <= 64
                assert read_study_press(str(button.callback_data)) is not None


def test_several_right_options_are_ticked_and_one_is_pressed() -> None:
    many = next(one for one in ITEMS.values() if one.kind == "multiple")
    data = [str(button.callback_data) for row in form_buttons(Task(many, 0), (1,)).inline_keyboard for button in row]
    assert data[:2] == [f"y:p:{many.shown_id}:0:0.1", f"y:p:{many.shown_id}:0:-"]
    one = next(one for one in ITEMS.values() if one.kind == "single")
    row = form_buttons(Task(one, 0), ()).inline_keyboard[0]
    assert row[0].callback_data == f"y:a:{one.shown_id}:0:0"


def test_a_revised_clause_is_marked_in_either_form() -> None:
    item = next(one for one in ITEMS.values() if one.kind == "single")
    assert poll_question(Task(item, 0, is_new=True, revised=True)) == f"【此条已修订】{item.stem}"
    long = replace(item, stem="问" * 300)
    assert poll_question(Task(long, 0, is_new=True, revised=True)) == long.stem
    assert form_sections(Task(item, 0, is_new=True, revised=True), ())[0][0].text == words.REVISED


def test_the_reminders_settings_say_what_is_kept() -> None:
    text = reminder_text(Reminder(wanted=False, minute=750, quiet_from=0, quiet_to=0), 90)
    assert text.splitlines()[0] == words.REMINDER_OFF
    assert words.REMINDER_NEVER_QUIET in text
    assert "一关就删，90 天不用也删" in text
    assert any("12:30" in line for line in text.splitlines())
