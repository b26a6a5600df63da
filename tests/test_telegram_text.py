from __future__ import annotations

import dataclasses
import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import replies
from bot.answer import Answer, Citation
from bot.assistant import UnprovedQuote
from bot.channels.telegram_bot.buttons import answer_buttons, clause_view, examples, outline_view, read_press
from bot.channels.telegram_bot.history import Conversation, History
from bot.channels.telegram_bot.log import redact
from bot.channels.telegram_bot.order import KeyedLocks, RecentKeys
from bot.channels.telegram_bot.text import Block, answer_sections, pack, quote_text, utf16_length
from knowledge.base import KnowledgeBase
from tests.fakes import real_knowledge, scripted_assistant
from tests.telegram_fake import TOKEN, read_html

# Text of every kind that matters: Chinese, HTML's own marks, characters outside the basic plane, line breaks.
texts = st.text(st.sampled_from("会议文件<>&\"'\n ab😀𠮷。é"), min_size=0, max_size=120)
blocks = st.builds(Block, texts, st.sampled_from(["text", "bold", "quote"]))
sections = st.lists(st.lists(blocks, min_size=1, max_size=3).map(tuple), max_size=8)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(sections, st.integers(8, 200))
@settings(max_examples=300, deadline=None)
def test_packing_keeps_every_word_and_every_limit(content: list[tuple[Block, ...]], limit: int) -> None:
    parts = pack(content, limit=limit, entities=5)
    everything = "".join(block.text for section in content for block in section)
    assert squeezed("".join(part.plain for part in parts)) == squeezed(everything)
    shown_quotes: list[str] = []
    for part in parts:
        visible, quotes = read_html(part.html)
        assert visible == part.plain
        assert 0 < utf16_length(visible) <= limit
        assert part.html.count("<b>") + part.html.count("<blockquote") <= 5
        shown_quotes.extend(quotes)
    for section in content:
        for block in section:
            if block.form == "quote" and block.text.strip() and utf16_length(block.text) <= limit:
                assert block.text in shown_quotes


@given(sections, st.integers(30, 200))
@settings(max_examples=150, deadline=None)
def test_a_label_stays_with_its_quote_where_both_fit(content: list[tuple[Block, ...]], limit: int) -> None:
    plains = [part.plain for part in pack(content, limit=limit)]
    for section in content:
        whole = "\n".join(block.text for block in section if block.text.strip())
        if whole and utf16_length(whole) <= limit:
            assert any(whole in plain for plain in plains)


def test_a_quote_longer_than_a_message_is_cut_between_characters() -> None:
    quote = "😀" * 5000
    parts = pack([(Block("标题", "bold"), Block(quote, "quote"))])
    assert [utf16_length(part.plain) for part in parts] == [2, 4096, 4096, 1808]
    assert "".join(part.plain for part in parts) == "标题" + quote
    assert all(part.html.startswith("<blockquote expandable>") for part in parts[1:])


def test_an_answer_is_its_lead_label_and_quote_in_html() -> None:
    [part] = pack(answer_sections(scripted_assistant().ask("最多几页")))
    assert part.html == (
        "<b>《通知》问题二·措施2</b>写明：\n"
        "<blockquote>中央印发的政策性文件原则上不超过<b>10页</b>，地方和部门也要按此从严掌握。</blockquote>"
    )


def test_a_whole_problem_shows_the_heading_and_each_measure() -> None:
    [part] = pack(answer_sections(scripted_assistant().ask("有哪些措施")))
    _, quotes = read_html(part.html)
    assert quotes[0] == "问题二：文山会海反弹回潮\n解决方法：严格控制层层发文、层层开会"
    assert quotes[1:] == [real_knowledge().find(f"2.{i}").text for i in range(1, 10)]  # type: ignore[union-attr]
    assert part.plain.startswith("《通知》问题二，共 9 条措施：\n《通知》问题二\n")
    assert "<b>《通知》问题二·措施9</b>" in part.html


