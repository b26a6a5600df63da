"""Trying a question: what the index found, every feature of every candidate, what was decided, and why.

It is Assistant.explain(), which leaves no receipt; the question is in the form alone, so no address and no log holds it.
"""

from __future__ import annotations

from functools import partial

from starlette.responses import HTMLResponse, Response

from bot import replies
from bot.assistant import Explanation
from bot.channels.web.admin import words
from bot.channels.web.admin.frame import Frame, alert, button, form, pairs, table
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Visit
from bot.channels.web.core.service import Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.html import Markup, escape, joined, tag
from bot.config import AnswersConfig
from knowledge.base import KnowledgeBase

MAX_HISTORY = 20


def add_routes(guard: Guard, service: Service, frame: Frame) -> None:
    """The routes of this file."""
    limit = service.max_question_characters

    def page(visit: Visit, question: str, history: str, message: str, *found: str, status: int = 200) -> Response:
        said = alert(message)
        content = (tag("p", words.TRY_INTRO), said, _form(visit, question, history), *found)
        return HTMLResponse(frame.page(visit, words.TRY, *content), status)

    async def show(visit: Visit) -> Response:
        return page(visit, "", "", "")

    async def try_out(visit: Visit) -> Response:
        assistant = service.assistant
        question, before = clean(visit.form.get("question", "")), clean(visit.form.get("history", ""))
        if not question:
            return page(visit, question, before, words.NO_QUESTION, status=422)
        if len(question) > limit:
            told = words.QUESTION_LONG.format(length=len(question), limit=limit)
            return page(visit, question, before, told, status=422)
        history = [line.strip()[:limit] for line in before.splitlines() if line.strip()][-MAX_HISTORY:]
        explanation = await service.questions.run(partial(assistant.explain, question, history))
        found = explained(explanation, assistant.policy, assistant.knowledge, visit.root)
        return page(visit, question, before, "", found)

    guard.add("GET", "/admin/try", show)
    guard.add("POST", "/admin/try", try_out)


def _form(visit: Visit, question: str, history: str) -> Markup:
    asked = Markup(
        f'<input id="question" name="question" value="{escape(question)}" autocomplete="off" maxlength="4000" required>'
    )
    before = Markup(f'<textarea id="history" name="history" rows="2">\n{escape(history)}</textarea>')
    return form(
        visit,
        "admin/try",
        tag("div", tag("label", words.QUESTION, for_="question"), asked, class_="entry wide"),
        tag("div", tag("label", words.HISTORY, for_="history"), before, class_="entry wide"),
        button(words.TRY_BUTTON),
    )


def explained(explanation: Explanation, policy: AnswersConfig, knowledge: KnowledgeBase, root: str) -> Markup:
    """Everything that led to an answer."""
    answer, decision, result = explanation.answer, explanation.decision, explanation.result
    links = [
        tag("a", clause.label, href=f"{root}admin/clauses/{knowledge.reference(clause)}") for clause in decision.clauses
    ]
    rests_on = Markup(words.PUNCTUATION.join(links)) if links else words.NONE
    rows: list[tuple[str, str]] = []
    if answer.interpreted_as is not None:
        rows.append((words.QUESTION, words.UNDERSTOOD.format(question=answer.interpreted_as)))
    rows.append((words.OUTCOME, replies.OUTCOME_NAMES[decision.outcome]))
    rows.append((words.WHY, _why(explanation, policy)))
    rows.append((words.SURENESS, _share(decision.confidence)))
    rows.append((words.RESTS_ON, rests_on))
    said = tag("pre", answer.answer, tabindex="0", class_="spoken")
    parts = [tag("h2", words.DECISION), pairs(rows), tag("h2", words.ANSWER_TEXT), said]
    if result is not None and result.hits and not result.addressed:
        parts += [tag("h2", words.CANDIDATES), _candidates(explanation, knowledge, root)]
    if result is not None and result.beside:
        shares = [(replies.BESIDE_NAMES[reason], _share(share)) for reason, share in result.beside.items()]
        answerable = words.ANSWERABLE.format(answerable=_share(result.answerable))
        parts += [tag("h2", words.BESIDE), tag("p", answerable), pairs(shares)]
    return tag("section", *parts, class_="explained", id="found")


def _candidates(explanation: Explanation, knowledge: KnowledgeBase, root: str) -> Markup:
    """Two tables: each candidate with its words and probability, and each with all its features."""
    assert explanation.result is not None
    hits = explanation.result.hits
    found, measured = [], []
    for hit in hits:
        link = tag("a", hit.clause.label, href=f"{root}admin/clauses/{knowledge.reference(hit.clause)}")
        found.append((link, _share(hit.probability), hit.clause.display))
        measured.append((hit.clause.label, *(f"{value:.2f}" for value in hit.features.values())))
    parts = [table(words.CANDIDATES, (words.CLAUSE, words.PROBABILITY, words.TEXT), found, class_="candidates")]
    names = tuple(words.FEATURE_NAMES.get(name, name) for name in hits[0].features)
    if names:
        parts += [tag("h3", words.FEATURES), table(words.FEATURES, (words.CLAUSE, *names), measured, class_="numbers")]
        parts.append(tag("p", words.FEATURES_NOTE, class_="field-hint"))
    return joined(parts)


def _why(explanation: Explanation, policy: AnswersConfig) -> str:
    """Which of the rules in assistant.decide() made the decision, with the numbers that it compared."""
    result, decision = explanation.result, explanation.decision
    if result is None:
        return words.UNSEARCHED
    if result.addressed:
        return words.ADDRESSED
    if result.missing is not None:
        return words.MISSING.format(what=result.missing)
    best = result.hits[0].probability if result.hits else 0.0
    beside = max(result.beside, key=lambda reason: result.beside[reason], default="far")
    values = {
        "answerable": _share(result.answerable),
        "limit": _share(policy.answer_probability),
        "best": _share(best),
        "first": _share(policy.clarify_probability),
        "beside": replies.BESIDE_NAMES[beside],
    }
    if decision.outcome == "answer":
        why = words.WHY_ANSWER
    elif decision.outcome == "clarify":
        why = words.WHY_CLARIFY
    elif result.answerable < policy.answer_probability or not result.hits:
        why = words.WHY_DECLINE
    elif decision.reason == "attack":
        attack, limit = result.beside.get("attack", 0.0), policy.attack_probability
        return words.WHY_ATTACK.format(attack=_share(attack), limit=_share(limit))
    else:
        why = words.WHY_UNSURE
    reason = why.format(**values)
    return f"{reason}；{words.WHY_RECORDED.format(why=decision.why)}" if decision.why else reason


def _share(probability: float) -> str:
    return f"{probability:.3f}"
