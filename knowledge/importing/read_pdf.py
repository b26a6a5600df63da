"""PDF with a text layer: PDFium gives characters and places, this file headers, page numbers and whole paragraphs.

The only file that imports pypdfium2. A line is joined to the one before unless it is indented, centred, numbered or
set in another size, or the line before ended early.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from knowledge.importing import lines, words
from knowledge.importing.extraction import Builder, Extraction, Progress
from knowledge.importing.refusal import Refused

MAX_PAGES = 1_000
#: Headers and footers stand in this share of the page's height, at either end.
_EDGE = 0.12


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    page: int
    left: float
    right: float
    middle: float
    size: float
    height: float  # of the page, in points

    @property
    def at_edge(self) -> bool:
        return not _EDGE < self.middle / self.height < 1 - _EDGE


def read(path: Path, content: bytes, progress: Progress) -> Extraction:
    """The text of a PDF. Raises Refused for locked, broken and scanned ones."""
    import pypdfium2  # noqa: PLC0415 - a native library that other formats need not load

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise Refused(path, words.ENCRYPTED) from error
        raise Refused(path, words.BAD_PDF, reason=str(error)[:80]) from error
    try:
        if len(document) > MAX_PAGES:
            raise Refused(path, words.TOO_MANY_PAGES, pages=len(document), limit=MAX_PAGES)
        pages = []
        for number in range(len(document)):
            progress(words.READING, number / len(document))
            pages.append(list(_page_lines(document, number)))
    except pypdfium2.PdfiumError as error:
        raise Refused(path, words.BAD_PDF, reason=str(error)[:80]) from error
    finally:
        document.close()
    if not any(pages):
        raise Refused(path, words.SCANNED, pages=len(pages))
    return _lay_out(pages)


def _page_lines(document: Any, number: int) -> Iterator[_Line]:
    page = document[number]
    text_page = page.get_textpage()
    height = page.get_height()
    count = text_page.count_chars()
    start = 0
    characters = [text_page.get_text_range(i, 1) for i in range(count)]
    for i in range(count + 1):
        if i < count and characters[i] not in ("\r", "\n", ""):
            continue
        shown = [k for k in range(start, i) if characters[k].strip()]
        if shown:
            boxes = [text_page.get_charbox(k, loose=True) for k in shown]
            # U+0002 is PDFium's sign of a word divided at the end of a line.
            text = "".join(characters[shown[0] : shown[-1] + 1]).replace("\x02", "-").replace("\ufffe", "-")
            top, bottom = median(box[3] for box in boxes), median(box[1] for box in boxes)
            yield _Line(text, number + 1, boxes[0][0], boxes[-1][2], (top + bottom) / 2, top - bottom, height)
        start = i + 1


def _lay_out(pages: Sequence[Sequence[_Line]]) -> Extraction:
    builder = Builder()
    for number, page in enumerate(pages, 1):
        if not page:
            builder.note(words.NOTE_EMPTY_PAGE, f"第 {number} 页")
    repeated = _repeated(pages)
    body = []
    for line in (line for page in pages for line in page):
        if line.at_edge and (lines.is_page_number(line.text) or lines.bare_number(line.text) is not None):
            builder.remove(line.text, words.PAGE_NUMBER, f"第 {line.page} 页")
        elif line.at_edge and _masked(line.text) in repeated:
            builder.remove(line.text, words.HEADER_FOOTER, f"第 {line.page} 页")
        else:
            body.append(line)
    left, right = (min(x.left for x in body), max(x.right for x in body)) if body else (0.0, 0.0)
    paragraph: list[_Line] = []
    joined = False
    for line in body:
        if paragraph and not _begins(line, paragraph[-1], left, right):
            paragraph.append(line)
            joined = True
            continue
        _add(builder, paragraph)
        paragraph = [line]
    _add(builder, paragraph)
    if joined:
        builder.note(words.NOTE_REFLOW)
    return builder.build("".join(line.text for page in pages for line in page))


def _add(builder: Builder, paragraph: Sequence[_Line]) -> None:
    text = ""
    for line in paragraph:
        between = " " if re.search(r"[A-Za-z]$", text) and re.match(r"[A-Za-z]", line.text) else ""
        text += between + line.text
    if paragraph:
        builder.add(text, f"第 {paragraph[0].page} 页")


def _masked(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _repeated(pages: Sequence[Sequence[_Line]]) -> set[str]:
    """Lines at the edge of more than one page, numbers aside."""
    counts = Counter(key for page in pages for key in {_masked(line.text) for line in page if line.at_edge})
    return {key for key, count in counts.items() if count > 1}


def _begins(line: _Line, before: _Line, left: float, right: float) -> bool:
    """Whether a line begins a paragraph."""
    if lines.mark_of(line.text) is not None or line.left > left + 0.8 * line.size:
        return not (line.left <= left + 0.8 * line.size and _only_looks_numbered(line, before, right))
    if abs(line.size - before.size) > 0.15 * before.size:
        return True
    return before.right < right - 2.2 * before.size


def _only_looks_numbered(line: _Line, before: _Line, right: float) -> bool:
    """A number at the edge of the text after an unfinished full line belongs to the sentence."""
    return not lines.ends_sentence(before.text) and before.right > right - 2.2 * before.size
