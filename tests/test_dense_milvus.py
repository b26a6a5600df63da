"""What Milvus alone can get wrong: kills, a server that hangs or goes and comes back, the index of a large revision.

`make milvus` runs this beside the contract that every engine keeps (test_dense_contract.py).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from index.dense import milvus as module
from index.dense.milvus import MilvusIndex
from index.dense.seam import DenseUnavailable, Rows, UnknownRevision
from index.dense.standby import StandbyIndex
from tests.fakes import ROOT
from tests.milvus_server import MilvusProcess
from tests.test_dense_contract import DIMENSION, emptied, exact, finds_nearly_all, rows_of

pytest_plugins = ["tests.milvus_server"]


def test_a_large_revision_has_an_index_which_finds_nearly_all(milvus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_ROWS", 500)
    engine, rows = emptied(milvus), rows_of(1, 3_000)
    engine.publish("a", rows)
    with engine._connected() as client:
        name = module._alias("a")
        assert client.describe_index(name, "vector")["index_type"] == "HNSW"
    finds_nearly_all(engine, rows)
    engine.close()


def test_documents_are_named_as_people_name_them(milvus: str) -> None:
    engine, plain = emptied(milvus), rows_of(1, 30)
    names = ('通知"一"', "it's \\ two", "第三份\n通知")
    rows = Rows(plain.vectors, plain.clauses, tuple(names[row % 3] for row in range(30)), plain.texts)
    engine.publish("a", rows)
    for name in names:
        found = [row for row, _ in engine.search("a", rows.vectors[0], 30, (name,))]
        assert found == exact(rows, rows.vectors[0], 30, (name,))
        assert len(found) == 10
    engine.close()


def test_installations_in_databases_of_their_own_leave_each_other_alone(milvus: str) -> None:
    here, rows = emptied(milvus), rows_of(1, 20)
    here.publish("a", rows)
    with here._connected() as client:
        client.create_database("elsewhere")
    there = MilvusIndex(f"{milvus}/elsewhere", keep=1)
    assert not there.holds("a")
    for name in "bc":
        there.publish(name, rows)
    assert [there.holds(name) for name in "bc"] == [False, True]
    assert [here.holds(name) for name in "abc"] == [True, False, False]
    there.close()
    here.close()


PUBLISHER = """
import os, signal, sys
from pymilvus import MilvusClient
from index.dense.milvus import MilvusIndex
from tests.test_dense_contract import rows_of
engine = MilvusIndex(sys.argv[1])
engine.publish("old", rows_of(1, 50))
called = getattr(MilvusClient, sys.argv[2])
def dying(*arguments, **named):
    called(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(MilvusClient, sys.argv[2], dying)
engine.publish("new", rows_of(2, 5_000))
"""


@pytest.mark.parametrize("moment", ["create_collection", "insert", "flush", "load_collection"])
def test_killed_while_it_publishes_there_is_the_old_and_nothing_of_the_new(milvus: str, moment: str) -> None:
    emptied(milvus).close()
    ran = subprocess.run([sys.executable, "-c", PUBLISHER, milvus, moment], cwd=ROOT, check=False)
    assert ran.returncode == -signal.SIGKILL
    engine, old, new = MilvusIndex(milvus), rows_of(1, 50), rows_of(2, 5_000)
    assert not engine.holds("new")
    with pytest.raises(UnknownRevision):
        engine.search("new", new.vectors[7], 3)
    assert [row for row, _ in engine.search("old", old.vectors[7], 50)] == exact(old, old.vectors[7], 50)
    engine.publish("new", new)
    assert [row for row, _ in engine.search("new", new.vectors[7], 3)] == exact(new, new.vectors[7], 3)
    engine.close()


def test_killed_once_it_is_named_there_is_all_of_the_new(milvus: str) -> None:
    emptied(milvus).close()
    ran = subprocess.run([sys.executable, "-c", PUBLISHER, milvus, "create_alias"], cwd=ROOT, check=False)
    assert ran.returncode == -signal.SIGKILL
    engine, old, new = MilvusIndex(milvus), rows_of(1, 50), rows_of(2, 5_000)
    assert [row for row, _ in engine.search("old", old.vectors[7], 50)] == exact(old, old.vectors[7], 50)
    assert [row for row, _ in engine.search("new", new.vectors[7], 50)] == exact(new, new.vectors[7], 50)
    engine.close()


def test_what_a_killed_publisher_left_is_dropped_once_nobody_can_be_filling_it(
    milvus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, rows = emptied(milvus), rows_of(1, 30)
    with monkeypatch.context() as changed:
        changed.setattr(module.MilvusClient, "create_alias", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):  # all is filled, and has no name yet
            engine.publish("a", rows)
    assert not engine.holds("a")
    engine.publish("b", rows)
    with engine._connected() as client:
        assert len(client.list_collections()) == 2
        monkeypatch.setattr(module, "LEFT_SECONDS", 0)
        engine.publish("c", rows)
        assert len(client.list_collections()) == 2
    assert [engine.holds(name) for name in "abc"] == [False, True, True]
    engine.close()


def test_rows_that_did_not_all_arrive_are_never_named(milvus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, rows = emptied(milvus), rows_of(1, 40)
    insert = module.MilvusClient.insert
    monkeypatch.setattr(
        module.MilvusClient, "insert", lambda self, name, batch, **k: insert(self, name, batch[:-1], **k)
    )
    with pytest.raises(DenseUnavailable, match="40 rows Milvus has 39"):
        engine.publish("a", rows)
    assert not engine.holds("a")
    engine.close()


def test_a_server_that_hangs_keeps_nobody_waiting(milvus: str, milvus_process: MilvusProcess) -> None:
    engine, rows, said = emptied(milvus), rows_of(1, 40), []
    engine.publish("a", rows)

    def ask() -> None:
        try:
            engine.search("a", rows.vectors[3], 5)
        except DenseUnavailable as error:
            said.append(str(error))

    milvus_process.signal(signal.SIGSTOP)
    try:
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(60)
        assert not asking.is_alive()
    finally:
        milvus_process.signal(signal.SIGCONT)
    assert said == ["Deadline Exceeded"]
    assert [row for row, _ in engine.search("a", rows.vectors[3], 5)] == exact(rows, rows.vectors[3], 5)
    engine.close()


def test_a_server_that_is_killed_and_comes_back_has_what_was_published(
    milvus: str, milvus_process: MilvusProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.dense.standby.PAUSE_SECONDS", 0.0)
    engine, rows = emptied(milvus), rows_of(1, 60)
    standby, vector = StandbyIndex(engine, "a", lambda: rows), rows.vectors[5]
    wanted = standby.search("a", vector, 9)
    assert [row for row, _ in wanted] == exact(rows, vector, 9)
    milvus_process.kill()
    try:
        with pytest.raises(DenseUnavailable):
            engine.search("a", vector, 9)
        with pytest.raises(DenseUnavailable):
            engine.publish("b", rows)
        assert [row for row, _ in standby.search("a", vector, 9)] == exact(rows, vector, 9)
        assert standby._away
    finally:
        milvus_process.start()
    for _ in range(240):
        assert [row for row, _ in standby.search("a", vector, 9)] == exact(rows, vector, 9)
        if not standby._away:
            break
        time.sleep(0.5)
    assert not standby._away  # the same client found its way back
    np.testing.assert_allclose(engine.search("a", vector, 9), wanted, atol=1e-6)
    engine.close()


def test_what_cannot_be_reached_is_tried_once_and_says_so_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    made = module.MilvusClient
    monkeypatch.setattr(module, "MilvusClient", lambda **options: tried.append(1) or made(**options))
    engine = MilvusIndex("milvus://jianfu:geheim@127.0.0.1:9")
    vector = np.ones(DIMENSION, dtype=np.float32)
    for call in (
        lambda: engine.holds("a"),
        lambda: engine.publish("a", rows_of(1, 2)),
        lambda: engine.search("a", vector, 1),
    ):
        with pytest.raises(DenseUnavailable) as caught:
            call()
        assert "geheim" not in str(caught.value)
        assert "127.0.0.1:9" in str(caught.value)
    assert len(tried) == 1  # those who ask meanwhile do not wait in a row


@pytest.mark.parametrize("wrong", ["milvus://", "milvus://host", "milvus://host:port", "http://host:19530"])
def test_another_address_is_no_milvus(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"port|milvus"):
        MilvusIndex(wrong)
