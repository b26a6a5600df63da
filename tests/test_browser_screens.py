"""The page on every screen: widths, colours, paper, assistive technology, a prefix, and what it weighs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import (
    PHONE,
    QUOTE,
    RECEIPT,
    SOURCE,
    Gate,
    ask,
    complete,
    fits,
    opened,
    serious_violations,
    served,
    until_true,
    wait_until_ready,
)

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser


def test_page_below_a_prefix(browser: Browser, site: str) -> None:
    """A proxy that strips /jianfu: every address in the page must stay below it."""
    with opened(browser, site) as page:
        wait_until_ready(page)
        page.wait_for_load_state("networkidle")  # what this page still asks for is no stray of the next

        def proxied(route: Route) -> None:
            route.fulfill(response=route.fetch(url=route.request.url.replace("/jianfu/", "/")))

        page.route("**/jianfu/**", proxied)
        strays: list[str] = []
        page.on("request", lambda sent: None if "/jianfu/" in sent.url else strays.append(sent.url))
        page.goto(f"{site}jianfu/")
        wait_until_ready(page)
        ask(page, "几页")
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        assert page.locator(".card a").get_attribute("href") == "./c/2.2?mark=590-593"
        page.goto(f"{site}jianfu/c/2.2")
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        assert strays == []


def test_theme_button_goes_round_and_is_remembered(page: Page) -> None:
    button = page.locator("#theme")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    expect(button).to_have_accessible_name("外观：跟随系统")
    button.click()
    expect(button).to_have_accessible_name("外观：浅色")
    assert page.evaluate(background) == light
    button.click()
    expect(button).to_have_accessible_name("外观：深色")
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == dark
    page.emulate_media(color_scheme="dark")
    page.locator("#theme").click()
    assert page.evaluate(background) == dark  # the system is dark now
    page.locator("#theme").click()
    assert page.evaluate(background) == light


CONTRAST = """() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest('.skip')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${e.className || e.tagName} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(browser: Browser, site: str, scheme: str) -> None:
    with opened(browser, site, color_scheme=scheme) as page:
        wait_until_ready(page)
        assert page.evaluate(CONTRAST) == []
        complete(page, confidence=0.5)
        for question in ("几页", "开会", "密级", "问题二有哪些措施", "你好"):
            ask(page, question)
        page.route("**/api/v1/feedback", lambda route: route.fulfill(json={"status": "kept"}))
        page.get_by_role("button", name="不对").first.click()
        page.get_by_role("button", name="不完整").first.click()
        page.locator(".option").first.click()
        expect(page.locator(".card.chosen")).to_be_visible()
        assert page.evaluate(CONTRAST) == []
        page.locator(".citation a").first.click()
        expect(page.locator("#reader .marked")).to_be_visible()
        assert page.evaluate(CONTRAST) == []
        page.goto(f"{site}c/2.2#clause-2.2")
        assert page.evaluate(CONTRAST) == []
        page.goto(f"{site}docs")
        assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [320, 375, 768, 1280, 3840])
def test_nothing_scrolls_sideways(browser: Browser, site: str, width: int) -> None:
    with opened(browser, site, viewport={"width": width, "height": 700}) as page:
        wait_until_ready(page)
        assert fits(page)
        complete(page)
        for question in ("几页", "开会", "密级", "问题二有哪些措施", "你好", "W" * 200 + "几页"):
            ask(page, question)
            assert fits(page)
        page.get_by_role("button", name="不对").first.click()
        assert fits(page)
        page.locator(".citation a").first.click()
        expect(page.locator("#reader .marked")).to_be_visible()
        assert page.locator("#reader-body").evaluate("body => body.scrollWidth <= body.clientWidth")
        assert page.locator("#reader").evaluate("reader => reader.scrollWidth <= reader.clientWidth")
        assert fits(page)
        for path in ("c/2.2", "c/99", "docs"):
            page.route("**/c/99", lambda route: route.fulfill(status=200, body=route.fetch().body()))
            page.goto(site + path)
            assert fits(page), path


def test_print_leaves_the_words_and_drops_the_controls(page: Page) -> None:
    complete(page)
    ask(page, "几页")
    page.get_by_role("link", name="在原文中查看").click()
    expect(page.locator("#reader")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("blockquote")).to_be_visible()
    expect(page.locator(".source")).to_have_text(SOURCE)
    expect(page.get_by_text(RECEIPT)).to_be_visible()
    for control in (".composer", ".tools", ".actions", ".feedback", ".next-questions", ".receipt .copy", "#reader"):
        expect(page.locator(control).first).to_be_hidden()


