import errno
import hashlib
import json
import logging
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index import storage
from index.storage import CURRENT, KEEP, LOCK, MANIFEST, StorageError, current, kept, kept_or_published, publish

ROOT = Path(__file__).resolve().parent.parent
FINGERPRINT = "f00d"

#: Publishes forever: three files that all hold the same counter, so that a mixture can be told.
PUBLISHER = """
import sys
from pathlib import Path
from index.storage import publish

def write(folder):
    (folder / "deep").mkdir()
    for name in ("one.bin", "deep/two.bin", "three.bin"):
        (folder / name).write_bytes(str(count).encode() * 3000)

count = int(sys.argv[2])
print("ready", flush=True)
for _ in range(int(sys.argv[3])):
    publish(Path(sys.argv[1]), "f00d", write)
    count += 1
"""


def writer(content: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "vectors.faiss").write_text(content, encoding="utf8")
        (folder / "bm25").mkdir()
        (folder / "bm25" / "vocab.json").write_text(f"{{{content}}}", encoding="utf8")

    return write


def start_publisher(root: Path, first: int, times: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, str(root), str(first), str(times)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def whole(revision: Path) -> int:
    """The counter that all three files of a publisher's revision hold."""
    contents = {(revision / name).read_bytes() for name in ("one.bin", "deep/two.bin", "three.bin")}
    assert len(contents) == 1
    (content,) = contents
    digits = content[: len(content) // 3000]
    assert content == digits * 3000
    return int(digits)


def entries(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()} - {LOCK}


@pytest.fixture
def revision(tmp_path: Path) -> Path:
    return publish(tmp_path, FINGERPRINT, writer("old"))


def test_what_is_published_is_current(tmp_path: Path) -> None:
    root = tmp_path / "new" / "folder"
    revision = publish(root, FINGERPRINT, writer("减负"))
    assert current(root, FINGERPRINT) == revision
    assert revision.parent == root
    assert (revision / "vectors.faiss").read_text(encoding="utf8") == "减负"
    assert (root / CURRENT).read_text(encoding="utf8") == revision.name
    assert entries(root) == {CURRENT, revision.name}


def test_the_manifest_lists_every_file(revision: Path) -> None:
    manifest = json.loads((revision / MANIFEST).read_text(encoding="utf8"))
    assert manifest == {
        "fingerprint": FINGERPRINT,
        "files": {
            "bm25/vocab.json": hashlib.sha256(b"{old}").hexdigest(),
            "vectors.faiss": hashlib.sha256(b"old").hexdigest(),
        },
    }


def test_only_the_newest_revisions_stay(tmp_path: Path) -> None:
    published = [publish(tmp_path, FINGERPRINT, writer(str(i))) for i in range(5)]
    assert KEEP == 2
    assert entries(tmp_path) == {CURRENT, published[-2].name, published[-1].name}
    assert current(tmp_path, FINGERPRINT) == published[-1]


def test_a_revision_kept_beside_the_current_one_is_found_and_counts_as_the_latest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = publish(tmp_path, "aaaa", writer("old"), keep=3)
    os.utime(old, (1, 1))
    new = publish(tmp_path, "bbbb", writer("new"), keep=3)
    assert (kept(tmp_path, "aaaa"), kept(tmp_path, "bbbb")) == (old, new)
    assert old.stat().st_mtime > 1
    assert caplog.text == ""
    assert kept(tmp_path, "cccc") is None
    (old / "vectors.faiss").write_text("torn")
    assert kept(tmp_path, "aaaa") is None
    assert kept(tmp_path / "missing", "aaaa") is None
    for text in ("a", "b"):
        publish(tmp_path, "dddd", writer(text), keep=3)
    assert len(entries(tmp_path)) == 3 + 1


def test_nothing_published_yet(tmp_path: Path) -> None:
    assert current(tmp_path, FINGERPRINT) is None
    assert current(tmp_path / "missing", FINGERPRINT) is None


@pytest.mark.fault(3)
def test_another_fingerprint_is_stale(tmp_path: Path, revision: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert current(tmp_path, "beef") is None
    assert "stale" in caplog.text
    assert current(tmp_path, FINGERPRINT) == revision


FILES = ("vectors.faiss", "bm25/vocab.json", MANIFEST)


@pytest.mark.fault(2)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [0, 1, 0.5, -1])
def test_a_truncated_file_is_noticed(
    tmp_path: Path, revision: Path, name: str, kept: float, caplog: pytest.LogCaptureFixture
) -> None:
    content = (revision / name).read_bytes()
    (revision / name).write_bytes(content[: int(len(content) * kept) if kept == 0.5 else int(kept)])
    assert current(tmp_path, FINGERPRINT) is None
    assert "is built anew" in caplog.text


@pytest.mark.fault(2)
@pytest.mark.parametrize("name", FILES)
def test_every_flipped_bit_is_noticed(tmp_path: Path, revision: Path, name: str) -> None:
    content = (revision / name).read_bytes()
    for position in range(len(content)):
        bit = 1 << position % 8
        damaged = bytearray(content)
        damaged[position] ^= bit
        (revision / name).write_bytes(damaged)
        assert current(tmp_path, FINGERPRINT) is None, (name, position, bit)
    (revision / name).write_bytes(content)
    assert current(tmp_path, FINGERPRINT) == revision


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_noticed(tmp_path: Path, revision: Path, name: str) -> None:
    (revision / name).unlink()
    assert current(tmp_path, FINGERPRINT) is None


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"null",
        b"3",
        b"{}",
        b'{"fingerprint": "f00d"}',
        b'{"fingerprint": "f00d", "files": [1]}',
        b"\xff\xfe",
    ],
)
def test_a_garbage_manifest_is_noticed(tmp_path: Path, revision: Path, manifest: bytes) -> None:
    (revision / MANIFEST).write_bytes(manifest)
    assert current(tmp_path, FINGERPRINT) is None


