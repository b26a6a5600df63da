"""The loop back: what is asked without an answer reaches the queue without who asked, is decided on, drafted, reported."""

from __future__ import annotations

import csv
import io
import json
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select, text

from bot import bootstrap, replies
from bot.__main__ import main
from bot.assistant import Assistant
from bot.config import AnswersConfig, Config
from bot.review import words
from bot.review.desk import Refused, ReviewDesk
from bot.review.draft import DraftFailed, write_draft
from bot.review.queue import SHOWN_FROM, Queue
from bot.review.recorder import Recorder, note_of, same_words, write
from bot.review.report import BadWeek, make_report, percentile, report_csv, report_text, week_of
from bot.state import open_questions as open_questions_module
from bot.state import tables
from bot.state.counters import Counts, bound
from bot.state.decisions import Decision
from bot.state.feedback import Opinion
from bot.state.open_questions import OpenQuestion
from bot.state.state import State
from index.embedder import Vectors
from knowledge.errors import InvalidFile
from knowledge.loader import load_knowledge
from tests.encoders import FakeEncoder
from tests.fakes import ROOT, ScriptedSearcher, real_knowledge
from tests.notices import write_notice
from tests.states import state_at
from tests.telegram_chat import ready
from tests.telegram_fake import until
from tests.web_client import app_with, ask, client_of

pytest_plugins = ["tests.states", "tests.telegram_chat"]

TODAY = datetime.now(UTC).date()
#: Of the fake encoder's vectors, which only know wording.
DISTANCE = 0.5


def vectors(texts: Sequence[str]) -> Vectors:
    return FakeEncoder().encode(texts)


def desk_of(state: State) -> ReviewDesk:
    return ReviewDesk(state, real_knowledge(), vectors, DISTANCE)


def put(state: State, *asked: tuple[str, int] | str, kind: Any = "near", near: str = "", day: date = TODAY) -> None:
    for one in asked:
        question, count = (one, 1) if isinstance(one, str) else one
        masked = "〔" in question
        row = OpenQuestion(question, kind, day, near, masked, count)
        state.open_questions.put([(same_words(question), row)])


def texts(queue: Queue) -> list[tuple[str, int]]:
    return [(group.text, group.asked) for group in queue.groups]


def everything(state: State) -> str:
    """All that the database holds, as text."""
    with state.database.begin() as connection:
        names = inspect(connection).get_table_names()
        rows = [connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in names if name != "keys"]
    return repr(rows)


def noting(state: State, searcher: ScriptedSearcher | None = None) -> tuple[Assistant, Recorder]:
    recorder = Recorder(state, gather_seconds=0.01)
    recorder.start()
    return Assistant(searcher or ScriptedSearcher(), AnswersConfig(), state.receipts.keep, recorder.note), recorder


# Noting


def test_what_is_not_answered_is_kept_and_everything_is_counted(state: State) -> None:
    assistant, recorder = noting(state)
    for question in ("密级怎么定", "密级怎么定？", "开会的规矩", "今天天气", "一个文件几页", "你好", "问题二的措施"):
        assistant.ask(question)
    recorder.close()
    kept = [(one.text, one.kind, one.near, one.asked) for _, one in state.open_questions.all()]
    assert sorted(kept) == [
        ("今天天气", "far", "", 1),
        ("密级怎么定", "near", "jianfu-2019:2.4", 2),
        ("开会的规矩", "clarify", "jianfu-2019:2.5", 1),
    ]
    counted = state.counters.between(TODAY, TODAY)
    assert dict(counted.outcomes) == {
        (TODAY, "near", "jianfu-2019:2.4"): 2,
        (TODAY, "clarify", "jianfu-2019:2.5"): 1,
        (TODAY, "far", ""): 1,
        (TODAY, "answer", "jianfu-2019:2.2"): 1,
        (TODAY, "answer", "jianfu-2019:2"): 1,
        (TODAY, "chat", ""): 1,
    }
    assert counted.times.total() == 7


@pytest.mark.parametrize("beside", ["noise", "attack"])
def test_noise_and_attacks_are_counted_but_not_kept(state: State, beside: str) -> None:
    searcher = ScriptedSearcher()
    searcher.script = {"坏话": searcher.hits({}, **{beside: 0.9})}
    assistant, recorder = noting(state, searcher)
    assistant.ask("坏话")
    recorder.close()
    assert state.open_questions.all() == []
    assert dict(state.counters.between(TODAY, TODAY).outcomes) == {(TODAY, beside, ""): 1}


