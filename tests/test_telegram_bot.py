"""The handlers in-process: real updates in, recorded Bot API calls out (each judged by aiogram's schema)."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import NetworkError, TimedOut

from bot import replies
from bot.answer import Answer
from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels import telegram_bot
from bot.channels.telegram_bot import delivery
from bot.config import AnswersConfig, TelegramConfig
from knowledge.errors import JianfuError
from tests.fakes import ScriptedSearcher
from tests.telegram_chat import GROUP, Chat, ready, rows
from tests.telegram_fake import BOT_USER, TOKEN, Json, bot_message, loaded, mention, message_update, refusal, until

pytest_plugins = ["tests.telegram_chat"]


# Commands


async def test_start_explains_in_three_lines_with_examples(chat: Chat) -> None:
    [call] = await chat.say("/start")
    assert len(call["text"].splitlines()) == 3
    assert "《关于解决形式主义突出问题为基层减负的通知》" in call["text"]
    assert rows(call) == [["q:0"], ["q:1"], ["q:2"], ["q:3"], ["q:4"], ["q:5"], ["o"]]
    assert call["reply_markup"]["inline_keyboard"][0][0]["text"] == replies.EXAMPLES[0]


async def test_help_and_unknown_commands_show_the_help(chat: Chat) -> None:
    for command in ("/help", "/nosuch 2"):
        [call] = await chat.say(command)
        assert call["text"].startswith(replies.help_text())


async def test_ask_answers_as_a_reply_without_preview(chat: Chat) -> None:
    update = message_update("/ask 一个文件最多几页")
    await chat.feed(update)
    [call] = chat.sent
    assert call["text"].startswith(
        "<b>《通知》问题二·措施2</b>写明：\n<blockquote>中央印发的政策性文件原则上不超过<b>10页</b>"
    )
    assert call["parse_mode"] == "HTML"
    assert call["reply_parameters"] == {
        "message_id": update["message"]["message_id"],
        "allow_sending_without_reply": True,
    }
    assert call["link_preview_options"] == {"is_disabled": True}
    assert rows(call) == [["a:2.2:0"], ["a:2.3:0"], ["a:2.1:0"], ["c:2.1", "c:2.3"]]
    assert chat.request.calls[0] == ("sendChatAction", {"chat_id": 42, "action": "typing"})


async def test_ask_without_a_question_says_how(chat: Chat) -> None:
    [call] = await chat.say("/ask  ")
    assert call["text"] == replies.TELEGRAM_ASK_USAGE


async def test_ask_in_reply_to_a_persons_message_takes_that_as_the_question(chat: Chat) -> None:
    replied = message_update("文件最多几页", user=5, chat=GROUP)["message"]
    [call] = await chat.say("/ask", chat=GROUP, reply_to_message=replied)
    assert "政策性文件原则上不超过" in call["text"]


@pytest.mark.parametrize("argument", ["2.2", " ２.２ ", "2。2", "jianfu-2019:2.2"])
async def test_source_shows_the_clause(chat: Chat, argument: str) -> None:
    [call] = await chat.say(f"/source {argument}")
    assert call["text"] == (
        "<b>《通知》问题二·措施2</b>\n"
        "<blockquote>中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。</blockquote>"
    )
    assert rows(call) == [["c:2.1", "c:2.3"], ["c:2", "o"]]


async def test_source_without_a_known_clause_says_how(chat: Chat) -> None:
    [missing] = await chat.say("/source")
    assert missing["text"] == replies.TELEGRAM_SOURCE_USAGE
    [wrong] = await chat.say("/source 9.9<b>")
    assert wrong["text"] == "没有编号为 9.9&lt;b&gt; 的条款。编号如 0、2、2.2、5.1。\n" + replies.TELEGRAM_SOURCE_USAGE


# Outcomes


async def test_clarify_offers_clauses_that_open_as_new_messages(chat: Chat) -> None:
    [call] = await chat.say("开会有什么要求")
    assert rows(call) == [["n:2.5"], ["n:2.6"]]
    calls = await chat.press("n:2.6")
    assert [name for name, _ in calls] == ["answerCallbackQuery", "sendMessage"]
    assert "严禁随意拔高会议规格" in calls[1][1]["text"]


async def test_decline_says_what_can_be_asked(chat: Chat) -> None:
    [near] = await chat.say("密级怎么定")
    assert replies.WHAT_CAN_BE_ASKED in near["text"]
    assert rows(near) == [["n:2.4"], ["a:2.4:0"], ["a:2.5:0"], ["a:2.3:0"]]
    [far] = await chat.say("今天天气")
    assert far["text"].startswith("《通知》没有写到这个问题")
    assert "reply_markup" not in far


async def test_chat_and_lexical_mode(open_chat: Callable[..., Any]) -> None:
    chat = await open_chat(loaded(mode="lexical"))
    [greeting] = await chat.say("你好")
    assert rows(greeting)[0] == ["q:0"]
    [answer] = await chat.say("几页")
    assert answer["text"].endswith(replies.LEXICAL_MODE)


class Listening(Assistant):
    """Records the history that each question comes with, and claims to have understood it by that."""

    def __init__(self) -> None:
        super().__init__(ScriptedSearcher(), AnswersConfig())
        self.histories: list[list[str]] = []

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        self.histories.append(list(history))
        meant = f"{history[-1]}<{question}>" if history else None
        return dataclasses.replace(super().ask(question), interpreted_as=meant)


async def test_a_follow_up_shows_how_it_was_understood(open_chat: Callable[..., Any]) -> None:
    chat = await open_chat(ready(Listening()))
    await chat.say("文件最多几页")
    [call] = await chat.say("那地方呢")
    assert call["text"].startswith("按「文件最多几页&lt;那地方呢&gt;」理解\n")


# Groups


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("/ask 几页", {}),
        ("/ask@Fixture_bot 几页", {}),
        ("😀@fixture_BOT，几页", mention("😀@fixture_BOT")),
        ("几页 @Fixture_bot", mention("几页 @Fixture_bot")),
        ("@我 几页", {"entities": [{"type": "text_mention", "offset": 0, "length": 2, "user": BOT_USER}]}),
        ("几页", {"reply_to_message": bot_message(GROUP)}),
        ("/source@Fixture_bot 2.2", {}),
    ],
)
async def test_in_a_group_the_bot_answers_when_addressed(chat: Chat, text: str, fields: Json) -> None:
    [call] = await chat.say(text, chat=GROUP, **fields)
    assert "政策性文件原则上不超过" in call["text"]
    assert call["chat_id"] == GROUP


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("文件最多几页", {}),
        ("@other_bot 几页", mention("@other_bot 几页")),
        ("/ask@other_bot 几页", {}),
        ("/help", {}),
        ("/source 2.2", {}),
        ("/nosuch", {}),
        ("@Fixture_bot 几页", {}),  # no entity: the name stands in a link or in code
        ("几页", {"reply_to_message": message_update("x", user=5, chat=GROUP)["message"]}),
        ("几页", {"reply_to_message": bot_message(GROUP, forum_topic_created={"name": "t", "icon_color": 1})}),
        (None, {"sticker": {"file_id": "a", "file_unique_id": "b", "type": "regular", "width": 1, "height": 1,
                            "is_animated": False, "is_video": False}}),
    ],
)  # fmt: skip
async def test_in_a_group_the_bot_is_silent_otherwise(chat: Chat, text: str | None, fields: Json) -> None:
    await chat.say(text, chat=GROUP, **fields)
    assert chat.request.calls == []


async def test_the_mention_is_not_part_of_the_question(open_chat: Callable[..., Any]) -> None:
    searcher = ScriptedSearcher()
    chat = await open_chat(ready(Assistant(searcher, AnswersConfig())))
    await chat.say("𠮷@Fixture_bot ，一个文件几页", chat=GROUP, **mention("𠮷@Fixture_bot"))
    await chat.say("@Fixture_bot ：一个文件几页", chat=GROUP, **mention("@Fixture_bot"))
    assert searcher.queries == ["𠮷 ，一个文件几页", "一个文件几页"]


async def test_answers_stay_in_their_topic(chat: Chat) -> None:
    [call] = await chat.say("/ask 几页", chat=GROUP, message_thread_id=9, is_topic_message=True)
    assert call["message_thread_id"] == 9
    assert chat.request.calls[0][1]["message_thread_id"] == 9
    # A chain of replies in an ordinary group has an id too, which sendMessage would refuse.
    [call] = await chat.say("/ask 几页", chat=GROUP, message_thread_id=9)
    assert "message_thread_id" not in call


# Buttons


async def test_the_outline_is_walked_in_one_message(chat: Chat) -> None:
    [outline] = await chat.say("/problems")
    assert rows(outline) == [["c:1"], ["c:2"], ["c:3"], ["c:4"], ["c:5"], ["o"]][:5]
    message = bot_message(message_id=500)
    seen = []
    for data in ("c:2", "c:2.2", "c:2.3", "c:2", "o"):
        [(first, _), (second, call)] = await chat.press(data, message)
        assert (first, second) == ("answerCallbackQuery", "editMessageText")
        assert call["message_id"] == 500
        seen.append((call["text"].splitlines()[0], rows(call)))
    assert seen[0][0] == "<b>《通知》问题二</b>"
    assert seen[0][1] == [[f"c:2.{i}"] for i in range(1, 10)] + [["o"]]
    assert seen[1] == ("<b>《通知》问题二·措施2</b>", [["c:2.1", "c:2.3"], ["c:2", "o"]])
    assert seen[2][0] == "<b>《通知》问题二·措施3</b>"
    assert seen[3] == seen[0]
    assert seen[4] == (replies.TELEGRAM_PROBLEMS, [["c:1"], ["c:2"], ["c:3"], ["c:4"], ["c:5"]])


async def test_the_first_and_last_clause_have_one_neighbour(chat: Chat) -> None:
    assert rows((await chat.press("c:0"))[1][1]) == [["c:1"], ["o"]]
    assert rows((await chat.press("c:5.3"))[1][1]) == [["c:5.2"], ["c:5", "o"]]


@pytest.mark.parametrize("data", ["c:9.9", "n:;drop", "q:77", "zzz", "c:../../etc", "q:"])
async def test_forged_buttons_get_an_alert(chat: Chat, data: str) -> None:
    [(name, call)] = await chat.press(data)
    assert name == "answerCallbackQuery"
    assert (call["text"], call["show_alert"]) == (replies.TELEGRAM_UNKNOWN_BUTTON, True)


async def test_an_example_button_asks_its_question(chat: Chat) -> None:
    calls = await chat.press("q:0")
    assert calls[0][0] == "answerCallbackQuery"
    assert calls[-1][1]["text"].startswith("问：一个文件最多几页\n<b>《通知》问题二·措施2</b>写明：")


async def test_a_press_is_answered_while_a_question_is_worked_on(open_chat: Callable[..., Any]) -> None:
    chat = await open_chat(loaded(delay=0.5))
    question = asyncio.create_task(chat.feed(message_update("几页")))
    await until(lambda: chat.request.named("sendChatAction"))
    await chat.press("c:2.2")
    assert chat.request.named("editMessageText")
    assert chat.sent == []
    await question
    assert len(chat.sent) == 1


async def test_buttons_of_very_old_messages_still_work(chat: Chat) -> None:
    inaccessible = {"chat": {"id": 42, "type": "private", "first_name": "A"}, "message_id": 5, "date": 0}
    chat.request.script["editMessageText"] = [refusal(400, "Bad Request: message to edit not found")]
    calls = await chat.press("c:2.2", inaccessible)
    assert [name for name, _ in calls] == ["answerCallbackQuery", "editMessageText", "sendMessage"]
    assert calls[2][1]["text"].startswith("<b>《通知》问题二·措施2</b>")


# Other messages


async def test_pictures_get_one_sentence_an_album(chat: Chat) -> None:
    photo = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]
    await chat.feed(*(message_update(None, photo=photo, media_group_id="g") for _ in range(3)))
    await chat.say(None, voice={"file_id": "a", "file_unique_id": "b", "duration": 1})
    assert [call["text"] for call in chat.sent] == [replies.TELEGRAM_TEXT_ONLY] * 2


async def test_service_messages_are_left_alone(chat: Chat) -> None:
    await chat.say(None, pinned_message=bot_message())
    assert chat.request.calls == []


async def test_stale_messages_are_skipped_with_a_word_once_a_chat(chat: Chat) -> None:
    long_ago = int(time.time()) - 25 * 3600
    for text in ("几页", "/ask 几页", "/start"):
        await chat.say(text, date=long_ago)
    await chat.say("/ask 几页", date=long_ago, chat=GROUP)
    await chat.say("随便说说", date=long_ago, chat=GROUP, user=8)  # not meant for the bot, then or now
    assert [(call["chat_id"], call["text"]) for call in chat.sent] == [
        (42, replies.TELEGRAM_STALE),
        (GROUP, replies.TELEGRAM_STALE),
    ]
    [answer] = await chat.say("几页", date=int(time.time()) - 23 * 3600)
    assert "政策性文件原则上不超过" in answer["text"]


# History


async def test_history_belongs_to_a_person_in_a_topic_and_start_clears_it(open_chat: Callable[..., Any]) -> None:
    assistant = Listening()
    chat = await open_chat(ready(assistant))
    for number in range(8):
        await chat.say(f"页{number}")
    await chat.say("/ask 页", chat=GROUP)
    await chat.say("/ask 页", chat=GROUP, message_thread_id=3, is_topic_message=True)
    await chat.say("/ask 页", chat=GROUP, user=43)
    await chat.say("/start")
    await chat.say("页")
    assert assistant.histories[7] == [f"页{number}" for number in range(1, 7)]
    assert assistant.histories[8:] == [[], [], [], []]


# Order


@pytest.mark.fault(11)
async def test_the_same_update_five_times_gives_one_answer(chat: Chat) -> None:
    update = message_update("几页")
    await chat.feed(*[update] * 4)
    await chat.feed(update)
    assert len(chat.sent) == 1


@pytest.mark.fault(13)
async def test_a_chat_is_answered_in_order_while_others_go_on(open_chat: Callable[..., Any]) -> None:
    class Uneven(ScriptedSearcher):
        def search(self, query: str) -> Any:
            time.sleep(0.4 if "慢" in query else 0.0)
            return super().search(query)

    chat = await open_chat(ready(Assistant(Uneven(), AnswersConfig())))
    updates = [message_update("慢，几页", user=1), *(message_update(f"{n}页", user=1) for n in range(3))]
    await chat.feed(*updates, message_update("几页", user=2))
    assert [call["chat_id"] for call in chat.sent] == [2, 1, 1, 1, 1]
    assert [call["reply_parameters"]["message_id"] for call in chat.sent[1:]] == [
        update["message"]["message_id"] for update in updates
    ]
    assert chat.application.update_processor.open_locks == 0


async def test_typing_is_kept_up_while_working(open_chat: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "TYPING_SECONDS", 0.05)
    chat = await open_chat(loaded(delay=0.4))
    await chat.say("几页")
    names = [name for name, _ in chat.request.calls]
    assert names.count("sendChatAction") >= 4
    assert names[-1] == "sendMessage"


# Loading


async def test_a_question_waits_for_the_assistant(open_chat: Callable[..., Any]) -> None:
    gate = threading.Event()

    def build(_: Any) -> Assistant:
        gate.wait(5)
        return Assistant(ScriptedSearcher(), AnswersConfig())

    background = BackgroundAssistant(build)
    background.start()
    chat = await open_chat(background, patience_seconds=5)
    await chat.application.start()
    question = asyncio.create_task(chat.feed(message_update("几页")))
    await until(lambda: chat.request.named("sendChatAction"))
    assert chat.sent == []
    [(name, call)] = await chat.press("c:2.2")
    assert (name, call["text"]) == ("answerCallbackQuery", replies.LOADING_QUESTION.format(stage="启动"))
    gate.set()
    await question
    assert "政策性文件原则上不超过" in chat.sent[0]["text"]
    await chat.application.stop()


@pytest.mark.parametrize("command", ["几页", "/problems", "/source 2.2", "/start"])
async def test_patience_with_a_slow_start_ends(open_chat: Callable[..., Any], command: str) -> None:
    chat = await open_chat(
        BackgroundAssistant(lambda _: Assistant(ScriptedSearcher(), AnswersConfig())), patience_seconds=0
    )
    [call] = await chat.say(command)
    assert call["text"] == "还在准备（启动），请稍等片刻再问。"


async def test_a_failed_start_is_said_without_internals(open_chat: Callable[..., Any]) -> None:
    def build(_: Any) -> Assistant:
        raise JianfuError("/secret/path is broken")

    background = BackgroundAssistant(build)
    background.start()
    chat = await open_chat(background)
    [call] = await chat.say("几页")
    assert call["text"] == replies.TELEGRAM_FAILED
    [(_, call)] = await chat.press("c:2.2")
    assert call["text"] == replies.TELEGRAM_FAILED


# Refusals and errors


@pytest.mark.fault(19)
async def test_refused_html_is_sent_plain(chat: Chat) -> None:
    chat.request.script["sendMessage"] = [refusal(400, "Bad Request: can't parse entities: unsupported tag")]
    first, second = await chat.say("几页")
    assert first["parse_mode"] == "HTML"
    assert "parse_mode" not in second
    assert second["text"].startswith("《通知》问题二·措施2写明：\n中央印发的政策性文件原则上不超过10页")
    assert rows(second)[-1] == ["c:2.1", "c:2.3"]
    chat.request.script["editMessageText"] = [refusal(400, "Bad Request: can't parse entities: x")]
    assert [name for name, _ in await chat.press("c:2.2")] == ["answerCallbackQuery", *["editMessageText"] * 2]


async def test_an_edit_that_changes_nothing_is_a_success(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    chat.request.script["editMessageText"] = [refusal(400, "Bad Request: message is not modified: specified new …")]
    assert [name for name, _ in await chat.press("c:2.2")] == ["answerCallbackQuery", "editMessageText"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_message_that_cannot_be_edited_is_sent_anew(chat: Chat) -> None:
    chat.request.script["editMessageText"] = [refusal(400, "Bad Request: message can't be edited")]
    calls = await chat.press("c:2.2")
    assert [name for name, _ in calls] == ["answerCallbackQuery", "editMessageText", "sendMessage"]


async def test_a_press_too_old_to_acknowledge_still_shows(chat: Chat) -> None:
    chat.request.script["answerCallbackQuery"] = [
        refusal(400, "Bad Request: query is too old and response timeout expired or query id is invalid")
    ]
    assert [name for name, _ in await chat.press("c:2.2")] == ["answerCallbackQuery", "editMessageText"]


async def test_who_blocked_the_bot_is_let_be(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    chat.request.script["sendMessage"] = [refusal(403, "Forbidden: bot was blocked by the user")]
    assert len(await chat.say("几页")) == 1
    assert [record.levelname for record in caplog.records if "blocked" in record.getMessage()] == ["INFO"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_group_that_became_a_supergroup_is_followed(chat: Chat) -> None:
    chat.request.script["sendMessage"] = [
        refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100777)
    ]
    first, second = await chat.say("/ask 几页", chat=GROUP)
    assert (first["chat_id"], second["chat_id"]) == (GROUP, -100777)
    assert "reply_parameters" not in second


async def test_a_closed_topic_falls_back_to_the_group(chat: Chat) -> None:
    chat.request.script["sendMessage"] = [refusal(400, "Bad Request: message thread not found")]
    first, second = await chat.say("/ask 几页", chat=GROUP, message_thread_id=9, is_topic_message=True)
    assert first["message_thread_id"] == 9
    assert "message_thread_id" not in second


@pytest.mark.fault(10)
async def test_network_failures_are_tried_again(chat: Chat) -> None:
    chat.request.script["sendMessage"] = [NetworkError("down"), TimedOut()]
    chat.request.script["sendChatAction"] = [NetworkError("down")]
    assert len(await chat.say("几页")) == 3


async def test_429_is_waited_for(chat: Chat) -> None:
    chat.request.script["sendMessage"] = [refusal(429, "Too Many Requests: retry after 1", retry_after=1)]
    started = time.monotonic()
    assert len(await chat.say("几页")) == 2
    assert time.monotonic() - started >= 1.0


async def test_an_error_is_told_by_its_number_and_logged_without_the_question(
    open_chat: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(ScriptedSearcher):
        def search(self, query: str) -> Any:
            raise ValueError(f"cannot handle {query} {TOKEN}")

    caplog.set_level(logging.DEBUG)
    chat = await open_chat(ready(Assistant(Broken(), AnswersConfig())))
    [call] = await chat.say("隐私问题几页")
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert isinstance(record.args, tuple)
    trace = record.args[0]
    assert call["text"] == replies.TELEGRAM_ERROR.format(trace=trace)
    assert len(str(trace)) == 8
    assert "in search" in caplog.text
    assert "隐私" not in caplog.text
    assert TOKEN not in caplog.text


async def test_an_error_behind_a_button_still_acknowledges_it(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("bot.channels.telegram_bot.handlers.presses.clause_view", broken)
    calls = await chat.press("c:2.2")
    assert [name for name, _ in calls] == ["sendMessage", "answerCallbackQuery"]
    assert "（编号 " in calls[0][1]["text"]


# Construction


def test_a_missing_token_and_a_bad_proxy_are_said_in_chinese() -> None:
    for token in (None, "", "has space"):
        with pytest.raises(JianfuError, match="JIANFU_TELEGRAM_TOKEN"):
            telegram_bot.create_application(loaded(), TelegramConfig(), token)
    with pytest.raises(JianfuError, match=r"telegram\.proxy"):
        telegram_bot.create_application(loaded(), TelegramConfig(proxy="what://x"), TOKEN)


def test_addresses_and_pools_come_from_the_configuration() -> None:
    config = TelegramConfig(base_url="http://127.0.0.1:9/bot", base_file_url="http://127.0.0.1:9/file/bot")
    bot = telegram_bot.create_application(loaded(), config, TOKEN).bot
    assert bot.base_url == f"http://127.0.0.1:9/bot{TOKEN}"
    assert bot.base_file_url == f"http://127.0.0.1:9/file/bot{TOKEN}"
    assert bot.request is not bot._request[0]
    assert isinstance(bot.rate_limiter, delivery.AIORateLimiter)


async def test_typing_does_not_use_up_a_groups_messages() -> None:
    limiter, calls = delivery.RateLimiter(group_max_rate=1), SimpleNamespace(count=0)

    async def call() -> bool:
        calls.count += 1
        return True

    async with asyncio.timeout(2):
        for _ in range(30):
            await limiter.process_request(call, (), {}, "sendChatAction", {"chat_id": GROUP}, None)
        await limiter.process_request(call, (), {}, "sendMessage", {"chat_id": GROUP}, None)
    assert calls.count == 31
