"""Questions whose answer is on record: asked in the same words, they need no guess.

Compares letters only, so punctuation, width, script and pinyin make no difference.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from index.examples import Examples

_BESIDE_LETTERS = re.compile(r"[\W_]+")


class KnownQuestions:
    """From the letters of a question to the label columns that people gave it."""

    def __init__(self, columns: dict[str, list[int]]) -> None:
        self._columns = columns

    @classmethod
    def build(cls, examples: Examples) -> KnownQuestions:
        """Of all questions (not the clause texts); letters on record with several labels keep none."""
        columns: dict[str, list[int]] = {}
        disputed = set()
        for text, labels, asked in zip(examples.texts, examples.labels, examples.is_question, strict=True):
            key = _letters(text)
            if not asked or not key:
                continue
            marked = [int(column) for column in labels.nonzero()[0]]
            if columns.setdefault(key, marked) != marked:
                disputed.add(key)
        return cls({key: marked for key, marked in columns.items() if key not in disputed})

    def lookup(self, text: str) -> list[int]:
        """Label columns of a text read as the examples were; empty when it is not on record."""
        return self._columns.get(_letters(text), [])

    def save(self, path: Path) -> None:
        """Write to a file."""
        path.write_text(json.dumps(self._columns, ensure_ascii=False), encoding="utf8")

    @classmethod
    def load(cls, path: Path) -> KnownQuestions:
        """Read a file written by save()."""
        return cls(json.loads(path.read_text(encoding="utf8")))


def _letters(text: str) -> str:
    return _BESIDE_LETTERS.sub("", text)
