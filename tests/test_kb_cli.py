"""The commands on versions from end to end, on a small notice and without a model."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.__main__ import main
from bot.kb import publishing
from bot.kb.new_findings import NewFindings, new_findings
from bot.kb.proposal import read_folder
from bot.kb.served import Shelved
from bot.kb.shelf import Pointer
from bot.state.database import Database
from bot.state.tables import kb_log
from knowledge.editing import add_question
from tests.notices import line_of, write_notice
from tests.versions import DROPPED, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "knowledge")
    (tmp_path / "config.yaml").write_text("model: {name: /no/such/model, adapter: ''}\n", "utf8")
    return tmp_path


class Shell:
    """Runs commands and gives what they said."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys

    def __call__(self, *command: str, code: int = 0) -> str:
        got = main(["--config", str(self.root / "config.yaml"), *command])
        said = self._capsys.readouterr()
        assert got == code, said.out + said.err
        return said.out if code == 0 else said.out + said.err.splitlines()[-1] if said.err else said.out


@pytest.fixture
def jianfu(root: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(root, capsys)


def test_the_whole_way_from_a_correction_to_going_back(jianfu: Shell) -> None:
    root = jianfu.root
    assert "还没有发布过任何版本" in jianfu("kb", "log")
    assert "已把软件自带的知识库取到" in jianfu("kb", "checkout", str(root / "edit"))
    write(root / "edit", 20)
    preview = jianfu("kb", "propose", str(root / "edit"))
    assert "改动 2.1 《若干规定》问题二·措施1" in preview
    assert "[-18-]{+20+}" in preview
    # Its own four, and the three on the whole of problem 2, which cite the measures below it.
    found = re.search(r"已知问题 (\d+) 个，(\d+) 个的回答会变。", preview)
    assert found is not None
    assert found.groups() == ("30", "7"), preview
    assert "原来：引用 《若干规定》问题二·措施1“乡科级正职办公室使用面积不超过18平方米" in preview
    assert "把关通过。" in preview
    assert "还没有发布过" in jianfu("kb", "log")  # looking changed nothing
    said = jianfu("kb", "publish", str(root / "edit"), "--by", "张三", "--reason", "上级更正")
    assert "已发布第 2 版" in said
    log = jianfu("kb", "log").splitlines()
    assert [line.split()[:1] + line.split()[-3:] for line in log[:1]] == [["*", log[0].split()[-3], "张三", "上级更正"]]
    assert "软件自带" in log[1]
    assert "20平方米" in jianfu("ask", "乡长的办公室最大多少平方")
    assert "18平方米" in (root / "knowledge" / "sources" / "jiedai-2021.txt").read_text("utf8")
    assert "[-18-]{+20+}" in jianfu("kb", "diff", "1", "2")
    assert json.loads(jianfu("kb", "diff", "1", "2", "--json"))[0]["kind"] == "changed"
    assert "已退回到第 1 版的内容" in jianfu("kb", "rollback", "1", "--reason", "更正有误")
    assert "18平方米" in jianfu("ask", "乡长的办公室最大多少平方")
    assert "记录完好：3 条，2 个版本" in jianfu("kb", "verify")
    jianfu("kb", "checkout", str(root / "back"), "3")
    for name in ("documents/jiedai-2021.yaml", "sources/jiedai-2021.txt"):
        assert (root / "back" / name).read_bytes() == (root / "knowledge" / name).read_bytes()
    assert "不用退回" in jianfu("kb", "rollback", "1", code=1)


def test_going_back_gives_the_same_answers(jianfu: Shell) -> None:
    questions = ("退休了办公室还能留着吗", "办公室装修有什么要求", "办公室的空调多少度合适", "问题二第3条")

    def answers() -> list[str]:
        said = [json.loads(jianfu("ask", question, "--json")) for question in questions]
        return [json.dumps({**one, "elapsed_ms": 0}, ensure_ascii=False) for one in said]

    before = answers()
    jianfu("kb", "publish", str(write(jianfu.root / "edit", 20, drop=True)), "--override", "第三条已废止")
    during = answers()
    assert not any("豪华装修" in one for one in during)
    jianfu("kb", "rollback", "1")
    assert answers() == before


def test_two_editors_and_a_folder_of_unknown_base(jianfu: Shell) -> None:
    root = jianfu.root
    jianfu("kb", "publish", str(write(root / "first", 20)))
    for name in ("a", "b"):
        jianfu("kb", "checkout", str(root / name))
    write(root / "a", 30)
    write(root / "b", 40)
    jianfu("kb", "publish", str(root / "a"))
    said = jianfu("kb", "publish", str(root / "b"), code=1)
    assert "您是在第 2 版上改的，而现在用的已是第 3 版" in said
    assert "jianfu kb diff 2 3" in said
    assert "加 --base 3" in jianfu("kb", "publish", str(write(root / "c", 50)), code=1)
    assert "已发布第 4 版" in jianfu("kb", "publish", str(root / "c"), "--base", "3")
    assert "没有任何改动" in jianfu("kb", "publish", str(root / "c"), code=1)
    write(root / "c", 60)
    assert "已发布第 5 版" in jianfu("kb", "publish", str(root / "c"))  # it knows what it was published as


def test_a_return_while_a_publication_is_being_prepared_is_not_undone(
    jianfu: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = jianfu.root
    jianfu("kb", "publish", str(write(root / "edit", 20)))
    check = publishing.check_base

    def checked_and_then_gone_back(shelved: Shelved, folder: Path, base: int | None) -> Pointer:
        found = check(shelved, folder, base)
        publishing.rollback(shelved, "1", author="乙")
        return found

    monkeypatch.setattr(publishing, "check_base", checked_and_then_gone_back)
    said = jianfu("kb", "publish", str(write(root / "edit", 30)), code=1)
    assert "您是在第 2 版上改的，而现在用的已是第 3 版" in said
    assert "18平方米" in jianfu("ask", "乡长的办公室最大多少平方")


def test_a_second_person_has_to_agree(jianfu: Shell) -> None:
    root = jianfu.root
    (root / "config.yaml").write_text("model: {name: /no/such/model, adapter: ''}\nknowledge: {approvals: 2}\n", "utf8")
    said = jianfu("kb", "publish", str(write(root / "edit", 20)), "--by", "甲")
    assert "已记为第 2 号提议" in said
    assert "18平方米" in jianfu("ask", "乡长的办公室最大多少平方")
    assert "不能自己同意" in jianfu("kb", "approve", "2", "--by", "甲", code=1)
    assert "不是等待同意的提议" in jianfu("kb", "approve", "1", "--by", "乙", code=1)
    assert "只是提议" in jianfu("kb", "rollback", "2", code=1)
    assert "已发布第 3 版" in jianfu("kb", "approve", "2", "--by", "乙")
    assert "甲、乙" in jianfu("kb", "log")
    assert "20平方米" in jianfu("ask", "乡长的办公室最大多少平方")
    assert "您是在第 1 版上改的" in jianfu("kb", "approve", "2", "--by", "乙", code=1)


def test_a_bad_edit_is_stopped_and_the_override_is_kept(jianfu: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.kb.gate._reasons", lambda *_: ["没学过的问题里，原来答对、现在答错的有 9 个"])
    root = jianfu.root
    folder = str(write(root / "edit", 20))
    assert "把关没有通过，不能发布" in jianfu("kb", "propose", folder, code=1)
    assert "没有发布：没学过的问题里" in jianfu("kb", "publish", folder, code=1)
    assert "要写明理由" in jianfu("kb", "publish", folder, "--override", " ", code=1)
    assert "还没有发布过" in jianfu("kb", "log")
    jianfu("kb", "publish", folder, "--override", "已逐条核对")
    assert "（未过把关仍发布：已逐条核对）" in jianfu("kb", "log")
    (_, entry) = json.loads(jianfu("kb", "log", "--json"))
    report = json.loads(entry["report"])
    assert report["reasons"] == ["没学过的问题里，原来答对、现在答错的有 9 个"]
    assert (report["base"], report["proposal"]) != (None, None)


def test_an_altered_row_and_a_lost_tail_are_found(jianfu: Shell) -> None:
    root = jianfu.root
    jianfu("kb", "publish", str(write(root / "edit", 20)))
    database = Database.at("sqlite:///state/jianfu.db", root)
    with database.begin() as connection:
        connection.execute(update(kb_log).where(kb_log.c.seq == 2).values(author="别人"))
    assert "第 2 条记录被改动过" in jianfu("kb", "verify", code=1)
    with database.begin() as connection:
        connection.execute(kb_log.delete().where(kb_log.c.seq == 2))
    assert "本机见过第 2 条记录" in jianfu("kb", "verify", code=1)
    database.close()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("propose", "none"), "没有文件夹 none"),
        (("rollback", "7"), "没有第 7 版"),
        (("diff", "1", "2"), "没有第 1 版"),
        (("approve", "3"), "第 3 号不是等待同意的提议"),
        (("checkout", "."), "不是空文件夹"),
    ],
)
def test_what_cannot_be_done_is_said(jianfu: Shell, command: tuple[str, ...], said: str) -> None:
    assert said in jianfu("kb", *command, code=1)


