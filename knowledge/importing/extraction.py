"""What every reader of a file format hands on: the source text, its blocks, and what was taken out of it.

`Builder.build` proves that nothing was lost: every visible character the parser gave is in the source or among the
removed, and every character of the source came from the parser or was written out from automatic numbering.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from knowledge.errors import JianfuError
from knowledge.importing import words

Progress = Callable[[str, float | None], None]


class LostText(JianfuError):
    """Characters of the file are neither in a clause nor listed as left out; nothing may be written."""


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, line or table row: characters [start, end) of the source. `heading` is a style's level from 0."""

    start: int
    end: int
    place: str
    heading: int | None = None
    table: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """Text of the file that is not in the source: why, and where it stood."""

    text: str
    reason: str
    place: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something about the whole file that a person should know."""

    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Extraction:
    """A file's text. `source` is what clauses quote; blocks stand in reading order and do not overlap."""

    source: str = field(repr=False)
    blocks: tuple[Block, ...]
    removed: tuple[Removed, ...] = ()
    notes: tuple[Note, ...] = ()


def visible(text: str) -> Counter[str]:
    """How often each character that is not white space stands in a text."""
    return Counter(character for character in text if not character.isspace())


class Builder:
    """Collects blocks in reading order, one line each in the source."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._removed: list[Removed] = []
        self._notes: list[Note] = []
        self._added: Counter[str] = Counter()

    def add(
        self, text: str, place: str, *, heading: int | None = None, table: bool = False, written_out: str = ""
    ) -> None:
        """A block; `written_out` is what the file only shows (an automatic number) and now stands before the text."""
        body = written_out + text.strip()
        if not body.strip():
            return
        self._added += visible(written_out)
        self._blocks.append(Block(self._length, self._length + len(body), place, heading, table))
        self._parts.append(body + "\n")
        self._length += len(body) + 1

    def separator(self, count: Counter[str]) -> None:
        """Characters that the reader itself put into a block (between the cells of a row)."""
        self._added += count

    def remove(self, text: str, reason: str, place: str) -> None:
        """Text that the source does not take over."""
        if text.strip():
            self._removed.append(Removed(text.strip(), reason, place))

    def note(self, text: str, place: str = "") -> None:
        """Something a person should know."""
        if Note(text, place) not in self._notes:
            self._notes.append(Note(text, place))

    def build(self, raw: str) -> Extraction:
        """The extraction; `raw` is all text that the parser saw. Raises LostText."""
        source = "".join(self._parts)
        kept = visible(source) + visible("".join(one.text for one in self._removed))
        there = visible(raw) + self._added
        if kept != there:
            lost, more = there - kept, kept - there
            raise LostText(words.LOST.format(lost="".join(lost)[:20] or "无", more="".join(more)[:20] or "无"))
        return Extraction(source, tuple(self._blocks), tuple(self._removed), tuple(self._notes))
