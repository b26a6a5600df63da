"""The history of the knowledge: every version on record, what differs between two, agreeing to a proposal, going back.

What these do is bot/kb/publishing.py's business; the account's name is the author. Long comparisons run in a thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.accounts.roles import Action, may
from bot.channels.web.admin import words
from bot.channels.web.admin.differing import difference_list
from bot.channels.web.admin.frame import Frame, alert, button, form, pairs, table
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.preview import gate_parts
from bot.channels.web.admin.visit import Turned, Visit
from bot.channels.web.core.service import Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.html import Markup, escape, joined, tag
from bot.days import clock_of
from bot.kb import publishing
from bot.kb import words as kb_words
from bot.kb.differences import Difference, differences
from bot.kb.gate import report_of
from bot.kb.served import Shelved
from bot.kb.shelf import Pointer
from bot.state.database import StateUnavailable
from bot.state.versions import SERVING, Entry, serving
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

LONGEST_REASON = 500


def add_routes(guard: Guard, service: Service, frame: Frame, shelved: Shelved | None) -> None:
    """The routes of this file."""
    history = _History(service, shelved)

    async def listed(visit: Visit) -> Response:
        entries = await history.entries()
        if not entries:
            return HTMLResponse(frame.page(visit, words.HISTORY, tag("p", words.NEVER_PUBLISHED)))
        content = [tag("p", words.HISTORY_INTRO), _compare_form(visit, entries), _log(visit, entries)]
        return HTMLResponse(frame.page(visit, words.HISTORY, *content))

    async def compared(visit: Visit) -> Response:
        entries = await history.entries()
        last = entries[-1].seq if entries else 0
        old = _named(entries, visit.query("old", 9) or str(max(1, last - 1)))
        new = _named(entries, visit.query("new", 9) or str(last))
        found = await history.between(old, new)
        title = words.COMPARED.format(old=old.seq, new=new.seq)
        content = (_compare_form(visit, entries, old.seq, new.seq), difference_list(found))
        return HTMLResponse(frame.page(visit, title, *content))

    async def single(visit: Visit) -> Response:
        return await show(visit, "")

    async def show(visit: Visit, message: str, status: int = 200) -> Response:
        entries = await history.entries()
        entry = _named(entries, visit.request.path_params["seq"])
        head = serving(entries)
        content = [alert(message), _details(entry, head)]
        if entry.report:
            content += gate_parts(report_of(json.loads(entry.report)))
        if may(visit.who.role, Action.PUBLISH):
            content.append(_choice(visit, entry, head))
        base = next((one for one in entries if one.seq == entry.parent), None)
        if base is not None:
            content += [
                tag("h2", words.AGAINST.format(seq=base.seq)),
                difference_list(await history.between(base, entry)),
            ]
        return HTMLResponse(frame.page(visit, words.VERSION_TITLE.format(seq=entry.seq), *content), status)

    async def act(visit: Visit, call: Callable[[Shelved, Entry, str], Entry]) -> Response:
        entry = _named(await history.entries(), visit.request.path_params["seq"])
        reason = clean(visit.form.get("reason", ""))[:LONGEST_REASON]
        try:
            done = await history.run(lambda found: call(found, entry, reason))
        except StateUnavailable:
            raise
        except JianfuError as error:
            return await show(visit, words.SENTENCE.format(said=error), 409)
        return RedirectResponse(f"{visit.root}admin/history/{done.seq}", 303)

    async def go_back(visit: Visit) -> Response:
        if not clean(visit.form.get("reason", "")):
            return await show(visit, words.REASON_MISSING, 422)
        who = visit.who.name
        return await act(
            visit, lambda found, entry, reason: publishing.rollback(found, str(entry.seq), author=who, reason=reason)[1]
        )

    async def agree(visit: Visit) -> Response:
        who = visit.who.name
        return await act(visit, lambda found, entry, reason: publishing.approve(found, entry.seq, approver=who))

    guard.add("GET", "/admin/history", listed)
    guard.add("GET", "/admin/compare", compared)
    guard.add("GET", "/admin/history/{seq}", single)
    guard.add("POST", "/admin/history/{seq}/rollback", go_back)
    guard.add("POST", "/admin/history/{seq}/approve", agree)


class _History:
    """The versions on record, read in threads. Raises Turned where there are none to read."""

    def __init__(self, service: Service, shelved: Shelved | None) -> None:
        self._service = service
        self._shelved = shelved

    async def run(self, call: Callable[[Shelved], Entry]) -> Entry:
        shelved = self._found()
        return await self._service.with_state(lambda state: call(shelved))

    async def entries(self) -> list[Entry]:
        if self._shelved is None or self._shelved.versions is None:
            return []
        versions = self._shelved.versions
        return await self._service.with_state(lambda state: versions.log())

    async def between(self, old: Entry, new: Entry) -> list[Difference]:
        shelved = self._found()

        def knowledge(entry: Entry) -> KnowledgeBase:
            return shelved.fetch(Pointer(entry.seq, entry.digest, entry.hash), confirmed=False).knowledge

        try:
            return await self._service.with_state(lambda state: differences(knowledge(old), knowledge(new)))
        except StateUnavailable:
            raise
        except JianfuError as error:
            raise Turned(409, words.SENTENCE.format(said=error)) from error

    def _found(self) -> Shelved:
        if self._shelved is None:
            raise Turned(404, words.NEVER_PUBLISHED)
        return self._shelved


def _named(entries: Sequence[Entry], seq: str) -> Entry:
    """The entry with a number. Raises Turned."""
    found = next((one for one in entries if str(one.seq) == seq), None)
    if found is None:
        raise Turned(404, words.NO_SUCH_VERSION.format(seq=clean(seq)[:20]))
    return found


def _log(visit: Visit, entries: Sequence[Entry]) -> Markup:
    """The log, newest first."""
    head = serving(entries)
    rows = []
    for one in reversed(entries):
        link = tag("a", words.VERSION_TITLE.format(seq=one.seq), href=f"{visit.root}admin/history/{one.seq}")
        state = words.IN_USE if head is not None and one.seq == head.seq else kb_words.ACTION_NAMES[one.action]
        people = words.PUNCTUATION.join(filter(None, (one.author, one.approver)))
        rows.append((link, state, clock_of(one.at), people, one.reason or one.override))
    columns = (words.NUMBER, words.STATUS, words.AT, words.BY, words.REASON)
    return table(words.HISTORY, columns, rows)


def _compare_form(visit: Visit, entries: Sequence[Entry], old: int = 0, new: int = 0) -> Markup:
    """Which two versions to compare."""
    new = new or entries[-1].seq
    old = old or max(1, new - 1)

    def choice(name: str, label: str, chosen: int) -> Markup:
        options = joined(
            Markup(
                f'<option value="{one.seq}"{" selected" if one.seq == chosen else ""}>'
                f"{escape(words.CHOICE.format(seq=one.seq, version=one.version))}</option>"
            )
            for one in reversed(entries)
        )
        return tag("div", tag("label", label, for_=name), tag("select", options, id=name, name=name), class_="entry")

    send = tag("button", words.COMPARE, type="submit", class_="action main-action")
    fields = (choice("old", words.OLD, old), choice("new", words.NEW, new), send)
    return tag("form", *fields, action=f"{visit.root}admin/compare", class_="choose")


def _details(entry: Entry, head: Entry | None) -> Markup:
    in_use = head is not None and entry.seq == head.seq
    rows = [
        (words.STATUS, words.IN_USE if in_use else kb_words.ACTION_NAMES[entry.action]),
        (words.VERSION, entry.version),
        (words.AT, clock_of(entry.at)),
        (words.BY, entry.author),
        (words.AGREED, entry.approver),
        (words.REASON, entry.reason),
        (words.OVERRIDE, entry.override),
    ]
    return pairs([(name, value) for name, value in rows if value])


def _choice(visit: Visit, entry: Entry, head: Entry | None) -> Markup:
    """What an approver may do with a version: agree to it, or go back to it."""
    path = f"admin/history/{entry.seq}"
    if entry.action == "propose" and head is not None and entry.parent == head.seq:
        if entry.author == visit.who.name:
            return tag("p", words.NOT_ONES_OWN, class_="note")
        return form(visit, f"{path}/approve", tag("p", words.AGREE_NOTE), button(words.AGREE))
    if entry.action in SERVING and head is not None and entry.digest != head.digest:
        box = Markup(f'<input id="reason" name="reason" maxlength="{LONGEST_REASON}" autocomplete="off" required>')
        why = tag("div", tag("label", words.WHY_BACK, for_="reason"), box, class_="entry wide")
        return form(
            visit, f"{path}/rollback", tag("p", words.BACK_NOTE), why, button(words.GO_BACK.format(seq=entry.seq))
        )
    return Markup()
