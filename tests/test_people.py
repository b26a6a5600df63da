from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.state import tables
from bot.state.database import Database, StateUnavailable
from bot.state.feedback import Opinion
from bot.state.inbox import Arrival
from bot.state.people import People, Settings
from bot.state.state import State
from bot.state.upkeep import keep_tidy, purge
from tests.states import state_at
from tests.telegram_fake import until

pytest_plugins = ["tests.states"]

TODAY = date(2026, 11, 24)


@pytest.fixture
def people(database: Database) -> People:
    return People(database, keep_days=90)


def test_settings_are_kept_for_one_person(people: People) -> None:
    people.put("telegram:1", Settings(full_quotes=True))
    people.put("telegram:1", Settings(full_quotes=True, next_questions=False))
    assert people.settings("telegram:1") == Settings(full_quotes=True, next_questions=False)
    assert people.settings("telegram:2") == Settings(full_quotes=False, next_questions=True)


def test_settings_of_another_version_cost_nothing(people: People, database: Database) -> None:
    people.put("telegram:1", Settings())
    with database.begin() as connection:
        connection.execute(update(tables.people).values(settings='{"full_quotes": true, "next_questions": 7, "x": 1}'))
    assert people.settings("telegram:1") == Settings(full_quotes=True, next_questions=True)


def test_settings_expire_when_they_are_not_used(people: People) -> None:
    people.put("used", Settings(full_quotes=True), today=TODAY)
    people.put("unused", Settings(full_quotes=True), today=TODAY)
    people.settings("used", today=TODAY + timedelta(days=80))
    assert people.purge(TODAY + timedelta(days=89)) == 0
    assert people.purge(TODAY + timedelta(days=90)) == 1
    assert people.settings("used") == Settings(full_quotes=True)
    assert people.settings("unused") == Settings()


def test_forgetting_deletes_one_persons_settings(people: People) -> None:
    people.put("telegram:1", Settings(full_quotes=True))
    people.put("telegram:2", Settings(full_quotes=True))
    assert people.forget("telegram:1") == 1
    assert people.forget("telegram:1") == 0
    assert people.settings("telegram:2").full_quotes


def test_no_person_can_be_read(people: People, database: Database) -> None:
    people.put("telegram:123456789", Settings())
    with database.begin() as connection:
        [person] = connection.execute(select(tables.people.c.person)).scalars()
    assert len(person) == 64
    assert "123456789" not in person


# Upkeep


def fill(state: State) -> None:
    long_ago = datetime.now(UTC).date() - timedelta(days=90)
    state.people.put("telegram:1", Settings(), today=long_ago)
    state.inbox.take_in(7, [Arrival(1, "chat", "{}")], now=0.0)
    state.feedback.put("1", Opinion("up", "answer", "v", "telegram"))
    with state.database.begin() as connection:
        connection.execute(update(tables.feedback).values(expires=long_ago))


def count(state: State) -> list[int]:
    with state.database.begin() as connection:
        return [
            len(connection.execute(select(table)).all()) for table in (tables.feedback, tables.inbox, tables.people)
        ]


async def test_what_expired_is_purged_at_the_start_and_again(state: State) -> None:
    stop = asyncio.Event()
    fill(state)
    tidying = asyncio.create_task(keep_tidy(state, stop, every_seconds=0.01))
    for _ in range(2):
        await until(lambda: count(state) == [0, 0, 0])
        fill(state)
    stop.set()
    await asyncio.wait_for(tidying, 5)


def test_a_purge_that_fails_costs_the_others_nothing(
    state: State,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def purge(self) -> int:
            raise self.error

    fill(state)
    caplog.set_level(logging.INFO)
    purge(replace(state, feedback=Broken(StateUnavailable("away")), people=Broken(ValueError())))  # type: ignore[arg-type]
    assert count(state) == [1, 0, 1]
    assert [record.levelname for record in caplog.records if "purg" in record.getMessage()] == ["WARNING", "ERROR"]


async def test_a_database_that_is_away_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be", "utf8")
    stop = asyncio.Event()
    tidying = asyncio.create_task(keep_tidy(state_at(f"sqlite:///{tmp_path}/state/x.db"), stop, every_seconds=0.01))
    await asyncio.sleep(0.2)
    assert not tidying.done()
    stop.set()
    await asyncio.wait_for(tidying, 5)
