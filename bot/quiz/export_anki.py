"""A paper as Anki's own text import (Notes in Plain Text): a card an item, the same card when it is imported again."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from html import escape
from pathlib import Path

from bot.quiz import words
from bot.quiz.item import Item
from bot.quiz.layout import answer, left_lines, option_lines, quoted
from knowledge.base import KnowledgeBase


def write(path: Path, items: Sequence[Item], knowledge: KnowledgeBase, seed: int) -> None:
    """Write the notes; a note's identity is its item's, so that progress is kept when newer ones are imported.

    The header and its keys are those of Anki's manual, "Importing text files".
    """
    titles = "".join(f"《{document.short_title}》" for document in knowledge.documents)
    header = {
        "separator": "tab",
        "html": "true",
        "deck": words.DECK.format(title=titles),
        "guid column": "1",
        "tags column": "4",
    }
    with path.open("w", encoding="utf8", newline="") as file:
        file.writelines(f"#{key}:{value}\n" for key, value in header.items())
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        for item in items:
            front = _html([item.stem, *left_lines(item), *option_lines(item)])
            back = f"<b>{escape(answer(item))}</b><br>{escape(item.explanation)}<br>{escape(quoted(item, knowledge))}"
            rows.writerow([item.id, front, back, f"条款{item.clause} {words.KIND_NAMES[item.kind]}"])


def _html(lines: Sequence[str]) -> str:
    return "<br>".join(map(escape, lines))
