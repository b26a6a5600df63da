"""kill -9 anywhere in an import, a publication and a return: what starts next serves one whole version, old or new.

Each kill is followed by a start (the record verified, questions asked), and by a second attempt, which succeeds. Half of the
points are moments at random, the other half the steps at which the disk or the database is changed.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bot.kb.drafts import Drafts
from bot.kb.following import Follower
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf
from bot.state.database import Database
from bot.state.versions import Versions
from knowledge.errors import JianfuError
from knowledge.importing import leftovers
from knowledge.importing.draft import import_file
from knowledge.importing.write import write as write_draft
from knowledge.loader import load_document
from tests.installations import KILLED, Installation, Ran, Seen, Shell, one_line, seen
from tests.test_kb_switch import said, started
from tests.versions import make_assistant

pytest_plugins = ["tests.shells"]

Command = tuple[str, ...]


class Points:
    """Where to kill: so many moments spread over an undisturbed run, and as many of its steps.

    A command that was quicker than the moment, as on a machine that was busier before, makes for one more of them; more than
    three times as many as were asked for are not made.
    """

    def __init__(self, undisturbed: Sequence[Ran], times: int, seed: int) -> None:
        self._chance = random.Random(seed)
        self._most = 3 * times
        self._seconds = max(one.seconds for one in undisturbed)
        steps = list(range(min(len(one.steps) for one in undisturbed)))
        self._chance.shuffle(steps)
        moments = times - times // 2
        chosen = [steps[place % len(steps)] for place in range(times // 2)]
        self._points: list[int | None] = [*chosen, *[None] * moments]
        self._chance.shuffle(self._points)

    def __iter__(self) -> Iterator[tuple[int | None, float | None]]:
        """The step, or else the seconds."""
        for at in self._points:  # which grows while it is gone through
            yield at, (None if at is not None else self._chance.uniform(0, self._seconds))

    def missed(self, ran: Ran) -> None:
        """The command came to its end first."""
        self._seconds = min(self._seconds, ran.seconds)
        if len(self._points) < self._most:
            self._points.append(None)


@pytest.fixture
def served(tmp_path: Path, shell: Shell) -> Installation:
    """Version 1 came with the program; version 2 says 20 and lacks a clause, and is in use."""
    made = Installation.at(tmp_path, shell)
    made.done("kb", "checkout", str(tmp_path / "edit"))
    made.edit(20, drop=True)
    made.done("kb", "publish", str(tmp_path / "edit"))
    return made


class Running:
    """A process that serves all the while."""

    def __init__(self, root: Path) -> None:
        database = Database.at("sqlite:///state/jianfu.db", root)
        shelved = Shelved(Versions(database), Shelf(root / "other-copies"), root / "knowledge")
        self._follower = Follower(shelved, make_assistant)
        self._background = started(self._follower)

    def agrees(self, now: Seen) -> None:
        self._follower.look(self._background)
        assert self._background.assistant is not None
        assert self._background.assistant.knowledge.version == now.version
        assert f"{now.metres}平方米" in said(self._background)


def kill(installation: Installation, command: Command, point: tuple[int | None, float | None], points: Points) -> bool:
    """Run a command to be killed; False where it was quicker."""
    at, after = point
    ran = installation.run(command, at=at, fault="kill" if at is not None else None, kill_after=after)
    assert ran.code in (0, KILLED), ran.text
    if ran.code == 0:
        points.missed(ran)
    return ran.code == KILLED


def kill_publishing(served: Installation, times: int) -> int:
    """How many kills there were."""
    publish: Command = ("kb", "publish", str(served.root / "edit"))
    running = Running(served.root)
    trial = []
    for metres in (30, 31):
        served.edit(metres, drop=metres % 2 == 0)
        trial.append(served.run(publish))
        assert trial[-1].code == 0, trial[-1].text
    assert {"before commit", "after commit", "before rename", "after fsync"} <= set(trial[0].steps)
    before, kills, finished = seen(served), 0, 0
    points = Points(trial, times, 1)
    for number, point in enumerate(points):
        metres, drop = 100 + number, bool(number % 2)
        served.edit(metres, drop=drop)
        kills += kill(served, publish, point, points)
        now = seen(served)
        assert now == before or (now.seq, now.metres, now.has_dropped) == (before.seq + 1, metres, not drop)
        running.agrees(now)
        again = served.run(publish)
        if now != before:
            finished += 1
            assert again.code == 1
            assert "就是现在用的" in one_line(again) or "没有任何改动" in one_line(again)
        else:
            assert again.code == 0, again.text
        before = seen(served)
        assert (before.seq, before.metres, before.has_dropped) == (
            now.seq if now.metres == metres else now.seq + 1,
            metres,
            not drop,
        )
        running.agrees(before)
    if times >= 50:
        assert 0 < finished <= number
    assert not [path for path in (served.root / "state" / "knowledge").iterdir() if path.name.endswith(".tmp")][1:]
    return kills


def kill_going_back(served: Installation, times: int) -> int:
    """How many kills there were."""
    running = Running(served.root)
    trial = []
    for name in ("1", "2"):
        trial.append(served.run(("kb", "rollback", name)))
        assert trial[-1].code == 0, trial[-1].text
    before, kills, finished = seen(served), 0, 0
    digests = {str(one["seq"]): one["digest"] for one in served.log()}
    points = Points(trial, times, 2)
    for number, point in enumerate(points):
        name, metres, has = ("1", 18, True) if before.metres == 20 else ("2", 20, False)
        if number % 2:  # then the copy is made anew as well
            shutil.rmtree(served.root / "state" / "knowledge" / digests[name], ignore_errors=True)
        command: Command = ("kb", "rollback", name)
        kills += kill(served, command, point, points)
        now = seen(served)
        assert now == before or (now.seq, now.metres, now.has_dropped) == (before.seq + 1, metres, has)
        running.agrees(now)
        again = served.run(command)
        if now != before:
            finished += 1
            assert again.code == 1
            assert "不用退回" in one_line(again)
        else:
            assert again.code == 0, again.text
        before = seen(served)
        assert (before.action, before.metres, before.has_dropped) == ("rollback", metres, has)
        assert digests[name] == served.log()[-1]["digest"]
    if times >= 50:
        assert 0 < finished <= number
    return kills


NOTICE = "关于规范会议活动的通知\n\n各乡镇：\n一、会议要少开\n（一）每月的会议不得超过两次。\n（二）每次会议不得超过90分钟。\n"
OTHER = NOTICE.replace("两次", "三次")


def files(folder: Path) -> dict[str, bytes]:
    """A draft's own files, without what an edit that was cut off left between them."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".tmp")
    }


