"""People are taken out of questions, whatever they are written like; ordinary questions stay as they are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.review.scrub import MAX_CHARACTERS, scrub
from tests.fakes import ROOT, real_knowledge

ASKED = ("一个文件最多几页", "会议能不能开到村里", "干部被问责了还能不能用", "谁来抓落实", "拍照打卡算不算数")
#: Ways to set a number apart and to write its digits.
SEPARATORS = ("", " ", "-", "—", "·", ". ", "\u200b", "\u3000")
DIGITS = ("0123456789", "０１２３４５６７８９", "零一二三四五六七八九", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")


def kept(text: str) -> str:
    scrubbed = scrub(text)
    return "" if scrubbed is None else scrubbed.text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("我叫张伟，一个文件几页", "我叫〔姓名〕，一个文件几页"),
        ("我是李明，会议几天", "我是〔姓名〕，会议几天"),
        ("本人姓名：欧阳文，文件几页", "本人姓名:〔姓名〕，文件几页"),
        ("我叫Tom Smith，文件几页", "我叫〔姓名〕，文件几页"),
        ("王建国书记天天开会", "〔姓名〕书记天天开会"),
        ("李书记天天开会", "〔姓名〕书记天天开会"),
        ("镇长陈志强不让开会", "镇长〔姓名〕不让开会"),
        ("张某某被问责了还能用吗", "〔姓名〕被问责了还能用吗"),
        ("小王被处分了", "〔姓名〕被处分了"),
        ("我是赵家村的，天天拍照", "我是〔地点〕的，天天拍照"),
        ("住红旗路12号3单元401室怎么申诉", "〔地点〕怎么申诉"),
        ("电话１３８-0013 8000，文件几页", "电话〔号码〕，文件几页"),
        ("座机0571-88776655，文件几页", "座机〔号码〕，文件几页"),
        ("一三八零零一三八零零零打给我", "〔号码〕打给我"),
        ("邮箱zhang.san@example.com发我", "邮箱〔网址〕发我"),
        ("微信号abc_123加我", "微信号〔号码〕加我"),
        ("车牌京A12345被拍了", "车牌〔号码〕被拍了"),
        ("看https://a.example/x?u=1行吗", "看〔网址〕行吗"),
    ],
)
def test_what_tells_of_a_person_is_taken_out(text: str, left: str) -> None:
    scrubbed = scrub(text)
    assert scrubbed is not None
    assert (scrubbed.text, scrubbed.masked) == (left, True)


@pytest.mark.parametrize(
    "text",
    [
        "一个文件最多几页",
        "问题二有哪些措施",
        "文件超过10000字怎么办",
        "2019年为什么定为减负年",
        "习近平总书记什么时候作的批示",
        "高中老师也要填表吗",
        "党委书记必须参加会议吗",
        "秦岭违建别墅的教训是什么",
        "开会能不能一直开到乡镇",
        "要减少30%—50%吗",
    ],
)
def test_ordinary_questions_stay_as_they_are(text: str) -> None:
    scrubbed = scrub(text)
    assert scrubbed is not None
    assert (scrubbed.text, scrubbed.masked) == (text, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\u200b \n",
        "。。。？？",
        "身份证11010519491231002X能查吗",
        "我要实名举报张伟乱收费",
        "张伟得了病，确诊以后被调岗",
        "文" * (MAX_CHARACTERS + 1),
    ],
)
def test_what_is_not_safe_is_dropped(text: str) -> None:
    assert scrub(text) is None


def test_measured_questions_are_rarely_changed() -> None:
    """Of questions that name nobody (but for a handful), nearly all stay whole: taking out words costs their meaning."""
    asked = [question for clause in real_knowledge() for question in clause.questions][::4]
    for name in ("everyday", "field"):
        lines = (ROOT / "tests" / "questions" / f"{name}.jsonl").read_text("utf8").splitlines()
        asked += [json.loads(line)["q"] for line in lines]
    changed = sum((one := scrub(text)) is None or one.masked for text in asked)
    assert changed / len(asked) < 0.02


NUMBERS = st.one_of(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9])[0-9]{3}[0-9X]", fullmatch=True),
    st.from_regex(r"62[0-9]{14,17}", fullmatch=True),
    st.from_regex(r"0[1-9][0-9]{1,2}[2-8][0-9]{6,7}", fullmatch=True),
)


@settings(max_examples=300, deadline=None)
@given(
    number=NUMBERS,
    before=st.sampled_from(("", *ASKED)),
    after=st.sampled_from(("", *ASKED)),
    separator=st.sampled_from(SEPARATORS),
    every=st.integers(3, 6),
    digits=st.sampled_from(DIGITS),
)
def test_no_long_number_survives(number: str, before: str, after: str, separator: str, every: int, digits: str) -> None:
    groups = [number[i : i + every] for i in range(0, len(number), every)]
    written = separator.join(groups).translate(str.maketrans("0123456789", digits))
    left = kept(f"{before}{written}{after}")
    assert not any(character in left for character in "0123456789０１２３４５６７８９𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
    assert sum(character in DIGITS[2] for character in left) <= sum(c in DIGITS[2] for c in before + after)


@settings(max_examples=150, deadline=None)
@given(
    name=st.from_regex(r"[a-z][a-z0-9_.]{2,12}", fullmatch=True),
    host=st.sampled_from(("qq.com", "163.com", "mail.gov.cn", "gmail.com")),
    at=st.sampled_from(("@", "＠", " @ ", "(at)")),
    before=st.sampled_from(ASKED),
)
def test_no_email_address_survives(name: str, host: str, at: str, before: str) -> None:
    left = kept(f"{before}，请发到{name}{at}{host}，谢谢")
    assert name not in left
    assert host not in left


@settings(max_examples=200, deadline=None)
@given(
    surname=st.sampled_from("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭"),
    given_name=st.text("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英建国志文华", min_size=1, max_size=2),
    said=st.sampled_from(
        ("我叫{}，{}", "我是{}，{}", "姓名：{}，{}", "他叫{}，{}", "联系人{}，{}", "{}书记说的，{}", "{}同志问，{}")
    ),
    question=st.sampled_from(ASKED),
)
def test_no_name_survives_what_announces_it(surname: str, given_name: str, said: str, question: str) -> None:
    assert surname + given_name not in kept(said.format(surname + given_name, question))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            (
                *ASKED,
                "我叫张伟",
                "13800138000",
                "，",
                "李书记",
                "的",
                "住大河镇",
                "a@b.cn",
                "〔姓名〕",
                "5号",
                "\u200b",
                " ",
            )
        ),
        max_size=6,
    ).map("".join)
    | st.text(max_size=60)
)
def test_scrubbing_twice_changes_nothing(text: str) -> None:
    once = scrub(text)
    if once is not None:
        again = scrub(once.text)
        assert again is None or again.text == once.text
