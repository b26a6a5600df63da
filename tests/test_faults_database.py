"""A database that goes away, fails over, is locked, damaged or of another version: real servers, really stopped."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as Settings
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from bot.__main__ import main
from bot.answer import Answer
from bot.state import database as databases
from bot.state.database import REVISION, Database, StateUnavailable
from bot.state.receipts import Receipts
from bot.state.state import State
from bot.state.tables import metadata
from tests.clusters import Server, url
from tests.fakes import scripted_assistant
from tests.states import state_at
from tests.versions import write
from tests.web_client import app_with, ask, client_of, recording_assistant

pytest_plugins = ["tests.states"]


@pytest.fixture
def folder(postgres: str) -> Iterator[Path]:
    """A folder that the server's user may reach; asking for `postgres` makes that user where tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="jianfu-cluster-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def primary(folder: Path) -> Iterator[Server]:
    server = Server.made(folder / "primary")
    yield server
    server.close()


def answer(number: int) -> Answer:
    return replace(scripted_assistant().ask("几页"), knowledge_version=str(number))


def until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("did not come")


def kept(state: State, number: int) -> str:
    return state.receipts.keep(answer(number))


@pytest.mark.fault(5)
async def test_a_real_server_that_comes_goes_and_comes_back(primary: Server) -> None:
    state = state_at(url(primary))
    async with client_of(app_with(recording_assistant(state), state=state)) as client:

        async def receipt() -> str:
            response = await ask(client, "几页")
            assert response.status_code == 200
            assert response.json()["citations"][0]["clause"] == "2.2"
            return str(response.json()["receipt"])

        assert await receipt() == ""  # not there at the start: answered, without a receipt
        primary.start()
        first = await receipt()
        assert first
        primary.stop()
        before = kept(state, 1)
        assert before == ""
        assert (await ask(client, "几页")).status_code == 200
        with pytest.raises(StateUnavailable, match="数据库用不了"):
            state.receipts.find(first)
        primary.start()
        found = state.receipts.find(first)
        assert found is not None
        assert found.code == first
        assert kept(state, 1)
    state.close()


class Writer:
    """Keeps receipts one after another, as a replica does; remembers which were acknowledged, and how many were not."""

    def __init__(self, state: State) -> None:
        self._receipts = Receipts(state.database)
        self.acknowledged: list[str] = []
        self.failures = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            code = self._receipts.keep(answer(number))
            if code:
                self.acknowledged.append(code)
            else:
                self.failures += 1
                time.sleep(0.05)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


@pytest.mark.fault(6)
@pytest.mark.parametrize("synchronous", [True, False])
def test_the_standby_is_promoted_under_load(primary: Server, folder: Path, synchronous: bool) -> None:
    primary.start()
    standby = primary.standby(folder / "standby")
    standby.start()
    try:
        if synchronous:
            primary.settings("synchronous_standby_names = 'standby'\n")
            primary.control("reload")
        state = state_at(url(primary, standby))
        if synchronous:
            until(lambda: _said(state, "SELECT sync_state FROM pg_stat_replication") == ["sync"])
        writer = Writer(state)
        until(lambda: len(writer.acknowledged) >= 50)
        primary.stop()
        standby.control("promote", "-w")
        before = len(writer.acknowledged)
        until(lambda: len(writer.acknowledged) >= before + 50)  # the same process, through the same address
        writer.stop()
        lost = [code for code in writer.acknowledged if state.receipts.find(code) is None]
        if synchronous:
            assert lost == []
        else:
            assert set(lost) <= set(writer.acknowledged[:before])  # at most what was not yet streamed
        assert _said(state, "SELECT pg_is_in_recovery()") == [False]
        state.close()
    finally:
        standby.close()


def _said(state: State, query: str) -> list[object]:
    with state.database.begin() as connection:
        return list(connection.execute(text(query)).scalars())


@pytest.mark.fault(7)
def test_a_locked_file_is_waited_for_then_said_and_works_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(databases, "BUSY_SECONDS", 0.1)
    state = state_at(f"sqlite:///{tmp_path / 'jianfu.db'}")
    first = kept(state, 1)
    holder = sqlite3.connect(tmp_path / "jianfu.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert kept(state, 2) == ""  # answered without a receipt
    assert "database is locked" in caplog.text
    with state.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM receipts")).scalar() == 1  # and reading goes on
    holder.execute("ROLLBACK")
    holder.close()
    assert kept(state, 2)
    assert state.receipts.find(first) is not None
    state.close()


@pytest.mark.fault(7)
def test_a_corrupt_file_is_found_by_doctor_and_a_backup_brings_it_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "knowledge")
    settings = ["--config", str(tmp_path / "config.yaml")]
    file = tmp_path / "state" / "jianfu.db"
    (tmp_path / "config.yaml").write_text(f"state: {{url: 'sqlite:///{file}'}}\nmodel: {{adapter: ''}}\n", "utf8")
    state = state_at(f"sqlite:///{file}")
    codes = [kept(state, number) for number in range(100)]
    state.close()
    assert main([*settings, "backup", str(tmp_path / "saved.tar")]) == 0
    raw = bytearray(file.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)  # the first page still says that it is a database
    file.write_bytes(raw)
    assert main([*settings, "doctor"]) == 1
    assert "jianfu restore" in capsys.readouterr().out
    assert main([*settings, "restore", str(tmp_path / "saved.tar")]) == 1  # not without being told to
    assert "--force" in capsys.readouterr().err
    assert main([*settings, "restore", str(tmp_path / "saved.tar"), "--force"]) == 0, capsys.readouterr().err
    aside = next(path for path in file.parent.iterdir() if ".damaged-" in path.name)
    assert aside.read_bytes() == bytes(raw)
    assert str(aside) in capsys.readouterr().out
    state = state_at(f"sqlite:///{file}")
    assert [code for code in codes if state.receipts.find(code) is None] == []
    state.close()


@pytest.mark.fault(25)
@pytest.mark.parametrize("older", [f"{number:04}" for number in range(1, int(REVISION))])
def test_an_older_schema_is_brought_up_to_date_with_its_rows(url: str, older: str) -> None:
    """As an older release left it: its tables alone, and a row in the oldest of them."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir()
    engine = create_engine(url)
    with engine.begin() as connection:
        settings = Settings(attributes={"connection": connection})
        settings.set_main_option("script_location", str(databases.MIGRATIONS))
        command.upgrade(settings, older)
        connection.execute(text("INSERT INTO keys (name, value) VALUES ('people', :value)"), {"value": b"k" * 32})
    engine.dispose()
    database = Database.at(url, Path("/"))
    assert database.hashed("telegram:1") == hmac.new(b"k" * 32, b"telegram:1", hashlib.sha256).hexdigest()
    with database.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()
