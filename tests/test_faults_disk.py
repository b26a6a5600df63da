"""A disk that is full, may not be written, or lost part of a file: a clear sentence, nothing lost, the same answers."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.installations import CHANGED_AT, DROPPED_AT, Installation, Ran, Seen, Shell, one_line, seen
from tests.small_disk import small_disk_at

pytest_plugins = ["tests.shells"]

NOTICE = "关于规范会议活动的通知\n一、会议要少开\n（一）每月的会议不得超过两次。\n（二）每次会议不得超过90分钟。\n"


def prepare(root: Path, shell: Shell) -> Installation:
    """Version 1 came with the program, version 2 says 20 and lacks a clause; `edit` holds a third, `a.txt` a notice."""
    made = Installation.at(root, shell)
    made.done("kb", "checkout", str(root / "edit"))
    made.edit(20, drop=True)
    made.done("kb", "publish", str(root / "edit"))
    made.edit(30, drop=False)
    (root / "a.txt").write_text(NOTICE, "utf8")
    assert (seen(made).seq, seen(made).metres) == (2, 20)
    return made


@pytest.fixture
def served(tmp_path: Path, shell: Shell) -> Installation:
    return prepare(tmp_path, shell)


def commands(root: Path) -> dict[str, tuple[str, ...]]:
    return {
        "import": ("kb", "import", str(root / "a.txt"), "--id", "huiyi", "--out", str(root / "drafts" / "huiyi")),
        "publish": ("kb", "publish", str(root / "edit")),
        "rollback": ("kb", "rollback", "1"),
    }


def succeeds(served: Installation, what: str, before: Seen) -> None:
    """What a command does once the disk is well again."""
    ran = served.run(commands(served.root)[what])
    assert ran.code == 0, ran.text
    now = seen(served)
    if what == "import":
        assert now == before
        assert (served.root / "drafts" / "huiyi" / "report.json").is_file()
        assert os.listdir(served.root / "drafts") == ["huiyi"]
    else:
        assert (now.seq, now.metres) == (before.seq + 1, 30 if what == "publish" else 18)


def check_refusal(served: Installation, ran: Ran, before: Seen) -> None:
    """It was said what is wrong and what to look at, and nothing changed."""
    assert ran.code == 1, ran.text
    said = one_line(ran)
    assert "磁盘" in said
    assert "权限" in said or "是否可写" in said
    assert seen(served) == before
    assert not (served.root / "drafts" / "huiyi").exists()


# --- denied at one step ---


@pytest.mark.long
@pytest.mark.parametrize("what", ["import", "publish", "rollback"])
def test_where_the_disk_denies_one_step_it_is_said_or_does_not_matter(
    served: Installation, tmp_path: Path, what: str
) -> None:
    command = commands(tmp_path)[what]
    kept = tmp_path.with_name(f"{tmp_path.name}-kept")
    shutil.copytree(tmp_path, kept)
    trial = served.run(command)
    assert trial.code == 0, trial.text
    steps = [place for place, step in enumerate(trial.steps) if step.startswith("before")]
    assert steps
    must = [place for place in steps if trial.steps[place] == "before commit"] if what != "import" else []
    chosen = sorted({*must, *random.Random(5).sample(steps, min(5, len(steps)))})
    refusals = 0
    for at in chosen:
        shutil.rmtree(tmp_path)
        shutil.copytree(kept, tmp_path)
        before = seen(served)
        ran = served.run(command, at=at, fault="full")
        if ran.code == 0:
            now = seen(served)
            assert now == before if what == "import" else now.seq == before.seq + 1
            continue
        refusals += 1
        check_refusal(served, ran, before)
        succeeds(served, what, before)
    assert refusals


# --- a small disk, and one that may only be read ---


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB of its own."""
    with small_disk_at(tmp_path / "disk", "64m") as folder:
        yield folder


