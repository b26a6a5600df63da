"""Errors of the web channel: one shape, a stable code, a Chinese sentence, and no word of what a person typed.

Which errors there are is said in replies.py; who raises them is each route's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import replies
from bot.log import request_id

CROWDED = "jianfu.crowded"  # set in the scope by the server when this process has too many connections
CROWDED_RETRY_SECONDS = 5
BODY_SECONDS = 20  # how long a client may take to send its body

_STATUS_CODES = {404: "not_found", 405: "method_not_allowed"}


class ApiError(Exception):
    """A request that cannot be served: the HTTP status, the stable code, and the values its message names."""

    def __init__(self, status: int, code: str, *, headers: Mapping[str, str] | None = None, **values: object) -> None:
        self.status = status
        self.code = code
        self.message = replies.API_ERRORS[code].format(**values)
        self.headers = dict(headers or {})
        super().__init__(self.message)


#: Makes an error the response to a request: JSON, or a page for a person's browser.
Respond = Callable[[Request, ApiError], Response]


def json_response(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """UTF-8 JSON; a lone surrogate, which UTF-8 cannot carry, becomes `?` instead of a failure."""
    body = json.dumps(content, ensure_ascii=False).encode("utf8", "replace")
    return Response(body, status, headers, "application/json")


def error_response(error: ApiError) -> Response:
    """The one error shape, with the id of the request being served."""
    content = {"code": error.code, "message": error.message, "request_id": request_id.get()}
    return json_response({"error": content}, error.status, error.headers)


def handle_errors(app: FastAPI, max_body_bytes: int, respond: Respond) -> None:
    """Give every error of the app's routes the one shape."""

    async def on_api_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError)
        return respond(request, error)

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
        return respond(request, translated)

    async def on_invalid_request(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = error.errors()
        in_body = any(fault["loc"][0] == "body" for fault in faults)
        if in_body and not _is_json(request.headers.get("content-type", "")):
            translated = ApiError(415, "unsupported_media_type")
        elif any(fault["type"] == "json_invalid" for fault in faults):
            translated = ApiError(400, "invalid_json")
        else:
            translated = ApiError(422, "invalid_request", faults="；".join(map(_fault, faults[:5])))
        return respond(request, translated)

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
