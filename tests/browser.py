"""What the browser tests share: the web channel on a port, headless Chromium, and pages that tolerate no surprise.

A test file takes the fixtures by `pytest_plugins = ["tests.browser"]`. It also imports the helpers, before pytest could
rewrite the assertions here: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.web import create_app
from bot.channels.web.server import serve
from bot.config import WebConfig
from bot.kb.served import Shelved
from bot.state.state import State
from index.builtin_model import Progress
from tests.fakes import scripted_assistant

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
RECEIPT = "7K3D-Q9MA-2XPT"
NEXT = ["地方的文件最多几页", "会议怎么精简"]
PHONE = {"width": 375, "height": 760}

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf8")
_RUN_AXE = """async () => (await axe.run()).violations
    .filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)"""
_CSP = "addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective, e.blockedURI))"


@contextlib.contextmanager
def served(
    build: Callable[[Progress], Assistant],
    limit: int = LIMIT,
    state: State | None = None,
    shelved: Shelved | None = None,
    **config: Any,
) -> Generator[str, None, None]:
    """Serve the web channel from a thread; gives its address. Nobody is turned away for asking often."""
    background = BackgroundAssistant(build)
    background.start()
    settings = WebConfig(**{"questions_per_minute": 0, **config})
    with running(create_app(background, settings, max_question_characters=limit, state=state, shelved=shelved)) as url:
        yield url


@contextlib.contextmanager
def running(app: FastAPI) -> Generator[str, None, None]:
    """Serve an app from a thread; gives its address."""
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


@contextlib.contextmanager
def hosting(page: Callable[[], str], policy: str | Callable[[], str] = "") -> Generator[str, None, None]:
    """Another site's server: `page` under /, with a Content-Security-Policy; gives its address, of another origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 204)
            given = policy if isinstance(policy, str) else policy()
            if given:
                self.send_header("Content-Security-Policy", given)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if self.path == "/":
                self.wfile.write(page().encode())

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join(15)


class Gate:
    """An assistant that loads until `open` is called."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def build(self, progress: Progress) -> Assistant:
        progress("编码条款", 0.4)
        assert self._event.wait(60)
        return scripted_assistant()

    def open(self) -> None:
        self._event.set()


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
def opened(
    browser: Browser, url: str, expected: str | None = None, clock: bool = False, **context: Any
) -> Generator[Page, None, None]:
    """A page in a fresh context; at the end nothing unexpected may have happened in it.

    `clock` lets the test move the page's time forward.
    """
    options: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    with browser.new_context(**(options | context)) as tab:
        page = tab.new_page()
        page.set_default_timeout(30_000)
        if options.get("java_script_enabled", True):
            page.add_init_script(_CSP)
        if clock:
            page.clock.install()
        watch = Watch(page)
        page.goto(url)
        origin = page.evaluate("location.origin + '/'")
        yield page
        page.unroute_all(behavior="wait")
        unexpected = [problem for problem in watch.problems if expected is None or expected not in problem]
        assert unexpected == [], unexpected
        assert [request for request in watch.requests if not request.startswith(origin)] == []


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with opened(browser, site) as page:
        wait_until_ready(page)
        yield page


@pytest.fixture
def phone(browser: Browser, site: str) -> Iterator[Page]:
    with opened(browser, site, viewport=PHONE, has_touch=True) as page:
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


def complete(page: Page, **changes: Any) -> None:
    """Give each answer a receipt, next questions and `changes`, as the contract has them."""

    def fulfil(route: Route) -> None:
        content = route.fetch().json()
        route.fulfill(json=content | {"receipt": RECEIPT, "next_questions": NEXT} | changes)

    page.route("**/api/v1/ask", fulfil)


def fail(page: Page, path: str, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
    """Let a path of the API fail in the one shape of errors."""
    error = {"error": {"code": code, "message": message, "request_id": "abc"}}
    page.route(f"**/api/v1/{path}", lambda route: route.fulfill(status=status, json=error, headers=headers or {}))


@contextlib.contextmanager
def held(page: Page, path: str = "ask") -> Generator[list[Route], None, None]:
    """Requests sent meanwhile, unanswered until `continue_`; one left over would keep the context from closing."""
    routes: list[Route] = []
    page.route(f"**/api/v1/{path}", lambda route: routes.append(route))  # noqa: PLW0108 - it looks at the signature
    try:
        yield routes
    finally:
        page.unroute(f"**/api/v1/{path}")
        for route in routes:
            with contextlib.suppress(PlaywrightError):  # it was let go already
                route.abort()


def arrived(page: Page, routes: list[Route], count: int) -> None:
    """Wait until so many requests are held, and a little longer to see that no further one comes."""
    for _ in range(500):
        if len(routes) >= count:
            break
        page.wait_for_timeout(20)
    page.wait_for_timeout(150)
    assert len(routes) == count


def serious_violations(page: Page) -> list[str]:
    """What axe-core finds to be serious or critical."""
    page.evaluate(_AXE)
    found: list[str] = page.evaluate(_RUN_AXE)
    return found


def until_true(page: Page, expression: str, seconds: float = 30.0) -> None:
    """Wait for a condition; Playwright's own wait_for_function asks again by eval, which our pages forbid."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(20)


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    result: bool = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    return result
