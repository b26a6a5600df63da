"""Suggested questions: from numbers, bodies, duties and prohibitions; sayable; only from the clause's own words."""

from __future__ import annotations

import re

import pytest

from knowledge.importing.suggest import MOST, suggestions
from tests.fakes import real_knowledge
from tests.import_notices import docx_expected, pdf_expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("政策性文件一般不超过8页。", ("政策性文件最多几页？", "政策性文件超过8页行不行？")),
        ("同一楼层的窗口不少于2个。", ("同一楼层的窗口至少要几个？",)),
        ("召开的会议比上年减少30%。", ("召开的会议比上年要减少多少？",)),
        ("县统计局牵头建立报表目录。", ("由谁牵头建立报表目录？", "县统计局要做什么？")),
        ("不得要求乡镇主要负责人陪会。", ("能不能要求乡镇主要负责人陪会？", "要求乡镇主要负责人陪会算不算违规？")),
        ("乡镇不再转发上级文件。", ("乡镇还要不要转发上级文件？",)),
        ("窗口工作人员不得将群众材料外传。", ("窗口工作人员能不能将群众材料外传？",)),
        ("各部门应当提前5个工作日报县政府审批。", ("各部门要提前几个工作日报县政府审批？",)),
        ("一般事项应当在5个工作日内办结。", ("一般事项几个工作日内要办结？",)),
        ("严格控制“一票否决”事项。", ("怎么严格控制“一票否决”事项？",)),
    ],
)
def test_rules(text: str, expected: tuple[str, ...]) -> None:
    assert suggestions(text, "point")[: len(expected)] == expected


def test_heading_is_asked_for_as_a_whole() -> None:
    assert suggestions("从严控制发文", "section") == ("从严控制发文有哪些具体要求？",)
    assert suggestions("政务服务中心应当设置下列窗口：", "section") == ("政务服务中心应当设置哪些窗口？",)
    assert suggestions("问题二：文山会海反弹回潮\n\n解决方法：\n\n严格控制层层开会", "problem") == (
        "怎么解决文山会海反弹回潮的问题？",
    )


def test_whatever_is_suggested_can_be_said_and_stands_in_the_clause() -> None:
    clauses = [(one.kind, one.text) for one in real_knowledge()]
    clauses += [(row[1], row[4]) for row in (*docx_expected(), *pdf_expected())]
    asked = 0
    for kind, text in clauses:
        found = suggestions(text, kind)  # type: ignore[arg-type]
        asked += bool(found)
        assert len(found) <= MOST
        assert len(set(found)) == len(found)
        for question in found:
            assert 6 <= len(question) <= 44
            assert question.endswith("？")
            content = re.sub(r"[\W_]", "", question)
            # All but the frame of the question stands in the clause: a quarter of its neighbouring pairs at least.
            pairs = {content[i : i + 2] for i in range(len(content) - 1)}
            own = {pair for pair in pairs if pair in re.sub(r"[\W_]", "", text)}
            assert len(own) * 4 >= len(pairs), question
    assert asked * 10 >= len(clauses) * 6
