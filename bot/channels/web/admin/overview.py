"""The first page of the administration: what is served, whether it works, what is in it, and who is logged in."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from bot.accounts import words as account_words
from bot.accounts.door import Door
from bot.accounts.roles import Action, may
from bot.channels.web.admin import words
from bot.channels.web.admin.frame import Frame, pairs, role_name, table
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Visit
from bot.channels.web.core.service import Service
from bot.channels.web.pages.html import Markup, joined, tag
from bot.days import clock
from bot.state.sessions import Session
from knowledge.base import KnowledgeBase


def add_routes(guard: Guard, service: Service, frame: Frame) -> None:
    """The routes of this file."""

    async def overview(visit: Visit) -> Response:
        session, assistant = visit.who, service.background.assistant
        present: tuple[Session, ...] = ()
        if may(session.role, Action.PUBLISH):
            present = await service.with_state(lambda state: Door(state).present())
        meaning = account_words.ROLE_MEANINGS.get(session.role, "")
        rows = [(words.READINESS, _readiness(service))]
        if assistant is not None:
            rows += [(words.VERSION, assistant.knowledge.version), (words.MODE, words.MODES[assistant.mode])]
        rows.append((words.YOU, words.SINCE.format(name=session.name, role=role_name(session), meaning=meaning)))
        ends = words.SESSION_ENDS.format(until=clock(session.expires), idle=service.config.admin_idle_minutes)
        content = [tag("h2", words.STATE), pairs(rows)]
        if assistant is not None:
            content += [tag("h2", words.COUNTS), _counts(visit.root, assistant.knowledge)]
        if present:
            people = [(one.name, role_name(one), clock(one.created)) for one in present]
            columns = (words.NAME, words.ROLE, words.LOGGED_IN_SINCE)
            content += [tag("h2", words.LOGGED_IN), table(words.LOGGED_IN, columns, people)]
        change = tag("a", words.CHANGE_PASSWORD, href=f"{visit.root}admin/password")
        chat = tag("a", words.TO_CHAT, href=visit.root)
        links = [change, " ", chat]
        if may(session.role, Action.PROPOSE):
            links += [" ", tag("a", words.TELEGRAM, href=f"{visit.root}admin/telegram")]
        content += [tag("p", ends, class_="field-hint"), tag("p", *links, class_="page-links")]
        waiting = assistant is None and service.background.error is None
        return HTMLResponse(frame.page(visit, words.OVERVIEW, *content, again=waiting))

    guard.add("GET", "/admin", overview)


def _readiness(service: Service) -> str:
    if service.background.assistant is not None:
        return words.READY
    if service.background.error is not None:
        return words.FAILED.format(error=service.background.error)
    return words.LOADING.format(stage=service.background.stage)


def _counts(root: str, knowledge: KnowledgeBase) -> Markup:
    """A row for each notice: how many clauses and known questions it has."""
    rows: list[tuple[str, ...]] = []
    for document in knowledge.documents:
        title = tag("a", f"《{document.title}》", href=f"{root}notice/{document.id}")
        own = sum(len(clause.questions) for clause in document)
        counts = (len(document.clauses), own, len(document.shared_questions), len(document.unanswered))
        rows.append((title, *(str(count) for count in counts)))
    columns = (words.DOCUMENT, words.CLAUSES, words.QUESTIONS, words.SHARED, words.UNANSWERED)
    beside = sum(len(questions) for questions in knowledge.out_of_scope.values())
    note = tag("p", words.OUT_OF_SCOPE.format(count=beside), class_="field-hint")
    return joined([table(words.COUNTS, columns, rows, class_="numbers"), note])
