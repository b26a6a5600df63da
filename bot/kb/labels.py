"""The questions on record in a version of the knowledge, and which clauses answer each."""

from __future__ import annotations

from collections.abc import Iterator

from bot.kb.differences import key
from knowledge.base import KnowledgeBase

#: Names of the clauses that answer a question, the best first; empty for one that no notice answers.
Label = tuple[str, ...]


def labels(knowledge: KnowledgeBase) -> dict[str, Label]:
    """Every question once, in the order of the files; one that is on record with different answers is left out."""
    found: dict[str, Label] = {}
    disputed = set()
    for question, label in _all(knowledge):
        if found.setdefault(question, label) != label:
            disputed.add(question)
    return {question: label for question, label in found.items() if question not in disputed}


def _all(knowledge: KnowledgeBase) -> Iterator[tuple[str, Label]]:
    for clause in knowledge:
        for question in clause.questions:
            yield question, (key(clause),)
    for document in knowledge.documents:
        for shared in document.shared_questions:
            yield shared.text, tuple(f"{document.id}:{one}" for one in shared.clauses)
        for unanswered in document.unanswered:
            yield unanswered.text, ()
    for questions in knowledge.out_of_scope.values():
        for question in questions:
            yield question, ()
