"""What an answer looks like in the page: four outcomes, how sure it is, its receipt, and what to ask next."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from bot import replies
from tests.browser import NEXT, QUOTE, RECEIPT, SOURCE, ask, complete, opened, served, wait_until_ready
from tests.fakes import scripted_assistant

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser


def test_answer_shows_the_quote_and_its_source(page: Page) -> None:
    expect(page.locator("#welcome")).to_be_visible()
    ask(page, "一个文件最多几页")
    card = page.locator(".card.answer")
    expect(page.locator(".question p")).to_have_text("一个文件最多几页")
    expect(card.locator(".lead")).to_have_text("《通知》问题二·措施2写明：")
    expect(card.locator("blockquote")).to_have_text(QUOTE)
    expect(card.locator(".source")).to_have_text(SOURCE)
    expect(card.locator(".tag")).to_have_text("回答")
    expect(card.locator(".sureness")).to_have_text("很有把握")
    expect(page.locator("#welcome")).to_be_hidden()
    expect(page.locator("#question")).to_have_value("")
    expect(page.locator("#question")).to_be_focused()


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
    expect(page.locator(".card.clarify .tag")).to_have_text("请选择")
    expect(page.locator(".card.clarify .sureness")).to_have_count(0)
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
    expect(card.locator(".tag")).to_have_text("通知没有写")
    expect(card.locator(".sureness")).to_have_text("较有把握")
    expect(card.locator(".lead")).to_have_text("《通知》提到了相近的内容，但没有写您问的这一点。")
    expect(card.locator(".related-heading")).to_have_text("相关条文，供阅读，不是答案：")
    expect(card.locator(".suggestion")).to_have_text(replies.WHAT_CAN_BE_ASKED)
    expect(card.locator("blockquote")).to_have_count(0)
    expect(card).to_have_css("border-style", "dashed")
    card.get_by_role("link", name="《通知》问题二·措施4").click()
    expect(page.locator("#reader .marked")).to_contain_text("科学确定中央文件密级")


def test_greeting_is_plain_text(page: Page) -> None:
    ask(page, "你好")
    expect(page.locator(".card.chat .tag")).to_have_text("寒暄")
    expect(page.locator(".card.chat .plain")).to_have_text(
        [replies.HELLO.format(title="通知"), replies.WHAT_CAN_BE_ASKED]
    )


def test_text_is_never_read_as_html(page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>几页"
    ask(page, hostile)
    expect(page.locator(".question p")).to_have_text(hostile)
    expect(page.locator("#conversation img, #conversation script")).to_have_count(0)


def test_follow_up_shows_how_it_was_understood(page: Page) -> None:
    complete(page, interpreted_as="会议最多几页")
    ask(page, "那会议几页呢")
    expect(page.locator(".interpreted")).to_have_text("按「会议最多几页」理解")


def test_lexical_mode_shows_a_notice(browser: Browser) -> None:
    with served(lambda progress: scripted_assistant(mode="lexical")) as url, opened(browser, url) as page:
        expect(page.locator("#lexical")).to_be_visible()
        ask(page, "几页")
        expect(page.locator(".card .lexical")).to_have_text("语义模型暂不可用，这次只按字面查找，请核对原文。")


@pytest.mark.parametrize("secure", [True, False])
def test_copy_gives_the_quote_with_its_source(browser: Browser, site: str, secure: bool) -> None:
    with opened(browser, site, permissions=["clipboard-read", "clipboard-write"]) as page:
        wait_until_ready(page)
        page.evaluate("navigator.clipboard.writeText('before')")  # the clipboard outlives a context
        if not secure:  # plain http on an office network has no clipboard API
            page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
        ask(page, "几页")
        page.get_by_role("button", name="复制", exact=True).click()
        expect(page.locator(".citation .copy")).to_have_text("已复制")
        assert page.evaluate("navigator.clipboard.readText()") == f"“{QUOTE}”——{SOURCE}"
        expect(page.locator(".citation .copy")).to_have_text("复制")


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(0.9, "很有把握"), (0.8999, "较有把握"), (0.6, "较有把握"), (0.5999, "把握不大，请核对原文")],
)
def test_confidence_is_said_in_words(page: Page, confidence: float, words: str) -> None:
    complete(page, confidence=confidence)
    ask(page, "几页")
    expect(page.locator(".sureness")).to_have_text(words)
    expect(page.locator(".unsure svg")).to_have_count(int(confidence < 0.6))


def test_each_outcome_has_its_own_sign_beside_its_word(page: Page) -> None:
    for question in ("几页", "开会", "密级", "你好"):
        ask(page, question)
    signs = page.locator(".tag use").evaluate_all("uses => uses.map((use) => use.getAttribute('href').split('#')[1])")
    assert signs == ["answer", "clarify", "decline", "chat"]


def test_the_answering_words_are_marked(page: Page) -> None:
    complete(page)
    ask(page, "一个文件最多几页")
    expect(page.locator(".card blockquote mark")).to_have_text("10页")


def test_next_questions_ask_when_pressed(page: Page) -> None:
    complete(page)
    ask(page, "一个文件最多几页")
    expect(page.get_by_role("region", name="接着可以问").get_by_role("button")).to_have_text(NEXT)
    page.get_by_role("button", name=NEXT[0]).click()
    expect(page.locator(".question p")).to_have_text(["一个文件最多几页", NEXT[0]])
    expect(page.locator("#question")).to_be_focused()


def test_receipt_links_to_its_page_and_can_be_copied(browser: Browser, site: str) -> None:
    with opened(browser, site, permissions=["clipboard-read", "clipboard-write"]) as page:
        wait_until_ready(page)
        complete(page)
        ask(page, "几页")
        link = page.get_by_role("link", name=f"核验凭据 {RECEIPT}")
        expect(link).to_have_text(RECEIPT)
        expect(link).to_have_attribute("href", f"./verify/{RECEIPT}")
        page.get_by_role("button", name="复制凭据号").click()
        expect(page.locator(".receipt .copy")).to_have_text("已复制")
        assert page.evaluate("navigator.clipboard.readText()") == RECEIPT


def test_an_answer_without_receipt_shows_none(page: Page) -> None:
    complete(page, receipt="", next_questions=[])
    ask(page, "几页")
    expect(page.locator(".receipt")).to_have_count(0)
    expect(page.locator(".next-questions")).to_have_count(0)


def test_screen_readers_are_told_the_answer_and_not_its_buttons(page: Page) -> None:
    complete(page)
    ask(page, "几页")
    announced = page.locator("#announce")
    expect(announced).to_have_attribute("role", "status")
    expect(announced).to_contain_text("回答：")
    expect(announced).to_contain_text(QUOTE)
    expect(announced).not_to_contain_text("复制")
