"""A state database for tests: a SQLite file of their own, and PostgreSQL too where JIANFU_TEST_POSTGRES_URL names one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.config import Config
from bot.state.database import Database
from bot.state.state import State
from bot.state.tables import metadata

#: For example postgresql+psycopg://postgres@127.0.0.1:5432/test; everything in that database is dropped.
POSTGRES_VARIABLE = "JIANFU_TEST_POSTGRES_URL"
KINDS = ["sqlite", *(["postgresql"] if os.environ.get(POSTGRES_VARIABLE) else [])]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'jianfu.db'}"
    address = os.environ[POSTGRES_VARIABLE]
    engine = create_engine(address)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    return address


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An empty database."""
    made = Database.at(url, Path("/"))
    yield made
    made.close()


def state_at(url: str) -> State:
    """The whole state in the database at `url`, as another process would open it."""
    return State.of(Config.model_validate({"state": {"url": url}}))


@pytest.fixture
def state(url: str) -> Iterator[State]:
    """Everything that is kept, in an empty database."""
    made = state_at(url)
    yield made
    made.close()
