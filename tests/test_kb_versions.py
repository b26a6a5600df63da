import json
import threading
import zlib
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from bot.kb.shelf import CURRENT, Pointer, Shelf
from bot.state.database import Database, StateUnavailable
from bot.state.tables import kb_log, kb_versions
from bot.state.versions import BaseMoved, Change, NoSuchVersion, Versions
from knowledge.archive import DamagedArchive, digest_of, pack, unpack
from knowledge.loader import load_knowledge
from tests.fakes import ROOT
from tests.versions import archive_of, change_of, write

pytest_plugins = ["tests.states"]


def test_an_archive_gives_the_same_files_and_the_same_bytes_again(tmp_path: Path) -> None:
    knowledge = load_knowledge(ROOT / "knowledge")
    archive = pack(ROOT / "knowledge", knowledge)
    unpack(archive, tmp_path)
    for name in ("documents/jianfu-2019.yaml", "sources/jianfu-2019.txt", "out_of_scope.yaml"):
        assert (tmp_path / name).read_bytes() == (ROOT / "knowledge" / name).read_bytes()
    again = load_knowledge(tmp_path)
    assert again.version == knowledge.version
    assert pack(tmp_path, again) == archive


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"files":{"../out":"x"},"format":1}',
        b'{"files":{"/etc/out":"x"},"format":1}',
        b'{"files":{"a/../../out":"x"},"format":1}',
        b'{"files":{"a":"x"},"format":2}',
        b'{"files": {"a":"x"}, "format":1}',
        b'{"files":{"a":1},"format":1}',
    ],
)
def test_what_pack_did_not_make_is_refused_and_writes_nothing(tmp_path: Path, content: bytes) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(DamagedArchive):
        unpack(content, inside)
    assert list(tmp_path.rglob("*")) == [inside]


def test_versions_are_kept_in_order_and_the_newest_is_in_use(tmp_path: Path, database: Database) -> None:
    versions = Versions(database)
    assert versions.head() is None
    old, new = write(tmp_path / "old"), write(tmp_path / "new", 20)
    first = versions.record([change_of(old, 0, "shipped"), change_of(new, 0)])
    assert (first.seq, first.action, first.parent) == (2, "publish", 1)
    assert versions.head() == first
    assert [entry.action for entry in versions.log()] == ["shipped", "publish"]
    assert versions.archive(first.digest) == archive_of(new)[0]
    back = versions.record([change_of(old, 2, "rollback")])
    assert versions.head() == back
    assert versions.archive(back.digest) == archive_of(old)[0]
    assert versions.find("2") == first
    assert versions.find(first.version[:6]) == first
    assert versions.find(back.version).seq == 3
    assert versions.verify() == []
    with pytest.raises(NoSuchVersion, match="没有第 9 版"):
        versions.find("9")


def test_a_proposal_is_on_record_and_changes_nothing(tmp_path: Path, database: Database) -> None:
    versions = Versions(database)
    first = versions.record([change_of(write(tmp_path / "old"), 0)])
    proposed = versions.record([change_of(write(tmp_path / "new", 20), 1, "propose")])
    assert (proposed.seq, versions.head()) == (2, first)
    assert versions.record([change_of(tmp_path / "new", 1)]).seq == 3


def test_the_second_of_two_editors_is_told_and_nothing_is_lost(tmp_path: Path, database: Database) -> None:
    versions = Versions(database)
    versions.record([change_of(write(tmp_path / "base"), 0)])
    mine = versions.record([change_of(write(tmp_path / "a", 20), 1)])
    with pytest.raises(BaseMoved, match="您是在第 1 版上改的，而现在用的已是第 2 版"):
        versions.record([change_of(write(tmp_path / "b", 30), 1)])
    assert versions.head() == mine
    assert [entry.seq for entry in versions.log()] == [1, 2]


