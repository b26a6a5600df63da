"""Import: the present notice comes out as it is kept; two other layouts give the clauses they should; nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.__main__ import main
from knowledge.importing import words
from knowledge.importing.about import Given
from knowledge.importing.draft import Draft, import_file
from knowledge.importing.refusal import Refused
from knowledge.importing.write import CannotWrite, write
from knowledge.loader import load_knowledge
from tests import import_notices
from tests.fakes import ROOT, real_knowledge


def rows(draft: Draft) -> list[import_notices.Expected]:
    return [(one.id, one.kind, one.parent, one.label, one.text) for one in draft.clauses]


def written(tmp_path: Path, text: str, name: str = "a.txt") -> Draft:
    path = tmp_path / name
    path.write_bytes(text.encode("utf8"))
    return import_file(path, "a")


def check_everything_accounted_for(draft: Draft) -> None:
    """Clauses and left-out spans are the source: each character once."""
    spans = sorted([(one.start, one.end) for one in draft.clauses] + [(one.start, one.end) for one in draft.left])
    assert "".join(draft.source[start:end] for start, end in spans) == draft.source
    position = 0
    for start, end in spans:
        assert start == position
        position = end
    assert all(draft.source[one.start : one.end] == one.text for one in draft.clauses)
    assert all(draft.source[one.start : one.end].isspace() for one in draft.left if one.reason == words.BLANK)


def test_present_notice_comes_out_as_it_is_kept() -> None:
    draft = import_file(ROOT / "knowledge" / "sources" / "jianfu-2019.txt", "jianfu-2019")
    kept = real_knowledge().documents[0]
    assert [(*row, one.start, one.end) for row, one in zip(rows(draft), draft.clauses, strict=True)] == [
        (one.id, one.kind, one.parent, one.label, one.text, one.start, one.end) for one in kept
    ]
    assert draft.sha256 == kept.source_sha256
    assert (draft.about.title, draft.about.short_title, draft.about.issuer) == (
        kept.title,
        kept.short_title,
        kept.issuer,
    )
    check_everything_accounted_for(draft)


def test_word_notice_with_automatic_numbers(tmp_path: Path) -> None:
    path = tmp_path / "样例.docx"
    import_notices.build_docx(path)
    draft = import_file(path, "docx-sample")
    assert rows(draft) == import_notices.docx_expected()
    assert len(draft.clauses) == 25
    check_everything_accounted_for(draft)
    about = draft.about
    assert (about.title, about.short_title, about.year) == (import_notices.DOCX_TITLE, "通知", 2024)
    assert about.issuer == "青禾县人民政府办公室"
    assert {(one.reason, one.text) for one in draft.removed} == {
        (words.HEADER_FOOTER, "样例文件，内容虚构"),
        (words.HEADER_FOOTER, "第 1 页"),
    }
    left = {one.reason: draft.source[one.start : one.end] for one in draft.left}
    assert left[words.DOCUMENT_NUMBER] == "青政办发〔2024〕17号"
    assert left[words.ADDRESSEES] == "各乡镇人民政府，县政府各部门："
    assert left[words.CLOSING] == "（此件公开发布）"


def test_pdf_notice_with_broken_lines_and_page_numbers(tmp_path: Path) -> None:
    path = tmp_path / "sample.pdf"
    import_notices.build_pdf(path)
    draft = import_file(path, "pdf-sample")
    assert rows(draft) == import_notices.pdf_expected()
    assert len(draft.clauses) == 29
    check_everything_accounted_for(draft)
    assert (draft.about.title, draft.about.short_title, draft.about.year) == (import_notices.PDF_TITLE, "办法", 2024)
    pages = {one.text for one in draft.removed if one.reason == words.PAGE_NUMBER}
    assert {"— 1 —", "— 2 —"} <= pages
    assert {one.text for one in draft.removed if one.reason == words.HEADER_FOOTER} == {import_notices.PDF_HEADER}


MARKDOWN = """\
# 关于规范**工作群**的通知

为减轻负担，现将有关事项通知如下：

## 清理工作群

