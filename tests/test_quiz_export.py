"""Exports, read back: Word, PDF, CSV, Anki; fonts that are embedded; nothing left behind when a file cannot be written."""

from __future__ import annotations

import csv
import html
import re
from pathlib import Path

import pytest
from docx import Document

from bot.__main__ import main
from bot.quiz import export, export_pdf, paper, words
from bot.quiz.item import Item
from bot.quiz.wrap import wrap
from tests.fakes import real_knowledge


def sample() -> tuple[Item, ...]:
    return paper.select(real_knowledge(), 24, 3)


def written(folder: Path, name: str) -> Path:
    path = folder / name
    export.write(path, sample(), real_knowledge(), 3)
    assert [one.name for one in folder.iterdir()] == [name]
    return path


def test_word(tmp_path: Path) -> None:
    document = Document(str(written(tmp_path, "题.docx")))
    lines = [paragraph.text for paragraph in document.paragraphs]
    assert lines[0] == "《通知》练习题"
    key = lines.index(words.KEY)
    assert 'w:type="page"' in document.paragraphs[key - 1]._p.xml
    questions, solved = lines[:key], lines[key:]
    for number, item in enumerate(sample(), 1):
        assert f"{number}．{item.stem}" in questions
        assert any(line.startswith(f"{number}．") and item.explanation in line for line in solved)
        if not item.citation.quote.count("\n"):
            assert any(line.endswith(item.citation.quote) for line in solved)
            assert not any(line.endswith(f"〕{item.citation.quote}") for line in questions)
    assert 'w:eastAsia="宋体"' in document.styles["Normal"].element.xml


def test_pdf_embeds_its_chinese_fonts_in_part(tmp_path: Path) -> None:
    content = written(tmp_path, "题.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    fonts = set(re.findall(rb"/FontName /?([A-Z]{6}\+[A-Za-z-]+)", content))
    assert {name.split(b"+")[1] for name in fonts} == {b"NotoSerifSC", b"NotoSansSC"}
    assert len(re.findall(rb"/FontFile[23]? ", content)) == 2
    assert len(content) < 600_000  # the whole fonts take 20 MB


def test_pdf_is_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    assert written(tmp_path / "1", "题.pdf").read_bytes() == written(tmp_path / "2", "题.pdf").read_bytes()


def test_pdf_without_a_font_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_pdf, "_PACKAGE", "no_such_package")
    monkeypatch.setattr(export_pdf, "_SYSTEM_FILES", {"serif": "/no/such/font", "sans": "/no/such/font"})
    with pytest.raises(paper.NoSuchPaper, match="pylopdf-fonts-zh-cn"):
        export.write(tmp_path / "题.pdf", sample(), real_knowledge(), 3)
    assert list(tmp_path.iterdir()) == []


def test_csv_opens_in_spreadsheets(tmp_path: Path) -> None:
    path = written(tmp_path, "题.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["编号"] for row in rows] == [item.id for item in sample()]
    for row, item in zip(rows, sample(), strict=True):
        assert (row["题干"], row["原文"], row["条款"]) == (item.stem, item.citation.quote, item.clause)
        assert len(row["选项"].split("\n")) == len(item.options)


def test_anki_notes(tmp_path: Path) -> None:
    header, notes = [], []
    with written(tmp_path, "题.txt").open(encoding="utf8", newline="") as file:
        for row in csv.reader(file, delimiter="\t"):
            (header if row[0].startswith("#") else notes).append(row)
    assert [row[0] for row in header[:2]] == ["#separator:tab", "#html:true"]
    assert ["#guid column:1"] in header
    assert ["#tags column:4"] in header
    assert [note[0] for note in notes] == [item.id for item in sample()]
    for item, (_, front, back, tags) in zip(sample(), notes, strict=True):
        assert html.escape(item.stem) in front
        assert html.escape(item.citation.quote.splitlines()[0]) in back
        assert f"条款{item.clause}" in tags.split()


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "题.csv"
    path.write_text("旧", encoding="utf8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "WRITERS", {".csv": fail})
    with pytest.raises(paper.NoSuchPaper, match="写不了：No space left on device"):
        export.write(path, sample(), real_knowledge(), 3)
    assert path.read_text(encoding="utf8") == "旧"
    assert list(tmp_path.iterdir()) == [path]


def test_command_writes_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "题.CSV"
    assert main(["quiz", "--n", "5", "--out", str(path)]) == 0
    assert capsys.readouterr() == ("", f"已写好 5 道题：{path}\n")
    assert path.is_file()


def test_lines_are_cut_as_chinese_is_printed() -> None:
    assert wrap("一二三四，五六", 4, len) == ["一二三", "四，五六"]
    assert wrap("一二三「四」", 4, len) == ["一二三", "「四」"]
    assert wrap("一二____三", 5, len) == ["一二", "____三"]
    assert wrap("共100页", 3, len) == ["共", "100", "页"]
    assert wrap("", 3, len) == [""]
