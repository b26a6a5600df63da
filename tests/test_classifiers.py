import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from index.analyzer import normalize
from index.classifiers import (
    FOLDS,
    SOFTMAX_PENALTY,
    UNKNOWN,
    EmbeddingClassifier,
    Folds,
    NgramClassifier,
    _hash,
    _weigh,
    folds_of,
)
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


def silent(done: float) -> None:
    """No progress shown."""


ALL_ANSWERED = np.ones(400, dtype=np.bool_)


def drawn(rows: int) -> Folds:
    """Folds by chance."""
    return np.random.default_rng(1).permutation(rows) % FOLDS


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(8, 40))
def test_a_row_is_scored_as_if_its_label_were_unknown(seed: int, rows: int) -> None:
    vectors, _ = random_data(seed, rows, 6, 3)
    truth = np.random.default_rng(seed).integers(0, 3, rows)
    classes = np.eye(3, dtype=np.bool_)[truth]
    _, left_out = EmbeddingClassifier.fit(vectors, classes, ALL_ANSWERED[:rows], drawn(rows), silent)
    changed = classes.copy()
    changed[0] = np.roll(changed[0], 1)
    _, again = EmbeddingClassifier.fit(vectors, changed, ALL_ANSWERED[:rows], drawn(rows), silent)
    np.testing.assert_array_equal(left_out[0], again[0])


def test_it_is_the_softmax_regression_of_scikit_learn() -> None:
    vectors, _ = random_data(3, 300, 8, 4)
    truth = (vectors[:, :4] + 0.3 * np.random.default_rng(1).normal(size=(300, 4))).argmax(axis=1)
    classifier, _ = EmbeddingClassifier.fit(
        vectors, np.eye(4, dtype=np.bool_)[truth], ALL_ANSWERED[:300], drawn(300), silent
    )
    centred = vectors - vectors.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    theirs = LogisticRegression(C=1 / (2 * SOFTMAX_PENALTY * 300), max_iter=2000).fit(centred, truth)
    np.testing.assert_allclose(np.exp(classifier.scores(vectors)), theirs.predict_proba(centred), atol=0.02)


def test_scores_are_log_probabilities_of_each_row_alone() -> None:
    vectors, _ = random_data(3, 60, 8, 4)
    classes = np.eye(4, dtype=np.bool_)[np.arange(60) % 4]
    classifier, left_out = EmbeddingClassifier.fit(vectors, classes, ALL_ANSWERED[:60], drawn(60), silent)
    together = classifier.scores(vectors)
    assert together.shape == left_out.shape == (60, 4)
    np.testing.assert_allclose(np.exp(together).sum(axis=1), 1.0, atol=1e-5)
    for row in range(60):
        np.testing.assert_allclose(classifier.scores(vectors[row]), together[row], atol=1e-5)


def test_separate_classes_are_told_apart() -> None:
    chance = np.random.default_rng(0)
    centres = np.eye(6, dtype=np.float32)[:3]
    truth = np.repeat(np.arange(3), 30)
    vectors = (centres[truth] + 0.1 * chance.normal(size=(90, 6))).astype(np.float32)
    seen: list[float] = []
    classifier, left_out = EmbeddingClassifier.fit(
        vectors, np.eye(3, dtype=np.bool_)[truth], ALL_ANSWERED[:90], drawn(90), seen.append
    )
    assert (left_out.argmax(axis=1) == truth).all()
    assert np.exp(classifier.scores(centres)).diagonal().min() > 0.9
    assert seen == [0.2, 0.4, 0.6, 0.8, 1.0]


def test_an_answerable_row_needs_all_its_classes_another_one_of_those_allowed() -> None:
    chance = np.random.default_rng(0)
    centres = np.eye(6, dtype=np.float32)[:3]
    truth = np.repeat(np.arange(3), 40)
    vectors = (centres[truth] + 0.1 * chance.normal(size=(120, 6))).astype(np.float32)
    classes = np.eye(5, dtype=np.bool_)[truth]
    classes[truth == 2] = [False, False, True, True, False]  # clause 2 and clause 3 both
    both, _ = EmbeddingClassifier.fit(vectors, classes, ALL_ANSWERED[:120], drawn(120), silent)
    assert np.exp(both.scores(centres[2]))[[2, 3]] == pytest.approx([0.5, 0.5], abs=0.05)
    allowed = np.eye(5, dtype=np.bool_)[truth]
    allowed[truth == 2] = [False, False, True, True, False]
    allowed[np.flatnonzero(truth == 2)[:20], 3] = False  # half of them are known to be 2
    one, _ = EmbeddingClassifier.fit(vectors, allowed, truth != 2, drawn(120), silent)
    assert np.exp(one.scores(centres[2]))[2] > 0.9


def test_a_row_equal_to_the_mean_is_no_division_by_zero() -> None:
    vectors = np.array([[1, 0], [-1, 0], [0, 0]] * 4, dtype=np.float32)
    classifier, left_out = EmbeddingClassifier.fit(
        vectors, np.eye(3, dtype=np.bool_)[np.arange(12) % 3], ALL_ANSWERED[:12], drawn(12), silent
    )
    assert np.isfinite(left_out).all()
    assert np.isfinite(classifier.scores(vectors[2])).all()


@pytest.fixture(scope="module")
def fitted() -> tuple[NgramClassifier, Vectors]:
    return NgramClassifier.fit(TEXTS, labels_of(), lambda done: None)


def test_ngrams_recognise_rewordings(fitted: tuple[NgramClassifier, Vectors]) -> None:
    classifier, _ = fitted
    for query, column in [("文件不能超过几页", 0), ("少开一点会", 1), ("督查检查太多了", 2), ("監察撿查考核", 2)]:
        scores = classifier.scores(normalize(query))
        assert scores.shape == (4,)
        assert scores[:3].argmax() == column, query


@given(st.text(max_size=60))
def test_one_query_is_scored_as_a_matrix_of_one_row_would_be(
    fitted: tuple[NgramClassifier, Vectors], query: str
) -> None:
    classifier, _ = fitted
    row = _weigh(_hash([normalize(query)]), classifier.idf)
    expected = (row @ classifier.weights)[0] + classifier.bias
    np.testing.assert_allclose(classifier.scores(normalize(query)), expected, rtol=1e-5, atol=1e-5)


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


def test_more_texts_leave_each_text_in_its_fold() -> None:
    many = [f"第{number}个问题" for number in range(400)]
    folds = folds_of(many, "words")
    assert set(folds) == set(range(FOLDS))
    assert np.bincount(folds).min() > 60
    np.testing.assert_array_equal(folds_of(["新的", *many[7:], *many[:7]], "words")[1:], [*folds[7:], *folds[:7]])
    assert (folds_of(many, "vectors") != folds).any()


def test_the_softmax_is_left_out_by_the_folds_it_is_given() -> None:
    vectors, _ = random_data(3, 60, 8, 4)
    classes = np.eye(4, dtype=np.bool_)[np.arange(60) % 4]
    fold = np.arange(60) // 15
    _, left_out = EmbeddingClassifier.fit(vectors, classes, ALL_ANSWERED[:60], fold, silent)
    changed = classes.copy()
    changed[:15] = np.roll(changed[:15], 1, axis=1)  # the first fold: its own scores do not know, all others do
    _, again = EmbeddingClassifier.fit(vectors, changed, ALL_ANSWERED[:60], fold, silent)
    np.testing.assert_array_equal(left_out[:15], again[:15])
    assert (left_out[15:] != again[15:]).any()
