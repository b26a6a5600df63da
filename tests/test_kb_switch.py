import asyncio
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.bootstrap import BackgroundAssistant, Maker
from bot.channels.web import create_app
from bot.config import Config, WebConfig
from bot.kb.following import Follower
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf
from bot.state.database import Database
from bot.state.versions import Versions
from index.builtin_model import Progress
from knowledge.errors import JianfuError
from tests.versions import CHANGED, DROPPED, change_of, make_assistant, write
from tests.web_client import client_of

pytest_plugins = ["tests.states"]

TIMEOUT = 60


def shelved_at(database: Database | None, folder: Path, copies: str = "copies") -> Shelved:
    versions = None if database is None else Versions(database)
    return Shelved(versions, Shelf(folder / copies), folder / "shipped")


def away(tmp_path: Path) -> Database:
    return Database.at("postgresql+psycopg://nobody@127.0.0.1:1/none", tmp_path)


def started(follower: Follower) -> BackgroundAssistant:
    background = BackgroundAssistant(follower.first)
    background.start()
    assert background.wait(TIMEOUT)
    return background


def said(background: BackgroundAssistant, clause: str = CHANGED) -> str:
    assert background.assistant is not None
    return background.assistant.ask(clause).answer


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.02)


def test_where_nothing_was_published_the_folder_is_served_and_nothing_is_written(tmp_path: Path) -> None:
    write(tmp_path / "shipped")
    config = Config(root=tmp_path).model_copy(
        update={"knowledge": Config().knowledge.model_copy(update={"folder": "shipped"})}
    )
    served = Shelved.of(config).load()
    assert (served.pointer.seq, served.confirmed) == (0, True)
    assert [path.name for path in tmp_path.iterdir()] == ["shipped"]


def test_what_is_published_is_served_instead_of_the_folder(tmp_path: Path, database: Database) -> None:
    write(tmp_path / "shipped")
    entry = Versions(database).record([change_of(write(tmp_path / "new", 20), 0)])
    served = shelved_at(database, tmp_path).load()
    assert (served.pointer.seq, served.knowledge.version) == (1, entry.version)


