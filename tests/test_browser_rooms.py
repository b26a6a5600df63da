"""A room in the browser: trainer, projector and two phones through a session, and every view on every screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from tests.browser import PHONE, fits, opened, serious_violations, served, until_true
from tests.fakes import scripted_assistant
from tests.web_client import state_in

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser

WIDTHS = (320, 375, 768, 1280, 1920)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with a database; gives its address."""
    state = state_in(tmp_path_factory.mktemp("rooms"))
    with served(lambda progress: scripted_assistant(), state=state) as url:
        yield url
    state.close()


def sound(*pages: Page) -> None:
    """Nothing serious for assistive technology, and nothing to scroll sideways on any screen."""
    for page in pages:
        assert serious_violations(page) == []
        before = page.viewport_size
        assert before is not None
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert fits(page), (page.url, width)
        page.set_viewport_size(before)


def answer(phone: Page, kind: str, first: bool) -> None:
    """Answer the open item in its form: the first choice or the second."""
    if kind == "多项选择":
        phone.locator(".room-choice").nth(0 if first else 1).click()
        phone.get_by_role("button", name="提交").click()
    elif kind == "排序":
        for choice in phone.locator(".room-choice").all():
            choice.click()
        phone.get_by_role("button", name="提交").click()
    elif kind == "对应":
        for pairs in phone.locator(".room-pair select").all():
            pairs.select_option("0" if first else "1")
        phone.get_by_role("button", name="提交").click()
    else:
        phone.locator(".room-choice").nth(0 if first else 1).click()
    expect(phone.locator(".room-received")).to_contain_text("已收到")


def kind_of(phone: Page, position: int) -> str:
    """The kind of the item, once it is there."""
    expect(phone.locator(".room-place")).to_contain_text(f"第 {position + 1} / 3 题")
    return phone.locator(".room-place span").first.inner_text().partition(" · ")[2].strip()


def test_a_session_of_three_items(browser: Browser, hall: str) -> None:
    with opened(browser, f"{hall}room") as trainer:
        sound(trainer)
        trainer.get_by_text("改一改再开").click()
        trainer.locator("input[name=count]").fill("3")
        sound(trainer)
        trainer.get_by_role("button", name="开房间").click()
        trainer.wait_for_url("**/control")  # the key is gone from the address
        expect(trainer.locator(".room-qr")).to_be_visible()
        expect(trainer.locator(".note")).to_contain_text("只在本机可用")
        code = trainer.locator("#room").get_attribute("data-code") or ""
        sound(trainer)
        screen_options = {"viewport": {"width": 1600, "height": 900}}
        with (
            opened(browser, f"{hall}room/{code}/screen", **screen_options) as screen,
            opened(browser, f"{hall}join", viewport=PHONE, has_touch=True) as first,
            opened(browser, f"{hall}room/{code}", expected="ERR_INTERNET_DISCONNECTED", viewport=PHONE) as second,
        ):
            sound(first)
            first.locator("#code").fill(f"{code[:3]} {code[3:]}")
            first.get_by_role("button", name="下一步").click()
            for phone in (first, second):
                phone.get_by_role("button", name="进入").click()
                expect(phone.locator("h1")).to_have_text("已进入")
            expect(screen.locator(".room-people")).to_have_text("已进入 2 人")
            expect(screen.locator(".room-code")).to_have_text(f"{code[:3]} {code[3:]}")
            sound(screen, first)
            trainer.get_by_role("button", name="开始").click()
            for position in range(3):
                kind = kind_of(first, position)
                assert kind_of(second, position) == kind
                if position == 0:
                    sound(trainer, screen, first)
                answer(first, kind, first=True)
                if position == 1:
                    first.reload()
                    expect(first.locator(".room-received")).to_contain_text("已收到")
                    second.context.set_offline(True)
                    press_offline(second, kind)
                    expect(screen.locator(".room-answered")).to_have_text("已答 1 / 2")
                    second.context.set_offline(False)
                    expect(second.locator(".room-received")).to_contain_text("已收到", timeout=30_000)
                else:
                    answer(second, kind, first=False)
                expect(screen.locator(".room-answered")).to_have_text("已答 2 / 2")
                expect(trainer.locator(".room-count")).to_contain_text("2 人已答")
                trainer.get_by_role("button", name="公布答案").click()
                for page in (first, second):
                    expect(page.locator(".room-verdict")).to_be_visible(timeout=30_000)
                quote = screen.locator("blockquote").inner_text()
                assert first.locator("blockquote").inner_text() == quote
                expect(screen.locator(".room-answered")).to_contain_text("2 人作答")
                if position == 0:
                    sound(trainer, screen, first)
                trainer.locator(".room-buttons .room-main").click()
            expect(first.locator("h1")).to_have_text("这一场结束了")
            expect(second.locator("h1")).to_have_text("这一场结束了", timeout=30_000)
            expect(screen.locator("h1")).to_have_text("需要重读的条款")
            sound(trainer, screen, first)
        trainer.get_by_role("link", name="看合计，可打印").click()
        expect(trainer.locator(".report-items > li")).to_have_count(3)
        sound(trainer)
        trainer.goto(f"{hall}room")
        assert trainer.evaluate("document.cookie") == ""


