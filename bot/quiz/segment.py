"""Words of a text with their offsets and parts of speech. The only file that imports the segmenter (rjieba)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import rjieba


@dataclass(frozen=True, slots=True)
class Word:
    """Characters [start, end) of a text; `tag` is a part of speech in ictclas notation (n, v, vn, uj, x…)."""

    start: int
    end: int
    text: str
    tag: str


@lru_cache(maxsize=1_000)
def words(text: str) -> tuple[Word, ...]:
    """The text's words and marks in reading order, without gaps."""
    found: list[Word] = []
    at = 0
    for word, tag in rjieba.tag(text, hmm=True):
        found.append(Word(at, at + len(word), word, tag))
        at += len(word)
    return tuple(found)
