"""FAISS in this process: exact, in memory, the default. The only file that imports faiss.

A revision costs as much memory as its vectors; a province's tens of thousands of clauses are searched in a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from index.dense.seam import Rows, UnknownRevision, check
from index.embedder import Vectors


@dataclass(frozen=True)
class _Revision:
    index: faiss.Index
    documents: npt.NDArray[np.str_]


class FaissIndex:
    """Exact inner-product search over unit vectors (cosine similarity, higher is nearer)."""

    def __init__(self, keep: int = 2) -> None:
        """`keep` revisions stay searchable."""
        self._keep = keep
        self._revisions: dict[str, _Revision] = {}

    def publish(self, revision: str, rows: Rows) -> None:
        """As in the seam."""
        if revision in self._revisions:
            return
        index = faiss.IndexFlatIP(rows.dimension)
        index.add(np.ascontiguousarray(rows.vectors, dtype=np.float32))
        latest = {**self._revisions, revision: _Revision(index, np.array(rows.documents, dtype=np.str_))}
        self._revisions = dict(list(latest.items())[-self._keep :])  # replaced, so that readers need no lock

    def holds(self, revision: str) -> bool:
        """As in the seam."""
        return revision in self._revisions

    def search(
        self, revision: str, vector: Vectors, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """As in the seam."""
        found = self._revisions.get(revision)
        if found is None:
            raise UnknownRevision(revision)
        check(vector, found.index.d)
        options = None
        if documents is not None:
            chosen = np.flatnonzero(np.isin(found.documents, sorted(documents)))
            options = faiss.SearchParameters(sel=faiss.IDSelectorBatch(chosen))  # type: ignore[call-arg]
        scores, rows = found.index.search(
            np.ascontiguousarray(vector[None, :], dtype=np.float32), max(k, 1), params=options
        )
        pairs = zip(rows[0].tolist(), scores[0].tolist(), strict=True)
        return [(row, score) for row, score in pairs if row >= 0][:k]