def press_offline(phone: Page, kind: str) -> None:
    """Answer while there is no network: the phone says that it is sending."""
    if kind in ("多项选择", "排序"):
        for choice in phone.locator(".room-choice").all():
            choice.click()
    elif kind == "对应":
        for pairs in phone.locator(".room-pair select").all():
            pairs.select_option("1")
    if kind in ("多项选择", "排序", "对应"):
        phone.get_by_role("button", name="提交").click()
    else:
        phone.locator(".room-choice").nth(1).click()
    expect(phone.locator(".room-received")).to_contain_text("正在发送")


def test_the_room_goes_on_without_event_source(browser: Browser, hall: str) -> None:
    with opened(browser, f"{hall}room") as trainer:
        trainer.get_by_role("button", name="开房间").click()
        trainer.wait_for_url("**/control")
        code = trainer.locator("#room").get_attribute("data-code")
        with opened(browser, hall, viewport=PHONE) as phone:
            phone.add_init_script("delete window.EventSource")
            phone.goto(f"{hall}room/{code}")
            phone.get_by_role("button", name="进入").click()
            expect(phone.locator("h1")).to_have_text("已进入")
            trainer.get_by_role("button", name="开始").click()
            expect(phone.locator(".room-place")).to_contain_text("第 1 / 10 题")


def test_more_time_and_a_pause_leave_a_half_made_answer_and_a_double_click_is_one(browser: Browser, hall: str) -> None:
    with opened(browser, f"{hall}room") as trainer, opened(browser, hall, viewport=PHONE) as phone:
        trainer.get_by_role("button", name="开房间").click()
        trainer.wait_for_url("**/control")
        phone.goto(f"{hall}room/{trainer.locator('#room').get_attribute('data-code')}")
        phone.get_by_role("button", name="进入").dblclick()
        expect(phone.locator("h1")).to_have_text("已进入")
        expect(trainer.locator(".room-count")).to_contain_text("1 人在场")
        trainer.get_by_role("button", name="开始").click()
        for position in range(10):
            expect(phone.locator(".room-place")).to_contain_text(f"第 {position + 1} / 10 题")
            if "多项选择" in phone.locator(".room-place").inner_text():
                break
            trainer.get_by_role("button", name="跳过这一题").click()
        phone.locator(".room-choice").nth(1).click()
        with trainer.expect_response("**/actions"):  # a press while another is under way is none
            trainer.get_by_role("button", name="加 30 秒").click()
        trainer.get_by_role("button", name="暂停").click()
        expect(phone.locator("#standing")).to_be_visible()
        expect(phone.locator(".room-clock")).to_have_text("暂停")
        expect(phone.locator(".room-choice").nth(1)).to_have_attribute("aria-pressed", "true")
        trainer.get_by_role("button", name="继续").click()
        expect(phone.locator("#standing")).to_be_hidden()
        expect(phone.locator(".room-choice").nth(1)).to_have_attribute("aria-pressed", "true")
        trainer.get_by_role("button", name="公布答案").dblclick()
        expect(phone.locator(".room-verdict")).to_be_visible()
        expect(phone.locator(".room-place")).to_contain_text(f"第 {position + 1} / 10 题")