def test_marks_of_html_in_clauses_names_and_questions_are_escaped() -> None:
    quote = "若 a<b 且 b>c & “d”"
    answer = Answer(
        outcome="answer",
        answer="",
        lead="有 2 条写到<i>：",
        confidence=1.0,
        knowledge_version="v",
        elapsed_ms=1.0,
        interpreted_as="<b>注入</b> & 其他",
        citations=(Citation("d", "1", "《A&B》<1>", quote, 0, 9), Citation("d", "2", "x", quote, 0, 9)),
        mode="lexical",
    )
    [part] = pack(answer_sections(answer))
    assert part.html.splitlines() == [
        "按「&lt;b&gt;注入&lt;/b&gt; &amp; 其他」理解",
        "有 2 条写到&lt;i&gt;：",
        "<b>《A&amp;B》&lt;1&gt;</b>",
        "<blockquote>若 a&lt;b 且 b&gt;c &amp; “d”</blockquote>",
        "<b>x</b>",
        "<blockquote>若 a&lt;b 且 b&gt;c &amp; “d”</blockquote>",
        html.escape(replies.LEXICAL_MODE, quote=False),
    ]


def test_long_quotes_fold_and_short_ones_do_not() -> None:
    assert Block("长" * 151, "quote").html.startswith("<blockquote expandable>")
    assert Block("长" * 150, "quote").html.startswith("<blockquote>")


@pytest.mark.parametrize("clause", list(real_knowledge()), ids=lambda clause: clause.id)
def test_a_shown_quote_has_the_clauses_words(clause) -> None:  # type: ignore[no-untyped-def]
    [part] = clause_view(clause, real_knowledge()).parts
    _, [quote] = read_html(part.html)
    assert squeezed(quote) == squeezed(clause.text).replace("●", "")  # as Clause.display leaves it out
    assert quote == quote_text(clause.text)


def test_clarify_lists_the_choices_and_offers_them_as_buttons() -> None:
    answer = scripted_assistant().ask("开会")
    [part] = pack(answer_sections(answer))
    assert part.plain.startswith(replies.CLARIFY + "\n1. 《通知》问题二·措施5：少开会")
    markup = answer_buttons(answer, real_knowledge())
    assert markup is not None
    assert [(row[0].text, row[0].callback_data) for row in markup.inline_keyboard] == [
        ("《通知》问题二·措施5", "n:2.5"),
        ("《通知》问题二·措施6", "n:2.6"),
    ]


def test_an_answer_leads_to_the_clauses_before_and_after() -> None:
    ask, knowledge = scripted_assistant().ask, real_knowledge()

    def buttons(question: str) -> list[tuple[str, object]]:
        markup = answer_buttons(ask(question), knowledge)
        assert markup is not None
        return [(button.text, button.callback_data) for button in markup.inline_keyboard[0]]

    assert buttons("几页") == [("‹ 问题二·措施1", "c:2.1"), ("问题二·措施3 ›", "c:2.3")]
    assert buttons("措施") == [("‹ 问题一·措施4", "c:1.4"), ("问题三 ›", "c:3")]


def test_a_decline_offers_related_clauses() -> None:
    answer = scripted_assistant().ask("密级是什么")
    [part] = pack(answer_sections(answer))
    assert "相关条文（供阅读，不是答案）：《通知》问题二·措施4。" in part.plain
    assert replies.WHAT_CAN_BE_ASKED in part.plain
    markup = answer_buttons(answer, real_knowledge())
    assert markup is not None
    assert markup.inline_keyboard[0][0].callback_data == "n:2.4"


def test_every_button_keeps_telegrams_limits() -> None:
    knowledge = real_knowledge()
    views = [outline_view(knowledge), *(clause_view(clause, knowledge) for clause in knowledge)]
    keyboards = [view.markup for view in views if view.markup] + [examples()]
    assert len(keyboards) == len(list(knowledge)) + 2
    for button in (button for keyboard in keyboards for row in keyboard.inline_keyboard for button in row):
        assert 0 < len(button.text) <= 64
        assert isinstance(button.callback_data, str)
        assert 0 < len(button.callback_data.encode()) <= 64
        assert read_press(button.callback_data) is not None


