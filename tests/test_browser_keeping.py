"""Keeping the knowledge in a browser: import by upload, the queue's actions, two versions side by side, linking a chat."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.kb.changes import ClauseEdit
from bot.state.open_questions import OpenQuestion
from tests.admins import PASSWORD, changing_site
from tests.browser import PHONE, fits, opened, serious_violations
from tests.keeping import Kept
from tests.sent_notice import NOTICE, word_file

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser

NAME = "张三"
PREVIEW = 90_000
TEXT = "乡科级正职办公室使用面积不超过20平方米，乡科级以下每人不超过9平方米。"


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Kept]]:
    """An installation whose knowledge can be changed, with the fake encoder; its address."""
    with changing_site(tmp_path_factory.mktemp("changing"), NAME) as site:
        publish(site[1])
        yield site


def publish(kept: Kept) -> None:
    """A second version, so that there are two to compare."""
    edit = ClauseEdit("jiedai-2021", "2.1", "措施1", text=TEXT)
    draft = kept.workshop.begin("李四", [edit])
    deadline = time.monotonic() + 120
    while kept.workshop.preview(draft) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    kept.workshop.publish(draft, author="李四", reason="", override="试验", ask=False)
    kept.switch()


def log_in(page: Page) -> None:
    page.get_by_label("账号").fill(NAME)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()


def upload(page: Page, identifier: str, content: bytes, name: str = "会议通知.docx") -> None:
    page.get_by_label("文件（最大 20 MB）").set_input_files([{"name": name, "mimeType": "", "buffer": content}])
    page.get_by_label("编号").fill(identifier)
    page.get_by_role("button", name="读取文件").click()


def open_questions(kept: Kept, *texts: str) -> None:
    today = datetime.now(UTC).date()
    kept.state.open_questions.put([(text, OpenQuestion(text, "far", today)) for text in texts])


def test_from_a_word_file_to_live_answers(browser: Browser, changing: tuple[str, Kept]) -> None:
    url, kept = changing
    with opened(browser, f"{url}admin/import", expected="422", java_script_enabled=False) as page:
        log_in(page)
        upload(page, "huiyi", b"PK\x03\x04 broken")
        expect(page.get_by_role("alert")).to_contain_text("会议通知.docx：不是完好的 .docx 文件")
        upload(page, "huiyi", word_file(NOTICE))
        expect(page.get_by_role("heading", name="读取的结果")).to_be_visible()
        expect(page.locator("pre")).to_contain_text("《青禾县人民政府办公室关于规范会议活动的通知》的草稿：5 条")
        expect(page.locator("pre")).to_contain_text("略去了主送机关：「各乡镇：」")
        first = page.get_by_role("checkbox").first
        asked = first.locator("xpath=following-sibling::label").inner_text().partition("：")[2]
        first.check()
        page.get_by_role("button", name="写成提议").click()
        expect(page.get_by_text("通过：没有变差。")).to_be_visible(timeout=PREVIEW)
        expect(page.locator(".differences")).to_contain_text("每次会议不得超过90分钟。")
        expect(page.locator(".differences")).to_contain_text(asked)
        page.get_by_label("为什么改").fill("新通知")
        page.get_by_role("button", name="发布", exact=True).click()
        expect(page.get_by_text("正在使用", exact=True)).to_be_visible()
        kept.switch()
        assert "90分钟" in kept.said("每次会议不得超过多少分钟")
        head = kept.state.versions.head()
        assert head is not None
        assert (head.author, head.reason) == (NAME, "新通知")
        page.goto(f"{url}admin/import")
        upload(page, "huiyi", word_file(NOTICE))
        expect(page.get_by_role("alert")).to_contain_text("知识库里已有编号为 huiyi 的通知")


def test_what_was_read_waits_on_the_import_page_and_can_be_dropped(
    browser: Browser, changing: tuple[str, Kept]
) -> None:
    url, _ = changing
    with opened(browser, f"{url}admin/import", viewport=PHONE) as page:
        log_in(page)
        upload(page, "dengdai", word_file(NOTICE))
        expect(page.get_by_role("heading", name="读取的结果")).to_be_visible()
        page.goto(f"{url}admin/import")
        table = page.get_by_role("region", name="读过还没有写成提议的")
        expect(table).to_contain_text("dengdai")
        assert fits(page)
        assert serious_violations(page) == []
        table.get_by_role("link").click()
        page.get_by_role("button", name="丢弃这份草稿").click()
        expect(page.get_by_role("alert")).to_contain_text("草稿已丢弃")
        expect(table).to_have_count(0)


def test_a_question_of_the_queue_is_added_another_is_not_written_a_third_is_dismissed(
    browser: Browser, changing: tuple[str, Kept]
) -> None:
    url, kept = changing
    first, second, third = "局长那间屋子能有多少平", "食堂几点开门", "啊哦额"
    open_questions(kept, first, second, third)
    with opened(browser, f"{url}admin/queue", java_script_enabled=False) as page:
        log_in(page)

        def handle(text: str, button: str) -> None:
            entry = page.locator(".clause-list > li").filter(has=page.get_by_role("heading", name=text))
            entry.locator("summary", has_text="处理").click()
            if button == "加到这一条":
                entry.get_by_label("由哪一条回答（或与哪一条相近）").select_option("jiedai-2021:2.1")
            else:
                entry.get_by_label("没有写的缘由").select_option("far")
            entry.get_by_role("button", name=button).click()
            expect(page.locator(".clause-list > li").filter(has=page.get_by_role("heading", name=text))).to_have_count(
                0
            )

        handle(first, "加到这一条")
        expect(page.get_by_role("alert")).to_have_text("已记下：由条款回答。")
        handle(second, "通知没有写")
        expect(page.get_by_role("alert")).to_have_text("已记下：通知没有写。")
        handle(third, "忽略")
        expect(page.get_by_role("alert")).to_have_text("已忽略。")
        expect(page.get_by_text("没有待处理的问题。")).to_be_visible()
        expect(page.get_by_role("heading", name="已处理、还没有写进知识库的（2）")).to_be_visible()
        page.get_by_role("row").filter(has_text=second).get_by_role("button", name="撤回").click()
        expect(page.get_by_role("alert")).to_have_text("已撤回。")
        handle(second, "通知没有写")
        page.get_by_role("button", name="写成提议").click()
        expect(page.get_by_text("写入 2 个没答上来的问题")).to_be_visible()
        expect(page.get_by_role("button", name="发布", exact=True)).to_be_visible(timeout=PREVIEW)
        expect(page.locator(".differences")).to_contain_text(first)
        reasons = page.get_by_label("没过把关仍要发布的书面理由")
        if reasons.count():
            reasons.fill("试验")
        page.get_by_role("button", name="发布", exact=True).click()
        expect(page.get_by_text("正在使用", exact=True)).to_be_visible()
        kept.switch()
        assert kept.background.assistant is not None
        knowledge = kept.background.assistant.knowledge
        clause = knowledge.find("jiedai-2021:2.1")
        assert clause is not None
        assert first in clause.questions
        unknown = {one.text for document in knowledge.documents for one in document.unanswered}
        beside = {question for some in knowledge.out_of_scope.values() for question in some}
        assert second in unknown | beside
        assert third not in unknown | beside
        page.goto(f"{url}admin/queue")
        expect(page.get_by_role("heading", name="已处理、还没有写进知识库的（0）")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_the_pages_on_the_way_fit_and_can_be_read(
    browser: Browser, changing: tuple[str, Kept], scheme: str, screen: str, tmp_path: Path
) -> None:
    url, kept = changing
    open_questions(kept, "宿舍能有多大")
    size = PHONE if screen == "phone" else {"width": 1280, "height": 800}
    with opened(browser, f"{url}admin/import", viewport=size, color_scheme=scheme) as page:

        def look(name: str) -> None:
            assert serious_violations(page) == [], name
            assert fits(page), name
            page.screenshot(path=tmp_path / f"{name}.png", full_page=True)

        log_in(page)
        look("import")
        upload(page, f"huiyi-{scheme}-{screen}", word_file(NOTICE))
        expect(page.get_by_role("heading", name="读取的结果")).to_be_visible()
        look("report")
        page.goto(f"{url}admin/queue")
        page.locator("summary", has_text="处理").first.click()
        look("queue")
        page.goto(f"{url}admin/telegram")
        page.get_by_role("button", name="生成连接码").click()
        expect(page.locator("pre")).to_contain_text("/admin ")
        look("telegram")
        page.goto(f"{url}admin/try")
        page.get_by_label("问题", exact=True).fill("九平方米说的是谁")
        page.get_by_label("版本乙").select_option("v1")
        page.get_by_role("button", name="并排比较").click()
        expect(page.locator(".compared").first).to_be_visible()
        expect(page.locator(".differs").first).to_contain_text("≠")
        look("compare")
