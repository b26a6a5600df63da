"""Addresses that several files must agree on, and the way between a request's path and the app's root."""

from __future__ import annotations

from fastapi import Request
from starlette.types import Scope

#: Where files are uploaded: the one path whose body may be large.
IMPORT_PATH = "/admin/import"
ADMIN_PATH = "/admin"
API_PREFIX = "/api/v1/"
EMBEDDED_PATH = "/embed"
WIDGET_PATH = "/widget.js"
SEAT_COOKIE = "jianfu-seat"  # a phone's, for one room
TRAINER_COOKIE = "jianfu-trainer"  # what opens one room's control view


def path_below_root(scope: Scope) -> str:
    """The request's path as the app's routes know it, without a proxy's prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def way_up(request: Request) -> str:
    """The relative way from this page up to the app, so that it works under any prefix of a proxy."""
    raw_path = request.scope.get("raw_path") or request.scope["path"].encode("utf8", "replace")
    depth = raw_path.count(b"/") - request.scope.get("root_path", "").count("/")
    return "../" * (depth - 1) or "./"
