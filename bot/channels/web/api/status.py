"""Whether the process runs (/healthz), and whether questions can be asked (/readyz)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from bot.channels.web.api.models import HealthBody, NotReadyBody, ReadyBody
from bot.channels.web.api.openapi import DONE, NOT_READY
from bot.channels.web.core.errors import ApiError, json_response
from bot.channels.web.core.service import Service


def create_router(service: Service) -> APIRouter:
    """Both routes."""
    router = APIRouter()

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
        ready = {
            "status": "ready",
            "mode": assistant.mode,
            "knowledge_version": assistant.knowledge.version,
            "problem": service.background.problem,
        }
        return json_response(ready)

    return router
