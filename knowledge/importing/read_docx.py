"""Word files: python-docx opens the package after safety.py looked through it; body in order, the rest listed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.importing import safety, words
from knowledge.importing.docx_numbers import Numbers, W
from knowledge.importing.extraction import Builder, Extraction, Progress, visible
from knowledge.importing.refusal import Refused

_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BESIDE = (("header", words.HEADER_FOOTER), ("footer", words.HEADER_FOOTER), ("footnotes", words.FOOTNOTE),
           ("endnotes", words.FOOTNOTE), ("comments", words.COMMENT))  # fmt: skip


def read(path: Path, content: bytes, progress: Progress) -> Extraction:
    """The body's text with automatic numbers written out. Raises Refused or LostText."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            safety.check_package(path, package)
            if "word/document.xml" not in package.namelist():
                raise Refused(path, words.WRONG_CONTENT, ending=".docx", found="别的压缩文件")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise Refused(path, words.BAD_ZIP, reason=" ".join(str(error).split())[:60]) from error
    import docx  # noqa: PLC0415 - half a second that other formats need not wait for

    try:
        document = docx.Document(io.BytesIO(content))
        numbering = next(
            (part.element for part in document.part.package.iter_parts() if part.partname == "/word/numbering.xml"),
            None,
        )
        return _Body(document, numbering, progress).read()
    except Refused:
        raise
    except (KeyError, ValueError, AttributeError, TypeError, SyntaxError, RecursionError) as error:
        raise Refused(path, words.BAD_DOCX, reason=f"{type(error).__name__} {error}"[:80]) from error


class _Body:
    def __init__(self, document: Any, numbering: Any | None, progress: Progress) -> None:
        self.document, self.progress = document, progress
        self.numbers = Numbers(numbering, document.styles.element)
        self.builder = Builder()
        self.count = self.numbered = 0
        self.later: list[Any] = []
        self.raw: list[str] = []

    def read(self) -> Extraction:
        body = self.document.element.body
        self.raw.extend(_everything(body))
        blocks = list(_blocks(body))
        for i, element in enumerate(blocks):
            if i % 50 == 0:
                self.progress(words.READING, i / len(blocks))
            self._block(element)
            while self.later:
                for inner in _blocks(self.later.pop(0)):
                    self._block(inner)
        self._beside()
        self._notes(body)
        return self.builder.build("".join(self.raw))

    def _block(self, element: Any) -> None:
        if element.tag == f"{W}tbl":
            self._table(element)
            return
        self.count += 1
        number = self.numbers.of(element)
        place = f"第 {self.count} 段"
        heading = self.numbers.heading(element)
        lines = self._words(element, place).split("\n")
        if not any(line.strip() for line in lines):
            return
        self.numbered += bool(number)
        for line in lines:
            if line.strip():
                self.builder.add(line, place, heading=heading, written_out=number)
                number, heading = "", None

    def _table(self, table: Any) -> None:
        self.builder.note(words.NOTE_TABLE)
        for row in table.iterfind(f"{W}tr"):
            self.count += 1
            place = f"第 {self.count} 段（表格）"
            cells = []
            for cell in _cells(row):
                shown = []
                for block in cell.iter(f"{W}p"):
                    number = self.numbers.of(block)
                    text = self._words(block, place).replace("\n", " ").strip()
                    if text:
                        self.builder.separator(visible(number))
                        shown.append(number + text)
                cells.append(" ".join(shown))
            self.builder.separator(visible("｜" * max(len(cells) - 1, 0)))
            self.builder.add("｜".join(cells), place, table=True)

    def _words(self, paragraph: Any, place: str) -> str:
        """The paragraph's visible text; what is hidden or deleted is listed, text boxes are kept for later."""
        parts: list[str] = []
        hidden: list[str] = []

        def walk(element: Any, unseen: bool) -> None:
            for child in element:
                tag = child.tag
                if tag == f"{W}txbxContent":
                    self.later.append(child)
                elif tag in (_FALLBACK, f"{W}pPr", f"{W}rPr"):
                    continue
                elif tag == f"{W}t":
                    (hidden if unseen else parts).append(child.text or "")
                elif tag == f"{W}delText":
                    self.builder.remove(child.text or "", words.DELETED, place)
                elif tag == f"{W}tab":
                    parts.append("\t")
                elif tag in (f"{W}br", f"{W}cr"):
                    parts.append("\n")
                elif tag == f"{W}noBreakHyphen":
                    parts.append("-")
                    self.raw.append("-")
                elif tag == f"{W}r":
                    walk(child, unseen or _vanishes(child))
                else:
                    walk(child, unseen)

        walk(paragraph, False)
        self.builder.remove("".join(hidden), words.HIDDEN, place)
        return "".join(parts)

    def _beside(self) -> None:
        """Headers, footers, notes and comments: listed, never in the source."""
        seen = set()
        for part in self.document.part.package.iter_parts():
            name = str(part.partname).removeprefix("/word/")
            reason = next((why for prefix, why in _BESIDE if name.startswith(prefix)), None)
            if reason is None or not name.endswith(".xml") or name in seen:
                continue
            seen.add(name)
            root = part.element if hasattr(part, "element") else _parse(part.blob)
            for paragraph in root.iter(f"{W}p"):
                text = "".join(_everything(paragraph))
                self.raw.append(text)
                self.builder.remove(text, reason, name)

    def _notes(self, body: Any) -> None:
        if self.numbered:
            self.builder.note(words.NOTE_NUMBERS.format(count=self.numbered))
        for form in sorted(self.numbers.unknown):
            self.builder.note(words.NOTE_UNKNOWN_NUMBER.format(form=form[:40]))
        if next(body.iter(f"{W}ins", f"{W}del", f"{W}moveFrom"), None) is not None:
            self.builder.note(words.NOTE_INSERTED)
        if next(body.iter(f"{W}drawing", f"{W}object", f"{W}pict", f"{W}altChunk"), None) is not None:
            self.builder.note(words.NOTE_OBJECTS)


def _parse(blob: bytes) -> Any:
    from docx.oxml import parse_xml  # noqa: PLC0415 - as above; it resolves no entities

    return parse_xml(blob)


def _blocks(container: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, those of content controls and the like included."""
    for child in container:
        if child.tag in (f"{W}p", f"{W}tbl"):
            yield child
        elif child.tag != _FALLBACK:
            yield from _blocks(child)


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        if child.tag == f"{W}tc":
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent"):
            yield from _cells(child)


def _everything(element: Any) -> Iterator[str]:
    """All text below an element in document order, found without regard to structure: what nothing may be lost of."""
    for text in element.iter(f"{W}t", f"{W}delText"):
        if not any(above.tag == _FALLBACK for above in text.iterancestors()):
            yield text.text or ""


def _vanishes(run: Any) -> bool:
    properties = run.find(f"{W}rPr")
    mark = properties.find(f"{W}vanish") if properties is not None else None
    return mark is not None and mark.get(f"{W}val") not in ("0", "false")
