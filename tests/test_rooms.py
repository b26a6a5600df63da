"""Trainers' rooms: the rules, what is kept, what is counted, and what is left when a room is over."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.quiz.bank import make_items
from bot.quiz.item import Item
from bot.quiz.paper import select as select_items
from bot.rooms import rules
from bot.rooms.classroom import Classroom, Seated
from bot.rooms.report import Report, follow_up
from bot.rooms.room import Answered, BadRequest, NoSuchRoom, NotNow, Room, RoomSettings, Tally, right_form
from bot.rooms.rules import ACTIONS
from bot.state.database import Database
from bot.state.rooms import RoomBook
from bot.state.state import State
from bot.state.tables import room_answers, room_polls, room_seats
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge

pytest_plugins = ["tests.states"]

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = RoomSettings("学习", seconds=30)


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def knowledge() -> KnowledgeBase:
    return load_knowledge(ROOT / "knowledge")


@pytest.fixture(scope="module")
def items(knowledge: KnowledgeBase) -> tuple[Item, ...]:
    """One item of each kind and a few more."""
    return select_items(knowledge, 12, 1)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def classroom(state: State, time: Time) -> Classroom:
    return Classroom(state.rooms, "web", 90, time)


def wrong(item: Item) -> tuple[int, ...]:
    """An answer of the item's form that is not its key."""
    if item.kind in ("order", "matching"):
        return tuple(reversed(item.key))
    if item.kind == "multiple":
        return item.key[:-1] if len(item.key) > 1 else tuple(range(len(item.options)))
    return (next(i for i in range(len(item.options)) if i not in item.key),)


def give(classroom: Classroom, code: str, person: str, choice: tuple[int, ...], position: int | None = None) -> str:
    """What becomes of a person's answer to the open item."""
    place = classroom.room(code).position if position is None else position
    answered = Answered(classroom.seat(code, person), place, choice)
    return classroom.answer(code, [answered], strangers="seat")[0]


# The rules


def test_a_session_from_the_lobby_to_the_end(items: tuple[Item, ...]) -> None:
    room = Room("100000", "web", SETTINGS, items[:2])
    room = rules.act(room, "start", 100)
    assert (room.phase, room.position, room.deadline, room.item) == ("asking", 0, 130, items[0])
    assert rules.tick(room, 130.5) is room, "an answer sent in time may still come in"
    room = rules.tick(room, 131)
    assert (room.phase, room.deadline, room.item) == ("shown", None, items[0])
    room = rules.act(room, "next", 200)
    assert (room.position, room.deadline, room.is_last) == (1, 230, True)
    room = rules.act(rules.act(room, "reveal", 201), "next", 202)
    assert (room.phase, room.item, room.deadline) == ("over", None, None)
    assert room.revision == 5


def test_a_pause_keeps_what_was_left_of_the_time(items: tuple[Item, ...]) -> None:
    room = rules.act(Room("100000", "web", SETTINGS, items), "start", 100)
    paused = rules.act(room, "pause", 110)
    assert (paused.phase, paused.deadline, paused.left) == ("paused", None, 20)
    assert rules.tick(paused, 10_000) is paused
    longer = rules.extend(paused, 15, 500)
    resumed = rules.act(longer, "resume", 1000)
    assert (resumed.phase, resumed.deadline, resumed.left) == ("asking", 1035, None)
    assert rules.extend(resumed, 60, 1001).deadline == 1095
    assert rules.extend(resumed, 600, 1030).deadline == 1630, "never more than ten minutes from now"
    with pytest.raises(NotNow, match="不行"):
        rules.extend(resumed, 0, 1001)


def test_the_next_item_comes_by_itself_where_that_was_asked_for(items: tuple[Item, ...]) -> None:
    room = rules.act(Room("100000", "web", replace(SETTINGS, reading_seconds=10), items[:1]), "start", 0)
    shown = rules.tick(room, 31)
    assert (shown.phase, shown.deadline) == ("shown", 41)
    assert rules.tick(shown, 41).phase == "over"


