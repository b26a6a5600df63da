"""The HTTP API: health, readiness, questions, and the notices for reading. Translates and nothing more.

The assistant decides what is said; models.py holds the shapes; errors.py forms errors; site.py serves pages; feedback.py and
receipts.py hold the routes that need the state database.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from bot.channels.web.errors import ApiError, json_response
from bot.channels.web.models import (
    MAX_HISTORY,
    AnswerBody,
    AskRequest,
    DocumentsBody,
    HealthBody,
    NotReadyBody,
    PlacedClauseBody,
    ReadyBody,
)
from bot.channels.web.openapi import DONE, NOT_READY, described_errors
from bot.channels.web.service import Service, found_clause
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document


def clause_content(clause: Clause, knowledge: KnowledgeBase) -> dict[str, Any]:
    """A clause as the API gives it."""
    parent = knowledge.parent(clause)
    return {
        "reference": knowledge.reference(clause),
        "document": clause.document,
        "document_title": knowledge.document(clause.document).title,
        "id": clause.id,
        "kind": clause.kind,
        "parent": knowledge.reference(parent) if parent is not None else None,
        "label": clause.label,
        "text": clause.display,
    }


def _document_content(document: Document, knowledge: KnowledgeBase) -> dict[str, Any]:
    return {
        "id": document.id,
        "title": document.title,
        "short_title": document.short_title,
        "issuer": document.issuer,
        "year": document.year,
        "clauses": [clause_content(clause, knowledge) for clause in document],
    }


def create_router(service: Service) -> APIRouter:
    """All routes that answer JSON and need no state."""
    router = APIRouter()
    _add_state_routes(router, service)
    _add_reading_routes(router, service)
    limit = service.max_question_characters

    @router.post(
        "/api/v1/ask",
        summary="提问",
        description=f"按原文回答一个问题。问题与每条 history 最多 {limit} 字，history 最多 {MAX_HISTORY} 条，"
        f"请求体最多 {service.config.max_body_bytes} 字节。回答里的引文逐字等于原文。",
        tags=["提问"],
        response_description=DONE,
        response_model=AnswerBody,
        responses=described_errors(
            s400="请求体不是合法的 JSON",
            s401="密钥不对，或要出示而没有出示",
            s408="请求体迟迟没有发完",
            s413="请求体太大",
            s415="Content-Type 不是 application/json",
            s422="字段缺少、多余或类型不对；问题为空或太长",
            s429="问得太快；见 Retry-After",
            s500="没有答成；原因只记在服务器日志里",
            s503=NOT_READY + "；或提问的人太多",
        ),
    )
    async def ask(body: AskRequest) -> Response:
        if len(body.question) > limit:
            raise ApiError(422, "question_too_long", length=len(body.question), limit=limit)
        for earlier in body.history:
            if len(earlier) > limit:
                raise ApiError(422, "history_too_long", length=len(earlier), limit=limit)
        question = body.question.strip()
        if not question:
            raise ApiError(422, "empty_question")
        history = [spoken for earlier in body.history if (spoken := earlier.strip())]
        began = time.perf_counter()
        answer = await service.questions.run(partial(service.assistant.ask, question, history))
        service.metrics.answer_seconds.observe(time.perf_counter() - began)
        service.metrics.answers.labels(answer.outcome).inc()
        return json_response(answer.to_json())

    return router


def _add_state_routes(router: APIRouter, service: Service) -> None:
    @router.get(
        "/healthz",
        summary="是否在运行",
        description="进程在运行就是 200。",
        tags=["状态"],
        response_description=DONE,
    )
    async def health() -> HealthBody:
        return HealthBody(status="ok")

    @router.get(
        "/readyz",
        summary="能否提问",
        description="能提问时 200；还在准备或启动失败时 503，并带 Retry-After。",
        tags=["状态"],
        response_description=DONE,
        response_model=ReadyBody,
        responses={503: {"model": NotReadyBody, "description": NOT_READY}},
    )
    async def readiness() -> Response:
        try:
            assistant = service.assistant
        except ApiError as error:
            not_ready = {
                "status": error.code,
                "stage": service.background.stage,
                "fraction": service.background.fraction,
                "message": error.message,
            }
            return json_response(not_ready, 503, error.headers)
        ready = {"status": "ready", "mode": assistant.mode, "knowledge_version": assistant.knowledge.version}
        return json_response(ready)


def _add_reading_routes(router: APIRouter, service: Service) -> None:
    @router.get(
        "/api/v1/documents",
        summary="全部文件和条款",
        description="供阅读器使用：每份文件的全部条款，按原文顺序。",
        tags=["阅读"],
        response_description=DONE,
        response_model=DocumentsBody,
        responses=described_errors(s401="密钥不对，或要出示而没有出示", s503=NOT_READY),
    )
    async def documents() -> Response:
        knowledge = service.assistant.knowledge
        contents = [_document_content(document, knowledge) for document in knowledge.documents]
        return json_response({"knowledge_version": knowledge.version, "documents": contents})

    @router.get(
        "/api/v1/clauses/{reference}",
        summary="一条条款",
        description="按引用编号取一条条款，连同上级标题和前后两条。编号如 0、2、2.2、5.1。",
        tags=["阅读"],
        response_description=DONE,
        response_model=PlacedClauseBody,
        responses=described_errors(
            s401="密钥不对，或要出示而没有出示", s404="没有这个编号", s422="编号的格式不对", s503=NOT_READY
        ),
    )
    async def clause(reference: str) -> Response:
        knowledge = service.assistant.knowledge
        found = found_clause(knowledge, reference)
        before, after = knowledge.neighbours(found)
        place = {
            "previous": knowledge.reference(before) if before is not None else None,
            "next": knowledge.reference(after) if after is not None else None,
        }
        return json_response(clause_content(found, knowledge) | place)
