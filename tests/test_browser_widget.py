"""The chat inside other pages: the frame's view, and the one script tag that opens it on an intranet page."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser import PHONE, QUOTE, hosting, opened, serious_violations, served, wait_until_ready
from tests.fakes import scripted_assistant

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="zh-CN"><head><title>内网</title><meta name="viewport" content="width=device-width"></head>
<body><main><h1>内网首页</h1><p><button>别的</button></p></main>
<script src="{site}jianfu/widget.js" async data-label="问减负通知" {more}></script></body></html>"""


@dataclass
class Intranet:
    """A site that may embed the chat: its address, the chat's, and attributes for its script tag."""

    address: str = ""
    chat: str = ""
    more: str = ""


@pytest.fixture(scope="module")
def intranet_site() -> Iterator[Intranet]:
    made = Intranet()

    def policy() -> str:
        return f"default-src 'none'; style-src 'self'; script-src {made.chat}; frame-src {made.chat}"

    with hosting(lambda: PAGE.format(site=made.chat, more=made.more), policy) as made.address:
        allowed = made.address.rstrip("/")
        with served(lambda progress: scripted_assistant(), embed_origins=[allowed]) as made.chat:
            yield made


@contextlib.contextmanager
def intranet(browser: Browser, site: Intranet, more: str = "", **options: object) -> Generator[Page, None, None]:
    """A page of another origin with a strict policy and our script tag; the chat is behind a proxy's prefix."""
    site.more = more
    with browser.new_context(**{"reduced_motion": "reduce", **options}) as context:  # type: ignore[arg-type]
        proxied(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(site.address)
        yield page
        context.unroute_all(behavior="wait")
        assert problems == []


def proxied(context: BrowserContext) -> None:
    """What a proxy does that serves the chat below /jianfu."""

    def strip(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace("/jianfu/", "/")))

    context.route("**/jianfu/**", strip)


def test_the_widget_opens_the_chat_and_gives_the_focus_back(browser: Browser, intranet_site: Intranet) -> None:
    with intranet(browser, intranet_site) as page:
        opener = page.get_by_role("button", name="问减负通知", exact=True)
        expect(opener).to_be_visible()
        box = opener.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (60, 60)
        assert box["x"] + box["width"] == 1280 - 20
        assert box["y"] + box["height"] == 720 - 20
        assert len(page.frames) == 1  # nothing is loaded before somebody wants it
        opener.press("Enter")
        chat = page.frame_locator("iframe")
        field = chat.locator("#question")
        expect(field).to_be_focused()
        expect(chat.locator("body")).to_have_attribute("data-status", "ready")
        expect(page.locator("iframe")).to_have_attribute("title", "问减负通知")
        page.keyboard.type("一个文件最多几页")
        page.keyboard.press("Enter")
        expect(chat.locator("blockquote")).to_have_text(QUOTE)
        assert page.frames[1].url == f"{intranet_site.chat}jianfu/embed"
        assert serious_violations(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="问减负通知")).to_be_hidden()
        expect(opener).to_be_focused()
        opener.click()
        expect(chat.locator("blockquote")).to_have_text(QUOTE)  # it is still the same conversation
        page.get_by_role("button", name="关闭问减负通知").click()
        expect(opener).to_be_focused()
        expect(opener).to_have_attribute("aria-expanded", "false")


def test_escape_in_the_frame_first_clears_what_was_typed(browser: Browser, intranet_site: Intranet) -> None:
    with intranet(browser, intranet_site) as page:
        page.get_by_role("button", name="问减负通知", exact=True).click()
        field = page.frame_locator("iframe").locator("#question")
        expect(field).to_be_focused()
        field.fill("写了一半")
        field.press("Escape")
        expect(field).to_have_value("")
        expect(page.get_by_role("dialog")).to_be_visible()
        field.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_widget_can_stand_on_the_left_and_fills_a_phone(browser: Browser, intranet_site: Intranet) -> None:
    with intranet(browser, intranet_site, 'data-position="left"', viewport=PHONE) as page:
        opener = page.get_by_role("button", name="问减负通知", exact=True)
        box = opener.bounding_box()
        assert box is not None
        assert box["x"] == 20
        opener.click()
        panel = page.get_by_role("dialog").bounding_box()
        assert panel == {"x": 0, "y": 0, "width": PHONE["width"], "height": PHONE["height"]}
        close = page.get_by_role("button", name="关闭问减负通知").bounding_box()
        assert close is not None
        assert min(close["width"], close["height"]) >= 40
        expect(page.frame_locator("iframe").locator("body")).to_have_attribute("data-status", "ready")


def test_the_widget_leaves_no_inline_style_and_comes_once(browser: Browser, intranet_site: Intranet) -> None:
    again = f'></script><script src="{intranet_site.chat}jianfu/widget.js"'
    with intranet(browser, intranet_site, again) as page:
        expect(page.locator("jianfu-widget")).to_have_count(1)
        inside = "host => host.shadowRoot.querySelectorAll('[style], style').length"
        assert page.locator("jianfu-widget").evaluate(inside) == 0
        assert page.locator("[style], style").count() == 0


def test_only_the_frame_itself_may_close_the_panel(browser: Browser, intranet_site: Intranet) -> None:
    with intranet(browser, intranet_site) as page:
        page.get_by_role("button", name="问减负通知", exact=True).click()
        expect(page.frame_locator("iframe").locator("#question")).to_be_focused()
        page.evaluate("postMessage({type: 'jianfu:close'}, '*')")
        page.wait_for_timeout(100)
        expect(page.get_by_role("dialog")).to_be_visible()


def test_the_embedded_chat_has_no_header_and_opens_tabs(browser: Browser, site: str) -> None:
    with opened(browser, site, viewport={"width": 420, "height": 640}) as page:
        proxied(page.context)
        page.goto(f"{site}jianfu/embed")
        wait_until_ready(page)
        expect(page.locator("header.bar")).to_be_hidden()
        page.locator("#question").fill("一个文件最多几页")
        page.keyboard.press("Enter")
        link = page.get_by_role("link", name="在原文中查看")
        with page.expect_popup() as popup:
            link.click()
        assert popup.value.url == f"{site}jianfu/c/2.2?mark=590-593"
        expect(page.locator("#reader")).to_be_hidden()
        page.get_by_role("button", name="清空对话").click()
        expect(page.locator("#conversation > *")).to_have_count(0)
        page.context.unroute_all(behavior="wait")


def test_pages_get_buttons_that_copy_and_print(browser: Browser, site: str) -> None:
    with opened(browser, site, permissions=["clipboard-read", "clipboard-write"]) as page:

        def with_places(route: Route) -> None:
            response = route.fetch(url=f"{site}c/2.2")
            places = '<p id="place" data-copy-text="要复制的话">引文</p><p data-print></p></main>'
            route.fulfill(response=response, body=response.text().replace("</main>", places))

        page.route("**/c/test", with_places)
        page.goto(f"{site}c/test")
        page.locator("#place").get_by_role("button", name="复制引文").click()
        expect(page.locator("#place .copy")).to_have_text("已复制")
        assert page.evaluate("navigator.clipboard.readText()") == "要复制的话"
        page.evaluate("window.print = () => { document.title = 'printed' }")
        page.get_by_role("button", name="打印").click()
        expect(page).to_have_title("printed")
