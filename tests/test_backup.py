"""Backup and restore, on both databases and across them; damage, tricks, kill -9, and a program that runs meanwhile."""

import hashlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from bot.__main__ import main
from bot.care import bundle, swap
from bot.care import restore as restoring
from bot.care.backup import backup, knowledge_files
from bot.care.restore import recover, restore
from bot.config import Config, load_config
from bot.state import rows
from bot.state.database import Database
from bot.state.versions import Versions
from knowledge.errors import JianfuError
from tests import states
from tests.fakes import ROOT
from tests.versions import change_of, write

postgres, postgres_url, url = states.postgres, states.postgres_url, states.url
_numbers = itertools.count()


def installation(root: Path, url: str, square_metres: int = 18, published: int = 0) -> tuple[Config, Path]:
    """Settings, knowledge, adapter, and so many published versions."""
    write(root / "knowledge", square_metres)
    (root / "adapter.safetensors").write_bytes(b"adapter" + bytes([square_metres]))
    settings = root / "config.yaml"
    settings.write_text(f'state: {{url: "{url}"}}\nmodel: {{adapter: adapter.safetensors}}\n', "utf8")
    config = load_config(settings)
    database = Database.at(url, root)
    database.open()
    database.hashed("somebody")
    for number in range(published):
        change = change_of(write(root / "drafts" / str(number), 20 + square_metres + number), number)
        Versions(database).record([change])
    database.close()
    return config, settings


def sqlite_at(root: Path) -> str:
    return f"sqlite:///{root / 'state.db'}"


def content(config: Config) -> tuple[dict[str, list[str]], dict[str, bytes], bytes]:
    """All that is restored: rows, knowledge files, adapter."""
    found: dict[str, list[str]] = {}
    database = Database.at(config.state.url, config.root)
    rows.dump(database, lambda table, lines: found.update({table: sorted(lines)}))
    database.close()
    return found, knowledge_files(config), config.path(config.model.adapter).read_bytes()


def left_aside(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.name.startswith(".") and path.name != ".gitignore"]


def test_what_was_backed_up_comes_back_on_the_same_kind_of_database(url: str, tmp_path: Path) -> None:
    config, settings = installation(tmp_path, url, published=2)
    before = content(config)
    file = tmp_path / "one.tar"
    backup(config, settings, file)
    assert file.stat().st_mode & 0o777 == 0o600
    database = Database.at(url, tmp_path)
    versions = Versions(database)
    versions.record([change_of(write(tmp_path / "later", 90), 2)])
    (tmp_path / "adapter.safetensors").write_bytes(b"other")
    write(tmp_path / "knowledge", 55)
    assert content(config) != before
    with pytest.raises(JianfuError, match="--force"):
        restore(config, settings, file)
    done = restore(config, settings, file, force=True)
    assert content(config) == before
    assert versions.verify() == []
    database.close()
    assert done.kept is not None
    assert done.kept.stat().st_mode & 0o777 == 0o600
    assert left_aside(tmp_path) == []
    # What was replaced is whole, too.
    restore(config, settings, done.kept, force=True)
    assert content(config)[2] == b"other"


def test_across_databases_both_ways(url: str, postgres: str, tmp_path: Path) -> None:
    one, settings = installation(tmp_path / "one", url, published=1)
    other_url = sqlite_at(tmp_path / "two")
    if url.startswith("sqlite"):
        name = f"other_{next(_numbers)}"
        engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        other_url = make_url(postgres).set(database=name).render_as_string(hide_password=False)
    other, other_settings = installation(tmp_path / "two", other_url)
    backup(one, settings, tmp_path / "x.tar")
    done = restore(other, other_settings, tmp_path / "x.tar")
    assert content(one) == content(other)
    assert done.settings is not None
    assert other_url in other_settings.read_text("utf8")


