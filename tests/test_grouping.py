"""Grouping by meaning: what clustering does with known vectors, and how well it groups real questions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bot.bootstrap import index_settings
from bot.config import load_config
from index.grouping import group, middle
from index.retriever import Retriever
from tests.fakes import ROOT, real_knowledge
from tests.question_groups import GROUPS


def at(*degrees: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Unit vectors in the plane at these angles."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_near_vectors_are_one_group_and_far_ones_are_not() -> None:
    assert group(at(0, 90, 2, 91, 180), 0.05) == [[0, 2], [1, 3], [4]]


def test_a_row_of_near_vectors_is_no_chain() -> None:
    grouped = group(at(*range(0, 180, 10)), 0.05)
    assert len(grouped) > 3


def test_equals_are_one_group_at_no_distance_at_all() -> None:
    assert group(at(30, 30, 30, 31), 0.0) == [[0, 1, 2], [3]]


@pytest.mark.parametrize("count", [0, 1])
def test_few_vectors_need_no_clustering(count: int) -> None:
    assert group(at(*[0] * count), 0.1) == [[row] for row in range(count)]


def test_the_middle_is_the_nearest_to_the_mean_and_the_first_of_equals() -> None:
    assert middle(at(0, 10, 30)) == 1
    assert middle(at(5, 5)) == 0


def pairs(groups: list[list[int]], labels: list[int]) -> tuple[int, int, int]:
    """Pairs put together rightly, put together, and belonging together."""
    where = {row: number for number, rows in enumerate(groups) for row in rows}
    both = [(i, j) for i in range(len(labels)) for j in range(i)]
    together = [pair for pair in both if where[pair[0]] == where[pair[1]]]
    right = sum(labels[i] == labels[j] for i, j in together)
    return right, len(together), sum(labels[i] == labels[j] for i, j in both)


@pytest.mark.model
def test_real_questions_are_grouped_by_meaning(record_property: pytest.RecordProperty) -> None:
    """Groups of questions that did not serve to choose the distance, among answerable ones of other meaning."""
    config = load_config(ROOT / "config.yaml")
    retriever = Retriever.load(real_knowledge(), index_settings(config), lambda stage, fraction: None)
    lines = (ROOT / "tests" / "questions" / "everyday.jsonl").read_text("utf8").splitlines()
    others: dict[str, str] = {}  # one question a clause: no two of them mean the same
    for one in map(json.loads, lines):
        if len(one["gold"]) == 1 and not one.get("history"):
            others.setdefault(one["gold"][0], one["q"])
    held_out = [(number, text) for number, texts in enumerate(GROUPS[8:]) for text in texts]
    asked = [*held_out, *((100 + number, text) for number, text in enumerate(others.values()))]
    vectors = retriever.vectors([text for _, text in asked])
    assert vectors is not None
    right, together, belonging = pairs(group(vectors, config.review.group_distance), [label for label, _ in asked])
    record_property("precision", right / together)
    record_property("recall", right / belonging)
    assert right / together >= 0.9
    assert right / belonging >= 0.5
