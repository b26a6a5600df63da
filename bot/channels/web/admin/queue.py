"""The queue: groups of unanswered questions, what is decided on each, and decisions that wait to be written down.

Deciding is bot/review/desk.py's business; nothing here changes the knowledge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.channels.web.admin import desk_words as words
from bot.channels.web.admin import words as admin_words
from bot.channels.web.admin.forms import choice, found, hidden, line, press, presses, tick
from bot.channels.web.admin.frame import Frame, alert, button, form, table
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Visit
from bot.channels.web.core.service import Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.html import Markup, tag
from bot.kb.changes import Settled
from bot.kb.workshop import Workshop
from bot.review import words as review_words
from bot.review.desk import Refused, ReviewDesk
from bot.review.queue import SHOWN_FROM, Group, Queue
from bot.state.decisions import Decision
from bot.state.state import State
from index.hit import Beside
from knowledge.base import KnowledgeBase

PER_PAGE = 10


def add_routes(guard: Guard, service: Service, frame: Frame, workshop: Workshop | None, distance: float) -> None:
    """The routes of this file; `distance` is config.review.group_distance."""
    pages = _Pages(service, frame, workshop, distance)
    guard.add("GET", "/admin/queue", pages.shown)
    guard.add("POST", "/admin/queue", pages.decide)
    guard.add("POST", "/admin/queue/undo", pages.undo)
    guard.add("POST", "/admin/queue/draft", pages.write)


class _Pages:
    """The handlers."""

    def __init__(self, service: Service, frame: Frame, workshop: Workshop | None, distance: float) -> None:
        self._service = service
        self._frame = frame
        self._workshop = workshop
        self._distance = distance

    def desk_of(self, state: State) -> ReviewDesk:
        assistant = self._service.assistant
        return ReviewDesk(state, assistant.knowledge, assistant.vectors, self._distance)

    async def show(self, visit: Visit, message: str = "", status: int = 200) -> Response:
        knowledge = self._service.assistant.knowledge

        def read(state: State) -> tuple[Queue, list[Decision], list[Decision]]:
            desk = self.desk_of(state)
            return desk.queue(), desk.log(), desk.pending()

        queue, log, pending = await self._service.with_state(read, self._service.questions)
        written = _written(self._workshop)
        message = message or words.DONE.get(visit.query("done", 10), "")
        days = self._service.kept_days or 0
        intro = words.QUEUE_INTRO.format(days=days) if days else words.QUEUE_OFF
        content = [tag("p", intro), alert(message), *_groups(visit, queue, knowledge)]
        content += _pending(visit, pending, written, knowledge)
        content += _log(visit, [one for one in log if one not in pending][-PER_PAGE:], knowledge)
        return HTMLResponse(self._frame.page(visit, words.QUEUE, *content), status)

    async def shown(self, visit: Visit) -> Response:
        return await self.show(visit)

    async def decide(self, visit: Visit) -> Response:
        action, group = visit.form.get("do", ""), visit.form.get("group", "")
        clause, text = visit.form.get("clause", ""), clean(visit.form.get("text", ""))
        reason, why = visit.form.get("reason", ""), clean(visit.form.get("why", ""))
        if action not in ("add", "beside", "dismiss"):
            return await self.show(visit, words.UNKNOWN_ACTION, 422)
        if action == "add" and not clause:
            return await self.show(visit, words.CLAUSE_MISSING, 422)

        def act(state: State) -> None:
            desk = self.desk_of(state)
            if action == "dismiss":
                desk.dismiss(group)
                return
            texts = [text] if text else []
            if visit.form.get("all"):
                texts = [one.text for one in desk.group(group).members if not one.masked]
            if action == "add":
                desk.add(group, clause, texts)
            else:
                near = reason == "near"
                desk.beside(group, reason, texts, related=clause if near else "", why=why if near else "")

        try:
            await self._service.with_state(act, self._service.questions)
        except Refused as refused:
            return await self.show(visit, str(refused), 409)
        return RedirectResponse(f"{visit.root}admin/queue?done={action}", 303)

    async def undo(self, visit: Visit) -> Response:
        number = visit.form.get("number", "")
        if not (number.isascii() and number.isdecimal() and len(number) < 12):
            return await self.show(visit, words.UNKNOWN_ACTION, 422)
        try:
            await self._service.with_state(lambda state: self.desk_of(state).undo(int(number)))
        except Refused as refused:
            return await self.show(visit, str(refused), 409)
        return RedirectResponse(f"{visit.root}admin/queue?done=undo", 303)

    async def write(self, visit: Visit) -> Response:
        shop = found(self._workshop)
        pending = await self._service.with_state(lambda state: self.desk_of(state).pending())
        taken = _written(self._workshop)
        left = tuple(one for one in pending if one.number not in taken)
        if not left:
            return await self.show(visit, words.NOTHING_TO_WRITE, 409)
        draft = await self._service.with_state(lambda state: shop.begin(visit.who.name, [Settled(left)]))
        return RedirectResponse(f"{visit.root}admin/proposals/{draft.id}", 303)


def _written(workshop: Workshop | None) -> dict[int, str]:
    """Numbers of decisions that a draft holds, with the draft's id."""
    drafts = workshop.drafts.all() if workshop is not None else []
    return {
        decision.number: draft.id
        for draft in drafts
        for change in draft.changes
        if isinstance(change, Settled)
        for decision in change.decisions
    }


