"""Decides whether a request may come in: session, role, and for what changes something, where the form comes from.

Every route of the administration is made here, so none can be without a rule (rules.py).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.accounts.door import Door, new_token
from bot.accounts.roles import Action, may
from bot.channels.web.admin import cookies, words
from bot.channels.web.admin.frame import Frame
from bot.channels.web.admin.rules import ANYBODY, EVERYBODY, LOGIN, RULES, Rule
from bot.channels.web.admin.visit import Turned, Visit, read_form, read_upload
from bot.channels.web.border.clients import Clients
from bot.channels.web.core.addresses import IMPORT_PATH, path_below_root, way_up
from bot.channels.web.core.service import Service

Handler = Callable[[Visit], Awaitable[Response]]

#: Where a login may lead: a page of the administration, and nowhere else.
_OWN_PAGE = re.compile(r"admin(/[A-Za-z0-9._:~-]+)*(\?[A-Za-z0-9._:~%&=+-]*)?")
LONGEST_NEXT = 500


def own_page(text: str) -> str:
    """The page that a login leads back to, from the app's root: `text` if it is one of ours, else the first page."""
    inside = len(text) <= LONGEST_NEXT and _OWN_PAGE.fullmatch(text) and ".." not in text
    return text if inside else "admin"


class Guard:
    """Makes routes that let in whom the rules allow."""

    def __init__(self, router: APIRouter, service: Service, frame: Frame) -> None:
        self._router = router
        self._service = service
        self._frame = frame
        self._clients = Clients(service.config.trusted_proxies)

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Serve a path. Raises KeyError where rules.py has no rule for it."""
        rule = RULES[method, path]

        async def guarded(request: Request) -> Response:
            try:
                return await self._serve(request, rule, handler)
            except Turned as turned:
                page = self._frame.turned(way_up(request), turned.status, turned.message)
                waits = {"Retry-After": str(turned.retry_after)} if turned.retry_after else None
                return HTMLResponse(page, turned.status, waits)

        self._router.add_api_route(path, guarded, methods=[method], include_in_schema=False, response_model=None)

    async def _serve(self, request: Request, rule: Rule, handler: Handler) -> Response:
        changes = request.method == "POST"
        if changes:
            self._check_origin(request)
        form: dict[str, str] = {}
        upload = None
        if changes and request.scope["route"].path == IMPORT_PATH:
            early = await self._visit(request, {})  # nobody else's file is even read
            if early.session is None:
                return self._to_login(early, back=False)
            if not may(early.who.role, Action(rule)):
                raise Turned(403, words.FORBIDDEN)
            form, upload = await read_upload(request)
        elif changes:
            form = await read_form(request)
        visit = replace(await self._visit(request, form), upload=upload)
        fresh = not cookies.read(request, visit.secure)
        if visit.session is None and rule != EVERYBODY:
            return self._to_login(visit, back=not changes)
        fits = await self._service.with_state(lambda state: Door(state).form_fits(visit.token, form.get("form", "")))
        if changes and (fresh or not fits):
            if rule == EVERYBODY:  # the login page was open for long, or in two tabs: show it again
                return self._to_login(visit, back=False)
            raise Turned(403, words.FORM_STALE)
        if rule not in (EVERYBODY, ANYBODY) and not may(visit.who.role, Action(rule)):
            raise Turned(403, words.FORBIDDEN)
        response = await handler(visit)
        if fresh and "set-cookie" not in response.headers:
            cookies.write(response, visit.token, visit.secure)
        return response

    async def _visit(self, request: Request, form: dict[str, str]) -> Visit:
        secure = self._clients.secure(request.scope)
        shown = cookies.read(request, secure)
        token = shown or new_token()  # a visitor who is not logged in has one too, for the login form
        session, form_token = await self._service.with_state(
            lambda state: (Door(state).session(shown), Door(state).form_token(token))
        )
        address = self._clients.name(request.scope)
        return Visit(request, way_up(request), token, form_token, address, secure, session, form)

    def _to_login(self, visit: Visit, *, back: bool) -> Response:
        """To the login page; with `back`, it leads here again afterwards."""
        path = path_below_root(visit.request.scope).removeprefix("/")
        query = visit.request.url.query
        here = own_page(f"{path}?{query}" if query else path)
        if not back:  # what was sent is not repeated, only the page it came from is found again
            here = own_page(visit.form.get("next", "admin"))
        after = f"?next={quote(here, safe='/')}" if here != "admin" else ""
        if not back:
            after += "&again=1" if after else "?again=1"
        return RedirectResponse(f"{visit.root}{LOGIN.removeprefix('/')}{after}", 303)

    def _check_origin(self, request: Request) -> None:
        """Only our own pages may send forms. Raises Turned 403.

        A browser says where a form comes from: in Sec-Fetch-Site where it has it, and in Origin. Without either it is no
        browser that could be misled, or one too old to tell, and both are refused.
        """
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            if site == "same-origin":
                return
            raise Turned(403, words.OTHER_SITE)
        origin = urlsplit(request.headers.get("origin", "")).netloc
        if not origin or origin != self._clients.host(request.scope):
            raise Turned(403, words.OTHER_SITE)
