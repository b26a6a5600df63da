"""Web pages: lxml gives the tree, this file the visible text; scripts, styles and hidden text never become clauses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lxml import etree, html

from knowledge.importing import words
from knowledge.importing.extraction import Builder, Extraction, visible
from knowledge.importing.refusal import Refused

MAX_DEPTH = 200
_CODE = {"script", "style"}
#: Shown by no browser, or not as running text: listed like hidden text.
_UNSHOWN = {"head", "template", "noscript", "iframe", "object", "svg", "math", "select", "textarea"}
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "kbd", "label", "mark", "q", "s",
    "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:\D|$)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)"
    r"|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{3,}px",
    re.I,
)


def read(path: Path, text: str, guessed: bool) -> Extraction:
    """The visible text of a page."""
    try:
        parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
        tree = html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise Refused(path, words.NO_TEXT) from error
    page = _Page(path)
    page.walk(tree, 0, False)
    page.flush()
    if guessed:
        page.builder.note(words.NOTE_GB18030)
    return page.builder.build(page.raw)


class _Page:
    def __init__(self, path: Path) -> None:
        self.path, self.builder, self.raw = path, Builder(), ""
        self.buffer = ""
        self.heading: int | None = None
        self.number = ""
        self.row: list[str] | None = None
        self.count = 0

    def walk(self, element: Any, depth: int, hidden: bool) -> None:
        if depth > MAX_DEPTH:
            raise Refused(self.path, words.TOO_DEEP)
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _CODE:
            self.builder.note(words.NOTE_SCRIPTS)
            return
        hidden = hidden or tag in _UNSHOWN or _is_hidden(element)
        block = tag not in _INLINE and tag not in ("td", "th")
        if block:
            self.flush()
        if re.fullmatch("h[1-6]", tag):
            self.heading = int(tag[1])
        if tag == "li" and element.getparent() is not None and element.getparent().tag == "ol":
            before = list(element.itersiblings("li", preceding=True))
            first = element.getparent().get("start", "1")
            self.number = f"{int(first if first.isdecimal() else 1) + len(before)}. "
        if tag == "tr":
            self.row = []
        self._text(element.text, hidden)
        for child in element:
            self.walk(child, depth + 1, hidden)
            self._text(child.tail, hidden)
        if tag in ("td", "th") and self.row is not None:
            self.row.append(" ".join(self.buffer.split()))
            self.buffer = ""
        if tag == "tr" and self.row is not None:
            self._end_row()
        if block:
            self.flush()
        if tag.startswith("h") and tag[1:].isdecimal():
            self.heading = None

    def _text(self, text: str | None, hidden: bool) -> None:
        if not text:
            return
        if hidden:
            self.raw += text
            self.builder.remove(" ".join(text.split()), words.HIDDEN, f"第 {self.count + 1} 段附近")
        else:
            self.raw += text
            self.buffer += text

    def _end_row(self) -> None:
        cells, self.row = self.row or [], None
        self.builder.separator(visible("｜" * max(len(cells) - 1, 0)))
        self.builder.note(words.NOTE_TABLE)
        self.count += 1
        self.builder.add("｜".join(cells), f"第 {self.count} 段", table=True)

    def flush(self) -> None:
        """End the current paragraph (inside a table row it becomes a part of its cell)."""
        if self.row is not None:
            self.buffer += " "
            return
        text, self.buffer = " ".join(self.buffer.split()), ""
        if text:
            self.count += 1
            self.builder.add(text, f"第 {self.count} 段", heading=self.heading, written_out=self.number)
            self.number = ""


def _is_hidden(element: Any) -> bool:
    style = element.get("style") or ""
    return element.get("hidden") is not None or element.get("aria-hidden") == "true" or bool(_HIDDEN.search(style))
