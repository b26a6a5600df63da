"""What the assistant does with search results: outcomes, citations, proof, limits, and the JSON contract."""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from bot import replies
from bot.answer import Answer, Citation
from bot.assistant import Assistant, UnprovedQuote, decide, prove
from bot.config import AnswersConfig
from index.hit import SearchResult
from knowledge.base import KnowledgeBase
from knowledge.clause import UnansweredQuestion
from knowledge.loader import load_knowledge
from tests.fakes import ScriptedSearcher, real_knowledge, scripted_assistant
from tests.notices import write_notice

#: The thresholds are the tests' own: what config.yaml recommends may change.
POLICY = AnswersConfig(answer_probability=0.5, further_probability=0.25, clarify_probability=0.3)
PAGES = "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。"


def assistant_with(
    script: dict[str, SearchResult] | None = None, **policy: float
) -> tuple[Assistant, ScriptedSearcher]:
    searcher = ScriptedSearcher()
    searcher.script = {**(script or {}), **searcher.script}
    return Assistant(searcher, AnswersConfig.model_validate({**POLICY.model_dump(), **policy})), searcher


def hits(probabilities: dict[str, float], answerable: float | None = None, **beside: float) -> SearchResult:
    """A result whose `answerable` is that of its best hit unless given."""
    return ScriptedSearcher().hits(probabilities, answerable, **beside)


def broken_knowledge(*identifiers: str) -> KnowledgeBase:
    """The real knowledge with one character of some clauses' text changed after loading."""
    (document,) = real_knowledge().documents
    clauses = tuple(
        replace(clause, text=clause.text.replace("。", "！")) if clause.id in identifiers else clause
        for clause in document
    )
    return KnowledgeBase((replace(document, clauses=clauses),))


# --- four outcomes ---


def test_answer_cites_the_clause_word_for_word() -> None:
    answer = scripted_assistant().ask("一个文件最多几页")
    clause = real_knowledge().find("2.2")
    assert clause is not None
    assert answer.outcome == "answer"
    assert answer.citations == (
        Citation("jianfu-2019", "2.2", "《通知》问题二·措施2", PAGES, clause.start, clause.end, ((590, 593),)),
    )
    assert real_knowledge().documents[0].source[clause.start : clause.end] == PAGES
    assert answer.lead == "《通知》问题二·措施2写明："
    assert answer.answer == f"《通知》问题二·措施2写明：\n“{PAGES}”"
    assert (answer.confidence, answer.options, answer.related) == (0.97, (), ())
    assert (answer.interpreted_as, answer.mode) == (None, "full")
    assert answer.knowledge_version == real_knowledge().version
    assert 0 <= answer.elapsed_ms < 1000


def test_clarify_offers_the_tied_clauses_and_cites_nothing() -> None:
    answer = scripted_assistant().ask("开会有什么要求")
    assert (answer.outcome, answer.options) == ("clarify", ("2.5", "2.6"))
    assert (answer.citations, answer.related) == ((), ())
    assert answer.confidence == 0.8
    assert answer.lead == replies.CLARIFY
    first, second = (real_knowledge().find(i) for i in ("2.5", "2.6"))
    assert first is not None
    assert second is not None
    assert answer.answer == f"{replies.CLARIFY}\n1. {first.label}：{first.text}\n2. {second.label}：{second.text}"


def test_decline_near_lists_reading_and_cites_nothing() -> None:
    answer = scripted_assistant().ask("密级怎么定")
    assert (answer.outcome, answer.related) == ("decline", ("2.4",))
    assert (answer.citations, answer.options) == ((), ())
    assert answer.confidence == pytest.approx(0.7)
    assert answer.lead == "《通知》提到了相近的内容，但没有写您问的这一点。"
    assert answer.answer == (
        f"{answer.lead}\n相关条文（供阅读，不是答案）：《通知》问题二·措施4。\n{replies.WHAT_CAN_BE_ASKED}"
    )


