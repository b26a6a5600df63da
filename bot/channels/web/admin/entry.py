"""Logging in and out, and changing one's own password."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.accounts.door import Door, Refused, TooManyTries
from bot.accounts.passwords import SHORTEST, WeakPassword
from bot.channels.web.admin import cookies, words
from bot.channels.web.admin.frame import Frame, alert, button, field, form
from bot.channels.web.admin.guard import LONGEST_NEXT, Guard, own_page
from bot.channels.web.admin.visit import Visit
from bot.channels.web.core.service import Service
from bot.channels.web.core.threads import Threads
from bot.channels.web.pages.html import Markup, escape, tag
from bot.state.state import State

#: Each hash takes 64 MiB; more at once would let strangers fill the memory.
HASHING_THREADS = 2
HASHING_WAITING = 20


def add_routes(guard: Guard, service: Service, frame: Frame, hashing: Threads) -> None:
    """The routes of this file."""

    def login_page(visit: Visit, message: str, status: int = 200, seconds: int = 0) -> Response:
        after = own_page(visit.form.get("next", "") or visit.query("next", LONGEST_NEXT + 1))
        inputs = form(
            visit,
            "admin/login",
            Markup(f'<input type="hidden" name="next" value="{escape(after)}">'),
            field(words.ACCOUNT, "name", value=visit.form.get("name", "")[:40], complete="username"),
            field(words.PASSWORD, "password", kind="password", complete="current-password", longest=400),
            button(words.LOGIN),
        )
        content = (tag("p", words.LOGIN_INTRO), alert(message), inputs, tag("p", words.LOGIN_NOTE, class_="field-hint"))
        headers = {"Retry-After": str(seconds)} if seconds else None
        return HTMLResponse(frame.page(visit, words.LOGIN, *content), status, headers)

    async def show_login(visit: Visit) -> Response:
        if visit.session is not None:
            return RedirectResponse(f"{visit.root}{own_page(visit.query('next', LONGEST_NEXT + 1))}", 303)
        said = {"again": words.LOGIN_AGAIN, "out": words.LOGGED_OUT, "changed": words.CHANGED}
        return login_page(visit, next((text for name, text in said.items() if visit.query(name)), ""))

    async def log_in(visit: Visit) -> Response:
        name, password = visit.form.get("name", ""), visit.form.get("password", "")

        def sign_in(state: State) -> str:
            return Door(state).sign_in(name, password, visit.address, token_before=visit.token)

        try:
            token = await service.with_state(sign_in, hashing)
        except TooManyTries as refused:
            return login_page(visit, str(refused), 429, refused.seconds)
        except Refused as refused:
            return login_page(visit, str(refused), 403)
        response = RedirectResponse(f"{visit.root}{own_page(visit.form.get('next', ''))}", 303)
        cookies.write(response, token, visit.secure)
        return response

    async def log_out(visit: Visit) -> Response:
        await service.with_state(lambda state: Door(state).sign_out(visit.token))
        response = RedirectResponse(f"{visit.root}admin/login?out=1", 303)
        cookies.remove(response, visit.secure)
        return response

    def password_page(visit: Visit, message: str, status: int = 200) -> Response:
        inputs = form(
            visit,
            "admin/password",
            field(words.OLD_PASSWORD, "old", kind="password", complete="current-password", longest=400),
            field(
                words.NEW_PASSWORD.format(limit=SHORTEST), "new", kind="password", complete="new-password", longest=400
            ),
            field(words.NEW_AGAIN, "again", kind="password", complete="new-password", longest=400),
            button(words.CHANGE),
        )
        return HTMLResponse(frame.page(visit, words.CHANGE_PASSWORD, alert(message), inputs), status)

    async def show_password(visit: Visit) -> Response:
        return password_page(visit, "")

    async def change_password(visit: Visit) -> Response:
        old, new, again = (visit.form.get(name, "") for name in ("old", "new", "again"))
        if new != again:
            return password_page(visit, words.DIFFERENT, 422)

        def change(state: State) -> None:
            Door(state).change_password(visit.who.name, old, new, visit.address)

        try:
            await service.with_state(change, hashing)
        except TooManyTries as refused:
            return password_page(visit, str(refused), 429)
        except WeakPassword as weak:
            return password_page(visit, f"{weak}。", 422)
        except Refused:
            return password_page(visit, words.OLD_WRONG, 403)
        return RedirectResponse(f"{visit.root}admin/login?changed=1", 303)

    guard.add("GET", "/admin/login", show_login)
    guard.add("POST", "/admin/login", log_in)
    guard.add("POST", "/admin/logout", log_out)
    guard.add("GET", "/admin/password", show_password)
    guard.add("POST", "/admin/password", change_password)
