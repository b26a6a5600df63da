"""Keeping the knowledge from a private chat, against a loopback Bot API server: link, send a file, preview, publish, go back."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot import replies
from bot.accounts.linking import Linking
from bot.channels.telegram_bot import delivery
from bot.channels.telegram_bot.handlers.desk import person
from bot.channels.telegram_bot.keeping import proposals, room, runs, words
from bot.kb import draft_words
from bot.kb.changes import ClauseEdit
from bot.kb.workshop import Workshop
from bot.state.database import StateUnavailable
from knowledge.errors import JianfuError
from tests.admins import add_roles
from tests.keeping import Kept, installation
from tests.sent_notice import NOTICE, word_file
from tests.telegram_fake import (
    TOKEN,
    Json,
    TelegramFake,
    bot_message,
    message_update,
    press_update,
    read_html,
    until,
)
from tests.test_telegram_server import Bot, fake

__all__ = ["fake"]

APPROVER, EDITOR, STRANGER = 42, 43, 99
DEADLINE = 120


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_RETRY_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(room, "EDIT_SECONDS", 0.05)
    monkeypatch.setattr(proposals, "LOOK_SECONDS", 0.02)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with installation(tmp_path) as made:
        add_roles(made.state)
        yield made


class Talk:
    """The bot and the people who talk to it."""

    def __init__(self, fake: TelegramFake, kept: Kept) -> None:
        self.fake = fake
        self.kept = kept
        self.bot: Bot | None = None
        self.files = 0

    async def start(self) -> None:
        """Start the bot, or start it again as another process would."""
        await self.stop()
        kept = self.kept
        self.bot = await Bot(self.fake, "polling", kept.background, kept.state, workshop=kept.workshop).ready()

    async def stop(self) -> None:
        if self.bot is not None:
            await self.bot.close()
            self.bot = None

    async def say(self, text: str, *, user: int = APPROVER, **fields: object) -> str:
        """Send a message; the text of the reply."""
        return (await self.reply(message_update(text, user=user, **fields)))["text"]

    async def reply(self, update: Json) -> Json:
        before = len(self.fake.sent())
        await self.fake.enqueue_update(update, token=TOKEN)
        await until(lambda: len(self.fake.sent()) > before)
        return self.fake.sent()[-1]

    async def link(self, user: int, name: str) -> None:
        code = Linking(self.kept.state).code(name)
        assert words.LINKED.split("「", maxsplit=1)[0] in await self.say(f"/admin {code}", user=user)

    def sent_file(self, name: str, content: bytes, *, user: int = APPROVER, **fields: object) -> Json:
        """An update with a document that the server gives out."""
        self.files += 1
        file_id = f"file-{self.files}"
        self.fake.assets[file_id] = {"data": content, "size": len(content)}
        document = {
            "file_id": file_id,
            "file_unique_id": f"{file_id}-unique",
            "file_name": name,
            "file_size": len(content),
            **fields.pop("document", {}),  # type: ignore[dict-item]
        }
        return message_update(None, user=user, document=document, **fields)

    async def send(self, name: str, content: bytes, *, user: int = APPROVER, **fields: object) -> int:
        """Send a file; the id of the message that answers, once it is more than a progress."""
        await self.fake.enqueue_update(self.sent_file(name, content, user=user, **fields), token=TOKEN)
        before = self.last(user)
        await until(lambda: self.last(user) > before, DEADLINE)
        message_id = self.last(user)
        await until(lambda: not self.text(message_id, user).endswith(("……", "%")), DEADLINE)
        return message_id

    def last(self, user: int = APPROVER) -> int:
        return max((number for chat, number in self.fake.messages if chat == user), default=0)

    def text(self, message_id: int, user: int = APPROVER) -> str:
        return read_html(self.fake.messages[user, message_id][0])[0]

    def buttons(self, message_id: int, user: int = APPROVER) -> dict[str, str]:
        markup = self.fake.messages[user, message_id][1]
        rows = json.loads(markup)["inline_keyboard"] if markup else []
        return {button["text"]: button["callback_data"] for row in rows for button in row}

    async def press(self, message_id: int, label: str, *, user: int = APPROVER) -> str:
        """Press the button that begins so; what the press is answered with."""
        data = next(data for text, data in self.buttons(message_id, user).items() if text.startswith(label))
        return await self.press_data(message_id, data, user=user)

    async def press_data(self, message_id: int, data: str, *, user: int = APPROVER) -> str:
        before = self.fake.count("answerCallbackQuery")
        await self.fake.enqueue_update(press_update(data, bot_message(user, message_id), user=user), token=TOKEN)
        await until(lambda: self.fake.count("answerCallbackQuery") > before, DEADLINE)
        return [fields for name, fields in self.fake.calls if name == "answerCallbackQuery"][-1].get("text", "")

    async def previewed(self, message_id: int, user: int = APPROVER) -> str:
        """The text of a proposal's message once its preview is made."""
        ready = (words.BUTTON_SHOW, words.BUTTON_AGAIN)
        await until(lambda: any(one in self.buttons(message_id, user) for one in ready), DEADLINE)
        return self.text(message_id, user)

    async def shows(self, message_id: int, text: str, user: int = APPROVER) -> None:
        """Wait until a message says something."""
        await until(lambda: text in self.text(message_id, user), DEADLINE)

    async def answer(self, text: str, reason: str, *, user: int = APPROVER) -> str:
        """Reply to a message of the bot."""
        return await self.say(reason, user=user, reply_to_message=bot_message(user, text=text))


