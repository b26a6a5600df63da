"""Commands, words, links, edits and inline mode in-process: what a person may type, and what comes back."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot import replies
from bot.answer import Answer
from bot.assistant import Assistant
from bot.channels.telegram_bot.answered import Answered, Exchange
from bot.channels.telegram_bot.deep_links import Link, read_link
from bot.channels.telegram_bot.handlers import questions
from bot.channels.telegram_bot.words import read_word
from bot.config import AnswersConfig
from tests.fakes import ScriptedSearcher, real_knowledge
from tests.telegram_chat import GROUP, Chat, ready, rows, shown
from tests.telegram_fake import (
    Json,
    edit_update,
    inline_update,
    loaded,
    member_update,
    mention,
    message_update,
    read_html,
    refusal,
)

pytest_plugins = ["tests.telegram_chat"]

PAGES = "政策性文件原则上不超过"


class Listening(Assistant):
    """Records each question with its history."""

    def __init__(self) -> None:
        super().__init__(ScriptedSearcher(), AnswersConfig())
        self.heard: list[tuple[str, list[str]]] = []

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        self.heard.append((question, list(history)))
        return super().ask(question)


# Words


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("目录", ("problems", "")),
        (" 帮助？", ("help", "")),
        ("设置", ("settings", "")),
        ("忘记我", ("forget", "")),
        ("可信吗？", ("trust", "")),
        ("问", ("ask", "")),
        ("问 一个文件最多几页", ("ask", "一个文件最多几页")),
        ("问：几页", ("ask", "几页")),
        ("凭据", ("verify", "")),
        ("凭据 abcd-efgh-jkmn", ("verify", "abcd-efgh-jkmn")),
        ("凭据ABCD", ("verify", "ABCD")),
        ("问责的干部还能用吗", None),
        ("问题三有哪些措施", None),
        ("凭据怎么查", None),
        ("目录在哪", None),
        ("设置议事协调机构有什么要求", None),
        ("帮助企业算不算", None),
        ("忘记我说的", None),
        ("", None),
    ],
)
def test_words_are_commands_only_when_they_stand_alone(text: str, read: tuple[str, str] | None) -> None:
    assert read_word(text) == read


async def test_words_do_what_commands_do_in_a_private_chat(chat: Chat) -> None:
    for word, expected in [
        ("目录", replies.TELEGRAM_PROBLEMS),
        ("帮助", replies.help_text()),
        ("可信吗", replies.TRUST_TITLE),
        ("问", replies.TELEGRAM_ASK_USAGE),
        ("凭据", replies.TELEGRAM_VERIFY_USAGE),
    ]:
        [call] = await chat.say(word)
        assert call["text"].startswith(expected)
    [call] = await chat.say("问 文件几页")
    assert PAGES in call["text"]
    assert await chat.say("目录", chat=GROUP) == []


# Deep links


def payload(question: str) -> str:
    return "q_" + base64.urlsafe_b64encode(question.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("c_2-2", Link("clause", "2.2")),
        ("c_0", Link("clause", "0")),
        ("c_jianfu-2019_2-2", Link("clause", "jianfu-2019:2.2")),
        (payload("一个文件最多写几页？"), Link("question", "一个文件最多写几页？")),
        ("q_", None),
        ("q_!!!!", None),
        ("q_A", None),
        ("q_gICA", None),
        ("q_AAAA", None),
        ("x_2", None),
        ("", None),
        ("c_" + "9" * 63, None),
    ],
)
def test_links_are_read(text: str, link: Link | None) -> None:
    assert read_link(text) == link


async def test_a_link_opens_a_clause_or_asks_a_question(chat: Chat) -> None:
    [clause] = await chat.say("/start c_2-2")
    assert clause["text"].startswith("<b>《通知》问题二·措施2</b>\n<blockquote>")
    [answer] = await chat.say(f"/start {payload('文件几页')}")
    assert answer["text"].startswith("问：文件几页\n<b>《通知》问题二·措施2</b>写明：")


@pytest.mark.parametrize("bad", ["c_9-9", "q_gICA", "hello", "c_<b>"])
async def test_a_link_that_leads_nowhere_is_an_ordinary_start_with_a_word(chat: Chat, bad: str) -> None:
    [call] = await chat.say(f"/start {bad}")
    assert call["text"].startswith(replies.TELEGRAM_BAD_LINK + "\n您好！")
    assert rows(call)[0] == ["q:0"]


# Going on


async def test_a_next_question_is_asked_as_the_person_who_pressed(open_chat: Callable[..., Any]) -> None:
    assistant = Listening()
    chat = await open_chat(ready(assistant))
    [answer] = await chat.say("/ask 几页", chat=GROUP, user=42)
    await chat.press("a:2.3:0", shown(answer), user=43)
    await chat.press("a:2.3:0", shown(answer), user=42)
    assert assistant.heard == [("几页", []), ("第2.3条说的是几页吗", []), ("第2.3条说的是几页吗", ["几页"])]
    assert chat.sent[-1]["text"].startswith("问：第2.3条说的是几页吗\n")
    assert chat.sent[-1]["chat_id"] == GROUP


@pytest.mark.parametrize("data", ["a:2.3:7", "a:9.9:0", "a:2.3:x", "a::0", "a:2.3"])
async def test_an_offered_question_that_is_gone_is_said(chat: Chat, data: str) -> None:
    [(name, call)] = await chat.press(data)
    assert (name, call["text"]) == ("answerCallbackQuery", replies.TELEGRAM_UNKNOWN_BUTTON)


async def test_a_clause_leads_to_what_is_related(open_chat: Callable[..., Any]) -> None:
    class Related(ScriptedSearcher):
        def related(self, clause: Any) -> tuple[Any, ...]:
            found = (self.knowledge.find(reference) for reference in ("2.3", "3.1", "3.2", "3.3"))
            return tuple(one for one in found if one is not None)

    chat = await open_chat(ready(Assistant(Related(), AnswersConfig())))
    calls = await chat.press("c:2.2")
    assert rows(calls[-1][1]) == [["c:2.1", "c:2.3"], ["c:3.1", "c:3.2"], ["c:2", "o"]]
    assert calls[-1][1]["reply_markup"]["inline_keyboard"][1][0]["text"] == "相关：问题三·措施1"


# Edits


async def test_an_edited_question_is_answered_in_the_place_of_its_answer(open_chat: Callable[..., Any]) -> None:
    assistant = Listening()
    chat = await open_chat(ready(assistant))
    asked = message_update("密级")["message"]
    await chat.say("你好")
    await chat.feed({"update_id": 1, "message": asked})
    [(name, call)] = await chat.edit(asked, "几页")
    assert (name, call["message_id"]) == ("editMessageText", 1001)
    assert PAGES in call["text"]
    await chat.say("还有呢")
    assert assistant.heard[-2:] == [("几页", ["你好"]), ("还有呢", ["你好", "几页"])]


async def test_an_edit_that_leaves_the_question_as_it_was_is_nothing_new(chat: Chat) -> None:
    asked = message_update("几页")["message"]
    await chat.feed({"update_id": 1, "message": asked})
    assert await chat.edit(asked, "几页") == []
    assert len(await chat.edit(asked, "密级")) == 1
    assert await chat.edit(asked, "密级") == []


async def test_an_answer_that_is_gone_is_sent_anew(chat: Chat) -> None:
    asked = message_update("密级")["message"]
    await chat.feed({"update_id": 1, "message": asked})
    chat.request.script["editMessageText"] = [refusal(400, "Bad Request: message to edit not found")]
    assert [name for name, _ in await chat.edit(asked, "几页")] == ["editMessageText", "sendMessage"]
    [(name, call)] = await chat.edit(asked, "密级")
    assert (name, call["message_id"]) == ("editMessageText", 1001)


async def test_an_edit_in_a_group_that_moved_is_sent_there(chat: Chat) -> None:
    asked = message_update("/ask 密级", chat=GROUP)["message"]
    await chat.feed({"update_id": 1, "message": asked})
    chat.request.script["editMessageText"] = [
        refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100777)
    ]
    assert (await chat.edit(asked, "/ask 几页"))[-1][1]["chat_id"] == -100777


async def test_an_answer_that_was_longer_loses_what_is_left_over(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = message_update("措施")["message"]
    with monkeypatch.context() as small:
        whole = questions.pack
        small.setattr(questions, "pack", lambda sections: whole(sections, limit=250))
        await chat.feed({"update_id": 1, "message": asked})
    count = len(chat.sent)
    assert count > 2
    calls = await chat.edit(asked, "几页")
    assert [name for name, _ in calls] == ["editMessageText", *["deleteMessage"] * (count - 1)]
    assert rows(calls[0][1])[-1] == ["c:2.1", "c:2.3"]


async def test_after_a_restart_only_recent_edits_are_answered(chat: Chat) -> None:
    now = int(time.time())
    [(name, _)] = await chat.edit(message_update("密级", date=now - 60)["message"], "几页")
    assert name == "sendMessage"
    assert await chat.edit(message_update("密级", date=now - 3600)["message"], "几页") == []
    stale = edit_update(message_update("密级", date=now - 90_000)["message"], "几页", edit_date=now - 88_000)
    await chat.feed(stale)
    assert len(chat.sent) == 1


async def test_an_edit_may_turn_a_message_into_a_question(chat: Chat) -> None:
    said = message_update("几页", chat=GROUP)["message"]
    await chat.feed({"update_id": 1, "message": said})
    assert chat.sent == []
    [(name, _)] = await chat.edit(said, "@Fixture_bot 几页", **mention("@Fixture_bot 几页"))
    assert name == "sendMessage"
    for text in ("/help", "目录", "/ask@other_bot 几页", "/ask"):
        assert await chat.edit(message_update("几页")["message"], text) == []


def test_exchanges_are_bounded_and_found_both_ways() -> None:
    answered = Answered(limit=2)
    for number in range(3):
        answered.add(Exchange(1, number, 42, f"q{number}", (100 + number, 200 + number)))
    assert answered.to_question(1, 0) is None
    assert answered.by_answer(1, 100) is None
    assert answered.by_answer(1, 202) == answered.to_question(1, 2) == Exchange(1, 2, 42, "q2", (102, 202))
    answered.add(Exchange(1, 2, 42, "new", (102,)))
    assert answered.by_answer(1, 202) is None
    assert len(answered) == 2
    answered.forget(42)
    assert (len(answered), answered.by_answer(1, 102)) == (0, None)


# Inline mode


async def listed(chat: Chat, text: str) -> Json:
    before = len(chat.request.calls)
    await chat.feed(inline_update(text))
    [(name, call)] = chat.request.calls[before:]
    assert name == "answerInlineQuery"
    return call


async def test_inline_mode_lists_the_clauses_that_answer(chat: Chat) -> None:
    call = await listed(chat, "文件几页")
    [result] = call["results"]
    assert (result["id"], result["title"]) == ("jianfu-2019:2.2", "《通知》问题二·措施2")
    assert result["description"].startswith("中央印发的政策性文件原则上不超过10页")
    visible, [quote] = read_html(result["input_message_content"]["message_text"])
    assert quote == "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。"
    assert visible.endswith("——《关于解决形式主义突出问题为基层减负的通知》（中央办公厅，2019年）")
    assert (call["cache_time"], call["is_personal"]) == (30, False)
    assert [one["id"] for one in (await listed(chat, "会"))["results"]] == ["jianfu-2019:2.5", "jianfu-2019:2.6"]


async def test_inline_mode_says_what_is_not_written(chat: Chat) -> None:
    [result] = (await listed(chat, "今天天气"))["results"]
    assert result["title"] == "《通知》没有写"
    assert result["input_message_content"]["message_text"] == "《通知》没有写到这个问题，不能替它回答。"


@pytest.mark.parametrize("text", ["", "   ", "你好"])
async def test_inline_mode_begins_with_the_outline(chat: Chat, text: str) -> None:
    results = (await listed(chat, text))["results"]
    assert [one["title"] for one in results] == [f"《通知》{name}" for name in HEADINGS]


HEADINGS = ["问题一", "问题二", "问题三", "问题四", "贯彻落实"]


async def test_an_inline_query_waits_for_no_question_and_only_the_latest_counts(
    open_chat: Callable[..., Any],
) -> None:
    chat = await open_chat(loaded(delay=0.3))
    question = asyncio.create_task(chat.feed(message_update("几页")))
    typed = [inline_update(text) for text in ("文", "文件", "文件几", "文件几页")]
    await chat.feed(*typed, inline_update("几页", user=7))
    answered = [call["inline_query_id"] for call in chat.request.named("answerInlineQuery")]
    assert typed[-1]["inline_query"]["id"] in answered
    assert len(answered) < 5
    await question
    assert len(chat.sent) == 1


async def test_inline_refusals_are_mended_or_let_be(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    chat.request.script["answerInlineQuery"] = [refusal(400, "Bad Request: can't parse entities: x")]
    await chat.feed(inline_update("几页"))
    _, plain = chat.request.named("answerInlineQuery")
    assert "parse_mode" not in plain["results"][0]["input_message_content"]
    caplog.clear()
    chat.request.script["answerInlineQuery"] = [
        refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    ]
    await chat.feed(inline_update("几页"))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_headings_are_what_the_notice_has() -> None:
    assert [clause.label for clause in real_knowledge() if clause.is_heading] == [
        f"《通知》{name}" for name in HEADINGS
    ]


# Being let in and out


async def test_a_group_is_greeted_once_when_the_bot_is_let_in(chat: Chat) -> None:
    await chat.feed(member_update("left", "member", chat=GROUP), member_update("member", "kicked", chat=GROUP))
    [call] = chat.sent
    assert call["text"] == replies.TELEGRAM_GROUP_HELLO.format(name="Fixture_bot")


async def test_who_blocks_the_bot_is_forgotten(open_chat: Callable[..., Any]) -> None:
    assistant = Listening()
    chat = await open_chat(ready(assistant))
    await chat.say("几页")
    await chat.feed(member_update("member", "kicked"))
    await chat.feed(member_update("kicked", "member"))
    await chat.say("那会呢")
    assert assistant.heard[-1] == ("那会呢", [])
    assert len(chat.sent) == 2
