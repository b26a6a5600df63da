"""The cookie that holds a visitor's token: unreadable for scripts, never sent from other sites, over https only where there is https."""

from __future__ import annotations

import re

from fastapi import Request
from starlette.responses import Response

_NAME = "jianfu_admin"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def _name(secure: bool) -> str:
    """Browsers take a __Host- cookie only over https and from this very host, so nobody next door can set it."""
    return f"__Host-{_NAME}" if secure else _NAME


def read(request: Request, secure: bool) -> str:
    """The visitor's token; "" without one of our shape."""
    token = request.cookies.get(_name(secure), "")
    return token if _TOKEN.fullmatch(token) else ""


def write(response: Response, token: str, secure: bool) -> None:
    """Give the browser a token. It lasts until the browser is closed; the server ends its session before."""
    response.set_cookie(_name(secure), token, path="/", secure=secure, httponly=True, samesite="strict")


def remove(response: Response, secure: bool) -> None:
    """Take the token away."""
    response.delete_cookie(_name(secure), path="/", secure=secure, httponly=True, samesite="strict")