def test_outline_has_the_headings_in_order() -> None:
    markup = outline_view(real_knowledge()).markup
    assert markup is not None
    assert [row[0].callback_data for row in markup.inline_keyboard] == ["c:1", "c:2", "c:3", "c:4", "c:5"]
    assert markup.inline_keyboard[1][0].text == "问题二：文山会海反弹回潮"


def test_two_notices_with_the_same_ids_keep_their_buttons_apart() -> None:
    first = real_knowledge().documents[0]
    second = dataclasses.replace(
        first,
        id="other",
        short_title="若干规定",
        clauses=tuple(dataclasses.replace(clause, document="other") for clause in first.clauses),
    )
    knowledge = KnowledgeBase((first, second))
    markup = outline_view(knowledge).markup
    assert markup is not None
    assert len(markup.inline_keyboard) == 10
    assert markup.inline_keyboard[9][0].callback_data == "c:other:5"
    assert markup.inline_keyboard[9][0].text.startswith("《若干规定》")


def test_a_clause_that_left_its_source_is_not_shown() -> None:
    first = real_knowledge().documents[0]
    forged = dataclasses.replace(first.clauses[0], text="从没写过的话")
    knowledge = KnowledgeBase((dataclasses.replace(first, clauses=(forged, *first.clauses[1:])),))
    with pytest.raises(UnprovedQuote):
        clause_view(forged, knowledge)


@given(st.text(max_size=80))
@settings(deadline=None)
def test_forged_button_ids_never_crash(data: str) -> None:
    press = read_press(data)
    assert press is None or press.kind in ("edit", "new", "outline", "example")


@pytest.mark.parametrize("data", [None, "", "x:1", "q:99", "q:-1", "q:一", "c:", "c:2.2 ", "o:1", "c:" + "9" * 63])
def test_unknown_button_ids_are_refused(data: str | None) -> None:
    assert read_press(data) is None


def test_history_is_bounded_in_length_number_and_time() -> None:
    now = [0.0]
    history = History(questions=6, conversations=3, lifetime_seconds=100, clock=lambda: now[0])
    someone = Conversation(1, None, 1)
    for number in range(8):
        history.add(someone, str(number))
    assert history.earlier(someone) == ["2", "3", "4", "5", "6", "7"]
    assert history.earlier(Conversation(1, 5, 1)) == []
    for user in (2, 3, 4):
        history.add(Conversation(1, None, user), "q")
    assert history.earlier(someone) == []
    assert len(history) == 3
    now[0] = 101.0
    assert history.earlier(Conversation(1, None, 4)) == []
    assert len(history) == 0


def test_history_can_be_cleared_for_one_person() -> None:
    history = History()
    history.add(Conversation(1, None, 1), "a")
    history.add(Conversation(1, None, 2), "b")
    history.clear(Conversation(1, None, 1))
    assert (history.earlier(Conversation(1, None, 1)), history.earlier(Conversation(1, None, 2))) == ([], ["b"])


def test_recent_keys_forget_the_oldest() -> None:
    recent = RecentKeys(2)
    assert [recent.add(key) for key in (1, 1, 2, 3, 1)] == [True, False, True, True, True]
    assert len(recent) == 2


async def test_locks_that_nobody_holds_are_dropped() -> None:
    locks = KeyedLocks()
    async with locks.hold("a"), locks.hold("b"):
        assert len(locks) == 2
    assert len(locks) == 0


def test_tokens_are_redacted_plain_and_percent_encoded() -> None:
    assert redact(f"POST https://x/bot{TOKEN}/getMe") == "POST https://x/bot<token>/getMe"
    assert redact(TOKEN.replace(":", "%3A")) == "<token>"
    assert redact("12:30, 问题 1234567") == "12:30, 问题 1234567"


@pytest.mark.parametrize(
    "text", ["a < b", "<b>x", "<u>x</u>", "x</b>", '<b class="x">y</b>', "<b><blockquote>x</b></blockquote>"]
)
def test_the_fakes_html_reader_is_as_strict_as_telegram(text: str) -> None:
    with pytest.raises(ValueError, match=r"tag"):
        read_html(text)
