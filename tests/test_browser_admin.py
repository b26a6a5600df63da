"""The administration in a browser: log in, try a question, read clauses, log out; by keyboard, without script, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.accounts.registry import Registry
from bot.kb.changes import ClauseEdit
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf
from bot.state.open_questions import OpenQuestion
from tests.admins import PASSWORD, changing_site, hash_quickly
from tests.browser import PHONE, QUOTE, fits, opened, serious_violations, served
from tests.fakes import scripted_assistant
from tests.keeping import Kept
from tests.versions import change_of, write
from tests.web_client import state_in

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser

NAME = "张三"
PAGES = (
    "admin",
    "admin/try",
    "admin/clauses",
    "admin/clauses/2.2",
    "admin/password",
    "admin/history",
    "admin/history/1",
    "admin/compare",
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The web channel with one account; its address."""
    with pytest.MonkeyPatch.context() as patch:
        hash_quickly(patch)
        folder = tmp_path_factory.mktemp("kept")
        state = state_in(folder)
        Registry(state).add(NAME, PASSWORD, "approver")
        for number in (1, 2):
            state.versions.record([change_of(write(folder / f"v{number}", 17 + number), number - 1)])
        shelved = Shelved(state.versions, Shelf(folder / "copies"), folder / "v1")
        with served(lambda progress: scripted_assistant(), state=state, shelved=shelved) as url:
            yield url
        state.close()


def log_in(page: Page) -> None:
    page.get_by_label("账号").fill(NAME)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


@pytest.mark.parametrize("script", [True, False])
def test_from_login_to_logout(browser: Browser, kept: str, script: bool) -> None:
    with opened(browser, f"{kept}admin/try", java_script_enabled=script) as page:
        expect(page.get_by_role("heading", name="登录")).to_be_visible()
        log_in(page)
        expect(page).to_have_url(f"{kept}admin/try")  # back where it was asked for
        page.get_by_label("问题", exact=True).fill("一个文件最多几页")
        page.get_by_role("button", name="试答").click()
        expect(page.locator(".explained .pairs").first).to_contain_text("作答")
        expect(page.locator(".candidates tbody tr").first).to_contain_text("0.970")
        expect(page.locator(".candidates tbody tr").first).to_contain_text(QUOTE)
        page.get_by_role("link", name="条款", exact=True).click()
        page.get_by_role("searchbox").fill("10页")
        page.get_by_role("button", name="查找").click()
        page.get_by_role("link", name="问题二·措施2").click()
        expect(page.locator("blockquote")).to_have_text(QUOTE)
        expect(page.locator("nav [aria-current]")).to_have_text("条款")
        page.get_by_role("button", name="退出").click()
        expect(page.get_by_text("已退出。")).to_be_visible()
        page.go_back()  # nothing of it was kept by the browser
        page.goto(f"{kept}admin/clauses")
        expect(page.get_by_role("heading", name="登录")).to_be_visible()


def test_the_cookie_is_out_of_reach_of_scripts(browser: Browser, kept: str) -> None:
    with opened(browser, f"{kept}admin") as page:
        log_in(page)
        expect(page.get_by_role("heading", name="概览")).to_be_visible()
        assert page.evaluate("document.cookie") == ""


def test_everything_can_be_done_by_keyboard(browser: Browser, kept: str) -> None:
    with opened(browser, f"{kept}admin", expected="403") as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_label("账号")).to_be_focused()
        page.keyboard.type("zhangsan-is-wrong")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_load_state()
        expect(page.get_by_role("alert")).to_contain_text("账号或密码不对")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    browser: Browser, kept: str, scheme: str, screen: str
) -> None:
    size = PHONE if screen == "phone" else {"width": 1280, "height": 800}
    with opened(browser, f"{kept}admin", viewport=size, color_scheme=scheme) as page:
        assert serious_violations(page) == []
        assert fits(page)
        log_in(page)
        expect(page.get_by_role("heading", name="概览")).to_be_visible()
        for path in PAGES:
            page.goto(kept + path)
            assert serious_violations(page) == [], path
            assert fits(page), path
        page.goto(f"{kept}admin/try")
        page.get_by_label("问题", exact=True).fill("开会")
        page.get_by_role("button", name="试答").click()
        expect(page.locator(".explained")).to_be_visible()
        assert serious_violations(page) == []
        assert fits(page)


