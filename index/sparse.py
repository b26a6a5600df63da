"""Nearest clauses by wording: BM25 over character n-grams (bm25s), the index that needs no model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import numpy.typing as npt
from scipy import sparse

from index.analyzer import normalize, terms

# bm25s sets itself to DEBUG and reports every build.
logging.getLogger("bm25s").setLevel(logging.WARNING)


K1, B = 1.2, 0.6
#: An index of more bytes than this stays on disk and is mapped into memory; the system keeps what is asked for.
MAPPED_BYTES = 256 * 2**20


class SparseIndex:
    """BM25 scores of every text for a query; texts are known by their row number."""

    def __init__(self, engine: bm25s.BM25) -> None:
        self._engine = engine

    @classmethod
    def build(cls, texts: Sequence[str]) -> SparseIndex:
        """Index texts as they are; they are normalised here, as queries are."""
        engine = bm25s.BM25(k1=K1, b=B)
        engine.index([list(terms(normalize(text))) for text in texts], show_progress=False)
        return cls(engine)

    def scores(self, query: str) -> npt.NDArray[np.float32]:
        """BM25 of each text for an already normalised query; shape (number of texts,), 0 where nothing is shared."""
        known = [term for term in terms(query) if term in self._engine.vocab_dict]
        if not known:
            return np.zeros(self._engine.scores["num_docs"], dtype=np.float32)
        return np.asarray(self._engine.get_scores(known), dtype=np.float32)

    def coverage(self, query: str) -> npt.NDArray[np.float32]:
        """Share (0 to 1) of the query's different terms that each text has; shape (number of texts,)."""
        texts = int(self._engine.scores["num_docs"])
        different = set(terms(query))
        starts, rows = self._engine.scores["indptr"], self._engine.scores["indices"]
        tokens = [token for term in different if (token := self._engine.vocab_dict.get(term)) is not None]
        found = [rows[starts[token] : starts[token + 1]] for token in tokens]
        counts = np.bincount(np.concatenate(found), minlength=texts) if found else np.zeros(texts)
        return (counts / max(1, len(different))).astype(np.float32)

    def table(self, queries: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """What scores() and coverage() give for each of many queries, both of shape (queries, texts), in one product."""
        vocabulary, rows, columns, different = self._engine.vocab_dict, [0], [], []
        for query in queries:
            found = terms(query)
            columns += [token for term in found if (token := vocabulary.get(term)) is not None]
            rows.append(len(columns))
            different.append(max(1, len(set(found))))
        held = self._engine.scores
        shape = (len(held["indptr"]) - 1, int(held["num_docs"]))
        weights = sparse.csr_matrix((held["data"], held["indices"], held["indptr"]), shape=shape)
        counts = sparse.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, rows), (len(queries), shape[0]))
        counts.sum_duplicates()
        scores = (counts @ weights).toarray()
        counts.data[:] = 1
        weights.data = np.ones_like(weights.data)
        coverage = (counts @ weights).toarray() / np.array(different, dtype=np.float32)[:, None]
        return scores.astype(np.float32), coverage.astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        self._engine.save(str(folder), show_progress=False)

    @staticmethod
    def describe(folder: Path, vocabulary: dict[str, int], texts: int) -> None:
        """Write what save() writes but for the three arrays, which sparse_streamed.py writes part by part."""
        engine = bm25s.BM25(k1=K1, b=B)
        engine.vocab_dict, engine.nonoccurrence_array = vocabulary, None
        nothing = np.zeros(0, dtype=np.float32)
        engine.scores = {"data": nothing, "indices": nothing, "indptr": nothing, "num_docs": texts}
        engine.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> SparseIndex:
        """Read a folder written by save() or sparse_streamed.py; a large one is mapped, not read."""
        mapped = sum(path.stat().st_size for path in folder.glob("*.npy")) > MAPPED_BYTES
        return cls(bm25s.BM25.load(str(folder), load_corpus=False, mmap=mapped, allow_pickle=False))