def test_without_a_limit_only_the_trainer_shows_the_answer(items: tuple[Item, ...]) -> None:
    room = rules.act(Room("100000", "web", replace(SETTINGS, seconds=0), items), "start", 0)
    assert rules.tick(room, 1e12) is room
    with pytest.raises(NotNow, match="不需要加时"):
        rules.extend(room, 30, 1)
    assert rules.restart_clock(room, 5) is room


@given(st.lists(st.sampled_from([*ACTIONS, "tick", "extend", "clock"]), max_size=60))
def test_no_sequence_of_presses_leads_astray(presses: list[str]) -> None:
    item = Item.from_json(
        {
            "id": "x", "kind": "truefalse", "rule": "agrees", "document": "d", "clause": "1", "stem": "s", "passage": "p",
            "options": ["正确", "错误"], "key": [0], "explanation": "e", "left": [], "also": [],
            "citation": {"document": "d", "clause": "1", "label": "l", "quote": "q", "start": 0, "end": 1, "spans": []},
        }
    )  # fmt: skip
    room, now = Room("100000", "web", replace(SETTINGS, reading_seconds=5), (item,) * 3), 0.0
    for press in presses:
        now += 7
        before = room
        try:
            if press == "tick":
                room = rules.tick(room, now)
            elif press == "extend":
                room = rules.extend(room, 30, now)
            elif press == "clock":
                room = rules.restart_clock(room, now)
            else:
                room = rules.act(room, press, now)  # type: ignore[arg-type]
        except NotNow:
            assert room == before
        assert room.position >= before.position
        assert (room.revision > before.revision) == (replace(room, revision=0) != replace(before, revision=0))
        assert (room.item is None) == (room.phase in ("lobby", "over"))
        assert before.phase != "over" or room == before
        assert (room.deadline is None) or room.phase in ("asking", "shown")


def test_what_is_an_answer_to_an_item(items: tuple[Item, ...]) -> None:
    for item in items:
        assert right_form(item, item.key)
        assert right_form(item, wrong(item))
        assert wrong(item) != item.key
        for bad in ((), (99,), (-1,), (0,) * (len(item.options) + 1)):
            assert not right_form(item, bad), (item.kind, bad)
    one = next(item for item in items if item.kind == "single")
    assert not right_form(one, (0, 1))
    several = next(item for item in items if item.kind == "multiple")
    assert not right_form(several, (1, 0))
    assert not right_form(several, (1, 1))


def test_every_item_can_be_answered_right(knowledge: KnowledgeBase) -> None:
    for item in make_items(knowledge):
        assert right_form(item, item.key), item


def test_an_item_survives_json(items: tuple[Item, ...]) -> None:
    for item in items:
        assert Item.from_json(json.loads(json.dumps(item.to_json()))) == item


# What is kept and counted


def test_every_answer_counts_once_and_the_first_one_stays(classroom: Classroom, items: tuple[Item, ...]) -> None:
    code = classroom.open(items, SETTINGS, "v").code
    for person in "甲乙丙":
        classroom.join(code, person)
    assert classroom.seats(code) == 3
    classroom.act(code, "start")
    assert give(classroom, code, "甲", items[0].key) == "kept"
    assert give(classroom, code, "甲", items[0].key) == "already"
    assert give(classroom, code, "甲", wrong(items[0])) == "already"
    assert give(classroom, code, "乙", wrong(items[0])) == "kept"
    found = classroom.tally(code)
    assert found is not None
    assert (found.seats, found.answered, found.right) == (3, 2, 1)
    assert classroom.answered(code, classroom.seat(code, "甲")) == items[0].key
    assert classroom.answered(code, classroom.seat(code, "丙")) is None


def test_of_two_answers_in_one_batch_the_first_counts(classroom: Classroom, items: tuple[Item, ...]) -> None:
    code = classroom.open(items, SETTINGS, "v").code
    classroom.act(code, "start")
    seat = classroom.seat(code, "甲")
    both = [Answered(seat, 0, items[0].key), Answered(seat, 0, wrong(items[0]))]
    assert classroom.answer(code, both, strangers="seat") == ["kept", "already"]
    assert classroom.answered(code, seat) == items[0].key


