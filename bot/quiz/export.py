"""write(): a paper as .docx, .pdf, .csv or .txt (Anki), by the ending of the file's name. Written aside, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from bot.quiz import export_anki, export_csv, export_docx, export_pdf, words
from bot.quiz.item import Item
from bot.quiz.paper import NoSuchPaper
from knowledge.base import KnowledgeBase

Writer = Callable[[Path, Sequence[Item], KnowledgeBase, int], None]
WRITERS: Mapping[str, Writer] = MappingProxyType(
    {".docx": export_docx.write, ".pdf": export_pdf.write, ".csv": export_csv.write, ".txt": export_anki.write}
)


def check_name(path: Path) -> None:
    """Raises NoSuchPaper where no export has this ending."""
    if path.suffix.lower() not in WRITERS:
        raise NoSuchPaper(words.NO_SUCH_FORM.format(path=path, forms="、".join(WRITERS)))


def write(path: Path, items: Sequence[Item], knowledge: KnowledgeBase, seed: int) -> None:
    """Raises NoSuchPaper for an unknown ending or a place that cannot be written; then nothing is left behind."""
    check_name(path)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".jianfu-") as folder:
            aside = Path(folder) / path.name
            WRITERS[path.suffix.lower()](aside, items, knowledge, seed)
            os.replace(aside, path)
    except OSError as error:
        raise NoSuchPaper(words.CANNOT_WRITE.format(path=path, reason=error.strerror or error)) from error