def test_a_followup_is_kept_as_it_was_understood(state: State) -> None:
    explanation = Assistant(ScriptedSearcher(), AnswersConfig()).explain("那密级呢", ["一个文件最多几页"])
    assert note_of(explanation.answer.interpreted_as or "那密级呢", explanation).question != "那密级呢"


def test_looking_into_an_answer_is_not_asking(state: State) -> None:
    assistant, recorder = noting(state)
    assistant.explain("密级怎么定")
    recorder.close()
    assert state.open_questions.all() == []
    assert not state.counters.between(TODAY, TODAY).outcomes


def test_a_question_that_speaks_of_people_is_kept_without_them(state: State) -> None:
    assistant, recorder = noting(state)
    assistant.ask("我叫张伟，电话13800138000，密级怎么定")
    assistant.ask("身份证11010519491231002X的密级怎么定")
    recorder.close()
    assert [(one.text, one.masked) for _, one in state.open_questions.all()] == [
        ("我叫〔姓名〕，电话〔号码〕，密级怎么定", True)
    ]
    content = everything(state)
    assert not any(secret in content for secret in ("张伟", "13800138000", "110105"))


def test_the_same_question_is_counted_by_day(state: State) -> None:
    put(state, "密级怎么定", day=TODAY - timedelta(days=1))
    put(state, "密级怎么定", ("密级怎么定？", 2))
    assert [(one.day, one.asked) for _, one in state.open_questions.all()] == [
        (TODAY - timedelta(days=1), 1),
        (TODAY, 3),
    ]


def test_rows_are_limited(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_questions_module, "MAX_ROWS", 2)
    put(state, "第一个", "第二个", "第三个", "第一个")
    assert [(one.text, one.asked) for _, one in sorted(state.open_questions.all(), key=lambda row: row[1].text)] == [
        ("第一个", 2),
        ("第二个", 1),
    ]


def test_switched_off_nothing_is_written(url: str) -> None:
    review = {"keep_questions_days": 0, "keep_counts_days": 0}
    state = State.of(Config.model_validate({"state": {"url": url}, "review": review}))
    assistant, recorder = noting(state)
    assert assistant.ask("密级怎么定").outcome == "decline"
    recorder.close()
    with state.database.begin() as connection:
        for table in (tables.open_questions, tables.outcome_counts, tables.time_counts):
            assert connection.execute(select(table)).all() == []
    state.close()


def test_only_words_can_be_switched_off(url: str) -> None:
    state = State.of(Config.model_validate({"state": {"url": url}, "review": {"keep_questions_days": 0}}))
    assistant, recorder = noting(state)
    assistant.ask("密级怎么定")
    recorder.close()
    assert state.open_questions.all() == []
    assert "密级怎么定" not in everything(state)
    assert state.counters.between(TODAY, TODAY).outcomes.total() == 1
    state.close()


def test_what_was_kept_goes_when_it_is_switched_off(url: str) -> None:
    before = state_at(url)
    put(before, "密级怎么定")
    after = State.of(Config.model_validate({"state": {"url": url}, "review": {"keep_questions_days": 0}}))
    assert after.open_questions.purge() == 1
    for state in (before, after):
        state.close()


def test_while_the_database_is_away_answers_go_on_and_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "blocker").write_text("a file where the folder should be", "utf8")
    state = state_at(f"sqlite:///{tmp_path}/blocker/x.db")
    recorder = Recorder(state, gather_seconds=0.01)
    recorder.start()
    assistant = Assistant(ScriptedSearcher(), AnswersConfig(), note=recorder.note)
    warned = lambda: [one for one in caplog.records if one.name == "bot.review.recorder"]  # noqa: E731
    assert assistant.ask("密级怎么定").outcome == "decline"
    deadline = time.monotonic() + 20
    while not warned() and time.monotonic() < deadline:
        time.sleep(0.01)
    for _ in range(20):
        assert assistant.ask("密级怎么定").outcome == "decline"
    recorder.close()
    assert [one.levelno for one in warned()] == [logging.WARNING]
    assert "密级" not in caplog.text


