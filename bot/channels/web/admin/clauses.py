"""The clauses and the questions that point at each: a list to search and page through, and one clause with all of them."""

from __future__ import annotations

import math
from urllib.parse import quote

from starlette.responses import HTMLResponse, Response

from bot.accounts.roles import Action, may
from bot.channels.web.admin import desk_words, words
from bot.channels.web.admin.frame import Frame, pairs
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Turned, Visit
from bot.channels.web.core.service import SHOWN_REFERENCE, Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.html import Markup, escape, joined, tag
from index.analyzer import normalize
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

PER_PAGE = 12
SHOWN_MATCHES = 3
LONGEST_SEARCH = 60


def add_routes(guard: Guard, service: Service, frame: Frame) -> None:
    """The routes of this file."""

    async def listed(visit: Visit) -> Response:
        knowledge = service.assistant.knowledge
        typed = visit.query("q", LONGEST_SEARCH)
        found = await service.questions.run(lambda: search(knowledge, typed))
        pages = max(1, math.ceil(len(found) / PER_PAGE))
        page = min(visit.number("page"), pages)
        shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
        count = words.FOUND_FOR if typed else words.FOUND
        content = [tag("p", words.CLAUSES_INTRO), _search_form(visit, typed)]
        if found:
            content.append(tag("p", count.format(typed=typed, count=len(found)), class_="field-hint"))
        else:
            content.append(tag("p", words.NOTHING_FOUND.format(typed=typed), role="status", class_="note"))
        content.append(tag("ul", *(_entry(visit, knowledge, one, typed) for one in shown), class_="clause-list"))
        content.append(_turning(visit, typed, page, pages))
        return HTMLResponse(frame.page(visit, words.NAV["/admin/clauses"], *content))

    async def single(visit: Visit) -> Response:
        knowledge = service.assistant.knowledge
        reference = visit.request.path_params["reference"]
        clause = knowledge.find(reference)
        if clause is None:
            raise Turned(404, words.NO_SUCH_CLAUSE.format(reference=clean(reference)[:SHOWN_REFERENCE]))
        return HTMLResponse(frame.page(visit, clause.label, *_whole(visit, knowledge, clause)))

    guard.add("GET", "/admin/clauses", listed)
    guard.add("GET", "/admin/clauses/{reference}", single)


def pointing(knowledge: KnowledgeBase, clause: Clause) -> tuple[str, ...]:
    """All known questions that a clause answers, alone or with others."""
    shared = (one.text for one in knowledge.document(clause.document).shared_questions if clause.id in one.clauses)
    return (*clause.questions, *shared)


def search(knowledge: KnowledgeBase, typed: str) -> list[tuple[Clause, tuple[str, ...]]]:
    """The clauses whose id, words or questions hold what was typed, each with the questions that do; all for nothing typed.

    Both are read as questions are: width, case and traditional characters make no difference.
    """
    wanted = normalize(typed)
    found: list[tuple[Clause, tuple[str, ...]]] = []
    for clause in knowledge:
        if not wanted:
            found.append((clause, ()))
            continue
        matching = tuple(one for one in pointing(knowledge, clause) if wanted in normalize(one))
        own = (clause.label, clause.display, *clause.keywords)
        if matching or typed == clause.id or any(wanted in normalize(one) for one in own):
            found.append((clause, matching))
    return found


def _search_form(visit: Visit, typed: str) -> Markup:
    box = Markup(
        f'<input id="q" name="q" type="search" value="{escape(typed)}" maxlength="{LONGEST_SEARCH}" autocomplete="off">'
    )
    label = tag("label", words.SEARCH_LABEL, for_="q")
    send = tag("button", words.SEARCH, type="submit", class_="action main-action")
    every = tag("a", words.ALL, href=f"{visit.root}admin/clauses", class_="action") if typed else Markup()
    return tag("form", label, box, send, every, action=f"{visit.root}admin/clauses", class_="search", role="search")


def _entry(visit: Visit, knowledge: KnowledgeBase, found: tuple[Clause, tuple[str, ...]], typed: str) -> Markup:
    clause, matching = found
    link = tag("a", clause.label, href=_address(visit, knowledge, clause))
    count = words.POINTING.format(count=len(pointing(knowledge, clause)))
    if matching:
        count = f"{count}，{words.MATCHING.format(count=len(matching), typed=typed)}"
    examples = tag("ul", *(tag("li", one) for one in matching[:SHOWN_MATCHES]), class_="matches") if matching else ""
    return tag(
        "li", tag("h2", link), tag("p", clause.display, class_="words"), tag("p", count, class_="field-hint"), examples
    )


def _turning(visit: Visit, typed: str, page: int, pages: int) -> Markup:
    """Links to the pages before and after."""
    if pages == 1:
        return Markup()

    def link(label: str, number: int, relation: str) -> Markup:
        if not 1 <= number <= pages:
            return tag("span")
        query = f"q={quote(typed)}&page={number}" if typed else f"page={number}"
        return tag("a", label, href=f"{visit.root}admin/clauses?{query}", rel=relation)

    where = tag("span", words.PAGE.format(page=page, pages=pages))
    before, after = link(words.PREVIOUS, page - 1, "prev"), link(words.NEXT, page + 1, "next")
    return tag("nav", before, where, after, class_="steps", aria_label=words.PAGES_LABEL)


def _whole(visit: Visit, knowledge: KnowledgeBase, clause: Clause) -> list[Markup]:
    """A clause with everything that points at it."""
    document = knowledge.document(clause.document)
    shared = [one for one in document.shared_questions if clause.id in one.clauses]
    near = [one for one in document.unanswered if clause.id in one.related]
    parts = [tag("figure", tag("blockquote", tag("p", clause.display)), class_="citation")]
    if clause.keywords:
        parts.append(pairs([(words.KEYWORDS, words.PUNCTUATION.join(clause.keywords))]))
    parts += _questions(words.OWN_QUESTIONS, [tag("li", one) for one in clause.questions])
    together = [
        tag("li", one.text, " ", tag("small", words.WITH_CLAUSES.format(clauses=words.PUNCTUATION.join(one.clauses))))
        for one in shared
    ]
    parts += _questions(words.SHARED_QUESTIONS, together)
    beside = [
        tag("li", one.text, *([" ", tag("small", words.WITH_WHY.format(why=one.why))] if one.why else []))
        for one in near
    ]
    parts += _questions(words.NEAR_QUESTIONS, beside)
    read = tag("a", words.READ, href=f"{visit.root}c/{knowledge.reference(clause)}")
    edit = Markup()
    if may(visit.who.role, Action.PROPOSE):
        edit = tag("a", desk_words.EDIT, href=f"{visit.root}admin/clauses/{knowledge.reference(clause)}/edit")
    back = tag("a", words.TO_CLAUSES, href=f"{visit.root}admin/clauses")
    parts.append(tag("p", edit, " ", read, " ", back, class_="page-links"))
    return parts


def _questions(heading: str, lines: list[Markup]) -> list[Markup]:
    """A heading with the number of questions below it, and the questions."""
    body = tag("ol", joined(lines), class_="questions") if lines else tag("p", words.NO_QUESTIONS)
    return [tag("h2", f"{heading}（{len(lines)}）"), body]


def _address(visit: Visit, knowledge: KnowledgeBase, clause: Clause) -> str:
    return f"{visit.root}admin/clauses/{knowledge.reference(clause)}"
