"""Opens the state database, brings it up to date, and says in one kind of error when it cannot be used.

SQLite runs in WAL mode with full fsync, so that what was acknowledged survives kill -9; PostgreSQL is reached by its URL with
SQLAlchemy's psycopg dialect. Whoever wants a table uses tables.py and the file named after it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import Table

from bot.state import tables
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations")
#: The newest migration in MIGRATIONS; a test compares.
REVISION = "0008"
#: How long a writer waits for another one, in seconds.
BUSY_SECONDS = 10
#: Any number that nothing else locks in the same PostgreSQL database.
MIGRATION_LOCK = 7_202_019


class StateUnavailable(JianfuError):
    """The state database cannot be opened, read or written; answering needs none of it."""


class Database:
    """A pool of connections to one state database. Safe to use from several threads.

    Connects, and brings the tables up to date, when it is first used: a database that is away for a while is found again
    by the next use.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._key: bytes | None = None
        self._current = False
        self._guard = threading.Lock()

    @classmethod
    def at(cls, url: str, root: Path) -> Database:
        """The database at `url`; a relative SQLite path starts at `root`. Nothing is contacted yet.

        Raises StateUnavailable for a URL that can never work here.
        """
        try:
            place = placed(make_url(url), root)
        except ArgumentError as error:
            raise StateUnavailable(f"state.url 不是数据库地址：{url!r}；例如 sqlite:///state/jianfu.db") from error
        try:
            engine = create_engine(place, pool_pre_ping=place.get_backend_name() != "sqlite")
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise StateUnavailable(
                f"state.url 需要没有安装的软件（{error}）；用 sqlite:///… 或 postgresql+psycopg://…（要装 psycopg）"
            ) from error
        if place.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        return cls(engine)

    def open(self) -> None:
        """Make sure that the database answers and its tables are up to date. Raises StateUnavailable."""
        with self._guard:
            if not self._current:
                _make_folder(self._engine.url)
                with self._guarded():
                    self._migrate()
                self._current = True

    def _migrate(self) -> None:
        """Run the migrations that this database has not seen; one process at a time, whoever comes second finds them done."""
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            known = self._engine.dialect.has_table(connection, "alembic_version")
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None
            if found == REVISION:
                return
            if found is not None and found > REVISION:
                raise StateUnavailable(
                    f"数据库是更新的版本写的（{found}，本程序只到 {REVISION}）；请升级本程序，或从备份恢复数据库"
                )
            from alembic import command  # noqa: PLC0415 - only where there is something to migrate; starting stays quick
            from alembic.config import Config  # noqa: PLC0415 - the same

            settings = Config(attributes={"connection": connection})
            settings.set_main_option("script_location", str(MIGRATIONS))
            command.upgrade(settings, "head")
        logger.info("state database migrated from %s to %s", found or "nothing", REVISION)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn whatever the database says into StateUnavailable, which says what to look at."""
        try:
            yield
        except SQLAlchemyError as error:
            logger.error("state database: %s", _reason(error))
            raise StateUnavailable(
                f"数据库用不了（{_reason(error)}）；检查 {self._engine.url.render_as_string(hide_password=True)} "
                "是否可写、磁盘是否满、服务是否在运行"
            ) from error

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: all of it is kept, or none. Raises StateUnavailable."""
        self.open()
        with self._guarded(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment throughout, changes nothing, and lets others write. Raises StateUnavailable."""
        self.open()
        with self._guarded(), self._engine.connect() as plain:
            connection = plain.execution_options(reading=True)
            if self._engine.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT of this database's dialect, which knows ON CONFLICT."""
        return postgresql.insert(table) if self._engine.dialect.name == "postgresql" else sqlite.insert(table)

    def hashed(self, *parts: str) -> str:
        """A keyed hash (HMAC-SHA256, 64 hex digits): the same parts give the same hash here and on no other machine."""
        if self._key is None:
            self._key = self._read_key()
        return hmac.new(self._key, "\0".join(parts).encode("utf8"), hashlib.sha256).hexdigest()

    def _read_key(self) -> bytes:
        made = self.insert(tables.keys).values(name="people", value=secrets.token_bytes(32))
        with self.begin() as connection:
            connection.execute(made.on_conflict_do_nothing())
            key = connection.execute(select(tables.keys.c.value).where(tables.keys.c.name == "people")).scalar_one()
        return bytes(key)

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()


def placed(url: URL, root: Path) -> URL:
    """The URL with a SQLite path made absolute."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return url
    return url.set(database=str((root / Path(url.database).expanduser()).resolve()))


def _make_folder(url: URL) -> None:
    """The folder of a SQLite file."""
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        folder = Path(url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateUnavailable(f"建不了文件夹 {folder}（{error.strerror}）；换一个可写的 state.url") from error


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction by itself; _begin_sqlite does
    for setting in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",  # what is deleted is overwritten, not only marked as free
    ):
        connection.execute(f"PRAGMA {setting}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the writer's lock at once: a transaction that reads first and writes later could not wait for it."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _reason(error: SQLAlchemyError) -> str:
    """The first line of what the driver said, without the statement and its values."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return said[0] if said else type(error).__name__
