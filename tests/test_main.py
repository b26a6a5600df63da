"""The command line in process: what it prints where, and its exit codes. No model is loaded."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot import bootstrap, replies, serving, trust
from bot.__main__ import main
from bot.answer import Answer
from bot.assistant import Assistant
from bot.config import AnswersConfig, Config
from knowledge.errors import InvalidFile, JianfuError
from knowledge.loader import load_knowledge
from tests.fakes import ROOT, ScriptedSearcher, real_knowledge, scripted_assistant
from tests.notices import line_of, write_notice

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """main() sets up logging for a whole process; put back what it changed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    ours = {name: logging.getLogger(name).level for name in ("bot", "index", "knowledge")}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in ours.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """Scripted answers instead of the model; holds the configuration of each build."""
    configs: list[Config] = []

    def build(config: Config, progress: Callable[[str, float | None], None]) -> Assistant:
        configs.append(config)
        progress("准备", 0.5)
        return Assistant(ScriptedSearcher(), config.answers)

    monkeypatch.setattr(bootstrap, "build_assistant", build)
    return configs


def build_of(monkeypatch: pytest.MonkeyPatch, build: Callable[..., Assistant]) -> None:
    monkeypatch.setattr(bootstrap, "build_assistant", build)


def type_in(monkeypatch: pytest.MonkeyPatch, content: str | bytes) -> None:
    raw = content.encode("utf8") if isinstance(content, str) else content
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf8"))


def usage_error(arguments: list[str], capsys: Capture) -> str:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


def one_line(capsys: Capture) -> str:
    """The only line on stderr; nothing may be on stdout."""
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


# --- ask ---


def test_ask_prints_the_answer_alone(built: list[Config], capsys: Capture) -> None:
    assert main(["ask", "一个文件最多几页"]) == 0
    out, err = capsys.readouterr()
    assert out == scripted_assistant().ask("一个文件最多几页").answer + "\n"
    assert err == "准备……\n"
    assert built[0].path("knowledge") == ROOT / "knowledge"


@pytest.mark.parametrize("arguments", [["ask", "一个文件最多几页", "--json"], ["ask", "--json", "一个文件最多几页"]])
def test_ask_json_is_one_object(built: list[Config], capsys: Capture, arguments: list[str]) -> None:
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    content = json.loads(out)
    assert (content["outcome"], content["citations"][0]["clause"]) == ("answer", "2.2")


