"""The chat page in Chromium: what a person sees, types and presses, with keyboard, phone and dark screen."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bot import replies
from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.web import create_app
from bot.channels.web.server import serve
from bot.config import WebConfig
from index.retriever import Progress
from knowledge.errors import JianfuError
from tests.fakes import scripted_assistant

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LIMIT = 500
QUOTE = "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。"
SOURCE = "《关于解决形式主义突出问题为基层减负的通知》问题二·措施2（中央办公厅，2019年）"


@contextlib.contextmanager
def served(build: Callable[[Progress], Assistant], limit: int = LIMIT) -> Generator[str, None, None]:
    """Serve the web channel from a thread; gives its address."""
    background = BackgroundAssistant(build)
    background.start()
    app = create_app(background, WebConfig(), max_question_characters=limit)
    started = threading.Event()
    addresses: list[str] = []
    stops: list[Callable[[], object]] = []

    def on_started(url: str) -> None:
        addresses.append(url)
        started.set()

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        await serve(app, "127.0.0.1", 0, on_started, stop)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert started.wait(10)
        yield addresses[0]
    finally:
        stops[0]()
        thread.join(15)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(lambda progress: scripted_assistant()) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed; the chat page was not tested in a browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


class Watch:
    """What went wrong unseen: console errors, exceptions, and requests to anywhere else."""

    def __init__(self, page: Page) -> None:
        self.problems: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


@contextlib.contextmanager
def opened(browser: Browser, url: str, expected: str | None = None, **context: Any) -> Generator[Page, None, None]:
    """A page in a fresh context; at the end nothing unexpected may have happened in it."""
    options: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    with browser.new_context(**(options | context)) as tab:
        page = tab.new_page()
        page.set_default_timeout(10_000)
        watch = Watch(page)
        page.goto(url)
        origin = page.evaluate("location.origin + '/'")
        yield page
        page.unroute_all(behavior="wait")
        assert [problem for problem in watch.problems if expected is None or expected not in problem] == []
        assert [request for request in watch.requests if not request.startswith(origin)] == []


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with opened(browser, site) as page:
        wait_until_ready(page)
        yield page


def wait_until_ready(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-status", "ready")


def ask(page: Page, question: str) -> None:
    """Ask by Enter and wait for what comes."""
    asked = page.locator(".question").count()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    expect(page.locator(".question")).to_have_count(asked + 1)
    expect(page.locator(".waiting")).to_have_count(0)


# --- the four outcomes ---


def test_answer_shows_the_quote_and_its_source(page: Page) -> None:
    expect(page.locator("#welcome")).to_be_visible()
    ask(page, "一个文件最多几页")
    card = page.locator(".card.answer")
    expect(page.locator(".question p")).to_have_text("一个文件最多几页")
    expect(card.locator(".lead")).to_have_text("《通知》问题二·措施2写明：")
    expect(card.locator("blockquote")).to_have_text(QUOTE)
    expect(card.locator(".source")).to_have_text(SOURCE)
    expect(page.locator("#welcome")).to_be_hidden()
    expect(page.locator("#question")).to_have_value("")
    expect(page.locator("#question")).to_be_focused()


def test_reader_opens_at_the_marked_clause_and_closes_by_escape(page: Page) -> None:
    ask(page, "几页")
    link = page.get_by_role("link", name="在原文中查看")
    link.click()
    marked = page.locator("#reader .marked")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text(QUOTE)
    expect(marked).to_be_in_viewport()
    expect(marked).to_be_focused()
    expect(page.locator("#reader .notice-clause")).to_have_count(36)
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()
    expect(link).to_be_focused()
    page.locator("#open-notice").click()
    expect(page.locator("#reader")).to_be_visible()
    expect(page.locator("#reader .marked")).to_have_count(0)
    page.go_back()  # the phone's back button closes the reader and keeps the page
    expect(page.locator("#reader")).to_be_hidden()
    expect(page.locator("blockquote")).to_have_text(QUOTE)


def test_overview_is_a_heading_with_nine_measures(page: Page) -> None:
    ask(page, "问题二有哪些措施")
    overview = page.locator(".overview")
    expect(overview.locator(".overview-title")).to_have_text("问题二：文山会海反弹回潮")
    expect(overview.locator(".overview-method")).to_have_text("解决方法：严格控制层层发文、层层开会")
    expect(overview.locator("li .marker")).to_have_text([f"措施{i}" for i in range(1, 10)])
    expect(overview.locator("li .text").nth(1)).to_have_text(QUOTE)
    overview.get_by_role("link", name="在原文中查看措施9").click()
    expect(page.locator("#reader .marked")).to_contain_text("进一步改革会议公文制度")


def test_clarification_offers_buttons_and_shows_the_chosen_clause(page: Page) -> None:
    ask(page, "开会有什么要求")
    options = page.locator(".option")
    expect(options.locator("strong")).to_have_text(["《通知》问题二·措施5", "《通知》问题二·措施6"])
    options.nth(1).click()
    chosen = page.locator(".card.chosen")
    expect(chosen.locator(".tag")).to_have_text("您选择的条款")
    expect(chosen.locator("blockquote")).to_contain_text("严禁随意拔高会议规格")
    expect(chosen).to_be_focused()
    expect(options.nth(1)).to_have_attribute("aria-pressed", "true")
    options.nth(1).click()
    expect(chosen).to_have_count(1)
    options.nth(0).click()
    expect(page.locator(".card.chosen")).to_have_count(2)


def test_decline_is_honest_and_lists_reading_apart(page: Page) -> None:
    ask(page, "密级怎么定")
    card = page.locator(".card.decline")
    expect(card.locator(".lead")).to_have_text("《通知》提到了相近的内容，但没有写您问的这一点。")
    expect(card.locator(".related-heading")).to_have_text("相关条文，供阅读，不是答案：")
    expect(card.locator(".suggestion")).to_have_text(replies.WHAT_CAN_BE_ASKED)
    expect(card.locator("blockquote")).to_have_count(0)
    expect(card).to_have_css("border-style", "dashed")
    card.get_by_role("link", name="《通知》问题二·措施4").click()
    expect(page.locator("#reader .marked")).to_contain_text("科学确定中央文件密级")


def test_greeting_is_plain_text(page: Page) -> None:
    ask(page, "你好")
    expect(page.locator(".card.chat .plain")).to_have_text(
        [replies.HELLO.format(title="通知"), replies.WHAT_CAN_BE_ASKED]
    )


def test_text_is_never_read_as_html(page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>几页"
    ask(page, hostile)
    expect(page.locator(".question p")).to_have_text(hostile)
    expect(page.locator("#conversation img, #conversation script")).to_have_count(0)


# --- asking ---


def test_example_button_asks(page: Page) -> None:
    page.get_by_role("button", name="一个文件最多几页").click()
    expect(page.locator("blockquote")).to_have_text(QUOTE)


def test_shift_enter_breaks_the_line_and_the_field_grows(page: Page) -> None:
    field = page.locator("#question")
    before = field.bounding_box()
    field.press_sequentially("第一行")
    field.press("Shift+Enter")
    field.press_sequentially("第二行")
    expect(field).to_have_value("第一行\n第二行")
    after = field.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"] + 10
    expect(page.locator(".question")).to_have_count(0)


def test_enter_while_composing_does_not_send(page: Page) -> None:
    field = page.locator("#question")
    field.fill("几页")
    press = "(field, init) => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, ...init}))"
    for init in ({"isComposing": True}, {"keyCode": 229}):
        field.evaluate(press, init)
    page.wait_for_timeout(150)
    expect(page.locator(".question")).to_have_count(0)
    expect(field).to_have_value("几页")
    field.evaluate(press, {})
    expect(page.locator("blockquote")).to_have_text(QUOTE)


@contextlib.contextmanager
def held_questions(page: Page) -> Generator[list[Route], None, None]:
    """Questions sent meanwhile, unanswered until `continue_`; one left over would keep the context from closing."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/v1/ask", hold)
    try:
        yield held
    finally:
        for route in held:
            with contextlib.suppress(PlaywrightError):  # it was let go already
                route.abort()


