"""Proposals: a list, and each with its preview, and what a role may do with it. The work is bot/kb/workshop.py's."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.accounts.roles import Action, may
from bot.channels.web.admin import desk_words as words
from bot.channels.web.admin.forms import found, line, press
from bot.channels.web.admin.frame import Frame, alert, button, form, pairs, table
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.history import LONGEST_REASON
from bot.channels.web.admin.preview import preview_parts
from bot.channels.web.admin.visit import Turned, Visit
from bot.channels.web.core.service import Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.html import Markup, escape, tag
from bot.days import clock_of
from bot.kb import draft_words
from bot.kb import words as kb_words
from bot.kb.changes import told
from bot.kb.drafts import Draft, NoDraft
from bot.kb.preview import Preview
from bot.kb.workshop import Stage, Workshop
from bot.state.database import StateUnavailable
from bot.state.state import State
from bot.state.versions import Entry
from knowledge.errors import JianfuError


def add_routes(guard: Guard, service: Service, frame: Frame, workshop: Workshop | None) -> None:
    """The routes of this file."""
    pages = _Proposals(service, frame, workshop)
    guard.add("GET", "/admin/proposals", pages.listed)
    guard.add("GET", "/admin/proposals/{draft}", pages.single)
    guard.add("POST", "/admin/proposals/{draft}/publish", pages.publish)
    guard.add("POST", "/admin/proposals/{draft}/ask", pages.ask)
    guard.add("POST", "/admin/proposals/{draft}/again", pages.again)
    guard.add("POST", "/admin/proposals/{draft}/redo", pages.redo)
    guard.add("POST", "/admin/proposals/{draft}/discard", pages.discard)


class _Proposals:
    """The handlers."""

    def __init__(self, service: Service, frame: Frame, workshop: Workshop | None) -> None:
        self._service = service
        self._frame = frame
        self._workshop = workshop

    async def listed(self, visit: Visit) -> Response:
        shop = found(self._workshop)

        def read(state: State) -> list[tuple[str, ...]]:
            now = shop.shelved.in_use().seq
            rows: list[tuple[str, ...]] = []
            for one in shop.drafts.all():
                link = tag("a", words.PROPOSAL.format(author=one.author), href=f"{visit.root}admin/proposals/{one.id}")
                what = "；".join(told(change) for change in one.changes)
                rows.append((link, clock_of(one.created), words.STATES[_state(shop, one, now)], what))
            return rows

        rows = await self._service.with_state(read)
        said = alert(words.DISCARDED) if visit.query("discarded") else Markup()
        content = [tag("p", words.PROPOSALS_INTRO), said]
        columns = (words.PROPOSALS, words.WHEN, words.STATE, words.WHAT)
        content.append(table(words.PROPOSALS, columns, rows) if rows else tag("p", words.NO_PROPOSALS, role="status"))
        return HTMLResponse(self._frame.page(visit, words.PROPOSALS, *content))

    async def single(self, visit: Visit) -> Response:
        return await self.show(visit, "")

    async def show(self, visit: Visit, message: str, status: int = 200) -> Response:
        shop, draft = await _draft(self._service, self._workshop, visit)

        def read(state: State) -> tuple[Preview | None, int, Stage | None]:
            preview, now = shop.preview(draft), shop.shelved.in_use().seq
            if preview is None:
                shop.work_on(draft)  # a restart may have interrupted it
            return preview, now, shop.stage(draft.id)

        preview, now, stage = await self._service.with_state(read)
        moved = now != draft.base
        facts = [
            (words.WHEN, clock_of(draft.created)),
            (words.BASE, kb_words.served(draft.base)),
            (words.WHAT, "；".join(told(change) for change in draft.changes)),
        ]
        content: list[str] = [alert(message), pairs(facts)]
        if moved:
            text = draft_words.MOVED.format(now=now, base=kb_words.served(draft.base))
            content.append(alert(text) if message != text else Markup())
        if preview is None:
            content.append(_progress(stage))
        elif preview.fault:
            content.append(tag("p", words.FAULT.format(fault=preview.fault), role="alert", class_="note"))
        else:
            content += preview_parts(preview)
        content += _choices(visit, shop, draft, preview, now)
        title = words.PROPOSAL.format(author=draft.author)
        waiting = preview is None and not message
        return HTMLResponse(self._frame.page(visit, title, *content, again=waiting), status)

    async def settle(self, visit: Visit, *, ask: bool) -> Response:
        shop, draft = await _draft(self._service, self._workshop, visit)
        reason = clean(visit.form.get("reason", ""))[:LONGEST_REASON]
        override = clean(visit.form.get("override", ""))[:LONGEST_REASON]
        preview = await self._service.with_state(lambda state: shop.preview(draft))
        if preview is not None and not preview.fault and not preview.passed and not override:
            return await self.show(visit, words.OVERRIDE_MISSING, 422)
        if draft.author != visit.who.name:
            reason = f"{reason}{words.DRAFTED_BY.format(author=draft.author)}"

        def publish(state: State) -> Entry:
            return shop.publish(draft, author=visit.who.name, reason=reason, override=override or None, ask=ask)

        try:
            entry = await self._service.with_state(publish)
        except StateUnavailable:
            raise
        except JianfuError as error:
            return await self.show(visit, str(error), 409)
        return RedirectResponse(f"{visit.root}admin/history/{entry.seq}", 303)

    async def publish(self, visit: Visit) -> Response:
        return await self.settle(visit, ask=False)

    async def ask(self, visit: Visit) -> Response:
        return await self.settle(visit, ask=True)

    async def act(self, visit: Visit, call: Callable[[Workshop, Draft], Draft | None]) -> Response:
        shop, draft = await _draft(self._service, self._workshop, visit)
        try:
            there = await self._service.with_state(lambda state: call(shop, draft))
        except StateUnavailable:
            raise
        except JianfuError as error:
            return await self.show(visit, str(error), 409)
        path = f"admin/proposals/{there.id}" if there is not None else "admin/proposals?discarded=1"
        return RedirectResponse(f"{visit.root}{path}", 303)

    async def again(self, visit: Visit) -> Response:
        def call(shop: Workshop, draft: Draft) -> Draft:
            shop.work_on(draft, again=True)
            return draft

        return await self.act(visit, call)

    async def redo(self, visit: Visit) -> Response:
        return await self.act(visit, lambda shop, draft: shop.redo(draft.id))

    async def discard(self, visit: Visit) -> Response:
        return await self.act(visit, lambda shop, draft: shop.drafts.discard(draft.id))


async def _draft(service: Service, workshop: Workshop | None, visit: Visit) -> tuple[Workshop, Draft]:
    """The draft that the address names. Raises Turned."""
    shop = found(workshop)
    try:
        draft_id = visit.request.path_params["draft"]
        return shop, await service.with_state(lambda state: shop.drafts.get(draft_id))
    except NoDraft as error:
        raise Turned(404, str(error)) from error


def _state(shop: Workshop, draft: Draft, now: int) -> str:
    if now != draft.base:
        return "moved"
    preview = shop.preview(draft)
    if preview is None:
        return "working"
    return "fault" if preview.fault else "passed" if preview.passed else "shut"


def _progress(stage: Stage | None) -> Markup:
    """How far the preview is; the page around it looks again by itself."""
    name, fraction = stage or (draft_words.WAITING, None)
    bar = Markup("<progress></progress>")
    if fraction is not None:
        percent = round(100 * min(1.0, max(0.0, fraction)))
        bar = Markup(
            f'<progress max="100" value="{percent}">{escape(words.PERCENT.format(percent=percent))}</progress>'
        )
    said = tag("p", words.WORKING.format(stage=name), role="status")
    return tag("div", said, bar, tag("p", words.WORKING_NOTE, class_="field-hint"), class_="working")


def _choices(visit: Visit, shop: Workshop, draft: Draft, preview: Preview | None, now: int) -> list[Markup]:
    """What this role may do with the draft as it is."""
    path, role = f"admin/proposals/{draft.id}", visit.who.role
    parts = []
    ready = preview is not None and not preview.fault and now == draft.base
    if ready and preview is not None:
        fields = [line(words.REASON, "reason", longest=LONGEST_REASON)]
        if not preview.passed:
            fields.append(line(words.OVERRIDE, "override", longest=LONGEST_REASON, required=True))
        parts.append(tag("h2", words.DECIDE))
        if may(role, Action.PUBLISH):
            note = words.PUBLISH_NOTE if shop.approvals == 1 else words.SECOND_NOTE
            parts.append(form(visit, f"{path}/publish", tag("p", note), *fields, button(words.PUBLISH)))
        elif may(role, Action.PROPOSE):
            parts.append(form(visit, f"{path}/ask", tag("p", words.ASK_NOTE), *fields, button(words.ASK)))
    if not may(role, Action.PROPOSE):
        return parts
    lesser = [(f"{path}/discard", words.DISCARD)]
    if now != draft.base:
        lesser.insert(0, (f"{path}/redo", words.REDO.format(seq=now)))
    elif preview is not None:
        lesser.insert(0, (f"{path}/again", words.AGAIN))
    buttons = (form(visit, where, press(label, "do", "1"), class_="inline") for where, label in lesser)
    parts.append(tag("div", *buttons, class_="presses"))
    return parts
