"""The seam to whatever finds the nearest clauses: revisions that are published whole and searched by name.

A revision is named after the fingerprint of the index (building.py), so the same name always means the same rows. Which
revision is searched is the caller's business, and so is everything that is made of a cosine.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from index.embedder import Vectors


class DenseUnavailable(Exception):
    """The engine cannot be reached or used now; the message says why, without any password."""


class UnknownRevision(LookupError):
    """Nothing was published under this name, or it was dropped since."""


@dataclass(frozen=True)
class Rows:
    """The clauses of a revision: unit vectors of shape (n, dimension), and for each row its clause id, document and text."""

    vectors: Vectors
    clauses: tuple[str, ...]
    documents: tuple[str, ...]
    texts: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2:
            raise ValueError(f"vectors of shape {self.vectors.shape} are no rows")
        if {len(self.clauses), len(self.documents), len(self.texts)} != {len(self.vectors)}:
            raise ValueError("not as many clauses, documents and texts as vectors")

    @property
    def dimension(self) -> int:
        """The length of each vector."""
        return int(self.vectors.shape[1])


class DenseSearch(Protocol):
    """What questions need. Safe to use from several threads."""

    #: What people call it.
    name: str

    def search(
        self, revision: str, vector: Vectors, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """The k rows nearest to one vector of shape (dimension,), as (row, cosine), nearest first; of `documents` alone if given.

        Raises UnknownRevision, and ValueError for a vector of another dimension.
        """


class DenseIndex(DenseSearch, Protocol):
    """An engine; every call may raise DenseUnavailable."""

    def publish(self, revision: str, rows: Rows) -> None:
        """Make a revision searchable, all of it or nothing; one that is there already stays as it is.

        Others that are searched stay searchable: engines keep the latest few.
        """

    def holds(self, revision: str) -> bool:
        """Whether a revision can be searched."""


def check(vector: Vectors, dimension: int) -> None:
    """Raises ValueError where a vector is not of this dimension."""
    if vector.shape != (dimension,):
        raise ValueError(f"a vector of shape {vector.shape} does not fit an index of dimension {dimension}")
