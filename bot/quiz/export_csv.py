"""A paper as CSV that spreadsheet programs open: UTF-8 with a byte order mark, one item a row."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from bot.quiz import words
from bot.quiz.item import Item
from bot.quiz.layout import answer, left_lines, option_lines
from knowledge.base import KnowledgeBase


def write(path: Path, items: Sequence[Item], knowledge: KnowledgeBase, seed: int) -> None:
    """Write the items in their order."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(words.CSV_COLUMNS)
        for number, item in enumerate(items, 1):
            rows.writerow(
                [
                    number, words.KIND_NAMES[item.kind], item.stem, "\n".join(left_lines(item)),
                    "\n".join(option_lines(item)), answer(item), item.explanation, item.clause, item.citation.label,
                    item.citation.quote, item.id,
                ]
            )  # fmt: skip
