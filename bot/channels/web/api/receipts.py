"""Receipts: whether a code stands for an answer that was given here, what it said, and whether that still holds today."""

from __future__ import annotations

from fastapi import APIRouter

from bot.answer import Citation
from bot.channels.web.api.models import CheckedCitationBody, ReceiptBody, ReceiptStatus, Today
from bot.channels.web.api.openapi import DONE, NOT_READY, described_errors
from bot.channels.web.core.service import Service
from bot.state.receipts import read_code
from knowledge.base import KnowledgeBase


async def look_up(service: Service, typed: str) -> ReceiptBody:
    """What a code as a person typed it stands for. Raises ApiError 503 where that cannot be known now."""
    knowledge = service.assistant.knowledge
    code = read_code(typed)
    if code is None:
        return _nothing("mistyped", "")
    receipt = await service.with_state(lambda state: state.receipts.find(code))
    if receipt is None:
        return _nothing("unknown", code)
    return ReceiptBody(
        status="genuine",
        code=code,
        first_given=receipt.first_given,
        knowledge_version=receipt.knowledge_version,
        outcome=receipt.outcome,
        lead=receipt.lead,
        citations=[_checked(citation, knowledge) for citation in receipt.citations],
        clauses=list(receipt.clauses),
    )


def _nothing(status: ReceiptStatus, code: str) -> ReceiptBody:
    return ReceiptBody(
        status=status,
        code=code,
        first_given=None,
        knowledge_version="",
        outcome=None,
        lead="",
        citations=[],
        clauses=[],
    )


def _checked(citation: Citation, knowledge: KnowledgeBase) -> CheckedCitationBody:
    now = knowledge.find(f"{citation.document}:{citation.clause}")
    today: Today = "gone" if now is None else "same" if now.text == citation.quote else "changed"
    return CheckedCitationBody(
        document=citation.document,
        clause=citation.clause,
        label=citation.label,
        quote=citation.quote,
        start=citation.start,
        end=citation.end,
        spans=[],
        today=today,
    )


def create_router(service: Service) -> APIRouter:
    """The API's route; the page is pages/site.py's."""
    router = APIRouter()

    @router.get(
        "/api/v1/receipts/{code}",
        summary="核验答复凭据",
        description="凭据号不分大小写，可带空格和横线。查到的是当时的原话，以及每条引文今天是否还一字不差。",
        tags=["评价和核验"],
        response_description=DONE,
        responses=described_errors(
            s401="密钥不对，或要出示而没有出示",
            s404="没有这个地址",
            s422="号码的格式不对",
            s429="太快；见 Retry-After",
            s503=NOT_READY + "；或数据库暂时用不了",
        ),
    )
    async def receipt(code: str) -> ReceiptBody:
        return await look_up(service, code)

    return router
