"""Looking clauses up: references with one document and with two, and what stands around a clause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge
from tests.fakes import real_knowledge
from tests.notices import write_notice


@pytest.fixture
def both(tmp_path: Path) -> KnowledgeBase:
    """The real notice and the invented one: both have 1, 1.1 … 2.3; only the real one has 0, 2.4, 5.1."""
    write_notice(tmp_path)
    return KnowledgeBase((*real_knowledge().documents, *load_knowledge(tmp_path).documents))


def test_one_document_is_referred_to_by_plain_ids() -> None:
    knowledge = real_knowledge()
    for clause in knowledge:
        assert knowledge.reference(clause) == clause.id
        assert knowledge.find(clause.id) is clause
        assert knowledge.find(f"jianfu-2019:{clause.id}") is clause


@pytest.mark.parametrize("reference", ["", "9.9", "2.2 ", "二", "jianfu-2019:", "jianfu-2019:9", "other:2.2", ":2.2"])
def test_unknown_reference_finds_nothing(reference: str) -> None:
    assert real_knowledge().find(reference) is None


def test_two_documents_name_the_document_where_ids_are_shared(both: KnowledgeBase) -> None:
    assert len(list(both)) == 36 + 8
    references = [both.reference(clause) for clause in both]
    assert len(set(references)) == 44
    assert [both.find(reference) for reference in references] == list(both)
    assert references[:3] == ["0", "jianfu-2019:1", "jianfu-2019:1.1"]
    assert references[-1] == "jiedai-2021:2.3"
    assert both.find("2.2") is None
    assert (both.find("2.4"), both.find("jianfu-2019:2.4")) == (both.documents[0].clauses[10],) * 2
    shared = both.find("jiedai-2021:2.2")
    assert shared is not None
    assert shared.text.startswith("领导干部不得长期租用宾馆")


def test_document_by_id(both: KnowledgeBase) -> None:
    assert both.document("jiedai-2021") is both.documents[1]
    with pytest.raises(KeyError):
        both.document("none")


def test_children_and_parent_stay_in_their_document(both: KnowledgeBase) -> None:
    heading = both.find("jiedai-2021:2")
    assert heading is not None
    children = both.children(heading)
    assert [(clause.document, clause.id) for clause in children] == [
        ("jiedai-2021", "2.1"),
        ("jiedai-2021", "2.2"),
        ("jiedai-2021", "2.3"),
    ]
    assert [both.parent(clause) for clause in children] == [heading] * 3
    assert both.children(children[0]) == ()
    assert both.parent(heading) is None


def test_children_of_every_heading_of_the_real_notice() -> None:
    knowledge = real_knowledge()
    counts = {clause.id: len(knowledge.children(clause)) for clause in knowledge if knowledge.children(clause)}
    assert counts == {"1": 4, "2": 9, "3": 7, "4": 7, "5": 3}
    two = knowledge.find("2")
    assert two is not None
    assert [clause.id for clause in knowledge.children(two)] == [f"2.{i}" for i in range(1, 10)]


def test_neighbours_follow_reading_order_and_end_with_the_document(both: KnowledgeBase) -> None:
    def around(reference: str) -> list[str | None]:
        clause = both.find(reference)
        assert clause is not None
        return [other and f"{other.document}:{other.id}" for other in both.neighbours(clause)]

    assert around("0") == [None, "jianfu-2019:1"]
    assert around("jianfu-2019:2") == ["jianfu-2019:1.4", "jianfu-2019:2.1"]
    assert around("5.3") == ["jianfu-2019:5.2", None]
    assert around("jiedai-2021:1") == [None, "jiedai-2021:1.1"]
    assert around("jiedai-2021:2.3") == ["jiedai-2021:2.2", None]


def test_display_puts_a_heading_on_one_line() -> None:
    heading, background = real_knowledge().find("1"), real_knowledge().find("0")
    assert heading is not None
    assert background is not None
    assert "\n" in heading.text
    assert heading.display == "问题一：党性不纯、政绩观错位｜解决方法：以党的政治建设为统领加强思想教育"
    assert background.display == background.text
    assert all("\n" not in clause.display for clause in real_knowledge())
    assert (heading.is_heading, background.is_heading) == (True, False)


def test_why_a_question_on_record_is_unanswered(tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["unanswered"][1]["why"] = "没有写空调的温度"

    write_notice(tmp_path, change=change)
    knowledge = load_knowledge(tmp_path)
    assert knowledge.why_unanswered("办公室的 空调，多少度合适？？") == "没有写空调的温度"
    assert knowledge.why_unanswered("公务用车坏了找谁修") == ""
    assert knowledge.why_unanswered("") == ""
