"""With the real model and the real notice: a bad edit is stopped, and said in the same bytes by indexes built twice."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bot.bootstrap import Maker, silent
from bot.config import load_config
from bot.kb import publishing
from bot.kb.gate import compare
from bot.kb.proposal import prepare
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf
from bot.state.database import Database
from bot.state.versions import Versions
from knowledge.errors import JianfuError
from knowledge.loader import load_knowledge
from tests.fakes import ROOT

pytestmark = [pytest.mark.model, pytest.mark.long]

CONFIG = load_config(ROOT / "config.yaml")
#: Two clauses that trade their questions: pages of a file, and reports that are asked for.
TRADING = ("2.2", "3.3")


def trade(folder: Path) -> Path:
    """A copy of the knowledge in which two clauses have each other's questions."""
    shutil.copytree(ROOT / "knowledge", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = next((folder / "documents").glob("*.yaml"))
    text = path.read_text("utf8")
    one, other = (
        re.search(rf'(?<=\n  - id: "{clause}"\n).*?\n    questions:\n((?:      - [^\n]*\n)+)', text, re.DOTALL)
        for clause in TRADING
    )
    assert one is not None
    assert other is not None
    between = text[one.end(1) : other.start(1)]
    path.write_text(text[: one.start(1)] + other[1] + between + one[1] + text[other.end(1) :], "utf8")
    return folder


def shelved_at(folder: Path) -> Shelved:
    database = Database.at(f"sqlite:///{folder / 'state.db'}", folder)
    return Shelved(Versions(database), Shelf(folder / "copies"), ROOT / "knowledge")


def maker_at(index: Path) -> Maker:
    """A maker with an index folder of its own, which begins as a copy of the ordinary one."""
    shutil.copytree(CONFIG.path(CONFIG.index.folder), index, ignore=shutil.ignore_patterns(".*"))
    there = CONFIG.index.model_copy(update={"folder": str(index)})
    return Maker(CONFIG.model_copy(update={"index": there}))


def test_a_bad_edit_is_blocked_with_the_same_report_twice(tmp_path: Path) -> None:
    Maker(CONFIG).retriever(shelved_at(tmp_path).load().knowledge, silent)  # the copies need not build what is served
    bad, shelved = trade(tmp_path / "bad"), shelved_at(tmp_path)
    first = prepare(shelved, bad, maker_at(tmp_path / "one"), CONFIG.answers, silent)
    assert first.report is not None
    assert first.report.mode == "full"
    assert any("原来答对、现在答错" in reason for reason in first.report.reasons)
    for clause in TRADING:
        name = next(one for one in first.knowledge if one.id == clause).label
        assert any(reason.startswith(name) for reason in first.report.reasons), first.report.reasons
    with pytest.raises(JianfuError, match="原来答对、现在答错"):
        publishing.publish(shelved, first, author="张三")
    assert shelved.in_use().seq == 0
    maker = maker_at(tmp_path / "two")
    knowledge = shelved.load().knowledge
    before, after = (maker.retriever(one, silent) for one in (knowledge, load_knowledge(bad)))
    second = compare(before, after, CONFIG.answers)
    assert second.canonical().encode() == first.report.canonical().encode()
