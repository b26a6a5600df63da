"""Scores -> probability that a clause answers: a logistic regression over a dozen named features of a pair.

Fitted on scores of questions that the scorers had not seen, so the probability is honest (Platt scaling over
several scores; Platt 1999). Bound to model and knowledge by the fingerprint of the index it is stored in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from index.examples import Examples
from index.hit import BESIDE

Floats = npt.NDArray[np.float32]

#: Pairs taken from each question when fitting: its best-looking clauses and those that answer it.
PAIRS = 8


@dataclass(frozen=True)
class Evidence:
    """Raw scores of one query, or of n: clause scores (…, clauses), reason scores (…, reasons); None without a model.

    cosine and bm25 are of the clause's own words; embedding and ngram come from the classifiers.
    """

    bm25: Floats
    ngram: Floats
    ngram_beside: Floats
    cosine: Floats | None = None
    embedding: Floats | None = None
    embedding_beside: Floats | None = None


def features(evidence: Evidence) -> dict[str, Floats]:
    """Named features, each of shape (…, clauses)."""
    named = {
        "bm25": np.log1p(evidence.bm25),
        "ngram": evidence.ngram,
        "ngram_lead": evidence.ngram - _best_other(evidence.ngram),
        "ngram_beside": _spread(evidence.ngram_beside.max(axis=-1), evidence.ngram),
    }
    if evidence.cosine is not None and evidence.embedding is not None and evidence.embedding_beside is not None:
        named |= {
            "cosine": evidence.cosine - evidence.cosine.mean(axis=-1, keepdims=True),
            "embedding": evidence.embedding,
            "embedding_lead": evidence.embedding - _best_other(evidence.embedding),
            "embedding_beside": _spread(evidence.embedding_beside.max(axis=-1), evidence.embedding),
            "embedding_total": _spread(evidence.embedding.sum(axis=-1), evidence.embedding),
        }
    return named


def _spread(values: Floats, like: Floats) -> Floats:
    return np.broadcast_to(values[..., None], like.shape)


def _best_other(scores: Floats) -> Floats:
    """For each place, the highest score among the other places (the score itself where there is no other)."""
    if scores.shape[-1] < 2:
        return scores
    ordered = np.sort(scores, axis=-1)
    best, second = ordered[..., -1:], ordered[..., -2:-1]
    return np.where(scores == best, second, best)


@dataclass(frozen=True)
class Calibration:
    """Logistic regression over named features, one for clauses and one for the reasons to decline."""

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    weights: Floats
    bias: float
    beside_weights: Floats
    beside_bias: Floats

    @classmethod
    def fit(cls, evidence: Evidence, examples: Examples) -> Calibration:
        """Fit on left-out scores of all examples (rows); only people's questions count."""
        asked = examples.is_question
        clause_count = examples.labels.shape[1] - len(BESIDE)
        labels = examples.labels[:, :clause_count]
        named = features(evidence)
        strength = named["embedding"] if "embedding" in named else named["ngram"]
        pair_rows, pair_columns = _pairs(strength + named["ngram"] / 20, labels, asked)
        inputs = np.stack([value[pair_rows, pair_columns] for value in named.values()], axis=1)
        mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
        model = LogisticRegression(C=10.0, max_iter=1000).fit((inputs - mean) / scale, labels[pair_rows, pair_columns])
        reasons = examples.labels[:, clause_count:]
        beside_rows = asked & reasons.any(axis=1)
        beside = LogisticRegression(C=1.0, max_iter=1000)
        beside.fit(_beside_inputs(evidence)[beside_rows], reasons[beside_rows].argmax(axis=1))
        beside_weights = np.zeros((beside.n_features_in_, len(BESIDE)), dtype=np.float32)
        beside_bias = np.full(len(BESIDE), -30.0, dtype=np.float32)
        beside_weights[:, beside.classes_] = beside.coef_.T
        beside_bias[beside.classes_] = beside.intercept_
        return cls(
            names=tuple(named),
            mean=mean.astype(np.float32),
            scale=scale.astype(np.float32),
            weights=model.coef_[0].astype(np.float32),
            bias=float(model.intercept_[0]),
            beside_weights=beside_weights,
            beside_bias=beside_bias,
        )

    def probabilities(self, evidence: Evidence) -> Floats:
        """Probability that each clause answers, shape (…, clauses)."""
        named = features(evidence)
        inputs = np.stack([named[name] for name in self.names], axis=-1)
        logits = ((inputs - self.mean) / self.scale) @ self.weights + self.bias
        return 1.0 / (1.0 + np.exp(-logits))  # type: ignore[no-any-return]

    def beside(self, evidence: Evidence) -> Floats:
        """Probability of each reason, given that no clause answers; shape (…, reasons), rows sum to 1."""
        logits = _beside_inputs(evidence) @ self.beside_weights + self.beside_bias
        grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return grown / grown.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Plain arrays for storage."""
        return {
            "names": np.array(self.names),
            "mean": self.mean,
            "scale": self.scale,
            "weights": self.weights,
            "bias": np.array([self.bias], dtype=np.float64),
            "beside_weights": self.beside_weights,
            "beside_bias": self.beside_bias,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.generic]]) -> Calibration:
        """The inverse of to_arrays()."""
        values: dict[str, object] = {**arrays}
        values["names"] = tuple(str(name) for name in arrays["names"])
        values["bias"] = float(arrays["bias"][0])  # type: ignore[arg-type]
        return cls(**values)  # type: ignore[arg-type]


def _beside_inputs(evidence: Evidence) -> Floats:
    parts = [evidence.ngram_beside]
    if evidence.embedding_beside is not None:
        parts.append(evidence.embedding_beside * 5)
    return np.concatenate(parts, axis=-1)


def _pairs(
    strength: Floats, labels: npt.NDArray[np.bool_], asked: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(row, column) of the pairs to learn from."""
    chosen = labels.copy()
    top = np.argsort(-strength, axis=1)[:, :PAIRS]
    np.put_along_axis(chosen, top, True, axis=1)
    chosen[~asked] = False
    rows, columns = np.nonzero(chosen)
    return rows, columns
