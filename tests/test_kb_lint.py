"""Lint: each rule finds its seeded fault with file, line and remedy, and a clean folder has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.answer import Answer, Citation
from bot.kb.lint_answers import answered_elsewhere
from knowledge.base import KnowledgeBase
from knowledge.lint import words
from knowledge.lint.finding import Finding
from knowledge.lint.run import kept_documents, lint
from knowledge.loader import load_knowledge
from tests.fakes import ROOT
from tests.notices import Change, line_of, write_notice


def findings(folder: Path, change: Change | None = None) -> list[Finding]:
    write_notice(folder, change=change)
    return lint(folder, lambda stage, fraction: None)


def only(found: list[Finding], rule: str) -> Finding:
    chosen = [one for one in found if one.rule == rule]
    assert len(chosen) == 1, [str(one) for one in found]
    return chosen[0]


def test_clean_folder_has_no_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert findings(tmp_path) == []
    assert main(["kb", "lint", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "没有发现问题。\n"


def test_real_knowledge_base_has_no_errors() -> None:
    found = lint(ROOT / "knowledge", lambda stage, fraction: None)
    assert [str(one) for one in found if one.severity == "error"] == []


def test_one_question_at_two_clauses_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(record: dict[str, Any]) -> None:
        record["clauses"][5]["questions"].append("工作餐，可以上酒吗？")

    one = only(findings(tmp_path, change), words.POINTS_AT_TWO)
    path = tmp_path / "documents" / "jiedai-2021.yaml"
    assert (one.severity, one.path, one.line) == ("error", path, line_of(path, "工作餐，可以上酒吗？"))
    assert f"{path.name}:{line_of(path, '工作餐可以上酒吗')}" in one.text
    assert "请只留在回答它的那一条" in one.remedy
    assert main(["kb", "lint", str(tmp_path)]) == 1
    assert "1 处错误，0 处提醒。" in capsys.readouterr().out


def test_question_both_answered_and_not(tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["unanswered"].append({"text": "工作餐可以上酒吗？", "related": []})

    one = only(findings(tmp_path, change), words.POINTS_AT_TWO)
    assert (one.severity, "unanswered" in one.text) == ("error", True)


def test_near_duplicate_clauses(tmp_path: Path) -> None:
    rows = [
        ("1", "section", None, "第一部分", "要求", ("有什么要求",)),
        ("1.1", "point", "1", "第1点", "各单位每月召开会议不得超过两次，确需增加的应当报批。", ("每月几次会",)),
        ("1.2", "point", "1", "第2点", "各单位每月召开会议不得超过三次，确需增加的应当报批。", ("一月几次会",)),
        ("1.3", "point", "1", "第3点", "文件由办公室统一编号，按季度归档保存。", ("谁编号",)),
    ]
    write_notice(tmp_path, rows=rows, change=lambda record: record.update(shared_questions=[], unanswered=[]))
    found = lint(tmp_path, lambda stage, fraction: None)
    one = only(found, words.NEAR)
    assert (one.severity, "1.1" in one.text, "1.2" in one.text, "96%" in one.text) == ("warning", True, True, True)


def test_gap_in_numbers_and_wrong_parent(tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["shared_questions"], record["unanswered"] = [], []
        del record["clauses"][2]  # 1.2
        record["clauses"][5]["id"] = "1.9"  # 2.2, still under 2

    found = [one for one in findings(tmp_path, change) if one.rule == words.NUMBERING]
    texts = [one.text for one in found]
    assert "编号不连续：1.1 之后是 1.3" in texts
    assert "条款 1.9 的编号与上级 2 不合" in texts


def test_overlap_and_order(tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        clauses = record["clauses"]
        clauses[1], clauses[2] = clauses[2], clauses[1]

    texts = [one.text for one in findings(tmp_path, change) if one.severity == "error"]
    assert texts == ["条款 1.1 在来源中位于 1.2 之前，却排在它后面"]


def test_empty_section_and_unreached_clause(tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["shared_questions"], record["unanswered"] = [], []
        del record["clauses"][5:]
        record["clauses"][1]["questions"] = []

    found = findings(tmp_path, change)
    empty, unreached = only(found, words.EMPTY), only(found, words.UNREACHED)
    path = tmp_path / "documents" / "jiedai-2021.yaml"
    assert (empty.severity, empty.line) == ("error", line_of(path, '"kind"', 5))
    assert (unreached.severity, unreached.line) == ("warning", line_of(path, '"1.1"'))


def test_mixed_width_in_a_question(tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["clauses"][1]["questions"].append("来客吃饭,几个人陪，行不行")

    one = only(findings(tmp_path, change), words.WIDTH)
    assert (one.severity, ",，" in one.text) == ("warning", True)


def test_placeholder_of_a_draft_is_an_error(tmp_path: Path) -> None:
    one = only(findings(tmp_path, lambda record: record["document"].update(issuer="待填")), words.TO_FILL)
    assert (one.severity, one.line) == ("error", line_of(tmp_path / "documents" / "jiedai-2021.yaml", "issuer"))


def test_faults_of_the_files_come_out_as_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_notice(tmp_path, change=lambda record: record["clauses"][3].update(start=0))
    assert main(["kb", "lint", str(tmp_path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(one["severity"], one["rule"]) for one in found] == [("error", words.FILE)]
    assert found[0]["line"] == line_of(tmp_path / "documents" / "jiedai-2021.yaml", '"start"', 4)


def test_folder_without_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kb", "lint", str(tmp_path)]) == 1
    assert "里面应有 documents/" in capsys.readouterr().err


class Scripted:
    """Answers every question with one clause, but declines what has 酒 in it."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self.knowledge = knowledge

    def ask(self, question: str) -> Answer:
        clause = self.knowledge.find("1.1")
        assert clause is not None
        if "酒" in question:
            return Answer("decline", "", "", 0.9, "v", 0.0)
        return Answer("answer", "", "", 0.9, "v", 0.0, citations=(Citation.of(clause),))


