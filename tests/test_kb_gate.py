import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.assistant import Assistant
from bot.config import AnswersConfig
from bot.kb import gate
from bot.kb.differences import differences, pieces, same_clauses
from bot.kb.effect import Recorded, effect
from bot.kb.labels import labels
from index.retriever import Retriever
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge
from tests.encoders import FakeEncoder
from tests.notices import DOCUMENT_ID, ROWS, Row, write_notice
from tests.test_retriever import settings_for
from tests.versions import CHANGED, write

POLICY = AnswersConfig()
Rows = Sequence[Row]


def opened(knowledge: KnowledgeBase, folder: Path) -> Retriever:
    return Retriever.open(knowledge, FakeEncoder(), settings_for(folder), lambda *_: None)


def notice(folder: Path, rows: Rows = ROWS, document_id: str = DOCUMENT_ID) -> KnowledgeBase:
    def change(record: dict) -> None:  # type: ignore[type-arg]
        there = {row[0] for row in rows}
        for one in record["unanswered"]:
            one["related"] = [reference for reference in one["related"] if reference in there]

    write_notice(folder, rows=rows, change=change, document_id=document_id)
    return load_knowledge(folder)


#: Many ways to ask each clause of the notice, so that what is held out can be told.
FRAMES = (
    "{}",
    "请问{}",
    "想问一下{}",
    "{}，有规定吗",
    "我们单位想知道{}",
    "{}呢",
    "麻烦问下{}",
    "{}怎么说的",
    "领导问{}",
    "说说{}",
)


def many(rows: Rows = ROWS) -> list[Row]:
    return [(*row[:5], tuple(frame.format(one) for one in row[5] for frame in FRAMES)) for row in rows]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    folder = tmp_path_factory.mktemp("base")
    return opened(notice(folder / "knowledge", many()), folder)


@given(st.text("文件不得超过10页。\n", max_size=30), st.text("文件不得超过12页。\n", max_size=30))
def test_pieces_spell_both_texts(before: str, after: str) -> None:
    found = pieces(before, after)
    assert "".join(one.text for one in found if one.sign != "+") == before
    assert "".join(one.text for one in found if one.sign != "-") == after


def test_each_kind_of_difference_is_told(tmp_path: Path) -> None:
    old = notice(tmp_path / "old")
    assert differences(old, old) == []
    reworded = load_knowledge(write(tmp_path / "new", 20))
    (one,) = differences(old, reworded)
    assert (one.kind, [(piece.sign, piece.text) for piece in one.pieces if piece.sign != " "]) == (
        "changed",
        [("-", "18"), ("+", "20")],
    )
    rows = [row for row in ROWS if row[0] != "2.1"]
    rows = [(("2.1" if row[0] == "2.2" else "2.2" if row[0] == "2.3" else row[0]), *row[1:]) for row in rows]
    rows[1] = (*rows[1][:5], (*rows[1][5][1:], "新的问法是什么"))
    kinds = {(one.kind, (one.after or one.before).id) for one in differences(old, notice(tmp_path / "moved", rows))}  # type: ignore[union-attr]
    assert kinds == {("questions", "1.1"), ("renumbered", "2.1"), ("renumbered", "2.2"), ("removed", "2.1")}
    more = [*ROWS, ("2.4", "measure", "2", "措施4", "不得擅自改变办公用房使用功能。", ("能把办公室改成宿舍吗",))]
    assert [one.kind for one in differences(old, notice(tmp_path / "more", more))] == ["added"]


def test_a_renumbered_clause_is_followed_by_its_words(tmp_path: Path) -> None:
    old = notice(tmp_path / "old")
    swapped = {"2.2": "2.3", "2.3": "2.2"}
    rows = sorted([(swapped.get(row[0], row[0]), *row[1:]) for row in ROWS])
    moved = same_clauses(old, notice(tmp_path / "new", rows))
    assert moved["jiedai-2021:2.2"] == "jiedai-2021:2.3"
    assert moved["jiedai-2021:1.1"] == "jiedai-2021:1.1"
    assert len(set(moved.values())) == len(moved) == len(ROWS)


def test_the_effect_names_each_question_that_is_answered_otherwise(base: Retriever, tmp_path: Path) -> None:
    same = effect(base, base, POLICY, lambda _: None)
    assert (same.asked, same.changed) == (len(labels(base.knowledge)), ())
    rows = [(*row[:4], row[4].replace("18平方米", "20平方米"), row[5]) for row in many()]
    after = opened(notice(tmp_path / "knowledge", rows), tmp_path)
    found = effect(base, after, POLICY, lambda _: None)
    about = [question for question, label in labels(base.knowledge).items() if label == (f"jiedai-2021:{CHANGED}",)]
    assert set(about) <= {one.question for one in found.changed}
    assert all("18平方米" in str(one.before) and "20平方米" in str(one.after) for one in found.changed)