def test_an_answer_that_would_pass_by_itself_can_be_held(browser: Browser, hall: str) -> None:
    with opened(browser, hall, viewport=PHONE) as control:
        room = control.request.post(f"{hall}api/v1/rooms", data={"count": 2, "reading_seconds": 60}).json()
        control.goto(f"{hall}room/{room['code']}/control#key={room['key']}")
        control.get_by_role("button", name="开始", exact=True).click()
        control.get_by_role("button", name="公布答案").click()
        control.get_by_role("button", name="加 30 秒").click()
        held = control.get_by_role("button", name="停在这里")
        held.click()
        expect(held).to_have_count(0)
        expect(control.get_by_role("button", name="加 30 秒")).to_have_count(0)
        assert control.request.get(f"{hall}api/v1/rooms/{room['code']}").json()["seconds_left"] is None
        sound(control)
        control.get_by_role("button", name="结束，看合计").or_(control.get_by_role("button", name="下一题")).click()
        expect(control.get_by_role("button", name="暂停")).to_be_visible()


def test_a_seat_whose_answer_comes_late_is_kept_with_its_name(browser: Browser, hall: str) -> None:
    """The trainer starts while the answer to 进入 is on its way: the stream says so first."""
    with opened(browser, hall, viewport=PHONE) as phone:
        room = phone.request.post(f"{hall}api/v1/rooms", data={"count": 2, "named": True}).json()
        api = f"{hall}api/v1/rooms/{room['code']}"
        phone.goto(f"{hall}room/{room['code']}")
        held: list[tuple[Route, APIResponse]] = []

        def late(route: Route) -> None:
            held.append((route, route.fetch()))
            phone.request.post(f"{api}/actions", data={"action": "start"}, headers={"X-Room-Key": room["key"]})

        phone.route("**/seat", late)
        phone.locator("#name").fill("张三")
        phone.get_by_role("button", name="进入").click()
        expect(phone.get_by_text("已经开始")).to_be_visible()
        [(route, response)] = held
        route.fulfill(response=response)
        expect(phone.locator(".room-stem")).to_be_visible()
        assert phone.request.get(api).json()["seat"]["name"] == "张三"


def test_everything_on_the_projector_is_in_sight(browser: Browser, hall: str) -> None:
    with opened(browser, hall) as screen:
        room = screen.request.post(f"{hall}api/v1/rooms", data={"count": 20, "seconds": 0}).json()
        screen.goto(f"{hall}room/{room['code']}/screen")

        def act(action: str) -> None:
            path = f"{hall}api/v1/rooms/{room['code']}/actions"
            screen.request.post(path, data={"action": action}, headers={"X-Room-Key": room["key"]})

        act("start")
        for number in range(1, 21):
            for shown in (0, 1):
                expect(screen.locator(".room-place")).to_contain_text(f"第 {number} / 20 题")
                expect(screen.locator("blockquote")).to_have_count(shown)
                for width, height in ((1280, 720), (1920, 1080)):
                    screen.set_viewport_size({"width": width, "height": height})
                    until_true(screen, "document.documentElement.scrollHeight <= innerHeight")
                act("next" if shown else "reveal")


def test_a_stranger_and_a_wrong_code_are_told(browser: Browser, hall: str) -> None:
    with opened(browser, f"{hall}room/999999", expected="404", viewport=PHONE) as phone:
        expect(phone.locator("h1")).to_have_text("进不去")
        expect(phone.get_by_role("link", name="重新输入编号")).to_be_visible()
    with opened(browser, f"{hall}room") as trainer:
        trainer.get_by_role("button", name="开房间").click()
        trainer.wait_for_url("**/control")
        address = trainer.url
    with opened(browser, address, expected="403") as stranger:
        expect(stranger.locator("h1")).to_have_text("打不开控制台")
        expect(stranger.get_by_role("button", name="开始")).to_have_count(0)


def test_the_report_prints_on_paper(browser: Browser, hall: str, tmp_path: Path) -> None:
    with opened(browser, f"{hall}room") as trainer:
        trainer.get_by_role("button", name="开房间").click()
        trainer.wait_for_url("**/control")
        trainer.get_by_role("button", name="开始").click()
        expect(trainer.locator(".room-place")).to_be_visible()
        trainer.get_by_role("button", name="结束这一场").click()
        trainer.get_by_role("button", name="再点一次就结束").click()
        trainer.get_by_role("link", name="看合计，可打印").click()
        expect(trainer.get_by_role("button", name="打印")).to_be_visible()
        trainer.emulate_media(media="print")
        expect(trainer.locator(".report-actions")).to_be_hidden()
        assert trainer.pdf(format="A4").startswith(b"%PDF")
