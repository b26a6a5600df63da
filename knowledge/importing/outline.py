"""Blocks -> a tree of items: which line opens an item, which goes on with one, which is left out and why.

Styles of numbering nest in the order in which they are met, so 一、（一）1.（1） and 第一章 第一条 （一） need no rule of
their own. Ids, labels and kinds are clauses.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from knowledge.importing import lines, words
from knowledge.importing.extraction import Block, Extraction, Progress

_TOP = ("problem", "part")
_SOLUTION = re.compile(r"(?:解决方法|解决办法|主要措施|整改措施|措施)\s*[：:]?")
#: A heading of a style (Word, HTML, Markdown) without a number of its own.
STYLED = "styled"
#: A heading found by its look alone.
PLAIN = "plain"
#: A paragraph without a number below a heading.
PARAGRAPH = "paragraph"
BARE = "bare"


@dataclass
class Item:
    """One item: characters [start, end), its number, and what stands below it."""

    style: str
    number: int
    written: str
    start: int
    end: int
    place: str
    level: int = 0
    children: list[Item] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    heading_like: bool = False
    closed: bool = True
    titled: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """Characters [start, end) of the source that are in no clause, and why."""

    start: int
    end: int
    reason: str
    place: str = ""


@dataclass
class Outline:
    """The items at the top, the lead paragraphs before them, and what was left out."""

    items: list[Item] = field(default_factory=list)
    lead: Item | None = None
    left: list[Left] = field(default_factory=list)
    tail: list[Left] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a block without the white space around it."""

    start: int
    end: int
    text: str
    block: Block


def outline(extraction: Extraction, progress: Progress) -> Outline:
    """The items of a text, in reading order."""
    rows = list(_lines(extraction))
    return _Reader(rows, progress).read()


def _lines(extraction: Extraction) -> list[Line]:
    found = []
    for block in extraction.blocks:
        for match in re.finditer(r"[^\r\n\x0c]+", extraction.source[block.start : block.end]):
            text = match[0].strip()
            if text:
                start = block.start + match.start() + match[0].index(text[0])
                found.append(Line(start, start + len(text), text, block))
    return found