def test_only_one_question_at_a_time(page: Page) -> None:
    field = page.locator("#question")
    with held_questions(page) as held:
        field.fill("几页")
        field.press("Enter")
        expect(page.locator(".waiting")).to_be_visible()
        field.fill("密级")
        field.press("Enter")
        page.locator("#ask").evaluate("form => form.requestSubmit()")
        expect(page.locator("#send")).to_have_attribute("aria-disabled", "true")
        assert len(held) == 1
        held[0].continue_()
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        expect(field).to_have_value("密级")  # what was typed meanwhile is kept
        field.press("Enter")
        expect(page.locator(".waiting")).to_be_visible()
        assert len(held) == 2
        held[1].continue_()
        expect(page.locator(".card.decline")).to_be_visible()


def test_history_holds_the_last_six_questions(page: Page) -> None:
    for number in range(7):
        ask(page, f"第{number}个，几页")
    with page.expect_request("**/api/v1/ask") as sent:
        ask(page, "那会议呢")
    assert sent.value.post_data_json == {
        "question": "那会议呢",
        "history": [f"第{number}个，几页" for number in range(1, 7)],
    }


def test_remaining_characters_show_near_the_limit(page: Page) -> None:
    field = page.locator("#question")
    field.fill("页" * (LIMIT - 51))
    expect(page.locator("#remaining")).to_have_text("")
    field.fill("页" * (LIMIT - 10))
    expect(page.locator("#remaining")).to_have_text("还可输入 10 字")
    field.fill("页" * (LIMIT + 3))
    expect(page.locator("#remaining")).to_have_text("多了 3 字，请压缩")
    expect(page.locator("#send")).to_have_attribute("aria-disabled", "true")
    field.press("Enter")
    expect(page.locator(".question")).to_have_count(0)


