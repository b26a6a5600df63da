"""The pages of learning alone: today's tasks (which study.js brings to life), the wrong-answer book, the map of measures.

The last two need no script. Who learns is told by the cookie that core/learner.py knows.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from bot import replies
from bot.channels.web.api.study import today_of
from bot.channels.web.api.study_models import ITEM_PATTERN
from bot.channels.web.core import learner
from bot.channels.web.core.addresses import way_up
from bot.channels.web.core.errors import ApiError
from bot.channels.web.core.service import Service
from bot.channels.web.pages import study_html
from bot.channels.web.pages.html import escape
from bot.channels.web.pages.pages import Pages

_WORDS = replies.STUDY_PAGE
_STYLE = "study/study.css"


def create_router(service: Service, pages: Pages) -> APIRouter:
    """All routes below /study."""
    router = APIRouter(include_in_schema=False)

    @router.get("/study")
    async def today(request: Request, item: str = "") -> Response:
        root, person = way_up(request), learner.person_of(request)
        asked = item if person is not None and re.fullmatch(ITEM_PATTERN, item) else None
        try:
            given = await today_of(service, person, asked)
        except ApiError as error:
            if error.code != "no_such_item":
                raise
            given = await today_of(service, person)  # an old link: go on with today's
        keep_days = await service.with_state(lambda state: state.cards.keep_days)
        page = pages.filled(
            root, _WORDS["today"], "study/today.html", _STYLE, "study/study.js",
            tabs=study_html.tabs(root, "today"),
            today=escape(json.dumps(given.model_dump(), ensure_ascii=False)),
            kept=escape(_WORDS["kept"].format(days=keep_days)),
        )  # fmt: skip
        return HTMLResponse(page)

    @router.get("/study/wrong")
    async def wrong(request: Request) -> Response:
        root, person = way_up(request), learner.person_of(request)
        tasks = await learner.study(service, lambda study: study.wrong_book(person)) if person is not None else ()
        book = study_html.wrong_book(root, tasks, service.assistant.knowledge)
        page = pages.filled(
            root, _WORDS["wrong"], "study/wrong.html", _STYLE, tabs=study_html.tabs(root, "wrong"), book=book
        )
        return HTMLResponse(page)

    @router.get("/study/map")
    async def known(request: Request) -> Response:
        root, person = way_up(request), learner.person_of(request)
        name = person or learner.new_person()  # nobody's map: everything is new, and nothing is kept
        now = datetime.now(UTC)
        standings = await learner.study(service, lambda study: study.map(name, now))
        shown = study_html.map_of(root, standings, service.assistant.knowledge)
        page = pages.filled(root, _WORDS["map"], "study/map.html", _STYLE, tabs=study_html.tabs(root, "map"), map=shown)
        return HTMLResponse(page)

    return router