@pytest.mark.parametrize(
    ("reason", "lead"),
    [
        ("far", "《通知》没有写到这个问题，不能替它回答。"),
        ("noise", "《通知》没有写到这个问题，不能替它回答。"),
        ("attack", "我只按《通知》原文回答问题，做不了这件事。"),
    ],
)
def test_decline_for_other_reasons_lists_nothing(reason: str, lead: str) -> None:
    assistant, _ = assistant_with({"天气": hits({"2.2": 0.2}, **{reason: 0.6}, near=0.1)})
    answer = assistant.ask("天气怎么样")
    assert (answer.outcome, answer.related, answer.citations, answer.options) == ("decline", (), (), ())
    assert answer.confidence == pytest.approx(0.8)
    assert (answer.lead, answer.answer) == (lead, f"{lead}\n{replies.WHAT_CAN_BE_ASKED}")


def test_chat_greets_and_cites_nothing() -> None:
    answer = scripted_assistant().ask("你好")
    assert (answer.outcome, answer.citations, answer.options, answer.related) == ("chat", (), (), ())
    assert answer.lead == "您好！我专门回答《通知》的问题，每次回答都附原文条款。"
    assert answer.answer == f"{answer.lead}\n{replies.WHAT_CAN_BE_ASKED}"


def test_nothing_found_at_all_is_declined() -> None:
    assistant, _ = assistant_with({"空": SearchResult(())})
    answer = assistant.ask("空空如也")
    assert (answer.outcome, answer.confidence) == ("decline", 1.0)


# --- headings, several clauses ---


def test_overview_cites_the_heading_then_its_measures_in_order() -> None:
    answer = scripted_assistant().ask("问题二有哪些措施")
    assert [citation.clause for citation in answer.citations] == ["2", *(f"2.{i}" for i in range(1, 10))]
    assert answer.lead == "《通知》问题二，共 9 条措施："
    lines = answer.answer.splitlines()
    assert len(lines) == 11
    assert lines[1] == "《通知》问题二：“问题二：文山会海反弹回潮｜解决方法：严格控制层层发文、层层开会”"
    assert lines[3] == f"《通知》问题二·措施2：“{PAGES}”"
    source = real_knowledge().documents[0].source
    assert all(source[c.start : c.end] == c.quote for c in answer.citations)


def test_section_has_points() -> None:
    assistant, _ = assistant_with({"落实": hits({"5": 0.9})})
    assert assistant.ask("怎么抓落实").lead == "《通知》贯彻落实，共 3 点："


def test_address_is_answered_whatever_its_probability() -> None:
    knowledge = real_knowledge()
    found = ScriptedSearcher().hits({"3": 0.0})
    addressed = decide(replace(found, addressed=True), POLICY, knowledge)
    assert (addressed.outcome, addressed.confidence) == ("answer", 1.0)
    assert [clause.id for clause in addressed.clauses] == ["3", *(f"3.{i}" for i in range(1, 8))]
    several = decide(replace(hits({"2.2": 0.0, "3": 0.0}), addressed=True), POLICY, knowledge)
    assert [clause.id for clause in several.clauses] == ["2.2", "3"]


def test_place_that_does_not_exist_is_declined_with_what_there_is() -> None:
    assistant, _ = assistant_with({"第": SearchResult((), missing="问题一只有 4 条措施")})
    answer = assistant.ask("第一个问题第9条")
    assert (answer.outcome, answer.confidence, answer.citations, answer.related) == ("decline", 1.0, (), ())
    assert answer.answer == "没有这一条：问题一只有 4 条措施。"


def test_further_clauses_are_cited_best_first_up_to_the_limit() -> None:
    script = {"督查": hits({"3.2": 0.9, "3.1": 0.8, "3.3": 0.6, "3.4": 0.25, "3.5": 0.249})}

    def cited(**policy: float) -> list[str]:
        return [citation.clause for citation in assistant_with(script, **policy)[0].ask("督查怎么减").citations]

    answer = assistant_with(script)[0].ask("督查怎么减")
    assert (answer.lead, answer.confidence) == ("有 4 条写到：", 0.9)
    assert cited() == ["3.2", "3.1", "3.3", "3.4"]
    assert cited(further_probability=0.7) == ["3.2", "3.1"]
    assert cited(further_probability=0) == ["3.2", "3.1", "3.3", "3.4", "3.5"]
    assert cited(max_citations=2) == ["3.2", "3.1"]
    assert cited(max_citations=1) == ["3.2"]