def approve(folder: Path) -> None:
    path = folder / "suggestions.yaml"
    path.write_text(path.read_text("utf8").replace("use: false", "use: true"), "utf8")


class Imports:
    """What an import, a replacement and an adoption do when nothing disturbs them, to hold the others against."""

    def __init__(self, served: Installation) -> None:
        self.served = served
        self.folder = served.root / "drafts" / "huiyi"
        for name, text in (("a.txt", NOTICE), ("b.txt", OTHER)):
            (served.root / name).write_text(text, "utf8")
        self.take: Command = self._command("a.txt")
        self.replace: Command = (*self._command("b.txt"), "--force")
        self.adopt: Command = ("kb", "adopt", str(self.folder))
        self.trials: dict[str, Ran] = {}
        self.whole: dict[str, dict[str, bytes]] = {}
        for name in ("take", "replace", "adopt"):
            if name == "adopt":
                approve(self.folder)
            self.trials[name] = served.run(getattr(self, name))
            assert self.trials[name].code == 0, self.trials[name].text
            self.whole[name] = files(self.folder)

    def _command(self, name: str) -> Command:
        return ("kb", "import", str(self.served.root / name), "--id", "huiyi", "--out", str(self.folder))


def kill_importing(served: Installation, times: int) -> int:
    """How many kills there were: of imports, of replacements, and of adoptions in turn."""
    imports = Imports(served)
    folder, whole, kills = imports.folder, imports.whole, 0
    before = seen(served)
    third = -(-times // 3)
    for name in ("take", "replace", "adopt"):
        points = Points([imports.trials[name]], third if name != "adopt" else times - 2 * third, 3)
        for point in points:
            shutil.rmtree(folder, ignore_errors=True)
            if name != "take":
                assert (
                    served.run(
                        imports.take
                        if name == "replace"
                        else (*imports.take[:2], str(served.root / "b.txt"), *imports.take[3:])
                    ).code
                    == 0
                )
            if name == "adopt":
                approve(folder)
            kills += kill(served, getattr(imports, name), point, points)
            if name == "adopt":
                _check_adopting(served, imports)
                continue
            if folder.exists():
                assert files(folder) in ((whole["take"],) if name == "take" else (whole["take"], whole["replace"]))
            again = served.run(getattr(imports, name))
            if name == "take" and again.code:
                assert "已经有了，没有改动它" in one_line(again)
            else:
                assert again.code == 0, again.text
            assert files(folder) == whole[name]
            assert seen(served) == before
    _check_cleaning(imports)
    return kills


def _check_adopting(served: Installation, imports: Imports) -> None:
    document = load_document(imports.folder / "documents" / "huiyi.yaml", imports.folder)
    assert [one.text for one in document.clauses][-1] == "每次会议不得超过90分钟。"
    assert served.run(imports.adopt).code == 0
    assert files(imports.folder) == imports.whole["adopt"]


def _check_cleaning(imports: Imports) -> None:
    """What the kills left goes a day later, and the draft stays."""
    parent, drafts = imports.folder.parent, files(imports.folder)
    left = [path for path in parent.iterdir() if path.name != "huiyi"]
    for path in (one for one in parent.rglob("*") if any(one.is_relative_to(aside) for aside in left)):
        os.utime(path, (1e9, 1e9))
    again = imports.served.run((*imports.take[:6], str(parent / "another")))
    assert again.code == 0, again.text
    assert (f"{len(left)} 份半成品" in again.text) is bool(left)
    assert sorted(path.name for path in parent.iterdir()) == ["another", "huiyi"]
    assert files(imports.folder) == drafts


KILLS: dict[str, Callable[[Installation, int], int]] = {
    "import": kill_importing,
    "publish": kill_publishing,
    "rollback": kill_going_back,
}


@pytest.mark.fault(1)
@pytest.mark.parametrize("what", KILLS)
def test_killed_anywhere_it_serves_the_old_or_the_new_version(served: Installation, what: str) -> None:
    KILLS[what](served, 6)


@pytest.mark.fault(1)
@pytest.mark.long
@pytest.mark.parametrize("what", KILLS)
def test_killed_at_fifty_points(served: Installation, what: str) -> None:
    assert KILLS[what](served, 50) >= 50


# --- what kills leave ---


def draft_in(folder: Path, name: str = "huiyi", text: str = NOTICE, *, force: bool = False) -> Path:
    source = folder / "source.txt"
    source.write_text(text, "utf8")
    write_draft(import_file(source, "huiyi"), folder / name, force=force)
    source.unlink()
    return folder / name


def age(folder: Path, seconds: float) -> None:
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (time.time() - seconds,) * 2)


