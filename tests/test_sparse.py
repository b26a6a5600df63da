from pathlib import Path

import numpy as np
import pytest

from index.analyzer import normalize
from index.sparse import SparseIndex

CLAUSES = (
    "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。",
    "少开会、开短会，开管用的会。",
    "对县乡村和厂矿企业学校的督查检查考核事项减少50%以上。",
    "不得随意要求基层填表报数、层层报材料。",
)


@pytest.fixture(scope="module")
def index() -> SparseIndex:
    return SparseIndex.build(CLAUSES)


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("文件最多几页", 0),
        ("会议太多怎么少开会", 1),
        ("督察捡查要减少多少", 2),  # typed by sound
        ("督查減少百分之五十", 2),
        ("填表太多", 3),
        ("政策性文件不超过十页", 0),
    ],
)
def test_the_right_clause_scores_highest(index: SparseIndex, query: str, best: int) -> None:
    scores = index.scores(normalize(query))
    assert scores.shape == (4,)
    assert scores.argmax() == best
    assert scores[best] > 0


def test_texts_are_normalised_when_the_index_is_built() -> None:
    written = SparseIndex.build(["減少５０％以上", "开会"])
    plain = SparseIndex.build(["减少50%以上", "开会"])
    np.testing.assert_array_equal(written.scores("减少50%"), plain.scores("减少50%"))


@pytest.mark.parametrize("query", ["", "xyzzy", "？！", "😀", "龘"])
def test_what_shares_nothing_scores_zero(index: SparseIndex, query: str) -> None:
    np.testing.assert_array_equal(index.scores(query), np.zeros(4, dtype=np.float32))


def test_unknown_words_change_nothing(index: SparseIndex) -> None:
    np.testing.assert_array_equal(index.scores("督查 xyzzy"), index.scores("督查"))


def test_coverage_is_the_share_of_the_query_s_terms() -> None:
    index = SparseIndex.build(["督查", "查10页", "会"])
    # The terms of the query: 督, 查, 督查, ~du~ca, #10, 页; a repeated one counts once.
    np.testing.assert_allclose(index.coverage("督查 10页 查"), [4 / 6, 3 / 6, 0], rtol=1e-6)
    for nothing in ("", "？！", "xyzzy"):
        np.testing.assert_array_equal(index.coverage(nothing), np.zeros(3, dtype=np.float32))


def test_saved_and_loaded_it_scores_the_same(index: SparseIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "bm25")
    loaded = SparseIndex.load(tmp_path / "bm25")
    for query in ("文件最多几页", "督查检查", "xyzzy", ""):
        np.testing.assert_array_equal(loaded.scores(query), index.scores(query))
        np.testing.assert_array_equal(loaded.coverage(query), index.coverage(query))


def test_two_builds_write_the_same_scores() -> None:
    np.testing.assert_array_equal(
        SparseIndex.build(CLAUSES).scores("开会督查填表"), SparseIndex.build(CLAUSES).scores("开会督查填表")
    )


def test_many_queries_at_once_score_as_each_alone(index: SparseIndex) -> None:
    queries = [normalize(text) for text in [*CLAUSES, "督查 督查 10页 查", "", "xyzzy", "少开会xyzzy少开会"]]
    scores, coverage = index.table(queries)
    np.testing.assert_allclose(scores, [index.scores(query) for query in queries], rtol=1e-5)
    np.testing.assert_allclose(coverage, [index.coverage(query) for query in queries], rtol=1e-6)
    assert index.table([])[0].shape == index.table([])[1].shape == (0, 4)
