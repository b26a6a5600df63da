import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analyzer import normalize
from index.classifiers import RIDGE, UNKNOWN, EmbeddingClassifier, NgramClassifier
from index.embedder import Vectors
from index.examples import Labels

QUESTIONS = {
    0: ["文件最多几页", "一份文件能写多少页", "中央文件有没有页数限制", "发文长度怎么规定"],
    1: ["会议怎么精简", "能不能少开会", "开会时间有要求吗", "视频会议开到哪一级"],
    2: ["督查检查减少多少", "检查考核要砍掉几成", "督查事项怎么压缩", "留痕检查还搞不搞"],
}
TEXTS = [normalize(text) for texts in QUESTIONS.values() for text in texts]


def labels_of(classes: int = 4) -> Labels:
    labels = np.zeros((len(TEXTS), classes), dtype=np.bool_)
    for row, column in enumerate(column for column, texts in QUESTIONS.items() for _ in texts):
        labels[row, column] = True
    return labels


def random_data(seed: int, rows: int, dimension: int, classes: int) -> tuple[Vectors, Labels]:
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(rows, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, chance.random((rows, classes)) < 0.3


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 25), st.integers(2, 12))
def test_left_out_scores_equal_refitting_without_the_row(seed: int, rows: int, dimension: int) -> None:
    vectors, labels = random_data(seed, rows, dimension, 3)
    _, left_out = EmbeddingClassifier.fit(vectors, labels)
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    inputs = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    for row in range(rows):
        others = np.arange(rows) != row
        gram = inputs[others].T @ inputs[others] + RIDGE * np.eye(dimension)
        weights = np.linalg.solve(gram, inputs[others].T @ labels[others].astype(np.float64))
        np.testing.assert_allclose(left_out[row], inputs[row] @ weights, atol=2e-5)


def test_ridge_scores_rows_as_it_fitted_them() -> None:
    vectors, labels = random_data(3, 60, 8, 4)
    classifier, _ = EmbeddingClassifier.fit(vectors, labels)
    together = classifier.scores(vectors)
    assert together.shape == (60, 4)
    for row in range(60):
        np.testing.assert_allclose(classifier.scores(vectors[row]), together[row], atol=1e-6)


def test_ridge_tells_separate_classes_apart() -> None:
    chance = np.random.default_rng(0)
    centres = np.eye(6, dtype=np.float32)[:3]
    truth = np.repeat(np.arange(3), 30)
    vectors = centres[truth] + 0.1 * chance.normal(size=(90, 6)).astype(np.float32)
    classifier, left_out = EmbeddingClassifier.fit(vectors.astype(np.float32), np.eye(3, dtype=np.bool_)[truth])
    assert (left_out.argmax(axis=1) == truth).all()
    np.testing.assert_array_equal(classifier.scores(centres).argmax(axis=1), [0, 1, 2])
    scores = classifier.scores(centres)
    lead = scores.diagonal() - np.where(np.eye(3, dtype=np.bool_), -np.inf, scores).max(axis=1)
    assert lead.min() > 0.9


def test_a_row_equal_to_the_mean_is_no_division_by_zero() -> None:
    vectors = np.array([[1, 0], [-1, 0], [0, 0]], dtype=np.float32)
    classifier, left_out = EmbeddingClassifier.fit(vectors, np.eye(3, dtype=np.bool_))
    assert np.isfinite(left_out).all()
    np.testing.assert_array_equal(classifier.scores(vectors[2]), np.zeros(3, dtype=np.float32))


@pytest.fixture(scope="module")
def fitted() -> tuple[NgramClassifier, Vectors]:
    return NgramClassifier.fit(TEXTS, labels_of(), lambda done: None)


def test_ngrams_recognise_rewordings(fitted: tuple[NgramClassifier, Vectors]) -> None:
    classifier, _ = fitted
    for query, column in [("文件不能超过几页", 0), ("少开一点会", 1), ("督查检查太多了", 2), ("監察撿查考核", 2)]:
        scores = classifier.scores(normalize(query))
        assert scores.shape == (4,)
        assert scores[:3].argmax() == column, query


def test_ngram_fit_gives_the_same_bytes_twice(fitted: tuple[NgramClassifier, Vectors]) -> None:
    classifier, left_out = fitted
    again, left_out_again = NgramClassifier.fit(TEXTS, labels_of(), lambda done: None)
    for name in ("idf", "weights", "bias"):
        assert getattr(classifier, name).tobytes() == getattr(again, name).tobytes(), name
    assert left_out.tobytes() == left_out_again.tobytes()


def test_a_class_without_examples_scores_unknown(fitted: tuple[NgramClassifier, Vectors]) -> None:
    classifier, left_out = fitted
    assert classifier.scores(normalize("文件最多几页"))[3] == UNKNOWN
    np.testing.assert_array_equal(left_out[:, 3], np.full(len(TEXTS), UNKNOWN, dtype=np.float32))


def test_text_without_terms_gets_the_bias(fitted: tuple[NgramClassifier, Vectors]) -> None:
    classifier, _ = fitted
    np.testing.assert_array_equal(classifier.scores("？！😀"), classifier.bias)
    np.testing.assert_array_equal(classifier.scores(""), classifier.bias)


@pytest.mark.parametrize("row", [0, 5, 11])
def test_left_out_scores_do_not_know_the_row_s_own_label(fitted: tuple[NgramClassifier, Vectors], row: int) -> None:
    labels = labels_of()
    labels[row] = ~labels[row]
    _, changed = NgramClassifier.fit(TEXTS, labels, lambda done: None)
    np.testing.assert_array_equal(changed[row], fitted[1][row])
    assert (changed != fitted[1]).any()


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    NgramClassifier.fit(TEXTS, labels_of(), seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_fewer_texts_than_folds() -> None:
    classifier, left_out = NgramClassifier.fit(TEXTS[:2], np.eye(2, dtype=np.bool_), lambda done: None)
    assert np.isfinite(left_out).all()
    assert classifier.scores(TEXTS[0])[0] > classifier.scores(TEXTS[1])[0]
