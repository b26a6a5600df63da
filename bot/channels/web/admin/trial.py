"""Trying a question, on the version in use or on two side by side: what was found, every feature, what was decided, why.

It is Assistant.explain(), which leaves no receipt; the question is in the form alone, so no address and no log holds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from starlette.responses import HTMLResponse, Response

from bot import replies
from bot.accounts.roles import Action, may
from bot.assistant import Assistant, Explanation
from bot.channels.web.admin import words
from bot.channels.web.admin.comparing import Side, compared
from bot.channels.web.admin.forms import choice, press
from bot.channels.web.admin.frame import Frame, alert, button, form, pairs, table
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Turned, Visit
from bot.channels.web.core.service import Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.html import Markup, escape, joined, tag
from bot.config import AnswersConfig
from bot.kb.tryouts import NOW, Choice, Tryouts
from bot.kb.workshop import Workshop
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause
from knowledge.errors import JianfuError

MAX_HISTORY = 20
#: How long a request waits for a version to be loaded, and how often it looks, in seconds.
PATIENCE_SECONDS, LOOK_SECONDS = 8.0, 0.2


def add_routes(guard: Guard, service: Service, frame: Frame, workshop: Workshop | None) -> None:
    """The routes of this file."""
    pages = _Trial(service, frame, Tryouts(workshop) if workshop is not None else None)
    guard.add("GET", "/admin/try", pages.show)
    guard.add("POST", "/admin/try", pages.try_out)


class _Trial:
    """The handlers."""

    def __init__(self, service: Service, frame: Frame, tryouts: Tryouts | None) -> None:
        self._service = service
        self._frame = frame
        self._tryouts = tryouts

    async def show(self, visit: Visit) -> Response:
        return await self.page(visit, "", "", "")

    async def page(
        self,
        visit: Visit,
        question: str,
        history: str,
        message: str,
        *found: str,
        status: int = 200,
        choices: Sequence[Choice] | None = None,
    ) -> Response:
        """The page; `choices` where they were looked up already."""
        some = await self.choices(visit) if choices is None else choices
        shown = [(NOW, await self.in_use()), *((one.key, one.title) for one in some)] if some else []
        content = (tag("p", words.TRY_INTRO), alert(message), _form(visit, question, history, shown), *found)
        return HTMLResponse(self._frame.page(visit, words.TRY, *content), status)

    async def try_out(self, visit: Visit) -> Response:
        assistant, limit = self._service.assistant, self._service.max_question_characters
        question, before = clean(visit.form.get("question", "")), clean(visit.form.get("history", ""))
        if not question:
            return await self.page(visit, question, before, words.NO_QUESTION, status=422)
        if len(question) > limit:
            told = words.QUESTION_LONG.format(length=len(question), limit=limit)
            return await self.page(visit, question, before, told, status=422)
        history = [line.strip()[:limit] for line in before.splitlines() if line.strip()][-MAX_HISTORY:]
        if visit.form.get("do") == "compare":
            return await self.compare(visit, question, before, history)
        explanation = await self._service.questions.run(partial(assistant.explain, question, history))
        found = explained(explanation, assistant.policy, assistant.knowledge, visit.root)
        return await self.page(visit, question, before, "", tag("div", found, id="found"))

    async def choices(self, visit: Visit) -> list[Choice]:
        """What may be chosen beside the version in use."""
        tryouts = self._tryouts
        if tryouts is None:
            return []
        drafts = may(visit.who.role, Action.PROPOSE)
        return await self._service.with_state(lambda state: tryouts.choices(drafts=drafts))

    async def in_use(self) -> str:
        """What the version in use is called. Raises Turned where none can be tried."""
        tryouts = self._tryouts
        if tryouts is None:
            raise Turned(409, words.NO_CHOICE)
        return await self._service.with_state(lambda state: tryouts.in_use())

    async def compare(self, visit: Visit, question: str, before: str, history: Sequence[str]) -> Response:
        """The same question on two versions."""
        keys = [visit.form.get(name, "")[:40] for name in ("left", "right")]
        choices = await self.choices(visit)
        sides: list[Side] = []
        for letter, key in zip(words.SIDES, keys, strict=True):
            try:
                found = await self.assistant(choices, key)
            except JianfuError as error:
                return await self.page(visit, question, before, str(error), status=409, choices=choices)
            if isinstance(found, str):
                return await self.page(visit, question, before, found, choices=choices)
            title, assistant = found
            explanation = await self._service.questions.run(partial(assistant.explain, question, history))
            full = explained(explanation, assistant.policy, assistant.knowledge, visit.root if key == NOW else None)
            sides.append(Side(letter, title, explanation, assistant.knowledge, full))
        return await self.page(visit, question, before, "", compared(sides[0], sides[1]), choices=choices)

    async def assistant(self, choices: Sequence[Choice], key: str) -> tuple[str, Assistant] | str:
        """What a key names, and its assistant; or how far that is, where it takes long. Raises Turned, JianfuError."""
        if key == NOW:
            return await self.in_use(), self._service.assistant
        tryouts, chosen = self._tryouts, next((one for one in choices if one.key == key), None)
        if tryouts is None or chosen is None:
            raise Turned(409, words.NO_CHOICE)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        while (assistant := tryouts.assistant(chosen)) is None:
            if loop.time() >= deadline:
                stage = tryouts.stage(chosen)
                return words.STILL_LOADING.format(title=chosen.title, stage=stage[0] if stage else "")
            await asyncio.sleep(LOOK_SECONDS)
        return chosen.title, assistant


def _form(visit: Visit, question: str, history: str, choices: Sequence[tuple[str, str]]) -> Markup:
    asked = Markup(
        f'<input id="question" name="question" value="{escape(question)}" autocomplete="off" maxlength="4000" required>'
    )
    before = Markup(f'<textarea id="history" name="history" rows="2">\n{escape(history)}</textarea>')
    parts = [
        tag("div", tag("label", words.QUESTION, for_="question"), asked, class_="entry wide"),
        tag("div", tag("label", words.EARLIER, for_="history"), before, class_="entry wide"),
        button(words.TRY_BUTTON),
    ]
    keys = [key for key, _ in choices]
    if len(keys) > 1:
        left, right = (visit.form.get(name, "") for name in ("left", "right"))
        pair = tag(
            "fieldset",
            tag("legend", words.COMPARE_TWO),
            tag("p", words.COMPARE_NOTE, class_="field-hint"),
            choice(words.LEFT, "left", choices, left if left in keys else keys[0]),
            choice(words.RIGHT, "right", choices, right if right in keys else keys[1]),
            press(words.COMPARE_BUTTON, "do", "compare"),
        )
        parts.append(pair)
    else:
        parts.append(tag("p", words.NOTHING_TO_COMPARE, class_="field-hint"))
    return form(visit, "admin/try", *parts)


def explained(explanation: Explanation, policy: AnswersConfig, knowledge: KnowledgeBase, root: str | None) -> Markup:
    """Everything that led to an answer; clauses are links below `root`, which only those of the version in use can be."""
    answer, decision, result = explanation.answer, explanation.decision, explanation.result
    links = [_link(clause, knowledge, root) for clause in decision.clauses]
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
    return tag("section", *parts, class_="explained")


def _link(clause: Clause, knowledge: KnowledgeBase, root: str | None) -> Markup:
    if root is None:
        return Markup(escape(clause.label))
    return tag("a", clause.label, href=f"{root}admin/clauses/{knowledge.reference(clause)}")


def _candidates(explanation: Explanation, knowledge: KnowledgeBase, root: str | None) -> Markup:
    """Two tables: each candidate with its words and probability, and each with all its features."""
    assert explanation.result is not None
    hits = explanation.result.hits
    found, measured = [], []
    for hit in hits:
        found.append((_link(hit.clause, knowledge, root), _share(hit.probability), hit.clause.display))
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
