"""The evaluation: how an answer is judged, what is refused, and that its report repeats byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.answer import Answer, Citation
from bot.config import Config
from bot.trust import Evaluation
from index import analyzer
from index.adapter import Adapter, Receipt
from scripts import evaluate
from scripts.evaluate import Verdict, bare, judge, known_questions, model_name
from tests.fakes import real_knowledge, scripted_assistant

LABELS = [
    {"id": "a", "q": "材料顶多能有几页", "gold": ["2.2"], "facts": ["10 页"], "kind": "single", "style": "colloquial"},
    {"id": "b", "q": "红头材料几页封顶呢", "gold": ["2.1"], "kind": "single", "style": "colloquial"},
    {"id": "c", "q": "密级归谁定呀", "gold": [], "kind": "oos", "style": "formal"},
    {"id": "d", "q": "菜谱一共几页嘛", "gold": [], "kind": "oos", "style": "formal"},
    {"id": "e", "q": "明儿出太阳不", "gold": ["3.1"], "kind": "single", "style": "formal"},
]  # the scripted searcher cites 2.2 wherever 页 stands, and declines the other two


def answer(*clauses: str, outcome: Any = "answer", text: str = "") -> Answer:
    return Answer(
        outcome=outcome,
        lead="",
        answer=text,
        confidence=0.9,
        knowledge_version="v",
        elapsed_ms=1.0,
        citations=tuple(Citation("jianfu-2019", clause, clause, f"原文{clause}", 0, 1) for clause in clauses),
    )


def label(*gold: str, **more: Any) -> dict[str, Any]:
    return {"gold": list(gold), "kind": "single", **more}


# --- judge ---


def test_the_needed_clause_alone_is_strictly_right() -> None:
    assert judge(label("2.2"), answer("2.2")) == Verdict(True, True, 1.0, 1.0, 1.0, 0.0)


def test_a_wrong_further_clause_is_right_but_not_strictly() -> None:
    assert judge(label("2.2"), answer("2.2", "3.1")) == Verdict(True, False, 1.0, 1.0, 0.5, 0.0)
    assert judge(label("2.2", accept=["3.1"]), answer("2.2", "3.1")) == Verdict(True, True, 1.0, 1.0, 1.0, 0.0)


def test_a_missing_needed_clause_is_right_but_not_strictly() -> None:
    assert judge(label("2.2", "2.1"), answer("2.2")) == Verdict(True, False, 1.0, 0.5, 1.0, 0.0)


def test_a_wrong_first_clause_is_wrong_even_when_acceptable_beside() -> None:
    assert judge(label("2.2"), answer("3.1", "2.2")) == Verdict(False, False, 0.0, 1.0, 0.5, 0.0)
    assert not judge(label("2.2", accept=["3.1"]), answer("3.1", "2.2")).ok


def test_facts_may_stand_in_the_text_or_a_quote_whatever_the_spaces() -> None:
    assert judge(label("2.2", facts=["不超过 10页"]), answer("2.2", text="不 超过10页")).ok
    assert judge(label("2.2", facts=["原文2.2"]), answer("2.2")).ok
    assert judge(label("2.2", facts=["20页"]), answer("2.2", text="10页")) == Verdict(False, False, 1.0, 1.0, 1.0, 0.0)


@pytest.mark.parametrize("outcome", ["decline", "clarify", "chat"])
def test_not_answering_what_is_answerable_is_wrong(outcome: str) -> None:
    assert judge(label("2.2"), answer(outcome=outcome)) == Verdict(False, False, 0.0, 0.0, None, 1.0)


@pytest.mark.parametrize(
    ("given", "ok", "false_answer"),
    [
        (answer(outcome="decline"), True, False),
        (answer(outcome="chat"), True, False),
        (answer(outcome="clarify"), False, False),  # it offers clauses, which is wrong, but it cites none
        (answer("2.2"), False, True),
    ],
)
def test_what_the_notice_does_not_answer(given: Answer, ok: bool, false_answer: bool) -> None:
    assert judge(label(), given) == Verdict(ok, ok, silent=float(ok), false_answer=false_answer)


def test_four_fifths_of_its_points_stand_for_a_heading() -> None:
    points = [f"1.{number}" for number in range(1, 6)]
    overview = label("1", kind="overview", accept=points)
    assert judge(overview, answer(*points[:4])).recall == 1.0
    assert judge(overview, answer(*points[:3])).recall == 0.0
    assert judge(overview, answer(*points[:3])).first == 1.0


# --- what may be measured ---


def test_bare_leaves_letters_alone() -> None:
    assert bare(" 一个文件，最多「几页」？！") == bare("一個文件最多幾頁") == "一个文件最多几页"
    assert bare("A_b-C") == "abc"
    assert bare("？！") == "？！"


def test_known_questions_are_all_of_the_knowledge_base() -> None:
    knowledge = real_knowledge()
    known = known_questions(knowledge)
    document = knowledge.documents[0]
    some = [
        document.clauses[5].questions[0],
        document.shared_questions[0].text,
        document.unanswered[0].text,
        next(iter(knowledge.out_of_scope.values()))[0],
    ]
    assert {bare(text) for text in some} <= known
    assert not {bare(str(label["q"])) for label in LABELS} & known


class Bench:
    """main() over a folder of its own and a scripted assistant."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.set, self.report, self.record = folder / "tiny.jsonl", folder / "evaluation.md", folder / "evaluation.json"
        self.builds = 0
        monkeypatch.setattr(evaluate, "SETS", folder)
        monkeypatch.setattr(evaluate, "REPORT", self.report)
        monkeypatch.setattr(evaluate, "RECORD", self.record)
        monkeypatch.setattr(evaluate, "build_assistant", lambda *_: scripted_assistant())
        monkeypatch.setattr(evaluate, "fitting_adapter", lambda *_: None)
        self.write(LABELS)

    def write(self, labels: list[dict[str, Any]]) -> None:
        self.set.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in labels), encoding="utf8")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_a_question_of_the_knowledge_base_is_refused(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    copied = real_knowledge().documents[0].clauses[5].questions[0]
    bench.write([*LABELS, {**LABELS[0], "q": f"“{copied}”？"}])
    assert evaluate.main([]) == 1
    assert "1 questions are in the knowledge base" in capsys.readouterr().err
    assert not bench.report.exists()
    assert not bench.record.exists()


def test_a_known_follow_up_after_other_questions_is_measured(bench: Bench) -> None:
    copied = real_knowledge().documents[0].clauses[5].questions[0]
    bench.write([*LABELS, {**LABELS[0], "q": copied, "history": ["材料顶多能有几页"]}])
    assert evaluate.main([]) == 0


def test_no_questions_is_an_error(bench: Bench) -> None:
    bench.write([])
    assert evaluate.main([]) == 1
    assert not bench.record.exists()


# --- what is written ---


def test_record_holds_the_headline_figures(bench: Bench) -> None:
    assert evaluate.main([]) == 0
    assert json.loads(bench.record.read_text("utf8")) == {
        "knowledge_version": real_knowledge().version,
        "model": "builtin-1",
        "analyzer_version": analyzer.VERSION,
        "mode": "full",
        "right": {"count": 2, "total": 5, "low": 0.117618, "high": 0.76928},
        "false_answers": {"count": 1, "total": 2, "low": 0.094529, "high": 0.905471},
        "wrong_first": {"count": 1, "total": 2, "low": 0.094529, "high": 0.905471},
        "wrong_quotes": 0,
    }
    assert Evaluation.model_validate_json(bench.record.read_bytes()).right.count == 2


def test_report_holds_the_figures_and_their_limits(bench: Bench) -> None:
    evaluate.main([])
    lines = bench.report.read_text("utf8").splitlines()
    assert lines[0] == "# How well it answers"
    assert lines[2].startswith("Written by `make eval` (scripts/evaluate.py); never edit it by hand.")
    for line in (
        f"- Knowledge version: `{real_knowledge().version}`",
        f"- Model: `builtin-1`; analyzer version {analyzer.VERSION}; mode `full`",
        "- Questions: 5",
        "| answered right | 2 | 5 | 40.0 | 11.8 to 76.9 |",
        "| **false answers**: the notice does not answer, yet a clause was cited | 1 | 2 | 50.0 | 9.5 to 90.5 |",
        "| **wrong clause first**: answerable, answered, first citation wrong | 1 | 2 | 50.0 | 9.5 to 90.5 |",
        "| oos | 2 | 50.0 | 9.5 to 90.5 | 50.0 | 9.5 to 90.5 |",
        "| single | 3 | 33.3 | 6.1 to 79.2 | 33.3 | 6.1 to 79.2 |",
        "| colloquial | 2 | 50.0 | 9.5 to 90.5 | 50.0 | 9.5 to 90.5 |",
        "| formal | 3 | 33.3 | 6.1 to 79.2 | 33.3 | 6.1 to 79.2 |",
    ):
        assert lines.count(line) == 1, line
    assert (
        "Upper bounds (95 %): false answers 90.5 %, wrong clause first 90.5 %. Quotes that differ from their source: 0."
    ) in lines
    assert "written by the makers of this program, not by its users" in " ".join(lines)
    [described] = [line for line in lines if line.startswith("- Set: ")]
    assert described.startswith("- Set: `tiny.jsonl`, 5 questions, sha256 `")


def test_the_same_run_writes_the_same_bytes_and_another_set_others(bench: Bench) -> None:
    evaluate.main([])
    first = bench.report.read_bytes(), bench.record.read_bytes()
    evaluate.main([])
    assert (bench.report.read_bytes(), bench.record.read_bytes()) == first
    bench.write(LABELS[:4])
    evaluate.main([])
    assert bench.report.read_bytes() != first[0]
    assert bench.record.read_bytes() != first[1]


def test_named_sets_write_nothing(bench: Bench, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    assert evaluate.main([str(bench.set), "--misses", "1", "--answers", str(answers)]) == 0
    assert not bench.report.exists()
    assert not bench.record.exists()
    out = capsys.readouterr().out
    assert "ok 40.0 % (95 % interval 11.8 to 76.9), wrong quotes 0" in out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("MISS ")] == ["b"]
    assert [json.loads(line)["outcome"] for line in answers.read_text("utf8").splitlines()] == [
        *["answer"] * 2,
        "decline",
        "answer",
        "decline",
    ]


def test_a_model_of_ones_own_is_named() -> None:
    config = Config.model_validate({"model": {"name": "models/other", "adapter": ""}})
    assert model_name(config, real_knowledge()) == "models/other"
    assert model_name(Config.model_validate({"model": {"adapter": ""}}), real_knowledge()) == "builtin-1"


def test_the_adapter_in_use_is_named(tmp_path: Path) -> None:
    receipt = Receipt.of("builtin-1", real_knowledge())
    saved = Adapter(receipt, {}, {}, frozenset()).save(tmp_path / "a.safetensors")
    config = Config.model_validate({"model": {"adapter": str(tmp_path / "a.safetensors")}})
    assert model_name(config, real_knowledge()) == f"builtin-1+{saved.digest}"
