import hashlib
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from index.analyzer import normalize, terms
from knowledge.base import KnowledgeBase
from knowledge.clause import Document
from knowledge.loader import load_knowledge
from scripts.growth import document
from scripts.growth.measure import fused, recall
from scripts.growth.notices import Notice, notices
from scripts.growth.vectors import Mixtures, sample


@pytest.fixture(scope="module")
def real() -> Document:
    return load_knowledge(Path(__file__).parent.parent / "knowledge").documents[0]


@pytest.fixture(scope="module")
def made(real: Document) -> list[Notice]:
    return list(notices(400, 1, real))


def test_the_same_seed_makes_the_same_notices_however_many_are_wanted(made: list[Notice], real: Document) -> None:
    assert list(islice(notices(50_000, 1, real), 400)) == made
    assert list(notices(1, 2, real)) != made[:1]


def test_every_clause_stands_in_its_source_and_has_a_reference(made: list[Notice]) -> None:
    base = KnowledgeBase(tuple(notice.document for notice in made))
    for notice in made:
        source = notice.document.source
        assert hashlib.sha256(source.encode("utf8")).hexdigest() == notice.document.source_sha256
        assert all(source[clause.start : clause.end] == clause.text for clause in notice.document)
        assert all(base.find(base.reference(clause)) is clause for clause in notice.document)
        assert len(notice.kinds) == len(notice.document.clauses)
    assert len({notice.document.short_title for notice in made}) == len(made)


def test_no_place_of_a_mould_is_left_open(made: list[Notice]) -> None:
    assert not any(mark in notice.document.source for notice in made for mark in "{}")


def test_about_twenty_clauses_a_notice_with_limits_and_near_duplicates(made: list[Notice]) -> None:
    clauses = [clause for notice in made for clause in notice.document]
    assert 18 <= len(clauses) / len(made) <= 23
    assert sum(any(map(str.isdigit, clause.text)) for clause in clauses) > len(clauses) / 4
    copied = [kind for notice in made for kind in notice.kinds if kind[0] == "copy"]
    assert len(set(copied)) > 10
    assert len(copied) < len(clauses) / 50


def test_the_real_notice_is_repeated_with_changes_never_word_for_word(real: Document) -> None:
    words = {clause.text for clause in real if clause.kind == "measure"}
    texts = [clause.text for notice in notices(1_000, 1, real) for clause in notice.document]
    assert not words.intersection(texts)
    assert sum(any(text.endswith(one[-12:]) for one in words) for text in texts) > 20


def test_terms_are_as_uneven_as_zipf_has_it(made: list[Notice]) -> None:
    counts = Counter(term for notice in made for clause in notice.document for term in terms(normalize(clause.text)))
    ordered = np.array(sorted(counts.values(), reverse=True), dtype=float)
    ranks = np.arange(1, len(ordered) + 1)
    middle = slice(10, 2_000)
    slope = np.polyfit(np.log(ranks[middle]), np.log(ordered[middle]), 1)[0]
    assert -1.4 < slope < -0.5
    assert (ordered == 1).mean() > 0.2  # a long tail, as names and numbers make


def test_drawn_vectors_have_the_middles_and_the_spread_of_those_given() -> None:
    generator = np.random.default_rng(0)
    middles = generator.normal(size=(3, 16))
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    kinds = np.repeat(np.arange(3), 200)
    given = middles[kinds] + 0.05 * generator.normal(size=(600, 16)) * np.linspace(0.2, 2, 16)
    given = (given / np.linalg.norm(given, axis=1, keepdims=True)).astype(np.float32)
    drawn = Mixtures.of(given, kinds).draw(kinds, generator)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-5)
    for kind in range(3):
        one, other = given[kinds == kind], drawn[kinds == kind]
        np.testing.assert_allclose(one.mean(axis=0), other.mean(axis=0), atol=0.03)
        np.testing.assert_allclose(one.std(axis=0).mean(), other.std(axis=0).mean(), rtol=0.1)


def test_few_real_vectors_of_a_kind_give_the_spread_of_many() -> None:
    generator = np.random.default_rng(0)
    kinds = np.repeat(np.arange(300), 3)
    given = 0.05 * generator.normal(size=(900, 32)).astype(np.float32)
    given[:, 0] += 1
    mixtures = Mixtures.of(given, kinds)
    assert mixtures.deviations.std() == pytest.approx(0.05, rel=0.05)


def test_the_first_of_each_kind_are_embedded() -> None:
    assert sample(["a", "b", "a", "a", "c", "a"], each=2) == [0, 1, 2, 4]


def test_recall_is_the_mean_share_of_needed_rows() -> None:
    assert recall(np.array([[1, 2, -1], [7, 8, 9]]), [[1, 5], [9]]) == 0.75


def test_a_row_that_both_rank_high_comes_before_one_that_one_ranks_first() -> None:
    both = fused(np.array([[4, 5, -1]]), np.array([[6, 5, 4]]))
    assert both[0, :4].tolist() == [4, 5, 6, -1]
    assert fused(np.array([[1, 9, -1]]), np.array([[2, 9, -1]]))[0, 0] == 9


def test_the_document_says_what_did_not_finish() -> None:
    conditions = {"date": "-", "machine": "-", "seed": 1, "questions": 1, "minutes": 1, "pgvector_rows": 10}
    make = {"clauses": 100, "kinds": 9, "seconds": 1, "disk": 1, "load": [1, 1], "peak": 1}
    failed = {"failed": "not done after 60 s"}
    written = document.write(
        {"conditions": conditions, "sizes": [{"notices": 5, "make": make, "lexical_build": failed, "embed": failed}]}
    )
    assert "BM25 (streamed build) | not done after 60 s" in written
