import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from index import logistic
from index.logistic import one_against_rest

PENALTY = 1 / 40


def problem(rows: int = 300, width: int = 400, columns: int = 5):  # type: ignore[no-untyped-def]
    """Sparse rows of length 1, and labels that one input gives away except for a tenth of the rows."""
    chance = np.random.default_rng(4)
    inputs = sparse.random(rows, width, 0.04, "csr", np.float32, chance)
    labels = inputs[:, : columns * 30].toarray().reshape(rows, columns, 30).sum(axis=2) > 0.8
    labels ^= chance.random(labels.shape) < 0.1
    inputs.data /= np.repeat(np.sqrt(np.asarray(inputs.multiply(inputs).sum(axis=1)).ravel()), np.diff(inputs.indptr))
    return inputs, labels


def test_it_finds_what_liblinear_finds_column_by_column() -> None:
    inputs, labels = problem()
    weights, bias = one_against_rest(inputs, labels, PENALTY)
    for column in range(labels.shape[1]):
        theirs = LogisticRegression(solver="liblinear", C=1 / PENALTY, tol=1e-6, max_iter=5000)
        theirs.fit(inputs, labels[:, column])
        logits = inputs @ weights[:, column] + bias[column]
        np.testing.assert_allclose(logits, theirs.decision_function(inputs), atol=0.06)


def test_where_it_begins_makes_no_difference_to_where_it_ends() -> None:
    inputs, labels = problem()
    weights, bias = one_against_rest(inputs, labels, PENALTY)
    start = np.random.default_rng(1).normal(size=weights.shape).astype(np.float32), np.full_like(bias, 3)
    again, bias_again = one_against_rest(inputs, labels, PENALTY, start)
    np.testing.assert_allclose(inputs @ again + bias_again, inputs @ weights + bias, atol=0.06)


def test_a_column_is_fitted_alike_beside_others_and_alone() -> None:
    inputs, labels = problem()
    weights, bias = one_against_rest(inputs, labels, PENALTY)
    alone, bias_alone = one_against_rest(inputs, labels[:, 2:3], PENALTY)
    np.testing.assert_allclose(inputs @ alone + bias_alone, inputs @ weights[:, 2:3] + bias[2:3], atol=0.01)


def test_inputs_that_never_occur_weigh_nothing() -> None:
    inputs, labels = problem()
    inputs = sparse.hstack([inputs, sparse.csr_matrix((inputs.shape[0], 7))], format="csr", dtype=np.float32)
    weights, _ = one_against_rest(inputs, labels, PENALTY)
    assert not weights[-7:].any()
    assert weights[:-7].any(axis=1).sum() == len(np.unique(inputs.indices))


def test_rows_without_any_input_leave_the_bias_alone() -> None:
    labels = np.array([[True], [False], [False], [False]])
    weights, bias = one_against_rest(sparse.csr_matrix((4, 3), dtype=np.float32), labels, PENALTY)
    assert not weights.any()
    assert bias[0] == pytest.approx(np.log(1 / 3), abs=0.05)


def test_an_end_is_put_to_what_does_not_converge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logistic, "TOLERANCE", 0.0)
    monkeypatch.setattr(logistic, "STEPS", 60)
    inputs, labels = problem()
    weights, bias = one_against_rest(inputs, labels, PENALTY)
    assert np.isfinite(weights).all()
    right = (inputs @ weights + bias > 0) == labels
    assert right.mean() > 0.95