def test_the_record_is_decided_as_the_ordinary_path_decides_it(base: Retriever) -> None:
    plain, recorded = Assistant(base, POLICY), Assistant(Recorded(base), POLICY)
    for question in [*labels(base.knowledge), "问题一第2条", "问题九", "", "完全没有关系的一句话", "？？"]:
        one, other = plain.explain(question).decision, recorded.decision(question)
        assert (one.outcome, one.clauses) == (other.outcome, other.clauses), question


def test_the_same_versions_give_the_same_bytes_from_indexes_built_twice(base: Retriever, tmp_path: Path) -> None:
    rows = [(*row[:4], row[4].replace("18平方米", "20平方米"), row[5]) for row in many()]
    reports = [
        gate.compare(
            opened(base.knowledge, tmp_path / name),
            opened(notice(tmp_path / name / "knowledge", rows), tmp_path / name),
            POLICY,
        )
        for name in ("one", "two")
    ]
    assert reports[0].canonical().encode() == reports[1].canonical().encode()
    assert reports[0].digest == hashlib.sha256(reports[0].canonical().encode()).hexdigest()
    assert reports[0].passed


def test_an_honest_correction_passes(base: Retriever, tmp_path: Path) -> None:
    rows = [(*row[:4], row[4].replace("18平方米", "20平方米"), row[5]) for row in many()]
    report = gate.compare(base, opened(notice(tmp_path / "knowledge", rows), tmp_path), POLICY)
    assert report.passed, report.reasons
    assert report.measured > 200
    assert report.right_before > 0.5 * report.measured


def test_questions_moved_to_a_wrong_clause_are_stopped(base: Retriever, tmp_path: Path) -> None:
    """The seeded bad edit: two clauses trade their questions."""
    rows = many()
    asked = {row[0]: row[5] for row in rows}
    traded = {"1.1": "1.3", "1.3": "1.1"}
    rows = [(*row[:5], asked[traded.get(row[0], row[0])]) for row in rows]
    report = gate.compare(base, opened(notice(tmp_path / "knowledge", rows), tmp_path), POLICY)
    assert not report.passed
    assert any("原来答对、现在答错" in reason for reason in report.reasons)
    assert any("问题一·措施1" in reason for reason in report.reasons)
    assert report.lost
    assert all(one.wanted != one.after for one in report.lost)


def test_questions_taken_away_from_a_clause_are_judged_by_what_is_left(base: Retriever, tmp_path: Path) -> None:
    rows = [row for row in many() if row[0] != "2.3"]
    report = gate.compare(base, opened(notice(tmp_path / "knowledge", rows), tmp_path), POLICY)
    assert report.without_clause == 0  # its questions are gone with it, so there is nothing to hold against it
    assert report.measured == len(labels(base.knowledge)) - len(FRAMES) * 3


def pairs(lost: int, gained: int, right: int = 100) -> Counter[tuple[bool, bool]]:
    return Counter({(True, False): lost, (False, True): gained, (True, True): right})


@pytest.mark.parametrize(
    ("lost", "gained", "shut"),
    [(0, 0, False), (4, 0, False), (5, 0, True), (20, 18, False), (30, 14, True), (14, 30, False)],
)
def test_chance_is_told_from_loss(lost: int, gained: int, shut: bool) -> None:
    assert bool(gate._reasons(pairs(lost, gained), Counter(), {}, {})) is shut


def test_a_loss_of_a_few_in_a_thousand_is_the_price_of_knowing_more() -> None:
    assert gate._reasons(pairs(38, 21, 5248), pairs(6, 18, 2700), {}, {}) == []
    assert len(gate._reasons(pairs(60, 21, 5248), pairs(6, 30, 2700), {}, {})) == 2


def test_a_clause_that_lost_its_questions_is_named_though_the_whole_gained() -> None:
    reasons = gate._reasons(
        pairs(10, 30, 1000), Counter(), {"n:2.1": pairs(10, 0, 8), "": pairs(9, 0, 1)}, {"n:2.1": "措施1"}
    )
    assert reasons == ["措施1：原来答对 18 个问题，现在只答对 8 个"]


def test_clauses_cited_for_what_is_not_written_shut_the_gate() -> None:
    reasons = gate._reasons(pairs(10, 30, 1000), pairs(0, 9).copy(), {}, {})
    assert reasons == ["通知没有写的问题里，原来不引用、现在引用了条款的有 9 个，反过来只有 0 个"]


def test_a_question_on_record_with_two_answers_is_left_out(tmp_path: Path) -> None:
    for document_id, clause in (("a", "1.1"), ("b", "1.2")):
        rows = [(*row[:5], ("同一个问法", f"{document_id}{row[0]}") if row[0] == clause else ()) for row in ROWS]
        knowledge = notice(tmp_path, rows, document_id)
    found = labels(knowledge)
    assert "同一个问法" not in found
    assert found["a1.1"] == ("a:1.1",)
    assert found["公务用车坏了找谁修"] == ()
