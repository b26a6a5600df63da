"""One request to the administration: who makes it, what the form says, and where the pages' root is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from bot.channels.web.admin import words
from bot.channels.web.core.typed import speakable
from bot.state.sessions import Session

MAX_FIELDS = 500


class Turned(Exception):
    """A request that is turned away with a page: its status, and a sentence for whoever sent it."""

    def __init__(self, status: int, message: str, *, retry_after: int = 0) -> None:
        self.status = status
        self.message = message
        self.retry_after = retry_after
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that was let in. `form_token` goes into every form of the page that answers it."""

    request: Request
    root: str
    token: str
    form_token: str
    address: str
    secure: bool
    session: Session | None
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: The name and the content of an uploaded file.
    upload: tuple[str, bytes] | None = field(default=None, repr=False)

    @property
    def who(self) -> Session:
        """The session, on pages that nobody sees without one."""
        assert self.session is not None
        return self.session

    def query(self, name: str, longest: int = 200) -> str:
        """A value from the address, cut and without control characters."""
        return speakable(self.request.query_params.get(name, ""))[:longest].strip()

    def number(self, name: str, least: int = 1, most: int = 10_000) -> int:
        """A whole number from the address; the least one for anything else."""
        typed = self.request.query_params.get(name, "")
        return min(max(int(typed), least), most) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else least


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form as browsers send it; of several with one name the last. Raises Turned for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Turned(415, words.NOT_A_FORM)
    body = await request.body()
    try:
        fields = parse_qsl(
            body.decode("utf8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, encoding="utf8", errors="replace"
        )
    except ValueError as error:
        raise Turned(400, words.NOT_A_FORM) from error
    return dict(fields)


async def read_upload(request: Request) -> tuple[dict[str, str], tuple[str, bytes] | None]:
    """The fields of a form with one file, and the file. Raises Turned for anything else.

    How large it may be is the border's business.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return await read_form(request), None
    try:
        async with request.form(max_files=1, max_fields=MAX_FIELDS) as sent:
            texts = {name: value for name, value in sent.items() if isinstance(value, str)}
            file = next((value for value in sent.values() if isinstance(value, UploadFile)), None)
            return texts, None if file is None else (file.filename or "", await file.read())
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise Turned(400, words.NOT_A_FORM) from error