def test_network_failure_offers_a_retry_and_loses_nothing(browser: Browser, site: str) -> None:
    with opened(browser, site, expected="net::ERR_FAILED") as page:
        wait_until_ready(page)
        page.route("**/api/v1/ask", lambda route: route.abort())
        ask(page, "一个文件最多几页")
        failure = page.locator(".card.failure")
        expect(failure.locator("p")).to_have_text("连不上服务，请检查网络后再试。")
        expect(page.locator(".question p")).to_have_text("一个文件最多几页")
        page.unroute("**/api/v1/ask")
        failure.get_by_role("button", name="重试").click()
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        expect(page.locator(".question")).to_have_count(1)
        expect(failure).to_have_count(0)


def test_refused_question_can_be_edited(browser: Browser, site: str) -> None:
    with opened(browser, site, expected="422") as page:
        wait_until_ready(page)
        refusal = {"error": {"code": "question_too_long", "message": "问题太长了"}}
        page.route("**/api/v1/ask", lambda route: route.fulfill(status=422, json=refusal))
        ask(page, "原来的问题")
        page.get_by_role("button", name="修改问题").click()
        expect(page.locator("#question")).to_have_value("原来的问题")
        expect(page.locator("#question")).to_be_focused()
        expect(page.locator(".question")).to_have_count(0)
        expect(page.locator("#welcome")).to_be_visible()


def test_conversation_survives_a_reload_and_can_be_cleared(page: Page) -> None:
    ask(page, "一个文件最多几页")
    ask(page, "开会有什么要求")
    page.locator(".option").first.click()
    expect(page.locator(".card.chosen")).to_be_visible()
    page.reload()
    expect(page.locator(".question p")).to_have_text(["一个文件最多几页", "开会有什么要求"])
    expect(page.locator(".card.chosen blockquote")).to_contain_text("少开会、开短会")
    page.get_by_role("button", name="清空对话").click()
    expect(page.locator("#conversation > *")).to_have_count(0)
    expect(page.locator("#welcome")).to_be_visible()
    page.reload()
    expect(page.locator("#welcome")).to_be_visible()


@pytest.mark.parametrize("secure", [True, False])
def test_copy_gives_the_quote_with_its_source(browser: Browser, site: str, secure: bool) -> None:
    with opened(browser, site, permissions=["clipboard-read", "clipboard-write"]) as page:
        wait_until_ready(page)
        page.evaluate("navigator.clipboard.writeText('before')")  # the clipboard outlives a context
        if not secure:  # plain http on an office network has no clipboard API
            page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
        ask(page, "几页")
        page.get_by_role("button", name="复制").click()
        expect(page.locator(".copy")).to_have_text("已复制")
        assert page.evaluate("navigator.clipboard.readText()") == f"“{QUOTE}”\n出处：{SOURCE}"
        expect(page.locator(".copy")).to_have_text("复制")


def test_keyboard_alone_leads_from_question_to_reader_and_back(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type("开会有什么要求")
    page.keyboard.press("Enter")
    expect(page.locator(".option")).to_have_count(2)
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".option").nth(1)).to_be_focused()
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


# --- states ---


