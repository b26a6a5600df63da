from __future__ import annotations

import multiprocessing
import random
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.state.database import Database, StateUnavailable
from bot.state.inbox import LEASE_SECONDS, MAX_ATTEMPTS, Arrival, Claim, Inbox
from bot.state.tables import inbox as table

pytest_plugins = ["tests.states"]

BOT = 7


@pytest.fixture
def inbox(database: Database) -> Inbox:
    return Inbox(database, keep_hours=48)


@pytest.fixture
def replicas(url: str) -> Iterator[list[Inbox]]:
    """Two processes' views of one database."""
    databases = [Database.at(url, Path("/")) for _ in range(2)]
    yield [Inbox(one, keep_hours=48) for one in databases]
    for one in databases:
        one.close()


def arrivals(*update_ids: int, lane: str = "chat 1") -> list[Arrival]:
    return [Arrival(update_id, lane, f'{{"update_id": {update_id}}}') for update_id in update_ids]


def ids(claims: list[Claim]) -> list[int]:
    return [claim.update_id for claim in claims]


def rows(database: Database) -> dict[int, tuple[str, str | None, str]]:
    with database.begin() as connection:
        found = connection.execute(select(table))
        return {row.update_id: (row.state, row.payload, row.reason) for row in found}


def test_an_update_is_taken_in_once(inbox: Inbox) -> None:
    assert inbox.take_in(BOT, arrivals(1, 2, 1)) == {1, 2}
    assert inbox.take_in(BOT, arrivals(2, 3)) == {3}
    assert inbox.take_in(BOT + 1, arrivals(2)) == {2}  # another bot has numbers of its own
    assert inbox.take_in(BOT, []) == set()


def test_an_answered_update_is_not_taken_in_again(inbox: Inbox) -> None:
    inbox.take_in(BOT, arrivals(1))
    inbox.done(BOT, inbox.claim(BOT, 9))
    assert inbox.take_in(BOT, arrivals(1)) == set()
    assert inbox.claim(BOT, 9) == []


def test_a_lane_is_handed_out_one_at_a_time_and_in_order(inbox: Inbox) -> None:
    inbox.take_in(BOT, [*arrivals(5, 3), *arrivals(4, lane="chat 2")])
    first = inbox.claim(BOT, 9)
    assert ids(first) == [3, 4]
    assert inbox.claim(BOT, 9) == []
    inbox.done(BOT, first[:1])
    assert ids(inbox.claim(BOT, 9)) == [5]


def test_what_an_update_said_is_deleted_with_its_answer(inbox: Inbox, database: Database) -> None:
    inbox.take_in(BOT, arrivals(1, 2))
    assert inbox.claim(BOT, 9) == [Claim(1, '{"update_id": 1}', 1)]
    assert rows(database)[1] == ("open", '{"update_id": 1}', "")
    inbox.done(BOT, [Claim(1, "", 1)])
    assert rows(database) == {1: ("done", None, ""), 2: ("open", '{"update_id": 2}', "")}
    assert inbox.tally(BOT) == {"done": 1, "open": 1}


def test_neither_chat_nor_text_can_be_read_once_it_is_done(tmp_path: Path) -> None:
    here = Database.at("sqlite:///state/jianfu.db", tmp_path)
    box = Inbox(here, keep_hours=48)
    box.take_in(BOT, [Arrival(1, "telegram chat 123456789", "隐私问题" * 50)])
    box.done(BOT, box.claim(BOT, 1))
    here.close()  # the last connection writes the log back and removes it
    stored = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert b"123456789" not in stored
    assert "隐私问题".encode() not in stored


@pytest.mark.fault(14)
def test_a_dead_process_is_relieved_after_its_lease(inbox: Inbox) -> None:
    inbox.take_in(BOT, arrivals(1), now=1000.0)
    assert ids(inbox.claim(BOT, 9, now=1000.0)) == [1]
    assert inbox.claim(BOT, 9, now=1000.0 + LEASE_SECONDS - 1) == []
    [again] = inbox.claim(BOT, 9, now=1000.0 + LEASE_SECONDS)
    assert again.attempts == 2


