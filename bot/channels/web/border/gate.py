"""Who may come in, and how often: API keys, and a limit on questions a minute for each client.

Counting is done in memory, a moving window for each client; clients.py tells them apart.
"""

from __future__ import annotations

import hmac
import math
import re
import time
from collections.abc import Sequence

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from bot import replies
from bot.channels.web.border.clients import Clients
from bot.channels.web.core.addresses import API_PREFIX, SEAT_COOKIE, path_below_root
from bot.channels.web.core.errors import ApiError
from bot.channels.web.core.origin import from_another_site, from_our_page
from bot.config import WebConfig
from knowledge.errors import JianfuError

#: What costs a search or a look into the database.
_COUNTED = re.compile(r"/api/v1/(ask|feedback|receipts/.*|quiz(/.*)?|rooms)|/(verify|quiz)(/.*)?", re.DOTALL)
#: Learning: a task takes its time to read, and a whole office may share an address, so it has a larger limit of its own.
_LEARNING = re.compile(r"(/api/v1)?/study(/.*)?", re.DOTALL)
LEARNING_FACTOR = 10
#: What belongs to one room. Its code, the trainer's key and the seats are its keys; a whole hall sits behind one address.
_ROOM = re.compile(r"(?:/api/v1/rooms|/room)/([^/]*)(?:/.*)?", re.DOTALL)
_OPENING = "/api/v1/rooms"
#: Requests a minute of one seat, and of one address, in rooms; and how many of them may name a room that is not there.
SEAT_PER_MINUTE, HALL_PER_MINUTE, MISSES_PER_MINUTE = 240, 12_000, 120
#: Rooms opened in an hour from one address (with classroom.py's days and rooms.py's limit, one address cannot use them all up); rooms whose codes are remembered as real.
ROOMS_PER_HOUR, KNOWN_ROOMS = 20, 1_000


class Gate:
    """Lets requests pass or turns them away before their body is read."""

    def __init__(self, config: WebConfig, api_keys: Sequence[str]) -> None:
        """Raises JianfuError where keys are required and there are none."""
        if config.require_api_key and not api_keys:
            raise JianfuError(replies.API_KEYS_MISSING)
        self._keys = tuple(key.encode("ascii") for key in api_keys)
        self._key_required = config.require_api_key
        self._clients = Clients(config.trusted_proxies)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._rooms: dict[str, None] = {}  # codes of rooms that answered, the latest last
        self._limit = config.questions_per_minute
        self._key_limit = config.key_questions_per_minute

    def admit(self, scope: Scope) -> None:
        """Raises ApiError 401 for a wrong or missing key, 429 for a client that asked too often."""
        path = path_below_root(scope)
        if _ROOM.fullmatch(path):
            self._admit_to_room(scope)
            return
        try:
            key = self._key(Headers(scope=scope)) if path.startswith(API_PREFIX) else None
        except ApiError as error:
            if error.code == "bad_api_key":  # trying keys is counted too
                self._count(self._clients.name(scope), self._limit)
            raise
        if path == _OPENING:
            self._admit_opening(scope)
        if _COUNTED.fullmatch(path):
            if key is None:
                self._count(self._clients.name(scope), self._limit)
            else:
                self._count(f"key {key}", self._key_limit)
        elif _LEARNING.fullmatch(path):
            client = self._clients.name(scope) if key is None else f"key {key}"
            limit = self._limit if key is None else self._key_limit
            self._count(f"learning {client}", limit * LEARNING_FACTOR)

    def _admit_to_room(self, scope: Scope) -> None:
        """Raises ApiError 403 for another site's page that wants to change something, 429 for asking too often."""
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and from_another_site(Headers(scope=scope)):
            raise ApiError(403, "foreign_page")
        client = self._clients.name(scope)
        seat = cookie_parser(Headers(scope=scope).get("cookie", "")).get(SEAT_COOKIE)
        if seat:
            self._count(f"seat {client} {seat[:64]}", SEAT_PER_MINUTE)
        self._count(f"hall {client}", HALL_PER_MINUTE)
        known = _code(scope) in self._rooms  # a hall is not shut out by somebody in it who guesses codes
        if not known and not self._limiter.test(RateLimitItemPerMinute(MISSES_PER_MINUTE), f"miss {client}"):
            self._count(f"miss {client}", MISSES_PER_MINUTE)

    def note(self, scope: Scope, status: int) -> None:
        """What became of a request: whoever asks for rooms that are not there is guessing codes."""
        path = path_below_root(scope)
        if path == _OPENING and scope["method"] == "POST" and status == 200:
            self._limiter.hit(RateLimitItemPerHour(ROOMS_PER_HOUR), self._opener(scope))
        code = _code(scope)
        if code is None:
            return
        if status == 404:
            self._rooms.pop(code, None)
            self._limiter.hit(RateLimitItemPerMinute(MISSES_PER_MINUTE), f"miss {self._clients.name(scope)}")
        elif 200 <= status < 300 and path.startswith(_OPENING):  # pages are given for any code
            self._rooms.pop(code, None)
            self._rooms[code] = None
            if len(self._rooms) > KNOWN_ROOMS:
                del self._rooms[next(iter(self._rooms))]

    def _admit_opening(self, scope: Scope) -> None:
        """Raises ApiError 429 for one address that opened room after room: they stay open for days."""
        if scope["method"] != "POST" or not self._limit:
            return
        limit, opener = RateLimitItemPerHour(ROOMS_PER_HOUR), self._opener(scope)
        if not self._limiter.test(limit, opener):
            seconds = self._seconds_until_free(limit, opener)
            raise ApiError(
                429,
                "too_many_rooms",
                headers={"Retry-After": str(seconds)},
                most=ROOMS_PER_HOUR,
                minutes=math.ceil(seconds / 60),
            )

    def _opener(self, scope: Scope) -> str:
        return f"opening {self._clients.name(scope)}"

    def _key(self, headers: Headers) -> int | None:
        """Which key was shown, None for none. Raises ApiError 401."""
        if not self._keys:
            return None
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        shown = headers.get("x-api-key") or (bearer.strip() if scheme.lower() == "bearer" else "")
        challenge = {"WWW-Authenticate": "Bearer"}
        if shown:
            given = shown.encode("utf8", "replace")
            # Every key is compared, whichever fits, so that the time taken tells nothing.
            matches = [number for number, key in enumerate(self._keys) if hmac.compare_digest(given, key)]
            if not matches:
                raise ApiError(401, "bad_api_key", headers=challenge)
            return matches[0]
        if self._key_required and not from_our_page(headers):
            raise ApiError(401, "api_key_required", headers=challenge)
        return None

    def _count(self, client: str, per_minute: int) -> None:
        if not per_minute:
            return
        limit = RateLimitItemPerMinute(per_minute)
        if not self._limiter.hit(limit, client):
            seconds = self._seconds_until_free(limit, client)
            raise ApiError(429, "too_many_requests", headers={"Retry-After": str(seconds)}, seconds=seconds)

    def _seconds_until_free(self, limit: RateLimitItem, client: str) -> int:
        return max(1, math.ceil(self._limiter.get_window_stats(limit, client).reset_time - time.time()))


def _code(scope: Scope) -> str | None:
    """The code of the room that a request is about."""
    match = _ROOM.fullmatch(path_below_root(scope))
    return match[1] if match is not None else None
