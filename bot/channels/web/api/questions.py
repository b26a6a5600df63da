"""POST /api/v1/ask: one question and its answer. The assistant decides what is said; this only translates."""

from __future__ import annotations

import time
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from bot.channels.web.api.models import MAX_HISTORY, AnswerBody, AskRequest
from bot.channels.web.api.openapi import DONE, NOT_READY, described_errors
from bot.channels.web.core.errors import ApiError, json_response
from bot.channels.web.core.service import Service


def create_router(service: Service) -> APIRouter:
    """The one route."""
    router = APIRouter()
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
