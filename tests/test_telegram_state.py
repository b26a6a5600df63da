"""What the bot keeps of people and answers: thumbs, settings, receipts, and forgetting; in-process, on a real database."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from bot import replies
from bot.assistant import Assistant
from bot.channels.telegram_bot.receipt_text import receipt_sections
from bot.channels.telegram_bot.text import pack
from bot.config import AnswersConfig
from bot.state import tables
from bot.state.receipts import Receipt
from bot.state.state import State
from knowledge.base import KnowledgeBase
from tests.fakes import ScriptedSearcher, real_knowledge, scripted_assistant
from tests.states import state_at
from tests.telegram_chat import GROUP, Chat, ready, rows, shown
from tests.telegram_fake import Json, loaded, message_update, refusal

pytest_plugins = ["tests.states", "tests.telegram_chat"]


@pytest_asyncio.fixture
async def chat(open_chat: Callable[..., Any], state: State) -> Chat:
    """A bot that keeps things."""
    assistant = Assistant(ScriptedSearcher(), AnswersConfig(), state.receipts.keep)
    result: Chat = await open_chat(ready(assistant), state=state)
    return result


@pytest_asyncio.fixture
async def away(open_chat: Callable[..., Any], tmp_path: Path) -> Chat:
    """A bot whose database cannot be opened."""
    (tmp_path / "blocker").write_text("a file where the folder should be", "utf8")
    result: Chat = await open_chat(loaded(), state=state_at(f"sqlite:///{tmp_path}/blocker/x.db"))
    return result


def code_in(call: Json) -> str:
    found = re.search(r"凭据 <code>([0-9A-Z-]{14})</code>", call["text"])
    assert found
    return found[1]


def opinions(state: State) -> list[tuple[str, str, str, str, list[str]]]:
    with state.database.begin() as connection:
        return [
            (row.verdict, row.reason, row.question, row.outcome, json.loads(row.clauses))
            for row in connection.execute(select(tables.feedback).order_by(tables.feedback.c.subject))
        ]


# Receipts


async def test_an_answer_shows_its_receipt_and_its_thumbs(chat: Chat) -> None:
    [call] = await chat.say("几页")
    code = code_in(call)
    assert call["text"].splitlines()[-1] == f"凭据 <code>{code}</code>"
    assert rows(call)[-2:] == [["c:2.1", "c:2.3"], [f"u:{code}", f"d:{code}"]]
    [greeting] = await chat.say("你好")
    assert "凭据" not in greeting["text"]


async def test_a_genuine_receipt_shows_what_was_said_and_that_it_still_holds(chat: Chat) -> None:
    [answer] = await chat.say("几页")
    code = code_in(answer)
    for typed in (f"/verify {code}", f"凭据 {code.lower().replace('-', ' ')}"):
        [call] = await chat.say(typed)
        lines = call["text"].splitlines()
        assert lines[0].startswith(f"凭据 {code} 属实。20")
        assert lines[2] == "<b>《通知》问题二·措施2</b>"
        assert lines[3].startswith("<blockquote>中央印发的政策性文件原则上不超过10页")
        assert lines[4] == replies.TELEGRAM_VERIFY_SAME


async def test_a_declined_answers_receipt_lists_its_reading(chat: Chat) -> None:
    [answer] = await chat.say("密级")
    [call] = await chat.say(f"/verify {code_in(answer)}")
    assert "相关条文（供阅读，不是答案）：《通知》问题二·措施4。" in call["text"]


async def test_false_and_mistyped_receipts_are_told_apart(chat: Chat, state: State) -> None:
    never = Receipt.of(scripted_assistant().ask("几页")).code
    [unknown] = await chat.say(f"/verify {never}")
    assert unknown["text"] == replies.TELEGRAM_VERIFY_UNKNOWN.format(code=never)
    slip = never[:-1] + ("0" if never[-1] != "0" else "1")
    [mistyped] = await chat.say(f"/verify {slip}<b>")
    assert mistyped["text"] == replies.TELEGRAM_VERIFY_MISTYPED.format(typed=f"{slip}&lt;b&gt;")
    [usage] = await chat.say("/verify")
    assert usage["text"] == replies.TELEGRAM_VERIFY_USAGE


def test_a_clause_that_changed_or_went_is_said() -> None:
    first = real_knowledge().documents[0]
    receipt = Receipt.of(scripted_assistant().ask("几页"))
    other = tuple(replace(one, text="另一句") if one.id == "2.2" else one for one in first.clauses)
    gone = tuple(one for one in first.clauses if one.id != "2.2")
    for clauses, said in (
        (first.clauses, replies.TELEGRAM_VERIFY_SAME),
        (other, replies.TELEGRAM_VERIFY_CHANGED.format(reference="2.2")),
        (gone, replies.TELEGRAM_VERIFY_GONE),
    ):
        knowledge = KnowledgeBase((replace(first, clauses=clauses),))
        [part] = pack(receipt_sections(receipt, knowledge))
        assert part.plain.splitlines()[-1] == said
        assert "原则上不超过10页" in part.plain


# Thumbs


async def test_a_thumb_up_is_kept_with_what_was_said_and_no_question(chat: Chat, state: State) -> None:
    [answer] = await chat.say("几页")
    code = code_in(answer)
    calls = await chat.press(f"u:{code}", shown(answer))
    assert calls[0] == (
        "answerCallbackQuery",
        {**calls[0][1], "text": replies.TELEGRAM_FEEDBACK_UP, "show_alert": False},
    )
    assert opinions(state) == [("up", "", "", "answer", ["jianfu-2019:2.2"])]


async def test_a_complaint_takes_the_question_along_and_says_so(chat: Chat, state: State) -> None:
    [answer] = await chat.say("一个文件几页")
    code = code_in(answer)
    (_, told), (name, changed) = await chat.press(f"d:{code}", shown(answer))
    assert (told["text"], told["show_alert"]) == (replies.TELEGRAM_FEEDBACK_DOWN_ALONG, True)
    assert name == "editMessageReplyMarkup"
    assert rows(changed)[-2:] == [[f"w:{code}:w", f"w:{code}:i"], [f"w:{code}:s", f"w:{code}:n"]]
    assert rows(changed)[:-2] == rows(answer)[:-1]
    calls = await chat.press(f"w:{code}:i", shown(changed | {"chat_id": 42}))
    assert calls[0][1]["text"] == "谢谢，原因记下了：不完整。"
    assert rows(calls[1][1]) == rows(answer)
    assert opinions(state) == [("down", "incomplete", "一个文件几页", "answer", ["jianfu-2019:2.2"])]


async def test_a_person_has_one_opinion_on_an_answer_and_may_change_it(chat: Chat, state: State) -> None:
    [answer] = await chat.say("/ask 几页", chat=GROUP, user=42)
    code = code_in(answer)
    for verdict, user in (("d", 42), ("u", 43), ("u", 42), ("d", 43), ("u", 43)):
        await chat.press(f"{verdict}:{code}", shown(answer), user=user)
    assert opinions(state) == [("up", "", "", "answer", ["jianfu-2019:2.2"])] * 2
    [again] = await chat.say("/ask 几页", chat=GROUP, user=42)
    await chat.press(f"u:{code_in(again)}", shown(again, 1001))
    assert len(opinions(state)) == 3


async def test_nobody_sends_anothers_question_along(chat: Chat, state: State) -> None:
    [answer] = await chat.say("/ask 别人的问题几页", chat=GROUP, user=42)
    calls = await chat.press(f"d:{code_in(answer)}", shown(answer), user=43)
    assert (calls[0][1]["text"], calls[0][1]["show_alert"]) == (replies.TELEGRAM_FEEDBACK_DOWN, False)
    assert [one[2] for one in opinions(state)] == [""]


async def test_thumbs_work_after_a_restart(chat: Chat, state: State, open_chat: Callable[..., Any]) -> None:
    [answer] = await chat.say("几页")
    later = await open_chat(loaded(), state=state)
    calls = await later.press(f"d:{code_in(answer)}", shown(answer))
    assert calls[0][1]["text"] == replies.TELEGRAM_FEEDBACK_DOWN
    assert opinions(state) == [("down", "", "", "answer", ["jianfu-2019:2.2"])]


@pytest.mark.parametrize("data", ["u:zzz", "w:{code}:x", "w:{code}", "d:", "s:admin"])
async def test_forged_thumbs_get_an_alert(chat: Chat, state: State, data: str) -> None:
    [answer] = await chat.say("几页")
    [(_, call)] = await chat.press(data.format(code=code_in(answer)), shown(answer))
    assert call["text"] == replies.TELEGRAM_UNKNOWN_BUTTON
    assert opinions(state) == []


async def test_an_opinion_on_an_answer_never_given_is_not_kept(chat: Chat, state: State) -> None:
    never = Receipt.of(scripted_assistant().ask("几页")).code
    [(_, call)] = await chat.press(f"u:{never}")
    assert call["text"] == replies.TELEGRAM_FEEDBACK_UNKNOWN
    assert opinions(state) == []


async def test_buttons_that_cannot_be_changed_cost_nothing(chat: Chat, state: State) -> None:
    [answer] = await chat.say("几页")
    chat.request.script["editMessageReplyMarkup"] = [refusal(400, "Bad Request: message can't be edited")]
    calls = await chat.press(f"d:{code_in(answer)}", shown(answer))
    assert [name for name, _ in calls] == ["answerCallbackQuery", "editMessageReplyMarkup"]
    assert len(opinions(state)) == 1


# Settings


async def test_switches_are_turned_in_place_and_change_answers(chat: Chat) -> None:
    [call] = await chat.say("/settings")
    assert rows(call) == [["s:full_quotes"], ["s:next_questions"]]
    labels = [row[0]["text"] for row in call["reply_markup"]["inline_keyboard"]]
    assert labels == ["长引文：折叠", "推荐问题：显示"]
    [folded] = await chat.say("/ask 措施")
    assert "<blockquote expandable>" in folded["text"] or "<blockquote>" in folded["text"]
    for name in ("full_quotes", "next_questions"):
        calls = await chat.press(f"s:{name}", shown(call))
        assert [one for one, _ in calls] == ["answerCallbackQuery", "editMessageText"]
    labels = [row[0]["text"] for row in calls[1][1]["reply_markup"]["inline_keyboard"]]
    assert labels == ["长引文：全部展开", "推荐问题：不显示"]
    [answer] = await chat.say("几页")
    assert [row for row in rows(answer) if row[0].startswith("a:")] == []
    [other] = await chat.say("几页", user=43)
    assert [row for row in rows(other) if row[0].startswith("a:")] != []


async def test_settings_belong_to_a_private_chat(chat: Chat) -> None:
    [call] = await chat.say("/settings@Fixture_bot", chat=GROUP)
    assert call["text"] == replies.TELEGRAM_SETTINGS_PRIVATE


# Forgetting


async def test_forgetting_deletes_what_is_kept_of_one_person(chat: Chat, state: State) -> None:
    for user in (42, 43):
        [answer] = await chat.say("几页", user=user)
        await chat.press(f"d:{code_in(answer)}", shown(answer, 1000 + user - 42), user=user)
        await chat.press("s:full_quotes", user=user)
    [call] = await chat.say("忘记我")
    assert call["text"] == replies.TELEGRAM_FORGOTTEN.format(feedback=1, settings=1, cards=0, reminders=0, questions=1)
    [again] = await chat.say("/forget")
    assert again["text"] == replies.TELEGRAM_FORGOTTEN.format(feedback=0, settings=0, cards=0, reminders=0, questions=0)
    assert [one[2] for one in opinions(state)] == ["几页"]
    assert state.people.settings("telegram:43").full_quotes
    assert not state.people.settings("telegram:42").full_quotes


async def test_after_forgetting_a_complaint_has_no_question(chat: Chat, state: State) -> None:
    [answer] = await chat.say("几页")
    await chat.say("/forget")
    await chat.press(f"d:{code_in(answer)}", shown(answer))
    assert [one[2] for one in opinions(state)] == [""]


# A database that is away


async def test_without_a_database_answers_go_on_and_the_rest_is_refused_politely(away: Chat) -> None:
    [answer] = await away.say("几页")
    assert "原则上不超过" in answer["text"]
    code = Receipt.of(scripted_assistant().ask("几页")).code
    [verify] = await away.say(f"/verify {code}")
    [settings] = await away.say("/settings")
    assert (verify["text"], settings["text"]) == (replies.TELEGRAM_STATE_AWAY,) * 2
    [forget] = await away.say("/forget")
    assert forget["text"] == replies.TELEGRAM_FORGOTTEN_PARTLY.format(questions=1)
    for data in (f"u:{code}", "s:full_quotes"):
        [(_, call)] = await away.press(data)
        assert (call["text"], call["show_alert"]) == (replies.TELEGRAM_STATE_AWAY, True)


async def test_every_sentence_of_an_alert_fits(chat: Chat) -> None:
    for name in ("FEEDBACK_UP", "FEEDBACK_DOWN", "FEEDBACK_DOWN_ALONG", "FEEDBACK_UNKNOWN", "STATE_AWAY"):
        assert len(getattr(replies, f"TELEGRAM_{name}")) <= 200


async def test_no_question_is_kept_of_who_does_not_complain(chat: Chat, state: State, tmp_path: Path) -> None:
    await chat.feed(message_update("绝密的问题几页"))
    [answer] = chat.sent
    await chat.press(f"u:{code_in(answer)}", shown(answer))
    with state.database.begin() as connection:
        stored = [str(row) for table in (tables.feedback, tables.receipts) for row in connection.execute(select(table))]
    assert len(stored) == 2
    assert "绝密" not in "".join(stored)
