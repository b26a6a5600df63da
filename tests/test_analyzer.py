import time
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from index.analyzer import MAX_CHARACTERS, normalize, number, sound, terms, with_digits

ANY_TEXT = st.text(st.characters(), max_size=60)  # surrogates, controls and unassigned characters too
MIXED = st.text(
    st.sampled_from("檢查 著乾後里台臺百分之三十成页次零〇两 \t\u200b\ufeff\u0301\ufe0fＡａ①㎡％.，"), max_size=30
)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ＡＢＣ　１２３％", "abc 123%"),
        ("文件，不超过１０页？", "文件,不超过10页?"),
        ("督查檢查考核過多過頻", "督查检查考核过多过频"),
        ("一乾二淨，乾隆", "一干二净,乾隆"),
        ("乾 隆 皇帝", "乾隆皇帝"),
        ("文\u200b件\u200d多\ufeff\u2060页", "文件多页"),
        ("文\u202e件\u2066多\u2069", "文件多"),
        ("文件\x00\x07多\r\n\t页", "文件多页"),
        ("why\u2028not\x85now", "why not now"),
        ("督\ufe0f查\U000e0100", "督查"),
        ("\ud83d文件\udc00", "文件"),
        ("e\u200d\u0301", "é"),
        ("⽂件", "文件"),
        ("  Hello   World  ", "hello world"),
        ("开 会 5 次", "开会 5 次"),
        ("\u3000\u200b\n", ""),
    ],
)
def test_normalize_reads_every_way_of_writing_alike(typed: str, read: str) -> None:
    assert normalize(typed) == read


def test_normalize_cuts_long_text_before_and_after_it_grows() -> None:
    assert normalize("会" * 5000) == "会" * MAX_CHARACTERS
    grown = normalize("\ufdfa" * 5000)  # one character that stands for eighteen
    assert len(grown) == MAX_CHARACTERS
    assert normalize("a" * (MAX_CHARACTERS - 1) + " b") == "a" * (MAX_CHARACTERS - 1)


@example("e\u200d\u0301")
@example("乾 隆")
@example("\ufdfa" * 200)
@given(ANY_TEXT | MIXED)
def test_normalize_is_idempotent(text: str) -> None:
    assume("薴" not in text and "么麼" not in text)  # these OpenCC converts twice: 薴 -> 苧 -> 苎
    once = normalize(text)
    assert normalize(once) == once


@given(ANY_TEXT)
def test_normalize_leaves_one_line_of_visible_characters(text: str) -> None:
    read = normalize(text)
    assert read == read.strip()
    assert "  " not in read
    assert {unicodedata.category(c) for c in read}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("零", 0), ("三", 3), ("两", 2), ("十", 10), ("十二", 12), ("三十", 30), ("九十九", 99), ("一百", 100), ("百", 100),
        ("一百零五", 105), ("一百一十", 110), ("一百二", 120), ("两百", 200), ("九百九十九", 999), ("二〇", 20), ("一〇五", 105),
        ("", None), ("一两", None), ("二三十", None), ("十十", None), ("三0", None), ("千", None), ("一二三四", None), ("页", None),
    ],
)  # fmt: skip
def test_number(numeral: str, value: int | None) -> None:
    assert number(numeral) == value


@given(st.integers(1, 999))
def test_number_inverts_the_usual_spelling(value: int) -> None:
    names = "零一二三四五六七八九"
    hundreds, tens, units = value // 100, value // 10 % 10, value % 10
    spelled = f"{names[hundreds]}百" if hundreds else ""
    spelled += f"{names[tens]}十" if tens else "零" if hundreds and units else ""
    spelled += names[units] if units else ""
    assert number(spelled) == value


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("减少百分之三十", "减少30%"),
        ("百分之3.5以内", "3.5%以内"),
        ("百分之百", "100%"),
        ("压减三成以上", "压减30%以上"),
        ("减了3成", "减了30%"),
        ("不超过十页", "不超过10页"),
        ("二十五次", "25次"),
        ("一百二十页", "120页"),
        ("成立小组", "成立小组"),
        ("一成立就", "一成立就"),
        ("统一成册", "统一成册"),
        ("流程一成不变", "流程一成不变"),
        ("三成员", "三成员"),
        ("一票否决", "一票否决"),
        ("一票否决事项", "一票否决事项"),
        ("两三次", "两三次"),
        ("赶三四场会", "赶三四场会"),
        ("百百百页", "百百百页"),
        ("百分之多少", "百分之多少"),
        ("30%", "30%"),
        ("2019年", "2019年"),
    ],
)
def test_with_digits(text: str, digits: str) -> None:
    assert with_digits(text) == digits


def test_full_width_percent_and_words_mean_the_same_terms() -> None:
    expected = terms(normalize("减少30%"))
    assert "#30%" in expected
    for typed in ("減少30％", "减少百分之三十", "减少三成", "减少百分之30"):
        assert terms(normalize(typed)) == expected


@given(st.text(st.sampled_from("零〇一两三十百分之成页次3."), max_size=40))
def test_with_digits_never_writes_none(text: str) -> None:
    assert "None" not in with_digits(text)


def test_terms_of_a_small_text() -> None:
    assert terms("查10页ppt") == ("查", "#10", "页", "=ppt")
    assert terms("督查") == ("督", "查", "督查", "~du~ca")
    assert terms("wenjian") == ("=wenjian", "=wenj-", "=enji-", "=njia-", "=jian-")
    assert terms("，。!? ") == ()


def test_homophone_typos_share_their_sounds() -> None:
    typo, right = set(terms("督察捡查")), set(terms("督查检查"))
    sounds = {"~du~ca", "~ca~jian", "~jian~ca", "~du~ca~jian", "~ca~jian~ca"}
    assert sounds <= typo
    assert sounds <= right
    assert "督查" not in typo


def test_southern_finals_and_initials_are_folded() -> None:
    assert sound("只") == sound("资") == "zi"
    assert sound("成") == sound("岑") == "cen"
    assert sound("形") == sound("心") == "xin"
    assert sound("忙") != sound("民")


@given(ANY_TEXT | MIXED)
def test_terms_never_raise_and_are_never_empty_strings(text: str) -> None:
    assert all(terms(text))
    assert all(terms(normalize(text)))


@pytest.mark.parametrize("character", ["一", "百", "😀", "(", "\ufdfa", "a", "9", "百分之"])
def test_long_repetitions_are_read_quickly(character: str) -> None:
    started = time.perf_counter()
    terms(normalize(character * 10_000))
    assert time.perf_counter() - started < 2