def leave(folder: Path, kilobytes: int) -> None:
    """Fill the disk but for so much."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"0" * 65536)
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"0" * 4096)
    os.truncate(filler, max(0, filler.stat().st_size - kilobytes * 1024))


@pytest.mark.fault(4)
@pytest.mark.long
@pytest.mark.parametrize("what", ["import", "publish", "rollback"])
def test_a_full_disk_loses_nothing_wherever_it_becomes_full(disk: Path, shell: Shell, what: str) -> None:
    served = prepare(disk, shell)
    before = seen(served)
    refusals = 0
    for kilobytes in (0, 8, 60):
        leave(disk, kilobytes)
        ran = served.run(commands(disk)[what])
        (disk / "filler").unlink()
        if ran.code == 0:  # it had room enough
            now = seen(served)
            assert now == before if what == "import" else now.seq == before.seq + 1
            break
        check_refusal(served, ran, before)
        refusals += 1
    else:
        succeeds(served, what, before)
    assert refusals


@pytest.mark.fault(4)
def test_where_nothing_may_be_written_it_answers_and_says_so(disk: Path, shell: Shell) -> None:
    served = prepare(disk, shell)
    before = seen(served)
    answers = answers_of(served)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert answers_of(served) == answers
    for what, command in commands(disk).items():
        ran = served.run(command)
        assert ran.code == 1, what
        assert "是否可写" in one_line(ran) or "权限" in one_line(ran), ran.text
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert seen(served) == before
    for what in ("import", "publish"):
        succeeds(served, what, before)


# --- torn files ---


def answers_of(served: Installation) -> list[dict[str, object]]:
    """What is answered, without how long it took and what the database adds."""
    ran = served.run(
        ("ask", CHANGED_AT, "--json"), ("ask", DROPPED_AT, "--json"), ("ask", "工作餐可以上酒吗", "--json")
    )
    assert ran.code == 0, ran.text
    found = [json.loads(one["out"]) for one in ran.said]
    return [{name: one.get(name) for name in ("outcome", "answer", "citations", "knowledge_version")} for one in found]


@pytest.mark.fault(2)
@pytest.mark.long
def test_each_torn_copy_and_index_file_is_noticed_and_made_anew(served: Installation) -> None:
    answers = answers_of(served)
    state = served.root / "state" / "knowledge"
    files = [path for folder in (state, served.root / "index") for path in folder.rglob("*") if path.is_file()]
    digest = json.loads((state / "CURRENT").read_text("utf8"))["digest"]
    names = [
        path
        for path in files
        if path.stat().st_size and (state not in path.parents or digest in str(path) or path.name == "CURRENT")
    ]
    assert len(names) >= 8
    for number, path in enumerate(names):
        if not path.exists():
            continue  # an index made anew took the place of this one
        size = path.stat().st_size
        os.truncate(path, (0, size // 2, size - 1)[number % 3])
        assert answers_of(served) == answers, path
    assert seen(served).seq == 2


@pytest.mark.fault(7)
def test_a_torn_database_leaves_the_answers_and_is_said(served: Installation) -> None:
    answers = answers_of(served)
    before = seen(served)
    database = served.root / "state" / "jianfu.db"
    for name in ("jianfu.db-wal", "jianfu.db-shm"):
        (served.root / "state" / name).unlink(missing_ok=True)
    whole = database.read_bytes()
    for share in (0.05, 0.4, 0.8):
        database.write_bytes(whole[: int(len(whole) * share)])
        assert answers_of(served) == answers
        for command in (("kb", "verify"), ("kb", "rollback", "1"), ("kb", "publish", str(served.root / "edit"))):
            said = served.refused(*command)
            assert "数据库" in said or "记录有问题" in said, said
        for name in ("jianfu.db-wal", "jianfu.db-shm"):
            (served.root / "state" / name).unlink(missing_ok=True)
    database.write_bytes(whole)
    assert seen(served) == before


def test_a_torn_draft_is_refused_with_its_file(served: Installation) -> None:
    assert served.run(commands(served.root)["import"]).code == 0
    folder = served.root / "drafts" / "huiyi"
    for name, command in (
        ("documents/huiyi.yaml", "adopt"),
        ("sources/huiyi.txt", "adopt"),
        ("suggestions.yaml", "adopt"),
        ("documents/huiyi.yaml", "propose"),
        ("sources/huiyi.txt", "propose"),
    ):
        path = folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2 + 1])
        ran = served.run(("kb", command, str(folder)))
        assert ran.code == 1, (name, command)
        assert Path(name).name in ran.text
        assert "Traceback" not in ran.text
        assert "程序出错" not in ran.text
        path.write_bytes(whole)
    assert served.run(("kb", "adopt", str(folder))).code == 0