def test_of_many_who_publish_at_once_exactly_one_does(tmp_path: Path, url: str) -> None:
    base = Database.at(url, Path("/"))
    Versions(base).record([change_of(write(tmp_path / "base"), 0)])
    changes = [change_of(write(tmp_path / str(n), 20 + n), 1, author=str(n)) for n in range(6)]
    said: list[str] = []
    start = threading.Barrier(len(changes))

    def publish(change: Change) -> None:
        own = Database.at(url, Path("/"))
        start.wait()
        try:
            said.append(f"published {Versions(own).record([change]).seq}")
        except BaseMoved as error:
            said.append(str(error)[:4])
        finally:
            own.close()

    threads = [threading.Thread(target=publish, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(said) == ["published 2", *["没有发布"] * 5]
    assert Versions(base).verify() == []
    base.close()


@pytest.mark.parametrize("field", ["digest", "version", "author", "reason", "override", "report", "at", "previous"])
def test_an_altered_row_is_found(tmp_path: Path, database: Database, field: str) -> None:
    versions = Versions(database)
    versions.record([change_of(write(tmp_path / str(n), 20 + n), 0 if n == 0 else n) for n in range(3)])
    with database.begin() as connection:
        connection.execute(update(kb_log).where(kb_log.c.seq == 2).values({field: "x"}))
    assert "第 2 条记录被改动过：内容与它的指纹对不上" in versions.verify()


def test_a_row_altered_and_sealed_anew_breaks_the_chain(tmp_path: Path, database: Database) -> None:
    versions = Versions(database)
    versions.record([change_of(write(tmp_path / str(n), 20 + n), n) for n in range(3)])
    forged = asdict(versions.log()[1].__class__(**{**asdict(versions.log()[1]), "author": "别人"}).sealed())
    with database.begin() as connection:
        connection.execute(update(kb_log).where(kb_log.c.seq == 2).values(forged))
    assert versions.verify() == ["第 3 条记录接不上前一条：前一条被换过，或中间有删改"]


def test_a_missing_row_is_found(tmp_path: Path, database: Database) -> None:
    versions = Versions(database)
    versions.record([change_of(write(tmp_path / str(n), 20 + n), n) for n in range(3)])
    with database.begin() as connection:
        connection.execute(delete(kb_log).where(kb_log.c.seq == 2))
    assert versions.verify() == ["记录缺了第 2 条"]


def test_altered_contents_are_found_and_never_given_out(tmp_path: Path, database: Database) -> None:
    versions = Versions(database)
    entry = versions.record([change_of(write(tmp_path / "a"), 0)])
    forged = versions.archive(entry.digest).replace("18平方米".encode(), "81平方米".encode())
    with database.begin() as connection:
        connection.execute(update(kb_versions).values(content=zlib.compress(forged)))
    with pytest.raises(DamagedArchive, match="对不上"):
        versions.archive(entry.digest)
    assert versions.verify() == [f"版本 {entry.version} 的内容：与它的指纹对不上，被改动过；请从备份恢复数据库"]
    with database.begin() as connection:
        connection.execute(update(kb_versions).values(content=zlib.compress(b"0" * 50_000_000)))
    with pytest.raises(DamagedArchive):
        versions.archive(entry.digest)
    with database.begin() as connection:
        connection.execute(update(kb_versions).values(content=b"torn"))
    with pytest.raises(DamagedArchive, match="解不开"):
        versions.archive(entry.digest)


def test_a_database_that_is_away_is_one_kind_of_error(tmp_path: Path) -> None:
    away = Versions(Database.at("postgresql+psycopg://nobody@127.0.0.1:1/none", tmp_path))
    for call in (away.head, away.log, away.verify):
        with pytest.raises(StateUnavailable):
            call()


def test_a_copy_is_whole_or_not_used(tmp_path: Path) -> None:
    archive, knowledge = archive_of(write(tmp_path / "a"))
    shelf, digest = Shelf(tmp_path / "shelf"), digest_of(archive)
    assert shelf.load(digest) is None
    assert shelf.put(archive).version == knowledge.version
    assert shelf.load(digest) == knowledge
    source = next((tmp_path / "shelf" / digest / "sources").iterdir())
    whole = source.read_bytes()
    for torn in (b"", whole[: len(whole) // 2], whole.replace(b"18", b"81")):
        source.write_bytes(torn)
        assert shelf.load(digest) is None
    assert shelf.put(archive) == knowledge
    assert shelf.load(digest) == knowledge
    assert [path.name for path in (tmp_path / "shelf").iterdir()] == [digest]


def test_the_copies_in_use_and_the_latest_are_kept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    digests = []
    for metres in range(20, 26):
        archive, _ = archive_of(write(tmp_path / "a", metres))
        digests.append(digest_of(archive))
        shelf.put(archive)
        if metres == 20:
            shelf.point(Pointer(1, digests[0], "h"))
    kept = {path.name for path in (tmp_path / "shelf").iterdir() if path.is_dir()}
    assert kept == {digests[0], *digests[2:]}


def test_the_pointer_is_read_back_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.pointer() is None
    shelf.point(Pointer(3, "d", "h"))
    assert shelf.pointer() == Pointer(3, "d", "h")
    for damaged in ("", "{", "[]", json.dumps({"other": 1})):
        (tmp_path / CURRENT).write_text(damaged)
        assert shelf.pointer() is None


def test_where_the_folder_cannot_be_written_the_knowledge_is_there_all_the_same(tmp_path: Path) -> None:
    archive, knowledge = archive_of(write(tmp_path / "a"))
    (tmp_path / "file").write_text("not a folder")
    assert Shelf(tmp_path / "file" / "shelf").put(archive) == knowledge