@pytest_asyncio.fixture
async def talk(fake: TelegramFake, kept: Kept) -> AsyncIterator[Talk]:
    made = Talk(fake, kept)
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def linked(talk: Talk) -> Talk:
    await talk.link(APPROVER, "approver")
    return talk


def yaml_of(kept: Kept) -> bytes:
    return (kept.root / "shipped" / "documents" / "jiedai-2021.yaml").read_bytes()


def head(kept: Kept) -> int:
    entry = kept.state.versions.head()
    return entry.seq if entry is not None else 0


# --- linking ---


async def test_a_code_links_one_private_chat_once(talk: Talk, kept: Kept) -> None:
    assert await talk.say("/admin", user=EDITOR) == words.NOT_LINKED
    code = Linking(kept.state).code("editor")
    assert "编辑" in await talk.say(f"/admin {code.lower().replace('-', ' ')}", user=EDITOR)
    assert words.YOU.split("「", maxsplit=1)[0] in await talk.say("/admin", user=EDITOR)
    assert "连接码不对，或已用过" in await talk.say(f"/admin {code}", user=STRANGER)
    assert await talk.say("/admin", user=STRANGER) == words.NOT_LINKED
    with kept.state.database.begin() as connection:
        [(stored, name)] = connection.exec_driver_sql("SELECT person, account FROM account_links").all()
    assert (name, len(stored)) == ("editor", 64)
    assert stored == kept.state.database.hashed("link", person(EDITOR))


async def test_codes_expire_are_replaced_and_cannot_be_guessed(talk: Talk, kept: Kept) -> None:
    old = Linking(kept.state).code("editor")
    new = Linking(kept.state).code("editor", now=1.0)
    for code in (old, new):
        assert "连接码不对" in await talk.say(f"/admin {code}", user=EDITOR)
    for _ in range(4):
        await talk.say("/admin 00000-00000", user=EDITOR)
    good = Linking(kept.state).code("editor")
    assert "试得太多了" in await talk.say(f"/admin {good}", user=EDITOR)
    assert await talk.say("/admin", user=EDITOR) == words.NOT_LINKED


@pytest.mark.parametrize("name", ["reader", "trainer", "nobody"])
def test_only_who_may_change_something_gets_a_code(kept: Kept, name: str) -> None:
    with pytest.raises(JianfuError, match=r"不能连接|没有账号"):
        Linking(kept.state).code(name)


