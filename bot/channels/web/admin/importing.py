"""Import by upload: a file becomes a draft notice with its report, suggested questions are ticked, then it is proposed.

Reading the file, and every refusal, is bot/kb/receiving.py's business.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.channels.web.admin import desk_words as words
from bot.channels.web.admin.forms import found, line, tick
from bot.channels.web.admin.frame import Frame, alert, button, field, form, table
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Turned, Visit
from bot.channels.web.core.addresses import IMPORT_PATH
from bot.channels.web.core.service import Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.html import Markup, tag
from bot.days import clock
from bot.kb import receiving
from bot.kb.drafts import NoDraft
from bot.kb.workshop import Workshop
from knowledge.errors import JianfuError
from knowledge.importing.about import Given
from knowledge.importing.leftovers import REPORT

_TICK = re.compile(r"use-[0-9]{1,6}")


def add_routes(guard: Guard, service: Service, frame: Frame, workshop: Workshop | None) -> None:
    """The routes of this file."""
    pages = _Imports(service, frame, workshop)
    guard.add("GET", IMPORT_PATH, pages.show)
    guard.add("POST", IMPORT_PATH, pages.take)
    guard.add("GET", "/admin/import/{draft}", pages.report)
    guard.add("POST", "/admin/import/{draft}", pages.propose)
    guard.add("POST", "/admin/import/{draft}/drop", pages.drop)


class _Imports:
    """The handlers."""

    def __init__(self, service: Service, frame: Frame, workshop: Workshop | None) -> None:
        self._service = service
        self._frame = frame
        self._workshop = workshop

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit, words.IMPORT_DROPPED if visit.query("dropped") else "")

    async def _page(self, visit: Visit, message: str, status: int = 200) -> Response:
        chosen = Markup('<input id="file" name="file" type="file" accept=".docx,.pdf,.txt,.md,.html,.htm" required>')
        fields = (
            tag("div", tag("label", words.FILE, for_="file"), chosen, class_="entry wide"),
            field(words.IMPORT_ID, "id", value=visit.form.get("id", "")[:64], hint=words.IMPORT_ID_HINT, longest=64),
            line(words.IMPORT_TITLE, "title", visit.form.get("title", "")[:200], longest=200),
            line(words.IMPORT_ISSUER, "issuer", visit.form.get("issuer", "")[:200], longest=200),
            button(words.IMPORT_BUTTON),
        )
        upload = form(visit, "admin/import", *fields, upload=True)
        kept = await self._waiting(visit)
        shown = self._frame.page(visit, words.IMPORT, tag("p", words.IMPORT_INTRO), alert(message), upload, *kept)
        return HTMLResponse(shown, status)

    async def _waiting(self, visit: Visit) -> list[str]:
        shop = found(self._workshop)
        rows = [
            (tag("a", one.title, href=f"{visit.root}admin/import/{one.import_id}"), one.id, clock(one.read))
            for one in await self._service.paper_threads.run(lambda: receiving.kept_notices(shop))
        ]
        if not rows:
            return []
        note = tag("p", words.KEPT_NOTE.format(days=receiving.KEEP_DAYS))
        columns = (words.KEPT_TITLE, words.IMPORT_ID, words.KEPT_WHEN)
        return [tag("h2", words.KEPT_IMPORTS), note, table(words.KEPT_IMPORTS, columns, rows)]

    async def take(self, visit: Visit) -> Response:
        shop = found(self._workshop)
        if visit.upload is None or not visit.upload[0]:
            return await self._page(visit, words.FILE_MISSING, 422)
        name, content = visit.upload
        identifier = clean(visit.form.get("id", ""))
        title, issuer = (clean(visit.form.get(name, ""))[:200] for name in ("title", "issuer"))
        if identifier in {one.id for one in self._service.assistant.knowledge.documents}:
            return await self._page(visit, words.ID_TAKEN.format(id=identifier), 422)
        import_id = secrets.token_hex(4)
        try:
            await self._service.paper_threads.run(
                lambda: receiving.keep_notice(
                    shop, import_id, receiving.read_notice(name, content, identifier, Given(title, issuer=issuer))
                )
            )
        except JianfuError as error:
            return await self._page(visit, str(error), 422)
        return RedirectResponse(f"{visit.root}admin/import/{import_id}", 303)

    async def report(self, visit: Visit) -> Response:
        folder = self._folder(visit)
        text, some = await self._service.paper_threads.run(
            lambda: ((folder / REPORT).read_text(encoding="utf8"), receiving.suggested(folder))
        )
        boxes = [tick(f"{one.clause}：{one.question}", f"use-{number}") for number, one in enumerate(some)]
        content = [
            tag("pre", text, class_="spoken", tabindex="0"),
            tag("h2", words.SUGGESTED),
            tag("p", words.SUGGESTED_NOTE),
            form(visit, f"admin/import/{folder.name}", *boxes, button(words.PROPOSE)),
            form(visit, f"admin/import/{folder.name}/drop", button(words.DROP_IMPORT)),
        ]
        return HTMLResponse(self._frame.page(visit, words.IMPORTED, *content))

    async def propose(self, visit: Visit) -> Response:
        folder, shop = self._folder(visit), found(self._workshop)
        chosen = {int(name[4:]) for name in visit.form if _TICK.fullmatch(name)}
        try:
            draft = await self._service.with_state(
                lambda state: receiving.propose_notice(shop, folder.name, chosen, visit.who.name)
            )
        except JianfuError as error:
            raise Turned(409, str(error)) from error
        return RedirectResponse(f"{visit.root}admin/proposals/{draft.id}", 303)

    async def drop(self, visit: Visit) -> Response:
        folder, shop = self._folder(visit), found(self._workshop)
        await self._service.paper_threads.run(lambda: receiving.drop_notice(shop, folder.name))
        return RedirectResponse(f"{visit.root}admin/import?dropped=1", 303)

    def _folder(self, visit: Visit) -> Path:
        try:
            return receiving.kept_notice(found(self._workshop), visit.request.path_params["draft"])
        except NoDraft as error:
            raise Turned(404, words.NO_IMPORT) from error