def test_an_answer_that_comes_too_late_or_too_early_is_not_kept(classroom: Classroom, items: tuple[Item, ...]) -> None:
    code = classroom.open(items, SETTINGS, "v").code
    assert give(classroom, code, "甲", (0,), position=0) == "late"
    classroom.act(code, "start")
    assert give(classroom, code, "甲", (0,), position=1) == "late"
    classroom.act(code, "pause")
    assert give(classroom, code, "甲", items[0].key) == "kept", "who answers in a pause has thought about it"
    classroom.act(code, "reveal")
    assert give(classroom, code, "乙", items[0].key) == "late"
    assert give(classroom, code, "甲", items[0].key) == "already"
    classroom.act(code, "next")
    assert give(classroom, code, "乙", items[0].key, position=0) == "late"
    assert give(classroom, code, "甲", items[0].key, position=0) == "already"


def test_an_answer_of_a_wrong_form_says_what_is_expected_and_keeps_none(
    classroom: Classroom, items: tuple[Item, ...]
) -> None:
    code = classroom.open(items, SETTINGS, "v").code
    classroom.act(code, "start")
    good = Answered(classroom.seat(code, "甲"), 0, items[0].key)
    with pytest.raises(BadRequest, match="应选 一项"):
        classroom.answer(code, [good, replace(good, seat=classroom.seat(code, "乙"), choice=(9,))], strangers="seat")
    found = classroom.tally(code)
    assert found is not None
    assert found.answered == 0
    with pytest.raises(BadRequest, match="还没有进入"):
        classroom.answer(code, [good], strangers="refuse")


def test_late_joiners_take_part_from_the_open_item_on(classroom: Classroom, items: tuple[Item, ...]) -> None:
    code = classroom.open(items[:2], SETTINGS, "v").code
    classroom.join(code, "甲")
    classroom.act(code, "start")
    give(classroom, code, "甲", items[0].key)
    classroom.act(code, "reveal")
    classroom.act(code, "next")
    classroom.join(code, "乙")
    assert give(classroom, code, "乙", items[1].key) == "kept"
    classroom.act(code, "end")
    report = classroom.report(code)
    assert [(one.tally.answered, one.tally.right) for one in report.results] == [(1, 1), (1, 1)]
    assert report.seats == 2
    with pytest.raises(NotNow, match="已经结束"):
        classroom.join(code, "丙")


def test_the_report_has_totals_and_nothing_of_people_is_left(
    classroom: Classroom, state: State, items: tuple[Item, ...], knowledge: KnowledgeBase
) -> None:
    code = classroom.open(items[:4], SETTINGS, "v").code
    with state.rooms.holding(code) as rows:
        assert rows is not None
        rows.put_poll("poll-1", 0, 7)
    assert classroom.find_poll("poll-1") == (code, 0)
    classroom.act(code, "start")
    for person in range(10):
        give(classroom, code, str(person), items[0].key if person else wrong(items[0]))
    classroom.act(code, "reveal")
    classroom.act(code, "next")
    for person in range(5):
        give(classroom, code, str(person), wrong(items[1]))
    classroom.act(code, "reveal")
    classroom.act(code, "next")
    give(classroom, code, "1", items[2].key)
    classroom.act(code, "skip")
    with pytest.raises(NotNow, match="正在作答"):
        classroom.report(code)
    classroom.act(code, "end")
    report = classroom.report(code)
    assert report == Report.from_json(report.to_json())
    assert [(one.item.id, one.tally.answered, one.tally.right) for one in report.results] == [
        (items[0].id, 10, 9),
        (items[1].id, 5, 0),
        (items[3].id, 0, 0),
    ]
    assert report.skipped == 1
    assert [one.clause for one in report.weak] == [items[1].clause], "nine of ten is known; no answer says nothing"
    again = follow_up(report, knowledge)
    assert len(again) == 2
    assert {one.clause for one in again} == {items[1].clause}
    assert items[1].id not in {one.id for one in again}
    with state.database.begin() as connection:
        for table in (room_seats, room_answers, room_polls):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
    assert classroom.open_rooms() == {}
    assert classroom.named(code) == []


