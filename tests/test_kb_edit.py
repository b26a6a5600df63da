"""Programmatic edits of hand-kept YAML: everything else stays byte for byte, and the result loads."""

from __future__ import annotations

import difflib
import hashlib
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge import editing
from knowledge.errors import InvalidFile
from knowledge.loader import load_document, load_knowledge
from tests.fakes import ROOT
from tests.notices import write_notice

HAND_KEPT = """\
# 抬头的注释
document:
  id: a
  title: 关于样例的通知   # 行尾注释
  short_title: 通知
  issuer: 某办
  year: 2024
  source: sources/a.txt
  sha256: {sha}

clauses:
  # 第一条
  - id: "1"
    kind: section
    label: '第一部分'
    text: "甲乙丙"
    start: 0
    end: 3
    keywords:
      - 甲   # 关键词
      - "乙"

  - id: "1.1"
    kind: point
    parent: "1"
    label: 第1点
    text: |-
      丁戊
    start: 4
    end: 6
    questions:   # 问题
      - 这是什么
      # 中间的注释
      - "那是什么"  # 尾注
    # 条末注释

  - {{id: "1.2", kind: point, parent: "1", label: 第2点, text: 己庚辛, start: 7, end: 10, questions: [何事]}}
  - id: "1.3"
    kind: point
    label: 第3点
    text: 壬癸
    start: 11
    end: 13
    questions: []
# 文末注释
"""
SOURCE = "甲乙丙\n丁戊\n己庚辛\n壬癸\n"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return hand_kept(tmp_path)


def hand_kept(folder: Path, breaks: str = "\n", mark: bytes = b"") -> Path:
    for name in ("documents", "sources"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "sources" / "a.txt").write_text(SOURCE, encoding="utf8")
    path = folder / "documents" / "a.yaml"
    text = HAND_KEPT.format(sha=hashlib.sha256(SOURCE.encode()).hexdigest()).replace("\n", breaks)
    path.write_bytes(mark + text.encode("utf8"))
    load_document(path, folder)
    return path


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    rows = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    return [row[2:] for row in rows if row[0] == "-"], [row[2:] for row in rows if row[0] == "+"]


@pytest.mark.parametrize(
    ("clause", "gone", "new"),
    [
        ("1", [], ["    questions:\n", '      - "新问"\n']),
        ("1.1", [], ['      - "新问"\n']),
        ("1.3", ["    questions: []\n"], ['    questions: ["新问"]\n']),
    ],
)
def test_question_changes_only_its_own_lines(kept: Path, clause: str, gone: list[str], new: list[str]) -> None:
    before = kept.read_text("utf8")
    editing.add_question(kept, clause, "新问")
    assert changed_lines(before, kept.read_text("utf8")) == (gone, new)
    document = load_document(kept, kept.parent.parent)
    assert next(one for one in document if one.id == clause).questions[-1] == "新问"


def test_question_goes_into_a_list_on_one_line(kept: Path) -> None:
    before = kept.read_text("utf8")
    editing.add_question(kept, "1.2", '带"引号"和\\的')
    assert kept.read_text("utf8") == before.replace("[何事]", '[何事, "带\\"引号\\"和\\\\的"]')


def test_keywords_are_set_in_every_layout(kept: Path) -> None:
    for clause in ("1", "1.1", "1.3"):
        editing.set_keywords(kept, clause, ["子", "丑"])
        editing.set_keywords(kept, clause, ["寅"])
    document = load_document(kept, kept.parent.parent)
    assert [one.keywords for one in document] == [("寅",), ("寅",), (), ("寅",)]
    text = kept.read_text("utf8")
    assert [
        comment in text for comment in ("# 抬头的注释", "# 第一条", "# 中间的注释", "# 条末注释", "# 文末注释")
    ] == [True] * 5


def test_text_moves_offsets_and_digest_together(kept: Path) -> None:
    before = kept.read_text("utf8")
    editing.replace_clause_text(kept, "1.1", "丁戊改长了")
    document = load_document(kept, kept.parent.parent)
    assert document.source == "甲乙丙\n丁戊改长了\n己庚辛\n壬癸\n"
    assert [(one.text, one.start, one.end) for one in document][1:] == [
        ("丁戊改长了", 4, 9),
        ("己庚辛", 10, 13),
        ("壬癸", 14, 16),
    ]
    gone, _ = changed_lines(before, kept.read_text("utf8"))
    assert not any("#" in row for row in gone)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    clause=st.sampled_from(["1", "1.1", "1.2", "1.3"]),
    words=st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(str.strip),
    breaks=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_any_question_leaves_the_rest_byte_for_byte(
    tmp_path: Path, clause: str, words: str, breaks: str, mark: bytes
) -> None:
    path = hand_kept(tmp_path, breaks, mark)
    before = path.read_bytes()
    editing.add_question(path, clause, words)
    after = path.read_bytes()
    # What was there is there still, in order: the edit only put characters between two of them.
    head = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    tail = len(before) - head
    assert after[:head] + after[len(after) - tail :] == before
    document = load_document(path, tmp_path)
    assert next(one for one in document if one.id == clause).questions[-1] == " ".join(words.split())


def test_real_file_takes_a_question_for_each_clause(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(ROOT / "knowledge", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = folder / "documents" / "jianfu-2019.yaml"
    before = path.read_text("utf8")
    editing.add_question(path, "2.2", "测试用的一句问话")
    gone, new = changed_lines_fast(before, path.read_text("utf8"))
    assert (gone, new) == ("", '      - "测试用的一句问话"\n')
    clause = load_knowledge(folder).find("2.2")
    assert clause is not None
    assert clause.questions[-1] == "测试用的一句问话"


def changed_lines_fast(before: str, after: str) -> tuple[str, str]:
    """The middle that differs, widened to whole lines."""
    head = next(i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    head = before.rfind("\n", 0, head) + 1
    tail = len(before) - head
    same = after.endswith(before[head:])
    return ("", after[head : len(after) - tail]) if same else (before[head:], after[head:])


def test_refusals_leave_the_file_alone(kept: Path) -> None:
    before = kept.read_bytes()
    for attempt, words in (
        (lambda: editing.add_question(kept, "9", "问"), "没有编号为 9 的条款"),
        (lambda: editing.add_question(kept, "1", "那是什么"), "已经有了"),
        (lambda: editing.add_question(kept, "1", "  "), "是空的"),
        (lambda: editing.replace_clause_text(kept, "1", ""), "是空的"),
        (lambda: editing.replace_clause_text(kept, "1", "甲乙丙"), "相同"),
        (lambda: editing.set_keywords(kept, "1.2", ["甲"]), "花括号"),
    ):
        with pytest.raises(editing.CannotEdit, match=words):
            attempt()
    with pytest.raises(InvalidFile):
        editing.add_question(kept, "1", "长" * 1001)
    assert kept.read_bytes() == before
    assert sorted(one.name for one in kept.parent.iterdir()) == ["a.yaml"]


def test_second_notice_can_be_edited(tmp_path: Path) -> None:
    path = write_notice(tmp_path)
    editing.replace_clause_text(path, "1.3", "无公函的一律不予接待。")
    clause = next(one for one in load_document(path, tmp_path) if one.id == "1.3")
    assert clause.text == "无公函的一律不予接待。"
