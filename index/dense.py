"""Nearest clauses by vector: FAISS behind two methods, so that another engine can take its place."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from index.embedder import Vectors


class DenseIndex:
    """Exact inner-product search over unit vectors (cosine similarity, higher is nearer)."""

    def __init__(self, dimension: int) -> None:
        self._index: faiss.Index = faiss.IndexFlatIP(dimension)

    def add(self, vectors: Vectors) -> None:
        """Append rows of shape (n, dimension); row numbers follow the order of adding. Raises ValueError."""
        self._check(vectors)
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def search(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """The k nearest rows to one vector of shape (dimension,), as (row, cosine), nearest first. Raises ValueError."""
        scores, rows = self.search_many(vector[None, :], k)
        return [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True) if row >= 0]

    def search_many(self, vectors: Vectors, k: int) -> tuple[Vectors, npt.NDArray[np.int64]]:
        """Cosines and rows, both of shape (n, k), for n vectors; -1 marks places that no row fills. Raises ValueError."""
        self._check(vectors)
        return self._index.search(np.ascontiguousarray(vectors, dtype=np.float32), k)

    def _check(self, vectors: Vectors) -> None:
        if vectors.ndim != 2 or vectors.shape[1] != self._index.d:
            raise ValueError(f"vectors of shape {vectors.shape} do not fit an index of dimension {self._index.d}")

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def save(self, path: Path) -> None:
        """Write to a file; storage.py adds the checksum that FAISS does not have."""
        path.write_bytes(faiss.serialize_index(self._index).tobytes())  # FAISS itself hides OSError in RuntimeError

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Read a file written by save()."""
        index = cls.__new__(cls)
        index._index = faiss.deserialize_index(np.frombuffer(path.read_bytes(), dtype=np.uint8))
        return index
