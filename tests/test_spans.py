"""What is marked in a clause, and what is said of a question's premise, over the real notice and an invented one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.spans import mark, remark
from tests.fakes import real_knowledge
from tests.notices import ROWS

TEXTS = {clause.id: clause.text for clause in real_knowledge()}
OTHER = {row[0]: row[4] for row in ROWS}


def marked(question: str, text: str) -> list[str]:
    return [text[start:end] for start, end in mark(question, text)]


@pytest.mark.parametrize(
    ("question", "clause", "words"),
    [
        # how much
        ("一个文件最多几页", "2.2", ["10页"]),
        ("文件有多少页的限制", "2.2", ["10页"]),
        ("文件可以写20页吧", "2.2", ["10页"]),
        ("How many pages at most", "2.2", ["10页"]),
        ("一份文件最多幾頁？", "2.2", ["10页"]),
        ("会议要减少多少", "2.1", ["30%—50%"]),
        ("发文要砍掉几成", "2.1", ["30%—50%"]),
        ("文件和会议减百分之几", "2.1", ["30%—50%"]),
        ("部委一年能搞几次督查", "3.1", ["1次"]),
        ("县乡村督查减多少", "3.1", ["50%以上"]),
        ("检查考核砍一半吗", "3.1", ["50%以上"]),
        # when
        ("哪一年是基层减负年", "0", ["2019年"]),
        ("总书记什么时候作出批示", "0", ["2018年年底"]),
        # who
        ("谁牵头", "5.1", ["中央办公厅"]),
        ("专项机制由谁牵头", "5.1", ["中央办公厅"]),
        ("地方上谁负总责", "5.2", ["一把手"]),
        ("谁会同有关部门组成调研组", "0", ["中央办公厅"]),
        (
            "哪些单位参加专项机制",
            "5.1",
            [
                "中央纪委国家监委机关、中央组织部、中央宣传部、中央改革办、中央和国家机关工委、全国人大常委会办公厅、国务院办公厅、全国政协办公厅"
            ],
        ),
        # names
        ("用什么思想武装头脑", "1.1", ["习近平新时代中国特色社会主义思想"]),
        ("列入哪个主题教育", "1.2", ["“不忘初心、牢记使命”"]),
        ("修订哪部条例", "4.2", ["《中国共产党问责条例》"]),
        # the words that decide
        ("能不能让一把手陪会", "2.6", ["未经批准不得要求党委和政府主要负责同志以及部门一把手参会"]),
        (
            "微信群截图能不能代替检查",
            "3.3",
            ["不得以微信工作群、政务APP上传工作场景截图或录制视频来代替对实际工作评价"],
        ),
        ("责任状可以随便签吗", "3.4", ["不能动辄签“责任状”"]),
        ("搞照本宣科行不行", "2.8", ["不搞照本宣科"]),
        ("各地还要不要出实施细则", "2.3", ["不再制定贯彻落实意见和实施细则"]),
        ("党委办公室负责什么", "5.2", ["党委办公厅（室）负责协调推进落实"]),
        # in doubt, nothing
        ("为什么要减负", "0", []),
        ("调研可以前呼后拥吗", "3.7", []),
        ("远城开会有没有规定", "2.7", []),
        ("1.4的原文", "1.4", []),
        ("", "2.2", []),
        ("🤯🤯", "3.3", []),
        ("naming and shaming 有没有写进去", "5.3", []),
    ],
)
def test_what_is_marked(question: str, clause: str, words: list[str]) -> None:
    assert marked(question, TEXTS[clause]) == words


@pytest.mark.parametrize(
    ("question", "clause", "words"),
    [
        ("陪餐人数不能超过几分之几", "1.1", ["三分之一"]),
        ("乡长的办公室最大多少平方", "2.1", ["18平方米"]),
        ("可不可以提供香烟和酒水", "1.2", ["不得提供香烟和高档酒水"]),
        ("能不能租酒店的房间办公", "2.2", ["领导干部不得长期租用宾馆、酒店房间作为办公用房"]),
    ],
)
def test_another_notice_is_marked_by_the_same_rules(question: str, clause: str, words: list[str]) -> None:
    assert marked(question, OTHER[clause]) == words


@pytest.mark.parametrize(
    ("question", "clause", "said"),
    [
        ("文件可以写20页吧", "2.2", "原文写的是「不超过10页」（您说的是20页）。"),
        ("文件能写二十页吗", "2.2", "原文写的是「不超过10页」（您说的是二十页）。"),
        ("部委一年可以督查五次吧", "3.1", "原文写的是「1次」（您说的是五次）。"),
        ("督查事项减少50%以上对吗", "3.1", "与原文一致：「50%以上」。"),
        ("责任状可以随便签吗", "3.4", "关键的一句：「不能动辄签“责任状”」。"),
        ("搞照本宣科行不行", "2.8", "关键的一句：「不搞照本宣科」。"),
        # nothing asserted, nothing decided, or an exam's choices
        ("一个文件最多几页", "2.2", ""),
        ("文件会议减40%行吗", "2.1", "关键的一句：「确保发给县级以下的文件、召开的会议减少30%—50%」。"),  # within
        ("单选：文件不超过（ ）A.5页 B.10页 C.20页", "2.2", ""),
        ("被问责的干部还能用吗", "4.3", ""),
        ("谁牵头", "5.1", ""),
        ("", "2.2", ""),
    ],
)
def test_what_is_said_of_the_premise(question: str, clause: str, said: str) -> None:
    assert remark(question, TEXTS[clause]) == said


def test_what_is_quoted_of_the_premise_is_in_the_clause() -> None:
    said = 0
    for clause in real_knowledge():
        for question in clause.questions:
            words = remark(question, clause.text)
            if words:
                said += 1
                assert words.split("「")[1].split("」")[0] in clause.text
    assert said > 200


def test_known_questions_are_marked_sparingly_and_well_within_the_clause() -> None:
    for clause in real_knowledge():
        for question in clause.questions[::3]:
            spans = mark(question, clause.text)
            assert list(spans) == sorted(spans)
            assert sum(end - start for start, end in spans) < len(clause.text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.sampled_from([*TEXTS.values(), *OTHER.values(), "", "。", "10页"]))
def test_any_question_gives_spans_inside_the_text(question: str, text: str) -> None:
    places = [place for span in mark(question, text) for place in span]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)
    assert all(start < end for start, end in mark(question, text))
    remark(question, text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="一二三十百两几第不超过至少减0123456789%—成半年页次个，。、", max_size=40))
def test_any_text_of_numbers_is_read(text: str) -> None:
    for question in ("最多几页", "减少多少", "哪一年", "可以20页吧"):
        for start, end in mark(question, text):
            assert 0 <= start < end <= len(text)
        remark(question, text)
