"""Scores -> probability that a clause answers: a logistic regression over a dozen named features of a pair.

Fitted on scores of questions that the scorers had not seen, so the probability is honest (Platt scaling over
several scores; Platt 1999), starting from a prior for notices with few questions. Bound to model and knowledge by the fingerprint of the index it is stored in.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from index.examples import Examples
from index.hit import BESIDE

Floats = npt.NDArray[np.floating[Any]]

#: Weight of the prior against one example: thousands of pairs outweigh it, a few dozen do not.
PRIOR_STRENGTH = 50.0
#: Logit of what no example leaves in doubt.
CERTAIN = 8.0
FAR = BESIDE.index("far")
PARTS = ("pair", "answerable_query", "reason")
#: Pairs taken from each question when fitting: its best-looking clauses and those that answer it.
PAIRS = 8


@dataclass(frozen=True)
class Evidence:
    """Raw scores of one query, or of n: clause scores (…, clauses), reason scores (…, reasons); None without a model.

    cosine, bm25 and coverage are of the clause's own words; embedding and ngram come from the classifiers. Those of the
    embedding are log-probabilities: of each clause, of being near it, and of each reason.
    """

    bm25: Floats
    coverage: Floats
    ngram: Floats
    ngram_beside: Floats
    cosine: Floats | None = None
    embedding: Floats | None = None
    embedding_near: Floats | None = None
    embedding_beside: Floats | None = None

    def with_vectors(self, cosine: Floats, scores: Floats) -> Evidence:
        """Add cosines (…, clauses), and the scores of the EmbeddingClassifier (…, classes)."""
        count = cosine.shape[-1]
        near = scores[..., count : 2 * count]
        beside = np.insert(scores[..., 2 * count :], BESIDE.index("near"), _log_sum_exp(near), axis=-1)
        return replace(self, cosine=cosine, embedding=scores[..., :count], embedding_near=near, embedding_beside=beside)


def features(evidence: Evidence) -> dict[str, Floats]:
    """Named features, each of shape (…, clauses)."""
    named = {
        "bm25": np.log1p(evidence.bm25),
        "coverage": evidence.coverage,
        "ngram": evidence.ngram,
        "ngram_lead": evidence.ngram - _best_other(evidence.ngram),
        "ngram_beside": _spread(evidence.ngram_beside.max(axis=-1), evidence.ngram),
    }
    if evidence.cosine is not None and evidence.embedding is not None:
        assert evidence.embedding_near is not None
        assert evidence.embedding_beside is not None
        named |= {
            "cosine": evidence.cosine - evidence.cosine.mean(axis=-1, keepdims=True),
            "embedding": evidence.embedding,
            "embedding_lead": evidence.embedding - _best_other(evidence.embedding),
            "embedding_near": evidence.embedding_near,
            "embedding_beside": _spread(_log_sum_exp(evidence.embedding_beside), evidence.embedding),
        }
    return named


def _log_sum_exp(values: Floats) -> Floats:
    """log(sum(exp(values))) over the last axis; SciPy's own takes a quarter of a warm question's time outside the model."""
    most = values.max(axis=-1, keepdims=True)
    return (most + np.log(np.exp(values - most).sum(axis=-1, keepdims=True)))[..., 0]  # type: ignore[no-any-return]


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
class Logistic:
    """Standardised logistic regression: `mean` and `scale` (inputs,), `weights` (inputs, outputs), `bias` (outputs,)."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats

    @classmethod
    def fit(
        cls, inputs: Floats, targets: npt.NDArray[np.int64], outputs: int, prior: Logistic | None = None
    ) -> Logistic:
        """One output for yes or no, else one for each class; a class never seen gets next to no probability.

        With a prior (yes or no only), its weights are where the fit starts from and what few examples leave it at.
        """
        if prior is not None and prior.weights.shape == (inputs.shape[1], 1) and outputs == 1:
            return prior._moved(inputs, targets)
        mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
        weights = np.zeros((inputs.shape[1], outputs), dtype=np.float32)
        bias = np.full(outputs, -CERTAIN, dtype=np.float32)
        seen = np.unique(targets)
        if len(seen) < 2:
            place = 0 if outputs == 1 else seen
            bias[place] = CERTAIN if outputs > 1 or seen.tolist() == [1] else -CERTAIN
        else:
            model = LogisticRegression(C=1.0, max_iter=2000).fit((inputs - mean) / scale, targets)
            if outputs == 1:
                columns: npt.NDArray[np.int64] = np.array([0])
            else:
                columns = model.classes_[1:] if len(seen) == 2 else model.classes_
                bias[model.classes_] = 0.0
            weights[:, columns] = model.coef_.T
            bias[columns] = model.intercept_
        return cls(mean.astype(np.float32), scale.astype(np.float32), weights, bias)

    def _moved(self, inputs: Floats, targets: npt.NDArray[np.int64]) -> Logistic:
        """These weights, moved by examples: logistic loss plus PRIOR_STRENGTH / 2 times the squared distance moved."""
        if len(np.unique(targets)) < 2:
            return self  # examples of one answer only would move every weight towards it
        standard = np.column_stack([(inputs - self.mean) / self.scale, np.ones(len(inputs))]).astype(np.float64)
        start = np.append(self.weights[:, 0], self.bias).astype(np.float64)
        signs = 2.0 * targets - 1.0

        def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
            margins = signs * (standard @ weights)
            moved = weights - start
            value = np.logaddexp(0.0, -margins).sum() + PRIOR_STRENGTH / 2 * moved @ moved
            slope = -(standard.T @ (signs * expit(-margins))) + PRIOR_STRENGTH * moved
            return float(value), slope

        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x.astype(np.float32)
        return Logistic(self.mean, self.scale, found[:-1, None], found[-1:])

    def logits(self, inputs: Floats) -> Floats:
        """Logits of shape (…, outputs)."""
        return ((inputs - self.mean) / self.scale) @ self.weights + self.bias


