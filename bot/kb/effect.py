"""What a proposal does to answers: every question on record, answered by both versions on their ordinary path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.assistant import Assistant, Decision
from bot.config import AnswersConfig
from bot.kb.labels import labels
from index.embedder import Vectors
from index.hit import SearchResult
from index.retriever import Retriever
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause


@dataclass(frozen=True, slots=True)
class Said:
    """What a person gets: the outcome, and the clauses with their words (quoted, offered, or to read)."""

    outcome: str
    clauses: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, decision: Decision) -> Said:
        """Of a decision."""
        return cls(decision.outcome, tuple((clause.label, clause.text) for clause in decision.clauses))


@dataclass(frozen=True, slots=True)
class Changed:
    """A question that is answered differently."""

    question: str
    before: Said
    after: Said


@dataclass(frozen=True, slots=True)
class Effect:
    """How many questions were asked of both versions, and those answered differently, in the order of the files."""

    asked: int
    changed: tuple[Changed, ...]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


class Recorded:
    """A retriever that looks at the record first: what is on it needs no model, and is decided the same."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever
        self.mode = retriever.mode

    def vectors(self, texts: Sequence[str]) -> Vectors | None:
        """As the retriever's."""
        return self._retriever.vectors(texts)

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base of the retriever."""
        return self._retriever.knowledge

    def search(self, query: str) -> SearchResult:
        """As the retriever's."""
        found = self._retriever.recorded(query)
        return self._retriever.search(query) if found is None else found

    def related(self, clause: Clause) -> tuple[Clause, ...]:
        """As the retriever's."""
        return self._retriever.related(clause)

    def questions(self, clause: Clause) -> tuple[str, ...]:
        """As the retriever's."""
        return self._retriever.questions(clause)


def effect(before: Retriever, after: Retriever, policy: AnswersConfig, progress: Callable[[float], None]) -> Effect:
    """Ask both everything that is on record in either; deterministic."""
    questions = list(dict.fromkeys([*labels(after.knowledge), *labels(before.knowledge)]))
    old, new = Assistant(Recorded(before), policy), Assistant(Recorded(after), policy)
    changed = []
    for number, question in enumerate(questions):
        one, other = Said.of(old.decision(question)), Said.of(new.decision(question))
        if one != other:
            changed.append(Changed(question, one, other))
        if number % 100 == 0:
            progress(number / len(questions))
    progress(1.0)
    return Effect(len(questions), tuple(changed))


def effect_of(content: Mapping[str, Any]) -> Effect:
    """An effect from JSON values, as Effect.to_json() gave them."""
    changed = (Changed(one["question"], _said(one["before"]), _said(one["after"])) for one in content["changed"])
    return Effect(content["asked"], tuple(changed))


def _said(content: dict[str, Any]) -> Said:
    return Said(content["outcome"], tuple((label, text) for label, text in content["clauses"]))
