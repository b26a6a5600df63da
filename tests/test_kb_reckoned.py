"""What preparing a proposal found is used again for an hour, for the same two versions alone."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from bot.config import AnswersConfig
from bot.kb.proposal import Proposal, prepare
from knowledge.archive import unpack
from tests.keeping import POLICY, FakeMaker, Kept, installation

WORDS = "豪华装修"


class Counting(FakeMaker):
    """Counts how often an index is asked for."""

    asked = 0

    def retriever(self, *arguments):  # type: ignore[no-untyped-def]
        self.asked += 1
        return super().retriever(*arguments)


def edited(kept: Kept, folder: Path, new: str) -> Path:
    """A copy of the version in use with one word changed in a clause and its source."""
    unpack(kept.shelved.archive(kept.shelved.in_use()), folder)
    [document], [source] = folder.glob("documents/*.yaml"), folder.glob("sources/*.txt")
    before = hashlib.sha256(source.read_bytes()).hexdigest()
    for path in (document, source):
        path.write_text(path.read_text("utf8").replace(WORDS, new), "utf8")
    after = hashlib.sha256(source.read_bytes()).hexdigest()
    document.write_text(document.read_text("utf8").replace(before, after), "utf8")
    return folder


def test_the_same_two_versions_are_asked_once_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with installation(tmp_path / "site") as kept:
        found, maker = tmp_path / "found", Counting(tmp_path / "site")

        def look(folder: Path, policy: AnswersConfig = POLICY) -> tuple[Proposal, int]:
            before = maker.asked
            proposal = prepare(kept.shelved, folder, maker, policy, lambda *_: None, remember=found)  # type: ignore[arg-type]
            return proposal, maker.asked - before

        one = edited(kept, tmp_path / "one", "奢华装修")
        first, asked = look(one)
        assert asked == 2
        assert first.effect is not None
        assert first.effect.changed
        [kept_file] = found.glob("*.json")
        again, asked = look(one)
        assert (again, asked) == (first, 0)
        assert look(edited(kept, tmp_path / "two", "奢侈装修"))[1] == 2
        assert look(one, AnswersConfig(remembered_questions=7))[1] == 2
        for path in found.glob("*.json"):
            path.write_text(path.read_text("utf8")[:-9], "utf8")  # torn
        assert look(one)[1] == 2
        for path in found.glob("*.json"):
            os.utime(path, (time.time() - 3700,) * 2)
        assert look(one)[1] == 2
        assert kept_file.stat().st_mtime > time.time() - 3600
        assert len(list(found.glob("*.json"))) == 1  # those of an hour ago are gone
