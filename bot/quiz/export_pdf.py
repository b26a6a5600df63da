"""A paper as PDF with its Chinese font embedded; the key on pages of its own. The only file that imports fpdf."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from bot.quiz import words
from bot.quiz.item import Item
from bot.quiz.layout import lay_out
from bot.quiz.paper import NoSuchPaper
from bot.quiz.wrap import wrap
from knowledge.base import KnowledgeBase

#: The package that ships Noto Serif SC and Noto Sans SC (SIL OFL), and where Debian keeps the same designs.
_PACKAGE = "pylopdf_fonts_zh_cn"
_PACKAGE_FILES = {"serif": "NotoSerifSC-Regular.otf", "sans": "NotoSansSC-Regular.otf"}
_SYSTEM_FILES = {
    "serif": "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
    "sans": "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
}
#: The face of a collection that is drawn for Simplified Chinese (JP, KR, SC, TC, HK).
_SIMPLIFIED = 2
_MARGIN, _INDENT, _LINE = 20.0, 6.0, 6.2  # mm
_SIZE = 10.5  # pt


def font_file(name: str) -> tuple[Path, int] | None:
    """An embeddable font, "serif" or "sans", with the number of its face; None where there is none."""
    return next(_candidates(name), None)


def _candidates(name: str) -> Iterator[tuple[Path, int]]:
    spec = find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(folder) / _PACKAGE_FILES[name]
        if path.is_file():
            yield path, 0
    path = Path(_SYSTEM_FILES[name])
    if path.is_file():
        yield path, _SIMPLIFIED


def _fonts() -> dict[str, tuple[Path, int]]:
    found = {name: font_file(name) for name in _PACKAGE_FILES}
    if None in found.values():
        raise NoSuchPaper(words.NO_FONT)
    return {name: file for name, file in found.items() if file is not None}


def write(path: Path, items: Sequence[Item], knowledge: KnowledgeBase, seed: int) -> None:
    """Write the paper on A4. Raises NoSuchPaper where no Chinese font can be embedded."""
    # Takes half a second to import with its font tools, which no other command should wait for.
    from fpdf import FPDF  # noqa: PLC0415

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it reports each table it leaves out
    paper = lay_out(items, knowledge, seed)

    class Pages(FPDF):
        def footer(self) -> None:
            self.set_y(-14)
            self.set_font("serif", size=8)
            self.cell(0, 6, words.PAGE.format(page=self.page_no()), align="C")

    pages = Pages(format="A4")
    pages.set_margin(_MARGIN)
    pages.set_auto_page_break(True, margin=_MARGIN)
    pages.set_title(paper.title)
    pages.set_lang("zh-CN")
    pages.set_creation_date(datetime(2019, 1, 1, tzinfo=UTC))  # the same paper is the same file
    for name, (file, face) in _fonts().items():
        pages.add_font(name, fname=file, collection_font_number=face)

    width = 210 - 2 * _MARGIN

    def text_lines(text: str, *, font: str = "serif", size: float = _SIZE, indent: float = 0.0) -> None:
        """Write a paragraph."""
        pages.set_font(font, size=size)
        for one in wrap(text, width - indent, pages.get_string_width):
            pages.set_x(_MARGIN + indent)
            pages.cell(0, _LINE * size / _SIZE, one, new_x="LMARGIN", new_y="NEXT")

    def together(paragraphs: Sequence[tuple[str, float]], rows: Sequence[Sequence[str]] = ()) -> None:
        """Paragraphs with their indents, then rows of options, which no page break parts."""
        pages.set_font("serif", size=_SIZE)
        if rows and len(rows[0]) == 1:
            paragraphs, rows = [*paragraphs, *((row[0], _INDENT) for row in rows)], ()
        count = sum(len(wrap(text, width - indent, pages.get_string_width)) for text, indent in paragraphs)
        if pages.will_page_break(_LINE * (count + len(rows))):
            pages.add_page()
        for text, indent in paragraphs:
            text_lines(text, indent=indent)
        for row in rows:
            for column, option in enumerate(row):
                pages.set_x(_MARGIN + _INDENT + column * (width - _INDENT) / len(rows[0]))
                pages.cell(0, _LINE, option)
            pages.ln(_LINE)
        pages.ln(2.2)

    pages.add_page()
    text_lines(paper.title, font="sans", size=17)
    pages.ln(1)
    text_lines(paper.about, size=9)
    pages.ln(2)
    for section in paper.sections:
        if pages.will_page_break(40):
            pages.add_page()
        text_lines(section.heading, font="sans", size=12.5)
        pages.ln(1)
        for question in section.questions:
            above = [(f"{question.number}．{question.stem}", 0.0), *((left, _INDENT) for left in question.left)]
            together(above, question.rows)
    pages.add_page()
    text_lines(words.KEY, font="sans", size=14)
    pages.ln(1)
    text_lines(paper.key_about, size=9)
    pages.ln(2)
    for solved in paper.solved:
        together([(solved.line, 0.0), (solved.quote, _INDENT)])
    pages.output(str(path))
