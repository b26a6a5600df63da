"""The reader: beside the chat on a wide screen, over it on a phone, always at the right clause."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import QUOTE, SOURCE, ask, opened, wait_until_ready

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser


def test_reader_opens_at_the_marked_clause_and_closes_by_escape(page: Page) -> None:
    ask(page, "一个文件最多几页")
    link = page.get_by_role("link", name="在原文中查看")
    expect(link).to_have_attribute("href", "./c/2.2?mark=590-593")
    link.click()
    marked = page.locator("#reader .marked")
    expect(marked).to_have_count(1)
    expect(marked.locator(".text")).to_have_text(QUOTE)
    expect(marked.locator("mark")).to_have_text("10页")
    expect(marked).to_be_in_viewport()
    expect(marked).to_be_focused()
    expect(page.locator("#reader .notice-clause")).to_have_count(36)
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()
    expect(link).to_be_focused()
    page.locator("#open-notice").click()
    expect(page.locator("#reader")).to_be_visible()
    expect(page.locator("#reader .marked")).to_have_count(0)
    expect(page.locator("#reader mark")).to_have_count(0)
    expect(page.locator("#reader-foot")).to_be_hidden()
    page.locator("#open-notice").click()
    expect(page.locator("#reader")).to_be_hidden()


def test_the_phones_back_button_closes_the_sheet_and_keeps_the_page(phone: Page) -> None:
    ask(phone, "几页")
    phone.get_by_role("link", name="在原文中查看").click()
    expect(phone.locator("#reader")).to_be_visible()
    phone.go_back()
    expect(phone.locator("#reader")).to_be_hidden()
    expect(phone.locator("blockquote")).to_have_text(QUOTE)


def test_chat_goes_on_beside_the_open_reader_which_follows(page: Page) -> None:
    ask(page, "问题二有哪些措施")
    page.get_by_role("link", name="在原文中查看措施9").click()
    expect(page.locator("#reader .marked")).to_contain_text("进一步改革会议公文制度")
    ask(page, "一个文件最多几页")
    expect(page.locator("#reader")).to_be_visible()
    expect(page.locator("#reader .marked .text")).to_have_text(QUOTE)
    expect(page.locator("#reader .marked mark")).to_have_text("10页")
    expect(page.locator("#reader .marked")).to_be_in_viewport()
    expect(page.locator("#question")).to_be_focused()
    ask(page, "密级怎么定")
    expect(page.locator("#reader .marked .text")).to_have_text(QUOTE)  # nothing is cited, nothing moves


def test_steps_go_to_the_clauses_before_and_after(page: Page) -> None:
    ask(page, "一个文件最多几页")
    page.get_by_role("link", name="在原文中查看").click()
    foot, marked = page.locator("#reader-foot"), page.locator("#reader .marked")
    expect(foot.locator("strong")).to_have_text("问题二·措施2")
    foot.get_by_role("button", name="下一条：问题二·措施3").click()
    expect(marked).to_contain_text("不再制定贯彻落实意见和实施细则")
    expect(page.locator("#reader mark")).to_have_count(0)
    expect(marked).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(marked.locator(".text")).to_have_text(QUOTE)
    page.keyboard.press("ArrowLeft")
    expect(foot.locator("strong")).to_have_text("问题二·措施1")
    page.locator('#reader [data-reference="0"]').click()
    expect(foot.get_by_role("button", name="上一条")).to_be_disabled()
    page.locator('#reader [data-reference="5.3"]').get_by_role("link").click()
    expect(foot.locator("strong")).to_have_text("贯彻落实·第3点")
    expect(foot.get_by_role("button", name="下一条")).to_be_disabled()


def test_a_clause_can_be_copied_linked_printed_and_asked_about(browser: Browser, site: str) -> None:
    with opened(browser, site, permissions=["clipboard-read", "clipboard-write"]) as page:
        wait_until_ready(page)
        ask(page, "一个文件最多几页")
        page.get_by_role("link", name="在原文中查看").click()
        foot = page.locator("#reader-foot")
        foot.get_by_role("button", name="复制引文").click()
        expect(foot.locator(".copy")).to_have_text("已复制")
        assert page.evaluate("navigator.clipboard.readText()") == f"“{QUOTE}”——{SOURCE}"
        expect(foot.get_by_role("link", name="条款网页")).to_have_attribute("href", "./c/2.2?mark=590-593")
        expect(page.get_by_role("link", name="打印通知全文")).to_have_attribute("href", "./notice")
        foot.get_by_role("button", name="就这一条提问").click()
        expect(page.locator("#question")).to_be_focused()
        expect(page.locator("#question")).to_have_value("《通知》问题二·措施2：")
        expect(page.locator("#reader")).to_be_visible()


def test_asking_about_a_clause_on_a_phone_closes_the_sheet(phone: Page) -> None:
    ask(phone, "几页")
    phone.get_by_role("link", name="在原文中查看").click()
    phone.get_by_role("button", name="就这一条提问").click()
    expect(phone.locator("#reader")).to_be_hidden()
    expect(phone.locator("#question")).to_have_value("《通知》问题二·措施2：")
    expect(phone.locator("#question")).to_be_focused()


def test_related_clauses_are_offered_where_the_api_gives_them(page: Page) -> None:
    def related(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"related": ["2.3", "2.9", "nowhere"]})

    page.route("**/api/v1/clauses/2.2", related)
    ask(page, "几页")
    page.get_by_role("link", name="在原文中查看").click()
    links = page.locator(".reader-related a")
    expect(links).to_have_text(["问题二·措施3", "问题二·措施9"])
    links.nth(1).click()
    expect(page.locator("#reader .marked")).to_contain_text("进一步改革会议公文制度")
    expect(links).to_have_text(["问题二·措施8", "问题三"])  # of that clause, as the server has them


def test_reader_changes_between_pane_and_sheet_with_the_window(page: Page) -> None:
    page.locator("#open-notice").click()
    expect(page.locator("body")).to_have_class("chat reading")
    page.set_viewport_size({"width": 600, "height": 800})
    expect(page.locator("body")).to_have_class("chat")
    expect(page.locator("#reader")).to_be_visible()
    assert page.locator("#reader").evaluate("dialog => dialog.matches(':modal')")
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()


def test_keyboard_alone_leads_from_question_to_reader_and_back(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type("开会有什么要求")
    page.keyboard.press("Enter")
    expect(page.locator(".option")).to_have_count(2)
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if page.locator(".option:focus").count():
            break
    expect(page.locator(".option").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".option").nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".card.chosen")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".card.chosen a")).to_be_focused()
    assert page.locator(".card.chosen a").evaluate("a => getComputedStyle(a).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#reader .marked")).to_contain_text("严禁随意拔高会议规格")
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)  # the step back in history comes later and must not move the focus
    expect(page.locator(".card.chosen a")).to_be_focused()


def test_reader_fills_a_phone_and_is_a_side_panel_on_a_desktop(browser: Browser, site: str) -> None:
    for width, full in ((375, True), (1280, False)):
        with opened(browser, site, viewport={"width": width, "height": 800}) as page:
            wait_until_ready(page)
            page.locator("#open-notice").click()
            box = page.locator("#reader").bounding_box()
            assert box is not None
            assert (box["width"] == width) is full
            assert box["x"] + box["width"] == width
            assert box["height"] == 800
            main = page.locator("#main").bounding_box()
            assert main is not None
            assert full or main["x"] + main["width"] <= box["x"]  # beside the chat, not over it
