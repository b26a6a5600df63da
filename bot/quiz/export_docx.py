"""A paper as a Word document; the key on pages of its own. The only file that imports python-docx."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.quiz import words
from bot.quiz.item import Item
from bot.quiz.layout import lay_out
from knowledge.base import KnowledgeBase

#: Named, not embedded: every Chinese Word, WPS and LibreOffice has one of these or replaces it.
BODY_FONT, HEADING_FONT = "宋体", "黑体"


def write(path: Path, items: Sequence[Item], knowledge: KnowledgeBase, seed: int) -> None:
    """Write the paper on A4."""
    # Takes a third of a second to import, which no other command should wait for.
    from docx import Document  # noqa: PLC0415
    from docx.enum.text import WD_BREAK  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Cm, Pt  # noqa: PLC0415

    paper = lay_out(items, knowledge, seed)
    document = Document()
    for name, font, size in (("Normal", BODY_FONT, 10.5), ("Title", HEADING_FONT, 18), ("Heading 1", HEADING_FONT, 13)):
        style: Any = document.styles[name]
        style.font.name, style.font.size = font, Pt(size)
        properties = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in ("w:eastAsia", "w:ascii", "w:hAnsi"):
            properties.set(qn(attribute), font)
        for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme"):
            properties.attrib.pop(qn(attribute), None)
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2.2)

    def line(text: str, *, indent: float = 0.0, after: float = 0.0, stays: bool = False) -> None:
        form = document.add_paragraph(text).paragraph_format
        form.left_indent, form.space_after, form.space_before = Cm(indent), Pt(after), Pt(0)
        form.keep_with_next, form.keep_together = stays, True
        for column in range(1, text.count("\t") + 1):
            form.tab_stops.add_tab_stop(Cm(indent + column * (16.6 - indent) / (text.count("\t") + 1)))

    document.add_heading(paper.title, 0)
    line(paper.about, after=6)
    for section in paper.sections:
        document.add_heading(section.heading, 1)
        for question in section.questions:
            columns = len(question.rows[0])
            rows = ("\t".join((*row, *[""] * (columns - len(row)))) for row in question.rows)
            choices = (*question.left, *rows)
            line(f"{question.number}．{question.stem}", after=2, stays=True)
            for place, choice in enumerate(choices, 1):
                last = place == len(choices)
                line(choice, indent=0.8, after=8 if last else 0, stays=not last)
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    document.add_heading(words.KEY, 1)
    line(paper.key_about, after=6)
    for solved in paper.solved:
        line(solved.line, stays=True)
        line(solved.quote, indent=0.8, after=6)
    core = document.core_properties
    core.title, core.author, core.comments = paper.title, "", paper.about
    core.created = core.modified = datetime(2019, 1, 1)  # not the date of python-docx's template, nor one of ours
    document.save(str(path))
