"""What the known questions teach: two linear classifiers over all clauses and the reasons to decline.

EmbeddingClassifier is softmax regression on question vectors; NgramClassifier is logistic regression on hashed
n-grams, one clause against the rest. Both are small matrices that can be looked into. Each can also score its own
training texts as if it had not seen them, which calibration.py needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.utils import murmurhash3_32

from index.analyzer import terms
from index.embedder import Vectors
from index.examples import Labels

Scores = npt.NDArray[np.float32]

SOFTMAX_PENALTY = 1e-5
SOFTMAX_STEPS = 250
NGRAM_BUCKETS = 2**17
NGRAM_INVERSE_PENALTY = 40.0
FOLDS = 4
#: Logit given to a class with no example at all.
UNKNOWN = -8.0


class EmbeddingClassifier:
    """Softmax regression on centred unit vectors over the classes of Examples.classes; scores are log-probabilities."""

    def __init__(self, mean: Vectors, weights: Vectors, bias: Vectors) -> None:
        self.mean = mean
        self.weights = weights
        self.bias = bias

    @classmethod
    def fit(
        cls, vectors: Vectors, classes: Labels, answerable: Labels, progress: Callable[[float], None]
    ) -> tuple[EmbeddingClassifier, Scores]:
        """Fit, and score each training row by a model of the other folds.

        `classes` and `answerable` are those of Examples.
        """
        mean = vectors.mean(axis=0)
        inputs = _direction(vectors, mean).astype(np.float32)
        fold = np.random.default_rng(1).permutation(len(vectors)) % FOLDS
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
    allowed = classes.astype(np.float32)
    shares = allowed / np.maximum(allowed.sum(axis=1, keepdims=True), 1.0)

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        weights = flat[:-count].reshape(width, count).astype(np.float32)
        logs = _log_softmax(inputs @ weights + flat[-count:].astype(np.float32))
        chances = np.exp(logs)
        inside = np.maximum((chances * allowed).sum(axis=1, keepdims=True), 1e-30)
        wanted = np.where(answerable[:, None], shares, chances * allowed / inside)
        each = np.where(answerable, -(shares * logs).sum(axis=1), -np.log(inside[:, 0]))
        slope = (chances - wanted) / rows
        value = float(each.mean()) + SOFTMAX_PENALTY * float((weights.astype(np.float64) ** 2).sum())
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
