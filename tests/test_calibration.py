import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

from index.calibration import Calibration, Evidence, features
from index.examples import Examples
from index.hit import BESIDE

CLAUSES, REASONS = 6, len(BESIDE)


def sigmoid(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 1 / (1 + np.exp(-logits))


def draw(seed: int, count: int, *, dense: bool = True) -> tuple[Evidence, Examples]:
    """Queries whose clauses answer with a probability that the n-gram logit states, scaled wrongly.

    Where none answers, the reason is the one with the highest reason score, but for noise.
    """
    chance = np.random.default_rng(seed)
    logits = chance.normal(-2.5, 2.0, size=(count, CLAUSES))
    answers = chance.random((count, CLAUSES)) < sigmoid(logits)
    beside = chance.normal(0, 2.0, size=(count, REASONS))
    noisy = beside + chance.gumbel(size=beside.shape)
    labels = np.zeros((count, CLAUSES + REASONS), dtype=np.bool_)
    labels[:, :CLAUSES] = answers
    nothing = np.nonzero(~answers.any(axis=1))[0]
    labels[nothing, CLAUSES + noisy[nothing].argmax(axis=1)] = True
    single = np.float32
    evidence = Evidence(
        bm25=chance.exponential(3.0, size=(count, CLAUSES)).astype(single),
        coverage=chance.random((count, CLAUSES)).astype(single),
        ngram=(3 * logits + 1).astype(single),
        ngram_beside=(0.5 * beside).astype(single),
    )
    if dense:
        cosine = chance.normal(0.8, 0.05, size=(count, CLAUSES)).astype(single)
        evidence = evidence.with_vectors(
            cosine, chance.normal(-3, 1, size=(count, 2 * CLAUSES + REASONS - 1)).astype(single)
        )
    return evidence, Examples(
        ("",) * count, labels, np.ones(count, dtype=np.bool_), np.zeros((count, CLAUSES), dtype=np.bool_)
    )


def rows_of(evidence: Evidence, rows: npt.NDArray[np.bool_] | int) -> Evidence:
    return Evidence(**{name: None if v is None else v[rows] for name, v in vars(evidence).items()})


@pytest.fixture(scope="module", params=[True, False], ids=["full", "lexical"])
def dense(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def fitted(dense: bool) -> Calibration:
    return Calibration.fit(*draw(1, 4000, dense=dense))


def reliability(predicted: npt.NDArray[np.float32], observed: npt.NDArray[np.bool_]) -> list[tuple[float, float]]:
    """(mean predicted, observed rate) of five bins with equally many cases."""
    order = np.argsort(predicted, axis=None)
    return [
        (float(predicted.ravel()[part].mean()), float(observed.ravel()[part].mean()))
        for part in np.array_split(order, 5)
    ]


def test_probabilities_are_honest_on_unseen_queries(fitted: Calibration, dense: bool) -> None:
    evidence, examples = draw(2, 4000, dense=dense)
    for predicted, observed in reliability(fitted.probabilities(evidence), examples.labels[:, :CLAUSES]):
        assert predicted == pytest.approx(observed, abs=0.05)


def test_answerable_is_honest_on_unseen_queries(fitted: Calibration, dense: bool) -> None:
    evidence, examples = draw(3, 4000, dense=dense)
    answerable = fitted.answerable(evidence, fitted.probabilities(evidence))
    assert answerable.shape == (4000,)
    for predicted, observed in reliability(answerable, examples.labels[:, :CLAUSES].any(axis=1)):
        assert predicted == pytest.approx(observed, abs=0.05)


def test_reasons_are_honest_and_sum_to_one(fitted: Calibration, dense: bool) -> None:
    evidence, examples = draw(4, 4000, dense=dense)
    reasons = fitted.beside(evidence)
    assert reasons.shape == (4000, REASONS)
    np.testing.assert_allclose(reasons.sum(axis=1), 1.0, atol=1e-5)
    nothing = examples.labels[:, CLAUSES:].any(axis=1)
    for predicted, observed in reliability(reasons[nothing], examples.labels[nothing, CLAUSES:]):
        assert predicted == pytest.approx(observed, abs=0.05)


def test_probability_rises_with_what_tells(fitted: Calibration, dense: bool) -> None:
    evidence = rows_of(draw(5, 1, dense=dense)[0], 0)
    seen = []
    for logit in np.linspace(-20, 20, 41):
        ngram = evidence.ngram.copy()
        ngram[2] = logit
        seen.append(float(fitted.probabilities(dataclasses.replace(evidence, ngram=ngram))[2]))
    assert seen == sorted(seen)
    assert seen[0] < 0.05
    assert seen[-1] > 0.8


def test_one_query_gets_what_many_get(fitted: Calibration, dense: bool) -> None:
    evidence, _ = draw(6, 5, dense=dense)
    together = fitted.probabilities(evidence)
    for row in range(5):
        one = rows_of(evidence, row)
        np.testing.assert_allclose(fitted.probabilities(one), together[row], rtol=1e-4)
        np.testing.assert_allclose(fitted.beside(one), fitted.beside(evidence)[row], rtol=1e-4)
        np.testing.assert_allclose(
            fitted.answerable(one, together[row]), fitted.answerable(evidence, together)[row], rtol=1e-4
        )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [0.0, 1e2, 1e4, -1e4])
def test_wild_scores_stay_within_bounds(fitted: Calibration, dense: bool, size: float) -> None:
    evidence = draw(7, 50, dense=dense)[0]
    scores = {name: (value * size).astype(np.float32) for name, value in vars(evidence).items() if value is not None}
    wild = Evidence(**scores | {"bm25": np.abs(scores["bm25"])})
    probabilities = fitted.probabilities(wild)
    for values in (probabilities, fitted.answerable(wild, probabilities), fitted.beside(wild)):
        assert (values >= 0).all()
        assert (values <= 1).all()
    np.testing.assert_allclose(fitted.beside(wild).sum(axis=1), 1.0, atol=1e-5)


def test_stored_arrays_give_the_same_probabilities(fitted: Calibration, dense: bool, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("calibration") / "calibration.npz"
    np.savez(path, **fitted.to_arrays())
    with np.load(path, allow_pickle=False) as stored:
        loaded = Calibration.from_arrays(dict(stored))
    evidence, _ = draw(8, 20, dense=dense)
    assert loaded.names == fitted.names == tuple(features(evidence))
    probabilities = fitted.probabilities(evidence)
    np.testing.assert_array_equal(loaded.probabilities(evidence), probabilities)
    np.testing.assert_array_equal(loaded.beside(evidence), fitted.beside(evidence))
    np.testing.assert_array_equal(
        loaded.answerable(evidence, probabilities), fitted.answerable(evidence, probabilities)
    )


def test_fitting_twice_gives_the_same_bytes() -> None:
    first, second = (Calibration.fit(*draw(1, 300)).to_arrays() for _ in range(2))
    assert {name: value.tobytes() for name, value in first.items()} == {
        name: value.tobytes() for name, value in second.items()
    }


def test_only_questions_count() -> None:
    evidence, examples = draw(1, 600)
    asked = np.arange(600) < 300
    first = rows_of(evidence, asked)
    both = Calibration.fit(evidence, dataclasses.replace(examples, is_question=asked))
    half = Examples(("",) * 300, examples.labels[:300], np.ones(300, dtype=np.bool_), examples.near[:300])
    alone = Calibration.fit(first, half)
    marked = Calibration.fit(evidence, examples, honest=asked)
    for name, value in alone.to_arrays().items():
        np.testing.assert_array_equal(marked.to_arrays()[name], value)
    for name, value in alone.to_arrays().items():
        np.testing.assert_array_equal(both.to_arrays()[name], value)


def test_scores_of_the_vectors_find_their_places() -> None:
    scores = np.log(
        np.array([0.3, 0.1, 0.2, 0.05, 0.15, 0.1, 0.06, 0.04], dtype=np.float32)
    )  # 2 clauses, 2 near, 4 others
    nothing = np.zeros(2, dtype=np.float32)
    plain = Evidence(bm25=nothing, coverage=nothing, ngram=nothing, ngram_beside=np.zeros(REASONS, dtype=np.float32))
    evidence = plain.with_vectors(np.array([0.9, 0.8], dtype=np.float32), scores)
    assert np.exp(evidence.embedding) == pytest.approx([0.3, 0.1])
    assert np.exp(evidence.embedding_near) == pytest.approx([0.2, 0.05])
    assert np.exp(evidence.embedding_beside) == pytest.approx([0.25, 0.15, 0.1, 0.06, 0.04])  # near first, as in BESIDE
    assert BESIDE[0] == "near"
    assert np.exp(features(evidence)["embedding_beside"]) == pytest.approx([0.6, 0.6])


def test_a_tie_leads_by_nothing() -> None:
    ngram = np.array([1.0, 3.0, 3.0, -2.0], dtype=np.float32)
    nothing = np.zeros(4, dtype=np.float32)
    evidence = Evidence(bm25=nothing, coverage=nothing, ngram=ngram, ngram_beside=np.zeros(REASONS, dtype=np.float32))
    named = features(evidence)
    assert named["ngram_lead"].tolist() == [-2.0, 0.0, 0.0, -5.0]


def with_labels(examples: Examples, labels: npt.NDArray[np.bool_]) -> Examples:
    return dataclasses.replace(examples, labels=labels)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("missing", ["reasons", "answers", "questions", "everything"])
def test_a_knowledge_base_that_lacks_examples_can_be_fitted(missing: str) -> None:
    evidence, examples = draw(9, 200)
    labels = examples.labels.copy()
    if missing in ("reasons", "everything"):
        labels[:, CLAUSES:] = False
    if missing in ("answers", "everything"):
        labels[:, :CLAUSES] = False
    examples = with_labels(examples, labels)
    if missing == "questions":
        examples = dataclasses.replace(examples, is_question=np.zeros(200, dtype=np.bool_))
    fitted = Calibration.fit(evidence, examples)
    probabilities = fitted.probabilities(evidence)
    reasons = fitted.beside(evidence)
    assert np.isfinite(probabilities).all()
    assert np.isfinite(fitted.answerable(evidence, probabilities)).all()
    np.testing.assert_allclose(reasons.sum(axis=1), 1.0, atol=1e-5)
    if missing in ("reasons", "everything"):
        assert (reasons.argmax(axis=1) == BESIDE.index("far")).all()
    if missing == "answers":
        assert probabilities.max() < 0.01


def test_two_reasons_alone_are_told_apart() -> None:
    evidence, examples = draw(10, 800)
    near, noise = BESIDE.index("near"), BESIDE.index("noise")
    labels = np.zeros_like(examples.labels)
    is_noise = evidence.ngram_beside[:, noise] > evidence.ngram_beside[:, near]
    labels[np.arange(800), CLAUSES + np.where(is_noise, noise, near)] = True
    reasons = Calibration.fit(evidence, with_labels(examples, labels)).beside(evidence)
    assert (reasons.argmax(axis=1) == np.where(is_noise, noise, near)).mean() > 0.95
    others = [i for i in range(REASONS) if i not in (near, noise)]
    assert reasons[:, others].max() < 0.05
