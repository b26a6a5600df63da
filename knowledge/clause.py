"""The types that knowledge hands to the index: a clause, and the document it stands in.

Reading and checking files is loader.py's business; these types only hold what was proved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["background", "problem", "measure", "section", "point"]

#: Kinds that stand over other clauses; a question about the whole cites them with all their children.
HEADING_KINDS: frozenset[Kind] = frozenset({"problem", "section"})


@dataclass(frozen=True, slots=True)
class Clause:
    """One citable passage: `text` equals the characters [start, end) of its document's source."""

    document: str
    id: str
    kind: Kind
    parent: str | None
    label: str
    text: str
    start: int
    end: int
    keywords: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def is_heading(self) -> bool:
        """Whether other clauses stand below this one."""
        return self.kind in HEADING_KINDS

    @property
    def display(self) -> str:
        """The words on one line, for showing: runs of line breaks and bullets become one full-width bar."""
        return re.sub(r"[\s●]*\n[\s●]*", "｜", self.text).replace("：｜", "：")


@dataclass(frozen=True, slots=True)
class SharedQuestion:
    """A question that needs several clauses of one document, best first."""

    text: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question near the notice's topics that its words do not answer; `related` is reading, not an answer.

    `why` says, in a few words, what is not written.
    """

    text: str
    related: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One notice: where it comes from, its source text as received, and its clauses in reading order."""

    id: str
    title: str
    short_title: str
    issuer: str
    year: int
    source_path: str
    source_sha256: str
    source: str = field(repr=False)
    clauses: tuple[Clause, ...] = field(repr=False)
    shared_questions: tuple[SharedQuestion, ...] = field(default=(), repr=False)
    unanswered: tuple[UnansweredQuestion, ...] = field(default=(), repr=False)

    def __iter__(self) -> Iterator[Clause]:
        return iter(self.clauses)
