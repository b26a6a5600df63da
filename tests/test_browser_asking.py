"""Asking in the page: keys, input methods, limits, the kept conversation, and what happens when things go wrong."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bot.assistant import Assistant
from index.builtin_model import Progress
from knowledge.errors import JianfuError
from tests.browser import LIMIT, QUOTE, Gate, arrived, ask, fail, held, opened, served, wait_until_ready

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser


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


def test_only_one_question_at_a_time(page: Page) -> None:
    field = page.locator("#question")
    with held(page) as sent:
        field.fill("几页")
        field.press("Enter")
        expect(page.locator(".waiting")).to_be_visible()
        field.fill("密级")
        field.press("Enter")
        page.locator("#ask").evaluate("form => form.requestSubmit()")
        expect(page.locator("#send")).to_have_attribute("aria-disabled", "true")
        arrived(page, sent, 1)
        sent[0].continue_()
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        expect(field).to_have_value("密级")  # what was typed meanwhile is kept
        field.press("Enter")
        expect(page.locator(".waiting")).to_be_visible()
        arrived(page, sent, 2)
        sent[1].continue_()
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
    expect(page.locator("#remaining")).to_have_text("最多 500 字，多了 3 字")
    expect(page.locator("#send")).to_have_attribute("aria-disabled", "true")
    field.press("Enter")
    expect(page.locator("#remaining")).to_have_text("最多 500 字，现在 503 字，请删去 3 字再发。")
    expect(page.locator("#announce")).to_have_text("最多 500 字，现在 503 字，请删去 3 字再发。")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".question")).to_have_count(0)
    expect(field).to_have_value("页" * (LIMIT + 3))
    field.fill("𠮷" * LIMIT)  # characters, not UTF-16 units
    expect(page.locator("#remaining")).to_have_text("还可输入 0 字")
    expect(page.locator("#send")).to_have_attribute("aria-disabled", "false")


def test_a_pasted_book_is_refused_at_once(page: Page) -> None:
    page.locator("#question").evaluate("(field, text) => { field.value = text; }", "长" * 300_000)
    page.locator("#question").dispatch_event("input")
    expect(page.locator("#remaining")).to_have_text("最多 500 字，多了 299500 字")


def test_network_failure_offers_a_retry_and_loses_nothing(browser: Browser, site: str) -> None:
    with opened(browser, site, expected="net::ERR_FAILED") as page:
        wait_until_ready(page)
        page.route("**/api/v1/ask", lambda route: route.abort())
        ask(page, "一个文件最多几页")
        failure = page.locator(".card.failure")
        expect(failure.get_by_role("alert")).to_have_text("连不上服务，请检查网络后再试。")
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
    page.evaluate("sessionStorage.clear()")  # it is kept for longer than a tab
    page.reload()
    expect(page.locator(".question p")).to_have_text(["一个文件最多几页", "开会有什么要求"])
    page.get_by_role("button", name="清空对话").click()
    expect(page.locator("#conversation > *")).to_have_count(0)
    expect(page.locator("#welcome")).to_be_visible()
    page.reload()
    expect(page.locator("#welcome")).to_be_visible()


def test_a_question_asked_while_loading_is_answered_once_ready(browser: Browser) -> None:
    gate = Gate()
    with served(gate.build) as url, opened(browser, url, expected="503") as page:
        try:
            expect(page.locator("#state-text")).to_have_text("正在准备：编码条款")
            assert page.locator("#state-progress").evaluate("bar => bar.value") == 0.4
            page.locator("#question").fill("几页")
            page.locator("#question").press("Enter")
            expect(page.locator(".question p")).to_have_text("几页")
            expect(page.locator(".waiting p")).to_have_text("正在准备：编码条款。备好后自动回答…")
            page.locator("#question").fill("下一个问题")
        finally:
            gate.open()
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        expect(page.locator("#state")).to_be_hidden()
        expect(page.locator("#question")).to_have_value("下一个问题")


def test_a_server_started_anew_is_waited_for(browser: Browser, site: str) -> None:
    with opened(browser, site, expected="503") as page:
        wait_until_ready(page)
        answers = [503, 200]

        def once(route: Route) -> None:
            if answers.pop(0) == 200:
                route.continue_()
                return
            error = {"error": {"code": "loading", "message": "还在准备"}}
            route.fulfill(status=503, json=error, headers={"Retry-After": "2"})

        page.route("**/api/v1/ask", once)
        ask(page, "几页")
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        assert answers == []


def test_failed_start_shows_its_message(browser: Browser) -> None:
    def build(progress: Progress) -> Assistant:
        raise JianfuError("知识库第 3 行有误")

    with served(build) as url, opened(browser, url, expected="503") as page:
        expect(page.locator("#state-text")).to_have_text("启动失败：知识库第 3 行有误")
        expect(page.locator("#state-progress")).to_be_hidden()


def test_clearing_can_be_taken_back_until_the_next_question(page: Page) -> None:
    stored = "localStorage.getItem('jianfu.conversation')"
    ask(page, "一个文件最多几页")
    page.get_by_role("button", name="清空对话").click()
    assert page.evaluate(stored) is None
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".question p")).to_have_text("一个文件最多几页")
    expect(page.locator("blockquote")).to_have_text(QUOTE)
    expect(page.get_by_role("button", name="撤销")).to_be_hidden()
    assert len(json.loads(page.evaluate(stored))["turns"]) == 2
    page.get_by_role("button", name="清空对话").click()
    ask(page, "开会有什么要求")
    expect(page.get_by_role("button", name="撤销")).to_be_hidden()
    page.reload()
    expect(page.locator(".question p")).to_have_text("开会有什么要求")


def test_what_was_cleared_cannot_be_brought_back_for_long(browser: Browser, site: str) -> None:
    with opened(browser, site, clock=True) as page:
        wait_until_ready(page)
        ask(page, "几页")
        page.get_by_role("button", name="清空对话").click()
        expect(page.get_by_role("button", name="撤销")).to_be_visible()
        page.clock.fast_forward(20_000)
        expect(page.get_by_role("button", name="撤销")).to_be_hidden()


def test_clearing_ends_a_question_that_is_being_answered(page: Page) -> None:
    with held(page) as sent:
        page.locator("#question").fill("几页")
        page.locator("#question").press("Enter")
        expect(page.locator(".waiting")).to_be_visible()
        arrived(page, sent, 1)
        page.get_by_role("button", name="清空对话").click()
        expect(page.locator("#conversation > *")).to_have_count(0)
        expect(page.locator("#welcome")).to_be_visible()
    ask(page, "几页")
    expect(page.locator(".question")).to_have_count(1)


@pytest.mark.parametrize(
    "stored",
    [
        "not json",
        "null",
        "[]",
        '{"version": 0, "turns": [{"kind": "question", "text": "旧"}]}',
        '{"version": 1, "turns": "many"}',
        '{"version": 1, "turns": [null, 3, {"kind": "answer", "id": "a", "answer": {"outcome": "answer"}}, {"kind": "x"}]}',
    ],
)
def test_a_corrupt_store_is_ignored(browser: Browser, site: str, stored: str) -> None:
    with opened(browser, site) as page:
        wait_until_ready(page)
        page.evaluate("text => localStorage.setItem('jianfu.conversation', text)", stored)
        page.reload()
        wait_until_ready(page)
        expect(page.locator("#welcome")).to_be_visible()
        expect(page.locator("#conversation > *")).to_have_count(0)
        ask(page, "几页")
        page.reload()
        expect(page.locator("blockquote")).to_have_text(QUOTE)


FILL_STORAGE = """() => {
    for (let size = 1 << 22, i = 0; size > 1000; i++) {
        try { localStorage.setItem(`other${i}`, 'x'.repeat(size)); } catch { size >>= 1; }
    }
}"""


def test_the_store_is_bounded_and_gives_way_when_full(page: Page) -> None:
    ask(page, "几页")
    lengthen = """() => {
        const stored = JSON.parse(localStorage.getItem('jianfu.conversation'));
        stored.turns = Array(70).fill(stored.turns).flat();
        localStorage.setItem('jianfu.conversation', JSON.stringify(stored));
    }"""
    count = "JSON.parse(localStorage.getItem('jianfu.conversation')).turns.length"
    page.evaluate(lengthen)
    page.reload()
    wait_until_ready(page)
    ask(page, "几页")
    assert page.evaluate(count) == 100
    page.evaluate(FILL_STORAGE)
    ask(page, "问题二有哪些措施")
    assert page.evaluate(count) < 100
    page.reload()
    expect(page.locator(".question p").last).to_have_text("问题二有哪些措施")


def test_without_storage_the_chat_works(browser: Browser, site: str) -> None:
    with opened(browser, site) as page:
        page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('off') } })")
        page.reload()
        wait_until_ready(page)
        ask(page, "几页")
        ask(page, "密级")
        expect(page.locator(".question")).to_have_count(2)
        page.get_by_role("button", name="清空对话").click()
        expect(page.locator("#welcome")).to_be_visible()


def test_another_tab_clears_this_one_too(page: Page) -> None:
    ask(page, "几页")
    other = page.context.new_page()
    other.goto(page.url)
    wait_until_ready(other)
    expect(other.locator("blockquote")).to_have_text(QUOTE)
    other.get_by_role("button", name="清空对话").click()
    expect(page.locator("#conversation > *")).to_have_count(0)


def test_up_recalls_and_escape_clears(page: Page) -> None:
    field = page.locator("#question")
    ask(page, "几页")
    ask(page, "密级")
    for key, value in (
        ("ArrowUp", "密级"),
        ("ArrowUp", "几页"),
        ("ArrowUp", "几页"),
        ("ArrowDown", "密级"),
        ("ArrowDown", ""),
    ):
        field.press(key)
        expect(field).to_have_value(value)
    field.fill("写了一半")
    field.press("ArrowUp")
    expect(field).to_have_value("写了一半")  # only an empty field recalls
    field.press("Escape")
    expect(field).to_have_value("")
    field.press("ArrowUp")
    expect(field).to_have_value("写了一半")  # what Escape took is not lost


def test_double_click_and_held_enter_send_once(page: Page) -> None:
    with held(page) as sent:
        page.locator("#question").fill("几页")
        page.locator("#send").dblclick()
        expect(page.locator(".waiting")).to_be_visible()
        page.locator("#question").fill("几页")
        page.locator("#question").press("Enter")
        expect(page.locator("#remaining")).to_have_text("上一个问题还在回答，请稍等。")
        arrived(page, sent, 1)
        sent[0].continue_()
        expect(page.locator("blockquote")).to_have_text(QUOTE)
    expect(page.locator(".question")).to_have_count(1)


def test_a_slow_answer_is_spoken_of_and_can_be_given_up(browser: Browser, site: str) -> None:
    with opened(browser, site, clock=True) as page:
        wait_until_ready(page)
        with held(page) as sent:
            page.locator("#question").fill("几页")
            page.locator("#question").press("Enter")
            stop = page.get_by_role("button", name="不等了")
            expect(page.locator(".waiting p")).to_have_text("正在查找条款…")
            expect(stop).to_be_hidden()
            page.clock.fast_forward(8_000)
            expect(page.locator(".waiting p")).to_have_text("还在等，服务回得慢…")
            stop.click()
            expect(page.get_by_role("alert")).to_have_text("已停止等待，问题还在。")
            arrived(page, sent, 1)
        page.get_by_role("button", name="重试").click()
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        expect(page.locator(".question")).to_have_count(1)


def test_no_answer_at_all_ends_after_half_a_minute(browser: Browser, site: str) -> None:
    with opened(browser, site, clock=True) as page:
        wait_until_ready(page)
        with held(page):
            page.locator("#question").fill("几页")
            page.locator("#question").press("Enter")
            expect(page.locator(".waiting")).to_be_visible()
            page.clock.fast_forward(30_000)
            expect(page.get_by_role("alert")).to_have_text("等了 30 秒没有回音，请再试一次。")


def test_offline_says_so_and_goes_on_afterwards(browser: Browser, site: str) -> None:
    with opened(browser, site, expected="ERR_INTERNET_DISCONNECTED") as page:
        wait_until_ready(page)
        page.context.set_offline(True)
        ask(page, "几页")
        expect(page.get_by_role("alert")).to_have_text("网络断开了，连上以后再试。")
        expect(page.locator("#state-text")).to_have_text("网络断开了，连上以后会自动继续。")
        page.get_by_role("button", name="重试").click()
        expect(page.locator(".waiting p")).to_have_text("网络断开了，连上以后会自动继续。")
        page.context.set_offline(False)
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        expect(page.locator("#state")).to_be_hidden()


def test_too_many_requests_says_when_to_try_again(browser: Browser, site: str) -> None:
    with opened(browser, site, expected="429", clock=True) as page:
        wait_until_ready(page)
        fail(page, "ask", 429, "too_many_requests", "问得太快了，请过 12 秒再试。", {"Retry-After": "12"})
        ask(page, "几页")
        expect(page.get_by_role("alert")).to_have_text("问得太快了，请过 12 秒再试。")
        button = page.locator(".failure button").first
        expect(button).to_have_attribute("aria-disabled", "true")
        expect(button).to_contain_text("秒后可重试")
        page.unroute("**/api/v1/ask")
        button.click(force=True)
        expect(page.locator(".failure")).to_be_visible()
        page.clock.fast_forward(13_000)
        expect(button).to_have_text("重试")
        button.click()
        expect(page.locator("blockquote")).to_have_text(QUOTE)


def test_a_proxys_page_in_place_of_an_answer_is_a_failure_in_words(browser: Browser, site: str) -> None:
    with opened(browser, site, expected="502") as page:
        wait_until_ready(page)
        page.route("**/api/v1/ask", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>"))
        ask(page, "几页")
        expect(page.get_by_role("alert")).to_have_text("服务没有正常回应（502），请稍后再试。")


def test_a_question_in_the_address_is_put_in_and_not_sent(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}?q=%E4%B8%80%E4%B8%AA%E6%96%87%E4%BB%B6%E6%9C%80%E5%A4%9A%E5%87%A0%E9%A1%B5") as page:
        wait_until_ready(page)
        expect(page.locator("#question")).to_have_value("一个文件最多几页")
        expect(page.locator("#question")).to_be_focused()
        expect(page.locator(".question")).to_have_count(0)
        assert page.url == site
        page.keyboard.press("Enter")
        expect(page.locator("blockquote")).to_have_text(QUOTE)