class _Reader:
    def __init__(self, rows: Sequence[Line], progress: Progress) -> None:
        self.rows = rows
        self.progress = progress
        self.found = Outline()
        self.stack: list[Item] = []
        self.before = ""
        self.awaiting: Line | None = None
        self.awaiting_solution = False
        self.title_over = False

    def read(self) -> Outline:
        end = self._end_of_body()
        step = max(len(self.rows) // 50, 1)
        for i, row in enumerate(self.rows[:end]):
            if i % step == 0:
                self.progress(words.FINDING, i / len(self.rows))
            self._take(row, self.rows[i + 1 : min(i + 2, end)])
            self.before = row.text
        if self.awaiting is not None:
            self._leave(self.awaiting, words.PAGE_NUMBER)
        for row in self.rows[end:]:
            self._leave_tail(row)
        return self.found

    def _take(self, row: Line, following: Sequence[Line]) -> None:
        text = row.text[lines.ornaments_before(row.text) :]
        skipped = len(row.text) - len(text)
        if not text or lines.is_ornament(text):
            self._leave(row, words.ORNAMENT)
            return
        if lines.is_page_number(row.text):
            self._leave(row, words.PAGE_NUMBER)
            return
        mark = lines.mark_of(text) if not row.block.table else None
        if mark is None and skipped and not _bulleted(row.text):
            text, skipped = row.text, 0
        if self.awaiting is not None:
            waiting, self.awaiting = self.awaiting, None
            if mark is None and not row.block.heading:
                self._open(BARE, int(waiting.text), waiting.text, row.start, row)
                self._leave(waiting, words.NUMBER)
                return
            self._leave(waiting, words.PAGE_NUMBER)
        if self.awaiting_solution and self.stack and mark is None and not self._bare(row, following):
            self.stack[-1].end = row.end
            self.awaiting_solution = _SOLUTION.fullmatch(text) is not None
            return
        self.awaiting_solution = False
        if not self.stack and self._preamble(row, mark):
            return
        if self._bare(row, following):
            self.awaiting = row
        elif mark is not None:
            self._open_mark(mark, row, skipped, text)
        elif row.block.heading is not None:
            self._open(STYLED, 0, "", row.start + skipped, row, level=row.block.heading)
        elif self._looks_like_heading(text, row, following):
            self._open(PLAIN, 0, "", row.start + skipped, row)
        else:
            self._go_on(row, skipped)

    def _bare(self, row: Line, following: Sequence[Line]) -> bool:
        number = lines.bare_number(row.text)
        if number is None or not following or lines.mark_of(following[0].text):
            return False
        last = next((item.number for item in reversed(self.stack) if item.style == BARE), 0)
        return number == last + 1 and bool(self.stack)

    def _preamble(self, row: Line, mark: lines.Mark | None) -> bool:
        """Take a line before the first item; False where the line opens one."""
        text = row.text
        if mark is not None and not (self.found.lead is None and lines.is_title(text) and row.block.heading == 0):
            return False
        if lines.is_document_number(text):
            self._leave(row, words.DOCUMENT_NUMBER)
        elif lines.is_date(text):
            self._leave(row, words.DATE)
        elif self.found.lead is None and self._is_title(row):
            self._leave(row, words.TITLE)
        elif row.block.heading is not None:
            return False
        elif self.found.lead is None and lines.is_addressees(text):
            self._leave(row, words.ADDRESSEES)
            self.title_over = True
        elif self.found.lead is None:
            self.found.lead = Item("lead", 0, "", row.start, row.end, row.block.place)
        elif self._opens_plain(row):
            return False
        else:
            self.found.lead.end = row.end
        return True

    def _opens_plain(self, row: Line) -> bool:
        i = self.rows.index(row)
        return self._looks_like_heading(row.text, row, self.rows[i + 1 : i + 2])

    def _is_title(self, row: Line) -> bool:
        if row.block.heading is not None:
            # A styled heading is the title where no other of its level follows, or where it reads like one.
            same = sum(
                1 for one in self.rows if one.block.heading is not None and one.block.heading <= row.block.heading
            )
            return row.block.heading == 0 or same == 1 or lines.is_title(row.text)
        return not self.title_over and (
            lines.is_title(row.text) or (lines.is_short_heading(row.text) and not lines.ends_sentence(row.text))
        )

    def _looks_like_heading(self, text: str, row: Line, following: Sequence[Line]) -> bool:
        if not following or row.block.table or not lines.ends_sentence(self.before):
            return False
        after = lines.mark_of(following[0].text)
        first = (after is not None and after.number == 1) or lines.bare_number(following[0].text) == 1
        if not first or (after is not None and after.style in ("bracket", "round", "circle")):
            return False
        # Under a numbered heading such a line belongs to the item before it, unless the numbering starts again.
        styles = [item.style for item in self.stack]
        return lines.is_short_heading(text) and (not styles or styles[0] in ("problem", PLAIN, STYLED))

    def _open_mark(self, mark: lines.Mark, row: Line, skipped: int, text: str) -> None:
        start = row.start + skipped + mark.length
        if mark.length and start >= row.end:  # the number stands alone: 第一章 / 总则
            start = row.end
        if skipped:
            self.found.left.append(Left(row.start, row.start + skipped, words.ORNAMENT, row.block.place))
        if mark.length:
            self.found.left.append(Left(row.start + skipped, start, words.NUMBER, row.block.place))
        self._open(mark.style, mark.number, mark.written, start, row)
        self.awaiting_solution = mark.style == "problem"
        if mark.style == "problem":
            self.stack[-1].heading_like = True

    def _open(self, style: str, number: int, written: str, start: int, row: Line, *, level: int = 0) -> None:
        item = Item(style, number, written, start, row.end, row.block.place, level)
        body = row.text[start - row.start :] if start >= row.start else row.text
        item.heading_like = lines.is_short_heading(body) or style in (STYLED, PLAIN)
        item.titled = row.block.heading is not None
        item.closed = lines.ends_sentence(row.text)
        if style in (PLAIN, STYLED):
            item.looks.append(words.LOOK_HEADING.format(words=body[:30]))
        self._close_for(item, row)
        siblings = self.stack[-1].children if self.stack else self.found.items
        siblings.append(item)
        self.stack.append(item)

    def _close_for(self, item: Item, row: Line) -> None:
        """Shorten the stack to the parent of a new item."""
        while self.stack and self.stack[-1].style == PARAGRAPH:
            self.stack.pop()
        if item.style in (*_TOP, PLAIN):
            self.stack.clear()
            return
        if item.style == STYLED:
            while self.stack and not (self.stack[-1].style == STYLED and self.stack[-1].level < item.level):
                self.stack.pop()
            return
        styles = [one.style for one in self.stack]
        if item.style in styles:
            del self.stack[styles.index(item.style) :]
        elif item.style == "division":
            del self.stack[1:]
        elif item.style == "article":
            self.stack[:] = [one for one in self.stack if one.style in ("part", "division", STYLED)]
        elif item.style == "chinese":
            keep = ("part", "division", "article", "problem", PLAIN, STYLED)
            self.stack[:] = [one for one in self.stack if one.style in keep]
        elif item.style == "bracket" and "chinese" in styles:
            del self.stack[styles.index("chinese") + 1 :]

    def _go_on(self, row: Line, skipped: int) -> None:
        """A line without a number: more of the current item, or a paragraph of its own below a heading."""
        if skipped:
            self.found.left.append(Left(row.start, row.start + skipped, words.ORNAMENT, row.block.place))
        start = row.start + skipped
        current = self.stack[-1]
        if current.start >= current.end:  # a number that stood alone: this is its text
            current.start, current.end = start, row.end
            current.heading_like = lines.is_short_heading(row.text)
            current.closed = lines.ends_sentence(row.text)
            return
        if current.style == PARAGRAPH and current.closed and not row.block.table:
            self.stack.pop()
            self._paragraph(row, start)
        elif (
            current.style != PARAGRAPH and current.heading_like and len(self.stack) == 1 and not current.children
        ) or (current.style in (STYLED, "part", "division") and not current.children):
            self._paragraph(row, start)
        else:
            current.end = row.end
            current.closed = lines.ends_sentence(row.text)

    def _paragraph(self, row: Line, start: int) -> None:
        siblings = self.stack[-1].children
        number = sum(1 for one in siblings if one.style == PARAGRAPH) + 1
        item = Item(PARAGRAPH, number, "", start, row.end, row.block.place)
        item.closed = lines.ends_sentence(row.text)
        siblings.append(item)
        self.stack.append(item)

    def _end_of_body(self) -> int:
        """Where signature, date and what follows them begin."""
        rows = self.rows
        for i in range(len(rows) - 1, 0, -1):
            if lines.is_date(rows[i].text) and any(lines.ends_sentence(row.text) for row in rows[:i]):
                end = i
                while end > 1 and self._is_signature(rows[end - 1]) and i - end < 3:
                    end -= 1
                if end == i and not any(lines.mark_of(row.text) for row in rows[:i]):
                    continue  # a date under the title
                if not any(lines.mark_of(row.text) or row.block.heading for row in rows[:end]):
                    continue
                return self._with_attachment_list(end)
        end = len(rows)
        while end > 1 and lines.is_closing(rows[end - 1].text):
            end -= 1
        return self._with_attachment_list(end)

    def _with_attachment_list(self, end: int) -> int:
        for i in range(max(end - 12, 1), end):
            if lines.is_attachment(self.rows[i].text) and all(
                len(row.text) <= 60 and not row.text.endswith("。") for row in self.rows[i:end]
            ):
                return self._with_closing(i)
        return self._with_closing(end)

    def _with_closing(self, end: int) -> int:
        while end > 1 and lines.is_closing(self.rows[end - 1].text):
            end -= 1
        return end

    @staticmethod
    def _is_signature(row: Line) -> bool:
        return (
            len(row.text) <= 30
            and not lines.ends_sentence(row.text)
            and lines.mark_of(row.text) is None
            and not re.search(r"[，。；：、]", row.text)
            and not row.block.table
        )

    def _leave_tail(self, row: Line) -> None:
        seen = {left.reason for left in self.found.left}
        if lines.is_date(row.text):
            reason = words.DATE
        elif lines.is_closing(row.text):
            reason = words.CLOSING
        elif lines.is_page_number(row.text):
            reason = words.PAGE_NUMBER
        elif self._is_signature(row) and words.SIGNATURE not in seen and not lines.is_attachment(row.text):
            reason = words.SIGNATURE
        else:
            reason = words.ATTACHMENT
        left = Left(row.start, row.end, reason, row.block.place)
        self.found.left.append(left)
        self.found.tail.append(left)

    def _leave(self, row: Line, reason: str) -> None:
        self.found.left.append(Left(row.start, row.end, reason, row.block.place))


def _bulleted(text: str) -> bool:
    return text[:1] in "●■◆★▲▪•○□◇☆△"
