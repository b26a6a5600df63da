"""extract(): checks a file, then hands it to the reader of its format."""

from __future__ import annotations

from pathlib import Path

from knowledge.importing import read_docx, read_html, read_markdown, read_pdf, read_text, safety, words
from knowledge.importing.extraction import Extraction, Progress
from knowledge.importing.refusal import Refused


def extract(path: Path, progress: Progress) -> Extraction:
    """The text of a file, with its blocks. Raises Refused or LostText."""
    content = safety.read_bytes(path)
    ending = safety.kind_of(path, content)
    if ending == ".docx":
        found = read_docx.read(path, content, progress)
    elif ending == ".pdf":
        found = read_pdf.read(path, content, progress)
    else:
        text, guessed = safety.decode(path, content)
        reader = {".txt": read_text.read, ".md": read_markdown.read, ".html": read_html.read}[ending]
        found = reader(path, text, guessed)
    if not found.source.strip():
        raise Refused(path, words.NO_TEXT)
    if len(found.source.encode("utf8")) > safety.MAX_TEXT_BYTES:
        size = len(found.source.encode("utf8"))
        raise Refused(path, words.TOO_LARGE, size=size, limit=safety.MAX_TEXT_BYTES)
    safety.check_characters(path, found.source)
    return found