async def test_a_link_ends_with_the_account_the_role_the_password_and_on_request(talk: Talk, kept: Kept) -> None:
    accounts, links = kept.state.accounts, Linking(kept.state)
    endings: list[Callable[[], object]] = [
        lambda: accounts.set_disabled("editor", True),
        lambda: (accounts.set_disabled("editor", False), accounts.set_role("editor", "reader")),
        lambda: accounts.set_password("editor", "x"),
        lambda: links.unlink("editor"),
    ]
    for end in endings:
        accounts.set_disabled("editor", False)
        accounts.set_role("editor", "editor")
        await talk.link(EDITOR, "editor")
        end()
        assert links.keeper(person(EDITOR)) is None
        assert await talk.say("/admin", user=EDITOR) == words.NOT_LINKED
    accounts.set_role("editor", "editor")
    await talk.link(EDITOR, "editor")
    assert words.FORGOTTEN in await talk.say("/forget", user=EDITOR)
    assert words.FORGOTTEN not in await talk.say("/forget", user=EDITOR)
    await talk.link(EDITOR, "editor")
    await talk.say("/admin", user=EDITOR)
    before = len(talk.fake.sent())
    await talk.press(talk.last(EDITOR), words.BUTTON_UNLINK, user=EDITOR)
    await until(lambda: len(talk.fake.sent()) > before)
    assert links.keeper(person(EDITOR)) is None


async def test_only_who_is_linked_hears_of_it_and_never_in_a_group(linked: Talk) -> None:
    assert words.HELP.strip() in await linked.say("/help")
    assert words.HELP.strip() not in await linked.say("/help", user=STRANGER)
    assert await linked.say("/admin@Fixture_bot", chat=-1001) == words.PRIVATE
    menus = [fields["commands"] for name, fields in linked.fake.calls if name == "setMyCommands"]
    assert menus
    assert not any('"admin"' in one for one in menus)


# --- files that are not taken ---


async def test_a_stranger_and_a_reader_are_told_what_the_bot_is_for(talk: Talk, kept: Kept) -> None:
    await talk.link(EDITOR, "editor")
    kept.state.accounts.set_role("editor", "reader")
    for user in (STRANGER, EDITOR):
        assert (await talk.reply(talk.sent_file("a.docx", b"x", user=user)))["text"] == words.NOT_FOR_FILES
    assert talk.fake.count("getFile") == 0
    for data in ("k:y", "k:u", "k:P:0badf00d:1", "k:b:1:2"):
        assert await talk.press_data(1, data, user=STRANGER) == words.NOT_YOURS
    for data in ("k:z", "k:P:../../et:1", "k:b:1", "k:"):
        assert await talk.press_data(1, data, user=STRANGER) == replies.TELEGRAM_UNKNOWN_BUTTON


def bomb() -> bytes:
    stream = io.BytesIO(word_file(NOTICE))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/media/big.bin", b"\0" * (3 * 1024 * 1024))
    return stream.getvalue()


def macro() -> bytes:
    stream = io.BytesIO(word_file(NOTICE))
    with zipfile.ZipFile(stream, "a") as package:
        package.writestr("word/vbaProject.bin", b"x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.docx", bomb(), "像是压缩炸弹"),
        ("a.docx", macro(), "里面有宏"),
        ("a.docm", word_file(NOTICE), "带宏的 Word 文件（.docm）"),
        ("a.docx", b"PK\x03\x04 broken", "不是完好的 .docx 文件"),
        ("a.txt", b"", "文件是空的"),
        ("a.exe", b"MZ", "不能导入以「.exe」结尾的文件"),
        ("../../a.yaml", b"a: &a [1]\nb: *a\n", "a.yaml:1"),
        ("a.yaml", b"x: " + b"[" * 50 + b"]" * 50, "a.yaml:1"),
        ("a.yaml", b"document: {}\n", "没有 document.id"),
        ("a.yml", b"document:\n  id: other\n", "没有编号为 other 的通知"),
    ],
)
async def test_a_bad_file_is_refused_with_its_name_and_a_remedy(
    linked: Talk, kept: Kept, name: str, content: bytes, said: str
) -> None:
    message = await linked.send(name, content)
    assert said in linked.text(message)
    assert "/tmp" not in linked.text(message)
    assert linked.buttons(message) == {}
    assert kept.workshop.drafts.all() == []


