"""Who is asking in a room: the trainer by a key, a phone by its seat; both in cookies that hold for one room only.

The cookies name no path: the browser then sends them below the room's own address, whatever prefix a proxy adds.
"""

from __future__ import annotations

import secrets

from fastapi import Request
from starlette.responses import Response

from bot.channels.web.core.addresses import SEAT_COOKIE, TRAINER_COOKIE
from bot.channels.web.core.errors import ApiError
from bot.channels.web.rooms.rooms import Rooms
from bot.rooms.classroom import NAMED_DAYS, UNFINISHED_DAYS

KEY_HEADER = "X-Room-Key"  # for programs, which have no cookies
MOST_KEY = 100  # characters
#: As long as a room may be open, and names be kept after it.
COOKIE_SECONDS = (UNFINISHED_DAYS + NAMED_DAYS) * 24 * 3600


async def check_trainer(rooms: Rooms, request: Request, code: str) -> None:
    """Raises ApiError 404 where there is no such room, 403 for anyone but its trainer."""
    key = request.headers.get(KEY_HEADER) or request.cookies.get(TRAINER_COOKIE, "")
    await check_key(rooms, code, key)


async def check_key(rooms: Rooms, code: str, key: str) -> None:
    """Raises ApiError 404 where there is no such room, 403 for another key than its own."""
    if not await rooms.run(lambda classroom: classroom.may_control(code, key[:MOST_KEY])):
        raise ApiError(403, "not_trainer")


def person_of(request: Request) -> str | None:
    """What stands for this phone in this room; None before it came in."""
    return request.cookies.get(SEAT_COOKIE, "")[:MOST_KEY] or None


def new_person() -> str:
    """The same, for a phone that comes in."""
    return secrets.token_urlsafe(24)


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Give a cookie for the room whose address this request has."""
    response.set_cookie(
        name,
        value,
        max_age=COOKIE_SECONDS,
        path=None,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
