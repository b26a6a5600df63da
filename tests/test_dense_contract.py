"""What every engine of the seam has to do: one class, run against each of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import text

from index.dense import pgvector
from index.dense.faiss_flat import FaissIndex
from index.dense.pgvector import PgvectorIndex
from index.dense.seam import DenseIndex, DenseUnavailable, Rows, UnknownRevision
from index.dense.standby import StandbyIndex
from index.embedder import Vectors
from tests.fakes import ROOT

if TYPE_CHECKING:
    from index.dense.milvus import MilvusIndex

pytest_plugins = ["tests.states", "tests.milvus_server"]

DIMENSION = 32


def rows_of(seed: int, count: int, dimension: int = DIMENSION) -> Rows:
    """Unit vectors in a few clusters, in three documents."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(8, dimension))
    vectors = (centres[chance.integers(0, 8, count)] + 0.5 * chance.normal(size=(count, dimension))).astype(np.float32)
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    documents = tuple(f"notice-{number % 3}" for number in range(count))
    return Rows(vectors, tuple(f"{n}" for n in range(count)), documents, tuple(f"第{n}条'\\\t\0" for n in range(count)))


def emptied(url: str) -> MilvusIndex:
    """Milvus without what another test published."""
    from index.dense.milvus import MilvusIndex  # noqa: PLC0415 - in the environment of `make milvus` alone

    made = MilvusIndex(url, keep=3)
    with made._connected() as client:
        for name in client.list_collections():
            for alias in client.describe_collection(name)["aliases"]:
                client.drop_alias(alias)
            client.drop_collection(name)
    return made


def exact(rows: Rows, vector: Vectors, k: int, documents: tuple[str, ...] | None = None) -> list[int]:
    cosines = rows.vectors @ vector
    order = np.argsort(-cosines, kind="stable").tolist()
    return [row for row in order if documents is None or rows.documents[row] in documents][:k]


#: Milvus is two gigabytes of server: `make milvus` asks for it.
ENGINES = ("faiss", "pgvector", *(["milvus"] if "JIANFU_TEST_MILVUS" in os.environ else []))


def finds_nearly_all(engine: DenseIndex, rows: Rows) -> None:
    """What an engine that does not look at every row of revision "a" still has to find."""
    wanted = got = 0
    for vector in rows_of(2, 50).vectors:
        best = set(exact(rows, vector, 10))
        wanted, got = wanted + 10, got + len(best & {row for row, _ in engine.search("a", vector, 10)})
    assert got / wanted >= 0.95
    found = engine.search("a", rows.vectors[0], 40, ("notice-1",))
    assert {rows.documents[row] for row, _ in found} == {"notice-1"}
    assert len(found) == 40


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[DenseIndex]:
    if request.param == "faiss":
        yield FaissIndex(keep=3)
        return
    made: PgvectorIndex | MilvusIndex
    if request.param == "pgvector":
        made = PgvectorIndex(request.getfixturevalue("postgres_url"), keep=3)
    else:
        made = emptied(request.getfixturevalue("milvus"))
    yield made
    made.close()


