"""The knowledge base: all documents together, looked up by reference.

A reference is the plain clause id ("2.2") where one document alone has it, else "document:id".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from types import MappingProxyType

from knowledge.clause import Clause, Document

#: Questions no notice answers, by reason: "far", "chat", "noise", "attack".
OutOfScope = MappingProxyType[str, tuple[str, ...]]


@dataclass(frozen=True)
class KnowledgeBase:
    """All documents, plus the questions that no notice answers (shared by every document)."""

    documents: tuple[Document, ...]
    out_of_scope: OutOfScope = field(default_factory=lambda: MappingProxyType({}))

    def __iter__(self) -> Iterator[Clause]:
        for document in self.documents:
            yield from document.clauses

    @cached_property
    def version(self) -> str:
        """First 12 hex digits of the sha256 over everything that can change an answer."""
        content = {
            "documents": [asdict(document) for document in self.documents],
            "out_of_scope": dict(self.out_of_scope),
        }
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(canonical.encode("utf8")).hexdigest()[:12]

    @cached_property
    def _id_counts(self) -> Counter[str]:
        return Counter(clause.id for clause in self)

    @cached_property
    def _by_reference(self) -> dict[str, Clause]:
        found = {f"{clause.document}:{clause.id}": clause for clause in self}
        found.update({clause.id: clause for clause in self if self._id_counts[clause.id] == 1})
        return found

    @cached_property
    def _documents_by_id(self) -> dict[str, Document]:
        return {document.id: document for document in self.documents}

    @cached_property
    def _children(self) -> dict[tuple[str, str], tuple[Clause, ...]]:
        below: dict[tuple[str, str], list[Clause]] = {}
        for clause in self:
            if clause.parent is not None:
                below.setdefault((clause.document, clause.parent), []).append(clause)
        return {key: tuple(clauses) for key, clauses in below.items()}

    @cached_property
    def _whys(self) -> dict[str, str]:
        return {
            _letters(unanswered.text): unanswered.why
            for document in self.documents
            for unanswered in document.unanswered
            if unanswered.why
        }

    def why_unanswered(self, question: str) -> str:
        """What is not written, of a question on record as unanswered (marks and spaces aside); "" of any other."""
        return self._whys.get(_letters(question), "")

    def reference(self, clause: Clause) -> str:
        """The shortest reference that names this clause and no other."""
        return clause.id if self._id_counts[clause.id] == 1 else f"{clause.document}:{clause.id}"

    def find(self, reference: str) -> Clause | None:
        """The clause a reference names, or None."""
        return self._by_reference.get(reference)

    def document(self, document_id: str) -> Document:
        """The document with this id. Raises KeyError."""
        return self._documents_by_id[document_id]

    def children(self, clause: Clause) -> tuple[Clause, ...]:
        """The clauses directly below a heading, in reading order."""
        return self._children.get((clause.document, clause.id), ())

    def parent(self, clause: Clause) -> Clause | None:
        """The heading a clause stands under, or None at the top."""
        return self.find(f"{clause.document}:{clause.parent}") if clause.parent is not None else None

    def neighbours(self, clause: Clause) -> tuple[Clause | None, Clause | None]:
        """The clauses just before and just after in reading order (None at either end)."""
        clauses = self.document(clause.document).clauses
        position = next(i for i, other in enumerate(clauses) if other.id == clause.id)
        before = clauses[position - 1] if position else None
        after = clauses[position + 1] if position + 1 < len(clauses) else None
        return before, after


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
