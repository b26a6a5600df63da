import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bot.bootstrap import BackgroundAssistant
from bot.kb import publishing
from bot.kb.following import Follower
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf
from bot.state.database import Database, StateUnavailable
from bot.state.versions import SERVING, Versions
from tests.fakes import ROOT
from tests.small_disk import small_disk_at
from tests.versions import DROPPED, change_of, make_assistant, write

DROPPED_WORDS = "严禁豪华装修"


def shelved_at(url: str, folder: Path) -> Shelved:
    return Shelved(Versions(Database.at(url, folder)), Shelf(folder / "copies"), folder / "shipped")


@pytest.fixture(scope="module")
def publishers() -> Iterator[subprocess.Popen[str]]:
    """A process that forks publishers: each would take seconds to start by itself."""
    command = [sys.executable, "-m", "tests.kb_publisher"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.communicate("\n", timeout=60)


def publish_and_die(publishers: subprocess.Popen[str], url: str, folder: Path, seed: int, after: float) -> None:
    """Let a publisher work, and end it by SIGKILL wherever it is then."""
    assert publishers.stdin is not None
    assert publishers.stdout is not None
    publishers.stdin.write(f"{url} {folder} {seed}\n")
    publishers.stdin.flush()
    worker = int(publishers.stdout.readline())
    time.sleep(after)  # where in its work it is killed, not how long anything takes
    os.kill(worker, signal.SIGKILL)
    assert publishers.stdout.readline() == f"{int(signal.SIGKILL)}\n"


def check(url: str, folder: Path, follower: Follower, background: BackgroundAssistant) -> int:
    """Whoever starts now, whoever ran all the time, and whoever finds the database away: one whole version each."""
    shelved = shelved_at(url, folder)
    assert shelved.versions is not None
    assert shelved.versions.verify() == []
    log = [entry for entry in shelved.versions.log() if entry.action in SERVING]
    if not log:
        assert shelved.load().pointer.seq == 0
        return 0
    away = Shelved(Versions(Database.at("postgresql+psycopg://nobody@127.0.0.1:1/none", folder)), shelved.shelf, folder)
    seen = shelved.shelf.pointer()
    if seen is not None:
        assert seen.seq in {entry.seq for entry in log[-2:]}
        cold = away.load()
        assert (cold.pointer, cold.confirmed) == (seen, False)
        assert cold.knowledge.version == next(entry.version for entry in log if entry.seq == seen.seq)
    served = shelved.load()
    assert (served.pointer.digest, served.knowledge.version) == (log[-1].digest, log[-1].version)
    follower.look(background)
    for assistant in (make_assistant(served.knowledge, lambda *_: None), background.assistant):
        assert assistant is not None
        assert assistant.knowledge == served.knowledge
        has = served.knowledge.find(DROPPED) is not None
        assert (DROPPED_WORDS in assistant.ask(DROPPED).answer) is has
    return log[-1].seq


def kill_and_check(publishers: subprocess.Popen[str], url: str, folder: Path, times: int) -> None:
    chance = random.Random(6)
    write(folder / "shipped")
    follower = Follower(shelved_at(url, folder), make_assistant)
    background = BackgroundAssistant(follower.first)
    background.start()
    assert background.wait(60)
    reached = 0
    for number in range(times):
        publish_and_die(publishers, url, folder, 100 + 1000 * number, chance.uniform(0.02, 0.4))
        now = check(url, folder, follower, background)
        assert now >= reached
        reached = now
    # Nothing stands in the way of whoever comes next.
    shelved = shelved_at(url, folder)
    assert shelved.versions is not None
    entry = shelved.versions.record([change_of(write(folder / "last", 77), reached)])
    assert check(url, folder, follower, background) == entry.seq
    left = [path.name for path in (folder / "copies").iterdir() if path.name.endswith(".tmp")]
    assert len(left) <= 1


def test_killed_anywhere_it_serves_the_old_or_the_new_version(
    publishers: subprocess.Popen[str], tmp_path: Path
) -> None:
    kill_and_check(publishers, f"sqlite:///{tmp_path / 'state.db'}", tmp_path, 4)


@pytest.mark.fault(1)
@pytest.mark.long
def test_killed_at_fifty_random_points(publishers: subprocess.Popen[str], tmp_path: Path) -> None:
    kill_and_check(publishers, f"sqlite:///{tmp_path / 'state.db'}", tmp_path, 50)


# --- a full disk ---


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB of its own."""
    with small_disk_at(tmp_path / "small", "600k") as folder:
        yield folder


def fill(folder: Path) -> None:
    descriptor = os.open(folder / "filler", os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(descriptor, b"0" * 4096)
    os.close(descriptor)


def test_where_no_copy_fits_the_version_is_published_and_served_all_the_same(tmp_path: Path, small_disk: Path) -> None:
    write(tmp_path / "shipped")
    versions = Versions(Database.at(f"sqlite:///{tmp_path / 'state.db'}", tmp_path))
    shelved = Shelved(versions, Shelf(small_disk / "copies"), tmp_path / "shipped")
    fill(small_disk)
    versions.record(
        [change_of(tmp_path / "shipped", 0, "shipped"), change_of(write(tmp_path / "new", 20, drop=True), 0)]
    )
    assert shelved.load().knowledge.find(DROPPED) is None
    _, entry = publishing.rollback(shelved, "1", author="甲")
    assert shelved.load().pointer.seq == entry.seq
    (small_disk / "filler").unlink()
    shelved.load()
    assert shelved.shelf.load(entry.digest) is not None


def test_where_the_database_has_no_room_nothing_is_published_and_it_is_said(tmp_path: Path, small_disk: Path) -> None:
    write(tmp_path / "shipped")
    database = Database.at(f"sqlite:///{small_disk / 'state.db'}", tmp_path)
    versions = Versions(database)
    first = versions.record([change_of(write(tmp_path / "new", 20), 0)])
    fill(small_disk)
    changes = [change_of(write(tmp_path / "more", metres), 0) for metres in range(30, 60)]
    with pytest.raises(StateUnavailable, match="磁盘是否满"):
        versions.record([replace(change, parent=first.seq + place) for place, change in enumerate(changes)])
    assert versions.head() == first
    (small_disk / "filler").unlink()
    assert versions.verify() == []
    assert versions.record([change_of(write(tmp_path / "more", 301), first.seq)]).seq == first.seq + 1
    database.close()
