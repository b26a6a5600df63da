from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import index.onward as onward_module
from bot.next_questions import next_questions
from index.onward import Onward
from tests.fakes import ScriptedSearcher, real_knowledge

CLAUSES = tuple(real_knowledge())
COLUMN = {clause.id: column for column, clause in enumerate(CLAUSES)}


def build(asked: dict[str, tuple[str, float]], answerable: float = 1.0) -> Onward:
    """From questions, the clause that answers each, and how sure the left-out models were of it."""
    labels = np.zeros((len(asked), len(CLAUSES)), dtype=np.bool_)
    probabilities = np.full((len(asked), len(CLAUSES)), 0.01)
    for row, (clause, sure) in enumerate(asked.values()):
        labels[row, COLUMN[clause]] = True
        probabilities[row, COLUMN[clause]] = sure
    return Onward.build(
        real_knowledge(),
        similarity=np.eye(len(CLAUSES)),
        labels=labels,
        probabilities=probabilities,
        answerable=np.full(len(asked), answerable),
        asked=tuple(asked),
    )


@pytest.fixture(autouse=True)
def few_questions_are_worded_commonly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onward_module, "COMMON", 1)


def test_slips_of_the_keyboard_are_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onward_module, "COMMON", 2)
    onward = build(
        {"一个文件最多几页": ("2.2", 0.9), "一个文见最多几页": ("2.2", 0.99), "那么一个文件最多几页": ("2.5", 0.5)}
    )
    assert onward.questions[COLUMN["2.2"]] == ("一个文件最多几页",)


def test_the_surest_questions_are_offered_and_doubtful_ones_never() -> None:
    onward = build(
        {"一个文件最多几页": ("2.2", 0.9), "中央发文篇幅有什么限制": ("2.2", 0.97), "那文呢写多长好": ("2.2", 0.5)}
    )
    assert onward.questions[COLUMN["2.2"]] == ("中央发文篇幅有什么限制", "一个文件最多几页")
    assert all(not offered for column, offered in enumerate(onward.questions) if column != COLUMN["2.2"])


def test_nothing_is_offered_that_may_be_declined() -> None:
    assert not any(build({"一个文件最多几页": ("2.2", 0.99)}, answerable=0.5).questions)


def test_a_question_that_the_models_gave_to_another_clause_is_not_offered() -> None:
    labels = np.zeros((1, len(CLAUSES)), dtype=np.bool_)
    labels[0, COLUMN["2.2"]] = True
    probabilities = np.zeros((1, len(CLAUSES)))
    probabilities[0, COLUMN["2.1"]] = 0.99
    onward = Onward.build(
        real_knowledge(),
        similarity=np.eye(len(CLAUSES)),
        labels=labels,
        probabilities=probabilities,
        answerable=np.ones(1),
        asked=("一个文件最多几页",),
    )
    assert not any(onward.questions)


def test_only_what_reads_like_a_question_is_offered() -> None:
    odd = [
        "填空：文件不超过几页",
        "wenjian ji ye a",
        "那页数呢，几页",
        "文件 页数 上限",
        "几页？",
        "（ ）页以内是几页",
        "一個文件最多幾頁",
        "页数上限" * 8 + "吗",
    ]
    assert not any(build(dict.fromkeys(odd, ("2.2", 0.99))).questions)


def test_questions_alike_are_offered_once() -> None:
    onward = build({"一个文件最多几页": ("2.2", 0.99), "一个文件最多是几页": ("2.2", 0.98)})
    assert onward.questions[COLUMN["2.2"]] == ("一个文件最多几页",)


def test_related_clauses_leave_out_what_is_at_hand(tmp_path: Path) -> None:
    onward = build({"一个文件最多几页": ("2.2", 0.99)})
    for column, clause in enumerate(CLAUSES):
        related = [CLAUSES[other] for other in onward.related[column]]
        assert len(related) == 3
        assert all(other.id not in (clause.id, clause.parent) and other.parent != clause.id for other in related)
    onward.save(tmp_path / "onward.json")
    assert Onward.load(tmp_path / "onward.json") == onward


# Which are shown


def test_offers_start_with_the_clause_cited_and_go_on_beside_it() -> None:
    searcher = ScriptedSearcher()
    clause = searcher.knowledge.find("2.2")
    assert clause is not None
    assert next_questions([clause], "一个文件最多几页", searcher) == tuple(
        f"第{one}条说的是几页吗" for one in ("2.2", "2.3", "2.1")
    )


def test_the_question_just_asked_is_not_offered() -> None:
    searcher = ScriptedSearcher()
    clause = searcher.knowledge.find("2.2")
    assert clause is not None
    assert "第2.2条说的是几页吗" not in next_questions([clause], "第2.2条，说的是几页吗？", searcher)


def test_a_heading_leads_to_its_first_measure() -> None:
    searcher = ScriptedSearcher()
    clause = searcher.knowledge.find("3")
    assert clause is not None
    assert next_questions([clause], "", searcher)[:2] == ("第3条说的是几页吗", "第3.1条说的是几页吗")


def test_where_no_clause_was_spoken_of_nothing_is_offered() -> None:
    assert next_questions([], "今天天气", ScriptedSearcher()) == ()
