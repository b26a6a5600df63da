"""Questions on record are found by their letters, and only when people agree on the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from index.examples import Examples
from index.known import KnownQuestions

EXAMPLES = Examples(
    texts=("一个文件,最多几页?", "陪会", "陪会！", "两条都要", "条款原文", "？？"),
    labels=np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 0], [0, 0, 1]], dtype=np.bool_),
    is_question=np.array([True, True, True, True, False, True]),
    near=np.zeros((6, 2), dtype=np.bool_),
)


def test_punctuation_makes_no_difference() -> None:
    assert KnownQuestions.build(EXAMPLES).lookup("一个文件最多几页") == [0]


def test_several_clauses_are_kept() -> None:
    assert KnownQuestions.build(EXAMPLES).lookup("两条都要。") == [0, 1]


def test_disputed_unknown_wordless_and_clause_texts_are_not_on_record() -> None:
    known = KnownQuestions.build(EXAMPLES)
    assert [known.lookup(text) for text in ("陪会", "没问过", "??", "", "条款原文")] == [[], [], [], [], []]


def test_round_trip(tmp_path: Path) -> None:
    KnownQuestions.build(EXAMPLES).save(tmp_path / "known.json")
    assert KnownQuestions.load(tmp_path / "known.json").lookup("两条都要") == [0, 1]
