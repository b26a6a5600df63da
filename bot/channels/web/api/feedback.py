"""POST /api/v1/feedback: what a person says of an answer. Nobody is named; the question is kept only with a thumb down."""

from __future__ import annotations

from fastapi import APIRouter

from bot.channels.web.api.models import MAX_CLAUSES, FeedbackRequest, KeptBody
from bot.channels.web.api.openapi import DONE, NOT_READY, described_errors
from bot.channels.web.core.errors import ApiError
from bot.channels.web.core.service import SHOWN_REFERENCE, Service
from bot.state.feedback import Opinion

CHANNEL = "web"


def create_router(service: Service) -> APIRouter:
    """The one route."""
    router = APIRouter()
    limit = service.max_question_characters

    @router.post(
        "/api/v1/feedback",
        summary="评价",
        description=f"评价一次回答。同一 id 再评一次，以后一次为准。问题最多 {limit} 字，clauses 最多 {MAX_CLAUSES} 条。",
        tags=["评价和核验"],
        response_description=DONE,
        responses=described_errors(
            s400="请求体不是合法的 JSON",
            s401="密钥不对，或要出示而没有出示",
            s408="请求体迟迟没有发完",
            s413="请求体太大",
            s415="Content-Type 不是 application/json",
            s422="字段缺少、多余或写法不对；问题太长；没有这一条",
            s429="太快；见 Retry-After",
            s500="没有存成；原因只记在服务器日志里",
            s503=NOT_READY + "；或数据库暂时用不了",
        ),
    )
    async def give(body: FeedbackRequest) -> KeptBody:
        if len(body.question) > limit:
            raise ApiError(422, "question_too_long", length=len(body.question), limit=limit)
        knowledge = service.assistant.knowledge
        for reference in body.clauses:
            if knowledge.find(reference) is None:
                raise ApiError(422, "unknown_clause", reference=reference[:SHOWN_REFERENCE])
        opinion = Opinion(
            verdict=body.verdict,
            outcome=body.outcome,
            knowledge_version=body.knowledge_version,
            channel=CHANNEL,
            reason=body.reason,
            question=body.question.strip(),
            clauses=body.clauses,
        )
        await service.with_state(lambda state: state.feedback.put(body.id, opinion))
        return KeptBody(status="kept")

    return router