@pytest.mark.parametrize(("question", "outcome"), [("", "chat"), ("明天下雨吗", "decline"), ("页" * 501, "decline")])
def test_every_outcome_is_success(built: list[Config], capsys: Capture, question: str, outcome: str) -> None:
    assert main(["ask", question, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == outcome


def test_ask_bytes_that_are_no_text(built: list[Config], capsys: Capture) -> None:
    assert main(["ask", os.fsdecode(b"\xb9\xfa\xe9\xa1\xb5"), "--json"]) == 0  # bytes of GBK, then 页 in UTF-8
    assert json.loads(capsys.readouterr().out)["outcome"] == "answer"


def test_configuration_reaches_the_assistant(built: list[Config], tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "own.yaml").write_text("answers: {max_question_characters: 10}\n", encoding="utf8")
    assert main(["--config", str(tmp_path / "own.yaml"), "ask", "页" * 11]) == 0
    assert capsys.readouterr().out == "问题太长了（11 字），请压缩到 10 字以内再问。\n"
    assert built[0].root == tmp_path


@pytest.mark.parametrize("arguments", [["ask"], ["ask", "--json"], ["ask", "几页", "--batch", "x.jsonl"]])
def test_ask_takes_one_question_or_a_batch(built: list[Config], capsys: Capture, arguments: list[str]) -> None:
    assert usage_error(arguments, capsys) == f"jianfu ask：{replies.ASK_ONE_OR_BATCH}（用法见 jianfu ask --help）"
    assert built == []


# --- batch ---


def test_batch_from_standard_input(built: list[Config], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    type_in(monkeypatch, '\ufeff{"id": "a", "q": "几页"}\r\n\r\n{"id": "b", "q": "你好", "history": ["几页"]}\r\n')
    assert main(["ask", "--batch"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(answer["id"], answer["outcome"]) for answer in answers] == [("a", "answer"), ("b", "chat")]


def test_batch_from_a_file_with_bad_lines(built: list[Config], tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(
        b'{"id": 1, "q": "\xb9\xfa"}\n{"id": 2}\nnot json\n'
        + json.dumps({"id": 4, "q": "几页", "pad": "x" * 70_000}).encode()
        + b'\n{"id": "\\ud83d", "q": "\\ud83d"}\n{"id": 6, "q": "\xe5\x87\xa0\xe9\xa1\xb5"}\n'
    )
    assert main(["ask", "--batch", str(path)]) == 1
    out, err = capsys.readouterr()
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["id"] for answer in answers] == [1, 2, None, None, "?", 6]
    assert [answer.get("outcome", "error") for answer in answers] == [
        *("decline", "error", "error", "error", "decline", "answer")
    ]
    assert err.splitlines() == ["准备……", "jianfu：有 3 行没有答成，见各行的 error"]


def test_batch_file_that_is_missing_is_said_before_the_model_loads(
    built: list[Config], tmp_path: Path, capsys: Capture
) -> None:
    assert main(["ask", "--batch", str(tmp_path / "none.jsonl")]) == 1
    assert one_line(capsys).startswith(f"jianfu：读不了 {tmp_path}/none.jsonl：")
    assert built == []


# --- chat ---


def test_chat_by_script(built: list[Config], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    type_in(monkeypatch, "一个文件最多几页\n/source 2.2\n/what\n那会议呢\n/quit\n不再问\n")
    assert main(["chat"]) == 0
    out = capsys.readouterr().out
    follow_up = scripted_assistant().ask("那会议呢", ["一个文件最多几页"])
    assert out == "".join(
        [
            f"{replies.CHAT_WELCOME}\n",
            f"问> {scripted_assistant().ask('一个文件最多几页').answer}\n\n",
            "问> 《通知》问题二·措施2：中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。\n",
            f"问> 没有 /what 这个命令。{replies.CHAT_COMMANDS}\n",
            f"问> 按「{follow_up.interpreted_as}」理解\n{follow_up.answer}\n\n",
            "问> ",
        ]
    )


# --- trust ---


def test_trust_prints_what_is_on_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture) -> None:
    assert main(["trust"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == (trust.trust_text(real_knowledge(), kept_days=30) + "\n", "")
    assert len(out.splitlines()) >= 8
    monkeypatch.setattr(trust, "RECORD", tmp_path / "none.json")
    assert main(["trust"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == replies.TRUST_UNMEASURED


def test_trust_follows_the_configured_knowledge(tmp_path: Path, capsys: Capture) -> None:
    write_notice(tmp_path / "kb")
    (tmp_path / "config.yaml").write_text("knowledge: {folder: kb}\n", encoding="utf8")
    assert main(["--config", str(tmp_path / "config.yaml"), "trust"]) == 0
    version = load_knowledge(tmp_path / "kb").version
    assert capsys.readouterr().out.splitlines()[-1] == replies.TRUST_OTHER_KNOWLEDGE.format(version=version)


# --- kb check ---


def test_kb_check_counts_what_is_there(capsys: Capture) -> None:
    assert main(["kb", "check"]) == 0
    knowledge = real_knowledge()
    (document,) = knowledge.documents
    questions = sum(len(c.questions) for c in document) + len(document.shared_questions) + len(document.unanswered)
    assert capsys.readouterr() == (
        f"知识库没有问题：1 份通知，36 条，{questions} 个已知问题，版本 {knowledge.version}。\n",
        "",
    )


def broken_base(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    document = write_notice(folder / "kb", change=change)
    (folder / "config.yaml").write_text("knowledge: {folder: kb}\n", encoding="utf8")
    return document


def test_kb_check_of_a_broken_base(tmp_path: Path, capsys: Capture) -> None:
    document = broken_base(tmp_path, lambda record: record["clauses"][1].update(parent="9"))
    assert main(["--config", str(tmp_path / "config.yaml"), "kb", "check"]) == 1
    line = line_of(document, '"parent": "9"')
    assert one_line(capsys) == (
        f"jianfu：{document}:{line} clauses[1].parent：现为 「9（前面没有这一条）」；应为 排在前面的条款的编号"
    )


def test_kb_check_prints_a_line_for_each_fault(tmp_path: Path, capsys: Capture) -> None:
    def change(record: dict[str, Any]) -> None:
        record["clauses"][1]["parent"] = "9"
        record["clauses"][2]["start"] = 0

    document = broken_base(tmp_path, change)
    assert main(["--config", str(tmp_path / "config.yaml"), "kb", "check"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.removeprefix("jianfu：").split(" ")[0] for line in err.splitlines()] == [
        f"{document}:{line_of(document, text)}" for text in ('"parent": "9"', '"start": 0')
    ]


def test_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "kb", "check"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert real_knowledge().version in done.stdout


# --- errors ---


def test_debug_raises_what_is_otherwise_one_line(tmp_path: Path) -> None:
    broken_base(tmp_path, lambda record: record["clauses"][1].update(parent="9"))
    with pytest.raises(InvalidFile, match=r"clauses\[1\]\.parent"):
        main(["--debug", "--config", str(tmp_path / "config.yaml"), "kb", "check"])


def test_missing_and_wrong_configuration(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "config.yaml"
    assert main(["--config", str(path), "kb", "check"]) == 1
    assert one_line(capsys) == f"jianfu：{path} 现为 没有这个文件；应为 一个可以读取的文件"
    path.write_text("log: {level: LOUD}\n", encoding="utf8")
    assert main(["--config", str(path), "kb", "check"]) == 1
    assert one_line(capsys) == (
        f"jianfu：{path}:1 log.level：现为 「LOUD」；应为 'DEBUG'、'INFO'、'WARNING'、'ERROR' 之一"
    )


def test_error_for_people_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def build(*_: object) -> Assistant:
        raise JianfuError("模型文件损坏")

    build_of(monkeypatch, build)
    for command in (["ask", "几页"], ["chat"], ["prepare"]):
        assert main(command) == 1
        assert one_line(capsys) == "jianfu：模型文件损坏"
    with pytest.raises(JianfuError):
        main(["--debug", "ask", "几页"])


def test_unexpected_error_is_one_line_without_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def build(*_: object) -> Assistant:
        raise RuntimeError("first\n  second\n")

    build_of(monkeypatch, build)
    assert main(["ask", "几页"]) == 1
    assert one_line(capsys) == "jianfu：程序出错（RuntimeError）：first second。加 --debug 可看详情。"
    with pytest.raises(RuntimeError, match="first"):
        main(["--debug", "ask", "几页"])


def test_unproved_quote_prints_nothing_of_the_answer(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    class Unproved(Assistant):
        def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
            raise JianfuError("引文与来源不一致")

    build_of(monkeypatch, lambda *_: Unproved(ScriptedSearcher(), AnswersConfig()))
    assert main(["ask", "几页"]) == 1
    assert one_line(capsys) == "jianfu：引文与来源不一致"


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def build(*_: object) -> Assistant:
        raise KeyboardInterrupt

    build_of(monkeypatch, build)
    assert main(["ask", "几页"]) == 130
    assert one_line(capsys) == replies.INTERRUPTED


@pytest.mark.parametrize(
    "arguments", [[], ["none"], ["ask", "--none"], ["kb"], ["kb", "none"], ["serve", "--port", "x"], ["ask", "a", "b"]]
)
def test_wrong_command_line_is_one_line_and_2(arguments: list[str], capsys: Capture) -> None:
    line = usage_error(arguments, capsys)
    assert line.startswith("jianfu")
    assert line.endswith(" --help）")


@pytest.mark.parametrize(
    "command", [[], ["ask"], ["chat"], ["quiz"], ["serve"], ["telegram"], ["prepare"], ["kb"], ["kb", "check"]]
)
def test_help_is_printed(command: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {' '.join(['jianfu', *command])}")


# --- output that fails ---


def test_reader_that_went_away_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w", encoding="utf8") as out:
        monkeypatch.setattr("sys.stdout", out)
        assert main(["kb", "check"]) == 0  # fails when flushed, as the text fits the buffer
        out.write("more")
        out.flush()  # goes nowhere now, so that the interpreter ends quietly too
    assert capsys.readouterr().err == ""


def test_reader_that_went_away_ends_a_batch(
    built: list[Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"q": "几页"}\n' * 50, encoding="utf8")
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w", encoding="utf8") as out:
        monkeypatch.setattr("sys.stdout", out)
        assert main(["ask", "--batch", str(path)]) == 0
    assert capsys.readouterr().err == "准备……\n"


def test_full_disk_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    out = open("/dev/full", "w", encoding="utf8")  # noqa: SIM115 - closing it fails again
    monkeypatch.setattr("sys.stdout", out)
    assert main(["kb", "check"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("jianfu：程序出错（OSError）：[Errno 28]")
    assert err.count("\n") == 1
    with pytest.raises(OSError, match="28"):
        out.close()


# --- prepare, serve, telegram ---


def test_prepare_says_what_is_ready(built: list[Config], capsys: Capture) -> None:
    assert main(["prepare"]) == 0
    assert capsys.readouterr().out == f"已备好模型和索引（知识库版本 {real_knowledge().version}）。\n"


def test_prepare_fails_without_a_model(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    build_of(monkeypatch, lambda *_: scripted_assistant(mode="lexical"))
    assert main(["prepare"]) == 1
    assert one_line(capsys) == f"jianfu：{replies.PREPARED_LEXICAL}"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str | None, bool]]:
    """Host, port, token and whether the web is on, for each run of the server."""
    runs: list[tuple[str, int, str | None, bool]] = []

    def run(config: Config, token: str | None, *, with_web: bool, announce: Callable[[str], None]) -> None:
        runs.append((config.web.host, config.web.port, token, with_web))
        announce("http://127.0.0.1:1/")

    monkeypatch.setattr(serving, "run", run)
    monkeypatch.delenv("JIANFU_TELEGRAM_TOKEN", raising=False)
    return runs


def test_serve_overrides_host_and_port(served: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert main(["serve"]) == 0
    monkeypatch.setenv("JIANFU_TELEGRAM_TOKEN", "12:ab")
    assert main(["serve", "--host", "0.0.0.0", "--port", "0"]) == 0
    assert main(["serve", "--no-telegram"]) == 0
    assert served == [("127.0.0.1", 8321, None, True), ("0.0.0.0", 0, "12:ab", True), ("127.0.0.1", 8321, None, True)]
    out, err = capsys.readouterr()
    assert out.splitlines() == ["网页已就绪：http://127.0.0.1:1/（Ctrl-C 停止）"] * 3
    assert "12:ab" not in out + err


@pytest.mark.parametrize("port", ["65536", "-1"])
def test_serve_refuses_what_is_no_port(served: list[Any], capsys: Capture, port: str) -> None:
    assert main(["serve", "--port", port]) == 1
    assert one_line(capsys) == f"jianfu：--port {port} 不是端口；应为 0–65535 的整数"
    assert served == []


def test_telegram_needs_its_token(served: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert main(["telegram"]) == 1
    assert one_line(capsys) == "jianfu：没有 Telegram 令牌。请把它放在环境变量 JIANFU_TELEGRAM_TOKEN 里再启动。"
    monkeypatch.setenv("JIANFU_TELEGRAM_TOKEN", "12:ab")
    assert main(["telegram"]) == 0
    assert served == [("127.0.0.1", 8321, "12:ab", False)]
    assert capsys.readouterr() == ("", "")


# --- logging ---


@pytest.mark.parametrize(
    ("arguments", "level"),
    [
        (["kb", "check"], logging.WARNING),
        (["--debug", "kb", "check"], logging.DEBUG),
        (["telegram"], logging.INFO),
    ],
)
def test_log_level_by_command(
    served: list[Any], monkeypatch: pytest.MonkeyPatch, arguments: list[str], level: int
) -> None:
    monkeypatch.setenv("JIANFU_TELEGRAM_TOKEN", "12:ab")
    assert main(arguments) == 0
    assert {logging.getLogger(name).level for name in ("bot", "index", "knowledge")} == {level}
    assert logging.getLogger().level == logging.WARNING
