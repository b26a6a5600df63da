from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from bot.bootstrap import silent
from index import building, sparse
from index.analyzer import normalize
from index.examples import passage
from index.retriever import Retriever
from index.sparse import SparseIndex
from index.sparse_streamed import build_streamed
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge
from scripts.growth.notices import notices
from tests.notices import write_notice
from tests.test_retriever import settings_for

QUERIES = ("一个文件最多几页", "督察捡查要减少多少", "开会开会开会", "会议减少30%", "how many pages", "龘")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    real = load_knowledge(Path(__file__).parent.parent / "knowledge")
    made = [KnowledgeBase((notice.document,)) for notice in islice(notices(5, 3, real.documents[0]), 5)]
    return [passage(clause, base) for base in (real, *made) for clause in base]


def built(texts: list[str], folder: Path, block: int, run: int) -> SparseIndex:
    assert build_streamed(texts, folder / "bm25", block=block, run=run) == len(texts)
    return SparseIndex.load(folder / "bm25")


@pytest.mark.parametrize(("block", "run"), [(7, 50), (1, 1), (10_000, 10_000_000)])
def test_it_scores_as_the_index_built_in_memory_does(texts: list[str], tmp_path: Path, block: int, run: int) -> None:
    streamed, whole = built(texts, tmp_path, block, run), SparseIndex.build(texts)
    for query in map(normalize, QUERIES):
        np.testing.assert_allclose(streamed.scores(query), whole.scores(query), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(streamed.coverage(query), whole.coverage(query))
    assert streamed.scores(normalize(QUERIES[0])).max() > 0
    for one, other in zip(streamed.table(QUERIES), whole.table(QUERIES), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_nothing_of_the_building_is_left(texts: list[str], tmp_path: Path) -> None:
    built(texts, tmp_path, 7, 50)
    assert sorted(path.name for path in (tmp_path / "bm25").iterdir()) == [
        "data.csc.index.npy",
        "indices.csc.index.npy",
        "indptr.csc.index.npy",
        "params.index.json",
        "vocab.index.json",
    ]


def test_texts_without_a_term_keep_their_rows(tmp_path: Path) -> None:
    index = built(["", "。。。", "会议", "？"], tmp_path, 2, 1)
    assert index.scores("会议").nonzero()[0].tolist() == [2]
    assert index.scores("会议").shape == (4,)


def test_a_large_index_is_mapped_and_a_small_one_read(
    texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = built(texts, tmp_path, 50, 10_000)
    monkeypatch.setattr(sparse, "MAPPED_BYTES", 1)
    mapped = SparseIndex.load(tmp_path / "bm25")
    assert isinstance(mapped._engine.scores["data"], np.memmap)
    assert not isinstance(read._engine.scores["data"], np.memmap)
    for query in map(normalize, QUERIES):
        np.testing.assert_array_equal(mapped.scores(query), read.scores(query))
        np.testing.assert_array_equal(mapped.coverage(query), read.coverage(query))


def test_an_index_of_many_clauses_is_built_so_and_answers_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_notice(tmp_path / "knowledge")
    knowledge = load_knowledge(tmp_path / "knowledge")
    whole = Retriever.open(knowledge, None, settings_for(tmp_path / "whole"), silent)
    monkeypatch.setattr(building, "BLOCK", 2)
    calls = []
    monkeypatch.setattr(building, "build_streamed", lambda *one: calls.append(one) or build_streamed(*one))
    streamed = Retriever.open(knowledge, None, settings_for(tmp_path / "streamed"), silent)
    assert len(calls) == 1
    for question in ("乡科级正职的办公室多大", "装修", "完全没有关系"):
        one, other = whole.search(question), streamed.search(question)
        assert [hit.clause for hit in one.hits] == [hit.clause for hit in other.hits]
        np.testing.assert_allclose(
            [hit.probability for hit in one.hits], [hit.probability for hit in other.hits], atol=1e-4
        )
