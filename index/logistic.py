"""Logistic regressions of many columns over the same sparse rows, fitted side by side.

Each column has its own problem, but all of them need the same product with the rows; made for all at once it costs
little more than for one. Conjugate gradients (Polak and Ribière, never negative) with the diagonal of the Hessian as
preconditioner; Nocedal and Wright, Numerical Optimization, chapter 5. Deterministic.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]

#: A column is done when its gradient, measured by the inverse of the preconditioner, is below this; or after STEPS.
TOLERANCE = 1e-3
STEPS = 100
#: Steps at which the preconditioner is made anew, and the direction with it.
RENEWED = frozenset((0, 2, 5, 10, 20, 40))
#: The slope left along a direction, as a share of what it was, and how often a step is tried for it.
SLOPE_LEFT, TRIALS = 0.1, 8


def one_against_rest(
    inputs: Any, labels: npt.NDArray[np.bool_], penalty: float, start: tuple[Floats, Floats] | None = None
) -> tuple[Floats, Floats]:
    """Weights (width, columns) and bias (columns,) of least loss; `inputs` is a CSR matrix (rows, width) of float32.

    The loss of a column is the sum over rows of log(1 + exp(-sign * logit)), plus penalty / 2 times the squared weights
    and bias: the bias is the weight of one more input that is always 1, and penalised like any other, as liblinear has
    it. `labels`, of shape (rows, columns), needs both kinds in each column. `start` are weights and bias to begin with;
    without any it begins with no weights, and the bias that fits then.
    """
    counts = np.bincount(inputs.indices, minlength=inputs.shape[1])
    # The most frequent inputs side by side: what is read most often stays in the processor's cache.
    used = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    ones = sparse.csr_matrix(np.ones((inputs.shape[0], 1), dtype=np.float32))
    rows = sparse.hstack([inputs[:, used], ones], format="csr", dtype=np.float32)
    rows.sort_indices()
    if start is None:
        share = labels.mean(axis=0)
        first = np.zeros((len(used) + 1, labels.shape[1]), dtype=np.float32)
        first[-1] = np.log(share / (1 - share))
    else:
        first = np.vstack([start[0][used], start[1]])
    found = _Fit(rows, labels, penalty, first).run()
    weights = np.zeros((inputs.shape[1], labels.shape[1]), dtype=np.float32)
    weights[used] = found[:-1]
    return weights, found[-1]


class _Fit:
    """The state of one fit. Arrays are (width, open columns) or (rows, open columns)."""

    def __init__(self, rows: Any, labels: npt.NDArray[np.bool_], penalty: float, weights: Floats) -> None:
        self.rows = rows
        self.by_input = rows.T.tocsr()
        self.squares = self.by_input.multiply(self.by_input).tocsr()
        self.penalty = np.float32(penalty)
        self.sign = np.where(labels, 1, -1).astype(np.float32)
        self.weights = weights
        self.logits = rows @ weights
        self.pull = self._pull(self.logits)

    def run(self) -> Floats:
        """The weights of all columns, bias last."""
        found = self.weights.copy()
        column = np.arange(found.shape[1])
        direction: Floats | None = None
        before, scale, length = self.weights, self.weights, np.zeros(0)
        for step in range(STEPS):
            gradient = self.penalty * self.weights - self.by_input @ self.pull
            if step in RENEWED:
                direction = None
                scale = 1 / (self.squares @ self._curvature(self.pull) + self.penalty)
            scaled = scale * gradient
            former, length = length, _dot(gradient, scaled)
            is_open = length > TOLERANCE
            if not is_open.all():
                found[:, column[~is_open]] = self.weights[:, ~is_open]
                column, former, length = column[is_open], former[is_open[: len(former)]], length[is_open]
                if not len(column):
                    return found
                gradient, scaled, scale = (one[:, is_open] for one in (gradient, scaled, scale))
                if direction is not None:
                    direction, before = direction[:, is_open], before[:, is_open]
                self._keep(is_open)
            if direction is None:
                direction = -scaled
            else:
                direction *= np.maximum((length - _dot(before, scaled)) / former, 0).astype(np.float32)
                direction -= scaled
            before = gradient
            self._move(direction)
        found[:, column] = self.weights
        return found

    def _move(self, direction: Floats) -> None:
        """Go along a direction until the slope is nearly gone: Newton's method within what is known to hold the place."""
        along = self.rows @ direction
        slope_of_penalty = self.penalty * _dot(self.weights, direction)
        curve_of_penalty = self.penalty * _dot(direction, direction)
        squared = along * along
        first = slope_of_penalty - _dot(self.pull, along)
        far = -first / (_dot(self._curvature(self.pull), squared) + curve_of_penalty)
        low, high = np.zeros_like(far), np.full_like(far, np.inf)
        for _ in range(TRIALS):
            logits = self.logits + far.astype(np.float32) * along
            pull = self._pull(logits)
            slope = slope_of_penalty + far * curve_of_penalty - _dot(pull, along)
            missed = np.abs(slope) > SLOPE_LEFT * np.abs(first)
            if not missed.any():
                break
            low, high = np.where(slope < 0, far, low), np.where(slope > 0, far, high)
            newton = far - slope / (_dot(self._curvature(pull), squared) + curve_of_penalty)
            halfway = np.where(np.isfinite(high), (low + high) / 2, 2 * far)
            trusted = (newton > low) & (newton < high) & (newton < 4 * far)
            tried, far = far, np.where(missed, np.where(trusted, newton, halfway), far)
        else:
            far = tried
        self.weights += far.astype(np.float32) * direction
        self.logits, self.pull = logits, pull

    def _pull(self, logits: Floats) -> Floats:
        """Minus the slope of each row's loss by its logit."""
        with np.errstate(over="ignore"):  # exp(100) is inf, and 1 / inf the 0 that is meant
            return self.sign / (1 + np.exp(self.sign * logits))  # type: ignore[no-any-return]

    @staticmethod
    def _curvature(pull: Floats) -> Floats:
        size: Floats = np.abs(pull)
        return size * (1 - size)

    def _keep(self, is_open: npt.NDArray[np.bool_]) -> None:
        self.sign, self.weights, self.logits, self.pull = (
            one[:, is_open] for one in (self.sign, self.weights, self.logits, self.pull)
        )


def _dot(left: Floats, right: Floats) -> npt.NDArray[np.float64]:
    """The inner product of each column, shape (columns,)."""
    return np.einsum("ij,ij->j", left, right).astype(np.float64)  # type: ignore[no-any-return]