def test_names_are_kept_only_where_their_owner_wrote_them_and_expire(
    classroom: Classroom, time: Time, state: State, items: tuple[Item, ...]
) -> None:
    code = classroom.open(items[:2], replace(SETTINGS, named=True), "v").code
    with pytest.raises(BadRequest, match="1 到 20 个字"):
        classroom.join(code, "甲", name="字" * 21)
    classroom.join(code, "甲", name=" 王  芳 ")
    classroom.join(code, "乙")
    classroom.join(code, "丁", name="丁一")
    classroom.join(code, "丁")  # took the name back
    classroom.act(code, "start")
    give(classroom, code, "甲", items[0].key)
    give(classroom, code, "乙", items[0].key)
    classroom.act(code, "end")
    assert [(one.name, one.answered, one.right) for one in classroom.named(code)] == [("王 芳", 1, 1)]
    today = classroom._today()
    state.rooms.purge(today)
    assert len(classroom.named(code)) == 1
    assert classroom.seated(code, "甲") == Seated(None, "王 芳", None)
    assert classroom.seated(code, "乙") is None
    started = time.now
    time.now += 7 * 24 * 3600  # gone from then on, whenever they are purged
    assert (classroom.named(code), classroom.named_until(code)) == ([], None)
    time.now = started
    state.rooms.purge(today + timedelta(days=7))
    assert classroom.named(code) == []
    assert classroom.report(code).seats == 3, "totals stay"
    assert state.rooms.purge(today + timedelta(days=90)) == 1
    with pytest.raises(NoSuchRoom, match="没有编号"):
        classroom.report(code)
    plain = classroom.open(items, SETTINGS, "v").code
    with pytest.raises(BadRequest, match="不记名"):
        classroom.join(plain, "甲", name="王芳")


def test_teams_count_while_the_room_is_open_and_leave_nothing(
    classroom: Classroom, state: State, items: tuple[Item, ...]
) -> None:
    code = classroom.open(items[:2], replace(SETTINGS, teams=2), "v").code
    with pytest.raises(BadRequest, match="没有第 3 队"):
        classroom.join(code, "甲", team=3)
    classroom.join(code, "甲", team=1)
    classroom.join(code, "乙", team=2)
    classroom.act(code, "start")
    give(classroom, code, "甲", items[0].key)
    give(classroom, code, "乙", wrong(items[0]))
    assert classroom.teams(code) == {1: (0, 0), 2: (0, 0)}, "an open item is not told in advance"
    classroom.act(code, "reveal")
    assert classroom.teams(code) == {1: (1, 1), 2: (1, 0)}
    classroom.act(code, "end")
    assert classroom.teams(code) == {1: (0, 0), 2: (0, 0)}
    row = state.rooms.read(code)
    assert row is not None
    assert "team" not in str(row["report"])


def test_somebody_who_leaves_is_forgotten(classroom: Classroom, items: tuple[Item, ...]) -> None:
    code = classroom.open(items, SETTINGS, "v").code
    classroom.join(code, "甲")
    classroom.act(code, "start")
    give(classroom, code, "甲", items[0].key)
    assert classroom.leave(code, "甲") == 2
    assert classroom.leave(code, "甲") == 0
    assert classroom.tally(code) == Tally(0, 0, 0, (0,) * len(items[0].options))


def test_a_seat_in_one_room_says_nothing_of_another(classroom: Classroom, items: tuple[Item, ...]) -> None:
    first, second = (classroom.open(items, SETTINGS, "v").code for _ in range(2))
    assert classroom.seat(first, "甲") != classroom.seat(second, "甲")


