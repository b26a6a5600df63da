"""Vectors of a million synthetic clauses from a few thousand real ones: the model would take hours for all of them.

Clauses of one kind (notices.Notice.kinds) are worded alike, so their vectors lie about a middle. Some of each kind are
embedded by the real model; any further one is the middle of its kind plus a mixture of two real deviations, taken with
the weights that keep the deviations' covariance (a smoothed bootstrap). So the middles, how far clauses lie from them
and in which directions are the model's own; what is lost is that a clause's numbers and names go with its vector.
spread() compares what matters to a search, the cosines of real questions, on clauses that the mixtures never saw.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.embedder import Vectors

#: Really embedded clauses of each kind, at most.
EACH = 3
#: Share of a mixture's variance that its first deviation gives.
FIRST = 0.7


@dataclass(frozen=True)
class Mixtures:
    """The middle of each kind (kinds, dimension), the real deviations (samples, dimension), and each sample's kind."""

    middles: Vectors
    deviations: Vectors

    @classmethod
    def of(cls, vectors: Vectors, kinds: npt.NDArray[np.int64]) -> Mixtures:
        """From really embedded clauses (samples, dimension) and the number of each one's kind, from 0 without a gap."""
        count = int(kinds.max()) + 1
        sizes = np.bincount(kinds, minlength=count)
        middles = np.zeros((count, vectors.shape[1]), dtype=np.float32)
        np.add.at(middles, kinds, vectors)
        middles /= sizes[:, None]
        # A mean of n lies nearer to its own n than to any other: by sqrt((n - 1) / n).
        several = sizes[kinds] > 1
        grown = np.sqrt(sizes[kinds[several]] / (sizes[kinds[several]] - 1))[:, None]
        return cls(middles, ((vectors[several] - middles[kinds[several]]) * grown).astype(np.float32))

    def draw(self, kinds: npt.NDArray[np.int64], generator: np.random.Generator) -> Vectors:
        """Unit vectors of shape (len(kinds), dimension)."""
        first, second = generator.integers(0, len(self.deviations), size=(2, len(kinds)))
        made = self.middles[kinds] + np.sqrt(FIRST) * self.deviations[first]
        made += np.sqrt(1 - FIRST) * self.deviations[second]
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        return made.astype(np.float32)


def sample(kinds: Sequence[Hashable], each: int = EACH) -> list[int]:
    """The rows to embed: the first `each` of every kind."""
    seen: dict[Hashable, int] = {}
    chosen = []
    for row, kind in enumerate(kinds):
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= each:
            chosen.append(row)
    return chosen


def spread(real: Vectors, drawn: Vectors, questions: Vectors) -> dict[str, float]:
    """Cosines of questions to clauses, really embedded and drawn for the same kinds: median, 99th percentile, the best."""
    found = {}
    for name, vectors in (("real", real), ("drawn", drawn)):
        cosines = questions @ vectors.T
        found[f"{name}_median"] = float(np.median(cosines))
        found[f"{name}_99th"] = float(np.percentile(cosines, 99))
        found[f"{name}_best"] = float(np.median(cosines.max(axis=1)))
    return found
