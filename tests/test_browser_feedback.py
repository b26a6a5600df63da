"""Thumbs below an answer: what is sent, what is said, and how one changes one's mind."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import arrived, ask, fail, held, opened, wait_until_ready

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser

REASONS = {
    "引错条款": "wrong_clause",
    "不完整": "incomplete",
    "应答未答": "should_answer",
    "不该答": "should_not_answer",
    "不说原因": "",
}


def kept(page: Page) -> list[dict[str, Any]]:
    """Keep whatever feedback comes; gives what was sent."""
    sent: list[dict[str, Any]] = []

    def keep(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.fulfill(json={"status": "kept"})

    page.route("**/api/v1/feedback", keep)
    return sent


def test_thumb_up_sends_no_question(page: Page) -> None:
    sent = kept(page)
    ask(page, "一个文件最多几页")
    up = page.get_by_role("button", name="有用")
    expect(up).to_have_attribute("aria-pressed", "false")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".feedback-said")).to_have_text("已记下，谢谢。")
    assert len(sent) == 1
    assert re.fullmatch(r"[A-Za-z0-9_-]{8,64}", sent[0].pop("id"))
    assert len(sent[0].pop("knowledge_version")) == 12
    assert sent[0] == {"verdict": "up", "reason": "", "question": "", "outcome": "answer", "clauses": ["2.2"]}
    up.click()
    assert len(sent) == 1  # once is enough


@pytest.mark.parametrize("words", REASONS)
def test_thumb_down_asks_for_a_reason_and_says_what_is_sent(page: Page, words: str) -> None:
    sent = kept(page)
    ask(page, "一个文件最多几页")
    down = page.get_by_role("button", name="不对")
    expect(down).to_have_attribute("aria-expanded", "false")
    down.click()
    expect(down).to_have_attribute("aria-expanded", "true")
    told = "选一项就会发送，可以改选。会附上这个问题，好查是哪里不对；不附您是谁。"
    expect(page.locator(".told")).to_have_text(told)
    expect(page.get_by_role("group", name="哪里不对").get_by_role("button")).to_have_text(list(REASONS))
    assert sent == []  # nothing before the person has read it and chosen
    choice = page.get_by_role("button", name=words)
    choice.click()
    expect(choice).to_have_attribute("aria-pressed", "true")
    expect(down).to_have_attribute("aria-pressed", "true")
    assert [(one["verdict"], one["reason"], one["question"]) for one in sent] == [
        ("down", REASONS[words], "一个文件最多几页")
    ]


def test_a_mind_can_be_changed_under_the_same_id_and_is_remembered(page: Page) -> None:
    sent = kept(page)
    ask(page, "密级怎么定")
    page.get_by_role("button", name="不对").click()
    page.get_by_role("button", name="应答未答").click()
    page.get_by_role("button", name="不该答").click()
    expect(page.get_by_role("button", name="应答未答")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="有用").click()
    expect(page.get_by_role("button", name="不对")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("group", name="哪里不对")).to_be_hidden()
    assert [(one["verdict"], one["reason"]) for one in sent] == [
        ("down", "should_answer"),
        ("down", "should_not_answer"),
        ("up", ""),
    ]
    assert len({one["id"] for one in sent}) == 1
    page.reload()
    wait_until_ready(page)
    expect(page.get_by_role("button", name="有用")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="不对").click()
    page.get_by_role("button", name="不说原因").click()
    expect(page.get_by_role("button", name="不对")).to_have_attribute("aria-pressed", "true")
    assert sent[-1]["id"] == sent[0]["id"]
    assert sent[-1]["question"] == "密级怎么定"


@pytest.mark.parametrize(
    ("question", "outcome", "clauses"),
    [("开会", "clarify", ["2.5", "2.6"]), ("密级", "decline", ["2.4"]), ("你好", "chat", [])],
)
def test_every_outcome_can_be_judged(page: Page, question: str, outcome: str, clauses: list[str]) -> None:
    sent = kept(page)
    ask(page, question)
    page.get_by_role("button", name="有用").click()
    expect(page.locator(".feedback-said")).to_have_text("已记下，谢谢。")
    assert (sent[0]["outcome"], sent[0]["clauses"]) == (outcome, clauses)


def test_each_answer_has_its_own_id(page: Page) -> None:
    sent = kept(page)
    for number in range(2):
        ask(page, "几页")
        page.locator(".feedback").nth(number).get_by_role("button", name="有用").click()
        expect(page.locator(".feedback-said").nth(number)).to_have_text("已记下，谢谢。")
    assert len({one["id"] for one in sent}) == 2


def test_pressing_twice_sends_once(page: Page) -> None:
    ask(page, "几页")
    with held(page, "feedback") as sent:
        page.get_by_role("button", name="有用").dblclick()
        arrived(page, sent, 1)
        sent[0].fulfill(json={"status": "kept"})
        expect(page.locator(".feedback-said")).to_have_text("已记下，谢谢。")


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (503, "state_unavailable", "现在记不下反馈，请稍后再试。"),
        (429, "too_many_requests", "请过 5 秒再试。"),
    ],
)
def test_a_failure_is_said_and_can_be_tried_again(
    browser: Browser, site: str, status: int, code: str, message: str
) -> None:
    with opened(browser, site, expected=str(status)) as page:
        wait_until_ready(page)
        fail(page, "feedback", status, code, message, {"Retry-After": "5"})
        ask(page, "几页")
        up = page.get_by_role("button", name="有用")
        up.click()
        expect(page.locator(".feedback-said")).to_have_text(f"没有记下：{message}")
        expect(up).to_have_attribute("aria-pressed", "false")
        page.unroute("**/api/v1/feedback")
        kept(page)
        up.click()
        expect(page.locator(".feedback-said")).to_have_text("已记下，谢谢。")
        expect(up).to_have_attribute("aria-pressed", "true")