@pytest.mark.parametrize(
    "pointer",
    [
        "",
        " ",
        "nowhere",
        "../elsewhere",
        "..",
        ".",
        "./",
        "/etc",
        "{name}/..",
        "{name}/bm25",
        "\0",
        "名" * 300,
        ".aside",
    ],
)
def test_a_garbage_pointer_leads_nowhere(tmp_path: Path, pointer: str) -> None:
    root = tmp_path / "root"
    revision = publish(root, FINGERPRINT, writer("x"))
    for trap in (tmp_path / "elsewhere", root / ".aside"):  # whole revisions, but not where one may stand
        trap.mkdir()
        (trap / MANIFEST).write_bytes(json.dumps({"fingerprint": FINGERPRINT, "files": {}}).encode())
    (tmp_path / MANIFEST).write_bytes(json.dumps({"fingerprint": FINGERPRINT, "files": {}}).encode())
    (root / CURRENT).write_text(pointer.replace("{name}", revision.name), encoding="utf8")
    assert current(root, FINGERPRINT) is None


def test_a_pointer_that_is_no_text_leads_nowhere(tmp_path: Path, revision: Path) -> None:
    (tmp_path / CURRENT).write_bytes(b"\xff\xfe\x00")
    assert current(tmp_path, FINGERPRINT) is None
    (tmp_path / CURRENT).unlink()
    assert current(tmp_path, FINGERPRINT) is None
    assert current(tmp_path, FINGERPRINT) != revision
    again = publish(tmp_path, FINGERPRINT, writer("again"))
    assert current(tmp_path, FINGERPRINT) == again


@pytest.fixture
def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_leftovers_of_dead_processes_go_and_those_of_live_ones_stay(tmp_path: Path, dead_process: int) -> None:
    parent = os.getppid()
    for owner in (dead_process, parent, os.getpid()):
        (tmp_path / f".f00d-12345678.{owner}.tmp").mkdir()
        (tmp_path / f".f00d-12345678.{owner}.tmp" / "half.bin").write_bytes(b"x")
        (tmp_path / f".{CURRENT}-f00d-12345678.{owner}.tmp").write_bytes(b"x")
    revision = publish(tmp_path, FINGERPRINT, writer("x"))
    # Our own number belonged to a process of an earlier container: this one has nothing else aside.
    kept = {f".f00d-12345678.{parent}.tmp", f".{CURRENT}-f00d-12345678.{parent}.tmp"}
    assert entries(tmp_path) == {CURRENT, revision.name, *kept}


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), StorageError("inner")])
def test_a_failing_write_leaves_the_old_revision(tmp_path: Path, revision: Path, error: BaseException) -> None:
    def write(folder: Path) -> None:
        (folder / "half.bin").write_bytes(b"x" * 1000)
        raise error

    with pytest.raises(type(error)):
        publish(tmp_path, FINGERPRINT, write)
    assert entries(tmp_path) == {CURRENT, revision.name}
    assert current(tmp_path, FINGERPRINT) == revision