def test_clause_page_without_script(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}c/2.2", java_script_enabled=False) as page:
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        page.locator(".steps .next").click()
        expect(page.locator("h1")).to_have_text("《通知》问题二·措施3")


# --- assistive technology ---


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_axe_finds_nothing_serious(browser: Browser, site: str, scheme: str, screen: str) -> None:
    size = PHONE if screen == "phone" else {"width": 1280, "height": 800}
    with opened(browser, site, viewport=size, color_scheme=scheme) as page:
        wait_until_ready(page)
        assert serious_violations(page) == []
        complete(page, confidence=0.5)
        for question in ("一个文件最多几页", "开会", "密级", "问题二有哪些措施", "你好"):
            ask(page, question)
            assert serious_violations(page) == [], question
        page.locator(".option").first.click()
        expect(page.locator(".card.chosen")).to_be_visible()
        page.route("**/api/v1/feedback", lambda route: route.fulfill(json={"status": "kept"}))
        page.get_by_role("button", name="不对").first.click()
        page.get_by_role("button", name="不完整").first.click()
        expect(page.locator(".feedback-said").first).to_have_text("已记下，谢谢。")
        assert serious_violations(page) == []
        page.locator(".citation a").first.click()
        expect(page.locator("#reader .marked")).to_be_visible()
        assert serious_violations(page) == []
        page.keyboard.press("Escape")
        page.locator("#clear").click()
        expect(page.locator("#undo")).to_be_visible()
        assert serious_violations(page) == []


def test_everything_to_press_on_a_phone_is_large_enough(phone: Page) -> None:
    """40 px high at least, but for links inside a sentence."""
    small = """() => [...document.querySelectorAll('button, a[href], textarea')]
        .filter((e) => e.checkVisibility() && !e.closest('.skip, .hint') && !e.matches('.notice-clause a'))
        .filter((e) => e.getBoundingClientRect().height < 39.9 || e.getBoundingClientRect().width < 39.9)
        .map((e) => e.outerHTML)"""
    complete(phone)
    assert phone.evaluate(small) == []
    for question in ("几页", "开会", "密级", "问题二有哪些措施", "你好"):
        ask(phone, question)
    phone.get_by_role("button", name="不对").first.click()
    assert phone.evaluate(small) == []
    phone.locator(".citation a").first.click()
    expect(phone.locator("#reader .marked")).to_be_visible()
    assert phone.evaluate(small) == []


def test_nothing_moves_for_those_who_want_calm(page: Page) -> None:
    slowest = """() => Math.max(...[...document.querySelectorAll('*')].flatMap((e) => {
        const { animationDuration, transitionDuration } = getComputedStyle(e);
        return [parseFloat(animationDuration), parseFloat(transitionDuration)];
    }))"""
    assert page.evaluate(slowest) <= 0.001


# --- budgets ---


def test_the_page_weighs_little_and_everything_it_needs_is_announced(page: Page) -> None:
    asked_for: set[str] = set()
    page.on("request", lambda sent: asked_for.add(sent.url))
    page.reload()
    wait_until_ready(page)
    complete(page)
    ask(page, "几页")  # icons come with what shows them
    page.locator(".citation a").first.click()
    expect(page.locator("#reader .marked")).to_be_visible()
    files = {url for url in asked_for if not re.search(r"/api/|/readyz$", url)} | {page.url}
    weights = {re.sub(r".*/", "", url): len(page.request.get(url).body()) for url in files}
    assert {"", "style.css", "chat.js", "reader.js", "theme.js", "symbols.svg"} <= weights.keys()
    assert 50 * 1024 < sum(weights.values()) <= 150 * 1024, weights
    modules = {name for name in weights if name.endswith(".js")} - {"theme.js", "chat.js"}
    announced = re.findall(r'rel="modulepreload" href="[^"]*/([a-z]+\.js)"', page.content())
    assert set(announced) == modules


def test_first_paint_and_typing_do_not_wait_for_the_model(browser: Browser) -> None:
    gate = Gate()
    with served(gate.build) as url, opened(browser, url, expected="503") as page:
        try:
            painted = "performance.getEntriesByName('first-contentful-paint').length"
            until_true(page, painted)
            expect(page.locator("#welcome h2")).to_be_visible()
            expect(page.locator("body")).to_have_attribute("data-status", "loading")
            page.locator("#question").press_sequentially("一个文件")
            expect(page.locator("#question")).to_have_value("一个文件")
            expect(page.locator("#send")).to_have_attribute("aria-disabled", "false")
        finally:
            gate.open()
        wait_until_ready(page)
