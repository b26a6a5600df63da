"""Trainers' rooms, the trainer's side: open one, control it, let phones in. bot.rooms decides; this only translates."""

from __future__ import annotations

import time
from enum import Enum
from typing import Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bot.channels.web.api.openapi import DONE, NOT_READY, described_errors
from bot.channels.web.api.room_access import check_key, check_trainer, set_cookie
from bot.channels.web.api.room_invitation import invitation
from bot.channels.web.api.room_models import (
    ActionRequest,
    ControlBody,
    InvitationBody,
    KeyRequest,
    OpenedBody,
    OpenRequest,
    ScreenBody,
)
from bot.channels.web.core.addresses import TRAINER_COOKIE
from bot.channels.web.core.errors import json_response
from bot.channels.web.core.service import Service
from bot.channels.web.rooms.feeds import Shown
from bot.channels.web.rooms.rooms import Rooms
from bot.rooms import words
from bot.rooms.classroom import Classroom
from bot.rooms.room import RoomSettings

TAGS: list[str | Enum] = ["培训房间"]
NO_DATABASE = NOT_READY + "；或数据库暂时用不了，或来的人太多"
BODY_ERRORS = {
    "s400": "请求体不是合法的 JSON",
    "s408": "请求体迟迟没有发完",
    "s413": "请求体太大",
    "s415": "Content-Type 不是 application/json",
    "s429": "太快；见 Retry-After",
    "s500": "没有办成；原因只记在服务器日志里",
    "s503": NO_DATABASE,
}


def create_router(service: Service, rooms: Rooms) -> APIRouter:
    """All routes of the trainer."""
    router = APIRouter()
    _add_opening(router, service, rooms)
    _add_control(router, rooms)
    return router


def _add_opening(router: APIRouter, service: Service, rooms: Rooms) -> None:
    @router.post(
        "/api/v1/rooms",
        summary="开房间",
        description="用随机选出的题开一个房间，等人进入。钥匙只在这里给一次。",
        tags=TAGS,
        response_description=DONE,
        responses=described_errors(
            **BODY_ERRORS, s401="密钥不对，或要出示而没有出示", s409="没有结束的房间太多", s422="设置不对；没有这么多题"
        ),
    )
    async def open_room(body: OpenRequest) -> OpenedBody:
        title = words.ROOM_TITLE.format(
            title="".join(f"《{document.short_title}》" for document in service.assistant.knowledge.documents[:1])
        )
        settings = RoomSettings(title, body.seconds, body.reading_seconds, body.teams, body.named)
        opened = await rooms.open(body.scope or None, body.count, settings)
        return OpenedBody(code=opened.code, key=opened.key)

    @router.get(
        "/api/v1/rooms/{code}/invitation",
        summary="邀请",
        description="手机进入的地址和二维码。address 是浏览器里本服务首页的地址；不写则取自这次请求。",
        tags=TAGS,
        response_description=DONE,
        responses=described_errors(s404="没有这个房间", s422="地址的写法不对", s429="太快", s503=NO_DATABASE),
    )
    async def invite(
        request: Request, code: str, address: str = Query(default="", max_length=200, pattern=r"^(https?://[!-~]+/)?$")
    ) -> InvitationBody:
        await rooms.run(lambda classroom: classroom.room(code))
        return invitation(address or str(request.base_url), code, service.config)


def _add_control(router: APIRouter, rooms: Rooms) -> None:
    @router.post(
        "/api/v1/rooms/{code}/key",
        summary="用钥匙打开控制台",
        description="钥匙对，就给这台设备一个只用于这个房间的 cookie。程序也可以每次用请求头 X-Room-Key。",
        tags=TAGS,
        response_description=DONE,
        response_model=ControlBody,
        responses=described_errors(**BODY_ERRORS, s403="钥匙不对", s404="没有这个房间", s422="写法不对"),
    )
    async def use_key(request: Request, code: str, body: KeyRequest) -> Response:
        await check_key(rooms, code, body.key)
        response = json_response(await _control(rooms, code))
        set_cookie(request, response, TRAINER_COOKIE, body.key)
        return response

    @router.get(
        "/api/v1/rooms/{code}/control",
        summary="控制台",
        description="房间和合计；结束以后还有自愿留下的名字。只有培训者能看。",
        tags=TAGS,
        response_description=DONE,
        response_model=ControlBody,
        responses=described_errors(
            s403="不是培训者", s404="没有这个房间", s422="写法不对", s429="太快", s503=NO_DATABASE
        ),
    )
    async def control(request: Request, code: str) -> Response:
        await check_trainer(rooms, request, code)
        return json_response(await _control(rooms, code))

    @router.post(
        "/api/v1/rooms/{code}/actions",
        summary="控制",
        description="开始、公布答案、下一题、暂停、继续、跳过、加时、结束。只有培训者能做。",
        tags=TAGS,
        response_description=DONE,
        response_model=ScreenBody,
        responses=described_errors(
            **BODY_ERRORS, s403="不是培训者", s404="没有这个房间", s409="现在不能这样做", s422="写法不对"
        ),
    )
    async def act(request: Request, code: str, body: ActionRequest) -> Response:
        await check_trainer(rooms, request, code)

        def done(classroom: Classroom) -> None:
            if body.action == "extend":
                classroom.extend(code, body.seconds, position=body.position)
            else:
                classroom.act(code, body.action, position=body.position)

        await rooms.run(done)
        return json_response(screen(await rooms.feeds.refresh(code)))


def screen(shown: Shown) -> dict[str, Any]:
    """ScreenBody's object, now."""
    return shown.content("screen", time.time())


async def _control(rooms: Rooms, code: str) -> dict[str, Any]:
    shown = await rooms.feeds.refresh(code)
    names, until = await rooms.run(lambda classroom: (classroom.named(code), classroom.named_until(code)))
    listed = [{"name": one.name, "answered": one.answered, "right": one.right} for one in names]
    return {**screen(shown), "names": listed, "names_until": until.isoformat() if until is not None else None}