@dataclass(frozen=True)
class Calibration:
    """Three regressions: does this clause answer; does any clause answer; and if none, for what reason."""

    names: tuple[str, ...]
    pair: Logistic
    answerable_query: Logistic
    reason: Logistic

    @classmethod
    def fit(
        cls,
        evidence: Evidence,
        examples: Examples,
        prior: Calibration | None = None,
        honest: npt.NDArray[np.bool_] | None = None,
    ) -> Calibration:
        """Fit on left-out scores of examples (rows): on people's questions, or those `honest` marks; on all without any.

        A notice with few questions says little about how far scores can be trusted; `prior` is what more questions
        taught (see default_prior).
        """
        asked = examples.is_question if honest is None else honest
        if not asked.any():
            asked = np.ones_like(asked)
        clause_count = examples.labels.shape[1] - len(BESIDE)
        labels = examples.labels[:, :clause_count]
        named = features(evidence)
        strength = np.exp(named["embedding"]) if "embedding" in named else named["ngram"]
        rows, columns = _pairs(strength + named["ngram"] / 20, labels, asked)
        inputs = np.stack([value[rows, columns] for value in named.values()], axis=1)
        known = prior if prior is not None and prior.names == tuple(named) else None
        targets = labels[rows, columns].astype(np.int64)
        pair = Logistic.fit(inputs, targets, outputs=1, prior=known.pair if known else None)
        probabilities = _sigmoid(pair.logits(np.stack(list(named.values()), axis=-1))[..., 0])
        query_inputs = _query_inputs(evidence, probabilities)
        answerable = Logistic.fit(
            query_inputs[asked],
            np.asarray(labels[asked].any(axis=1), dtype=np.int64),
            outputs=1,
            prior=known.answerable_query if known else None,
        )
        reasons = examples.labels[:, clause_count:]
        beside = asked & reasons.any(axis=1)
        if not beside.any() and known is not None:  # a knowledge base without a single unanswerable question
            reason = known.reason
        elif not beside.any():
            reason = Logistic.fit(_reason_inputs(evidence)[asked], np.full(asked.sum(), FAR), len(BESIDE))
        else:
            reason = Logistic.fit(_reason_inputs(evidence)[beside], reasons[beside].argmax(axis=1), len(BESIDE))
        return cls(tuple(named), pair, answerable, reason)

    def probabilities(self, evidence: Evidence) -> Floats:
        """Probability that each clause answers, shape (…, clauses)."""
        named = features(evidence)
        return _sigmoid(self.pair.logits(np.stack([named[name] for name in self.names], axis=-1))[..., 0])

    def answerable(self, evidence: Evidence, probabilities: Floats) -> Floats:
        """Probability that any clause answers, shape (…)."""
        return _sigmoid(self.answerable_query.logits(_query_inputs(evidence, probabilities))[..., 0])

    def beside(self, evidence: Evidence) -> Floats:
        """Probability of each reason, given that no clause answers; shape (…, reasons), rows sum to 1."""
        logits = self.reason.logits(_reason_inputs(evidence))
        grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return grown / grown.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Plain arrays for storage."""
        arrays: dict[str, npt.NDArray[Any]] = {"names": np.array(self.names)}
        for part in PARTS:
            arrays.update({f"{part}.{field}": value for field, value in vars(getattr(self, part)).items()})
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Calibration:
        """The inverse of to_arrays()."""
        parts = {
            part: Logistic(
                **{name.split(".")[1]: value for name, value in arrays.items() if name.startswith(f"{part}.")}
            )
            for part in PARTS
        }
        return cls(tuple(str(name) for name in arrays["names"]), **parts)


def default_prior(with_vectors: bool) -> Calibration | None:
    """What the first notice's thousands of questions taught, written by scripts/write_priors.py; None without it."""
    content = _prior_bytes(with_vectors)
    if not content:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return Calibration.from_arrays(dict(stored))