async def test_a_file_that_is_too_large_or_gone_is_not_fetched(linked: Talk) -> None:
    huge = linked.sent_file("a.docx", b"x", document={"file_size": 21 * 1024 * 1024})
    assert "文件太大（21 MB），最大 20 MB" in (await linked.reply(huge))["text"]
    assert linked.fake.count("getFile") == 0
    update = linked.sent_file("a.docx", b"x")
    linked.fake.assets.clear()
    await linked.fake.enqueue_update(update, token=TOKEN)
    await until(lambda: any(text == words.NOT_FETCHED for text, _ in linked.fake.messages.values()))


# --- from a file to live answers ---


async def test_a_word_file_goes_live_and_back(linked: Talk, kept: Kept) -> None:
    message = await linked.send("会议通知.docx", word_file(NOTICE), caption="huiyi")
    report = linked.text(message)
    assert "《青禾县人民政府办公室关于规范会议活动的通知》的草稿：5 条" in report
    assert "来源的每个字都有着落" in report
    assert "编号 huiyi" in report
    suggested = re.search(r"拟了 (\d+) 个问题", report)
    assert suggested is not None
    before = len(linked.fake.sent())
    await linked.press(message, words.BUTTON_CLAUSES)
    await until(lambda: len(linked.fake.sent()) > before)
    assert "每次会议不得超过90分钟" in linked.fake.sent()[-1]["text"]
    await linked.press(message, words.BUTTON_SUBMIT_WITH[:7])
    text = await linked.previewed(message)
    assert "approver的提议：导入《青禾县人民政府办公室关于规范会议活动的通知》" in text
    assert "改了什么：新增 5 条。" in text
    assert re.search(r"已知问题 \d+ 个，[1-9]\d* 个的回答会变。", text)
    assert "把关通过。" in text
    before = len(linked.fake.sent())
    await linked.press(message, words.BUTTON_SHOW)
    await until(lambda: len(linked.fake.sent()) > before)
    assert "<b>每次会议不得超过90分钟。</b>" in linked.fake.sent()[before]["text"]
    await linked.press(message, words.BUTTON_PUBLISH)
    await linked.shows(message, "已发布第 2 版")
    kept.switch()
    assert kept.background.assistant is not None
    assert {one.id for one in kept.background.assistant.knowledge.documents} == {"huiyi", "jiedai-2021"}
    entry = kept.state.versions.log()[-1]
    assert (entry.author, entry.reason) == ("approver", "导入《青禾县人民政府办公室关于规范会议活动的通知》")
    before = len(linked.fake.sent())
    assert await linked.press(message, "回到上一版（第 1 版）") == words.ASKED
    await until(lambda: len(linked.fake.sent()) > before)
    asked = linked.fake.sent()[-1]
    assert json.loads(asked["reply_markup"])["force_reply"] is True
    assert "已退回到第 1 版的内容" in await linked.answer(asked["text"], "发早了")
    entry = kept.state.versions.log()[-1]
    assert (entry.action, entry.author, entry.reason) == ("rollback", "approver", "发早了")
    assert "现在用的已是第 3 版" in await linked.answer(asked["text"], "再退一次")
    assert "现在用的已是第 3 版" in await linked.press_data(message, "k:b:1:2")
    assert head(kept) == 3
    assert kept.state.versions.verify() == []