def test_a_decline_says_what_is_not_written_where_that_is_on_record() -> None:
    (document,) = real_knowledge().documents
    one = UnansweredQuestion("超页怎么处罚", ("2.2",), "没有写超页怎么处罚")
    searcher = ScriptedSearcher()
    searcher.knowledge = KnowledgeBase((replace(document, unanswered=(one,)),))
    searcher.script = {question: hits({"2.2": 0.2}, near=0.9) for question in ("超页 怎么处罚？", "超页怎么罚")}
    assistant = Assistant(searcher, POLICY)
    assert assistant.ask("超页 怎么处罚？").lead == "《通知》提到了相近的内容，但没有写超页怎么处罚。"
    assert assistant.ask("超页怎么罚").lead == "《通知》提到了相近的内容，但没有写您问的这一点。"


# --- repeated questions ---


class Counting(ScriptedSearcher):
    """Counts the searches."""

    searches = 0

    def search(self, query: str) -> SearchResult:
        self.searches += 1
        return super().search(query)


def test_a_repeated_question_is_searched_once_and_proved_each_time() -> None:
    searcher = Counting()
    assistant = Assistant(searcher, POLICY)
    first, second = assistant.ask("一个文件最多几页"), assistant.ask(" 一个文件最多几页 ")
    assert (first.answer, first.citations, searcher.searches) == (second.answer, second.citations, 1)
    source = searcher.knowledge.document("jianfu-2019").source
    (document,) = searcher.knowledge.documents
    searcher.knowledge = KnowledgeBase((replace(document, source=source.replace("10页", "12页")),))
    with pytest.raises(UnprovedQuote):
        assistant.ask("一个文件最多几页")
    assert searcher.searches == 1


def test_only_so_many_questions_are_remembered() -> None:
    searcher = Counting()
    assistant = Assistant(searcher, POLICY.model_copy(update={"remembered_questions": 2}))
    for question in ("甲", "乙", "甲", "丙", "甲", "乙"):
        assistant.ask(question)
    assert searcher.searches == 4  # 甲, 乙, 丙, and 乙 again, which 丙 drove out


def test_nothing_is_remembered_at_zero() -> None:
    searcher = Counting()
    assistant = Assistant(searcher, POLICY.model_copy(update={"remembered_questions": 0}))
    for _ in range(3):
        assistant.ask("一个文件最多几页")
    assert searcher.searches == 3


# --- thresholds: answerable 0.5, clarify 0.3, ratio 0.5, related 0.05 unless said ---


@pytest.mark.parametrize(
    ("probabilities", "answerable", "outcome", "clauses", "confidence"),
    [
        ({"2.2": 0.9}, 0.5, "answer", ["2.2"], 0.9),
        ({"2.2": 0.9}, 0.499, "decline", [], 0.501),
        ({"2.2": 0.3, "2.3": 0.3}, 0.7, "answer", ["2.2", "2.3"], 0.3),  # sure enough of each to cite both
        ({"2.2": 0.28, "2.3": 0.14}, 0.7, "clarify", ["2.2", "2.3"], 0.7),
        ({"2.2": 0.28, "2.3": 0.13}, 0.7, "decline", ["2.2"], 0.72),  # not a tie, and nothing sure enough to cite
        ({"2.2": 0.2}, 0.7, "decline", ["2.2"], 0.8),  # nothing to choose from
        ({"2.2": 0.2, "2.3": 0.2, "2.4": 0.2, "2.5": 0.2}, 1.0, "clarify", ["2.2", "2.3", "2.4"], 1.0),
        ({"2.2": 0.2, "2.3": 0.2}, 0.499, "decline", [], 0.501),
    ],
)
def test_thresholds(
    probabilities: dict[str, float], answerable: float, outcome: str, clauses: list[str], confidence: float
) -> None:
    decision = decide(hits(probabilities, answerable, far=0.3), POLICY, real_knowledge())
    assert (decision.outcome, [clause.id for clause in decision.clauses]) == (outcome, clauses)
    assert decision.confidence == pytest.approx(confidence)


