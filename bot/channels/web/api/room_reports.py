"""After a session: its totals as JSON and CSV, and the paper that is made of the weak clauses."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote as quoted

from fastapi import APIRouter
from starlette.responses import Response

from bot.channels.web.api.openapi import DONE, described_errors
from bot.channels.web.api.room_models import RoomReportBody
from bot.channels.web.api.rooms import NO_DATABASE, TAGS
from bot.channels.web.core.errors import ApiError, json_response
from bot.channels.web.core.service import Service
from bot.channels.web.rooms.rooms import Rooms
from bot.channels.web.rooms.views import item_view, solution_view, weak_clauses
from bot.quiz import export
from bot.quiz.layout import answer
from bot.quiz.words import KIND_NAMES
from bot.rooms import words
from bot.rooms.report import Report, follow_up
from knowledge.base import KnowledgeBase

FileName = Literal["totals.csv", "paper.docx", "paper.pdf"]
_MEDIA_TYPES: Mapping[FileName, str] = {
    "totals.csv": "text/csv; charset=utf-8",
    "paper.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "paper.pdf": "application/pdf",
}


def create_router(service: Service, rooms: Rooms) -> APIRouter:
    """Both routes."""
    router = APIRouter()
    errors = described_errors(
        s404="没有这个房间", s409="还没有结束；没有需要重读的条款", s422="写法不对", s429="太快", s503=NO_DATABASE
    )

    @router.get(
        "/api/v1/rooms/{code}/report",
        summary="这一场的合计",
        description="结束以后：每道题的合计，需要重读的条款。没有名字。",
        tags=TAGS,
        response_description=DONE,
        response_model=RoomReportBody,
        responses=errors,
    )
    async def report(code: str) -> Response:
        found = await rooms.run(lambda classroom: classroom.report(code))
        return json_response({"code": code, **report_content(found, service.assistant.knowledge)})

    @router.get(
        "/api/v1/rooms/{code}/files/{name}",
        summary="合计和再练的题",
        description="totals.csv 是每道题的合计；paper.docx 和 paper.pdf 是用需要重读的条款出的题，答案另起一页。",
        tags=TAGS,
        response_class=Response,
        responses={
            200: {
                "description": "文件",
                "content": {_MEDIA_TYPES[name].partition(";")[0]: {} for name in _MEDIA_TYPES},
            },
            **errors,
        },
    )
    async def file(code: str, name: FileName) -> Response:
        found = await rooms.run(lambda classroom: classroom.report(code))
        knowledge = service.assistant.knowledge
        body = (
            totals(found)
            if name == "totals.csv"
            else await service.questions.run(lambda: paper(found, knowledge, name))
        )
        shown = quoted(words.FILE_NAMES[name.partition(".")[0]].format(code=code, ending=name.partition(".")[2]))
        headers = {"Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{shown}"}
        return Response(body, headers=headers, media_type=_MEDIA_TYPES[name])

    return router


def report_content(report: Report, knowledge: KnowledgeBase) -> dict[str, Any]:
    """RoomReportBody's object, without the code."""
    return {
        "title": report.title,
        "day": report.day,
        "knowledge_version": report.knowledge_version,
        "seats": report.seats,
        "skipped": report.skipped,
        "items": [
            {
                "item": item_view(one.item),
                "solution": solution_view(one.item, knowledge),
                "answered": one.tally.answered,
                "right": one.tally.right,
                "counts": list(one.tally.counts),
            }
            for one in report.results
        ],
        "weak": weak_clauses(report, knowledge),
    }


def totals(report: Report) -> bytes:
    """One line an item, as CSV that spreadsheets open (UTF-8 with a byte order mark)."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(words.TOTALS_COLUMNS)
    for number, one in enumerate(report.results, 1):
        counts = " ".join(f"{letter}{count}" for letter, count in zip("ABCDEFGHIJKL", one.tally.counts, strict=False))
        item, tally = one.item, one.tally
        numbers = (report.seats, tally.answered, tally.right)
        rows.writerow(
            (number, KIND_NAMES[item.kind], item.stem, "｜".join(item.options), answer(item), item.citation.label, *numbers, counts)
        )  # fmt: skip
    return written.getvalue().encode("utf-8-sig")


def paper(report: Report, knowledge: KnowledgeBase, name: str) -> bytes:
    """The follow-up paper as a file. Raises ApiError 409 where nothing is weak."""
    items = follow_up(report, knowledge)
    if not items:
        raise ApiError(409, "not_now", message=words.FOLLOW_UP_NONE)
    with tempfile.TemporaryDirectory(prefix="jianfu-") as folder:
        path = Path(folder) / name
        export.write(path, items, knowledge, seed=len(report.results))
        return path.read_bytes()
