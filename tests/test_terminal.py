"""The terminal channel: one answer, a batch line by line, a chat, progress, and input that is not clean."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import replies
from bot.answer import Answer
from bot.assistant import Assistant
from bot.channels import terminal
from bot.config import AnswersConfig
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError
from tests.fakes import ScriptedSearcher, real_knowledge, scripted_assistant


class RecordingAssistant(Assistant):
    """Scripted answers; remembers each question with its history."""

    def __init__(self) -> None:
        super().__init__(ScriptedSearcher(), AnswersConfig())
        self.asked: list[tuple[str, list[str]]] = []

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        self.asked.append((question, list(history)))
        return super().ask(question, history)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def batch(lines: list[str], assistant: Assistant | None = None) -> tuple[int, list[dict[str, Any]]]:
    out, progress = io.StringIO(), io.StringIO()
    bad = terminal.answer_batch(assistant or scripted_assistant(), lines, out, progress)
    assert progress.getvalue() == ""
    return bad, [json.loads(line, parse_constant=pytest.fail) for line in out.getvalue().splitlines()]


def chat(typed: bytes | str, monkeypatch: pytest.MonkeyPatch, assistant: Assistant | None = None) -> str:
    """What a chat prints when this is typed; the prompts go to the same screen."""
    content = typed.encode("utf8") if isinstance(typed, str) else typed
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf8"))
    monkeypatch.setattr("sys.stdout", out)
    terminal.chat(assistant or scripted_assistant(), out)
    return out.getvalue()


# --- one answer ---


def test_plain_answer_is_its_text() -> None:
    out = io.StringIO()
    answer = scripted_assistant().ask("一个文件最多几页")
    terminal.write_answer(answer, out, as_json=False)
    assert out.getvalue() == answer.answer + "\n"
    out = io.StringIO()
    terminal.write_answer(replace(answer, interpreted_as="会议怎么开"), out, as_json=False)
    assert out.getvalue() == f"按「会议怎么开」理解\n{answer.answer}\n"


def test_json_answer_is_one_line() -> None:
    out = io.StringIO()
    answer = scripted_assistant().ask("问题二有哪些措施")
    terminal.write_answer(answer, out, as_json=True)
    assert out.getvalue().count("\n") == 1
    assert json.loads(out.getvalue()) == json.loads(json.dumps(answer.to_json()))
    assert "问题二·措施2" in out.getvalue()  # Chinese as it is, not as escapes


# --- batch ---


def test_batch_answers_in_order_with_ids() -> None:
    questions = ["你好", "一个文件最多几页", "密级怎么定", "开会有什么要求", "明天下雨吗"]
    lines = [json.dumps({"id": f"q{i}", "q": question}) + "\n" for i, question in enumerate(questions)]
    bad, answers = batch(lines)
    assert bad == 0
    assert [(answer["id"], answer["outcome"]) for answer in answers] == [
        ("q0", "chat"),
        ("q1", "answer"),
        ("q2", "decline"),
        ("q3", "clarify"),
        ("q4", "decline"),
    ]
    expected = {"id": "q1", **json.loads(json.dumps(scripted_assistant().ask(questions[1]).to_json()))}
    assert list(answers[1]) == list(expected)
    assert {**answers[1], "elapsed_ms": 0} == {**expected, "elapsed_ms": 0}


@pytest.mark.parametrize("identifier", ["a", "", 7, 0, -1.5, True, None, "编号"])
def test_batch_gives_ids_back_as_they_came(identifier: object) -> None:
    _, (answer,) = batch([json.dumps({"id": identifier, "q": "几页"})])
    assert answer["id"] == identifier
    assert type(answer["id"]) is type(identifier)


def test_batch_line_without_id_has_none() -> None:
    assert batch(['{"q": "几页"}'])[1][0]["id"] is None


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("不是 JSON", "第 2 行不是 JSON（Expecting value: line 1 column 1 (char 0)）"),
        ('{"id": 1, "q": ', "第 2 行不是 JSON"),
        ('{"id": NaN, "q": "几页"}', "第 2 行不是 JSON（NaN is not JSON）"),
        ('{"id": -Infinity, "q": "几页"}', "第 2 行不是 JSON（-Infinity is not JSON）"),
        ("[" * 100_000, "第 2 行超过 65536 字"),
        ("[" * 60_000, "第 2 行不是 JSON"),
        ('{"id": ' + "1" * 5000 + ', "q": "几页"}', "第 2 行不是 JSON"),
        ("[]", '第 2 行应为 {"id": …, "q": "问题"}'),
        ('"几页"', '第 2 行应为 {"id": …, "q": "问题"}'),
        ("null", '第 2 行应为 {"id": …, "q": "问题"}'),
        ('{"id": [1], "q": "几页"}', '第 2 行的 "id" 应为文字或数'),
        ('{"id": {}, "q": "几页"}', '第 2 行的 "id" 应为文字或数'),
        ('{"id": 1e999, "q": "几页"}', '第 2 行的 "id" 应为文字或数'),
    ],
)
def test_bad_line_gives_an_error_in_its_place(line: str, error: str) -> None:
    bad, answers = batch(['{"id": 1, "q": "几页"}', line, '{"id": 3, "q": "几页"}'])
    assert bad == 1
    assert [answers[0]["outcome"], answers[2]["outcome"]] == ["answer", "answer"]
    assert set(answers[1]) == {"id", "error"}
    assert answers[1]["id"] is None
    assert answers[1]["error"].startswith(error)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"id": 5}', '第 1 行没有文字字段 "q"'),
        ('{"id": 5, "q": null}', '第 1 行没有文字字段 "q"'),
        ('{"id": 5, "question": "几页"}', '第 1 行没有文字字段 "q"'),
        ('{"id": 5, "q": "几页", "history": "几页"}', '第 1 行的 "history" 应为文字列表'),
        ('{"id": 5, "q": "几页", "history": [1]}', '第 1 行的 "history" 应为文字列表'),
    ],
)
def test_bad_line_keeps_the_id_that_can_be_read(line: str, error: str) -> None:
    assert batch([line]) == (1, [{"id": 5, "error": error}])


def test_blank_lines_give_nothing_but_are_counted() -> None:
    bad, answers = batch(["\n", '{"id": 1, "q": "几页"}\n', "  \t\r\n", "坏\n", ""])
    assert (bad, len(answers)) == (1, 2)
    assert answers[1]["error"].startswith("第 4 行")


def test_empty_batch_gives_nothing() -> None:
    assert batch([]) == (0, [])


def test_over_long_question_is_answered_as_such() -> None:
    bad, (answer,) = batch([json.dumps({"id": 1, "q": "页" * 501})])
    assert (bad, answer["outcome"]) == (0, "decline")
    assert answer["answer"] == "问题太长了（501 字），请压缩到 500 字以内再问。"


def test_line_of_exactly_the_limit_is_read() -> None:
    line = json.dumps({"id": 1, "q": "几页"})
    padded = line[:-1] + " " * (terminal.MAX_LINE_CHARACTERS - len(line)) + "}"
    assert batch([padded])[1][0]["outcome"] == "answer"
    assert batch([padded + " "])[1][0]["error"] == "第 1 行超过 65536 字"


def test_history_reaches_the_assistant() -> None:
    assistant = RecordingAssistant()
    lines = ['{"q": "几页", "history": ["甲", "乙"]}', '{"q": "你好"}', '{"q": "你好", "history": []}']
    assert batch(lines, assistant)[0] == 0
    assert assistant.asked == [("几页", ["甲", "乙"]), ("你好", []), ("你好", [])]


def test_half_of_a_surrogate_pair_is_answered_and_printable() -> None:
    out = io.StringIO()
    lines = ['{"id": "\\ud800", "q": "\\udfff几页", "history": ["\\ud83d"]}']
    assert terminal.answer_batch(scripted_assistant(), lines, out, io.StringIO()) == 0
    answer = json.loads(out.getvalue().encode("utf8"))
    assert (answer["id"], answer["outcome"]) == ("?", "answer")


def test_unexpected_failure_costs_one_line_only(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(RecordingAssistant):
        def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
            if question == "坏":
                raise RuntimeError("broken")
            if question == "错":
                raise JianfuError("引文与来源不一致")
            return super().ask(question, history)

    bad, answers = batch([json.dumps({"id": i, "q": q}) for i, q in enumerate(["坏", "错", "几页"])], Failing())
    assert bad == 2
    assert answers[0] == {"id": 0, "error": replies.INTERNAL_ERROR}
    assert answers[1] == {"id": 1, "error": "引文与来源不一致"}
    assert answers[2]["outcome"] == "answer"
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage() == "line 1 of the batch failed"


class _Instant(Assistant):
    """Answers at once, so that a property test is quick."""

    def __init__(self) -> None:
        super().__init__(ScriptedSearcher(), AnswersConfig())

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        return Answer("chat", question, "", 0.5, "v", 1.0)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
REQUESTS = st.fixed_dictionaries({}, optional={"id": JSON_VALUES, "q": st.text() | JSON_VALUES, "history": JSON_VALUES})


@pytest.mark.fault(18)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=30) | REQUESTS.map(json.dumps), max_size=4))
def test_any_lines_give_one_object_each(lines: list[str]) -> None:
    out = io.StringIO()
    bad = terminal.answer_batch(_Instant(), lines, out, io.StringIO())
    answers = [json.loads(line, parse_constant=pytest.fail) for line in out.getvalue().encode("utf8").splitlines()]
    assert len(answers) == sum(1 for line in lines if line.strip())
    assert bad == sum(1 for answer in answers if "error" in answer)


# --- input ---


def test_input_file_is_read_with_its_mark_dropped_and_bad_bytes_replaced(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes('\ufeff{"q": "几页"}\r\n'.encode() + b'{"q": "\xb9\xfa"}\n')
    with terminal.open_input(str(path)) as lines:
        assert list(lines) == ['{"q": "几页"}\n', '{"q": "��"}\n']


def test_standard_input_is_read_as_utf8_whatever_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO("\ufeff甲\n乙".encode() + b"\xff"), encoding="ascii")
    monkeypatch.setattr("sys.stdin", stream)
    with terminal.open_input("-") as lines:
        assert list(lines) == ["甲\n", "乙�"]


def test_input_that_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(JianfuError, match=f"^读不了 {tmp_path}/none："), terminal.open_input(f"{tmp_path}/none"):
        pytest.fail("opened")


# --- chat ---


def test_chat_answers_and_ends_with_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = scripted_assistant().ask("一个文件最多几页").answer
    printed = chat("一个文件最多几页\n", monkeypatch)
    assert printed == f"{replies.CHAT_WELCOME}\n问> {answer}\n\n问> \n"


def test_chat_remembers_questions_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = RecordingAssistant()
    chat("  文件最多几页 \n\n/source 2.2\n你好\n/no\n密级\n", monkeypatch, assistant)
    assert assistant.asked == [
        ("文件最多几页", []),
        ("你好", ["文件最多几页"]),
        ("密级", ["文件最多几页", "你好"]),
    ]


def test_chat_says_how_a_follow_up_was_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    understood = scripted_assistant().ask("那会议呢", ["一个文件最多几页"]).interpreted_as
    assert understood is not None
    printed = chat("一个文件最多几页\n那会议呢\n", monkeypatch)
    assert printed.count(f"按「{understood}」理解\n") == 1


def test_chat_help_and_unknown_command(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = chat("/help\n/no 2\n/\n", monkeypatch)
    assert f"问> {replies.help_text()}\n{replies.CHAT_COMMANDS}\n" in printed
    assert f"问> 没有 /no 这个命令。{replies.CHAT_COMMANDS}\n" in printed
    assert f"问> 没有 / 这个命令。{replies.CHAT_COMMANDS}\n" in printed


@pytest.mark.parametrize("typed", ["/source 2.2", "/source　2.2", "/source\t 2.2  "])
def test_chat_source_shows_one_clause(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    clause = real_knowledge().find("2.2")
    assert clause is not None
    assert f"问> 《通知》问题二·措施2：{clause.text}\n问> " in chat(f"{typed}\n", monkeypatch)


def test_chat_source_of_a_heading_shows_what_stands_below(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = chat("/source 5\n", monkeypatch)
    lines = printed.split("问> ")[1].splitlines()
    knowledge = real_knowledge()
    assert lines == [f"{c.label}：{c.display}" for c in knowledge if c.id.startswith("5")]
    assert len(lines) == 4


@pytest.mark.parametrize(("typed", "shown"), [("/source 9.9", "9.9"), ("/source", "（空）"), ("/source {0}", "{0}")])
def test_chat_source_of_nothing(monkeypatch: pytest.MonkeyPatch, typed: str, shown: str) -> None:
    assert f"没有编号为 {shown} 的条款。编号如 0、2、2.2、5.1。\n" in chat(f"{typed}\n", monkeypatch)


@pytest.mark.parametrize("typed", ["/quit", "/exit", "/q", " /quit now "])
def test_chat_ends_on_quit(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    assistant = RecordingAssistant()
    assert chat(f"{typed}\n几页\n", monkeypatch, assistant) == f"{replies.CHAT_WELCOME}\n问> "
    assert assistant.asked == []


@pytest.mark.fault(18)
def test_chat_goes_on_after_undecodable_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = RecordingAssistant()
    chat(b"\xb9\xfa\n" + "几页\n".encode(), monkeypatch, assistant)
    assert [question for question, _ in assistant.asked] == ["��", "几页"]


def test_interrupt_at_the_prompt_says_how_to_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([KeyboardInterrupt, EOFError])

    def interrupted(prompt: str) -> str:
        raise next(typed)

    monkeypatch.setattr("builtins.input", interrupted)
    out = io.StringIO()
    terminal.chat(scripted_assistant(), out)
    assert out.getvalue() == f"{replies.CHAT_WELCOME}\n\n{replies.CHAT_INTERRUPTED}\n\n"


def test_chat_works_where_there_is_no_readline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "readline", None)
    assert chat("", monkeypatch) == f"{replies.CHAT_WELCOME}\n问> \n"


def test_source_text_of_two_documents_needs_the_document(tmp_path: Path) -> None:
    (document,) = real_knowledge().documents
    other = replace(
        document,
        id="other",
        clauses=tuple(replace(clause, document="other", label="别的") for clause in document.clauses[:2]),
    )
    both = KnowledgeBase((document, other))
    assert terminal.source_text("1", both) == replies.NO_SUCH_CLAUSE.format(reference="1")
    assert terminal.source_text("other:1", both).startswith("别的：问题一：")


# --- progress ---


def test_progress_elsewhere_prints_each_long_stage_once() -> None:
    stream = io.StringIO()
    with terminal.progress_bar(stream) as show:
        show("读取知识库", None)
        show("计算", None)
        for fraction in (0.0, 0.5, 1.0):
            show("计算", fraction)
        show("校准", None)
        show("学习", 0.1)
    assert stream.getvalue() == "计算……\n学习……\n"


def test_progress_on_a_terminal_draws_and_cleans_up() -> None:
    stream = Terminal()
    with terminal.progress_bar(stream) as show:
        show("读取知识库", None)
        show("计算", 0.5)
        show("计算", 1.0)
    drawn = stream.getvalue()
    assert "读取知识库" in drawn
    assert "计算" in drawn
    assert "\n" not in drawn
    assert drawn.rstrip("\r").rsplit("\r", 1)[-1].strip() == ""  # the last thing drawn is blank


def test_batch_bar_only_on_a_terminal() -> None:
    progress = Terminal()
    terminal.answer_batch(scripted_assistant(), ['{"q": "几页"}'], io.StringIO(), progress)
    assert replies.BATCH_PROGRESS in progress.getvalue()


def test_explanation_shows_candidates_and_decision() -> None:
    out = io.StringIO()
    terminal.write_explanation(scripted_assistant().explain("一个文件最多几页"), out)
    text = out.getvalue()
    assert "有条款能回答的把握 0.970" in text
    assert " 0.970  《通知》问题二·措施2" in text
    assert " 0.100  《通知》问题二·措施1" in text
    assert "结果：作答；条款：《通知》问题二·措施2\n" in text


def test_explanation_is_the_same_path_as_ask() -> None:
    assistant = scripted_assistant()
    for question in ("一个文件最多几页", "开会", "密级", "你好", "", "番茄炒蛋"):
        explained, asked = assistant.explain(question).answer.to_json(), assistant.ask(question).to_json()
        assert {**explained, "elapsed_ms": 0} == {**asked, "elapsed_ms": 0}
