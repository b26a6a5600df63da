"""Items: enough of them, each proved; ambiguous ones refuted; a change of a clause changes its items and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bot.assistant import prove
from bot.quiz import checker, facts, numbers
from bot.quiz.bank import make_items
from bot.quiz.confusables import confusables
from bot.quiz.item import BLANK, KINDS, Item
from bot.quiz.qualifiers import alterations
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge
from tests.fakes import real_knowledge
from tests.notices import ROWS, Row, write_notice


@cache
def real_items() -> tuple[Item, ...]:
    return make_items(real_knowledge())


def items_of(reference: str, kind: str, knowledge: KnowledgeBase | None = None) -> list[Item]:
    items = make_items(knowledge) if knowledge is not None else real_items()
    return [item for item in items if (item.clause, item.kind) == (reference, kind)]


def filling(reference: str, right: str) -> Item:
    """The item of a clause whose blank takes these words."""
    found = [item for item in real_items() if item.rule == "fills" and item.clause == reference]
    return next(item for item in found if item.options[item.key[0]] == right)


def with_wrong(item: Item, wrong: str) -> Item:
    """The item with its first wrong option replaced."""
    place = next(i for i in range(len(item.options)) if i not in item.key)
    return replace(item, options=(*item.options[:place], wrong, *item.options[place + 1 :]))


def notice(folder: Path, rows: Sequence[Row] = ROWS) -> KnowledgeBase:
    write_notice(folder, rows=rows, change=lambda record: record.update(shared_questions=[], unanswered=[]))
    return load_knowledge(folder)


# --- what is made ---


def test_every_measure_has_eight_items_and_every_other_entry_three() -> None:
    counts = Counter(item.clause for item in real_items())
    least = {clause.id: 8 if clause.kind == "measure" else 3 for clause in real_knowledge()}
    assert {clause: counts[clause] for clause, needed in least.items() if counts[clause] < needed} == {}
    assert sum(needed == 8 for needed in least.values()) == 27


def test_every_kind_is_made() -> None:
    assert {item.kind for item in real_items()} == set(KINDS)


def test_every_item_is_proved_and_cites_its_source() -> None:
    for item in real_items():
        assert checker.fault(item, real_knowledge()) == "", item
        prove(item.citation, real_knowledge())


def test_ids_are_unique_and_no_two_items_look_the_same() -> None:
    assert len({item.id for item in real_items()}) == len(real_items())
    assert len({(item.stem, frozenset((*item.options, *item.left))) for item in real_items()}) == len(real_items())


def test_items_for_polls_keep_telegrams_limits() -> None:
    for item in real_items():
        assert item.telegram_fits == (item.kind not in ("order", "matching")), item


def test_an_item_that_is_too_long_for_a_poll_says_so() -> None:
    item = filling("2.2", "10页")
    assert item.telegram_fits
    assert not replace(item, stem="问" * 301).telegram_fits
    assert not replace(item, options=("答" * 101, "页")).telegram_fits
    assert not replace(item, options=tuple(map(str, range(13)))).telegram_fits
    assert not replace(item, explanation="解" * 201).telegram_fits
    assert not replace(item, explanation="一\n二\n三\n四").telegram_fits


def test_a_number_item_reads_as_expected() -> None:
    item = filling("2.2", "10页")
    assert (
        item.stem
        == "根据《通知》原文，横线处应填：「中央印发的政策性文件原则上不超过____，地方和部门也要按此从严掌握。」"
    )
    assert item.options == ("10页", "15页", "20页", "30页")
    assert item.explanation == "《通知》问题二·措施2：「中央印发的政策性文件原则上不超过10页」。"
    source = real_knowledge().documents[0].source
    assert [source[start:end] for start, end in item.citation.spans] == ["10页"]


def test_no_wrong_amount_is_allowed_by_the_text() -> None:
    assert filling("2.1", "30%—50%").options == ("5%—10%", "10%—20%", "30%—50%", "60%—80%")
    assert filling("3.1", "50%以上").options == ("20%以上", "30%以上", "40%以上", "50%以上")
    assert filling("3.1", "1次").options == ("1次", "2次", "3次", "4次")


def test_a_false_statement_names_what_was_altered() -> None:
    false = [item for item in items_of("5.2", "truefalse") if item.key == (1,)]
    assert any("原文是「一把手」" in item.explanation and "主体或对象" in item.explanation for item in false)
    for item in false:
        original, altered = (
            item.explanation.split("「")[1].split("」")[0],
            item.explanation.split("「")[2].split("」")[0],
        )
        text = item.citation.quote
        assert original in text
        assert altered in item.passage
        assert item.passage.replace(altered, original, 1) in text


def test_words_of_a_leader_are_altered_in_nothing_but_dates() -> None:
    spoken = [item for item in items_of("0", "truefalse") if "总书记" in item.passage and item.key == (1,)]
    assert spoken
    assert all(item.explanation.startswith("数字改过") for item in spoken)


def test_who_leads() -> None:
    leads = filling("5.1", "中央办公厅")
    assert leads.kind == "who"
    assert f"由{BLANK}牵头" in leads.stem
    taking_part = [item for item in items_of("5.1", "who") if item.rule == "listed"]
    assert taking_part
    for item in taking_part:
        assert all(item.options[place] in item.citation.quote for place in item.key)


def test_stems_do_not_give_the_key_away() -> None:
    for item in real_items():
        if item.rule in ("fills", "listed", "follows", "precedes"):
            assert not any(item.options[place] in item.stem for place in item.key), item


def test_keys_are_spread_over_the_places() -> None:
    # Amounts rise and headings stand in their order; all other options are shuffled.
    places = Counter(item.key[0] for item in real_items() if item.kind in ("term", "single") and len(item.options) == 4)
    assert min(places.values()) > 0.7 * max(places.values())


# --- other notices ---


def test_a_second_notice_gives_items_without_code_changes(tmp_path: Path) -> None:
    knowledge = notice(tmp_path)
    items = make_items(knowledge)
    counts = Counter(item.clause for item in items)
    assert {clause.id for clause in knowledge if counts[clause.id] < (8 if clause.kind == "measure" else 3)} == set()
    assert {"number", "term", "who", "single", "multiple", "truefalse", "belongs", "order"} <= {
        item.kind for item in items
    }
    third = next(item for item in items if item.kind == "number" and "三分之一" in item.options)
    assert third.options == ("三分之一", "二分之一", "三分之二", "四分之三")
    assert all(checker.fault(item, knowledge) == "" for item in items)


def test_two_notices_keep_their_items_apart(tmp_path: Path) -> None:
    both = KnowledgeBase((*real_knowledge().documents, *notice(tmp_path).documents))
    items = make_items(both)
    assert {item.id for item in real_items()} < {item.id for item in items}
    assert {item.document for item in items if item.clause == "jiedai-2021:1.1"} == {"jiedai-2021"}
    assert all(checker.fault(item, both) == "" for item in items)


def test_a_notice_of_one_clause_gives_what_it_can(tmp_path: Path) -> None:
    rows: list[Row] = [("1", "point", None, "《若干规定》第1点", "会议时间不超过90分钟，发言应当简短。", ("开多久",))]
    items = make_items(notice(tmp_path, rows))
    assert {item.kind for item in items} == {"number", "term", "truefalse"}


# --- mutation ---


def changed(reference: str, old: str, new: str) -> KnowledgeBase:
    """The real knowledge base with words of one clause replaced by as many others, in its source too."""
    knowledge = real_knowledge()
    clause = knowledge.find(reference)
    assert clause is not None
    assert len(old) == len(new)
    text = clause.text.replace(old, new, 1)
    assert text != clause.text
    document = knowledge.document(clause.document)
    source = document.source[: clause.start] + text + document.source[clause.end :]
    clauses = tuple(replace(one, text=text) if one is clause else one for one in document.clauses)
    return KnowledgeBase((replace(document, source=source, clauses=clauses),), knowledge.out_of_scope)


@pytest.mark.parametrize(
    ("reference", "old", "new"),
    [
        ("2.2", "10页", "12页"),
        ("2.1", "30%—50%", "20%—40%"),
        ("3.1", "1次", "2次"),
        ("3.4", "严格", "适当"),
        ("5.2", "一把手", "班子们"),
        ("4.4", "党员权利", "党员义务"),
        ("0", "2018年年底", "2018年年初"),
        ("5.1", "中央组织部", "中央统战部"),
    ],
)
def test_a_changed_clause_changes_its_items_alone(reference: str, old: str, new: str) -> None:
    before, knowledge = real_items(), changed(reference, old, new)
    after = make_items(knowledge)
    assert {item.id for item in before if item.clause == reference}.isdisjoint({item.id for item in after})
    kept = {item.id for item in before if item.clause != reference}
    assert kept == {item.id for item in after if item.clause != reference}
    old_items = [item for item in before if item.clause == reference]
    assert all(checker.fault(item, knowledge) for item in old_items)
    assert all(checker.fault(item, knowledge) == "" for item in after)


def test_an_old_key_fails_even_with_the_new_citation() -> None:
    knowledge = changed("2.2", "10页", "12页")
    new = next(item for item in make_items(knowledge) if item.clause == "2.2" and item.kind == "number")
    old = filling("2.2", "10页")
    assert checker.fault(replace(old, citation=new.citation), knowledge) == "the key does not fill the blank"


# --- the checker refutes ---


@pytest.mark.parametrize(
    ("reference", "right", "wrong", "reason"),
    [
        ("2.2", "10页", "8页", "8页 is allowed by 10页"),
        ("2.2", "10页", "15次", "15次 is not such an amount"),
        ("2.1", "30%—50%", "40%—60%", "40%—60% is allowed by 30%—50%"),
        ("3.1", "50%以上", "60%以上", "60%以上 is allowed by 50%以上"),
        ("3.4", "责任状", "一票否决", "一票否决 stands beside the blank"),
        ("5.1", "中央办公厅", "国务院办公厅", "国务院办公厅 stands beside the blank"),
        ("2.6", "扩大会议规模", "会议规模", "会议规模 says no more or less than the key"),
    ],
)
def test_wrong_fillings_that_are_right_are_refused(reference: str, right: str, wrong: str, reason: str) -> None:
    assert checker.fault(with_wrong(filling(reference, right), wrong), real_knowledge()) == reason


def test_a_filling_that_another_clause_supports_is_refused(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("1", "point", None, "《若干规定》第1点", "会议不超过90分钟，发言应当简短。", ("甲",)),
        ("2", "point", None, "《若干规定》第2点", "换届期间，会议不超过120分钟。", ("乙",)),
    ]
    knowledge = notice(tmp_path, rows)
    item = next(item for item in make_items(knowledge) if item.kind == "number" and item.clause == "1")
    assert item.options == ("90分钟", "95分钟", "100分钟", "180分钟")
    assert checker.fault(with_wrong(item, "120分钟"), knowledge) == "120分钟 fills the blank elsewhere"


def test_a_statement_of_another_clause_is_not_false(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("1", "point", None, "《若干规定》第1点", "机关食堂应当节约粮食。", ("甲",)),
        ("2", "point", None, "《若干规定》第2点", "机关食堂可以节约粮食。", ("乙",)),
    ]
    knowledge = notice(tmp_path, rows)
    statements = [item for item in make_items(knowledge) if item.kind == "truefalse" and item.key == (1,)]
    assert "机关食堂可以节约粮食。" not in [item.passage for item in statements]
    false = next(item for item in statements if item.clause == "1")
    twisted = replace(false, passage="机关食堂可以节约粮食。", stem="判断：机关食堂可以节约粮食。")
    assert checker.fault(twisted, knowledge) == "the statement is true"


def test_statements_altered_twice_or_keyed_wrongly_are_refused() -> None:
    false = next(item for item in items_of("2.2", "truefalse") if "数字改过" in item.explanation)
    assert checker.fault(replace(false, key=(0,)), real_knowledge()) == "the statement is not in the clause"
    twice = false.passage.replace("从严", "从宽")
    assert checker.fault(replace(false, passage=twice, stem=twice), real_knowledge())
    true = next(item for item in items_of("2.2", "truefalse") if item.key == (0,))
    assert checker.fault(replace(true, key=(1,)), real_knowledge()) == "the statement differs in more than one place"
    assert checker.fault(replace(false, explanation=false.citation.label), real_knowledge()) == (
        "the explanation does not say what was altered"
    )


def test_a_measure_of_the_same_problem_is_no_wrong_option() -> None:
    item = next(item for item in items_of("2.2", "single") if item.rule == "under")
    assert checker.fault(with_wrong(item, "能公开的公开"), real_knowledge()) == "能公开的公开 is under the heading"
    invented = "一律取消全部会议"
    assert checker.fault(with_wrong(item, invented), real_knowledge()) == f"{invented} is not in the notice"
    odd = next(item for item in items_of("2.2", "single") if item.rule == "outside")
    assert checker.fault(with_wrong(odd, "开展作风建设专项整治行动然后"), real_knowledge()).endswith(
        "is not under the heading"
    )


def test_words_under_two_headings_belong_to_neither(tmp_path: Path) -> None:
    same = "办公用房不得长期闲置，应当统一调配。"
    rows = list(ROWS)
    rows[3] = (*rows[3][:4], "接待室也一样：" + same, rows[3][5])
    rows[7] = (*rows[7][:4], same, rows[7][5])
    knowledge = notice(tmp_path, rows)
    assert items_of("2.3", "belongs", knowledge) == []
    twisted = replace(
        items_of("1.3", "belongs", knowledge)[0], passage="办公用房不得长期闲置", stem="「办公用房不得长期闲置」"
    )
    assert checker.fault(twisted, knowledge).endswith("has the passage too")


def test_only_one_order_is_accepted() -> None:
    item = items_of("2.8", "order")[0]
    swapped = (item.key[1], item.key[0], *item.key[2:])
    assert checker.fault(replace(item, key=swapped), real_knowledge()) == "the key is not the order of the text"
    twice = replace(item, options=("不搞", *item.options[1:]))
    assert checker.fault(twice, real_knowledge()) == "不搞 stands not once in the text"


def test_only_one_matching_is_accepted() -> None:
    for item in (*items_of("2.2", "matching"), *items_of("1", "matching")):
        swapped = (item.key[1], item.key[0], *item.key[2:])
        assert checker.fault(replace(item, key=swapped), real_knowledge()).endswith("are wrongly keyed")


def test_members_of_a_list_are_no_wrong_options() -> None:
    item = next(item for item in items_of("3.6", "multiple") if item.rule == "listed")
    missing = next(one for one in ("党建考核", "脱贫攻坚督查考核") if one not in item.options)
    assert checker.fault(with_wrong(item, missing), real_knowledge()) == f"{missing} stands in the clause"
    assert checker.fault(replace(item, key=item.key[:-1]), real_knowledge()).endswith("stands in the clause")


def test_what_is_wrong_in_any_item_is_refused() -> None:
    item, knowledge = filling("2.2", "10页"), real_knowledge()
    faults = {
        "there is no such clause": replace(item, clause="9.9"),
        "the citation is not the clause": replace(item, citation=replace(item.citation, quote="中央")),
        "there is no such further clause": replace(item, also=("9.9",)),
        "options are empty or the same": replace(item, options=("10页", "10 页", "15页")),
        "the key names no option": replace(item, key=(7,)),
        "the stem does not show the passage": replace(item, stem="几页？"),
        "the explanation does not name the clause": replace(item, explanation="见原文。"),
        "no option is wrong": replace(item, key=(1, 0)),
        "several options are right": replace(item, key=(0, 1)),
        "the key does not fill the blank": replace(item, key=(1,)),
        "the passage has not one blank": replace(item, passage="中央印发", stem="中央印发"),
    }
    assert {reason: checker.fault(broken, knowledge) for reason, broken in faults.items()} == {
        one: one for one in faults
    }


# --- the parts ---


def others(text: str) -> tuple[str, ...]:
    return numbers.others(text, facts.amounts(text)[0])


def test_other_amounts_have_the_same_form() -> None:
    assert others("文件不超过10页")[:3] == ("15页", "20页", "30页")
    assert others("只安排一次") == ("两次", "三次", "四次")
    assert others("在2019年完成") == ("2018年", "2020年", "2017年", "2021年")
    assert others("减少50%以上") == ("30%以上", "20%以上", "40%以上")
    assert others("减少三成") == ("四成", "五成", "六成", "两成")


def test_units_do_not_split_words() -> None:
    found = {clause.text[unit.start : unit.end] for clause in real_knowledge() for unit in facts.units(clause)}
    assert {"实施细则", "照本宣科", "一票否决", "三个区分开来", "中国共产党问责条例", "年度计划"} <= found
    assert not {"问责制", "别墅问题", "精简文件", "会议公文", "中央改革"} & found


def test_confusables_keep_the_modifier() -> None:
    assert list(confusables("实施细则"))[:2] == ["实施方案", "实施办法"]
    assert "军令状" in list(confusables("责任状"))
    assert list(confusables("春天")) == []


def test_alterations_find_rules_of_any_notice() -> None:
    text = "各单位应当及时公开预算，严禁超支。"
    assert [text[one.start : one.end] for one in alterations(text)] == ["严禁", "应当", "及时"]