@pytest.mark.fault(14)
def test_what_a_dead_process_held_before_the_clock_was_put_back_is_answered(inbox: Inbox) -> None:
    inbox.take_in(BOT, arrivals(1, 2), now=1000.0 + 86_400)
    inbox.claim(BOT, 1, now=1000.0 + 86_400)  # and dies
    assert ids(inbox.claim(BOT, 9, settle_seconds=1.0, now=1000.0)) == [1]
    inbox.take_in(BOT, arrivals(7), now=2000.0 + 86_400)  # behind a gap
    inbox.done(BOT, [Claim(1, "", 2)])
    assert ids(inbox.claim(BOT, 9, settle_seconds=1.0, now=2000.0)) == [2]
    inbox.done(BOT, [Claim(2, "", 1)])
    assert ids(inbox.claim(BOT, 9, settle_seconds=1.0, now=2000.0)) == [7]


def test_a_lease_can_be_renewed_and_given_back(inbox: Inbox) -> None:
    inbox.take_in(BOT, arrivals(1))
    claims = inbox.claim(BOT, 9, now=1000.0)
    inbox.lease(BOT, claims, LEASE_SECONDS, now=1020.0)
    assert inbox.claim(BOT, 9, now=1040.0) == []
    inbox.lease(BOT, claims, 0.0, now=1040.0)
    assert ids(inbox.claim(BOT, 9, now=1040.0)) == [1]


def test_who_lost_an_update_can_no_longer_finish_it(inbox: Inbox) -> None:
    inbox.take_in(BOT, arrivals(1))
    slow = inbox.claim(BOT, 9, now=1000.0)
    quick = inbox.claim(BOT, 9, now=2000.0)
    inbox.done(BOT, slow)
    assert inbox.tally(BOT) == {"open": 1}
    inbox.done(BOT, quick)
    assert inbox.tally(BOT) == {"done": 1}


@pytest.mark.fault(12)
def test_an_update_that_kills_is_given_up_and_lets_the_others_pass(inbox: Inbox, database: Database) -> None:
    inbox.take_in(BOT, arrivals(1, 2))
    for attempt in range(MAX_ATTEMPTS):
        assert ids(inbox.claim(BOT, 9, now=1000.0 * (attempt + 1))) == [1]
    assert ids(inbox.claim(BOT, 9, now=9000.0)) == [2]
    assert rows(database)[1] == ("dead", None, "no answer in 3 attempts")


def test_what_cannot_be_read_is_put_aside_without_its_text(inbox: Inbox, database: Database) -> None:
    assert inbox.take_in(BOT, [Arrival(1, "", "毒", unreadable="KeyError")]) == {1}
    assert rows(database) == {1: ("dead", None, "KeyError")}
    assert inbox.claim(BOT, 9) == []


def test_a_start_takes_over_what_the_last_run_held(inbox: Inbox) -> None:
    inbox.take_in(BOT, arrivals(1))
    inbox.claim(BOT, 9)
    inbox.give_back_all(BOT + 1)
    assert inbox.claim(BOT, 9) == []
    inbox.give_back_all(BOT)
    assert ids(inbox.claim(BOT, 9)) == [1]


@pytest.mark.fault(11)
def test_what_came_in_before_its_forerunner_waits_a_moment(inbox: Inbox) -> None:
    inbox.take_in(BOT, arrivals(10), now=1000.0)
    inbox.take_in(BOT, arrivals(13), now=1001.0)
    inbox.take_in(BOT, arrivals(14, lane="chat 2"), now=1001.0)
    assert ids(inbox.claim(BOT, 9, settle_seconds=0.5, now=1001.1)) == [10]
    inbox.done(BOT, [Claim(10, "", 1)])
    inbox.take_in(BOT, arrivals(12), now=1001.2)  # fills half the gap
    assert inbox.claim(BOT, 9, settle_seconds=0.5, now=1001.3) == []
    inbox.take_in(BOT, arrivals(11), now=1001.4)
    assert ids(inbox.claim(BOT, 9, settle_seconds=0.5, now=1001.4)) == [11, 14]


