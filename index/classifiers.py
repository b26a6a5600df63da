"""What the known questions teach: two linear classifiers over all clauses and the reasons to decline.

EmbeddingClassifier is ridge regression on question vectors; NgramClassifier is logistic regression on hashed
n-grams, one clause against the rest. Both are small matrices that can be looked into. Each can also score its own
training texts as if it had not seen them, which calibration.py needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from index.analyzer import terms
from index.embedder import Vectors
from index.examples import Labels

Scores = npt.NDArray[np.float32]

RIDGE = 1.0
NGRAM_BUCKETS = 2**17
NGRAM_INVERSE_PENALTY = 40.0
FOLDS = 4
#: Logit given to a class with no example at all.
UNKNOWN = -8.0


class EmbeddingClassifier:
    """Ridge regression from centred unit vectors to 0/1 labels; scores are near 1 for a sure class, near 0 else."""

    def __init__(self, mean: Vectors, weights: Vectors) -> None:
        self.mean = mean
        self.weights = weights

    @classmethod
    def fit(cls, vectors: Vectors, labels: Labels) -> tuple[EmbeddingClassifier, Scores]:
        """Fit, and score each training row as left out (exact, by the hat matrix: y - (y - f) / (1 - h))."""
        mean = vectors.mean(axis=0)
        inputs = _direction(vectors, mean).astype(np.float64)
        targets = labels.astype(np.float64)
        inverse = np.linalg.inv(inputs.T @ inputs + RIDGE * np.eye(inputs.shape[1]))
        weights = inverse @ inputs.T @ targets
        leverage = np.einsum("ij,jk,ik->i", inputs, inverse, inputs, optimize=True)
        left_out = targets - (targets - inputs @ weights) / (1.0 - leverage)[:, None]
        return cls(mean.astype(np.float32), weights.astype(np.float32)), left_out.astype(np.float32)

    def scores(self, vector: Vectors) -> Scores:
        """Scores of shape (classes,) for one vector of shape (dimension,)."""
        return _direction(vector, self.mean) @ self.weights


def _direction(vectors: Vectors, mean: Vectors) -> Vectors:
    centred = vectors - mean
    return centred / np.maximum(np.linalg.norm(centred, axis=-1, keepdims=True), 1e-9)  # type: ignore[no-any-return]


class NgramClassifier:
    """One-against-the-rest logistic regression on hashed, idf-weighted n-grams; scores are logits."""

    def __init__(self, idf: Vectors, weights: Vectors, bias: Vectors) -> None:
        self.idf = idf
        self.weights = weights
        self.bias = bias

    @classmethod
    def fit(
        cls, texts: Sequence[str], labels: Labels, progress: Callable[[float], None]
    ) -> tuple[NgramClassifier, Scores]:
        """Fit on normalised texts, and score each of them by a model of the other folds."""
        counts = _hash(texts)
        present = np.bincount(counts.indices, minlength=NGRAM_BUCKETS)
        idf = (np.log((1 + len(texts)) / (1 + present)) + 1).astype(np.float32)
        inputs = _weigh(counts, idf)
        fold = np.random.default_rng(0).permutation(len(texts)) % FOLDS
        left_out = np.empty((len(texts), labels.shape[1]), dtype=np.float32)
        for number in range(FOLDS):
            kept, held = fold != number, fold == number
            weights, bias = _one_against_rest(inputs[kept], labels[kept])
            left_out[held] = inputs[held] @ weights + bias
            progress((number + 1) / (FOLDS + 1))
        weights, bias = _one_against_rest(inputs, labels)
        progress(1.0)
        return cls(idf, weights, bias), left_out

    def scores(self, query: str) -> Scores:
        """Logits of shape (classes,) for one normalised query."""
        row = _weigh(_hash([query]), self.idf)
        return (row @ self.weights)[0] + self.bias  # type: ignore[no-any-return]


_VECTORIZER = HashingVectorizer(
    analyzer=terms, n_features=NGRAM_BUCKETS, alternate_sign=False, norm=None, dtype=np.float32
)


def _hash(texts: Sequence[str]):  # type: ignore[no-untyped-def]  # scipy ships no types
    return _VECTORIZER.transform(texts)


def _weigh(counts, idf: Vectors):  # type: ignore[no-untyped-def]  # scipy ships no types
    """Sublinear tf-idf with rows of length 1."""
    weighted = counts.copy()
    weighted.data = (1 + np.log(weighted.data)) * idf[weighted.indices]
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted.data /= np.repeat(np.maximum(length, 1e-9), np.diff(weighted.indptr))
    return weighted


def _one_against_rest(inputs, labels: Labels) -> tuple[Vectors, Vectors]:  # type: ignore[no-untyped-def]
    weights = np.zeros((inputs.shape[1], labels.shape[1]), dtype=np.float32)
    bias = np.full(labels.shape[1], UNKNOWN, dtype=np.float32)
    for column in range(labels.shape[1]):
        if not labels[:, column].any() or labels[:, column].all():
            continue
        model = LogisticRegression(
            solver="liblinear", C=NGRAM_INVERSE_PENALTY, dual=True, tol=1e-3, max_iter=300, random_state=0
        ).fit(inputs, labels[:, column])
        weights[:, column], bias[column] = model.coef_[0], model.intercept_[0]
    return weights, bias
