"""The rule of the lint that needs the index: each known question should be answered with its own clause today."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from bot.answer import Answer
from knowledge.base import KnowledgeBase
from knowledge.lint import words
from knowledge.lint.finding import Finding, Kept, Place

Progress = Callable[[str, float | None], None]
_CHECKING = "逐句试问 {all} 个问题，已试 {percent}%"
_OUTCOMES = {"decline": "回答说没有写", "clarify": "反问是哪一条", "chat": "当作寒暄"}


class Asked(Protocol):
    """What answers: bot.assistant.Assistant, or a double in tests."""

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base that answers come from."""

    def ask(self, question: str) -> Answer:
        """Answer one question."""


def answered_elsewhere(
    assistant: Asked, bases: Sequence[Kept], progress: Progress, sample: int | None = None
) -> Iterator[Finding]:
    """Questions whose answer today does not cite the clause they stand under, and unanswered ones that are answered.

    With `sample`, only so many are asked, the same ones each time: those whose texts have the lowest hashes, so that an
    edit moves few others in or out.
    """
    rows = [(kept, *row) for kept in bases for row in _questions(kept)]
    if sample is not None and sample < len(rows):
        chosen = sorted(range(len(rows)), key=lambda i: _hash(rows[i][2]))[:sample]
        rows = [rows[i] for i in sorted(chosen)]
    for i, (kept, place, question, targets) in enumerate(rows):
        tenths = 10 * i // len(rows)  # a new stage each, which is a new line where nothing draws a bar
        progress(_CHECKING.format(all=len(rows), percent=10 * tenths), i / len(rows))
        answer = assistant.ask(question)
        cited = [(one.document, one.clause) for one in answer.citations] if answer.outcome == "answer" else []
        wanted = [(kept.document.id, one) for one in targets]
        names = "、".join(f"{document}:{clause}" if len(bases) > 1 else clause for document, clause in cited)
        if not targets:
            if cited:
                details = {"question": question, "found": names}
                yield kept.finding(place, "warning", words.ELSEWHERE, words.ANSWERED_THOUGH_NOT, **details)
        elif cited and not set(cited) & set(wanted):
            details = {"question": question, "found": names, "one": "、".join(targets)}
            yield kept.finding(place, "warning", words.ELSEWHERE, words.ANSWERED_ELSEWHERE, **details)
        elif not cited:
            found = _OUTCOMES.get(answer.outcome, answer.outcome)
            details = {"question": question, "found": found, "one": "、".join(targets)}
            yield kept.finding(place, "warning", words.ELSEWHERE, words.NOT_ANSWERED, **details)


def _questions(kept: Kept) -> Iterator[tuple[Place, str, tuple[str, ...]]]:
    for i, clause in enumerate(kept.document.clauses):
        for j, question in enumerate(clause.questions):
            yield ("clauses", i, "questions", j), question, (clause.id,)
    for i, shared in enumerate(kept.document.shared_questions):
        yield ("shared_questions", i, "text"), shared.text, shared.clauses
    for i, one in enumerate(kept.document.unanswered):
        yield ("unanswered", i, "text"), one.text, ()


def _hash(question: str) -> bytes:
    return hashlib.sha256(question.encode("utf8", "replace")).digest()
