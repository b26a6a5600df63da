"""Editing a clause: its words, keywords and questions; first what would change, then into a draft."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.channels.web.admin import desk_words as words
from bot.channels.web.admin import words as admin_words
from bot.channels.web.admin.clauses import pointing
from bot.channels.web.admin.differing import difference_list
from bot.channels.web.admin.forms import area, choice, found, hidden, press, presses, tick
from bot.channels.web.admin.frame import Frame, alert, form
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Turned, Visit
from bot.channels.web.core.service import SHOWN_REFERENCE, Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.html import Markup, tag
from bot.kb import draft_words
from bot.kb.changes import ClauseEdit
from bot.kb.differences import Difference, pieces
from bot.kb.drafts import Draft
from bot.kb.workshop import Workshop
from bot.review.desk import MAX_CHARACTERS
from bot.review.draft import known_questions
from bot.state.database import StateUnavailable
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause
from knowledge.errors import JianfuError

LONGEST_TEXT = 5_000
MOST_QUESTIONS = 100
MOST_KEYWORDS, LONGEST_KEYWORD = 30, 30


@dataclass(frozen=True, slots=True)
class _Typed:
    """What a form said, or what it says at first."""

    text: str
    keywords: str
    new: str
    gone: frozenset[str] = frozenset()
    draft: str = ""


def add_routes(guard: Guard, service: Service, frame: Frame, workshop: Workshop | None) -> None:
    """The routes of this file."""

    def page(
        visit: Visit, knowledge: KnowledgeBase, clause: Clause, typed: _Typed, *more: str, status: int = 200
    ) -> Response:
        drafts = workshop.drafts.all() if workshop is not None else []
        content = [tag("p", words.EDIT_INTRO), *more, _form(visit, knowledge, clause, typed, drafts)]
        title = words.EDIT_TITLE.format(label=clause.label)
        return HTMLResponse(frame.page(visit, title, *content), status)

    async def show(visit: Visit) -> Response:
        knowledge, clause = _clause(service, visit)
        return page(visit, knowledge, clause, _Typed(clause.text, "、".join(clause.keywords), ""))

    async def edit(visit: Visit) -> Response:
        knowledge, clause = _clause(service, visit)
        if visit.form.get("version", knowledge.version) != knowledge.version:
            raise Turned(409, draft_words.STALE)
        typed = _typed(visit, clause)
        fault = next(_faults(typed, knowledge, clause, _going(workshop, typed.draft)), "")
        change = _change(typed, clause)
        if not fault and change is None:
            fault = words.UNCHANGED
        if fault or change is None:
            return page(visit, knowledge, clause, typed, alert(fault), status=422)
        if visit.form.get("do") != "propose":
            shown = tag(
                "section", tag("h2", words.DIFFERENCE), difference_list([_difference(change, clause)]), id="found"
            )
            return page(visit, knowledge, clause, typed, shown)
        shop = found(workshop)

        def keep() -> Draft:
            return shop.add(typed.draft, change) if typed.draft else shop.begin(visit.who.name, [change])

        try:
            draft = await service.with_state(lambda state: keep())
        except StateUnavailable:
            raise
        except JianfuError as error:
            return page(visit, knowledge, clause, typed, alert(str(error)), status=409)
        return RedirectResponse(f"{visit.root}admin/proposals/{draft.id}", 303)

    guard.add("GET", "/admin/clauses/{reference}/edit", show)
    guard.add("POST", "/admin/clauses/{reference}/edit", edit)


def _clause(service: Service, visit: Visit) -> tuple[KnowledgeBase, Clause]:
    knowledge = service.assistant.knowledge
    reference = visit.request.path_params["reference"]
    clause = knowledge.find(reference)
    if clause is None:
        raise Turned(404, admin_words.NO_SUCH_CLAUSE.format(reference=clean(reference)[:SHOWN_REFERENCE]))
    return knowledge, clause


def _mark(question: str) -> str:
    """The name of a question's box: of its words, not its place, which may be another's by the time the form is sent."""
    return f"gone-{hashlib.sha256(question.encode('utf8')).hexdigest()[:16]}"


def _typed(visit: Visit, clause: Clause) -> _Typed:
    form = visit.form
    text = clean(form.get("text", clause.text).replace("\r\n", "\n"))
    keywords = clean(form.get("keywords", "、".join(clause.keywords)))
    gone = frozenset(one for one in clause.questions if _mark(one) in form)
    return _Typed(text, keywords, clean(form.get("new", "").replace("\r\n", "\n")), gone, form.get("draft", "")[:20])


def _keywords(typed: _Typed) -> tuple[str, ...]:
    parts = (" ".join(one.split()) for one in typed.keywords.replace("，", "、").replace(",", "、").split("、"))
    return tuple(dict.fromkeys(one for one in parts if one))


def _new(typed: _Typed) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in (" ".join(row.split()) for row in typed.new.split("\n")) if one))


def _faults(typed: _Typed, knowledge: KnowledgeBase, clause: Clause, going: frozenset[str]) -> Iterator[str]:
    """What is wrong with what was typed; `going` are questions that the draft takes away already."""
    if not typed.text:
        yield words.TEXT_EMPTY
    if len(typed.text) > LONGEST_TEXT and typed.text != clause.text.strip():
        yield words.TOO_LONG.format(length=len(typed.text), limit=LONGEST_TEXT)
    keywords, new = _keywords(typed), _new(typed)
    long = len(keywords) > MOST_KEYWORDS or any(len(one) > LONGEST_KEYWORD for one in keywords)
    if long and keywords != clause.keywords:
        yield words.KEYWORDS_MANY.format(limit=MOST_KEYWORDS, length=LONGEST_KEYWORD)
    if len(new) > MOST_QUESTIONS:
        yield words.QUESTIONS_MANY.format(limit=MOST_QUESTIONS, count=len(new))
    known = known_questions(knowledge)
    for one in new:
        if len(one) > MAX_CHARACTERS:
            yield words.QUESTION_BAD.format(question=one[:20], limit=MAX_CHARACTERS)
        if one in known and one not in going:
            yield words.QUESTION_THERE.format(question=one, place=known[one])


def _going(workshop: Workshop | None, draft_id: str) -> frozenset[str]:
    """The questions that a draft takes away, which may then go to another clause."""
    some = workshop.drafts.all() if workshop is not None and draft_id else []
    edits = [change for one in some if one.id == draft_id for change in one.changes if isinstance(change, ClauseEdit)]
    return frozenset(question for edit in edits for question in edit.gone)


def _change(typed: _Typed, clause: Clause) -> ClauseEdit | None:
    """The change that was typed; None for none."""
    text = typed.text if typed.text != clause.text.strip() else None
    keywords = _keywords(typed) if _keywords(typed) != clause.keywords else None
    gone = tuple(one for one in clause.questions if one in typed.gone)
    change = ClauseEdit(clause.document, clause.id, clause.label, text, keywords, gone, _new(typed))
    return change if text is not None or keywords is not None or gone or change.new else None


def _difference(change: ClauseEdit, clause: Clause) -> Difference:
    spelled = pieces(clause.text, change.text) if change.text is not None else ()
    kind = "changed" if change.text is not None else "questions"
    return Difference(kind, clause, clause, spelled, change.gone, change.new)  # type: ignore[arg-type]


def _form(visit: Visit, knowledge: KnowledgeBase, clause: Clause, typed: _Typed, drafts: list[Draft]) -> Markup:
    boxes = [tick(one, _mark(one), ticked=one in typed.gone) for one in clause.questions]
    more = tag("summary", words.GONE_MORE.format(count=len(pointing(knowledge, clause))))
    there = [("", words.NEW_DRAFT)] + [
        (
            one.id,
            words.THIS_DRAFT.format(when=one.created[5:16].replace("T", " "), author=one.author, count=one.revision),
        )
        for one in drafts
    ]
    return form(
        visit,
        f"admin/clauses/{knowledge.reference(clause)}/edit",
        hidden("version", knowledge.version),
        area(words.TEXT, "text", typed.text, rows=min(12, 3 + len(typed.text) // 60)),
        area(words.KEYWORDS, "keywords", typed.keywords, rows=1, longest=1000),
        area(words.NEW_QUESTIONS, "new", typed.new, rows=4),
        tag("details", more, *boxes, class_="ticks") if boxes else Markup(),
        choice(words.INTO, "draft", there, typed.draft) if drafts else Markup(),
        presses(press(words.SHOW_DIFFERENCE, "do", "preview"), press(words.PROPOSE, "do", "propose", main=True)),
    )
