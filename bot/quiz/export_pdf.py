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
    for name in ("serif", "sans"):
        found = font_file(name)
        if found is None:
            raise NoSuchPaper(words.NO_FONT)
        pages.add_font(name, fname=found[0], collection_font_number=found[1])

    def line(text: str, *, font: str = "serif", size: float = 10.5, indent: float = 0.0, after: float = 0.0) -> None:
        pages.set_font(font, size=size)
        pages.set_x(_MARGIN + indent)
        pages.multi_cell(0, _LINE * size / 10.5, text, align="L", new_x="LMARGIN", new_y="NEXT", wrapmode="CHAR")
        pages.ln(after)

    def together(lines: Sequence[tuple[str, float]], after: float) -> None:
        """Lines that no page break may part."""
        with pages.unbreakable() as block:
            for text, indent in lines:
                block.set_font("serif", size=10.5)
                block.set_x(_MARGIN + indent)
                block.multi_cell(0, _LINE, text, align="L", new_x="LMARGIN", new_y="NEXT", wrapmode="CHAR")
            block.ln(after)

    pages.add_page()
    line(paper.title, font="sans", size=17, after=1)
    line(paper.about, size=9, after=2)
    for section in paper.sections:
        if pages.will_page_break(40):
            pages.add_page()
        line(section.heading, font="sans", size=12.5, after=1)
        for question in section.questions:
            choices = [(choice, _INDENT) for choice in (*question.left, *question.options)]
            together([(f"{question.number}．{question.stem}", 0.0), *choices], 2.5)
    pages.add_page()
    line(words.KEY, font="sans", size=14, after=1)
    line(paper.key_about, size=9, after=2)
    for solved in paper.solved:
        together([(solved.line, 0.0), (solved.quote, _INDENT)], 2)
    pages.output(str(path))
