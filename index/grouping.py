"""Groups questions by meaning: agglomerative clustering, average linkage, over the cosine distance of their vectors.

Average linkage (Sokal and Michener 1958) neither chains far things together through a row of near ones, as single linkage
does, nor lets one odd wording keep a group apart, as complete linkage does. The same vectors give the same groups.
"""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from index.embedder import Vectors


def group(vectors: Vectors, distance: float) -> list[list[int]]:
    """Rows of `vectors` (unit length, shape (count, dimension)) in groups; each in order, by their first rows.

    `distance` is the mean cosine distance (0 to 2) up to which two groups are one.
    """
    if len(vectors) < 2:
        return [[row] for row in range(len(vectors))]
    tree = linkage(np.asarray(vectors, dtype=np.float64), method="average", metric="cosine")
    tree[:, 2] = np.maximum(tree[:, 2], 0.0)  # rounding may make the distance of equals negative
    labels = fcluster(tree, distance, "distance")
    found: dict[int, list[int]] = {}
    for row, label in enumerate(labels):
        found.setdefault(int(label), []).append(row)
    return sorted(found.values())


def middle(vectors: Vectors) -> int:
    """The row nearest to the mean of all, the first of equals."""
    return int(np.argmax(np.round(vectors @ vectors.mean(axis=0), 6)))
