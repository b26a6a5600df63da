"""The notices for the reader beside the chat: all of them, or one clause with its place and what is near to it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from bot.channels.web.api.models import DocumentsBody, PlacedClauseBody
from bot.channels.web.api.openapi import DONE, NOT_READY, described_errors
from bot.channels.web.core.errors import json_response
from bot.channels.web.core.service import Service, found_clause
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document


def create_router(service: Service) -> APIRouter:
    """Both routes."""
    router = APIRouter()

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
        description="按引用编号取一条条款，连同上级标题、前后两条和相关的几条。编号如 0、2、2.2、5.1。",
        tags=["阅读"],
        response_description=DONE,
        response_model=PlacedClauseBody,
        responses=described_errors(
            s401="密钥不对，或要出示而没有出示", s404="没有这个编号", s422="编号的格式不对", s503=NOT_READY
        ),
    )
    async def clause(reference: str) -> Response:
        assistant = service.assistant
        knowledge = assistant.knowledge
        found = found_clause(knowledge, reference)
        before, after = knowledge.neighbours(found)
        place = {
            "previous": knowledge.reference(before) if before is not None else None,
            "next": knowledge.reference(after) if after is not None else None,
            "related": [knowledge.reference(other) for other in assistant.related(found)],
        }
        return json_response(_clause_content(found, knowledge) | place)

    return router


def _clause_content(clause: Clause, knowledge: KnowledgeBase) -> dict[str, Any]:
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
        "clauses": [_clause_content(clause, knowledge) for clause in document],
    }
