"""Trainers' rooms, what everybody may ask: the room, a seat in it, an answer, and the stream of what changes."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from bot.channels.web.api.openapi import DONE, described_errors
from bot.channels.web.api.room_access import new_person, person_of, set_cookie
from bot.channels.web.api.room_models import (
    AnsweredBody,
    AnswerRequest,
    LeftBody,
    ScreenBody,
    SeatedRoomBody,
    SeatRequest,
)
from bot.channels.web.api.rooms import BODY_ERRORS, NO_DATABASE, TAGS, screen
from bot.channels.web.core.addresses import SEAT_COOKIE
from bot.channels.web.core.errors import ApiError, json_response
from bot.channels.web.rooms.feeds import Feed, View
from bot.channels.web.rooms.rooms import Rooms
from bot.rooms import words
from bot.rooms.classroom import Classroom
from bot.rooms.room import Answered

_ERRORS = described_errors(s404="没有这个房间", s422="写法不对", s429="太快；见 Retry-After", s503=NO_DATABASE)
#: Errors of the stream are no streams.
_AS_JSON = {"model": None, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}}


def create_router(rooms: Rooms) -> APIRouter:
    """All routes of the class."""
    router = APIRouter()
    _add_reading(router, rooms)
    _add_seats(router, rooms)
    _add_stream(router, rooms)
    return router


def _add_reading(router: APIRouter, rooms: Rooms) -> None:
    @router.get(
        "/api/v1/rooms/{code}",
        summary="房间",
        description="房间现在的样子和这部手机的座位。",
        tags=TAGS,
        response_description=DONE,
        response_model=SeatedRoomBody,
        responses=_ERRORS,
    )
    async def room(request: Request, code: str) -> Response:
        return json_response(await _seated(rooms, code, person_of(request)))

    @router.get(
        "/api/v1/rooms/{code}/screen",
        summary="大屏",
        description="房间和合计；各选项的分布和答案公布以后才有。",
        tags=TAGS,
        response_description=DONE,
        response_model=ScreenBody,
        responses=_ERRORS,
    )
    async def on_screen(code: str) -> Response:
        return json_response(screen(await rooms.feeds.refresh(code)))


def _add_seats(router: APIRouter, rooms: Rooms) -> None:
    @router.post(
        "/api/v1/rooms/{code}/seat",
        summary="进入",
        description="进入房间，不用帐号；什么时候来都行。这部手机得到一个只用于这个房间的 cookie。",
        tags=TAGS,
        response_description=DONE,
        response_model=SeatedRoomBody,
        responses=described_errors(**BODY_ERRORS, s404="没有这个房间", s409="已经结束", s422="队或名字不对；房间满了"),
    )
    async def sit(request: Request, code: str, body: SeatRequest) -> Response:
        person = person_of(request) or body.ticket or new_person()
        await rooms.run(lambda classroom: classroom.join(code, person, team=body.team, name=body.name))
        rooms.feeds.poke(code)
        response = json_response(await _seated(rooms, code, person))
        set_cookie(request, response, SEAT_COOKIE, person)
        return response

    @router.delete(
        "/api/v1/rooms/{code}/seat",
        summary="离开",
        description="离开房间，并删除这部手机在这里的全部记录；结束以后删除留下的名字。",
        tags=TAGS,
        response_description=DONE,
        responses=_ERRORS,
    )
    async def leave(request: Request, code: str) -> LeftBody:
        person = person_of(request)
        deleted = await rooms.run(lambda classroom: classroom.leave(code, person or ""))
        rooms.feeds.poke(code)
        return LeftBody(deleted=deleted)

    @router.post(
        "/api/v1/rooms/{code}/answers",
        summary="作答",
        description="回答现在这一题。返回时已经存好；再发一次也只算第一次的。",
        tags=TAGS,
        response_description=DONE,
        responses=described_errors(**BODY_ERRORS, s404="没有这个房间", s422="还没进入；写法不对，或不是这道题的写法"),
    )
    async def answer(request: Request, code: str, body: AnswerRequest) -> AnsweredBody:
        person = person_of(request)
        if person is None:
            await rooms.run(lambda classroom: classroom.room(code))
            raise ApiError(422, "bad_room_request", message=words.NO_SEAT)
        seat = await rooms.run(lambda classroom: classroom.seat(code, person))
        choice = tuple(body.choice)
        verdict = await rooms.answer(code, Answered(seat, body.position, choice))
        if verdict == "kept":
            return AnsweredBody(status=verdict, choice=list(choice))

        def first(classroom: Classroom) -> tuple[int, ...] | None:
            return classroom.answered(code, seat) if classroom.room(code).position == body.position else None

        counted = await rooms.run(first) if verdict == "already" else None
        return AnsweredBody(status=verdict, choice=list(counted) if counted is not None else None)


def _add_stream(router: APIRouter, rooms: Rooms) -> None:
    async def opened(
        code: str, view: View = "phone", last_event_id: Annotated[str, Header(max_length=200)] = ""
    ) -> Feed:  # names all parameters: nothing is opened for a request that is refused
        return await rooms.feeds.feed(code)

    @router.get(
        "/api/v1/rooms/{code}/events",
        summary="变化",
        description="server-sent events。事件 room 的内容是 RoomBody（view=phone）或 ScreenBody（view=screen），一连上先给一次，"
        "以后每变一次给一次；事件 alive 表示连接还通。断开再连带 Last-Event-ID，没变就不重发。",
        tags=TAGS,
        response_class=EventSourceResponse,
        response_description=DONE,
        responses={status: {**answer, **_AS_JSON} for status, answer in _ERRORS.items()},
    )
    async def events(
        code: str,
        feed: Feed = Depends(opened),  # noqa: B008 - an annotation cannot name what is local here
        view: View = "phone",
        last_event_id: Annotated[str, Header(max_length=200)] = "",
    ) -> AsyncGenerator[ServerSentEvent, None]:
        async with aclosing(rooms.feeds.follow(code, feed, view, last_event_id)) as found:
            async for event in found:
                yield event


async def _seated(rooms: Rooms, code: str, person: str | None) -> dict[str, Any]:
    """SeatedRoomBody's object, now."""
    shown = await rooms.feeds.refresh(code)
    seat = await rooms.run(lambda classroom: classroom.seated(code, person)) if person is not None else None
    content = shown.content("phone", time.time())
    return {**content, "seat": None if seat is None else {**asdict(seat), "choice": seat.choice and list(seat.choice)}}
