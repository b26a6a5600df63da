"""Papers: the same seed gives the same paper, spread over clauses and kinds; `jianfu quiz` and its errors."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.__main__ import main
from bot.quiz import bank, checker
from bot.quiz.item import KINDS
from bot.quiz.layout import LETTERS, answer, lay_out, plain_text
from bot.quiz.paper import NoSuchPaper, select
from knowledge.base import KnowledgeBase
from tests.fakes import real_knowledge
from tests.test_quiz import filling, items_of, real_items

Capture = pytest.CaptureFixture[str]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(min_value=-(2**63), max_value=2**63), count=st.integers(min_value=1, max_value=80))
def test_any_seed_gives_one_paper_of_proved_items(seed: int, count: int) -> None:
    paper = select(real_knowledge(), count, seed)
    assert paper == select(real_knowledge(), count, seed)
    assert len({item.id for item in paper}) == len(paper) == count
    assert all(checker.fault(item, real_knowledge()) == "" for item in paper)
    per_clause = Counter(item.clause for item in paper)
    per_clause.update({real_knowledge().reference(clause): 0 for clause in real_knowledge()})
    assert max(per_clause.values()) - min(per_clause.values()) <= 1


def test_other_seeds_give_other_papers() -> None:
    papers = {tuple(item.id for item in select(real_knowledge(), 20, seed)) for seed in range(20)}
    assert len(papers) == 20


@pytest.mark.parametrize("seed", range(5))
def test_a_paper_is_spread_over_kinds_and_answers(seed: int) -> None:
    paper = select(real_knowledge(), 36, seed)
    kinds = Counter(item.kind for item in paper)
    assert set(kinds) == set(KINDS)
    assert max(kinds.values()) <= 8
    judged = Counter(item.key for item in paper if item.kind == "truefalse")
    assert abs(judged[0,] - judged[1,]) <= 1


def test_items_stand_by_kind_then_by_clause() -> None:
    paper = select(real_knowledge(), 60, 1)
    places = [KINDS.index(item.kind) for item in paper]
    assert places == sorted(places)
    order = [clause.id for clause in real_knowledge()]
    terms = [order.index(item.clause) for item in paper if item.kind == "term"]
    assert terms == sorted(terms)


@pytest.mark.parametrize(
    ("scope", "clauses"),
    [
        ("2", {"2", *(f"2.{n}" for n in range(1, 10))}),
        ("2.3", {"2.3"}),
        ("5", {"5", "5.1", "5.2", "5.3"}),
        ("jianfu-2019:2.3", {"2.3"}),
        ("jianfu-2019", {clause.id for clause in real_knowledge()}),
    ],
)
def test_scope(scope: str, clauses: set[str]) -> None:
    there = sum(item.clause in clauses for item in real_items())
    assert {item.clause for item in select(real_knowledge(), there, 1, scope)} == clauses


def test_kinds_by_either_name() -> None:
    assert {item.kind for item in select(real_knowledge(), 12, 1, kinds=["truefalse", "数字填空"])} == {
        "truefalse",
        "number",
    }


def test_what_cannot_be_had_is_said() -> None:
    with pytest.raises(NoSuchPaper, match=r"^要 999 道题，这个范围里符合要求的只有 15 道；请减少"):
        select(real_knowledge(), 999, 1, "2.3")
    with pytest.raises(NoSuchPaper, match=r"^没有范围 9.9；可用条款编号"):
        select(real_knowledge(), 1, 1, "9.9")
    with pytest.raises(NoSuchPaper, match=r"^没有题型 essay；可用的有：number（数字填空）、"):
        select(real_knowledge(), 1, 1, kinds=["essay"])
    with pytest.raises(NoSuchPaper, match=r"^--n 0 不行；应为 1 以上的整数。"):
        select(real_knowledge(), 0, 1)
    with pytest.raises(NoSuchPaper, match="只有 0 道"):
        select(KnowledgeBase(()), 1, 1)


# --- layout ---


def test_answers_as_they_are_printed() -> None:
    assert answer(filling("2.2", "10页")) == "A"
    assert answer(next(item for item in items_of("2.2", "truefalse") if item.key == (0,))) == "正确"
    multiple = items_of("3.6", "multiple")[0]
    assert answer(multiple) == "".join(LETTERS[place] for place in multiple.key)
    order = items_of("2.8", "order")[0]
    assert order.options[LETTERS.index(answer(order)[0])] == "提高会议实效"
    matching = items_of("1", "matching")[0]
    assert answer(matching).startswith("(1)")


def test_short_options_stand_side_by_side() -> None:
    paper = lay_out([filling("2.2", "10页"), items_of("2.2", "belongs")[0]], real_knowledge(), 1)
    short, long = (section.questions[0] for section in paper.sections)
    assert short.rows == (("A．10页", "B．15页", "C．20页", "D．30页"),)
    assert [len(row) for row in long.rows] == [2, 2]


def test_plain_paper_has_its_key_at_the_end() -> None:
    text = plain_text(lay_out([filling("2.2", "10页")], real_knowledge(), 7))
    assert text.splitlines() == [
        "《通知》练习题",
        f"共 1 题。知识库版本 {real_knowledge().version}，种子 7；同一版本、同一种子得到同一份题。",
        "",
        "一、数字填空（1 题）",
        "",
        "1．根据《通知》原文，横线处应填：「中央印发的政策性文件原则上不超过____，地方和部门也要按此从严掌握。」",
        "   A．10页",
        "   B．15页",
        "   C．20页",
        "   D．30页",
        "",
        "答案与原文",
        "每题的答案都已与原文核对；方括号里是条款原文。",
        "",
        "1．A　《通知》问题二·措施2：「中央印发的政策性文件原则上不超过10页」。",
        "   〔《通知》问题二·措施2〕中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。",
    ]


# --- the command ---


def test_json_is_the_same_byte_for_byte(capsys: Capture) -> None:
    outputs = []
    for _ in range(2):
        bank._kept.clear()
        assert main(["quiz", "--json", "--n", "50", "--seed", "1"]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    items = json.loads(outputs[0])
    assert len(items) == 50
    for item in items:
        assert {"id", "kind", "stem", "options", "key", "clause", "document", "explanation", "citation"} <= set(item)
        source = real_knowledge().document(item["document"]).source
        assert source[item["citation"]["start"] : item["citation"]["end"]] == item["citation"]["quote"]


def test_command_takes_scope_and_kinds(capsys: Capture) -> None:
    assert main(["quiz", "--json", "--n", "6", "--scope", "2", "--kinds", "number,term", "truefalse"]) == 0
    items = json.loads(capsys.readouterr().out)
    assert {item["kind"] for item in items} <= {"number", "term", "truefalse"}
    assert {item["clause"][0] for item in items} == {"2"}


def test_command_prints_a_paper(capsys: Capture) -> None:
    assert main(["quiz", "--n", "3"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("《通知》练习题\n共 3 题。")
    assert out.count("〔《通知》") == 3


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--scope", "9"], "没有范围 9；可用条款编号（如 2 是问题二的全部，2.3 是一条，5 是贯彻落实）或通知的编号。"),
        (["--n", "5", "--scope", "5", "--kinds", "number"], "要 5 道题，这个范围里符合要求的只有 0 道；请减少 --n，或放宽 --scope、--kinds。"),
        (["--n", "-1"], "--n -1 不行；应为 1 以上的整数。"),
        (["--out", "paper.odt"], "不能写成 paper.odt；文件名应以 .docx、.pdf、.csv、.txt 结尾。"),
        (["--out", "/no/such/place/paper.csv"], "/no/such/place/paper.csv 写不了：No such file or directory。"),
    ],
)  # fmt: skip
def test_command_says_what_is_wrong_in_one_line(arguments: list[str], line: str, capsys: Capture) -> None:
    assert main(["quiz", *arguments]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"jianfu：{line}\n")
