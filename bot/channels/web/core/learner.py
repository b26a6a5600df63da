"""Who learns on the web: a random key in a cookie, set only when a person starts; and their Study, run in a thread.

The key never reaches a script or the database: the state keeps its keyed hash. What is learned is bot.study's business.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from bot.channels.web.core.errors import ApiError
from bot.channels.web.core.service import Service
from bot.state.state import State
from bot.study import InvalidChoice, Study, UnknownItem

Result = TypeVar("Result")

COOKIE = "jianfu_study"
#: Renewed with each answer; browsers keep none for longer.
COOKIE_SECONDS = 400 * 24 * 3600
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


def person_of(request: Request) -> str | None:
    """The name under which bot.study knows who sends a request; None for whoever has not started."""
    key = request.cookies.get(COOKIE, "")
    return f"web:{key}" if _KEY.fullmatch(key) else None


def known_person(request: Request) -> str:
    """The same. Raises ApiError 409 for whoever has not started."""
    person = person_of(request)
    if person is None:
        raise ApiError(409, "study_not_started")
    return person


def new_person() -> str:
    """A person whom nobody knows yet."""
    return f"web:{secrets.token_urlsafe(32)}"


def remember(request: Request, response: Response, person: str) -> None:
    """Let the browser show who it is from now on, to this site's own pages only."""
    key = person.removeprefix("web:")
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, key, COOKIE_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")


def forget(response: Response) -> None:
    """Let the browser forget who it is."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


async def study(service: Service, call: Callable[[Study], Result]) -> Result:
    """The call's result. Raises ApiError 503 while there is no state or no assistant, 404 and 422 for what bot.study refuses."""
    knowledge = service.assistant.knowledge

    def run(state: State) -> Result:
        return call(Study(state.cards, state.reminders, knowledge))

    try:
        return await service.with_state(run)
    except UnknownItem as error:
        raise ApiError(404, "no_such_item", said=error) from error
    except InvalidChoice as error:
        raise ApiError(422, "bad_choice", said=error) from error
