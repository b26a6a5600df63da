"""Learning alone: the schedule against the library's own, today's tasks, the wrong ones, the map, changed clauses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.quiz.item import Item
from bot.state.reminders import Reminder
from bot.state.state import State
from bot.study import InvalidChoice, Study, UnknownItem, memory, words
from bot.study.reminding import is_quiet, next_time
from bot.study.standing import level_of
from bot.study.study import NEW_A_DAY
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge
from tests.fakes import ROOT, real_knowledge
from tests.notices import DOCUMENT_ID, write_notice
from tests.states import state_at
from tests.test_quiz import changed

#: Nine in the morning of Beijing.
NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ME = "telegram:1"


@pytest.fixture
def state(tmp_path: Path) -> State:
    return state_at(f"sqlite:///{tmp_path / 'jianfu.db'}")


@pytest.fixture
def study(state: State) -> Study:
    return at(state)


def at(state: State, knowledge: KnowledgeBase | None = None) -> Study:
    return Study(state.cards, state.reminders, knowledge or real_knowledge())


def wrong(item: Item) -> tuple[int, ...]:
    """A choice that is not the key."""
    other = (
        tuple(reversed(item.key)) if item.kind in ("order", "matching") else ((item.key[0] + 1) % len(item.options),)
    )
    return other if set(other) != set(item.key) or item.kind in ("order", "matching") else (other[0], item.key[0])


def learn(study: Study, now: datetime = NOW, *, right: bool = True, person: str = ME) -> list[Item]:
    """Answer everything that is to do now."""
    tasks = study.today(person, now).tasks
    for task in tasks:
        outcome = study.answer(person, task.item.id, task.item.key if right else wrong(task.item), task.showing, now)
        assert (outcome.right, outcome.counted) == (right, True)
    return [task.item for task in tasks]


# The schedule

GAPS = st.one_of(
    st.integers(0, 3600), st.integers(0, 3 * 86400), st.integers(0, 400 * 86400)
)  # seconds: within a sitting, within days, after a long time
HISTORIES = st.lists(st.tuples(st.booleans(), GAPS), min_size=1, max_size=12)


@given(HISTORIES)
@settings(deadline=None, max_examples=200)
def test_the_schedule_is_the_librarys_own(history: list[tuple[bool, int]]) -> None:
    """The reference lives in memory; ours is written as JSON and read again between answers."""
    reference, card = fsrs.Scheduler(enable_fuzzing=False), fsrs.Card(card_id=0, due=NOW)
    kept, now = None, NOW
    for right, gap in history:
        now += timedelta(seconds=gap)
        card, _ = reference.review_card(card, fsrs.Rating.Good if right else fsrs.Rating.Again, now)
        kept, due = memory.answered(kept, right, now)
        assert due == card.due
        assert fsrs.Card.from_json(kept) == card
        assert memory.is_learnt(kept) == (card.state is fsrs.State.Review)
        later = now + timedelta(days=3)
        assert memory.retrievability(kept, later) == reference.get_card_retrievability(card, later)


@given(HISTORIES)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_so_it_is_through_the_database(study: Study, state: State, history: list[tuple[bool, int]]) -> None:
    state.cards.forget(ME)
    reference, card = fsrs.Scheduler(enable_fuzzing=False), fsrs.Card(card_id=0, due=NOW)
    item, now = next(iter(study.syllabus.items.values())), NOW
    for showing, (right, gap) in enumerate(history):
        now += timedelta(seconds=gap)
        outcome = study.answer(ME, item.id, item.key if right else wrong(item), showing, now)
        card, _ = reference.review_card(card, fsrs.Rating.Good if right else fsrs.Rating.Again, now)
        assert outcome.due is not None
        assert abs(outcome.due - card.due) <= timedelta(microseconds=1)
        assert state.cards.of(state.cards.key(ME))[0].memory == card.to_json()


# Today


def test_a_first_day_has_a_few_new_items_of_as_many_clauses(study: Study) -> None:
    today = study.today(ME, NOW)
    assert (today.due, today.new, today.later, len(today.tasks)) == (0, NEW_A_DAY, 0, NEW_A_DAY)
    assert [task.item.clause for task in today.tasks] == ["0", "1", "1.1", "1.2", "1.3", "1.4"]
    assert {(task.is_new, task.revised, task.showing) for task in today.tasks} == {(True, False, 0)}
    assert study.today("web:2", NOW) == today


def test_asking_twice_changes_nothing_and_answering_uses_up_the_day(study: Study) -> None:
    first = study.today(ME, NOW)
    task = first.tasks[0]
    study.answer(ME, task.item.id, task.item.key, task.showing, NOW)
    after = study.today(ME, NOW)
    assert after == study.today(ME, NOW)
    assert (after.tasks, after.new, after.later) == (first.tasks[1:], NEW_A_DAY - 1, 1)
    assert learn(study) == [one.item for one in first.tasks[1:]]
    assert study.today(ME, NOW).tasks == ()
    evening = NOW + 14 * HOUR  # eleven at night in Beijing
    assert study.today(ME, evening).new == 0
    assert study.today(ME, evening + HOUR).new == NEW_A_DAY


def test_after_some_days_every_clause_has_been_begun_once(study: Study) -> None:
    clauses = len(list(real_knowledge()))
    found: Counter[str] = Counter()
    for day in range(-(-clauses // NEW_A_DAY)):
        tasks = study.today(ME, NOW + day * DAY).tasks
        new = [task for task in tasks if task.is_new]
        found.update(task.item.clause for task in new)
        learn(study, NOW + day * DAY)
    assert len(found) == clauses
    assert set(found.values()) == {1}


def test_learning_steps_come_back_after_minutes_and_reviews_on_their_day(study: Study) -> None:
    first = learn(study)[0]
    assert study.today(ME, NOW + timedelta(minutes=9)).due == 0
    at_ten = study.today(ME, NOW + timedelta(minutes=10))
    assert (at_ten.due, {task.showing for task in at_ten.tasks}) == (NEW_A_DAY, {1})
    learn(study, NOW + timedelta(minutes=10))
    days = (datetime.fromtimestamp(due_of(study, first), UTC) - NOW).days
    assert days >= 1
    # Due at ten past nine of that day, and shown from its first minute on.
    midnight = NOW - 9 * HOUR + days * DAY
    assert first in [task.item for task in study.today(ME, midnight).tasks[: study.today(ME, midnight).due]]
    assert first not in [task.item for task in study.today(ME, midnight - HOUR).tasks]


def due_of(study: Study, item: Item) -> float:
    cards = study._cards.of(study._cards.key(ME))
    return next(card.due for card in cards if card.item == item.id)


def test_what_has_been_due_longest_comes_first(study: Study) -> None:
    tasks = study.today(ME, NOW).tasks
    for minute, place in enumerate((4, 2, 5, 0, 3, 1)):
        item = tasks[place].item
        study.answer(ME, item.id, item.key, 0, NOW + timedelta(minutes=minute))
    study.answer(ME, tasks[1].item.id, wrong(tasks[1].item), 1, NOW + timedelta(minutes=6))  # due in a minute
    found = [task.item for task in study.today(ME, NOW + HOUR).tasks]
    assert found == [tasks[place].item for place in (1, 4, 2, 5, 0, 3)]


# Answers


def test_an_answer_is_judged_and_counted_once(study: Study) -> None:
    item = study.today(ME, NOW).tasks[0].item
    first = study.answer(ME, item.id, item.key, 0, NOW)
    assert (first.right, first.counted, first.due) == (True, True, NOW + timedelta(minutes=10))
    again = study.answer(ME, item.id, wrong(item), 0, NOW + HOUR)
    assert (again.right, again.counted, again.due) == (False, False, first.due)
    assert study.wrong_book(ME) == ()


def test_every_item_takes_its_key_and_nothing_else(study: Study) -> None:
    kinds: Counter[str] = Counter()
    for item in study.syllabus.items.values():
        if kinds[item.kind] < 3:
            kinds[item.kind] += 1
            person = f"web:{item.id}"
            shuffled = item.key if item.kind in ("order", "matching") else tuple(reversed(item.key))
            assert study.answer(person, item.id, shuffled, 0, NOW).right
            assert not study.answer(person, item.id, wrong(item), 1, NOW).right
    assert len(kinds) == 9


@pytest.mark.parametrize("choice", [(), (-1,), (99,), (0, 99)])
def test_a_choice_that_is_none_is_refused_and_not_counted(study: Study, choice: tuple[int, ...]) -> None:
    item = study.today(ME, NOW).tasks[0].item
    with pytest.raises(InvalidChoice, match=f"第 1 到第 {len(item.options)} 个选项"):
        study.answer(ME, item.id, choice, 0, NOW)
    assert study.today(ME, NOW).tasks[0].item == item


def test_an_item_that_does_not_exist_is_refused(study: Study) -> None:
    with pytest.raises(UnknownItem, match="这道题已经没有了"):
        study.answer(ME, "000000000000", (0,), 0, NOW)
    with pytest.raises(UnknownItem):
        study.task(ME, "000000000000")


def test_an_acknowledged_answer_survives_kill_9(tmp_path: Path) -> None:
    """A process answers, says so, and is killed at once; another one goes on with the next item."""
    url = f"sqlite:///{tmp_path / 'jianfu.db'}"
    program = (
        "import sys, time; from tests.test_study import *\n"
        f"study = at(state_at({url!r}))\n"
        "for task in study.today(ME, NOW).tasks[:3]:\n"
        "    study.answer(ME, task.item.id, task.item.key, task.showing, NOW)\n"
        "    print(task.item.id, flush=True)\n"
        "time.sleep(600)"
    )
    done: list[str] = []
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        done += [process.stdout.readline().strip() for _ in range(3)]
        os.kill(process.pid, signal.SIGKILL)
    state = state_at(url)
    assert [card.item for card in state.cards.of(state.cards.key(ME))] == sorted(done)
    today = at(state).today(ME, NOW)
    assert (today.new, today.later) == (NEW_A_DAY - 3, 3)
    assert not {task.item.id for task in today.tasks} & set(done)


# The wrong-answer book and the map


def test_the_wrong_book_holds_what_was_answered_wrong_last(study: Study) -> None:
    items = learn(study, right=False)
    book = study.wrong_book(ME)
    assert [task.item for task in book] == items
    assert {(task.showing, task.is_new) for task in book} == {(1, False)}
    assert book[0].item.citation.quote == real_knowledge().find(items[0].clause).text  # type: ignore[union-attr]
    assert study.task(ME, items[1].id) == book[1]
    study.answer(ME, items[1].id, items[1].key, 1, NOW)
    assert [task.item for task in study.wrong_book(ME)] == [items[0], *items[2:]]
    assert study.wrong_book("telegram:2") == ()


def levels(study: Study, now: datetime = NOW) -> dict[str, str]:
    return {one.reference: one.level for one in study.map(ME, now)}


def test_the_map_holds_each_clause_that_is_no_heading(study: Study) -> None:
    standings = study.map(ME, NOW)
    assert sum(one.clause.kind == "measure" for one in standings) == 27
    assert [one.clause for one in standings] == [one for one in real_knowledge() if not one.is_heading]
    assert {one.level for one in standings} == {"new"}


def test_a_clause_is_known_when_three_of_its_items_are_remembered(study: Study) -> None:
    items = study.syllabus.of_clause("jianfu-2019:2.2")[:3]
    for number, item in enumerate(items):
        study.answer(ME, item.id, item.key, 0, NOW)
        assert levels(study)["2.2"] == "learning"
        study.answer(ME, item.id, item.key, 1, NOW + HOUR)
        assert levels(study, NOW + HOUR)["2.2"] == ("known" if number == 2 else "learning")
    assert Counter(levels(study).values())["known"] == 1
    assert levels(study, NOW + 300 * DAY)["2.2"] == "learning"  # forgotten meanwhile
    study.answer(ME, items[0].id, wrong(items[0]), 2, NOW + 2 * HOUR)
    assert levels(study, NOW + 2 * HOUR)["2.2"] == "learning"


def test_a_clause_of_few_items_needs_no_more_than_it_has(study: Study, state: State) -> None:
    item = study.syllabus.of_clause("jianfu-2019:2.2")[0]
    for showing in range(2):
        study.answer(ME, item.id, item.key, showing, NOW + showing * HOUR)
    cards = state.cards.of(state.cards.key(ME))
    assert level_of(cards, 1, NOW + HOUR) == "known"
    assert level_of(cards, 2, NOW + HOUR) == "learning"


# Clauses that change


def test_a_changed_clause_is_learned_anew_and_no_other(study: Study, state: State) -> None:
    items = [study.syllabus.of_clause(f"jianfu-2019:{one}")[0] for one in ("2.1", "2.2", "2.3")]
    for item in items:
        study.answer(ME, item.id, wrong(item), 0, NOW)
    before = state.cards.of(state.cards.key(ME))
    later = at(state, changed("2.2", "10页", "12页"))

    tomorrow = NOW + DAY
    today = later.today(ME, tomorrow)
    assert {task.item.id for task in today.tasks[: today.due]} == {items[0].id, items[2].id}
    assert [task.item for task in later.wrong_book(ME)] == [items[0], items[2]]
    assert (levels(later)["2.1"], levels(later)["2.2"], levels(later)["2.3"]) == ("learning", "new", "learning")
    new = today.tasks[today.due :]
    assert [(task.item.clause, task.revised) for task in new][:2] == [("2.2", True), ("0", False)]
    assert not set(later.syllabus.of_clause("jianfu-2019:2.2")) & set(study.syllabus.of_clause("jianfu-2019:2.2"))
    assert words.REVISED == "此条已修订"

    # Answered once in its new words, the item's mark is gone; another item of the clause still has it.
    assert later.answer(ME, new[0].item.id, new[0].item.key, 0, tomorrow).counted
    assert not later.task(ME, new[0].item.id).revised
    other = next(one for one in later.syllabus.of_clause("jianfu-2019:2.2") if one != new[0].item)
    assert later.task(ME, other.id).revised
    with pytest.raises(UnknownItem):
        later.answer(ME, items[1].id, items[1].key, 1, tomorrow)
    after = state.cards.of(state.cards.key(ME))
    assert [card for card in after if card.item != new[0].item.id] == before


def test_words_that_come_back_bring_their_cards_back(study: Study, state: State) -> None:
    item = study.syllabus.of_clause("jianfu-2019:2.2")[0]
    study.answer(ME, item.id, item.key, 0, NOW)
    assert at(state, changed("2.2", "10页", "12页")).today(ME, NOW + DAY).due == 0
    assert [task.item for task in study.today(ME, NOW + DAY).tasks[:1]] == [item]


def test_a_second_notice_is_learned_too_and_costs_no_card(study: Study, state: State, tmp_path: Path) -> None:
    learn(study)
    write_notice(tmp_path)
    second = load_knowledge(tmp_path).documents[0]
    both = at(state, KnowledgeBase((*real_knowledge().documents, second)))
    assert both.today(ME, NOW + DAY).due == NEW_A_DAY
    assert [one.clause.document for one in both.map(ME, NOW)].count(DOCUMENT_ID) == 6
    assert {task.revised for task in both.today(ME, NOW + DAY).tasks} == {False}
    alone = at(state, KnowledgeBase((second,)))
    assert {task.item.document for task in alone.today("web:2", NOW).tasks} == {DOCUMENT_ID}


# Reminders


def test_quiet_hours_may_reach_over_midnight() -> None:
    night = Reminder(quiet_from=22 * 60, quiet_to=8 * 60)
    assert [is_quiet(night, hour * 60) for hour in (21, 22, 23, 0, 7, 8, 12)] == [False, True, True, True, True, False, False]  # fmt: skip
    noon = Reminder(quiet_from=12 * 60, quiet_to=14 * 60)
    assert [is_quiet(noon, hour * 60) for hour in (11, 12, 13, 14)] == [False, True, True, False]
    never = Reminder(quiet_from=60, quiet_to=60)
    assert not any(is_quiet(never, minute) for minute in range(1440))


@given(st.integers(0, 1439), st.integers(0, 10**9))
def test_the_next_time_is_the_chosen_minute_within_a_day(minute: int, after: int) -> None:
    found = next_time(Reminder(minute=minute), float(after))
    assert 0 < found - after <= 86400
    local = datetime.fromtimestamp(found, UTC) + 8 * HOUR
    assert (local.hour * 60 + local.minute, local.second) == (minute, 0)


def remind(study: Study, hour: int, now: datetime = NOW, **fields: int) -> None:
    study.remind(ME, Reminder(wanted=True, minute=hour * 60, **fields), "telegram:7", "1", now)


def reminded(study: Study, now: datetime) -> list[tuple[str, int]]:
    return [(due.address, due.cards) for due in study.claim_reminders("telegram:7", now)]


def test_a_reminder_comes_once_a_day_at_its_hour_while_something_is_due(study: Study) -> None:
    learn(study)
    remind(study, 12)
    assert reminded(study, NOW + 2 * HOUR) == []
    assert reminded(study, NOW + 3 * HOUR) == [("1", NEW_A_DAY)]
    assert reminded(study, NOW + 3 * HOUR) == []
    remind(study, 15, NOW + 4 * HOUR)  # another hour the same day is no second reminder
    assert reminded(study, NOW + 6 * HOUR) == []
    assert reminded(study, NOW + DAY + 6 * HOUR) == [("1", NEW_A_DAY)]


def test_nothing_due_is_nothing_to_remind_of(study: Study) -> None:
    remind(study, 12)
    assert reminded(study, NOW + 3 * HOUR) == []
    learn(study, NOW + 4 * HOUR)
    assert reminded(study, NOW + 5 * HOUR) == []
    assert reminded(study, NOW + DAY + 3 * HOUR) == [("1", NEW_A_DAY)]


def test_no_reminder_comes_in_quiet_hours_nor_late(study: Study) -> None:
    learn(study)
    remind(study, 12, quiet_from=11 * 60, quiet_to=13 * 60)
    assert reminded(study, NOW + 3 * HOUR) == []
    remind(study, 13, NOW, quiet_from=13 * 60 + 30, quiet_to=15 * 60)
    assert reminded(study, NOW + 4 * HOUR + timedelta(minutes=31)) == []  # the process was away until half past
    remind(study, 12, NOW + DAY)
    assert reminded(study, NOW + DAY + 5 * HOUR) == []
    assert reminded(study, NOW + 2 * DAY + 3 * HOUR) == [("1", NEW_A_DAY)]


def test_a_reminder_turned_off_is_off(study: Study) -> None:
    learn(study)
    remind(study, 12)
    study.remind(ME, replace(study.reminder(ME), wanted=False), "telegram:7", "1", NOW)
    assert not study.reminder(ME).wanted
    assert reminded(study, NOW + 3 * HOUR) == []


def test_an_answer_to_options_that_changed_since_is_not_judged(state: State) -> None:
    """The words of one clause are options of items of others: their ids stay, what they ask does not."""
    before = at(state)
    after = at(state, changed("2.2", "10页", "12页"))
    both = [
        (item, after.syllabus.items[item.id])
        for item in before.syllabus.items.values()
        if item.id in after.syllabus.items
    ]
    other = [(old, new) for old, new in both if old.options != new.options]
    assert other
    assert all((old.shown_id == new.shown_id) == (replace(old, citation=new.citation) == new) for old, new in both)
    old, new = other[0]
    with pytest.raises(UnknownItem, match="选项变了"):
        after.answer(ME, old.shown_id, old.key, 0, NOW)
    with pytest.raises(UnknownItem, match="选项变了"):
        after.task(ME, old.shown_id)
    assert after.wrong_book(ME) == ()
    assert after.answer(ME, new.shown_id, new.key, 0, NOW).counted