def test_questions_answered_elsewhere_today(tmp_path: Path) -> None:
    write_notice(tmp_path)
    told: list[float | None] = []
    found = list(
        answered_elsewhere(
            Scripted(load_knowledge(tmp_path)),
            kept_documents(tmp_path),
            lambda stage, fraction: told.append(fraction),
        )
    )
    texts = {one.text for one in found}
    assert "问题「桌上能不能放烟」现在答的是 1.1，不是条款 1.2" in texts
    assert "问题「工作餐可以上酒吗」现在没有答到条款 1.2（回答说没有写）" in texts
    assert "问题「公务用车坏了找谁修」写明没有答案，现在却答了 1.1" in texts
    assert not any("来客吃饭最多陪几个人" in text for text in texts)
    assert {one.severity for one in found} == {"warning"}
    assert len(told) > 1


def test_a_sample_asks_the_same_few_each_time(tmp_path: Path) -> None:
    write_notice(tmp_path)
    asked: list[str] = []

    class Listening(Scripted):
        def ask(self, question: str) -> Answer:
            asked.append(question)
            return super().ask(question)

    def run(sample: int | None) -> list[str]:
        asked.clear()
        assistant = Listening(load_knowledge(tmp_path))
        list(answered_elsewhere(assistant, kept_documents(tmp_path), lambda stage, fraction: None, sample))
        return list(asked)

    everything = run(None)
    few = run(5)
    assert (len(few), few) == (5, run(5))
    assert few == [question for question in everything if question in few]
    assert set(few) <= set(run(6))
    assert run(10**6) == everything


@pytest.mark.parametrize("options", [["--sample", "5"], ["--answers", "--sample", "0"]])
def test_a_sample_that_makes_no_sense(tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    write_notice(tmp_path)
    assert main(["kb", "lint", str(tmp_path), *options]) == 1
    assert "并与 --answers 同用" in capsys.readouterr().err
