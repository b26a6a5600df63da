"""The files beside the pages: read once, served under an address that changes with them, and the widget under one that never does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from starlette.responses import Response

from bot.channels.web.core.addresses import WIDGET_PATH
from bot.channels.web.core.errors import ApiError

_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def read_files() -> dict[str, bytes]:
    """All files of the assets folder, templates too, by name; those of a folder in it as `folder/name`."""
    return dict(_files_in(resources.files("bot.channels.web") / "assets"))


def _files_in(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files_in(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".html", *_MEDIA_TYPES)):
            yield prefix + entry.name, entry.read_bytes()


class Files:
    """The files that browsers load."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = {name: body for name, body in files.items() if not name.endswith(".html")}
        self._tags = {name: f'"{hashlib.sha256(body).hexdigest()[:16]}"' for name, body in self._files.items()}
        self.version = _version(self._files)

    def response(self, request: Request, name: str, version: str = "") -> Response:
        """One file, or 304 where the client has it; it may be kept if asked for by the current version. Raises ApiError 404."""
        if name not in self._files:
            raise ApiError(404, "not_found")
        # The version is in the address, so the content under it never changes; an old page's address may.
        lasting = "public, max-age=31536000, immutable" if version == self.version else "no-cache"
        headers = {"ETag": self._tags[name], "Cache-Control": lasting}
        if request.headers.get("if-none-match") == self._tags[name]:
            return Response(status_code=304, headers=headers)
        suffix = name[name.rindex(".") :]
        return Response(self._files[name], headers=headers, media_type=_MEDIA_TYPES[suffix])


def create_router(files: Files) -> APIRouter:
    """The routes that serve them."""
    router = APIRouter(include_in_schema=False)

    @router.get("/assets/{version}/{name:path}")
    async def asset(request: Request, version: str, name: str) -> Response:
        return files.response(request, name, version)

    @router.get(WIDGET_PATH)
    async def widget(request: Request) -> Response:
        return files.response(request, WIDGET_PATH.removeprefix("/"))

    return router


def _version(files: Mapping[str, bytes]) -> str:
    """First 12 hex digits of the sha256 over all files."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode("utf8") + b"\0" + files[name] + b"\0")
    return digest.hexdigest()[:12]
