"""What the known questions teach: two linear classifiers over all clauses and the reasons to decline.

EmbeddingClassifier is softmax regression on question vectors; NgramClassifier is logistic regression on hashed
n-grams, one clause against the rest. Both are small matrices that can be looked into. Each can also score its own
training texts as if it had not seen them, which calibration.py needs.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.utils import murmurhash3_32

from index.analyzer import terms
from index.embedder import Vectors
from index.examples import Labels
from index.logistic import one_against_rest

Scores = npt.NDArray[np.float32]
Folds = npt.NDArray[np.int64]

SOFTMAX_PENALTY = 1e-5
SOFTMAX_STEPS = 250
NGRAM_BUCKETS = 2**17
NGRAM_PENALTY = 1 / 40
FOLDS = 4
#: Logit given to a class with no example at all.
UNKNOWN = -8.0


def folds_of(texts: Sequence[str], salt: str) -> Folds:
    """The fold of each text, shape (texts,), by its hash.

    So an edit leaves every other text where it was, and what scores differ by between two versions is what the edit
    did, not another drawing; and the same words twice are left out together.
    """
    digests = (hashlib.sha256(f"{salt}\n{text}".encode("utf8", "replace")).digest() for text in texts)
    return np.array([int.from_bytes(digest[:4], "big") % FOLDS for digest in digests], dtype=np.int64)


class EmbeddingClassifier:
    """Softmax regression on centred unit vectors over the classes of Examples.classes; scores are log-probabilities."""

    def __init__(self, mean: Vectors, weights: Vectors, bias: Vectors) -> None:
        self.mean = mean
        self.weights = weights
        self.bias = bias

    @classmethod
    def fit(
        cls,
        vectors: Vectors,
        classes: Labels,
        answerable: Labels,
        fold: Folds,
        progress: Callable[[float], None],
    ) -> tuple[EmbeddingClassifier, Scores]:
        """Fit, and score each training row by a model of the other folds.

        `classes` and `answerable` are those of Examples, `fold` is folds_of() its texts.
        """
        mean = vectors.mean(axis=0)
        inputs = _direction(vectors, mean).astype(np.float32)
        left_out = np.empty(classes.shape, dtype=np.float32)
        for number in range(FOLDS):
            kept, held = fold != number, fold == number
            weights, bias = _softmax_regression(inputs[kept], classes[kept], answerable[kept])
            left_out[held] = _log_softmax(inputs[held] @ weights + bias)
            progress((number + 1) / (FOLDS + 1))
        weights, bias = _softmax_regression(inputs, classes, answerable)
        progress(1.0)
        return cls(mean.astype(np.float32), weights, bias), left_out

    def scores(self, vector: Vectors) -> Scores:
        """Log-probabilities of shape (classes,) for one vector of shape (dimension,)."""
        return _log_softmax(_direction(vector, self.mean) @ self.weights + self.bias)


def _softmax_regression(inputs: Vectors, classes: Labels, answerable: npt.NDArray[np.bool_]) -> tuple[Vectors, Vectors]:
    """Weights (dimension, classes) and bias (classes,) of least loss, by L-BFGS from zero.

    The loss of an answerable row is the cross entropy to all of its classes alike, of any other minus the logarithm of
    the probability that it belongs to one of those allowed; plus SOFTMAX_PENALTY times the squared weights.
    """
    rows, width = inputs.shape
    count = classes.shape[1]
    if rows == 0:
        return np.zeros((width, count), dtype=np.float32), np.zeros(count, dtype=np.float32)
    # The answerable rows first, so that each kind is one slice.
    order = np.argsort(~answerable, kind="stable")
    inputs, allowed = inputs[order], classes[order].astype(np.float32)
    first = int(answerable.sum())
    shares, others = allowed[:first] / np.maximum(allowed[:first].sum(axis=1, keepdims=True), 1.0), allowed[first:]
    by_share, share_of_bias = inputs[:first].T @ shares, shares.sum(axis=0)

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        weights, bias = flat[:-count].reshape(width, count).astype(np.float32), flat[-count:].astype(np.float32)
        slope = inputs @ weights
        slope += bias
        most = slope.max(axis=1, keepdims=True)
        slope -= most
        np.exp(slope, out=slope)
        total = slope.sum(axis=1, keepdims=True)
        slope /= total  # the chances, so far
        fitting = slope[first:] * others
        inside = np.maximum(fitting.sum(axis=1, keepdims=True), 1e-30)
        value = float((np.log(total[:first]) + most[:first]).sum(dtype=np.float64))
        value -= (
            float(np.vdot(by_share, weights))
            + float(share_of_bias @ bias)
            + float(np.log(inside).sum(dtype=np.float64))
        )
        slope[:first] -= shares
        slope[first:] -= fitting / inside
        slope /= rows
        value = value / rows + SOFTMAX_PENALTY * float((weights.astype(np.float64) ** 2).sum())
        by_weight = inputs.T @ slope + 2 * SOFTMAX_PENALTY * weights
        return value, np.concatenate([by_weight.ravel(), slope.sum(axis=0)]).astype(np.float64)

    start = np.zeros(width * count + count)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": SOFTMAX_STEPS}).x
    return found[:-count].reshape(width, count).astype(np.float32), found[-count:].astype(np.float32)


def _log_softmax(logits: Vectors) -> Vectors:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return (shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))).astype(np.float32)  # type: ignore[no-any-return]


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
        fold = folds_of(texts, "ngrams")
        left_out = np.empty((len(texts), labels.shape[1]), dtype=np.float32)
        weights = np.zeros((NGRAM_BUCKETS, labels.shape[1]), dtype=np.float32)
        bias = np.zeros(labels.shape[1], dtype=np.float32)
        for number in range(FOLDS):
            kept, held = fold != number, fold == number
            of_fold, bias_of_fold = _fit_columns(inputs[kept], labels[kept])
            left_out[held] = inputs[held] @ of_fold + bias_of_fold
            weights += of_fold / np.float32(FOLDS)
            bias += bias_of_fold / np.float32(FOLDS)
            progress((number + 1) / (FOLDS + 1))
        # Near where the folds are on average; the other way round, a fold would begin with what its rows taught.
        weights, bias = _fit_columns(inputs, labels, (weights, bias))
        progress(1.0)
        return cls(idf, weights, bias), left_out

    def scores(self, query: str) -> Scores:
        """Logits of shape (classes,) for one normalised query."""
        # What _weigh(_hash([query])) gives, without making a matrix of one row: a tenth of the time.
        counts = Counter(abs(murmurhash3_32(term, seed=0)) % NGRAM_BUCKETS for term in terms(query))
        buckets = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[buckets]
        length = max(float(np.linalg.norm(values)), 1e-9)
        scores = (values / length) @ self.weights[buckets] + self.bias
        return scores.astype(np.float32)


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


def _fit_columns(inputs: Any, labels: Labels, start: tuple[Vectors, Vectors] | None = None) -> tuple[Vectors, Vectors]:
    """Weights (buckets, classes) and bias (classes,); UNKNOWN for a class without both kinds of examples."""
    weights = np.zeros((inputs.shape[1], labels.shape[1]), dtype=np.float32)
    bias = np.full(labels.shape[1], UNKNOWN, dtype=np.float32)
    taught = np.flatnonzero(labels.any(axis=0) & ~labels.all(axis=0))
    if len(taught):
        begun = None if start is None else (start[0][:, taught], start[1][taught])
        weights[:, taught], bias[taught] = one_against_rest(inputs, labels[:, taught], NGRAM_PENALTY, begun)
    return weights, bias