async def test_a_corrected_word_file_changes_the_words_and_keeps_the_questions(linked: Talk, kept: Kept) -> None:
    first = await linked.send("huiyi.docx", word_file(NOTICE))
    await linked.press(first, words.BUTTON_SUBMIT_WITH[:7])
    await linked.previewed(first)
    await linked.press(first, words.BUTTON_PUBLISH)
    await until(lambda: head(kept) == 2)
    kept.switch()
    message = await linked.send("更正.docx", word_file(NOTICE.replace("90分钟", "60分钟")))
    text = await linked.previewed(message)
    assert "改了什么：改动 1 条。" in text
    before = len(linked.fake.sent())
    await linked.press(message, words.BUTTON_SHOW)
    await until(lambda: len(linked.fake.sent()) > before)
    shown = linked.fake.sent()[before]["text"]
    assert "<s>9</s><b>6</b>0分钟" in shown
    await linked.press(message, words.BUTTON_PUBLISH)
    await until(lambda: head(kept) == 3)
    kept.switch()
    assert kept.background.assistant is not None
    [clause] = [one for one in kept.background.assistant.knowledge if "60分钟" in one.text]
    assert clause.questions
    same = await linked.send("更正.docx", word_file(NOTICE.replace("90分钟", "60分钟")))
    assert "没有不同" in linked.text(same)
    other = await linked.send("更正.docx", word_file(NOTICE + "（二）发言不超过5分钟。\n"))
    assert "分条与它不同（多了" in linked.text(other)


async def test_yaml_is_handed_out_and_put_back_and_an_old_one_takes_nothing_away(linked: Talk, kept: Kept) -> None:
    await linked.say("/admin")
    await linked.press(linked.last(), words.BUTTON_YAML)
    await until(lambda: linked.fake.files)
    [(name, content)] = linked.fake.files
    assert (name, content) == ("jiedai-2021.yaml", yaml_of(kept))
    same = await linked.send(name, content)
    assert linked.text(same) == words.NOTHING_NEW_YAML
    asked = content.replace("麻烦问下工作餐能安排几次".encode(), "工作餐一回能排几次".encode())
    assert asked != content
    message = await linked.send(name, asked)
    assert "换上《" in await linked.previewed(message)
    stale = await linked.send(name, content.replace("麻烦问下工作餐能安排几次".encode(), "饭一天几顿".encode()))
    await linked.previewed(stale)
    await linked.press(message, words.BUTTON_PUBLISH)
    assert head(kept) == 2
    assert "别人已发布了第 2 版" in await linked.press(stale, words.BUTTON_PUBLISH)
    await until(lambda: "放到第 2 版上重做" in linked.buttons(stale), DEADLINE)
    await linked.press(stale, "放到第 2 版上重做")
    await until(lambda: words.FAULT.format(fault="")[:8] in linked.text(stale), DEADLINE)
    assert "会丢掉那些改动" in linked.text(stale)
    changed = await linked.send(name, asked.replace("三分之一".encode(), "四分之一".encode()))
    assert "jiedai-2021.yaml:" in linked.text(changed)


async def test_the_gate_is_shut_until_a_reason_is_written(linked: Talk, kept: Kept) -> None:
    swapped = yaml_of(kept).decode()
    first, second = "乡长的办公室最大多少平方", "接待能不能天天陪着吃"
    swapped = swapped.replace(first, "@@").replace(second, first).replace("@@", second)
    for one, other in (("科员一个人能用几平米", "来客吃饭最多陪几个人"), ("正科级办公室面积标准", "陪餐人数怎么算")):
        swapped = swapped.replace(one, "@@").replace(other, one).replace("@@", other)
    message = await linked.send("jiedai-2021.yaml", swapped.encode())
    text = await linked.previewed(message)
    assert "把关没有通过" in text
    before = len(linked.fake.sent())
    assert await linked.press(message, words.BUTTON_PUBLISH) == words.ASKED
    await until(lambda: len(linked.fake.sent()) > before)
    asked = linked.fake.sent()[-1]["text"]
    assert kept.state.versions.log() == []
    assert await linked.answer(asked, "不是管理员", user=STRANGER) == words.NOT_YOURS
    assert "已发布第 2 版" in await linked.answer(asked, "主管  要求")
    assert [one.override for one in kept.state.versions.log()] == ["", "主管 要求"]
    assert draft_words.NO_DRAFT in await linked.answer(asked, "主管要求")
    assert head(kept) == 2


