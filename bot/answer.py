"""The answer that every channel receives, and its JSON form (the contract other programs rely on)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from knowledge.clause import Clause

Outcome = Literal["answer", "clarify", "decline", "chat"]
Mode = Literal["full", "lexical"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A clause quoted word for word: `quote` equals the source's characters [start, end).

    `spans` are the characters [start, end) of the source, inside the quote, that answer the question; sorted, disjoint.
    """

    document: str
    clause: str
    label: str
    quote: str
    start: int
    end: int
    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, clause: Clause, marked: Sequence[tuple[int, int]] = ()) -> Citation:
        """Cite a whole clause; `marked` are characters of its text."""
        spans = tuple((clause.start + start, clause.start + end) for start, end in marked)
        return cls(clause.document, clause.id, clause.label, clause.text, clause.start, clause.end, spans)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant says to one question.

    `lead` is the short frame in our words; `remark` says what the question took for granted, or the words that decide
    it; `answer` is the whole text for a plain screen (the remark, the lead, then the quotes or the choices). `options` and `related` hold clause references for KnowledgeBase.find.
    `next_questions` are answerable questions to offer. `receipt` is the code under which this answer can be looked up
    later, "" where none was kept. `confidence` is the calibrated probability, 0 to 1, that the first citation answers (for "decline": that
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
    remark: str = ""
    next_questions: tuple[str, ...] = ()
    receipt: str = ""

    def to_json(self) -> dict[str, Any]:
        """The object given by `--json`, `--batch` and the HTTP API."""
        content = asdict(self)
        content["confidence"] = round(self.confidence, 4)
        content["elapsed_ms"] = round(self.elapsed_ms, 2)
        return content
