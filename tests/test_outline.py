from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.outline import Outline, number_of, numeral
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document, Kind
from tests.fakes import real_knowledge

OUTLINE = Outline(real_knowledge())

ADDRESSES = {
    "2.5": "2.5",
    "2．5": "2.5",
    "二.五": "2.5",
    "2.5 念一下": "2.5",
    "第三个问题第2条": "3.2",
    "问题三措施2": "3.2",
    "问题三的第6条念一下": "3.6",
    "第2个问题的第五项措施是什么": "2.5",
    "问题二有哪些措施": "2",
    "问题二": "2",
    "问题２": "2",
    "第四个问题是什么": "4",
    "第三个问题讲的是什么": "3",
    "问题③有哪些措施": "3",
    "第 四 个 问 题": "4",
    "第二大问题都有哪些招": "2",
    "最后一个问题": "4",
    "头一个问题怎么解决": "1",
    "问题四一共几条": "4",
    "问题二第3条和第5条": "2.3 2.5",
    "问题二的第2、3条": "2.2 2.3",
    "问题三第二条和问题四第三条": "3.2 4.3",
    "第三个和第四个问题的解决方法分别是什么": "3 4",
    "问题1、2": "1 2",
    "问题三前三条": "3.1 3.2 3.3",
    "问题三后两条": "3.6 3.7",
    "问题三最后一条": "3.7",
    "问题三倒数第二条": "3.6",
    "2.1到2.3": "2.1 2.2 2.3",
    "2.1-2.3": "2.1 2.2 2.3",
    "2.2 2.3": "2.2 2.3",
    "问题二第2条到第4条": "2.2 2.3 2.4",
    "问题二第2-4条": "2.2 2.3 2.4",
    "问题二第二到四条": "2.2 2.3 2.4",
    "先念问题二的第3条": "2.3",
    "背景": "0",
    "通知背景是什么": "0",
    "保障落实第二点": "5.2",
    "贯彻落实第2条": "5.2",
    "贯彻落实": "5",
    "落实部分讲了什么": "5",
    "如何保障贯彻落实？": "5",
    "文山会海的第七条讲什么": "2.7",
    "督查问题的第四条是啥": "3.4",
    "問題三第二條": "3.2",
    "問題二的第3條是什麼": "2.3",
    "《通知》问题二·措施5": "2.5",
    "《关于解决形式主义突出问题为基层减负的通知》问题二第五条": "2.5",
    "通知里2.5怎么说的": "2.5",
    "请把问题三第2条的原文发给我看看，谢谢": "3.2",
    "problem 3 measure 2": "3.2",
    "What is measure one under problem four?": "4.1",
    "the second measure of problem 4": "4.2",
}

NO_ADDRESSES = [
    "",
    "7",
    "第三条",
    "最后一条是什么",
    "落实",
    "问题三里的一票否决是什么意思",
    "第3条违反了会怎么处分",
    "问题二为什么会反弹",
    "2.5万元够不够",
    "2.5%",
    "2.2.1",
    "第2条短信怎么删",
    "把2.2改成20页",
    "问题三的措施里哪条讲了拍照",
    "问题一大堆",
    "问题一直没解决",
    "会议第2条",
    "《别的文件》第2条",
    "一票否决",
]

MISSING = {
    "问题九": "《通知》只有 4 个问题",
    "第五个问题是什么": "《通知》只有 4 个问题",
    "问题一第8条": "问题一只有 4 条措施",
    "问题一第3条和第8条": "问题一只有 4 条措施",
    "2.10": "问题二只有 9 条措施",
    "5.4": "贯彻落实只有 3 点",
    "贯彻落实第四点": "贯彻落实只有 3 点",
    "10.1": "《通知》没有编号为 10.1 的条款",
}


@pytest.mark.parametrize(("query", "ids"), ADDRESSES.items())
def test_addresses(query: str, ids: str) -> None:
    assert [clause.id for clause in OUTLINE.resolve(query)] == ids.split()
    assert OUTLINE.missing(query) is None


@pytest.mark.parametrize("query", NO_ADDRESSES)
def test_what_is_no_address_falls_through(query: str) -> None:
    assert OUTLINE.resolve(query) == ()
    assert OUTLINE.missing(query) is None


@pytest.mark.parametrize(("query", "fragment"), MISSING.items())
def test_out_of_range_says_what_there_is(query: str, fragment: str) -> None:
    assert OUTLINE.resolve(query) == ()
    assert OUTLINE.missing(query) == fragment


@pytest.mark.parametrize("clause", tuple(real_knowledge()), ids=lambda clause: clause.id)
def test_every_clause_round_trips(clause: Clause) -> None:
    assert OUTLINE.resolve(OUTLINE.address([clause])) == (clause,)
    assert OUTLINE.resolve(clause.label) == (clause,)
    if clause.kind in ("measure", "point"):
        assert OUTLINE.resolve(clause.id) == (clause,)


