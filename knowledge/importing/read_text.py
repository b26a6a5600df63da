"""Plain text: the source is the file's text as it stands, each line a block."""

from __future__ import annotations

import re
from pathlib import Path

from knowledge.importing import words
from knowledge.importing.extraction import Block, Extraction, Note


def read(path: Path, text: str, guessed: bool) -> Extraction:
    """The text itself; `guessed` says that the encoding was GB18030."""
    blocks = []
    for number, match in enumerate(re.finditer(r"[^\n]*\n|[^\n]+\Z", text), 1):
        if match[0].strip():
            blocks.append(Block(match.start(), match.end(), f"第 {number} 行"))
    return Extraction(text, tuple(blocks), notes=(Note(words.NOTE_GB18030),) if guessed else ())