def test_a_gap_that_stays_is_waited_for_no_longer(inbox: Inbox) -> None:
    inbox.take_in(BOT, arrivals(10, 13), now=1000.0)
    assert inbox.claim(BOT, 9, settle_seconds=0.5, now=1000.4) == []
    assert ids(inbox.claim(BOT, 9, settle_seconds=0.5, now=1000.6)) == [10]


def test_numbers_are_kept_for_a_while(inbox: Inbox) -> None:
    inbox.take_in(BOT, arrivals(1, 2), now=0.0)
    inbox.done(BOT, inbox.claim(BOT, 1, now=0.0))
    assert inbox.purge(now=48 * 3600.0) == 0
    assert inbox.purge(now=48 * 3600.0 + 1) == 2
    assert inbox.tally(BOT) == {}


@pytest.mark.fault(11)
def test_the_same_updates_at_two_replicas_are_answered_once_and_in_order(replicas: list[Inbox]) -> None:
    chats = {f"chat {chat}": list(range(chat, 200, 10)) for chat in range(10)}
    everything = [one for lane, numbers in chats.items() for one in arrivals(*numbers, lane=lane)]
    answered: list[int] = []
    guard, taken = threading.Lock(), threading.Barrier(len(replicas))
    faults: list[Exception] = []

    def work(box: Inbox, seed: int) -> None:
        try:
            mine = everything * 2
            random.Random(seed).shuffle(mine)
            for start in range(0, len(mine), 25):
                box.take_in(BOT, mine[start : start + 25])
            taken.wait(30)
            while box.tally(BOT).get("open"):
                claims = box.claim(BOT, 4)
                with guard:
                    answered.extend(ids(claims))
                box.done(BOT, claims)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(box, seed)) for seed, box in enumerate(replicas)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(answered) == list(range(200))
    by_chat = defaultdict(list)
    for update_id in answered:
        by_chat[update_id % 10].append(update_id)
    assert all(numbers == sorted(numbers) for numbers in by_chat.values())


def _answer_slowly(address: str, said: multiprocessing.Queue[str]) -> None:
    box = Inbox(Database.at(address, Path("/")), keep_hours=48)
    box.take_in(BOT, arrivals(*range(1, 6)))
    said.put("taken in")
    while claims := box.claim(BOT, 9):
        said.put(f"answered {claims[0].update_id}")
        box.done(BOT, claims)


@pytest.mark.parametrize("killed_after", ["taken in", "answered 1", "answered 3"])
def test_kill_9_loses_nothing_and_answers_at_most_twice(url: str, killed_after: str) -> None:
    context = multiprocessing.get_context("spawn")
    said: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_answer_slowly, args=(url, said))
    process.start()
    heard = []
    while killed_after not in heard:
        heard.append(said.get(timeout=60))
    process.kill()
    process.join()
    while not said.empty():
        heard.append(said.get())
    database = Database.at(url, Path("/"))
    box = Inbox(database, keep_hours=48)
    box.give_back_all(BOT)
    again = []
    while claims := box.claim(BOT, 9):
        again += ids(claims)
        box.done(BOT, claims)
    database.close()
    times = [again.count(number) + heard.count(f"answered {number}") for number in range(1, 6)]
    assert set(times) <= {1, 2}
    assert again == sorted(again)


@pytest.mark.fault(5)
def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be", "utf8")
    box = Inbox(Database.at("sqlite:///state/jianfu.db", tmp_path), keep_hours=48)
    with pytest.raises(StateUnavailable):
        box.take_in(BOT, arrivals(1))
    with pytest.raises(StateUnavailable):
        box.claim(BOT, 1)