def _groups(visit: Visit, queue: Queue, knowledge: KnowledgeBase) -> list[Markup]:
    remarks = []
    if queue.hidden:
        remarks.append(words.HIDDEN.format(count=queue.hidden, least=SHOWN_FROM))
    if queue.ungrouped:
        remarks.append(words.UNGROUPED.format(count=queue.ungrouped))
    if queue.lexical:
        remarks.append(words.LEXICAL)
    notes = [tag("p", one, class_="field-hint") for one in remarks]
    if not queue.groups:
        return [tag("p", words.QUEUE_EMPTY, role="status"), *notes]
    asked = sum(group.asked for group in queue.groups)
    count = tag("p", words.QUEUE_COUNT.format(groups=len(queue.groups), asked=asked), class_="field-hint")
    pages = math.ceil(len(queue.groups) / PER_PAGE)
    page = min(visit.number("page"), pages)
    some = queue.groups[(page - 1) * PER_PAGE : page * PER_PAGE]
    rows = tag("ul", *(_group(visit, one, knowledge) for one in some), class_="clause-list")
    return [count, *notes, rows, _turning(visit, page, pages)]


def _turning(visit: Visit, page: int, pages: int) -> Markup:
    if pages == 1:
        return Markup()
    links = []
    for label, number, relation in ((admin_words.PREVIOUS, page - 1, "prev"), (admin_words.NEXT, page + 1, "next")):
        inside = 1 <= number <= pages
        links.append(
            tag("a", label, href=f"{visit.root}admin/queue?page={number}", rel=relation) if inside else tag("span")
        )
    where = tag("span", admin_words.PAGE.format(page=page, pages=pages))
    return tag("nav", links[0], where, links[1], class_="steps", aria_label=admin_words.PAGES_LABEL)


def _group(visit: Visit, group: Group, knowledge: KnowledgeBase) -> Markup:
    kinds = "，".join(f"{review_words.KINDS[kind]} {count}" for kind, count in sorted(group.kinds.items()))
    facts = words.ASKED.format(asked=group.asked, first=group.first, last=group.last, kinds=kinds)
    near = knowledge.find(group.near) if group.near else None
    facts += f"；{words.NEAREST.format(label=near.label)}" if near is not None else ""
    parts = [tag("h2", group.text), tag("p", facts, class_="field-hint")]
    if len(group.members) > 1:
        texts = (tag("li", one.text, " ", tag("small", f"{one.asked} 次")) for one in group.members)
        summary = tag("summary", words.MEMBERS.format(count=len(group.members)))
        parts.append(tag("details", summary, tag("ul", *texts, class_="matches")))
    clauses = [("", words.NO_CLAUSE), *((knowledge.reference(one), one.label) for one in knowledge)]
    reasons = [(one, review_words.REASONS[one]) for one in get_args(Beside)]
    masked = all(one.masked for one in group.members)
    fields = (
        hidden("group", group.id),
        line(words.AS_TEXT, "text", "" if masked else group.text, id_=f"text-{group.id}"),
        tick(words.ALL_TEXTS, "all", id_=f"all-{group.id}") if len(group.members) > 1 else Markup(),
        choice(words.ANSWERED_BY, "clause", clauses, group.near, id_=f"clause-{group.id}"),
        choice(words.WHY_NOT, "reason", reasons, "near" if near is not None else "far", id_=f"reason-{group.id}"),
        line(words.WHAT_NOT, "why", longest=200, id_=f"why-{group.id}"),
        presses(
            press(words.ADD, "do", "add", main=True),
            press(words.BESIDE, "do", "beside"),
            press(words.DISMISS, "do", "dismiss"),
        ),
    )
    parts.append(tag("details", tag("summary", words.HANDLE), form(visit, "admin/queue", *fields)))
    return tag("li", *parts)


def _pending(
    visit: Visit, pending: Sequence[Decision], written: dict[int, str], knowledge: KnowledgeBase
) -> list[Markup]:
    """What is decided and not yet in the knowledge, and the button that makes a draft of it."""
    heading = tag("h2", f"{words.PENDING}（{len(pending)}）", id="pending")
    if not pending:
        return [heading, tag("p", words.PENDING_NONE)]
    parts = [heading, _decisions(visit, words.PENDING, pending, knowledge, written)]
    if any(one.number not in written for one in pending):
        parts.append(form(visit, "admin/queue/draft", tag("p", words.MAKE_DRAFT_NOTE), button(words.MAKE_DRAFT)))
    return parts


def _log(visit: Visit, log: Sequence[Decision], knowledge: KnowledgeBase) -> list[Markup]:
    if not log:
        return []
    return [tag("h2", words.LATEST), _decisions(visit, words.LATEST, log[::-1], knowledge, {})]


def _decisions(
    visit: Visit, caption: str, some: Sequence[Decision], knowledge: KnowledgeBase, written: dict[int, str]
) -> Markup:
    rows: list[tuple[str, ...]] = []
    for one in some:
        clause = knowledge.find(one.target) if one.action == "add" else None
        target = clause.label if clause is not None else one.target
        reason = review_words.REASONS.get(one.target, one.target)
        what = words.PENDING_LINE[one.action].format(target=target, reason=reason)
        back = form(
            visit,
            "admin/queue/undo",
            hidden("number", str(one.number)),
            tag("button", words.UNDO, type="submit", class_="action"),
            class_="inline",
        )
        if one.number in written:
            back = tag("a", words.IN_DRAFT, href=f"{visit.root}admin/proposals/{written[one.number]}")
        texts = "；".join(one.texts)
        rows.append((words.DECISION.format(number=one.number, day=one.day), what, texts, back))
    columns = (admin_words.NUMBER, admin_words.DECISION, words.QUESTION, words.UNDO)
    return table(caption, columns, rows)
