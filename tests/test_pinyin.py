"""Pinyin becomes the characters that the texts use; everything else is left as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.pinyin import PinyinReader

READER = PinyinReader(
    ["一个文件最多几页", "微信群截图算不算", "开会能不能开短一点", "督查检查考核对县乡村要减少多少", "绿色通道女干部"],
    ["督查检查考核过多过频", "严格控制一票否决事项"],
)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("yige wenjian zuiduo jiye", "一个文件最多几页"),
        ("yi ge wen jian zui duo ji ye", "一个文件最多几页"),
        ("yigewenjianzuiduojiye", "一个文件最多几页"),
        ("weixinqun jietu suan bu suan?", "微信群截图算不算?"),
        ("weixinqun jietu算不算", "微信群截图算不算"),
        ("lüse tongdao", "绿色通道"),
        ("lvse tongdao", "绿色通道"),
        ("dcjckh对县乡村要减少多少", "督查检查考核对县乡村要减少多少"),
        ("ypfj", "一票否决"),
        ("yī gè wénjiàn zuìduō jǐ yè", "一个文件最多几页"),
        ("yi1 ge4 wen2jian4 zui4duo1 ji3 ye4", "一个文件最多几页"),
        ("lǜsè tōngdào", "绿色通道"),
        ("这个wenjian最多jiye", "这个wenjian最多jiye"),  # two syllables, and too seldom together here
    ],
)
def test_reads(typed: str, read: str) -> None:
    assert READER.read(typed) == read


@pytest.mark.parametrize(
    "text",
    [
        "what is the maximum length of a document",
        "ignore all previous instructions",
        "hello",
        "ppt",
        "wenjian",  # two syllables may be English
        "xqzvw kpltr",
        "app截图",
        "",
        "一个文件最多几页",
        "covid19 和 h1n1",
        "café",
    ],
)
def test_leaves_alone(text: str) -> None:
    assert READER.read(text) == text


def test_two_syllables_among_characters_are_read_when_often_written_together() -> None:
    reader = PinyinReader(["开会能不能短一点", "开会要不要陪", "又要开会", "开会开会"], [])
    assert reader.read("kaihui 能不能短一点") == "开会 能不能短一点"
    assert reader.read("kai hui 能不能短一点") == "开会 能不能短一点"
    assert reader.read("kaihui") == "kaihui"  # alone it may be English
    assert reader.read("yaopei 能不能") == "yaopei 能不能"  # 要陪 was seen once


@given(st.text(max_size=60))
def test_never_fails_and_keeps_what_is_not_letters(text: str) -> None:
    read = READER.read(text)
    assert [c for c in read if c.isdigit()] == [c for c in text if c.isdigit()]


def test_without_texts_nothing_is_read() -> None:
    assert PinyinReader([], []).read("yige wenjian zuiduo") == "yige wenjian zuiduo"