class TestContract:
    """The same for FAISS, PostgreSQL, and whatever comes after them."""

    @pytest.mark.parametrize("count", [1, 7, 300])
    def test_it_finds_what_is_nearest(self, engine: DenseIndex, count: int) -> None:
        rows = rows_of(1, count)
        engine.publish("a", rows)
        for vector in rows_of(2, 20).vectors:
            for k in (1, 5, count + 3):
                found = engine.search("a", vector, k)
                assert [row for row, _ in found] == exact(rows, vector, k)
                np.testing.assert_allclose(
                    [score for _, score in found], (rows.vectors @ vector)[[r for r, _ in found]], atol=2e-6
                )

    def test_only_the_documents_asked_for(self, engine: DenseIndex) -> None:
        rows = rows_of(1, 90)
        engine.publish("a", rows)
        vector = rows.vectors[0]
        for documents in (("notice-1",), ("notice-0", "notice-2"), ("nobody's",), ()):
            found = [row for row, _ in engine.search("a", vector, 100, documents)]
            assert found == exact(rows, vector, 100, documents)

    def test_an_older_revision_stays_and_the_oldest_goes(self, engine: DenseIndex) -> None:
        made = {name: rows_of(seed, 20) for seed, name in enumerate("abcd")}
        for name in "abc":
            engine.publish(name, made[name])
        vector = made["a"].vectors[3]
        for name in "cab":  # forward, back, and forward again
            assert [row for row, _ in engine.search(name, vector, 5)] == exact(made[name], vector, 5)
        engine.publish("d", made["d"])
        assert [engine.holds(name) for name in "abcd"] == [False, True, True, True]
        with pytest.raises(UnknownRevision):
            engine.search("a", vector, 5)

    def test_what_is_there_stays_as_it_is(self, engine: DenseIndex) -> None:
        rows = rows_of(1, 30)
        engine.publish("a", rows)
        engine.publish("a", rows_of(9, 5))
        assert [row for row, _ in engine.search("a", rows.vectors[4], 3)] == exact(rows, rows.vectors[4], 3)

    def test_publishers_at_once_make_one_revision(self, engine: DenseIndex) -> None:
        rows = rows_of(1, 200)
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(lambda _: engine.publish("a", rows), range(6))) == [None] * 6
        assert [row for row, _ in engine.search("a", rows.vectors[4], 250)] == exact(rows, rows.vectors[4], 250)

    def test_nothing_published_and_nothing_in_it(self, engine: DenseIndex) -> None:
        vector = np.ones(DIMENSION, dtype=np.float32)
        assert not engine.holds("a")
        with pytest.raises(UnknownRevision):
            engine.search("a", vector, 3)
        engine.publish("a", Rows(np.empty((0, DIMENSION), dtype=np.float32), (), (), ()))
        assert engine.holds("a")
        assert engine.search("a", vector, 3) == []

    def test_another_dimension_is_refused(self, engine: DenseIndex) -> None:
        engine.publish("a", rows_of(1, 10))
        for shape in ((DIMENSION + 1,), (DIMENSION - 1,), (1, DIMENSION)):
            with pytest.raises(ValueError, match=f"dimension {DIMENSION}"):
                engine.search("a", np.ones(shape, dtype=np.float32), 3)
        engine.publish("b", rows_of(1, 10, 8))  # a revision of another model beside it
        assert len(engine.search("b", rows_of(1, 10, 8).vectors[0], 3)) == 3


def test_rows_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="as many"):
        Rows(np.ones((2, 3), dtype=np.float32), ("1",), ("a", "a"), ("x", "y"))
    with pytest.raises(ValueError, match="no rows"):
        Rows(np.ones(3, dtype=np.float32), ("1",) * 3, ("a",) * 3, ("x",) * 3)


# --- PostgreSQL alone ---


def test_a_large_revision_has_an_index_which_is_used_and_finds_nearly_all(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgvector, "EXACT_ROWS", 500)
    engine, rows = PgvectorIndex(postgres_url), rows_of(1, 3_000)
    engine.publish("a", rows)
    finds_nearly_all(engine, rows)
    with engine._connected() as connection:
        query = f"EXPLAIN {PgvectorIndex.query(1, DIMENSION, 3_000, some=False)}"
        values = {"vector": pgvector._written(rows.vectors[0]), "k": 10}
        plan = "\n".join(connection.execute(text(query), values).scalars())
    assert "Index Scan using dense_rows_1" in plan
    engine.close()


PUBLISHER = """
import os, signal, sys
import index.dense.pgvector as module
from tests.test_dense_contract import rows_of
engine = module.PgvectorIndex(sys.argv[1])
engine.publish("old", rows_of(1, 50))
copy = module.PgvectorIndex._copy
def dying(connection, number, rows):
    copy(connection, number, rows)
    if sys.argv[2] == "rows":
        os.kill(os.getpid(), signal.SIGKILL)
module.PgvectorIndex._copy = staticmethod(dying)
drop = module.PgvectorIndex._drop_old
def last(self, connection):
    drop(self, connection)
    if sys.argv[2] == "end":
        os.kill(os.getpid(), signal.SIGKILL)
module.PgvectorIndex._drop_old = last
engine.publish("new", rows_of(2, 5_000))
"""