def test_half_written_drafts_go_after_a_day_and_nothing_else_does(tmp_path: Path) -> None:
    finished = draft_in(tmp_path)
    kept = [finished]
    names = {
        ".a.0123abcd.tmp": {"sources/a.txt"},  # half written
        ".b.0123abcd.tmp": {"report.json", "notes.txt"},  # somebody's own folder
        ".c.txt.tmp": {"sources/c.txt"},  # not a name of ours
        "d.0123abcd.tmp": {"report.json"},
        ".huiyi.0123abcd.tmp.old": {"report.json", "notes.txt"},  # was replaced
        ".gone.0123abcd.tmp.old": {"report.json"},  # was about to be replaced: the only one of its name
    }
    for name, inside in names.items():
        for one in inside:
            (tmp_path / name / one).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / one).write_text("x")
        if name not in (".a.0123abcd.tmp", ".huiyi.0123abcd.tmp.old"):
            kept.append(tmp_path / name)
    (tmp_path / ".e.0123abcd.tmp").symlink_to(finished)
    (tmp_path / ".f.0123abcd.tmp").write_text("a file")
    kept += [tmp_path / ".e.0123abcd.tmp", tmp_path / ".f.0123abcd.tmp"]
    assert leftovers.clear(tmp_path) == 0  # somebody may be writing it now
    for path in tmp_path.iterdir():
        age(path, leftovers.OLD_SECONDS + 60)
    os.utime(tmp_path / ".a.0123abcd.tmp" / "sources" / "a.txt")
    assert leftovers.clear(tmp_path) == 1  # one file of it is new
    age(tmp_path / ".a.0123abcd.tmp", leftovers.OLD_SECONDS + 60)
    assert leftovers.clear(tmp_path) == 1
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    assert leftovers.clear(tmp_path / "nowhere") == 0


def test_a_draft_set_aside_comes_back_unless_there_is_a_new_one(tmp_path: Path) -> None:
    draft = draft_in(tmp_path)
    (draft / "notes.txt").write_text("mine")
    whole = files(draft)
    draft.rename(tmp_path / ".huiyi.0123abcd.tmp.old")
    assert leftovers.bring_back(draft)
    assert files(draft) == whole
    shutil.copytree(draft, tmp_path / ".huiyi.0123abcd.tmp.old")
    (draft / "notes.txt").write_text("newer")
    assert not leftovers.bring_back(draft)
    assert (draft / "notes.txt").read_text() == "newer"
    assert not leftovers.bring_back(tmp_path / "never")


def test_an_unfinished_proposal_of_the_pages_goes_after_a_day(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    drafts = Drafts(tmp_path)
    kept = drafts.new("甲", 0, "", [])
    for name in ("0badf00d", "0badf00e", "imports", "mine"):
        (tmp_path / name / "base").mkdir(parents=True)
    age(tmp_path, 2 * 24 * 3600)
    os.utime(tmp_path / "0badf00e")
    other = drafts.new("乙", 0, "", [])
    assert {path.name for path in tmp_path.iterdir()} == {kept.id, other.id, "0badf00e", "imports", "mine"}
    assert "清理了一天前中断时留下的 1 个" in caplog.text
    assert {one.id for one in drafts.all()} == {kept.id, other.id}


def test_a_failed_replacement_puts_the_old_draft_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = draft_in(tmp_path)
    whole, rename, calls = files(draft), Path.rename, []

    def second_fails(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(JianfuError, match="写不进去"):
        draft_in(tmp_path, text=OTHER, force=True)
    assert len(calls) == 3
    assert files(draft) == whole