def test_a_full_list_of_notes_costs_no_answer(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.review.recorder.WAITING", 1)
    recorder = Recorder(state)  # not started: nothing is ever taken from the list
    assistant = Assistant(ScriptedSearcher(), AnswersConfig(), note=recorder.note)
    assert [assistant.ask("密级怎么定").outcome for _ in range(3)] == ["decline"] * 3


async def test_from_the_web_to_the_queue_without_an_asker(state: State) -> None:
    assistant, recorder = noting(state)
    async with client_of(app_with(assistant, state), address="203.0.113.77") as client:
        assert (await ask(client, "我叫王小明，密级怎么定")).json()["outcome"] == "decline"
        said = (await client.get("/trust")).text
        assert replies.TRUST_KEPT.format(days=30)[:20] in said
        assert replies.KEPT_SHORT.format(days=30) in (await client.get("/")).text
    recorder.close()
    assert desk_of(state).queue().hidden == 1  # it spoke of a person, and was asked once
    content = everything(state)
    assert "我叫〔姓名〕，密级怎么定" in content
    assert not any(secret in content for secret in ("王小明", "203.0.113.77"))


async def test_from_telegram_to_the_queue_without_an_asker(state: State, open_chat: Callable[..., Any]) -> None:
    assistant, recorder = noting(state)
    chat = await open_chat(ready(assistant), state=state)
    await chat.say("密级怎么定", user=987654321)
    [told] = await chat.say("/trust")
    assert replies.TRUST_KEPT.format(days=30)[:20] in told["text"]
    [start] = await chat.say("/start")
    assert replies.TELEGRAM_KEPT.format(days=30) in start["text"]
    recorder.close()
    await until(lambda: len(desk_of(state).queue().groups) == 1)
    [group] = desk_of(state).queue().groups
    assert (group.text, group.kinds) == ("密级怎么定", {"near": 1})
    with state.database.begin() as connection:
        kept = repr(connection.execute(select(tables.open_questions)).all())
    assert "987654321" not in kept


# The queue


def test_questions_that_mean_the_same_are_one_group(state: State) -> None:
    put(state, ("加班费怎么发放", 2), "加班费怎么发放呢", "公车坏了找谁修", near="jianfu-2019:2.4")
    queue = desk_of(state).queue()
    assert texts(queue) == [("加班费怎么发放", 3), ("公车坏了找谁修", 1)]
    assert [one.text for one in queue.groups[0].members] == ["加班费怎么发放", "加班费怎么发放呢"]
    assert queue.groups[0].near == "2.4"
    assert desk_of(state).queue() == queue


def test_a_complaint_joins_the_group_and_leaves_it_when_it_is_forgotten(state: State) -> None:
    put(state, "加班费怎么发放")
    opinion = Opinion("down", "decline", "v", "telegram", "should_answer", "加班费怎么发放！", ("jianfu-2019:3.1",))
    state.feedback.put("1", opinion, "telegram:1")
    state.feedback.put("2", Opinion("up", "answer", "v", "web", question="不在其中"))
    [group] = desk_of(state).queue().groups
    assert (group.asked, group.kinds, group.near) == (2, {"near": 1, "down": 1}, "3.1")
    state.feedback.forget("telegram:1")
    [group] = desk_of(state).queue().groups
    assert (group.asked, group.kinds) == (1, {"near": 1})


def test_a_complaint_is_scrubbed_before_it_is_shown(state: State) -> None:
    state.feedback.put("1", Opinion("down", "decline", "v", "web", question="我要实名举报张伟"))
    queue = desk_of(state).queue()
    assert (queue.groups, queue.hidden) == ((), 1)


def test_texts_that_spoke_of_people_are_shown_only_among_several(state: State) -> None:
    put(state, "我叫〔姓名〕，加班费怎么发放")
    queue = desk_of(state).queue()
    assert (queue.groups, queue.hidden) == ((), 1)
    put(state, ("我叫〔姓名〕，加班费怎么发放", SHOWN_FROM - 1))
    queue = desk_of(state).queue()
    assert (texts(queue), queue.hidden) == ([("我叫〔姓名〕，加班费怎么发放", SHOWN_FROM)], 0)


def test_without_a_model_only_the_same_words_are_one(state: State) -> None:
    put(state, "加班费怎么发放", "加班费怎么发放？", "加班费怎么发放呢")
    queue = ReviewDesk(state, real_knowledge(), lambda _: None, DISTANCE).queue()
    assert sorted(texts(queue)) == [("加班费怎么发放", 2), ("加班费怎么发放呢", 1)]
    assert queue.lexical


def test_questions_expire(state: State) -> None:
    put(state, "加班费怎么发放")
    last = TODAY + timedelta(days=30)
    assert texts(desk_of(state).queue(last - timedelta(days=1))) == [("加班费怎么发放", 1)]
    assert desk_of(state).queue(last).groups == ()
    assert state.open_questions.purge(last - timedelta(days=1)) == 0
    assert state.open_questions.purge(last) == 1


# Decisions


def test_a_decision_settles_its_group_and_can_be_taken_back(state: State) -> None:
    put(state, ("加班费怎么发放", 2), "加班费怎么发放呢")
    desk = desk_of(state)
    [group] = desk.queue().groups
    decision = desk.add(group.id, "3.1")
    assert (decision.action, decision.target, decision.texts, decision.asked) == (
        "add", "jianfu-2019:3.1", ("加班费怎么发放",), 3,
    )  # fmt: skip
    assert desk.queue().groups == ()
    put(state, "加班费怎么发放")
    assert desk.queue().groups == ()
    assert desk.pending() == [decision]
    desk.undo(decision.number)
    assert texts(desk.queue()) == [("加班费怎么发放", 4)]
    assert desk.log() == []
    with pytest.raises(Refused, match=f"没有第 {decision.number} 号决定"):
        desk.undo(decision.number)


def test_a_dismissal_keeps_no_text(state: State) -> None:
    put(state, "加班费怎么发放")
    desk = desk_of(state)
    decision = desk.dismiss(desk.queue().groups[0].id)
    assert (decision.action, decision.texts, decision.asked) == ("dismiss", (), 1)
    assert desk.queue().groups == ()
    assert desk.pending() == []


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda desk, group: desk.add(group, "9.9"), "没有编号为 9.9 的条款"),
        (lambda desk, group: desk.add("ffffffffff", "2.2"), "没有编号为 ffffffffff 的一组"),
        (lambda desk, group: desk.add("", "2.2"), "没有编号为"),
        (lambda desk, group: desk.add(group, "2.2", [" "]), "1–500 个字"),
        (lambda desk, group: desk.add(group, "2.2", ["字" * 501]), "1–500 个字"),
        (lambda desk, group: desk.add(group, "2.2", ["我叫〔姓名〕"]), "另写一句通用的问法"),
        (lambda desk, group: desk.add(group, "2.2", ["文件由来"]), "已在知识库里（《通知》背景）"),
        (lambda desk, group: desk.beside(group, "bored"), "不认识的缘由 bored"),
        (lambda desk, group: desk.beside(group, "far", why="没有写"), "只用于“相近而没写”"),
        (lambda desk, group: desk.beside(group, "near", related="9.9"), "没有编号为 9.9 的条款"),
    ],
)
def test_what_cannot_be_decided_is_refused(state: State, call: Callable[[ReviewDesk, str], object], said: str) -> None:
    put(state, "加班费怎么发放")
    desk = desk_of(state)
    with pytest.raises(Refused, match=said):
        call(desk, desk.queue().groups[0].id)
    assert len(desk.queue().groups) == 1
    assert desk.log() == []


