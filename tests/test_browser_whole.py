"""The page, the routes and the database together: what one half offers, the other half keeps."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import QUOTE, ask, fits, hosting, opened, serious_violations, served, wait_until_ready
from tests.fakes import scripted_assistant
from tests.web_client import recording_assistant, state_in

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    state = state_in(folder)
    with served(lambda progress: recording_assistant(state), state=state) as url:
        yield url
    state.close()


def kept(folder: Path) -> list[tuple[str, str, str, str]]:
    with sqlite3.connect(folder / "state/jianfu.db") as database:
        return database.execute("select verdict, reason, question, clauses from feedback").fetchall()


def test_a_thumb_down_and_its_reason_are_in_the_database(page: Page, folder: Path) -> None:
    ask(page, "一个文件最多几页")
    page.get_by_role("button", name="不对").click()
    page.get_by_role("button", name="引错条款").click()
    expect(page.locator(".feedback-said")).to_have_text("已记下，谢谢。")
    assert kept(folder) == [("down", "wrong_clause", "一个文件最多几页", json.dumps(["2.2"]))]
    page.get_by_role("button", name="有用").click()
    expect(page.get_by_role("button", name="有用")).to_have_attribute("aria-pressed", "true")
    assert kept(folder) == [("up", "", "", json.dumps(["2.2"]))]  # a changed mind leaves nothing of what was asked


def test_a_receipt_leads_to_what_was_said(page: Page) -> None:
    ask(page, "一个文件最多几页")
    code = page.locator(".receipt code").inner_text()
    page.get_by_role("link", name=f"核验凭据 {code}").click()
    expect(page.locator(".finding.genuine h2")).to_have_text("属实：本服务给出过这份答复")
    expect(page.locator("blockquote")).to_have_text(QUOTE)
    expect(page.get_by_text("今天的条款与此一字不差。")).to_be_visible()
    expect(page.get_by_label("凭据号")).to_have_value(code)
    assert serious_violations(page) == []
    field = page.get_by_label("凭据号")
    field.fill(f" {code.lower().replace('-', ' ')} ")  # as a person copies it
    page.get_by_role("button", name="核验").click()
    expect(page.locator(".finding.genuine")).to_be_visible()
    field.fill(code[:-1] + ("A" if code[-1] != "A" else "B"))
    page.get_by_role("button", name="核验").click()
    expect(page.locator(".finding.mistyped h2")).to_have_text("号码抄错了")


def test_the_reader_has_related_clauses_from_the_index(page: Page) -> None:
    ask(page, "一个文件最多几页")
    page.get_by_role("link", name="在原文中查看").click()
    related = page.locator(".reader-related a")
    expect(related).to_have_text(["问题二·措施1", "问题二·措施3"])
    related.first.click()
    expect(page.locator("#reader .marked")).to_have_attribute("data-reference", "2.1")


def test_reading_needs_no_script(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}notice", java_script_enabled=False) as page:
        expect(page.get_by_role("heading", name="通知全文")).to_be_visible()
        page.get_by_role("navigation", name="目录").get_by_role("link", name="问题二").click()
        assert page.url == f"{site}notice#clause-2"
        page.get_by_role("link", name="措施2").nth(1).click()
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        page.goto(f"{site}c/2.2?mark=590-593")
        expect(page.locator("blockquote mark")).to_have_text("10页")
        expect(page.get_by_label("引文和出处，可整段复制")).to_have_value(
            f"{QUOTE}——《关于解决形式主义突出问题为基层减负的通知》问题二·措施2（中央办公厅，2019年）"
        )
        page.get_by_role("navigation", name="相关条款").get_by_role("link").first.click()
        expect(page.locator("h1")).to_have_text("《通知》问题二·措施1")
        page.goto(f"{site}verify")
        page.get_by_label("凭据号").fill("7K3D-Q9MA-2XPT")
        page.get_by_role("button", name="核验").click()
        expect(page.locator(".finding")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["notice", "c/2.2?mark=590-593", "verify/7K3D-Q9MA-2XPT", "verify", "embed/example", "trust"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_servers_pages_are_for_everyone(browser: Browser, site: str, path: str, scheme: str) -> None:
    with opened(browser, site + path, color_scheme=scheme, viewport={"width": 320, "height": 640}) as page:
        assert fits(page)
        assert serious_violations(page) == []


def test_asking_about_a_clause_brings_its_question_to_the_field(page: Page, site: str) -> None:
    page.goto(f"{site}c/2.2")
    page.get_by_role("link", name="就这一条提问").click()
    wait_until_ready(page)
    expect(page.locator("#question")).to_have_value("第2.2条说的是几页吗")
    assert page.url == site
    expect(page.locator(".question")).to_have_count(0)  # it is for the person to send


def test_the_notice_has_a_button_that_prints(page: Page, site: str) -> None:
    page.goto(f"{site}notice")
    page.evaluate("window.print = () => { document.title = 'printed' }")
    page.get_by_role("button", name="打印").click()
    expect(page).to_have_title("printed")
    page.emulate_media(media="print")
    for left_out in (".contents", ".page-links", "button"):
        expect(page.locator(left_out).first).to_be_hidden()
    expect(page.get_by_text("科学确定中央文件密级和印发范围")).to_be_visible()


# --- in another site's frame ---


FRAME = '<!doctype html><title>内网</title><iframe src="{chat}embed" title="问答"></iframe>'


def test_a_listed_site_may_frame_the_chat_and_no_other(browser: Browser) -> None:
    chats = [""]
    with (
        hosting(lambda: FRAME.format(chat=chats[-1])) as listed,
        hosting(lambda: FRAME.format(chat=chats[-1])) as other,
        served(lambda progress: scripted_assistant(), embed_origins=[listed.rstrip("/")]) as chat,
    ):
        chats.append(chat)
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(listed)
            frame = page.frame_locator("iframe")
            expect(frame.locator("body")).to_have_attribute("data-status", "ready")
            frame.locator("#question").fill("一个文件最多几页")
            frame.locator("#question").press("Enter")
            expect(frame.locator("blockquote")).to_have_text(QUOTE)
        with browser.new_context() as context:
            page = context.new_page()
            refusals: list[str] = []
            page.on("console", lambda message: refusals.append(message.text))
            page.goto(other)
            page.wait_for_timeout(300)
            assert page.frame_locator("iframe").locator("#question").count() == 0
            assert any("frame-ancestors" in refusal for refusal in refusals)