def no_space(*_: object, **__: object) -> Iterator[None]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.fault(4)
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Path, "write_text"),
        (Path, "rename"),
        (Path, "replace"),
        (storage, "sync"),
        (storage, "_digest"),
        (Path, "mkdir"),
    ],
)
def test_a_full_disk_is_reported_and_leaves_the_old_revision(
    tmp_path: Path, revision: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, no_space)
        with pytest.raises(StorageError) as caught:
            publish(tmp_path, FINGERPRINT, lambda folder: (folder / "one.bin").write_bytes(b"1") and None)
    assert str(caught.value) == (
        f"索引写不进 {tmp_path}（No space left on device）；请检查磁盘空间和权限，或改 index.folder"
    )
    assert entries(tmp_path) == {CURRENT, revision.name}
    assert current(tmp_path, FINGERPRINT) == revision


def test_an_error_after_the_pointer_was_moved_keeps_the_new_revision(
    tmp_path: Path, revision: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(storage, "_drop_old", no_space)
        with pytest.raises(StorageError):
            publish(tmp_path, FINGERPRINT, writer("new"))
    newest = current(tmp_path, FINGERPRINT)
    assert newest is not None
    assert newest != revision
    assert (newest / "vectors.faiss").read_text() == "new"


def test_an_error_without_a_number_still_says_what_happened(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        raise OSError("mixed up")

    with pytest.raises(StorageError, match="（mixed up）"):
        publish(tmp_path, FINGERPRINT, write)


def test_a_file_in_the_way_is_reported(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file")
    with pytest.raises(StorageError, match=r"索引写不进 .*/index/full（Not a directory）"):
        publish(tmp_path / "index" / "full", FINGERPRINT, writer("x"))


def test_a_read_only_folder_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    owner = os.geteuid()
    if owner == 0:
        os.seteuid(65534)  # root may write everywhere; nobody may not
    try:
        with pytest.raises(StorageError, match="Permission denied"):
            publish(tmp_path, FINGERPRINT, writer("x"))
    finally:
        os.seteuid(owner)


@pytest.mark.fault(4)
def test_a_read_only_folder_is_reported_to_root_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StorageError, match=r"Permission denied.*请检查磁盘空间和权限"):
        publish(tmp_path, FINGERPRINT, writer("x"))


@pytest.mark.fault(1)
def test_killed_at_any_moment_the_current_revision_is_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(7)
    newest = -1
    caplog.set_level(logging.WARNING)
    for round_ in range(20):
        process = start_publisher(tmp_path, first=round_ * 100_000, times=100_000)
        time.sleep(chance.uniform(0.0, 0.04))
        process.kill()
        process.communicate()
        revision = current(tmp_path, FINGERPRINT)
        if revision is not None:
            assert whole(revision) >= newest
            newest = whole(revision)
    assert newest > 0
    assert caplog.text == ""  # never torn, never damaged
    last = publish(tmp_path, FINGERPRINT, writer("after"))
    assert [name for name in entries(tmp_path) if name.startswith(".")] == []
    assert current(tmp_path, FINGERPRINT) == last


def test_two_processes_publish_at_the_same_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    processes = [start_publisher(tmp_path, first=i * 1000, times=25) for i in range(2)]
    seen = set()
    while any(process.poll() is None for process in processes):
        name = storage._pointed(tmp_path)
        if name is not None:
            seen.add(name)
    assert [process.communicate()[1] for process in processes] == [b"", b""]
    assert [process.returncode for process in processes] == [0, 0]
    revision = current(tmp_path, FINGERPRINT)
    assert revision is not None
    assert whole(revision) in (24, 1024)
    assert len(seen) > 2
    assert len(entries(tmp_path)) == KEEP + 1
    assert caplog.text == ""


def test_two_threads_publish_at_the_same_time(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(10):
                publish(tmp_path, FINGERPRINT, writer(f"{number}-{i}"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert current(tmp_path, FINGERPRINT) is not None
    assert len(entries(tmp_path)) == KEEP + 1


def test_of_several_who_find_nothing_one_makes_it(tmp_path: Path) -> None:
    made: list[int] = []

    def write(folder: Path) -> None:
        made.append(1)
        time.sleep(0.3)
        (folder / "a").write_text("x")

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: kept_or_published(tmp_path / "root", "abc", write), range(4)))
    assert made == [1]
    assert len(set(found)) == 1
    assert (found[0] / "a").read_text() == "x"
    assert kept_or_published(tmp_path / "root", "abc", write) == found[0]


def test_where_no_lock_can_be_made_it_is_said_as_ever(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("a file")
    with pytest.raises(StorageError, match="索引写不进"):
        kept_or_published(tmp_path / "root", "abc", lambda folder: None)
