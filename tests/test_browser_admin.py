"""The administration in a browser: log in, try a question, read clauses, log out; by keyboard, without script, on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, expect

from bot.accounts import passwords
from bot.accounts.registry import Registry
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf
from tests.browser import PHONE, QUOTE, fits, opened, serious_violations, served
from tests.fakes import scripted_assistant
from tests.versions import change_of, write
from tests.web_client import state_in

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser

NAME, PASSWORD = "张三", "correct horse battery"
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
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        passwords._nobodys.cache_clear()
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