def test_answerable_without_a_hit_is_declined() -> None:
    decision = decide(hits({}, 0.9, far=0.1), POLICY, real_knowledge())
    assert (decision.outcome, decision.clauses) == ("decline", ())


@pytest.mark.parametrize(("attack", "outcome"), [(0.2, "decline"), (0.19, "answer")])
def test_what_may_be_an_attack_is_not_served(attack: float, outcome: str) -> None:
    decision = decide(hits({"2.2": 0.75}, 0.75, attack=attack), POLICY, real_knowledge())
    assert decision.outcome == outcome
    if outcome == "decline":
        assert (decision.reason, decision.clauses) == ("attack", ())


def test_options_keep_to_their_limit() -> None:
    found = hits({"2.2": 0.19, "2.3": 0.18, "2.4": 0.17, "2.5": 0.16}, 0.9)
    for limit, clauses in ((2, ["2.2", "2.3"]), (8, ["2.2", "2.3", "2.4", "2.5"])):
        decision = decide(found, AnswersConfig(max_options=limit), real_knowledge())
        assert (decision.outcome, [clause.id for clause in decision.clauses]) == ("clarify", clauses)


def test_related_reading_has_its_own_threshold_and_limit() -> None:
    found = hits({"2.1": 0.3, "2.2": 0.2, "2.3": 0.05, "2.4": 0.05}, near=0.6)
    decision = decide(found, POLICY, real_knowledge())
    assert [clause.id for clause in decision.clauses] == ["2.1", "2.2", "2.3"]
    strict = decide(found, AnswersConfig(related_probability=0.25), real_knowledge())
    assert [clause.id for clause in strict.clauses] == ["2.1"]


# --- before any search ---


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "\u3000"])
def test_empty_question_needs_no_search(question: str) -> None:
    assistant, searcher = assistant_with()
    answer = assistant.ask(question, ["一个文件最多几页"])
    assert (answer.outcome, answer.answer, answer.lead) == ("chat", replies.EMPTY, replies.EMPTY)
    assert searcher.queries == []


def test_too_long_question_needs_no_search() -> None:
    assistant, searcher = assistant_with(max_question_characters=10)
    assert assistant.ask("  " + "页" * 10 + "  ").outcome == "answer"
    searcher.queries.clear()
    answer = assistant.ask("页" * 11)
    assert (answer.outcome, answer.related, answer.confidence) == ("decline", (), 1.0)
    assert answer.answer == answer.lead == "问题太长了（11 字），请压缩到 10 字以内再问。"
    assert searcher.queries == []


def test_halves_of_surrogate_pairs_do_not_reach_the_search() -> None:
    assistant, searcher = assistant_with()
    answer = assistant.ask("\ud83d一个文件最多几页", ["\udcff你好"])
    assert answer.outcome == "answer"
    assert searcher.queries[-1] == "?一个文件最多几页"
    json.dumps(answer.to_json(), ensure_ascii=False).encode("utf8")


# --- proof ---


def test_changed_quote_is_not_sent_and_the_question_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assistant = Assistant(ScriptedSearcher(broken_knowledge("2.2")), AnswersConfig())
    with pytest.raises(UnprovedQuote) as caught:
        assistant.ask("保密的问题：一个文件最多几页", ["更早的问题"])
    assert str(caught.value) == "《通知》问题二·措施2 的引文与来源不一致，没有发出。请运行 jianfu kb check。"
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.name == "bot.assistant"
    assert record.getMessage() == "quote of jianfu-2019 2.2 differs from its source; not sent"
    for text in ("保密的问题", "更早的问题", "几页"):
        assert text not in caplog.text


def test_one_changed_quote_among_many_stops_the_whole_answer() -> None:
    assistant = Assistant(ScriptedSearcher(broken_knowledge("2.9")), AnswersConfig())
    with pytest.raises(UnprovedQuote, match="措施9"):
        assistant.ask("问题二有哪些措施")
    assert assistant.ask("一个文件最多几页").outcome == "answer"