def test_a_broken_folder_is_refused_with_its_line(jianfu: Shell) -> None:
    folder = write(jianfu.root / "edit", 20)
    path = folder / "documents" / "jiedai-2021.yaml"
    path.write_text(path.read_text("utf8").replace("不超过20平方米", "不超过25平方米", 1), "utf8")
    assert re.search(r"jiedai-2021\.yaml:\d+ clauses", jianfu("kb", "publish", str(folder), code=1))
    assert DROPPED == "2.3"


def test_new_errors_of_the_lint_block_like_the_gate(jianfu: Shell) -> None:
    """A question under two clauses is an error; a written reason lets it through, and then it is nothing new."""
    edit = jianfu.root / "edit"
    path = edit / "documents" / "jiedai-2021.yaml"
    jianfu("kb", "checkout", str(edit))
    add_question(path, "2.2", "来客吃饭，最多陪几个人")
    preview = json.loads(jianfu("kb", "propose", str(edit), "--json", code=1).rpartition("}")[0] + "}")
    (found,) = preview["lint"]
    assert (found["severity"], found["path"]) == ("error", "documents/jiedai-2021.yaml")
    assert found["line"] == line_of(path, "来客吃饭，最多陪几个人")
    shown = jianfu("kb", "propose", str(edit), code=1)
    assert "检查发现 1 处新的问题（其中错误 1 处" in shown
    refused = jianfu("kb", "publish", str(edit), code=1)
    assert "没有发布" in refused
    assert "来客吃饭，最多陪几个人" in refused
    assert "还没有发布过" in jianfu("kb", "log")
    jianfu("kb", "publish", str(edit), "--override", "另有安排")
    assert "（未过把关仍发布：另有安排）" in jianfu("kb", "log")
    add_question(path, "1.1", "饭桌上陪同的人数上限")
    after = jianfu("kb", "propose", str(edit))
    assert "检查没有发现新的问题" in after


def test_a_finding_that_was_there_is_not_new_wherever_it_moved(tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["clauses"][1]["questions"].append("来客吃饭,几个人陪，行不行")
        record["clauses"][5]["questions"].append("工作餐，可以上酒吗？")

    write_notice(tmp_path, change=change)
    archive, _ = read_folder(tmp_path)
    path = tmp_path / "documents" / "jiedai-2021.yaml"
    path.write_text("# one line more\n" + path.read_text("utf8"), "utf8")
    assert new_findings(archive, tmp_path, lambda *_: None) == NewFindings()
    add_question(path, "1.1", "来客吃饭,几个人陪，行不行呢")
    (one,) = new_findings(archive, tmp_path, lambda *_: None).found
    assert (one.severity, one.line) == ("warning", line_of(path, "行不行呢"))