# --- two people, two taps, restarts, a busy Telegram ---


async def test_an_editor_asks_and_an_approver_agrees_in_the_chat(linked: Talk, kept: Kept) -> None:
    await linked.link(EDITOR, "editor")
    message = await linked.send("huiyi.docx", word_file(NOTICE), user=EDITOR)
    await linked.press(message, words.BUTTON_SUBMIT, user=EDITOR)
    await linked.previewed(message, EDITOR)
    assert words.BUTTON_PUBLISH not in linked.buttons(message, EDITOR)
    [draft] = kept.workshop.drafts.all()
    assert await linked.press_data(message, f"k:P:{draft.id}:1", user=EDITOR) == words.NOT_YOURS
    await linked.press(message, words.BUTTON_ASK, user=EDITOR)
    await linked.shows(message, words.PROPOSED.format(seq=2), EDITOR)
    assert head(kept) == 1
    await linked.say("/admin")
    menu = linked.last()
    before = len(linked.fake.sent())
    await linked.press(menu, "第 2 号提议")
    await until(lambda: words.BUTTON_AGREE in linked.buttons(linked.last()))
    assert "editor" in linked.fake.sent()[before]["text"]
    waiting = linked.last()
    await linked.press(waiting, words.BUTTON_AGREE)
    entry = kept.state.versions.head()
    assert entry is not None
    assert (entry.seq, entry.author, entry.approver) == (3, "editor", "approver")
    assert await linked.press_data(waiting, "k:a:2") == words.NOT_WAITING.format(seq=2)
    assert head(kept) == 3


async def test_two_people_are_wanted_where_the_configuration_says_so(fake: TelegramFake, tmp_path: Path) -> None:
    with installation(tmp_path, approvals=2) as kept:
        kept.state.accounts.add("approver", "x", "approver")
        talk = Talk(fake, kept)
        await talk.start()
        await talk.link(APPROVER, "approver")
        message = await talk.send("huiyi.docx", word_file(NOTICE))
        await talk.press(message, words.BUTTON_SUBMIT)
        await talk.previewed(message)
        await talk.press(message, words.BUTTON_PUBLISH_SECOND)
        await talk.shows(message, words.PROPOSED.format(seq=2))
        before = len(fake.sent())
        await talk.press_data(message, "k:w:2")
        await until(lambda: fake.sent()[-1]["text"] == words.NOT_ONES_OWN and len(fake.sent()) > before)
        assert "不能自己同意" in await talk.press_data(message, "k:a:2")
        assert head(kept) == 1
        await talk.stop()


async def test_a_second_tap_does_nothing_twice(linked: Talk, kept: Kept) -> None:
    message = await linked.send("huiyi.docx", word_file(NOTICE))
    data = linked.buttons(message)[words.BUTTON_SUBMIT]
    for _ in range(2):
        await linked.fake.enqueue_update(press_update(data, bot_message(message_id=message)), token=TOKEN)
    await linked.previewed(message)
    assert len(kept.workshop.drafts.all()) == 1
    data = linked.buttons(message)[words.BUTTON_PUBLISH]
    answered = linked.fake.count("answerCallbackQuery")
    for _ in range(3):
        await linked.fake.enqueue_update(press_update(data, bot_message(message_id=message)), token=TOKEN)
    await until(lambda: linked.fake.count("answerCallbackQuery") == answered + 3)
    assert [one.seq for one in kept.state.versions.log()] == [1, 2]
    said = [fields.get("text") for name, fields in linked.fake.calls if name == "answerCallbackQuery"][-2:]
    assert said == [draft_words.NO_DRAFT] * 2
    await linked.shows(message, "已发布第 2 版")


