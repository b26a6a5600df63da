from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.dense import DenseIndex
from index.embedder import Vectors


def unit_rows(seed: int, count: int, dimension: int = 16) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def index_of(vectors: Vectors) -> DenseIndex:
    index = DenseIndex(vectors.shape[1])
    index.add(vectors)
    return index


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 60))
def test_equals_brute_force(seed: int, count: int, k: int) -> None:
    vectors, query = unit_rows(seed, count), unit_rows(seed + 1, 1)[0]
    found = index_of(vectors).search(query, k)
    cosines = vectors.astype(np.float64) @ query.astype(np.float64)
    order = np.argsort(-cosines, kind="stable")[:k]
    assert [row for row, _ in found] == order.tolist()
    np.testing.assert_allclose([score for _, score in found], cosines[order], atol=1e-6)


def test_search_many_equals_brute_force() -> None:
    vectors, queries = unit_rows(1, 40), unit_rows(2, 7)
    scores, rows = index_of(vectors).search_many(queries, 5)
    cosines = queries @ vectors.T
    np.testing.assert_array_equal(rows, np.argsort(-cosines, axis=1)[:, :5])
    np.testing.assert_allclose(scores, -np.sort(-cosines, axis=1)[:, :5], atol=1e-6)


def test_rows_follow_the_order_of_adding() -> None:
    index = index_of(np.eye(4, dtype=np.float32)[:2])
    index.add(np.eye(4, dtype=np.float32)[2:])
    assert [index.search(row, 1) for row in np.eye(4, dtype=np.float32)] == [[(i, 1.0)] for i in range(4)]
    assert len(index) == 4


def test_more_wanted_than_there_are() -> None:
    vectors = np.array([[0.6, 0.8], [1, 0], [0, 1]], dtype=np.float32)
    found = index_of(vectors).search(vectors[1], 50)
    assert found == [(1, 1.0), (0, pytest.approx(0.6)), (2, 0.0)]


def test_empty_index_finds_nothing() -> None:
    index = DenseIndex(8)
    assert len(index) == 0
    assert index.search(np.ones(8, dtype=np.float32), 3) == []


@pytest.mark.parametrize("shape", [(2, 5), (2, 3), (4,), (1, 2, 4)])
def test_wrong_shapes_are_refused(shape: tuple[int, ...]) -> None:
    index = index_of(np.eye(4, dtype=np.float32))
    with pytest.raises(ValueError, match="dimension 4"):
        index.add(np.zeros(shape, dtype=np.float32))
    assert len(index) == 4


def test_wrong_dimension_of_a_query_is_refused() -> None:
    with pytest.raises(ValueError, match="dimension 4"):
        index_of(np.eye(4, dtype=np.float32)).search(np.ones(5, dtype=np.float32), 1)


def test_saved_and_loaded_it_answers_the_same(tmp_path: Path) -> None:
    index, queries = index_of(unit_rows(3, 50)), unit_rows(4, 10)
    index.save(tmp_path / "减负.faiss")
    loaded = DenseIndex.load(tmp_path / "减负.faiss")
    for ours, theirs in zip(index.search_many(queries, 9), loaded.search_many(queries, 9), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    loaded.add(queries)
    assert (len(index), len(loaded)) == (50, 60)


def test_a_full_disk_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        index_of(np.eye(3, dtype=np.float32)).save(tmp_path / "missing" / "clauses.faiss")
