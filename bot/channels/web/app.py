"""The web channel: puts the API, the pages and their files together into one app.

It holds no rules: answers come from the assistant, routes from api.py, HTML from pages.py, and
limits, headers and errors from border.py. server.py runs the app on a port.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib import resources

from fastapi import FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from starlette.responses import HTMLResponse, Response

from bot.bootstrap import BackgroundAssistant
from bot.channels.web.api import Questions, create_router, found_clause, ready_assistant
from bot.channels.web.border import ApiError, Border, handle_errors
from bot.channels.web.pages import Pages
from bot.config import WebConfig
from bot.trust import trust_text

DESCRIPTION = "按通知原文回答问题，逐字引用条款。回答不由模型生成。所有错误都是同一种格式（ErrorBody）。"

_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(background: BackgroundAssistant, config: WebConfig, *, max_question_characters: int) -> FastAPI:
    """The web chat and the HTTP API over an assistant that may still be loading.

    The caller starts `background`; until it is ready, pages are up and questions get 503.
    """
    questions = Questions(config.concurrent_questions)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        yield
        questions.close()

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
    app.add_middleware(Border, max_body_bytes=config.max_body_bytes)
    app.include_router(create_router(background, questions, config, max_question_characters))
    files = _asset_files()
    pages = Pages(
        {name: body.decode("utf8") for name, body in files.items() if name.endswith(".html")}, _version(files)
    )
    _add_pages(app, background, pages, max_question_characters)
    _add_assets(app, {name: body for name, body in files.items() if not name.endswith(".html")})

    def error_page(request: Request, error: ApiError) -> Response | None:
        if not _wants_page(request):
            return None
        page = pages.error(_root(request), error.status, error.message)
        return HTMLResponse(page, error.status, error.headers)

    handle_errors(app, config.max_body_bytes, error_page)
    return app


def _add_pages(app: FastAPI, background: BackgroundAssistant, pages: Pages, max_question_characters: int) -> None:
    @app.get("/", include_in_schema=False)
    async def chat(request: Request) -> Response:
        page = pages.chat(_root(request), max_question_characters)
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    @app.get("/c/{reference}", include_in_schema=False)
    async def clause(request: Request, reference: str) -> Response:
        knowledge = ready_assistant(background).knowledge
        return HTMLResponse(pages.clause(_root(request), knowledge, found_clause(knowledge, reference)))

    @app.get("/trust", include_in_schema=False)
    async def trust(request: Request) -> Response:
        assistant = ready_assistant(background)
        return HTMLResponse(pages.trust(_root(request), trust_text(assistant.knowledge, assistant.mode)))

    @app.get("/docs", include_in_schema=False)
    async def reference_page(request: Request) -> Response:
        return HTMLResponse(pages.reference(_root(request), app.openapi()))


def _add_assets(app: FastAPI, files: Mapping[str, bytes]) -> None:
    current = _version(files)
    tags = {name: f'"{hashlib.sha256(body).hexdigest()[:16]}"' for name, body in files.items()}

    @app.get("/assets/{version}/{name}", include_in_schema=False)
    async def asset(request: Request, version: str, name: str) -> Response:
        if name not in files:
            raise ApiError(404, "not_found")
        # The version is in the address, so the content under it never changes; an old page's address may.
        lasting = "public, max-age=31536000, immutable" if version == current else "no-cache"
        headers = {"ETag": tags[name], "Cache-Control": lasting}
        if request.headers.get("if-none-match") == tags[name]:
            return Response(status_code=304, headers=headers)
        suffix = name[name.rindex(".") :]
        return Response(files[name], headers=headers, media_type=_MEDIA_TYPES[suffix])


def _asset_files() -> dict[str, bytes]:
    """All files beside the page, by name."""
    folder = resources.files("bot.channels.web") / "assets"
    suffixes = (".html", *_MEDIA_TYPES)
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(suffixes)}


def _version(files: Mapping[str, bytes]) -> str:
    """First 12 hex digits of the sha256 over all files but templates."""
    digest = hashlib.sha256()
    for name in sorted(name for name in files if not name.endswith(".html")):
        digest.update(name.encode("utf8") + b"\0" + files[name] + b"\0")
    return digest.hexdigest()[:12]


def _root(request: Request) -> str:
    """The relative way from this page up to the app, so that it works under any prefix of a proxy."""
    raw_path = request.scope.get("raw_path") or request.scope["path"].encode("utf8", "replace")
    depth = raw_path.count(b"/") - request.scope.get("root_path", "").count("/")
    return "../" * (depth - 1) or "./"


def _wants_page(request: Request) -> bool:
    """Whether a person's browser asked for something outside the API."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if path.startswith("/c/"):
        return True
    return "text/html" in request.headers.get("accept", "") and not path.startswith(("/api/", "/healthz", "/readyz"))