def test_loading_keeps_what_is_typed_until_ready(browser: Browser) -> None:
    gate = threading.Event()

    def build(progress: Progress) -> Assistant:
        progress("编码条款", 0.4)
        assert gate.wait(30)
        return scripted_assistant()

    with served(build) as url, opened(browser, url, expected="503") as page:
        try:
            expect(page.locator("#state-text")).to_have_text("正在准备：编码条款")
            assert page.locator("#state-progress").evaluate("bar => bar.value") == 0.4
            page.locator("#question").fill("几页")
            page.locator("#question").press("Enter")
            expect(page.locator(".question")).to_have_count(0)
            expect(page.locator("#send")).to_have_attribute("aria-disabled", "true")
        finally:
            gate.set()
        expect(page.locator("#state")).to_be_hidden()
        expect(page.locator("#question")).to_have_value("几页")
        expect(page.locator("#send")).to_have_attribute("aria-disabled", "false")
        page.locator("#question").press("Enter")
        expect(page.locator("blockquote")).to_have_text(QUOTE)


def test_failed_start_shows_its_message(browser: Browser) -> None:
    def build(progress: Progress) -> Assistant:
        raise JianfuError("知识库第 3 行有误")

    with served(build) as url, opened(browser, url, expected="503") as page:
        expect(page.locator("#state-text")).to_have_text("启动失败：知识库第 3 行有误")
        expect(page.locator("#state-progress")).to_be_hidden()


def test_lexical_mode_shows_a_notice(browser: Browser) -> None:
    with served(lambda progress: scripted_assistant(mode="lexical")) as url, opened(browser, url) as page:
        expect(page.locator("#lexical")).to_be_visible()


def test_follow_up_shows_how_it_was_understood(page: Page) -> None:
    def understood(route: Route) -> None:
        content = route.fetch().json()
        route.fulfill(json={**content, "interpreted_as": "会议最多几页"})

    page.route("**/api/v1/ask", understood)
    ask(page, "那会议几页呢")
    expect(page.locator(".interpreted")).to_have_text("按「会议最多几页」理解")


def test_page_below_a_prefix(browser: Browser, site: str) -> None:
    """A proxy that strips /jianfu: every address in the page must stay below it."""
    with opened(browser, site) as page:
        wait_until_ready(page)

        def proxied(route: Route) -> None:
            route.fulfill(response=route.fetch(url=route.request.url.replace("/jianfu/", "/")))

        page.route("**/jianfu/**", proxied)
        strays: list[str] = []
        page.on("request", lambda sent: None if "/jianfu/" in sent.url else strays.append(sent.url))
        page.goto(f"{site}jianfu/")
        wait_until_ready(page)
        ask(page, "几页")
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        assert page.locator(".card a").get_attribute("href") == "./c/2.2"
        page.goto(f"{site}jianfu/c/2.2")
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        assert strays == []


# --- screens ---


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
        for question in ("几页", "开会", "密级", "问题二有哪些措施", "你好"):
            ask(page, question)
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


@pytest.mark.parametrize("width", [320, 375, 768, 3840])
def test_nothing_scrolls_sideways(browser: Browser, site: str, width: int) -> None:
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    with opened(browser, site, viewport={"width": width, "height": 700}) as page:
        wait_until_ready(page)
        assert page.evaluate(fits)
        for question in ("几页", "开会", "密级", "问题二有哪些措施", "你好", "W" * 200 + "几页"):
            ask(page, question)
            assert page.evaluate(fits)
        page.locator(".citation a").first.click()
        expect(page.locator("#reader .marked")).to_be_visible()
        assert page.locator("#reader-body").evaluate("body => body.scrollWidth <= body.clientWidth")
        for path in ("c/2.2", "c/99", "docs"):
            page.route("**/c/99", lambda route: route.fulfill(status=200, body=route.fetch().body()))
            page.goto(site + path)
            assert page.evaluate(fits), path


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


def test_print_leaves_the_words_and_drops_the_controls(page: Page) -> None:
    ask(page, "几页")
    page.emulate_media(media="print")
    expect(page.locator("blockquote")).to_be_visible()
    for control in (".composer", ".tools", ".actions"):
        expect(page.locator(control).first).to_be_hidden()


def test_clause_page_without_script(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}c/2.2", java_script_enabled=False) as page:
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        page.get_by_role("link", name="《通知》问题二·措施3").click()
        expect(page.locator("h1")).to_have_text("《通知》问题二·措施3")
