"""The border of the web channel: what every request and every response passes, whatever its route.

It names the request, limits its body, lets the gate turn it away, adds the security headers, writes the access log, and
lets no trace and no question text out. Routes and pages are other files' business.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
import traceback
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.web.border.cors import Cors
from bot.channels.web.border.gate import Gate
from bot.channels.web.border.headers import SecurityHeaders
from bot.channels.web.core.addresses import IMPORT_PATH, path_below_root
from bot.channels.web.core.errors import BODY_SECONDS, CROWDED, CROWDED_RETRY_SECONDS, ApiError, Respond
from bot.channels.web.core.metrics import Metrics
from bot.log import request_id
from knowledge.importing.safety import MAX_BYTES

logger = logging.getLogger(__name__)
access_logger = logging.getLogger("bot.channels.web.access")

REQUEST_ID = "X-Request-ID"
UNROUTED = "-"
#: A file as large as knowledge/importing takes, with the form around it.
UPLOAD_BYTES = MAX_BYTES + 64 * 1024

_CLIENTS_OWN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics", "/assets/{version}/{name:path}"})  # asked all the time
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds at the border."""

    max_body_bytes: int
    security: SecurityHeaders
    cors: Cors
    gate: Gate
    metrics: Metrics
    respond: Respond


class Border:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked_as = Headers(scope=scope).get(REQUEST_ID, "")
        token = request_id.set(asked_as if _CLIENTS_OWN_ID.fullmatch(asked_as) else secrets.token_hex(8))
        try:
            with self._rules.metrics.in_flight.track_inprogress():
                await self._serve(scope, receive, send)
        finally:
            request_id.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 0  # until a response starts
        head = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET"} if head else {**scope}

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(scope, MutableHeaders(scope=message))
            elif head:
                message = {**message, "body": b""}
            await send(message)

        try:
            preflight = self._rules.cors.preflight(scope)
            if preflight is not None:
                await preflight(scope, receive, send_guarded)
                return
            if scope.get(CROWDED) and path_below_root(scope) != "/healthz":  # full is not dead
                headers = {"Retry-After": str(CROWDED_RETRY_SECONDS), "Connection": "close"}
                raise ApiError(503, "busy", headers=headers)
            self._check_declared_size(scope)
            self._rules.gate.admit(scope)
            await self._app(inner, self._limited(receive, self._largest(scope)), send_guarded)
        except ApiError as error:
            await self._rules.respond(Request(scope), error)(scope, receive, send_guarded)
        except Exception as error:
            # The message of an exception may hold what a person typed; its type and its frames do not.
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error("%s %s failed: %s\n%s", _method(scope), _route(inner), type(error).__name__, frames)
            if status:
                raise RuntimeError("the response broke off after it had started") from None
            await self._rules.respond(Request(scope), ApiError(500, "internal"))(scope, receive, send_guarded)
        finally:
            self._rules.gate.note(scope, status)
            self._record(_method(scope), _route(inner), status, time.perf_counter() - began)

    def _add_headers(self, scope: Scope, headers: MutableHeaders) -> None:
        headers.update(self._rules.security.of(path_below_root(scope)))
        headers.update(self._rules.cors.headers(scope))
        headers[REQUEST_ID] = request_id.get()
        headers.setdefault("Cache-Control", "no-store")

    def _record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count the response and log it; a status of 0 says that the client left before one began."""
        self._rules.metrics.requests.labels(method, route, status).inc()
        milliseconds = round(seconds * 1000, 1)
        fields = {"method": method, "route": route, "status": status, "ms": milliseconds}
        level = logging.DEBUG if route in _QUIET_ROUTES else logging.INFO
        access_logger.log(level, "%s %s %d %.1f ms", method, route, status, milliseconds, extra={"fields": fields})

    def _check_declared_size(self, scope: Scope) -> None:
        declared = Headers(scope=scope).get("content-length", "0")
        limit = self._largest(scope)
        if declared.isdecimal() and int(declared[:20]) > limit:
            raise ApiError(413, "body_too_large", limit=limit)

    def _largest(self, scope: Scope) -> int:
        """How many bytes a body may have: a file for import more than anything else."""
        least = self._rules.max_body_bytes
        return max(least, UPLOAD_BYTES) if path_below_root(scope) == IMPORT_PATH else least

    def _limited(self, receive: Receive, limit: int) -> Receive:
        """`receive`, counting the bytes that arrive and bounding the wait for all of them together."""
        ends = asyncio.get_running_loop().time() + BODY_SECONDS
        size = 0
        complete = False

        async def receive_limited() -> Message:
            nonlocal size, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(ends):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            size += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if size > limit:
                raise HTTPException(413)  # FastAPI passes an HTTPException on while it reads a body
            return message

        return receive_limited


def _route(scope: Scope) -> str:
    """The template of the route that served a request, as `/c/{reference}`: the path itself may hold what was typed."""
    return getattr(scope.get("route"), "path", UNROUTED)


def _method(scope: Scope) -> str:
    """The method, or UNROUTED for one that a client made up."""
    return scope["method"] if scope["method"] in _METHODS else UNROUTED