def test_same_state_gives_the_same_bytes_and_no_passwords(tmp_path: Path) -> None:
    config, settings = installation(tmp_path, sqlite_at(tmp_path), published=1)
    settings.write_text(settings.read_text("utf8") + "telegram: {proxy: 'socks5://me:hunter2@127.0.0.1:1'}\n", "utf8")
    backup(config, settings, tmp_path / "a.tar")
    backup(config, settings, tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    assert b"hunter2" not in (tmp_path / "a.tar").read_bytes()


def test_an_existing_file_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, settings = installation(tmp_path, sqlite_at(tmp_path))
    file = tmp_path / "a.tar"
    file.write_bytes(b"mine")
    assert main(["--config", str(settings), "backup", str(file)]) == 1
    assert file.read_bytes() == b"mine"
    assert "--force" in capsys.readouterr().err
    assert main(["--config", str(settings), "backup", str(file), "--force"]) == 0
    assert main(["--config", str(settings), "restore", str(file)]) == 0


# --- files that are refused ---


def repacked(source: Path, target: Path, change: dict[str, bytes], extra: list[tarfile.TarInfo] | None = None) -> Path:
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old.getmembers():
            file = old.extractfile(member)
            assert file is not None
            data = change.get(member.name, file.read())
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
        for info in extra or []:
            new.addfile(info, io.BytesIO(b""))
    return target


def test_each_damaged_member_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    config, settings = installation(tmp_path, sqlite_at(tmp_path), published=1)
    file = tmp_path / "a.tar"
    backup(config, settings, file)
    before = content(config)
    raw = file.read_bytes()
    with tarfile.open(file) as tar:
        members = tar.getmembers()
    assert {"database/kb_log.jsonl", "adapter.safetensors", "settings.yaml", bundle.MANIFEST, bundle.SEAL} <= {
        member.name for member in members
    }
    damaged = tmp_path / "b.tar"
    for member in members:
        places = [member.offset + 2] + ([member.offset_data + member.size // 2] if member.size else [])
        for place in places:
            damaged.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
            with pytest.raises(JianfuError, match="什么也没有改动"):
                restore(config, settings, damaged, force=True)
    for length in (0, 100, len(raw) // 2):
        damaged.write_bytes(raw[:length])
        with pytest.raises(JianfuError, match="什么也没有改动"):
            restore(config, settings, damaged, force=True)
    assert content(config) == before


def test_newer_file_and_path_tricks_are_refused(tmp_path: Path) -> None:
    config, settings = installation(tmp_path, sqlite_at(tmp_path))
    file = tmp_path / "a.tar"
    backup(config, settings, file)
    with tarfile.open(file) as tar:
        manifest = tar.extractfile(bundle.MANIFEST)
        assert manifest is not None
        about = json.load(manifest)
    for newer in ({"format": 2}, {"revision": "9999"}):
        text = json.dumps({**about, **newer}).encode()
        seal = hashlib.sha256(text).hexdigest().encode()
        made = repacked(file, tmp_path / "n.tar", {bundle.MANIFEST: text, bundle.SEAL: seal})
        with pytest.raises(JianfuError, match="升级"):
            restore(config, settings, made, force=True)
    for name in ("/etc/x", "../x", "knowledge/sources/../../x", "knowledge/loader.py", "database/kb_log.jsonl"):
        made = repacked(file, tmp_path / "p.tar", {}, [tarfile.TarInfo(name)])
        with pytest.raises(JianfuError, match="不该有的内容"):
            restore(config, settings, made, force=True)
    link = tarfile.TarInfo("knowledge/sources/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(JianfuError, match="不该有的内容"):
        restore(config, settings, repacked(file, tmp_path / "l.tar", {}, [link]), force=True)


# --- cut off in the middle ---


@pytest.mark.parametrize("point", range(9))
def test_cut_off_at_each_step_it_is_all_old_or_all_new(url: str, tmp_path: Path, point: int) -> None:
    new, new_settings = installation(tmp_path / "new", sqlite_at(tmp_path / "new"), 30, published=1)
    config, settings = installation(tmp_path / "here", url, 18, published=2)
    backup(new, new_settings, tmp_path / "a.tar")
    before, after = content(config), content(new)
    # A child is killed right before its nth step: three files are staged, three moved, then what is aside is cleared.
    program = f"""
import os, signal
from pathlib import Path
from bot.care import restore, swap
from bot.config import load_config
steps = iter(range(100))
def step(call):
    def wrapped(*arguments, **options):
        if next(steps) == {point}:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **options)
    return wrapped
swap.Move.forward = step(swap.Move.forward)
swap.Journal.close = step(swap.Journal.close)
swap._remove = step(swap._remove)
restore._stage = step(restore._stage)
settings = Path({str(settings)!r})
restore.restore(load_config(settings), settings, Path({str(tmp_path / "a.tar")!r}), force=True)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    recover(config)
    assert content(config) in (before, after)
    if done.returncode == 0:
        assert content(config) == after
    assert not (config.root / swap.JOURNAL).exists()


def test_a_failure_in_the_middle_takes_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, new_settings = installation(tmp_path / "new", sqlite_at(tmp_path / "new"), 30)
    config, settings = installation(tmp_path / "here", sqlite_at(tmp_path / "here"), 18, published=1)
    backup(new, new_settings, tmp_path / "a.tar")
    before = content(config)
    whole = swap.Move.forward

    def fails(move: swap.Move) -> None:
        if move.target.endswith("adapter.safetensors"):
            raise OSError(28, "No space left on device")
        whole(move)

    monkeypatch.setattr(swap.Move, "forward", fails)
    with pytest.raises(JianfuError, match="No space"):
        restore(config, settings, tmp_path / "a.tar", force=True)
    assert content(config) == before
    assert left_aside(config.root) == []


def test_two_at_once_do_not_undo_each_other(tmp_path: Path) -> None:
    config, _ = installation(tmp_path, sqlite_at(tmp_path))
    journal = swap.Journal(config.root / swap.JOURNAL, b"token", [])
    journal.write()
    with pytest.raises(JianfuError, match="另一个进程"):
        restoring.recover(config)
    journal.release()
    assert restoring.recover(config) is not None


def test_killed_while_backing_up_the_former_file_stays(tmp_path: Path) -> None:
    config, settings = installation(tmp_path, sqlite_at(tmp_path), published=1)
    file = tmp_path / "a.tar"
    backup(config, settings, file)
    former = file.read_bytes()
    for moment in (0.0, 0.02, 0.05, 0.1):
        worker = os.fork()
        if worker == 0:
            while True:
                backup(config, settings, file, force=True)
        time.sleep(moment)  # where in its work it is killed, not how long anything takes
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        assert file.read_bytes() == former


def test_a_running_program_may_write_meanwhile(url: str, tmp_path: Path) -> None:
    config, settings = installation(tmp_path, url)
    stop, written = threading.Event(), [0]
    faults: list[BaseException] = []
    drafts = [write(tmp_path / f"d{number}", 30 + number) for number in range(2)]

    def publish() -> None:
        database = Database.at(url, tmp_path)
        try:
            while not stop.is_set():
                Versions(database).record([change_of(drafts[written[0] % 2], written[0])])
                written[0] += 1
        except BaseException as error:
            faults.append(error)
        finally:
            database.close()

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        for number in range(3):
            seen, deadline = written[0], time.monotonic() + 60
            while written[0] == seen and not faults and time.monotonic() < deadline:
                time.sleep(0.005)
            backup(config, settings, tmp_path / f"{number}.tar")
    finally:
        stop.set()
        thread.join()
    assert faults == []
    for number in range(3):
        restore(config, settings, tmp_path / f"{number}.tar", force=True)
        database = Database.at(url, tmp_path)
        assert Versions(database).log()
        assert Versions(database).verify() == []
        database.close()
