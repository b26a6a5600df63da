"""PostgreSQL with the pgvector extension: one copy of the vectors for all replicas, with its standbys and backups.

A revision and all of its rows come in one transaction, so that nobody ever sees a part. Small revisions are read through
(exact); past a size each has an HNSW index of its own (Malkov and Yashunin, 2016), which finds nearly all of the nearest.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from index.dense.seam import DenseUnavailable, Rows, UnknownRevision, check
from index.embedder import Vectors

#: Up to so many rows a revision is read through, exactly: at 20,000 HNSW took as long and found 94 of 100 (docs/growth.md).
EXACT_ROWS = 100_000
#: How far HNSW looks, the most that pgvector allows. On 3,000 rows in few clusters 128 found 89 to 94 of 100, 256 at least 99.
EF_SEARCH = 1000
CONNECT_SECONDS = 3
#: Any number that nothing else locks: publishers wait for each other.
_LOCK = 7_300_311

_TABLES = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE IF NOT EXISTS dense_revisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    revision text NOT NULL UNIQUE,
    dimension integer NOT NULL,
    rows integer NOT NULL,
    published timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS dense_rows (
    revision bigint NOT NULL REFERENCES dense_revisions(id) ON DELETE CASCADE,
    row integer NOT NULL,
    clause text NOT NULL,
    document text NOT NULL,
    text text NOT NULL,
    vector vector NOT NULL,
    PRIMARY KEY (revision, row)
);
"""


class PgvectorIndex:
    """One PostgreSQL, shared by any number of processes."""

    name = "PostgreSQL"

    def __init__(self, url: str, keep: int = 4) -> None:
        """`url` as SQLAlchemy has it (postgresql+psycopg://…); `keep` revisions stay. Nothing is connected yet."""
        options = {"connect_timeout": CONNECT_SECONDS}
        self._engine = create_engine(make_url(url), pool_pre_ping=True, connect_args=options)
        self._keep = keep
        self._known: dict[str, tuple[int, int, int]] = {}
        self._guard = threading.Lock()
        self._made = False

    def publish(self, revision: str, rows: Rows) -> None:
        """As in the seam."""
        with self._connected() as connection:
            self._make_tables(connection)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            there = {"revision": revision}
            again = text("UPDATE dense_revisions SET published = now() WHERE revision = :revision RETURNING id")
            if connection.execute(again, there).first() is not None:
                return
            add = text(
                "INSERT INTO dense_revisions (revision, dimension, rows) VALUES (:revision, :dimension, :rows) RETURNING id"
            )
            facts = {**there, "dimension": rows.dimension, "rows": len(rows.vectors)}
            number = int(connection.execute(add, facts).scalar_one())
            self._copy(connection, number, rows)
            if len(rows.vectors) > EXACT_ROWS:
                self._make_index(connection, number, rows.dimension)
            self._drop_old(connection)
        if len(rows.vectors) > EXACT_ROWS:
            with self._connected() as connection:
                connection.execute(text("ANALYZE dense_rows"))

    def holds(self, revision: str) -> bool:
        """As in the seam."""
        with self._connected() as connection:
            return self._find(connection, revision) is not None

    def search(
        self, revision: str, vector: Vectors, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """As in the seam."""
        with self._connected() as connection:
            found = self._known.get(revision) or self._find(connection, revision)
            if found is None:
                raise UnknownRevision(revision)
            number, dimension, rows = found
            check(vector, dimension)
            if not rows or k < 1:
                return []
            query = self.query(number, dimension, rows, some=documents is not None)
            if rows > EXACT_ROWS:
                connection.execute(text(f"SET LOCAL hnsw.ef_search = {EF_SEARCH}"))
                connection.execute(text("SET LOCAL hnsw.iterative_scan = strict_order"))
            values = {"vector": _written(vector), "k": k, "documents": list(documents or ())}
            result = [(int(row), float(cosine)) for row, cosine in connection.execute(text(query), values)]
            if not result and self._find(connection, revision) is None:  # dropped since
                raise UnknownRevision(revision)
            return result

    @staticmethod
    def query(number: int, dimension: int, rows: int, *, some: bool) -> str:
        """The statement that search() runs; `number` is the revision's own."""
        column = f"(vector::vector({dimension}))" if rows > EXACT_ROWS else "vector"
        distance = f"{column} <#> CAST(:vector AS vector({dimension}))"
        chosen = " AND document = ANY(:documents)" if some else ""
        order = distance if rows > EXACT_ROWS else f"{distance}, row"
        return f"SELECT row, -({distance}) FROM dense_rows WHERE revision = {number}{chosen} ORDER BY {order} LIMIT :k"  # noqa: S608 - numbers of ours

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A transaction. Raises DenseUnavailable for whatever the database says."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()
            raise DenseUnavailable(reason[0] if reason else type(error).__name__) from error

    def _make_tables(self, connection: Connection) -> None:
        with self._guard:
            if self._made:
                return
            # Two that make the same table at once would meet in PostgreSQL's own catalogue.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            for statement in filter(None, (one.strip() for one in _TABLES.split(";"))):
                connection.execute(text(statement))
            self._made = True

    def _find(self, connection: Connection, revision: str) -> tuple[int, int, int] | None:
        """A revision's number, dimension and rows. Nothing is made; raises DenseUnavailable without pgvector."""
        if connection.execute(text("SELECT to_regclass('dense_revisions')")).scalar() is None:
            there = "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"
            if not connection.execute(text(there)).scalar():
                raise DenseUnavailable("this PostgreSQL has no pgvector extension")
            return None
        facts = text("SELECT id, dimension, rows FROM dense_revisions WHERE revision = :revision")
        row = connection.execute(facts, {"revision": revision}).one_or_none()
        if row is None:
            self._known.pop(revision, None)
            return None
        self._known[revision] = found = (int(row.id), int(row.dimension), int(row.rows))
        return found

    @staticmethod
    def _copy(connection: Connection, number: int, rows: Rows) -> None:
        cursor = connection.connection.cursor()
        into = "COPY dense_rows (revision, row, clause, document, text, vector) FROM STDIN"
        with cursor.copy(into) as copy:  # psycopg's own, far quicker than INSERT
            for row, vector in enumerate(rows.vectors):
                plain = rows.texts[row].replace("\0", "")
                copy.write_row((number, row, rows.clauses[row], rows.documents[row], plain, _written(vector)))

    @staticmethod
    def _make_index(connection: Connection, number: int, dimension: int) -> None:
        connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        connection.execute(
            text(
                f"CREATE INDEX dense_rows_{number} ON dense_rows USING hnsw ((vector::vector({dimension})) vector_ip_ops)"
                f" WITH (m = 16, ef_construction = 200) WHERE revision = {number}"
            )
        )

    def _drop_old(self, connection: Connection) -> None:
        old = text("SELECT id FROM dense_revisions ORDER BY published DESC, id DESC OFFSET :keep")
        for number in connection.execute(old, {"keep": self._keep}).scalars().all():
            connection.execute(text(f"DROP INDEX IF EXISTS dense_rows_{int(number)}"))
            connection.execute(text("DELETE FROM dense_revisions WHERE id = :number"), {"number": number})


def _written(vector: Vectors) -> str:
    """A vector as pgvector reads it; nine digits give back the same float32."""
    return "[" + ",".join(f"{value:.9g}" for value in np.asarray(vector, dtype=np.float32).tolist()) + "]"