@pytest.mark.fault(5)
def test_while_the_database_is_away_this_machines_copy_is_served(
    tmp_path: Path,
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write(tmp_path / "shipped")
    entry = Versions(database).record([change_of(write(tmp_path / "new", 20), 0)])
    shelved_at(database, tmp_path).load()
    served = shelved_at(away(tmp_path), tmp_path).load()
    assert (served.knowledge.version, served.confirmed) == (entry.version, False)
    assert "数据库联系不上，先用第 1 版作答" in caplog.text


def test_a_torn_copy_is_fetched_anew_and_without_a_database_it_is_said(tmp_path: Path, database: Database) -> None:
    write(tmp_path / "shipped")
    entry = Versions(database).record([change_of(write(tmp_path / "new", 20), 0)])
    shelved_at(database, tmp_path).load()
    next((tmp_path / "copies" / entry.digest / "documents").iterdir()).write_text("torn")
    with pytest.raises(JianfuError, match="本机没有它的完好副本，数据库也联系不上"):
        shelved_at(away(tmp_path), tmp_path).load()
    assert shelved_at(database, tmp_path).load().knowledge.version == entry.version
    assert shelved_at(away(tmp_path), tmp_path).load().knowledge.version == entry.version


def test_a_database_that_was_lost_brings_no_old_clause_back(tmp_path: Path) -> None:
    write(tmp_path / "shipped")
    first = Database.at(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    entry = Versions(first).record([change_of(write(tmp_path / "new", drop=True), 0)])
    shelved_at(first, tmp_path).load()
    empty = Database.at(f"sqlite:///{tmp_path / 'b.db'}", tmp_path)
    assert shelved_at(empty, tmp_path).load().knowledge.version == entry.version
    assert shelved_at(None, tmp_path).load().knowledge.version == entry.version


def test_a_folder_edited_by_hand_is_not_served_and_it_is_said(
    tmp_path: Path,
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write(tmp_path / "shipped")
    Versions(database).record(
        [change_of(tmp_path / "shipped", 0, "shipped"), change_of(write(tmp_path / "new", 20), 0)]
    )
    shelved_at(database, tmp_path).load()
    assert "没有发布过" not in caplog.text
    write(tmp_path / "shipped", 99)
    assert "99平方米" not in str(shelved_at(database, tmp_path).load().knowledge.find(CHANGED))
    assert "现在用的是第 2 版" in caplog.text
    assert "jianfu kb publish" in caplog.text


async def test_two_replicas_come_to_what_is_published_and_back(tmp_path: Path, database: Database) -> None:
    write(tmp_path / "shipped")
    versions = Versions(database)
    replicas = [Follower(shelved_at(database, tmp_path, name), make_assistant) for name in ("one", "two")]
    backgrounds = [started(replica) for replica in replicas]
    stop = asyncio.Event()
    pairs = zip(replicas, backgrounds, strict=True)
    work = [asyncio.create_task(replica.follow(background, stop, 0.02)) for replica, background in pairs]
    assert all("18平方米" in said(one) for one in backgrounds)
    new = write(tmp_path / "new", 20, drop=True)
    await asyncio.to_thread(versions.record, [change_of(tmp_path / "shipped", 0, "shipped"), change_of(new, 0)])
    await until(lambda: all("20平方米" in said(one) for one in backgrounds))
    assert not any("豪华装修" in said(one, DROPPED) for one in backgrounds)
    await asyncio.to_thread(versions.record, [change_of(tmp_path / "shipped", 2, "rollback")])
    await until(lambda: all("18平方米" in said(one) for one in backgrounds))
    assert all("豪华装修" in said(one, DROPPED) for one in backgrounds)
    stop.set()
    await asyncio.wait_for(asyncio.gather(*work), TIMEOUT)


@pytest.mark.fault(25)
def test_the_old_version_serves_until_the_new_one_is_ready(tmp_path: Path, database: Database) -> None:
    write(tmp_path / "shipped")
    slow = threading.Event()

    def make(knowledge, progress: Progress):  # type: ignore[no-untyped-def]
        if "20平方米" in knowledge.find(CHANGED).text:
            assert slow.wait(TIMEOUT)
        return make_assistant(knowledge, progress)

    follower = Follower(shelved_at(database, tmp_path), make)
    background = started(follower)
    before = background.assistant
    Versions(database).record([change_of(write(tmp_path / "new", 20), 0)])
    look = threading.Thread(target=follower.look, args=(background,))
    look.start()
    assert background.assistant is before
    slow.set()
    look.join(TIMEOUT)
    assert "20平方米" in said(background)
    assert before is not None
    assert "18平方米" in before.ask(CHANGED).answer  # who holds the old one gets all of an answer from it


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_and_is_visible(
    tmp_path: Path,
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write(tmp_path / "shipped")
    tries = []

    def make(knowledge, progress: Progress):  # type: ignore[no-untyped-def]
        if "20平方米" in knowledge.find(CHANGED).text:
            tries.append(knowledge.version)
            raise JianfuError("磁盘满了")
        return make_assistant(knowledge, progress)

    follower = Follower(shelved_at(database, tmp_path), make)
    background = started(follower)
    Versions(database).record([change_of(write(tmp_path / "new", 20), 0)])
    follower.look(background)
    follower.look(background)
    assert len(tries) == 1  # it is tried again after a while, not at each look
    assert "18平方米" in said(background)
    assert background.problem == "磁盘满了"
    assert "cannot be served" in caplog.text
    Versions(database).record([change_of(write(tmp_path / "other", 30), 1)])
    follower.look(background)
    assert "30平方米" in said(background)
    assert background.problem is None


@pytest.mark.fault(5)
def test_a_start_that_failed_is_made_good_once_the_database_is_back(tmp_path: Path, database: Database) -> None:
    write(tmp_path / "shipped")
    entry = Versions(database).record([change_of(write(tmp_path / "new", 20), 0)])
    shelved_at(database, tmp_path).load()
    shutil.rmtree(tmp_path / "copies" / entry.digest)
    shelved = shelved_at(away(tmp_path), tmp_path)
    follower = Follower(shelved, make_assistant)
    background = started(follower)
    assert background.assistant is None
    assert "第 1 版" in (background.error or "")
    shelved.versions = Versions(database)
    follower.look(background)
    assert background.error is None
    assert "20平方米" in said(background)


async def test_the_web_follows_and_no_answer_mixes_versions(tmp_path: Path, database: Database) -> None:
    write(tmp_path / "shipped")
    versions = Versions(database)
    follower = Follower(shelved_at(database, tmp_path), make_assistant)
    background = started(follower)
    app = create_app(background, WebConfig(questions_per_minute=0), max_question_characters=500)
    stop = asyncio.Event()
    work = asyncio.create_task(follower.follow(background, stop, 0.01))
    seen: dict[str, set[str]] = {}
    async with client_of(app) as client:

        async def ask() -> str:
            answer = (await client.post("/api/v1/ask", json={"question": CHANGED})).json()
            seen.setdefault(answer["knowledge_version"], set()).add(answer["citations"][0]["quote"])
            return str(answer["knowledge_version"])

        parent = 0
        for metres in (20, 30, 40):
            change = change_of(write(tmp_path / "new", metres), parent)
            parent = (await asyncio.to_thread(versions.record, [change])).seq
            async with asyncio.timeout(TIMEOUT):
                while await ask() != change.version:  # noqa: ASYNC110 - the same
                    await asyncio.sleep(0)
            assert f"{metres}平方米" in (await client.get(f"/c/{CHANGED}")).text
            ready = (await client.get("/readyz")).json()
            assert (ready["knowledge_version"], ready["problem"]) == (change.version, None)
    stop.set()
    await asyncio.wait_for(work, TIMEOUT)
    assert len(seen) >= 3
    assert all(len(quotes) == 1 for quotes in seen.values())


@pytest.mark.fault(5)
async def test_a_database_that_goes_away_changes_nothing_and_stopping_waits_for_nobody(
    tmp_path: Path,
    database: Database,
) -> None:
    write(tmp_path / "shipped")
    Versions(database).record([change_of(write(tmp_path / "new", 20), 0)])
    shelved = shelved_at(database, tmp_path)
    follower = Follower(shelved, make_assistant)
    background = started(follower)
    shelved.versions = Versions(away(tmp_path))
    follower.look(background)
    assert "20平方米" in said(background)
    shelved.versions = Versions(database)
    hangs = threading.Event()
    follower._make = lambda knowledge, progress: hangs.wait(TIMEOUT) and make_assistant(knowledge, progress)  # type: ignore[assignment, return-value]
    Versions(database).record([change_of(write(tmp_path / "other", 30), 1)])
    stop = asyncio.Event()
    work = asyncio.create_task(follower.follow(background, stop, 0.01))
    await until(lambda: any(thread.name == "knowledge-follower" for thread in threading.enumerate()))
    stop.set()
    await asyncio.wait_for(work, TIMEOUT)
    hangs.set()


def test_one_maker_loads_the_model_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    monkeypatch.setattr("index.model.load_encoder", lambda *_: loaded.append(1))
    monkeypatch.setattr(
        "index.retriever.Retriever.open", lambda knowledge, *_: make_assistant(knowledge, None)._searcher
    )  # type: ignore[arg-type]
    maker = Maker(Config(root=tmp_path))
    for metres in (20, 30):
        shelf = Shelf(tmp_path / "copies")
        knowledge = shelf.put(change_of(write(tmp_path / "new", metres), 0).archive)
        assert f"{metres}平方米" in maker.make(knowledge, lambda *_: None).ask(CHANGED).answer
    assert loaded == [1]
