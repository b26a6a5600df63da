"""The addresses that people open: chat, notice, clause, receipt, trust, API reference, and the chat for other sites' frames.

pages.py makes the HTML; what is served to programs is api/'s.
"""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.channels.web.api.receipts import look_up
from bot.channels.web.core.addresses import EMBEDDED_PATH, path_below_root, way_up
from bot.channels.web.core.errors import ApiError, error_response
from bot.channels.web.core.metrics import CONTENT_TYPE
from bot.channels.web.core.service import Service, found_clause, found_document
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.pages import Pages
from bot.channels.web.pages.reading import read_marks
from bot.log import request_id
from bot.state.receipts import read_code
from bot.trust import trust_text

SHOWN_CODE = 40  # characters of a mistyped code that the form shows again

#: Below these a person is looking, whatever the browser says that it accepts.
_PAGE_PREFIXES = ("/admin", "/c/", "/notice", "/verify", "/quiz", "/study", "/room", "/join")
_PROGRAM_PREFIXES = ("/api/", "/healthz", "/readyz", "/metrics")


def create_router(app: FastAPI, service: Service, pages: Pages) -> APIRouter:
    """All routes that answer HTML, and /metrics where it is on."""
    router = APIRouter(include_in_schema=False)
    _add_chat(router, service, pages)
    _add_reading(router, service, pages)
    _add_verify(router, service, pages)

    @router.get("/trust")
    async def trust(request: Request) -> Response:
        assistant = service.assistant
        text = trust_text(assistant.knowledge, assistant.mode, service.kept_days)
        return HTMLResponse(pages.trust(way_up(request), text))

    @router.get("/docs")
    async def reference(request: Request) -> Response:
        return HTMLResponse(pages.reference(way_up(request), app.openapi()))

    if service.config.metrics:

        @router.get("/metrics")
        async def measured() -> Response:
            return Response(service.metrics.page(service.background.assistant), media_type=CONTENT_TYPE)

    return router


def _add_chat(router: APIRouter, service: Service, pages: Pages) -> None:
    fresh = {"Cache-Control": "no-cache"}

    @router.get("/")
    async def chat(request: Request) -> Response:
        return HTMLResponse(
            pages.chat(way_up(request), service.max_question_characters, service.kept_days), headers=fresh
        )

    @router.get(EMBEDDED_PATH)
    async def embedded(request: Request) -> Response:
        return HTMLResponse(
            pages.embedded_chat(way_up(request), service.max_question_characters, service.kept_days), headers=fresh
        )

    @router.get(f"{EMBEDDED_PATH}/example")
    async def example(request: Request) -> Response:
        return HTMLResponse(pages.embed_example(way_up(request)))


def _add_reading(router: APIRouter, service: Service, pages: Pages) -> None:
    @router.get("/notice")
    async def first_notice(request: Request) -> Response:
        knowledge = service.assistant.knowledge
        return HTMLResponse(pages.notice(way_up(request), knowledge, knowledge.documents[0]))

    @router.get("/notice/{document}")
    async def notice(request: Request, document: str) -> Response:
        knowledge = service.assistant.knowledge
        return HTMLResponse(pages.notice(way_up(request), knowledge, found_document(knowledge, document)))

    @router.get("/c/{reference}")
    async def clause(request: Request, reference: str, mark: str = "") -> Response:
        assistant = service.assistant
        found = found_clause(assistant.knowledge, reference)
        page = pages.clause(
            way_up(request),
            assistant.knowledge,
            found,
            marks=read_marks(mark, found),
            related=assistant.related(found),
            question=next(iter(assistant.questions(found)), found.label),
        )
        return HTMLResponse(page)


def _add_verify(router: APIRouter, service: Service, pages: Pages) -> None:
    async def result(request: Request, typed: str) -> Response:
        receipt = await look_up(service, typed)
        shown = receipt.code or clean(typed)[:SHOWN_CODE]
        return HTMLResponse(pages.verify(way_up(request), shown, receipt, service.assistant.knowledge))

    @router.get("/verify")
    async def form(request: Request, code: str = "") -> Response:
        if not code.strip():
            return HTMLResponse(pages.verify(way_up(request)))
        written = read_code(code)
        if written is not None:  # one address for one receipt, worth copying
            return RedirectResponse(f"./verify/{quote(written)}", 303)
        return await result(request, code)

    @router.get("/verify/{code}")
    async def verify(request: Request, code: str) -> Response:
        return await result(request, code)


def respond(request: Request, error: ApiError, pages: Pages) -> Response:
    """An error as a page where a person's browser asked for something outside the API, else as JSON."""
    path = path_below_root(request.scope)
    accepts_page = "text/html" in request.headers.get("accept", "") and not path.startswith(_PROGRAM_PREFIXES)
    if not accepts_page and not path.startswith(_PAGE_PREFIXES):
        return error_response(error)
    page = pages.error(way_up(request), error.status, error.message, request_id.get(), refresh=error.code == "loading")
    return HTMLResponse(page, error.status, error.headers)
