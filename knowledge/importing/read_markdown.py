"""Markdown: markdown-it-py finds headings, lists and tables; the marks are taken out and listed. The only file that imports it."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.importing import words
from knowledge.importing.extraction import Builder, Extraction, visible


def read(path: Path, text: str, guessed: bool) -> Extraction:  # noqa: PLR0912 - one branch a token
    """The words of a Markdown file; raw HTML in it stays as written."""
    builder = Builder()
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    source = _Source(text)
    heading: int | None = None
    number, row_place = "", ""
    cells: list[str] | None = None
    for token in tokens:
        place = f"第 {token.map[0] + 1} 行" if token.map else ""
        if token.type == "heading_open":
            heading = int(token.tag[1])
        elif token.type == "heading_close":
            heading = None
        elif token.type == "list_item_open":
            number = f"{token.info}{token.markup} " if token.info else ""
        elif token.type == "tr_open":
            cells, row_place = [], place
        elif token.type == "tr_close" and cells is not None:
            for cell in cells:
                source.take(cell)
            builder.separator(visible("｜" * (len(cells) - 1)))
            builder.add("｜".join(cells), row_place, table=True)
            cells = None
        elif token.type == "inline" and cells is not None:
            cells.append(_words(token).replace("\n", " "))
        elif token.type == "inline":
            source.take(number)
            for i, line in enumerate(_words(token).split("\n")):
                source.take(line)
                builder.add(number + line if i == 0 else line, place, heading=heading if i == 0 else None)
            number = ""
        elif token.type in ("fence", "code_block", "html_block"):
            for line in token.content.splitlines():
                source.take(line)
                builder.add(line, place)
    for marks, line_number in source.rest():
        builder.remove(marks, words.MARKUP, f"第 {line_number} 行")
    if guessed:
        builder.note(words.NOTE_GB18030)
    builder.note(words.NOTE_MARKDOWN)
    return builder.build(source.raw)


def _words(token: Token) -> str:
    parts = []
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        else:
            parts.append(child.content)
    return "".join(parts)


class _Source:
    """Walks the file beside the tokens: what the tokens do not hold are marks, kept by line."""

    def __init__(self, text: str) -> None:
        self.text, self.position, self.raw = text, 0, ""
        self.marks: list[tuple[str, int]] = []

    def take(self, taken: str) -> None:
        """Move past the next characters of these words; whatever stands between them is a mark."""
        for character in taken:
            if character.isspace():
                continue
            at = self.text.find(character, self.position)
            if at < 0:  # an entity such as &amp; stands for it
                self.raw += character
                continue
            self._mark(self.text[self.position : at])
            self.raw += character
            self.position = at + 1

    def rest(self) -> list[tuple[str, int]]:
        """All marks with their lines."""
        self._mark(self.text[self.position :])
        return self.marks

    def _mark(self, between: str) -> None:
        if between.strip():
            line = self.text.count("\n", 0, self.text.index(between, self.position)) + 1
            self.marks.append((between.strip(), line))
            self.raw += between