def test_everything_to_press_on_a_phone_is_large_enough(browser: Browser, kept: str) -> None:
    small = """() => [...document.querySelectorAll('button, a[href], input, textarea')]
        .filter((e) => e.checkVisibility() && !e.closest('.skip, td, tbody, dd') && e.type !== 'hidden')
        .filter((e) => e.getBoundingClientRect().height < 39.9 || e.getBoundingClientRect().width < 39.9)
        .map((e) => e.outerHTML)"""
    with opened(browser, f"{kept}admin", viewport=PHONE, has_touch=True) as page:
        assert page.evaluate(small) == []
        log_in(page)
        for path in PAGES:
            page.goto(kept + path)
            assert page.evaluate(small) == [], path


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Kept]]:
    """An installation whose knowledge can be changed, with the fake encoder; its address."""
    with changing_site(tmp_path_factory.mktemp("changing"), NAME) as site:
        yield site


def test_the_whole_way_from_an_edit_to_going_back(browser: Browser, changing: tuple[str, Kept]) -> None:
    url, kept = changing
    with opened(browser, f"{url}admin/clauses/2.1", java_script_enabled=False) as page:
        log_in(page)
        page.get_by_role("link", name="修改", exact=True).click()
        text = page.get_by_label("条文").input_value()
        page.get_by_label("条文").fill(text.replace("18平方米", "20平方米"))
        page.get_by_label("要加的问题").fill("正职的办公室能有几平米")
        page.get_by_role("button", name="看改了什么").click()
        expect(page.locator(".differences ins")).to_have_text("20")
        page.get_by_role("button", name="写成提议").click()
        expect(page.get_by_text("通过：没有变差。")).to_be_visible(timeout=60_000)  # it looks again by itself
        expect(page.locator("#effect")).to_contain_text("个已知问题")
        page.get_by_label("为什么改").fill("上级更正")
        page.get_by_role("button", name="发布", exact=True).click()
        expect(page.get_by_role("heading", name="第 2 版", exact=True)).to_be_visible()
        kept.switch()
        assert "20平方米" in kept.said("问题二第1条")
        page.goto(f"{url}admin/history/1")
        page.get_by_label("为什么退回").fill("改错了")
        page.get_by_role("button", name="退回到第 1 版").click()
        expect(page.get_by_role("heading", name="第 3 版")).to_be_visible()
        kept.switch()
        assert "18平方米" in kept.said("问题二第1条")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_the_pages_that_change_things_fit_and_can_be_read(
    browser: Browser, changing: tuple[str, Kept], scheme: str, screen: str, tmp_path: Path
) -> None:
    url, kept = changing
    today = datetime.now(UTC).date()
    kept.state.open_questions.put([("宿舍能有多大", OpenQuestion("宿舍能有多大", "far", today))])
    draft = kept.workshop.begin("李四", [ClauseEdit("jiedai-2021", "2.1", "措施1", new=("几平米",))])
    size = PHONE if screen == "phone" else {"width": 1280, "height": 800}
    with opened(browser, f"{url}admin", viewport=size, color_scheme=scheme) as page:
        log_in(page)
        expect(page.get_by_role("heading", name="概览")).to_be_visible()
        page.goto(f"{url}admin/proposals/{draft.id}")
        expect(page.get_by_text("通过：没有变差。")).to_be_visible(timeout=60_000)
        for path in (f"proposals/{draft.id}", "proposals", "queue", "clauses/2.1/edit", "import", "numbers"):
            page.goto(f"{url}admin/{path}")
            for summary in page.locator("summary").all():
                summary.click()
            assert serious_violations(page) == [], path
            assert fits(page), path
            page.screenshot(path=tmp_path / f"{path.replace('/', '-')}.png", full_page=True)
    kept.workshop.drafts.discard(draft.id)
