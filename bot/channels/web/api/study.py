"""Learning alone: what there is today, one task at a time, answers, and forgetting. bot.study decides; this only translates.

Who learns is told by a cookie. Routes that change something want a header that no other site's page may send.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Request
from starlette.responses import Response

from bot.channels.web.api.openapi import DONE, NOT_READY, described_errors
from bot.channels.web.api.study_models import (
    ITEM_PATTERN,
    AnswerRequest,
    ForgottenBody,
    OutcomeBody,
    TaskBody,
    TodayBody,
)
from bot.channels.web.core import learner
from bot.channels.web.core.errors import ApiError, json_response
from bot.channels.web.core.origin import from_another_site
from bot.channels.web.core.service import Service
from bot.state.state import State
from bot.study import Outcome, Study, Task, Today

_NOT_STARTED = "还没有开始学习（没有 Cookie）"
_READ = {
    "s401": "密钥不对，或要出示而没有出示",
    "s429": "太快；见 Retry-After",
    "s500": "没有做成；原因只记在服务器日志里",
    "s503": NOT_READY + "；或数据库暂时用不了",
}
_CHANGE = {**_READ, "s403": "请求来自别的网站", "s422": "缺少请求头 X-Jianfu-Page，或字段不对"}


async def own_page(
    request: Request,
    x_jianfu_page: Annotated[
        Literal["1"], Header(description="恒为 1；别的网站的网页发不出这个请求头，所以替不了人作答或删除")
    ],
) -> None:
    """Let only our own pages, and programs, change what a person learned. Raises ApiError 403."""
    if from_another_site(request.headers):
        raise ApiError(403, "other_site")


async def today_of(service: Service, person: str | None, item: str | None = None) -> TodayBody:
    """What a person has to do today; with `item`, this one first. Raises ApiError 404 for an unknown one, 503."""
    if person is None:
        return TodayBody(started=False, due=0, new=0, later=0, next=None)

    def look(study: Study) -> tuple[Today, Task | None]:
        today = study.today(person, datetime.now(UTC))
        asked = study.task(person, item) if item is not None else None
        return today, asked or next(iter(today.tasks), None)

    today, task = await learner.study(service, look)
    return _today(today, task)


def _today(today: Today, task: Task | None) -> TodayBody:
    shown = _task(task) if task is not None else None
    return TodayBody(started=True, due=today.due, new=today.new, later=today.later, next=shown)


def _task(task: Task) -> TaskBody:
    item = task.item
    return TaskBody(
        item=item.shown_id,
        showing=task.showing,
        kind=item.kind,
        form=item.form,
        stem=item.stem,
        left=list(item.left),
        options=list(item.options),
        is_new=task.is_new,
        revised=task.revised,
    )


def _outcome(outcome: Outcome, today: Today) -> dict[str, Any]:
    item = outcome.item
    return {
        "right": outcome.right,
        "counted": outcome.counted,
        "due": outcome.due.isoformat() if outcome.due is not None else None,
        "key": list(item.key),
        "explanation": item.explanation,
        "clause": item.clause,
        "citation": asdict(item.citation),
        "today": _today(today, next(iter(today.tasks), None)).model_dump(),
    }


def create_router(service: Service) -> APIRouter:
    """All routes below /api/v1/study."""
    router = APIRouter(tags=["学习"])

    @router.get(
        "/api/v1/study",
        summary="今天要做的题",
        description="到期的在前，新题在后，一次给一道。还没有开始学习时 started 为 false。",
        response_description=DONE,
        responses=described_errors(**_READ),
    )
    async def today(request: Request) -> TodayBody:
        return await today_of(service, learner.person_of(request))

    @router.get(
        "/api/v1/study/tasks/{item}",
        summary="一道题",
        description="不论到没到期，再做这一道；next 就是它。",
        response_description=DONE,
        responses=described_errors(**_READ, s404="没有这道题了", s409=_NOT_STARTED, s422="编号的写法不对"),
    )
    async def task(request: Request, item: Annotated[str, Path(pattern=ITEM_PATTERN)]) -> TodayBody:
        return await today_of(service, learner.known_person(request), item)

    @router.post(
        "/api/v1/study/start",
        summary="开始学习",
        description="给浏览器一个随机号（Cookie，网页脚本读不到），学习记录只记在它的散列之下。已经开始的不变。",
        response_description=DONE,
        response_model=TodayBody,
        responses=described_errors(**_CHANGE),
        dependencies=[Depends(own_page)],
    )
    async def start(request: Request) -> Response:
        person = learner.person_of(request) or learner.new_person()
        response = json_response((await today_of(service, person)).model_dump())
        learner.remember(request, response, person)
        return response

    @router.post(
        "/api/v1/study/answers",
        summary="交一道题的答案",
        description="回答时已经存好；随时可以停下，也可以在别处接着做。",
        response_description=DONE,
        response_model=OutcomeBody,
        responses=described_errors(
            **_CHANGE,
            s400="请求体不是合法的 JSON",
            s404="没有这道题了",
            s408="请求体迟迟没有发完",
            s409=_NOT_STARTED,
            s413="请求体太大",
            s415="Content-Type 不是 application/json",
        ),
        dependencies=[Depends(own_page)],
    )
    async def answer(request: Request, body: AnswerRequest) -> Response:
        person = learner.known_person(request)

        def give(study: Study) -> tuple[Outcome, Today]:
            now = datetime.now(UTC)
            return study.answer(person, body.item, body.choice, body.showing, now), study.today(person, now)

        response = json_response(_outcome(*await learner.study(service, give)))
        learner.remember(request, response, person)
        return response

    @router.post(
        "/api/v1/study/forget",
        summary="删除我的学习记录",
        description="删掉存着的关于这个浏览器的一切学习记录，并收回随机号。删了找不回来。",
        response_description=DONE,
        response_model=ForgottenBody,
        responses=described_errors(**_CHANGE),
        dependencies=[Depends(own_page)],
    )
    async def forget(request: Request) -> Response:
        person = learner.person_of(request)

        def delete(state: State) -> int:
            if person is None:
                return 0
            state.reminders.forget(person)
            return state.cards.forget(person)

        response = json_response({"deleted": await service.with_state(delete)})
        learner.forget(response)
        return response

    return router