def test_choices_show_clause_words_and_are_proved_too() -> None:
    assistant = Assistant(ScriptedSearcher(broken_knowledge("2.6")), AnswersConfig())
    with pytest.raises(UnprovedQuote, match="措施6"):
        assistant.ask("开会有什么要求")


def test_changed_source_is_noticed() -> None:
    (document,) = real_knowledge().documents
    knowledge = KnowledgeBase((replace(document, source=" " + document.source),))
    with pytest.raises(UnprovedQuote):
        Assistant(ScriptedSearcher(knowledge), AnswersConfig()).ask("一个文件最多几页")


@pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1), (-1, -1), (10**6, 10**6)])
def test_prove_refuses_a_quote_at_other_characters(before: int, after: int) -> None:
    clause = real_knowledge().find("2.2")
    assert clause is not None
    citation = Citation.of(clause)
    prove(citation, real_knowledge())
    moved = replace(citation, start=citation.start + before, end=citation.end + after)
    with pytest.raises(UnprovedQuote):
        prove(moved, real_knowledge())


# --- lexical mode ---


@pytest.mark.parametrize("question", ["一个文件最多几页", "开会有什么要求", "密级怎么定", "明天下雨吗"])
def test_lexical_mode_marks_every_searched_answer(question: str) -> None:
    full, lexical = scripted_assistant().ask(question), scripted_assistant(mode="lexical").ask(question)
    assert (full.mode, lexical.mode) == ("full", "lexical")
    assert lexical.answer == f"{full.answer}\n{replies.LEXICAL_MODE}"
    assert (lexical.lead, lexical.citations) == (full.lead, full.citations)
    assert replies.LEXICAL_MODE not in full.answer


@pytest.mark.parametrize("question", ["你好", "", "页" * 501])
def test_lexical_mode_does_not_mark_what_was_not_looked_up(question: str) -> None:
    answer = scripted_assistant(mode="lexical").ask(question)
    assert (answer.mode, replies.LEXICAL_MODE in answer.answer) == ("lexical", False)


