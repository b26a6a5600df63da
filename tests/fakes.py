"""Doubles shared by tests: a searcher with scripted results over the real knowledge base."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

from bot.answer import Mode
from bot.assistant import Assistant
from bot.config import AnswersConfig
from index.analyzer import normalize
from index.embedder import Vectors
from index.hit import Hit, SearchResult
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause
from knowledge.loader import load_knowledge
from tests.encoders import FakeEncoder

ROOT = Path(__file__).resolve().parent.parent


@cache
def real_knowledge() -> KnowledgeBase:
    """The knowledge base in this repository."""
    return load_knowledge(ROOT / "knowledge")


class ScriptedSearcher:
    """Answers by keyword: the first key found in the query gives the result.

    The default script covers every outcome: 页 answers 2.2, 会 is a tie (clarify) of 2.5 and 2.6, 密级 is near
    2.4 (declined with related reading), 你好 is chat, 措施 is the whole of problem 2, anything else is far (declined).
    """

    def __init__(self, knowledge: KnowledgeBase | None = None, delay: float = 0.0, mode: Mode = "full") -> None:
        self.knowledge = knowledge or real_knowledge()
        self.mode: Mode = mode
        self.delay = delay
        self.queries: list[str] = []
        self.script: dict[str, SearchResult] = {
            "页": self.hits({"2.2": 0.97, "2.1": 0.1}),
            "密级": self.hits({"2.4": 0.3}, near=0.6),
            "措施": self.hits({"2": 0.95}),
            "会": self.hits({"2.5": 0.18, "2.6": 0.16}, answerable=0.8),
            "你好": self.hits({}, chat=0.95),
        }

    def hits(self, probabilities: dict[str, float], answerable: float | None = None, **beside: float) -> SearchResult:
        found = [(self.knowledge.find(reference), p) for reference, p in probabilities.items()]
        return SearchResult(
            tuple(Hit(clause, p) for clause, p in found if clause is not None),
            max(probabilities.values(), default=0.0) if answerable is None else answerable,
            MappingProxyType(beside),
        )

    def related(self, clause: Clause) -> tuple[Clause, ...]:
        """The measure before and after, whatever they say."""
        return tuple(other for other in self.knowledge.neighbours(clause) if other is not None)

    def questions(self, clause: Clause) -> tuple[str, ...]:
        """One question a clause, which the script answers with 2.2 whatever the clause."""
        return (f"第{clause.id}条说的是几页吗",)

    def vectors(self, texts: Sequence[str]) -> Vectors | None:
        """Similar wording gives similar vectors."""
        return FakeEncoder().encode([normalize(text) for text in texts]) if self.mode == "full" else None

    def search(self, query: str) -> SearchResult:
        self.queries.append(query)
        if self.delay:
            time.sleep(self.delay)
        for key, result in self.script.items():
            if key in query:
                return result
        return self.hits({}, far=0.9)


def scripted_assistant(**options: object) -> Assistant:
    """An assistant over a ScriptedSearcher."""
    return Assistant(ScriptedSearcher(**options), AnswersConfig())  # type: ignore[arg-type]