1. 一个单位只保留 `1` 个工作群。
2. 不得在群里要求 [打卡](http://a.example/)。

## 规范使用

- 晚上十点以后不发通知。
- 周末不发通知。
"""


def test_markdown_headings_and_lists(tmp_path: Path) -> None:
    draft = written(tmp_path, MARKDOWN, "a.md")
    assert [(one.id, one.kind, one.parent, one.text) for one in draft.clauses] == [
        ("0", "background", None, "为减轻负担，现将有关事项通知如下："),
        ("1", "section", None, "清理工作群"),
        ("1.1", "point", "1", "一个单位只保留 1 个工作群。"),
        ("1.2", "point", "1", "不得在群里要求 打卡。"),
        ("2", "section", None, "规范使用"),
        ("2.1", "point", "2", "晚上十点以后不发通知。"),
        ("2.2", "point", "2", "周末不发通知。"),
    ]
    assert draft.about.title == "关于规范工作群的通知"
    assert "http://a.example/" in "".join(one.text for one in draft.removed)
    check_everything_accounted_for(draft)


def test_web_page_with_lists_and_table(tmp_path: Path) -> None:
    page = (
        "<!doctype html><title>x</title><h1>关于值班的通知</h1><p>各单位：</p><h2>一、值班安排</h2>"
        "<ol><li>每班不超过<b>2</b>人。</li><li>夜班补休1天。</li></ol>"
        "<h2>二、联系方式</h2><table><tr><td>科室</td><td>电话</td></tr></table>"
    )
    draft = written(tmp_path, page, "a.html")
    assert [(one.id, one.label, one.text) for one in draft.clauses] == [
        ("1", "《通知》第一部分", "值班安排"),
        ("1.1", "《通知》第一部分·第1点", "每班不超过2人。"),
        ("1.2", "《通知》第一部分·第2点", "夜班补休1天。"),
        ("2", "《通知》第二部分", "联系方式"),
        ("2.1", "《通知》第二部分·第1段", "科室｜电话"),
    ]


def test_report_names_what_needs_an_eye(tmp_path: Path) -> None:
    draft = written(
        tmp_path,
        "关于甲事的通知\n一、要求\n1.办好第一件事情，不得拖延。\n3.办好第三件事情，不得拖延。\n3.办好第四件事情，不得拖延。\n二、空的标题\n",
    )
    looks = {(one.clause, one.text) for one in draft.looks}
    assert ("1.3", "编号不连续：1. 之后是 3.") in looks
    assert ("1.3-2", "编号 3. 重复，这一条的编号写成 1.3-2") in looks
    assert ("2", "标题「空的标题」下面没有内容") in looks
    assert any("没有找到发文单位" in text for _, text in looks)
    short = written(tmp_path, "一、短\n（一）好。\n（二）" + "很长的话，" * 100 + "完。\n")
    assert {
        ("1.1", "这一条只有 2 字：「好。」；请核对是不是断开了"),
        ("1.2", "这一条有 502 字，太长；建议分成几条"),
    } <= {(one.clause, one.text) for one in short.looks}


def test_words_after_the_signature_are_listed(tmp_path: Path) -> None:
    draft = written(
        tmp_path,
        "关于甲事的通知\n一、做好这件事情。\n附件：1.某表\n\n某县人民政府\n2024年1月2日\n\n附件1\n某表\n栏目说明。\n",
    )
    assert [one.text for one in draft.clauses] == ["做好这件事情。"]
    assert (draft.about.issuer, draft.about.year) == ("某县人民政府", 2024)
    tail = [one.text for one in draft.looks if "落款之后" in one.text]
    assert len(tail) >= 2
    check_everything_accounted_for(draft)


@pytest.mark.fault(18)
@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["一、", "二、", "（一）", "(二)", "1.", "2、", "（1）", "第三条 ", "第一章 ", "问题一：", "●", "1", "2",
                             "解决方法：", "2024年1月2日", "— 3 —", "附件：", "甲。", "某局", "", "\t", "\r"]),
            st.text("甲乙丙，。：；1a （）—\u3000\x0c", max_size=12),
        ),
        max_size=14,
    ),
    st.sampled_from(["\n", "\r\n", ""]),
)  # fmt: skip
def test_nothing_is_lost_whatever_the_text(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], joint: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(joint.join(parts).encode("utf8"))
    try:
        draft = import_file(path, "any")
    except Refused:
        return
    check_everything_accounted_for(draft)
    assert len({one.id for one in draft.clauses}) == len(draft.clauses)


def test_draft_is_a_folder_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = ROOT / "knowledge" / "sources" / "jianfu-2019.txt"
    out = tmp_path / "draft"
    assert main(["kb", "import", str(source), "--out", str(out), "--year", "2019", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert (seen["id"], len(seen["clauses"]), seen["folder"]) == ("jianfu-2019", 36, str(out))
    document = load_knowledge(out).documents[0]
    assert (document.year, document.clauses[8].text[:10]) == (2019, "中央印发的政策性文件")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert main(["kb", "import", str(source), "--out", str(out)]) == 1
    assert "已经有了" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert main(["kb", "import", str(source), "--out", str(out), "--force", "--issuer", "某办"]) == 0
    assert load_knowledge(out).documents[0].issuer == "某办"
    assert [path.name for path in tmp_path.iterdir()] == ["draft"]


def test_force_spares_folders_that_are_no_drafts(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "keep.txt").write_text("x")
    draft = written(tmp_path, "关于甲的通知\n一、做好这件事情。\n")
    with pytest.raises(CannotWrite, match="不是导入生成的草稿"):
        write(draft, tmp_path / "mine", force=True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["keep.txt"]


def test_approved_suggestions_alone_are_adopted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("关于甲的通知\n一、文件\n1.文件不超过10页，不得层层转发。\n", encoding="utf8")
    out = tmp_path / "draft"
    write(import_file(path, "a", Given(year=2024)), out)
    assert all(not one.questions for one in load_knowledge(out))
    suggestions = out / "suggestions.yaml"
    text = suggestions.read_text("utf8")
    assert '"文件最多几页？"\n    use: false' in text
    suggestions.write_text(text.replace('"文件最多几页？"\n    use: false', '"文件最多几页？"\n    use: true'), "utf8")
    assert main(["kb", "adopt", str(out)]) == 0
    assert main(["kb", "adopt", str(out)]) == 0
    assert [one.questions for one in load_knowledge(out)] == [(), ("文件最多几页？",)]
    assert "写进了 1 个问题" in capsys.readouterr().out


def test_progress_is_told_on_long_files(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(
        "关于甲的通知\n一、事项\n" + "".join(f"{i}.第{i}件事情要办好。\n" for i in range(1, 900)), encoding="utf8"
    )
    told: list[tuple[str, float | None]] = []
    draft = import_file(path, "long", progress=lambda stage, fraction: told.append((stage, fraction)))
    assert len(draft.clauses) == 900
    assert len([1 for stage, _ in told if stage == words.FINDING]) > 40
