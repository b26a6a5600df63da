"""What is kept of people who learn: cards, polls and reminders, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.state import tables
from bot.state.cards import Card, Cards
from bot.state.database import Database
from bot.state.reminders import Reminder, Reminders
from bot.state.state import State
from bot.state.study_polls import KEEP_DAYS, Shown, StudyPolls
from bot.state.upkeep import purge
from tests.states import state_at

pytest_plugins = ["tests.states"]

DAY = 86400.0
TODAY = date(2026, 11, 25)
CARD = Card("a1", "d:1.1", "w1", "{}", 1, True, 100.0, 20_000 * DAY)


@pytest.fixture
def cards(database: Database) -> Cards:
    return Cards(database, keep_days=90)


def count(book: Cards, card: Card, showing: int, person: str = "x") -> bool:
    return book.answer(book.key(person), card.item, showing, lambda before: card)[1]


def test_cards_belong_to_one_person_and_come_by_due(cards: Cards) -> None:
    late, early = replace(CARD, item="b2", due=9.0), replace(CARD, item="c3", due=8.0)
    for card in (CARD, late, early):
        assert count(cards, card, 0)
    count(cards, replace(CARD, right=False), 0, "y")
    assert cards.of(cards.key("x")) == [early, late, CARD]
    assert cards.of(cards.key("y")) == [replace(CARD, right=False)]
    assert cards.of(cards.key("z")) == []


def test_a_showing_is_counted_once(cards: Cards) -> None:
    seen: list[Card | None] = []

    def review(before: Card | None) -> Card:
        seen.append(before)
        return replace(CARD, answers=len(seen), right=False)

    key = cards.key("x")
    first, counted = cards.answer(key, "a1", 0, review)
    assert counted
    assert cards.answer(key, "a1", 0, review) == (first, False)
    second, counted = cards.answer(key, "a1", 1, review)
    assert (counted, second.answers if second else 0) == (True, 2)
    assert cards.answer(key, "a1", 1, review) == (second, False)
    assert seen == [None, first]


def test_the_showing_of_a_card_that_was_deleted_is_not_counted(cards: Cards) -> None:
    count(cards, CARD, 0)
    cards.forget("x")
    assert cards.answer(cards.key("x"), "a1", 1, lambda before: CARD) == (None, False)
    assert cards.of(cards.key("x")) == []


def test_of_answers_at_the_same_time_one_is_counted(url: str) -> None:
    """Each thread has a database of its own, as another replica would."""
    books = [Cards(state_at(url).database, 90) for _ in range(6)]
    books[0].key("x")
    counted: list[bool] = []
    start = threading.Barrier(len(books))

    def press(book: Cards) -> None:
        start.wait(20)
        counted.append(count(book, CARD, 0))

    threads = [threading.Thread(target=press, args=(book,)) for book in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counted) == [False] * 5 + [True]


def test_a_card_expires_so_long_after_it_was_due(cards: Cards) -> None:
    count(cards, CARD, 0)
    due = date(1970, 1, 1) + timedelta(days=20_000)
    assert cards.purge(due + timedelta(days=89)) == 0
    assert cards.purge(due + timedelta(days=90)) == 1
    assert cards.of(cards.key("x")) == []


def test_forgetting_deletes_one_persons_things(state: State) -> None:
    for person in ("telegram:1", "telegram:2"):
        count(state.cards, CARD, 0, person)
        state.polls.put(f"p{person}", person, Shown("a1", 0))
        state.reminders.put(person, Reminder(wanted=True), channel="c", address="1", next_at=1.0)
    books = (state.cards, state.polls, state.reminders)
    assert [book.forget("telegram:1") for book in books] == [1, 1, 1]
    assert [book.forget("telegram:1") for book in books] == [0, 0, 0]
    assert len(state.cards.of(state.cards.key("telegram:2"))) == 1
    assert state.polls.find("ptelegram:2", "telegram:2") == Shown("a1", 0)
    assert state.reminders.of("telegram:2").wanted


def test_no_person_can_be_read_and_no_address_unless_asked_for(state: State) -> None:
    person = "telegram:987654321"
    count(state.cards, CARD, 0, person)
    state.polls.put("p", person, Shown("a1", 0))
    state.reminders.put(person, Reminder(), channel="telegram:7", address="987654321", next_at=1.0)
    with state.database.begin() as connection:
        rows = [row for table in ("cards", "study_polls", "reminders") for row in connection.execute(select(tables.metadata.tables[table]))]  # fmt: skip
    assert len(rows) == 3
    assert "987654321" not in str(rows)


def test_a_poll_shows_its_item_to_one_person_for_a_while(database: Database) -> None:
    polls = StudyPolls(database)
    polls.put("p1", "telegram:1", Shown("a1", 3), today=TODAY)
    assert polls.find("p1", "telegram:1") == Shown("a1", 3)
    assert polls.find("p1", "telegram:2") is None
    assert polls.find("p2", "telegram:1") is None
    assert polls.purge(TODAY + timedelta(days=KEEP_DAYS - 1)) == 0
    assert polls.purge(TODAY + timedelta(days=KEEP_DAYS)) == 1
    assert polls.find("p1", "telegram:1") is None


# Reminders

NOON = Reminder(wanted=True, minute=720, quiet_from=1320, quiet_to=480)


@pytest.fixture
def reminders(database: Database) -> Reminders:
    return Reminders(database, keep_days=90)


def put(book: Reminders, person: str, at: float, reminder: Reminder = NOON, channel: str = "c") -> None:
    book.put(person, reminder, channel=channel, address=person, next_at=at)


def addresses(book: Reminders, now: float, channel: str = "c") -> list[str]:
    return [one.address for one in book.claim(channel, now, lambda _: now + DAY)]


def test_nobody_is_reminded_who_did_not_ask(reminders: Reminders) -> None:
    assert reminders.of("x") == Reminder(wanted=False)
    put(reminders, "x", 1.0, replace(NOON, wanted=False))
    assert reminders.of("x") == replace(NOON, wanted=False)
    assert addresses(reminders, 2.0) == []


def test_a_reminder_is_claimed_once_a_time_by_its_own_channel(reminders: Reminders) -> None:
    put(reminders, "x", 1000.0)
    put(reminders, "y", 1000.0, channel="other")
    assert addresses(reminders, 999.0) == []
    assert addresses(reminders, 1000.0) == ["x"]
    assert addresses(reminders, 1001.0) == []
    assert addresses(reminders, 1000.0 + DAY) == ["x"]


def test_of_many_replicas_one_reminds(url: str) -> None:
    books = [state_at(url).reminders for _ in range(5)]
    for number in range(20):
        put(books[0], str(number), 1.0)
    found: list[str] = []
    start = threading.Barrier(len(books))

    def look(book: Reminders) -> None:
        start.wait(20)
        found.extend(addresses(book, 2.0))

    threads = [threading.Thread(target=look, args=(book,)) for book in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.extend(addresses(books[0], 2.0))  # rows that another one held are passed over, not lost
    assert sorted(found, key=int) == [str(number) for number in range(20)]


def test_what_could_not_be_sent_is_tried_again_or_turned_off(reminders: Reminders) -> None:
    put(reminders, "x", 1000.0)
    [claimed] = reminders.claim("c", 1000.0, lambda _: 5000.0)
    assert claimed.last_at == 0.0
    reminders.retry(claimed.person, 1060.0)
    [again] = reminders.claim("c", 1060.0, lambda _: 5000.0)
    assert again.last_at == 0.0
    [later] = reminders.claim("c", 5000.0, lambda _: 9000.0)
    assert later.last_at == 1060.0
    reminders.unreachable(claimed.person)
    reminders.retry(claimed.person, 9000.0)
    assert addresses(reminders, 9000.0) == []
    assert not reminders.of("x").wanted


def test_changing_the_time_does_not_forget_the_last_one(reminders: Reminders) -> None:
    put(reminders, "x", 1000.0)
    assert addresses(reminders, 1000.0) == ["x"]
    put(reminders, "x", 2000.0, replace(NOON, minute=800))
    [claimed] = reminders.claim("c", 2000.0, lambda _: 5000.0)
    assert (claimed.last_at, claimed.reminder.minute) == (1000.0, 800)


def test_a_reminder_that_is_not_used_expires(reminders: Reminders) -> None:
    for person in ("used", "unused"):
        reminders.put(person, NOON, channel="c", address="1", next_at=1.0, today=TODAY)
    reminders.used("used", TODAY + timedelta(days=50))
    assert reminders.purge(TODAY + timedelta(days=90)) == 1
    assert reminders.of("used").wanted
    assert not reminders.of("unused").wanted


def test_upkeep_purges_all_three(state: State) -> None:
    count(state.cards, replace(CARD, due=0.0), 0)
    state.polls.put("p", "x", Shown("a1", 0), today=date(2020, 1, 1))
    state.reminders.put("x", NOON, channel="c", address="1", next_at=1.0, today=date(2020, 1, 1))
    purge(state)
    with state.database.begin() as connection:
        left = [len(connection.execute(select(table)).all()) for table in (tables.cards, tables.study_polls, tables.reminders)]  # fmt: skip
    assert left == [0, 0, 0]
