"""The state database looked at without changing anything: nothing is made, migrated, or written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, create_engine, event, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError

from bot.state.database import Database, StateUnavailable, placed
from bot.state.tables import kb_log, receipts


class Looking(Database):
    """A database whose every transaction reads only. It may be of any age, or empty."""

    def open(self) -> None:
        """Nothing is migrated."""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that reads. Raises StateUnavailable."""
        with self.reading() as connection:
            yield connection


def sqlite_file(url: str, root: Path) -> Path | None:
    """The file of a SQLite address, or None for another kind of database. Raises StateUnavailable for no address."""
    try:
        place = placed(make_url(url), root)
    except ArgumentError as error:
        raise StateUnavailable(f"state.url 不是数据库地址：{url!r}；例如 sqlite:///state/jianfu.db") from error
    return Path(place.database) if place.get_backend_name() == "sqlite" and place.database else None


def look(url: str, root: Path) -> Looking:
    """The database, for reading. Raises StateUnavailable for an address that can never work here."""
    path = sqlite_file(url, root)
    if path is None:
        Database.at(url, root).close()  # says what is wrong with an address
        options = {"connect_timeout": 5, "options": "-c default_transaction_read_only=on"}
        return Looking(create_engine(url, connect_args=options))
    # Without a log beside it nobody has it open: read as it is, or SQLite would make files for locks.
    log = path.with_name(path.name + "-wal")
    mode = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    address = f"{path.as_uri()}?{mode}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return Looking(engine)


def revision(database: Looking) -> str | None:
    """The migration that the database is at; None for an empty one. Raises StateUnavailable."""
    with database.begin() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def integrity(path: Path) -> str | None:
    """What SQLite's own check says of a file, or why it cannot be asked; None when all is well."""
    try:
        return _checked(path)
    except sqlite3.Error as error:
        return str(error)


def is_damaged(path: Path) -> bool:
    """Whether SQLite's own check finds a file damaged. One that is locked, or not to be opened, says nothing of its content."""
    try:
        return _checked(path) is not None
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True


def _checked(path: Path) -> str | None:
    mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True)) as connection:
        said = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return None if said == "ok" else said.splitlines()[0]


def writable(database: Looking, path: Path | None) -> bool:
    """Whether rows could be written; tried by asking, not by writing. Raises StateUnavailable."""
    if path is not None:
        return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    with database.begin() as connection:
        standby = connection.execute(select(func.pg_is_in_recovery())).scalar()
        if not inspect(connection).has_table("kb_log"):
            return not standby
        return not standby and bool(connection.execute(select(func.has_table_privilege("kb_log", "INSERT"))).scalar())


def ahead(database: Looking) -> timedelta:
    """How far the newest thing on record is ahead of this machine's clock; negative where all is past. A migrated one."""
    now = datetime.now(UTC)
    with database.begin() as connection:
        published = connection.execute(select(func.max(kb_log.c.at))).scalar()
        given = connection.execute(select(func.max(receipts.c.first_given))).scalar()
        server = connection.execute(select(func.now())).scalar() if connection.dialect.name == "postgresql" else None
    seen = [timedelta.min]
    if published:
        seen.append(datetime.fromisoformat(published) - now)
    if given:  # a day, in whatever time zone
        seen.append(datetime(given.year, given.month, given.day, tzinfo=UTC) - now - timedelta(days=1))
    if server is not None:
        seen.append(abs(server - now))
    return max(seen)