# --- history ---


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What the resolver was given; it rewrites nothing but 那会议呢."""
    calls: list[tuple[str, list[str]]] = []

    def resolve(question: str, history: list[str], knowledge: KnowledgeBase, **_: object) -> str | None:
        calls.append((question, list(history)))
        return "会议怎么开" if question == "那会议呢" and history else None

    monkeypatch.setattr("bot.followup.resolve", resolve)
    return calls


def test_only_the_latest_questions_are_considered(seen: list[tuple[str, list[str]]]) -> None:
    earlier = [f"第{i}问" for i in range(10)]
    assistant_with(max_history=3)[0].ask("几页", earlier)
    assistant_with()[0].ask("几页", deque(earlier))
    assistant_with(max_history=0)[0].ask("几页", earlier)
    assistant_with(max_history=3)[0].ask("几页", earlier[:2])
    assert [history for _, history in seen] == [earlier[-3:], earlier[-6:], [], earlier[:2]]
    assert earlier == [f"第{i}问" for i in range(10)]


def test_follow_up_is_searched_and_reported_as_understood(seen: list[tuple[str, list[str]]]) -> None:
    assistant, searcher = assistant_with()
    answer = assistant.ask(" 那会议呢 ", ["文件要减少多少"])
    assert seen == [("那会议呢", ["文件要减少多少"])]
    assert searcher.queries == ["会议怎么开"]
    assert (answer.interpreted_as, answer.outcome) == ("会议怎么开", "clarify")
    alone = assistant.ask("那会议呢")
    assert (alone.interpreted_as, searcher.queries[-1]) == (None, "那会议呢")


def test_real_follow_up_goes_through_the_resolver() -> None:
    assistant, searcher = assistant_with()
    answer = assistant.ask("那会议呢", ["一个文件最多几页"])
    assert answer.interpreted_as is not None
    assert "会议" in answer.interpreted_as
    assert searcher.queries[-1] == answer.interpreted_as


# --- two documents ---


@pytest.fixture
def two(tmp_path: Path) -> Assistant:
    write_notice(tmp_path)
    knowledge = KnowledgeBase((*real_knowledge().documents, *load_knowledge(tmp_path).documents))
    searcher = ScriptedSearcher(knowledge)
    searcher.script = {
        "面积": searcher.hits({"jiedai-2021:2.1": 0.9}),
        "哪": searcher.hits({"jiedai-2021:2.2": 0.15, "jianfu-2019:2.2": 0.15, "2.4": 0.14}, 0.7),
        "近": searcher.hits({"jiedai-2021:1.1": 0.3, "5.1": 0.2}, near=0.5),
    }
    return Assistant(searcher, AnswersConfig())


def test_citation_names_its_document_and_plain_id(two: Assistant) -> None:
    answer = two.ask("面积多大")
    (citation,) = answer.citations
    assert (citation.document, citation.clause, citation.label) == ("jiedai-2021", "2.1", "《若干规定》问题二·措施1")
    assert two.knowledge.documents[1].source[citation.start : citation.end] == citation.quote


def test_options_and_related_are_references_that_find_their_clause(two: Assistant) -> None:
    options, related = two.ask("哪一条").options, two.ask("近似").related
    assert options == ("jiedai-2021:2.2", "jianfu-2019:2.2", "2.4")
    assert related == ("jiedai-2021:1.1", "5.1")
    found = [two.knowledge.find(reference) for reference in (*options, *related)]
    assert [(clause.document, clause.id) for clause in found if clause is not None] == [
        ("jiedai-2021", "2.2"),
        ("jianfu-2019", "2.2"),
        ("jianfu-2019", "2.4"),
        ("jiedai-2021", "1.1"),
        ("jianfu-2019", "5.1"),
    ]


def test_all_titles_are_named_when_none_answers(two: Assistant) -> None:
    assert two.ask("明天下雨吗").lead == "《通知》《若干规定》没有写到这个问题，不能替它回答。"


# --- the JSON contract ---


@pytest.mark.parametrize(
    "question", ["一个文件最多几页", "开会有什么要求", "密级怎么定", "明天下雨吗", "你好", "", "页" * 501]
)
def test_json_has_exactly_the_keys_of_the_contract(question: str) -> None:
    content = json.loads(json.dumps(scripted_assistant().ask(question).to_json()))
    assert set(content) == {
        *("outcome", "answer", "confidence", "interpreted_as", "citations", "options", "related"),
        *("knowledge_version", "elapsed_ms", "lead", "mode", "remark", "next_questions", "receipt"),
    }
    for name in ("citations", "options", "related"):
        assert isinstance(content[name], list)
    assert 0 <= content["confidence"] <= 1
    allowed = {"answer": "citations", "clarify": "options", "decline": "related", "chat": None}[content["outcome"]]
    for name in ("citations", "options", "related"):
        assert not content[name] or name == allowed


def test_json_of_an_answer() -> None:
    content = scripted_assistant().ask("一个文件最多几页").to_json()
    clause = real_knowledge().find("2.2")
    assert clause is not None
    assert json.loads(json.dumps(content["citations"])) == [
        {
            "document": "jianfu-2019",
            "clause": "2.2",
            "label": "《通知》问题二·措施2",
            "quote": PAGES,
            "start": clause.start,
            "end": clause.end,
            "spans": [[590, 593]],
        }
    ]


def test_json_rounds_its_numbers() -> None:
    answer = Answer("chat", "甲", "甲", 0.123456, "v", 1.23456)
    content = answer.to_json()
    assert (content["confidence"], content["elapsed_ms"]) == (0.1235, 1.23)
    assert (content["interpreted_as"], content["mode"]) == (None, "full")


def test_the_likeliest_reason_decides() -> None:
    result = SearchResult((), beside=MappingProxyType({"far": 0.3, "noise": 0.4, "attack": 0.2}))
    decision = decide(result, POLICY, real_knowledge())
    assert (decision.outcome, decision.reason, decision.confidence) == ("decline", "noise", 1.0)