@pytest.mark.parametrize("moment", ["rows", "end"])
def test_killed_while_it_publishes_there_is_the_old_and_nothing_of_the_new(postgres_url: str, moment: str) -> None:
    ran = subprocess.run([sys.executable, "-c", PUBLISHER, postgres_url, moment], cwd=ROOT, check=False)
    assert ran.returncode == -signal.SIGKILL
    engine = PgvectorIndex(postgres_url)
    assert engine.holds("old")
    assert not engine.holds("new")
    with engine._connected() as connection:
        assert connection.execute(text("SELECT count(*) FROM dense_rows")).scalar() == 50
    rows = rows_of(2, 5_000)
    engine.publish("new", rows)
    assert [row for row, _ in engine.search("new", rows.vectors[7], 3)] == exact(rows, rows.vectors[7], 3)
    engine.close()


def test_what_cannot_be_reached_says_so_without_the_password() -> None:
    engine = PgvectorIndex("postgresql+psycopg://jianfu:geheim@127.0.0.1:9/jianfu")
    for call in (lambda: engine.holds("a"), lambda: engine.publish("a", rows_of(1, 2))):
        with pytest.raises(DenseUnavailable) as caught:
            call()
        assert "geheim" not in str(caught.value)


# --- a process's own copy behind a shared engine ---


class Flaky:
    """FAISS that can be sent away, and that can lose what it holds."""

    def __init__(self) -> None:
        self.name, self.inner, self.away, self.asked = "flaky", FaissIndex(), False, 0

    def _call(self, work: Callable[[], object]) -> object:
        self.asked += 1
        if self.away:
            raise DenseUnavailable("no route")
        return work()

    def publish(self, revision: str, rows: Rows) -> None:
        self._call(lambda: self.inner.publish(revision, rows))

    def holds(self, revision: str) -> bool:
        return bool(self._call(lambda: self.inner.holds(revision)))

    def search(self, *arguments):  # type: ignore[no-untyped-def]
        return self._call(lambda: self.inner.search(*arguments))


def test_while_the_engine_is_away_the_answers_are_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1000.0
    monkeypatch.setattr("index.dense.standby.time.monotonic", lambda: now)
    rows, engine, read = rows_of(1, 60), Flaky(), []

    def own() -> Rows:
        read.append(1)
        return rows

    standby = StandbyIndex(engine, "a", own)  # type: ignore[arg-type]
    vector = rows.vectors[5]
    wanted = standby.search("a", vector, 9)
    assert [row for row, _ in wanted] == exact(rows, vector, 9)
    engine.away = True
    assert standby.search("a", vector, 9) == wanted
    asked = engine.asked
    assert standby.search("a", vector, 9) == wanted
    assert engine.asked == asked  # it is left alone for a while
    assert len(read) == 2  # once to publish, once to search
    engine.away, now = False, now + 60
    assert standby.search("a", vector, 9) == wanted
    assert engine.asked == asked + 1
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "the vector engine is away, this process searches its own copy",
        "the vector engine is back",
    ]


def test_an_engine_that_lost_a_revision_gets_it_again(caplog: pytest.LogCaptureFixture) -> None:
    rows, engine = rows_of(1, 60), Flaky()
    standby = StandbyIndex(engine, "a", lambda: rows)  # type: ignore[arg-type]
    engine.inner = FaissIndex()
    vector = rows.vectors[5]
    assert [row for row, _ in standby.search("a", vector, 9)] == exact(rows, vector, 9)
    assert engine.inner.holds("a")
    assert "published again" in caplog.text


def test_an_engine_that_is_away_at_the_start_gets_its_revision_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("index.dense.standby.time.monotonic", lambda: now)
    rows, engine = rows_of(1, 60), Flaky()
    engine.away = True
    standby = StandbyIndex(engine, "a", lambda: rows)  # type: ignore[arg-type]
    assert len(standby.search("a", rows.vectors[0], 3)) == 3
    engine.away, now = False, now + 60
    assert len(standby.search("a", rows.vectors[0], 3)) == 3
    assert engine.inner.holds("a")
