"""Every row of the database as lines of JSON and back, the same from SQLite and PostgreSQL.

A line is a list of one row's values in the order of its table's columns: bytes as base64, dates as ISO 8601. What the
lines are kept in is bot/care's business.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Date, Integer, LargeBinary, delete, func, select, text
from sqlalchemy.schema import Column, Table

from bot.state.database import REVISION, Database
from bot.state.tables import keys, metadata
from knowledge.errors import JianfuError

#: Row of `keys` that says which restoring was committed last; it belongs to this database and is never carried away.
RESTORED = "restored"
#: Rows inserted by one statement.
BATCH = 500

__all__ = ["REVISION", "columns", "counted", "dump", "replaced", "restored"]


def columns() -> dict[str, list[str]]:
    """The names of each table's columns, by table."""
    return {table.name: [column.name for column in table.columns] for table in metadata.sorted_tables}


def dump(database: Database, write: Callable[[str, Iterator[str]], None]) -> None:
    """Hand `write` each table's name and lines, all as of one moment. Raises StateUnavailable."""
    with database.reading() as connection:
        for table in metadata.sorted_tables:
            query = select(table).order_by(*table.primary_key.columns)
            if table is keys:
                query = query.where(keys.c.name != RESTORED)
            rows = connection.execution_options(yield_per=BATCH).execute(query)
            write(table.name, (_line(table, row) for row in rows))


def counted(database: Database) -> int:
    """How many rows there are, not counting the installation's own keys. Raises StateUnavailable."""
    with database.begin() as connection:
        tables = [table for table in metadata.sorted_tables if table is not keys]
        return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


@contextmanager
def replaced(database: Database, lines: Callable[[str], Iterable[bytes]], token: bytes) -> Iterator[None]:
    """Replace every row by `lines(table name)`; committed, with the token, when the block ends well.

    Raises StateUnavailable, and JianfuError for a line that is no row of its table; nothing is changed then.
    """
    with database.begin() as connection:
        tables = metadata.sorted_tables
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"LOCK TABLE {', '.join(table.name for table in tables)} IN ACCESS EXCLUSIVE MODE"))
        for table in reversed(tables):
            connection.execute(delete(table))
        for table in tables:
            _fill(connection, table, iter(lines(table.name)))
        connection.execute(keys.insert().values(name=RESTORED, value=token))
        yield


def restored(database: Database) -> bytes | None:
    """The token of the restoring that was committed last, or None. Raises StateUnavailable."""
    with database.begin() as connection:
        value = connection.execute(select(keys.c.value).where(keys.c.name == RESTORED)).scalar()
        return None if value is None else bytes(value)


def _fill(connection: Connection, table: Table, lines: Iterator[bytes]) -> None:
    while batch := [_row(table, line) for line in islice(lines, BATCH)]:
        connection.execute(table.insert(), batch)
    if connection.dialect.name == "postgresql":
        for column in table.columns:
            if column.autoincrement is True and isinstance(column.type, Integer):
                newest = connection.execute(select(func.max(column))).scalar()
                sequence = func.pg_get_serial_sequence(table.name, column.name)
                connection.execute(select(func.setval(sequence, newest or 1, newest is not None)))


def _line(table: Table, row: Iterable[Any]) -> str:
    values = [_written(column, value) for column, value in zip(table.columns, row, strict=True)]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def _written(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, LargeBinary) and value is not None:
        return base64.b64encode(bytes(value)).decode("ascii")
    return value.isoformat() if isinstance(value, date) else value


def _row(table: Table, line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
        return {column.name: _read(column, value) for column, value in zip(table.columns, values, strict=True)}
    except (ValueError, TypeError, RecursionError) as error:
        raise JianfuError(
            f"备份里表 {table.name} 有一行不是它的内容（{type(error).__name__}）；请换一个备份"
        ) from error


def _read(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value, validate=True)
    return date.fromisoformat(value) if isinstance(column.type, Date) else value
