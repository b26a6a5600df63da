"""The border of the web channel: what every request and every response passes, whatever its route.

It limits request bodies, adds the security headers, gives every error one shape, and lets no trace and no
question text out. Routes and pages are api.py's and web.py's business.
"""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import replies

logger = logging.getLogger(__name__)

#: Sent with every response. Everything the pages need comes from the same origin; nothing is inline.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
BODY_SECONDS = 20  # how long a client may take between two pieces of its body

_STATUS_CODES = {404: "not_found", 405: "method_not_allowed"}


class ApiError(Exception):
    """A request that cannot be served: the HTTP status, the stable code, and the values its message names."""

    def __init__(self, status: int, code: str, *, headers: Mapping[str, str] | None = None, **values: object) -> None:
        self.status = status
        self.code = code
        self.message = replies.API_ERRORS[code].format(**values)
        self.headers = dict(headers or {})
        super().__init__(self.message)


#: Makes an error a page for a person; None where a program asked.
ErrorPage = Callable[[Request, ApiError], Response | None]


def json_response(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """UTF-8 JSON; a lone surrogate, which UTF-8 cannot carry, becomes `?` instead of a failure."""
    body = json.dumps(content, ensure_ascii=False).encode("utf8", "replace")
    return Response(body, status, headers, "application/json")


def error_response(error: ApiError) -> Response:
    """The one error shape."""
    return json_response({"error": {"code": error.code, "message": error.message}}, error.status, error.headers)


class Border:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        head = scope["method"] == "HEAD"

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            elif head:
                message = {**message, "body": b""}
            await send(message)

        try:
            self._check_declared_size(scope)
            inner = {**scope, "method": "GET"} if head else scope
            await self._app(inner, self._limited(receive), send_guarded)
        except ApiError as error:
            await error_response(error)(scope, receive, send_guarded)
        except Exception as error:
            # The message of an exception may hold what a person typed; its type and its frames do not.
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error("%s %s failed: %s\n%s", scope["method"], scope["path"], type(error).__name__, frames)
            if started:
                raise RuntimeError("the response broke off after it had started") from None
            await error_response(ApiError(500, "internal"))(scope, receive, send_guarded)

    def _check_declared_size(self, scope: Scope) -> None:
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > self._max_body_bytes:
            raise ApiError(413, "body_too_large", limit=self._max_body_bytes)

    def _limited(self, receive: Receive) -> Receive:
        """`receive`, counting the bytes that arrive and bounding the wait for them."""
        size = 0
        complete = False

        async def receive_limited() -> Message:
            nonlocal size, complete
            if complete:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), BODY_SECONDS)
            except TimeoutError:
                raise HTTPException(408) from None
            size += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if size > self._max_body_bytes:
                raise HTTPException(413)  # FastAPI passes an HTTPException on while it reads a body
            return message

        return receive_limited


def handle_errors(app: FastAPI, max_body_bytes: int, error_page: ErrorPage) -> None:
    """Give every error of the app's routes the one shape; a person's browser gets a page instead."""

    async def on_api_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError)
        return error_page(request, error) or error_response(error)

    async def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 413:
            translated = ApiError(413, "body_too_large", limit=max_body_bytes)
        elif error.status_code == 408:
            translated = ApiError(408, "body_timeout", seconds=BODY_SECONDS)
        elif error.status_code == 400:  # FastAPI's word for a body that broke its JSON parser
            translated = ApiError(400, "invalid_json")
        else:
            code = _STATUS_CODES.get(error.status_code, "bad_request")
            translated = ApiError(error.status_code, code, headers=error.headers)
        return await on_api_error(request, translated)

    async def on_invalid_request(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if not _is_json(request.headers.get("content-type", "")):
            return error_response(ApiError(415, "unsupported_media_type"))
        faults = error.errors()
        if any(fault["type"] == "json_invalid" for fault in faults):
            return error_response(ApiError(400, "invalid_json"))
        return error_response(ApiError(422, "invalid_request", faults="；".join(map(_fault, faults[:5]))))

    app.add_exception_handler(ApiError, on_api_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid_request)


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json"


def _fault(fault: Mapping[str, Any]) -> str:
    """One validation fault in words, naming the field but never its value."""
    form = replies.REQUEST_FAULTS.get(fault["type"], replies.REQUEST_FAULTS["other"])
    place = ".".join(str(part) for part in fault["loc"][1:]) or replies.REQUEST_BODY
    return form.format(field=place[:60], limit=fault.get("ctx", {}).get("max_length"))
