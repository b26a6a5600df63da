"""The answer that every channel receives, and its JSON form (the contract other programs rely on)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from knowledge.clause import Clause

Outcome = Literal["answer", "clarify", "decline", "chat"]
Mode = Literal["full", "lexical"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A clause quoted word for word: `quote` equals the source's characters [start, end)."""

    document: str
    clause: str
    label: str
    quote: str
    start: int
    end: int

    @classmethod
    def of(cls, clause: Clause) -> Citation:
        """Cite a whole clause."""
        return cls(clause.document, clause.id, clause.label, clause.text, clause.start, clause.end)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant says to one question.

    `lead` is the short frame in our words; `answer` is the whole text for a plain screen (the lead, then the
    quotes or the choices). `options` and `related` hold clause references for KnowledgeBase.find.
    `confidence` is the calibrated probability, 0 to 1, that the first citation answers (for "decline": that
    nothing in the notice does). `mode` is "lexical" while the embedding model is not available.
    """

    outcome: Outcome
    answer: str
    lead: str
    confidence: float
    knowledge_version: str
    elapsed_ms: float
    interpreted_as: str | None = None
    citations: tuple[Citation, ...] = ()
    options: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    mode: Mode = "full"

    def to_json(self) -> dict[str, Any]:
        """The object given by `--json`, `--batch` and the HTTP API."""
        content = asdict(self)
        content["confidence"] = round(self.confidence, 4)
        content["elapsed_ms"] = round(self.elapsed_ms, 2)
        return content
