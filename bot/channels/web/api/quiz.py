"""Papers with proved keys: their items as JSON, or a file to print or to import. bot.quiz chooses; this only translates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from bot.channels.web.api.openapi import DONE, NOT_READY, described_errors
from bot.channels.web.api.quiz_models import PaperBody
from bot.channels.web.core.errors import json_response
from bot.channels.web.core.papers import FORMS, MOST_ITEMS, FileQuery, PaperQuery, choose, write
from bot.channels.web.core.service import Service

_ERRORS = described_errors(
    s401="密钥不对，或要出示而没有出示",
    s422="参数不对；没有这个范围；没有这么多题",
    s429="太快；见 Retry-After",
    s500="没有写成；原因只记在服务器日志里",
    s503=NOT_READY + "；或要题的人太多",
)


def create_router(service: Service) -> APIRouter:
    """Both routes."""
    router = APIRouter()

    @router.get(
        "/api/v1/quiz",
        summary="出题",
        description=f"按规则取自条款的题，每题的答案都已与原文核对。最多 {MOST_ITEMS} 道。",
        tags=["出题"],
        response_description=DONE,
        response_model=PaperBody,
        responses=_ERRORS,
    )
    async def paper(query: Annotated[PaperQuery, Query()]) -> Response:
        items = await choose(service, query)
        version = service.assistant.knowledge.version
        content = {"knowledge_version": version, "seed": query.seed, "items": [item.to_json() for item in items]}
        return json_response(content)

    files = {media_type: {"schema": {"type": "string", "format": "binary"}} for _, media_type in FORMS.values()}

    @router.get(
        "/api/v1/quiz/file",
        summary="题的文件",
        description="同一份题，写成可打印的 Word 或 PDF（答案另起一页）、Anki 的文字导入格式，或 CSV。",
        tags=["出题"],
        response_class=Response,
        responses={200: {"description": "文件", "content": files}, **_ERRORS},
    )
    async def file(query: Annotated[FileQuery, Query()]) -> Response:
        made = await write(service, query)
        return Response(made.content, media_type=made.media_type, headers=made.headers)

    return router
