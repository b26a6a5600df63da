"""The pages of trainers' rooms: open one, join one, phone, projector, control and report. assets/rooms/ brings them to life."""

from __future__ import annotations

import unicodedata

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.channels.web.core.addresses import way_up
from bot.channels.web.core.service import Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages import room_report
from bot.channels.web.pages.html import Markup, joined, tag
from bot.channels.web.pages.pages import Pages
from bot.channels.web.rooms.rooms import Rooms
from bot.rooms import words
from bot.rooms.classroom import CODE_DIGITS
from knowledge.base import KnowledgeBase

COUNT = 10  # items, unless the trainer wants another number
SHOWN_CODE = 12  # characters of a mistyped code that the form shows again


def create_router(service: Service, pages: Pages, rooms: Rooms) -> APIRouter:
    """All pages of rooms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/room")
    async def opening(request: Request) -> Response:
        scopes = _scopes(service.assistant.knowledge)
        title = words.PAGE_TITLES["open"]
        page = pages.room(way_up(request), "open", title, "open.js", count_default=str(COUNT), scopes=scopes)
        return HTMLResponse(page)

    @router.get("/join")
    async def join(request: Request, code: str = "") -> Response:
        typed = "".join(unicodedata.normalize("NFKC", code).split()).replace("-", "")
        if len(typed) == CODE_DIGITS and typed.isascii() and typed.isdigit():
            return RedirectResponse(f"./room/{typed}", 303)
        failure, hidden = (words.CODE_MISTYPED, "") if typed else ("", "hidden")
        shown = clean(code)[:SHOWN_CODE]
        page = pages.room(
            way_up(request), "join", words.PAGE_TITLES["join"], typed=shown, failure=failure, hidden=hidden
        )
        return HTMLResponse(page)

    def view(request: Request, name: str, code: str) -> Response:
        page = pages.room(way_up(request), name, words.PAGE_TITLES[name], f"{name}.js", code=clean(code)[:SHOWN_CODE])
        return HTMLResponse(page)

    @router.get("/room/{code}")
    async def phone(request: Request, code: str) -> Response:
        return view(request, "phone", code)

    @router.get("/room/{code}/screen")
    async def projector(request: Request, code: str) -> Response:
        return view(request, "screen", code)

    @router.get("/room/{code}/control")
    async def control(request: Request, code: str) -> Response:
        return view(request, "control", code)

    @router.get("/room/{code}/report")
    async def report(request: Request, code: str) -> Response:
        found = await rooms.run(lambda classroom: classroom.report(code))
        root = way_up(request)
        values = room_report.values(root, code, found, service.assistant.knowledge)
        return HTMLResponse(pages.room(root, "report", words.PAGE_TITLES["report"], **values))

    return router


def _scopes(knowledge: KnowledgeBase) -> Markup:
    """The choices of a scope: everything, whole notices where there are several, and headings."""
    choices = [tag("option", words.EVERYTHING, value="")]
    several = len(knowledge.documents) > 1
    for document in knowledge.documents:
        if several:
            choices.append(tag("option", words.WHOLE.format(title=document.short_title), value=document.id))
        choices += [
            tag("option", f"{clause.label} {clause.display.partition('｜')[0]}", value=knowledge.reference(clause))
            for clause in document
            if clause.is_heading
        ]
    return joined(choices)
