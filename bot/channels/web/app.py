"""The web channel: puts the API, the pages, their files and the border together into one app. It holds no rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from starlette.responses import Response

from bot.bootstrap import BackgroundAssistant
from bot.channels.web.admin import site as administration
from bot.channels.web.api import (
    feedback,
    notices,
    questions,
    quiz,
    receipts,
    room_phones,
    room_reports,
    status,
    study,
)
from bot.channels.web.api import rooms as rooms_api
from bot.channels.web.api.openapi import describe_limits
from bot.channels.web.border.border import Border, Rules
from bot.channels.web.border.cors import Cors
from bot.channels.web.border.gate import Gate
from bot.channels.web.border.headers import SecurityHeaders
from bot.channels.web.core.errors import ApiError, handle_errors
from bot.channels.web.core.service import Service
from bot.channels.web.pages import files, papers, site, studying
from bot.channels.web.pages import rooms as room_pages
from bot.channels.web.pages.files import Files
from bot.channels.web.pages.pages import Pages
from bot.channels.web.rooms.rooms import Rooms
from bot.config import ReviewConfig, WebConfig
from bot.kb.served import Shelved
from bot.kb.workshop import Workshop
from bot.state.state import State

DESCRIPTION = "按通知原文回答问题，逐字引用条款。回答不由模型生成。所有错误都是同一种格式（ErrorBody）。"

_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(
    background: BackgroundAssistant,
    config: WebConfig,
    *,
    max_question_characters: int,
    state: State | None = None,
    api_keys: Sequence[str] = (),
    shelved: Shelved | None = None,
    workshop: Workshop | None = None,
    group_distance: float = ReviewConfig().group_distance,
) -> FastAPI:
    """The web chat and the HTTP API over an assistant that may still be loading and a state that may be away.

    `shelved` has the versions of the knowledge and `workshop` the drafts of the next one, for the pages of the administration;
    `group_distance` is config.review's. The caller starts `background`; until
    it is ready, pages are up and questions get 503. Raises JianfuError where keys are required and there are none.
    """
    service = Service.of(background, config, max_question_characters, state)
    rooms = Rooms(service)
    assets = files.read_files()
    served = Files(assets)
    pages = Pages(assets, served.version)

    def respond(request: Request, error: ApiError) -> Response:
        service.metrics.count_error(error.code)
        return site.respond(request, error, pages)

    rules = Rules(
        max_body_bytes=config.max_body_bytes,
        security=SecurityHeaders(config.embed_origins),
        cors=Cors(config.cors_origins),
        gate=Gate(config, api_keys),
        metrics=service.metrics,
        respond=respond,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        ticking = asyncio.create_task(rooms.tick())
        yield
        ticking.cancel()
        rooms.close()
        service.close()

    app = FastAPI(
        title="减负问答",
        version="1",
        description=DESCRIPTION,
        docs_url=None,  # FastAPI's own pages load scripts from other hosts
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry=_NO_TELEMETRY,  # never send anything anywhere, whatever the environment says
    )
    app.state.before_stopping = rooms.feeds.close  # streams would keep the server from ending
    app.add_middleware(Border, rules=rules)
    for module in (status, questions, notices, quiz, study, feedback, receipts):
        app.include_router(module.create_router(service))
    app.include_router(rooms_api.create_router(service, rooms))
    app.include_router(room_phones.create_router(rooms))
    app.include_router(room_reports.create_router(service, rooms))
    app.include_router(site.create_router(app, service, pages))
    app.include_router(papers.create_router(service, pages))
    app.include_router(studying.create_router(service, pages))
    app.include_router(room_pages.create_router(service, pages, rooms))
    app.include_router(files.create_router(served))
    if config.admin:
        app.include_router(
            administration.create_router(service, assets, served.version, shelved, workshop, group_distance)
        )
    describe_limits(app, max_question_characters)
    handle_errors(app, config.max_body_bytes, respond)
    return app
