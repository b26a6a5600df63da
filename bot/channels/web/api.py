"""The HTTP API: health, readiness, questions, and the notices for reading. Translates and nothing more.

The assistant decides what is said; models.py holds the shapes; border.py forms errors; web.py serves pages.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from bot.answer import Answer
from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.web.border import ApiError, json_response
from bot.channels.web.models import (
    MAX_HISTORY,
    AnswerBody,
    AskRequest,
    DocumentsBody,
    ErrorBody,
    HealthBody,
    NotReadyBody,
    PlacedClauseBody,
    ReadyBody,
    clean,
)
from bot.config import WebConfig
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document

WAITING_QUESTIONS = 100  # more than this many questions in the queue are turned away
LOADING_RETRY_SECONDS = 2
FAILED_RETRY_SECONDS = 30


def _errors(**descriptions: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses for the error statuses of a route: `_errors(s404="…")`."""
    return {int(name[1:]): {"model": ErrorBody, "description": text} for name, text in descriptions.items()}


_DONE = "成功"
_NOT_READY = "还在准备，或启动失败；见 Retry-After"


class Questions:
    """Asks the assistant in a few threads; further questions wait, and too many are turned away."""

    def __init__(self, threads: int, waiting: int = WAITING_QUESTIONS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="question")
        self._limit = threads + waiting
        self._open = 0

    async def ask(self, assistant: Assistant, question: str, history: list[str]) -> Answer:
        """`assistant.ask` off the event loop. Raises ApiError 503 when the queue is full."""
        if self._open >= self._limit:
            raise ApiError(503, "busy", headers={"Retry-After": str(LOADING_RETRY_SECONDS)})
        self._open += 1
        try:
            call = partial(assistant.ask, question, history)
            return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        finally:
            self._open -= 1

    def close(self) -> None:
        """Drop the questions that wait; those being answered end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def ready_assistant(background: BackgroundAssistant) -> Assistant:
    """The assistant. Raises ApiError 503, with what it is doing, while there is none."""
    assistant = background.assistant
    if assistant is not None:
        return assistant
    if background.error is not None:
        headers = {"Retry-After": str(FAILED_RETRY_SECONDS)}
        raise ApiError(503, "failed", headers=headers, error=background.error)
    raise ApiError(503, "loading", headers={"Retry-After": str(LOADING_RETRY_SECONDS)}, stage=background.stage)


def found_clause(knowledge: KnowledgeBase, reference: str) -> Clause:
    """The clause a reference names. Raises ApiError 404."""
    clause = knowledge.find(reference)
    if clause is None:
        raise ApiError(404, "no_such_clause", reference=clean(reference)[:60])
    return clause


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


def create_router(
    background: BackgroundAssistant, questions: Questions, config: WebConfig, max_question_characters: int
) -> APIRouter:
    """All routes that answer JSON."""
    router = APIRouter()
    _add_state_routes(router, background)
    _add_reading_routes(router, background)
    limit = max_question_characters

    @router.post(
        "/api/v1/ask",
        summary="提问",
        description=f"按原文回答一个问题。问题与每条 history 最多 {limit} 字，history 最多 {MAX_HISTORY} 条，"
        f"请求体最多 {config.max_body_bytes} 字节。回答里的引文逐字等于原文。",
        tags=["提问"],
        response_description=_DONE,
        response_model=AnswerBody,
        responses=_errors(
            s400="请求体不是合法的 JSON",
            s408="请求体迟迟没有发完",
            s413="请求体太大",
            s415="Content-Type 不是 application/json",
            s422="字段缺少、多余或类型不对；问题为空或太长",
            s500="没有答成；原因只记在服务器日志里",
            s503=_NOT_READY + "；或提问的人太多",
        ),
    )
    async def ask(body: AskRequest) -> Response:
        if not body.question:
            raise ApiError(422, "empty_question")
        if len(body.question) > limit:
            raise ApiError(422, "question_too_long", length=len(body.question), limit=limit)
        for earlier in body.history:
            if len(earlier) > limit:
                raise ApiError(422, "history_too_long", length=len(earlier), limit=limit)
        assistant = ready_assistant(background)
        answer = await questions.ask(assistant, body.question, [earlier for earlier in body.history if earlier])
        return json_response(answer.to_json())

    return router


def _add_state_routes(router: APIRouter, background: BackgroundAssistant) -> None:
    @router.get(
        "/healthz",
        summary="是否在运行",
        description="进程在运行就是 200。",
        tags=["状态"],
        response_description=_DONE,
    )
    async def health() -> HealthBody:
        return HealthBody(status="ok")

    @router.get(
        "/readyz",
        summary="能否提问",
        description="能提问时 200；还在准备或启动失败时 503，并带 Retry-After。",
        tags=["状态"],
        response_description=_DONE,
        response_model=ReadyBody,
        responses={503: {"model": NotReadyBody, "description": _NOT_READY}},
    )
    async def readiness() -> Response:
        try:
            assistant = ready_assistant(background)
        except ApiError as error:
            not_ready = {
                "status": error.code,
                "stage": background.stage,
                "fraction": background.fraction,
                "message": error.message,
            }
            return json_response(not_ready, 503, error.headers)
        ready = {"status": "ready", "mode": assistant.mode, "knowledge_version": assistant.knowledge.version}
        return json_response(ready)


def _add_reading_routes(router: APIRouter, background: BackgroundAssistant) -> None:
    @router.get(
        "/api/v1/documents",
        summary="全部文件和条款",
        description="供阅读器使用：每份文件的全部条款，按原文顺序。",
        tags=["阅读"],
        response_description=_DONE,
        response_model=DocumentsBody,
        responses=_errors(s503=_NOT_READY),
    )
    async def documents() -> Response:
        knowledge = ready_assistant(background).knowledge
        contents = [_document_content(document, knowledge) for document in knowledge.documents]
        return json_response({"knowledge_version": knowledge.version, "documents": contents})

    @router.get(
        "/api/v1/clauses/{reference}",
        summary="一条条款",
        description="按引用编号取一条条款，连同上级标题和前后两条。编号如 0、2、2.2、5.1。",
        tags=["阅读"],
        response_description=_DONE,
        response_model=PlacedClauseBody,
        responses=_errors(s404="没有这个编号", s422="编号的格式不对", s503=_NOT_READY),
    )
    async def clause(reference: str) -> Response:
        knowledge = ready_assistant(background).knowledge
        found = found_clause(knowledge, reference)
        before, after = knowledge.neighbours(found)
        place = {
            "previous": knowledge.reference(before) if before is not None else None,
            "next": knowledge.reference(after) if after is not None else None,
        }
        return json_response(clause_content(found, knowledge) | place)