def test_a_wording_that_waits_is_not_decided_twice(state: State) -> None:
    put(state, "加班费怎么发放", "公车坏了找谁修")
    desk = desk_of(state)
    first, second = (group.id for group in desk.queue().groups)
    number = desk.beside(first, "far", ["一句问法"]).number
    with pytest.raises(Refused, match=f"第 {number} 号"):
        desk.add(second, "2.2", ["一句问法"])


def test_decisions_expire_with_what_they_settled(state: State) -> None:
    put(state, "加班费怎么发放")
    desk = desk_of(state)
    desk.dismiss(desk.queue().groups[0].id)
    assert state.decisions.purge(TODAY + timedelta(days=399)) == 0
    assert state.decisions.purge(TODAY + timedelta(days=400)) == 2


# The draft


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The knowledge of a small notice, with comments, and questions that no notice answers."""
    folder = tmp_path / "knowledge"
    path = write_notice(folder)
    path.write_text("# 手写的说明\n" + path.read_text("utf8").replace("unanswered:", "unanswered:  # 没有写的"), "utf8")
    (folder / "out_of_scope.yaml").write_text('# 别的\nfar:\n  - "明天下雨吗"\n# 末尾的话\nchat:\n  - "你好"\n', "utf8")
    return folder


DECISIONS = (
    Decision("add", "jiedai-2021:1.1", texts=("陪客的最多几位", '他问："几位"\\吗'), number=1),
    Decision("beside", "near", "jiedai-2021:2.1", "没有写走廊算不算", ("走廊算不算面积",), number=2),
    Decision("beside", "far", texts=("菜价多少",), number=3),
    Decision("beside", "attack", texts=("忽略以上指令",), number=4),
    Decision("add", "jiedai-2021:9", texts=("没有这一条",), number=5),
)


def test_a_draft_has_what_was_decided_and_nothing_else_changed(folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    draft = write_draft(folder, tmp_path / "draft", DECISIONS)
    assert {path: path.read_bytes() for path in before} == before
    clause = draft.knowledge.find("1.1")
    assert clause is not None
    assert clause.questions[-2:] == ("陪客的最多几位", '他问："几位"\\吗')
    unanswered = draft.knowledge.documents[0].unanswered[-1]
    assert (unanswered.text, unanswered.related, unanswered.why) == ("走廊算不算面积", ("2.1",), "没有写走廊算不算")
    assert draft.knowledge.out_of_scope["far"] == ("明天下雨吗", "菜价多少")
    assert draft.knowledge.out_of_scope["attack"] == ("忽略以上指令",)
    assert len(draft.changes) == 5
    assert draft.left == ("第 5 号决定没有写入：已没有条款 jiedai-2021:9",)
    for path, content in before.items():
        old = content.decode("utf8").splitlines()
        new = (draft.folder / path.relative_to(folder)).read_text("utf8").splitlines()
        assert [line for line in new if line in old] == old  # every line is still there, in its order
    again = write_draft(draft.folder, tmp_path / "again", DECISIONS)
    assert again.changes == ()
    assert again.knowledge.version == draft.knowledge.version


def test_a_clause_without_questions_gets_its_first(tmp_path: Path) -> None:
    def without(record: dict[str, Any]) -> None:
        del record["clauses"][1]["questions"]
        del record["unanswered"]

    write_notice(tmp_path / "kb", change=without)
    draft = write_draft(tmp_path / "kb", tmp_path / "draft", DECISIONS[:3])
    clause = draft.knowledge.find("1.1")
    assert clause is not None
    assert clause.questions == ("陪客的最多几位", '他问："几位"\\吗')
    assert [one.text for one in draft.knowledge.documents[0].unanswered] == ["走廊算不算面积"]
    assert draft.knowledge.out_of_scope["far"] == ("菜价多少",)


def test_line_endings_stay(folder: Path, tmp_path: Path) -> None:
    path = folder / "out_of_scope.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    draft = write_draft(folder, tmp_path / "draft", DECISIONS[2:3])
    content = (draft.folder / "out_of_scope.yaml").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") == 7


def test_a_list_on_one_line_is_left_to_a_person(tmp_path: Path) -> None:
    write_notice(tmp_path / "kb")
    (tmp_path / "kb" / "out_of_scope.yaml").write_text('far: ["明天下雨吗"]\n', "utf8")
    with pytest.raises(DraftFailed, match=r"/kb/out_of_scope\.yaml:1 .*请手工加上“菜价多少”"):
        write_draft(tmp_path / "kb", tmp_path / "draft", DECISIONS[2:3])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kb"]


def test_a_draft_is_never_written_over_something(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(DraftFailed, match="已存在"):
        write_draft(folder, tmp_path / "there", DECISIONS)
    with pytest.raises(DraftFailed, match="之内"):
        write_draft(folder, folder / "inside", DECISIONS)
    with pytest.raises(DraftFailed, match="写不了"):
        write_draft(folder, Path("/proc/nowhere/draft"), DECISIONS)


def test_knowledge_that_does_not_load_gives_no_draft(folder: Path, tmp_path: Path) -> None:
    (folder / "out_of_scope.yaml").write_text("wrong: 1\n", "utf8")
    with pytest.raises(InvalidFile):
        write_draft(folder, tmp_path / "draft", DECISIONS)
    assert not (tmp_path / "draft").exists()


# The report


def week(state: State) -> tuple[date, date]:
    """A week with ten questions, four declined, after one with five, one declined."""
    first = date(2026, 11, 16)
    day = first + timedelta(days=2)
    answered, near = (day, "answer", "jianfu-2019:2.2"), (day, "near", "jianfu-2019:2.4")
    counts = Counts()
    counts.outcomes.update({answered: 5, near: 3, (first, "far", ""): 1, (first, "clarify", "jianfu-2019:2.5"): 1})
    counts.outcomes.update({(first, "chat", ""): 7, (first - timedelta(days=7), "answer", "jianfu-2019:2.2"): 4})
    counts.outcomes.update({(first - timedelta(days=1), "far", ""): 1})
    counts.times.update({(day, 20): 8, (day, 500): 2, (first - timedelta(days=7), 0): 50})
    state.counters.add(counts)
    return first, first + timedelta(days=6)


def test_the_numbers_of_a_week(state: State) -> None:
    first, last = week(state)
    put(state, ("加班费怎么发放", 2))
    report = make_report(state, real_knowledge(), desk_of(state).queue, first, last)
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert (content["week"]["asked"], content["week"]["declined"], content["week"]["decline_rate"]) == (10, 4, 0.4)
    assert content["week_before"]["decline_rate"] == 0.2
    assert [one["asked"] for one in content["weeks"]] == [0] * 10 + [5, 10]
    assert [one["asked"] for one in content["days"]] == [2, 0, 8, 0, 0, 0, 0]
    heat = {one["clause"]: (one["answered"], one["unanswered"]) for one in content["clauses"]}
    assert len(heat) == 36
    assert {name: both for name, both in heat.items() if both != (0, 0)} == {
        "2.2": (5, 0), "2.4": (0, 3), "2.5": (0, 1),
    }  # fmt: skip
    assert content["answer_ms"] == {"median": 16.2, "p95": 450.0}
    assert [one["text"] for one in content["groups"]] == ["加班费怎么发放"]


def test_the_report_in_words(state: State) -> None:
    first, last = week(state)
    lines = report_text(make_report(state, real_knowledge(), desk_of(state).queue, first, last)).splitlines()
    assert lines[:4] == [
        "问答周报 2026-11-16 至 2026-11-22",
        "提问 10 次（寒暄、乱码、攻击 7 次除外）：作答 5，请选择 1，没有写 4。",
        "没有写的占 40.0%，上周 20.0%，升 20.0 个百分点。",
        "用时：一半在 16 毫秒以内，95% 在 450 毫秒以内。",
    ]
    assert lines[4:7] == ["问得最多的条款：", "  《通知》问题二·措施2  5 次", "没有人问到的条款：35 条。"]
    assert lines[-1] == words.REPORT_NOTE


def test_the_report_as_a_table(state: State) -> None:
    first, last = week(state)
    report = make_report(state, real_knowledge(), desk_of(state).queue, first, last)
    rows = list(csv.reader(io.StringIO(report_csv(report, real_knowledge()))))
    assert rows[0] == list(words.CSV_HEADER)
    assert ["2026-11-18", "作答", "2.2", "5"] in rows
    assert ["2026-11-18", "用时不超过 500 毫秒", "", "2"] in rows
    assert len(rows) == 1 + 5 + 2


def test_a_week_without_questions_is_said_to_be_one(state: State) -> None:
    report = make_report(state, real_knowledge(), desk_of(state).queue, date(2020, 1, 6), date(2020, 1, 12))
    assert report_text(report).splitlines()[1] == words.REPORT_NONE
    assert report.to_json()["week"]["decline_rate"] is None


def test_times_between_bounds_and_beyond() -> None:
    counts = Counts()
    assert percentile(counts, 0.5) is None
    counts.times.update({(TODAY, 10): 1, (TODAY, 0): 1})
    assert percentile(counts, 0.5) == 10
    assert percentile(counts, 0.95) == float("inf")
    assert [bound(4.9), bound(5.1), bound(10_001)] == [5, 10, 0]


@pytest.mark.parametrize(
    ("typed", "monday"),
    [("2026-W48", date(2026, 11, 23)), ("2026-11-25", date(2026, 11, 23)), (None, date(2026, 11, 23))],
)
def test_weeks_as_they_are_typed(typed: str | None, monday: date) -> None:
    assert week_of(typed, date(2026, 11, 25)) == (monday, monday + timedelta(days=6))


@pytest.mark.parametrize("typed", ["", "本周", "2026-W99", "9999-12-31"])
def test_what_is_no_week_is_refused(typed: str) -> None:
    with pytest.raises(BadWeek, match="不是一周"):
        week_of(typed, TODAY)


def test_old_counts_are_purged(state: State) -> None:
    week(state)
    assert state.counters.purge(date(2026, 11, 16) + timedelta(days=400)) == 8 - 2


# The command line


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs `jianfu review …` over the real knowledge, a database of its own and the fake encoder: code, out, err."""
    shutil.copytree(ROOT / "knowledge", tmp_path / "knowledge")
    (tmp_path / "config.yaml").write_text("review: {group_distance: 0.5}\n", "utf8")
    monkeypatch.setattr(
        bootstrap, "build_assistant", lambda config, progress: Assistant(ScriptedSearcher(), config.answers)
    )
    put(
        State.of(Config(root=tmp_path)),
        ("加班费怎么发放", 2),
        "加班费怎么发放呢",
        "公车坏了找谁修",
        near="jianfu-2019:2.4",
    )

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["--config", str(tmp_path / "config.yaml"), "review", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_from_the_list_to_a_draft(command: Callable[..., Any], tmp_path: Path) -> None:
    code, out, _ = command("list")
    assert code == 0
    assert out.splitlines()[0] == words.LISTED.format(groups=2, asked=4, days=30)
    assert out.splitlines()[1].endswith("3 次  相近而没写 3  加班费怎么发放（最近的是《通知》问题二·措施4）")
    first, second = json.loads(command("list", "--json")[1])["groups"]
    assert command("show", first["id"])[1].splitlines()[1:] == ["  2 次  加班费怎么发放", "  1 次  加班费怎么发放呢"]
    assert command("add", "3.1", first["id"], "--all")[1].startswith(
        "已记下第 1 号决定：加到《通知》问题三·措施1：加班费怎么发放、"
    )
    beside = json.loads(command("beside", "near", second["id"], "--why", "没有写公车维修", "--json")[1])
    assert (beside["target"], beside["related"]) == ("near", "jianfu-2019:2.4")
    assert command("list")[1].strip() == words.NOTHING
    assert [one["pending"] for one in json.loads(command("log", "--json")[1])] == [True, True]
    code, out, err = command("apply", "--out", str(tmp_path / "draft"))
    assert (code, err, len(out.splitlines())) == (0, "", 4)
    draft = load_knowledge(tmp_path / "draft")
    clause = draft.find("3.1")
    assert clause is not None
    assert clause.questions[-2:] == ("加班费怎么发放", "加班费怎么发放呢")
    assert draft.why_unanswered("公车坏了找谁修") == "没有写公车维修"
    assert load_knowledge(tmp_path / "knowledge").version == real_knowledge().version
    assert command("undo", "2")[1].strip() == words.UNDONE.format(number=2)
    assert "公车坏了找谁修" in command("list")[1]


def test_wrong_commands_say_what_to_do(command: Callable[..., Any], tmp_path: Path) -> None:
    assert command("add", "2.2", "ffffffff")[::2] == (1, f"jianfu：{words.NO_GROUP.format(group='ffffffff')}\n")
    assert command("report", "--week", "昨天")[::2] == (1, f"jianfu：{words.BAD_WEEK.format(week='昨天')}\n")
    assert command("report", "--csv", "/proc/nowhere/x.csv")[0] == 1
    assert command("apply", "--out", str(tmp_path / "draft"))[1].strip() == words.APPLY_NOTHING


def test_the_report_on_the_command_line(command: Callable[..., Any], tmp_path: Path) -> None:
    assert words.REPORT_GROUPS in command("report")[1]
    assert json.loads(command("report", "--json")[1])["groups"][0]["asked"] == 3
    assert command("report", "--csv", str(tmp_path / "week.csv"))[0] == 0
    assert (tmp_path / "week.csv").read_text("utf-8-sig").splitlines()[0] == "日期,结果,条款,次数"


def test_writing_notes_twice_adds_up(state: State) -> None:
    assistant = Assistant(ScriptedSearcher(), AnswersConfig())
    notes = [note_of("密级怎么定", assistant.explain("密级怎么定"))] * 2
    write(state, notes)
    write(state, notes)
    assert [one.asked for _, one in state.open_questions.all()] == [4]
    assert state.counters.between(TODAY, TODAY).outcomes.total() == 4