def prior_digest(with_vectors: bool) -> str:
    """Changes whenever default_prior() does, so that indexes built on another one are stale."""
    return hashlib.sha256(_prior_bytes(with_vectors)).hexdigest()


def _prior_bytes(with_vectors: bool) -> bytes:
    path = Path(__file__).parent / "priors" / ("full.npz" if with_vectors else "lexical.npz")
    return path.read_bytes() if path.is_file() else b""


def _sigmoid(logits: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60)))


def _query_inputs(evidence: Evidence, probabilities: Floats) -> Floats:
    """What tells an answerable query from one beside every notice, shape (…, inputs)."""
    best = probabilities.max(axis=-1)
    columns = [
        np.log(best + 1e-4) - np.log(1 - best + 1e-4),
        np.log(probabilities.sum(axis=-1) + 1e-4),
        *_top_two(evidence.ngram),
        *np.moveaxis(evidence.ngram_beside, -1, 0),
        np.log1p(evidence.bm25.max(axis=-1)),
        evidence.coverage.max(axis=-1),
        evidence.coverage.max(axis=-1) ** 4,
    ]
    if evidence.cosine is not None and evidence.embedding is not None and evidence.embedding_beside is not None:
        columns += [
            _log_sum_exp(evidence.embedding),
            *np.moveaxis(evidence.embedding_beside, -1, 0),
            evidence.cosine.max(axis=-1),
        ]
    return np.stack(columns, axis=-1)


def _top_two(scores: Floats) -> tuple[Floats, Floats]:
    ordered = np.sort(scores, axis=-1)
    return ordered[..., -1], ordered[..., -min(2, scores.shape[-1])]


def _reason_inputs(evidence: Evidence) -> Floats:
    parts = [evidence.ngram_beside]
    if evidence.embedding_beside is not None:
        parts.append(evidence.embedding_beside)
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