def test_only_the_key_opens_the_control_view(classroom: Classroom, items: tuple[Item, ...]) -> None:
    opened, other = classroom.open(items, SETTINGS, "v"), classroom.open(items, SETTINGS, "v", key="trainer 7")
    assert classroom.may_control(opened.code, opened.key)
    assert classroom.may_control(other.code, "trainer 7")
    assert not classroom.may_control(other.code, opened.key)
    assert not classroom.may_control(opened.code, "")
    for code in ("", "000000x", "99999", "一二三四五六", "123456789"):
        with pytest.raises(NoSuchRoom, match="没有编号"):
            classroom.room(code)


@pytest.mark.parametrize(
    ("settings", "count", "said"),
    [
        ({}, 0, "0 道题不行"),
        ({}, 51, "51 道题不行"),
        ({"seconds": 601}, 1, "601 秒不行"),
        ({"seconds": -1}, 1, "-1 秒不行"),
        ({"teams": 1}, 1, "分 1 个队不行"),
        ({"teams": 5}, 1, "分 5 个队不行"),
    ],
)
def test_settings_that_cannot_be_are_named(
    classroom: Classroom, items: tuple[Item, ...], settings: dict[str, int], count: int, said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        classroom.open((items * 5)[:count], replace(SETTINGS, **settings), "v")


def test_time_moves_each_room_once_whoever_looks(state: State, time: Time, items: tuple[Item, ...]) -> None:
    replicas = [Classroom(state.rooms, "web", 90, time) for _ in range(4)]
    code = replicas[0].open(items, SETTINGS, "v").code
    replicas[0].act(code, "start")
    assert replicas[1].due() == []
    time.now += 31
    assert replicas[1].due() == [code]
    with ThreadPoolExecutor(8) as pool:
        rooms = list(pool.map(lambda i: replicas[i % 4].tick(code), range(16)))
    assert {(room.phase, room.revision) for room in rooms} == {("shown", 2)}


def test_two_hundred_answers_at_once_are_each_counted_once(classroom: Classroom, items: tuple[Item, ...]) -> None:
    code = classroom.open(items, SETTINGS, "v").code
    classroom.act(code, "start")
    people = [str(i) for i in range(200)] * 2  # everybody presses twice
    random.Random(0).shuffle(people)
    groups = [people[start : start + 40] for start in range(0, 400, 40)]

    def send(group: list[str]) -> list[str]:
        answers = [Answered(classroom.seat(code, one), 0, items[0].key) for one in group]
        return list(classroom.answer(code, answers, strangers="seat"))

    with ThreadPoolExecutor(8) as pool:
        verdicts = [verdict for group in pool.map(send, groups) for verdict in group]
    found = classroom.tally(code)
    assert found is not None
    assert (found.seats, found.answered, found.right) == (200, 200, 200)
    assert set(verdicts) <= {"kept", "already"}
    assert verdicts.count("kept") >= 200


KILLED = """
import os, signal, sys
from pathlib import Path
from bot.quiz.paper import select
from bot.rooms.classroom import Classroom
from bot.rooms.room import Answered, RoomSettings
from bot.state.database import Database
from bot.state.rooms import RoomBook
from knowledge.loader import load_knowledge
items = select(load_knowledge(Path("knowledge")), 2, 1)
classroom = Classroom(RoomBook(Database.at(sys.argv[1], Path("/"))), "web", 90)
code = classroom.open(items, RoomSettings("学习"), "v").code
classroom.act(code, "start")
print(code, flush=True)
for person in range(10_000):
    answered = Answered(classroom.seat(code, str(person)), 0, items[0].key)
    classroom.answer(code, [answered], strangers="seat")
    print(person, flush=True)
"""


def test_a_killed_process_loses_no_acknowledged_answer(url: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), url], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    code, *acknowledged = [process.stdout.readline().strip() for _ in range(40)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.read().split()
    process.wait()
    database = Database.at(url, Path("/"))
    classroom = Classroom(RoomBook(database), "web", 90)
    for person in acknowledged:
        assert classroom.answered(code, classroom.seat(code, person)) is not None, person
    found = classroom.tally(code)
    assert found is not None
    assert found.answered - len(acknowledged) in (0, 1), "at most the one that was under way"
    assert classroom.act(code, "reveal").phase == "shown"
    database.close()