@given(
    st.lists(st.sampled_from([c for c in real_knowledge() if c.kind in ("measure", "point")]), min_size=1, unique=True)
)
def test_lists_of_clauses_round_trip(clauses: list[Clause]) -> None:
    assert set(OUTLINE.resolve(OUTLINE.address(clauses))) == set(clauses)


ADDRESS_PIECES = [
    *"问题第条个到和一三十八2.5 的第、。①問",
    "问题",
    "倒数第",
    "最后一条",
    "measure",
    "《通知》",
    "背景",
    "落实",
    "是什么",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(ADDRESS_PIECES)).map("".join)))
@settings(max_examples=300)
def test_any_text_is_read_without_error(text: str) -> None:
    found = OUTLINE.resolve(text)
    assert len(set(found)) == len(found)
    assert not (found and OUTLINE.missing(text))
    OUTLINE.is_bare(text)
    OUTLINE.is_bare_count(text)
    OUTLINE.mentioned(text)


@given(st.integers(min_value=1, max_value=99))
def test_numerals_read_back(number: int) -> None:
    assert number_of(numeral(number)) == number


def test_a_bare_item_stands_under_the_heading_given() -> None:
    heading = real_knowledge().find("3")
    assert [clause.id for clause in OUTLINE.resolve("第二条呢", heading)] == ["3.2"]
    assert OUTLINE.missing("第九条呢", heading) == "问题三只有 7 条措施"
    assert OUTLINE.is_bare("第二条呢")
    assert not OUTLINE.is_bare("问题三第二条")


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("文山会海怎么治", "2"),
        ("干部不敢担当作为咋办", "4"),
        ("四个问题先说第二个", "2"),
        ("问题三到底怎么来的", "3"),
        ("红烧肉怎么做", None),
    ],
)
def test_headings_mentioned_in_passing(text: str, id_: str | None) -> None:
    heading = OUTLINE.mentioned(text)
    assert (heading.id if heading else None) == id_


# ---- Another notice, with its own words, ids and order ------------------------------------------------------------
def make_document(id_: str, short_title: str, rows: list[tuple[str, Kind, str | None, str, str]]) -> Document:
    clauses = tuple(Clause(id_, i, kind, parent, label, text, 0, len(text)) for i, kind, parent, label, text in rows)
    return Document(id_, f"关于{short_title}的若干规定", short_title, "某局", 2024, "x.txt", "", "", clauses)


SECOND = make_document(
    "library",
    "借阅规定",
    [
        ("bg", "background", None, "《借阅规定》缘起", "图书馆为什么作出规定。"),
        ("A", "problem", None, "《借阅规定》问题一", "问题一：还书太慢"),
        ("A1", "measure", "A", "《借阅规定》问题一·措施1", "逾期七天停借。"),
        ("A2", "measure", "A", "《借阅规定》问题一·措施2", "到期前三天提醒。"),
        ("B", "problem", None, "《借阅规定》问题二", "问题二：座位占而不用"),
        ("B1", "measure", "B", "《借阅规定》问题二·措施1", "离开半小时释放座位。"),
        ("C", "section", None, "《借阅规定》经费来源", "经费从哪里来？"),
        ("C1", "point", "C", "《借阅规定》经费来源·第1点", "从年度预算列支。"),
    ],
)
THIRD = make_document(
    "flat",
    "值班守则",
    [(f"r{n}", "measure", None, f"《值班守则》第{n}条", f"守则第{n}条。") for n in (1, 2, 3)],
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("问题一第2条", "1.2"),
        ("《借阅规定》问题一第2条", "A2"),
        ("借阅规定问题二有哪些措施", "B"),
        ("《借阅规定》1.2", "A2"),
        ("《借阅规定》背景", "bg"),
        ("《借阅规定》经费来源第1点", "C1"),
        ("《关于借阅规定的若干规定》问题二第1条", "B1"),
        ("《值班守则》第2条", "r2"),
        ("值班守则最后一条", "r3"),
        ("值班守则有多少人", ""),
    ],
)
def test_a_named_document_is_addressed(query: str, ids: str) -> None:
    outline = Outline(KnowledgeBase((*real_knowledge().documents, SECOND, THIRD)))
    assert [clause.id for clause in outline.resolve(query)] == ids.split()


def test_the_first_document_needs_no_name() -> None:
    knowledge = KnowledgeBase((SECOND, THIRD, *real_knowledge().documents))
    outline = Outline(knowledge)
    assert [clause.id for clause in outline.resolve("问题一最后一条")] == ["A2"]
    assert outline.missing("问题三") == "《借阅规定》只有 2 个问题"
    assert outline.missing("《值班守则》第4条") == "《值班守则》只有 3 条措施"
    for clause in knowledge:
        assert outline.resolve(outline.address([clause])) == (clause,)