async def test_a_proposal_changed_meanwhile_is_looked_at_again(linked: Talk, kept: Kept) -> None:
    message = await linked.send("huiyi.docx", word_file(NOTICE))
    await linked.press(message, words.BUTTON_SUBMIT)
    await linked.previewed(message)
    [draft] = kept.workshop.drafts.all()
    assert kept.background.assistant is not None
    kept.workshop.add(draft.id, ClauseEdit("jiedai-2021", "2.1", "x", new=("正职的办公室能有几平米",)))
    await until(lambda: kept.workshop.preview(kept.workshop.drafts.get(draft.id)) is not None, DEADLINE)
    assert await linked.press_data(message, f"k:P:{draft.id}:1") == words.CHANGED_SINCE
    await until(lambda: f"k:P:{draft.id}:2" in linked.buttons(message).values(), DEADLINE)
    assert kept.state.versions.log() == []


async def test_a_restart_between_submitting_and_publishing_loses_nothing(linked: Talk, kept: Kept) -> None:
    message = await linked.send("huiyi.docx", word_file(NOTICE))
    await linked.start()
    whole = kept.workshop
    await linked.press(message, words.BUTTON_SUBMIT)
    await linked.previewed(message)
    [draft] = whole.drafts.all()
    for path in (kept.root / "drafts" / draft.id).glob("preview-*.json"):
        path.unlink()
    kept.workshop = Workshop(kept.root / "drafts", kept.shelved, whole._prepare, kept.maker.make)
    await linked.start()
    await linked.press_data(message, f"k:p:{draft.id}")
    await until(lambda: kept.workshop.preview(draft) is not None, DEADLINE)
    await linked.previewed(message)
    await linked.start()
    await linked.press(message, words.BUTTON_PUBLISH)
    await linked.shows(message, "已发布第 2 版")


async def test_a_busy_telegram_delays_and_loses_nothing(linked: Talk) -> None:
    slow = (429, "Too Many Requests: retry after 0", {"retry_after": 0})
    linked.fake.faults += [(name, *slow) for name in ("getFile", "sendMessage", "editMessageText")]
    message = await linked.send("huiyi.docx", word_file(NOTICE))
    linked.fake.faults += [("editMessageText", *slow), ("editMessageText", 502, "Bad Gateway", None)]
    await linked.press(message, words.BUTTON_SUBMIT)
    assert "把关通过" in await linked.previewed(message)


async def test_the_database_away_is_said_and_nothing_is_done(
    linked: Talk, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StateUnavailable("gone")

    monkeypatch.setattr(type(kept.state.links), "account", away)
    assert (await linked.reply(linked.sent_file("a.docx", b"x")))["text"] == replies.TELEGRAM_STATE_AWAY
    assert await linked.press_data(1, "k:y") == replies.TELEGRAM_STATE_AWAY


# --- marked text ---


def test_marked_text_is_cut_into_messages_and_loses_no_character() -> None:
    given: list[runs.Run] = [
        ("改动 · 一", "head"),
        ("\n", ""),
        ("原文" * 3000, ""),
        ("去<掉>", "old"),
        ("加&上", "new"),
    ]
    parts = runs.pack_runs(given)
    assert all(len(part.plain) <= 4096 for part in parts)
    shown = "".join(read_html(part.html)[0] for part in parts)
    assert shown == "".join(text for text, _ in given)
    assert "[-去<掉>-]{+加&上+}" in "".join(part.plain for part in parts)
    page = runs.page("<题>", given).decode()
    assert "<del>去&lt;掉&gt;</del><ins>加&amp;上</ins>" in page
    assert "<title>&lt;题&gt;</title>" in page


def test_links_expire_and_purging_deletes_them(kept: Kept) -> None:
    linking, links = Linking(kept.state), kept.state.links
    linking.link(linking.code("editor"), "telegram:1")
    late = datetime.now(UTC).date() + timedelta(days=links.keep_days)
    assert links.account("telegram:1", today=late) is None
    assert links.purge(today=late) == 1
    assert linking.keeper("telegram:1") is None
