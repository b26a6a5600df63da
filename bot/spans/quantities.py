"""Finds quantities and dates in a text: their value, their unit, and whether they are a limit.

Reads 10页, 十页, 30%—50%, 百分之三十, 三成, 一半, 三分之一, 每年1次, 18平方米, 2018年年底. Takes folded text (passages.fold or
index.analyzer.normalize); what is done with a quantity is for marks.py and premise.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from index.analyzer import number

Limit = Literal["most", "least", ""]

#: Ways of writing a unit -> the unit. Longer ways come first where one begins with another.
_UNITS = {
    "平方米": "平方米", "平方公里": "平方公里", "平方": "平方米", "平米": "平方米", "立方米": "立方米",
    "公里": "公里", "千米": "公里", "厘米": "厘米", "米": "米", "公斤": "公斤", "千克": "公斤", "吨": "吨",
    "亿元": "亿元", "万元": "万元", "元": "元", "块钱": "元", "万字": "万字", "字": "字",
    "个工作日": "工作日", "工作日": "工作日", "个月": "月", "个小时": "小时", "小时": "小时", "个钟头": "小时",
    "分钟": "分钟", "周": "周", "天": "天", "日": "天", "周岁": "岁", "岁": "岁",
    "页": "页", "次": "次", "回": "次", "趟": "次", "份": "份", "场": "场", "遍": "遍", "人次": "人次", "人": "人", "名": "人",
    "桌": "桌", "倍": "倍", "%": "%",
}  # fmt: skip
#: Units that only digits make a quantity: 3个 is one, 三个区分开来 is a name.
_LOOSE_UNITS = {
    "个": "个",
    "项": "项",
    "条": "条",
    "家": "家",
    "种": "种",
    "年": "年",
    "级": "级",
    "件": "件",
    "名额": "名额",
}

_NUMERAL = "[零〇一二两三四五六七八九十百]+"
_DIGITS = r"[0-9]+(?:\.[0-9]+)?"
_ANY = f"(?:{_DIGITS}|{_NUMERAL})"
_DASH = "(?:—{1,2}|–|-|~|至|到)"
_STRICT = "|".join(sorted(_UNITS, key=len, reverse=True))
_ALL = "|".join(sorted(_UNITS | _LOOSE_UNITS, key=len, reverse=True))
_AFTER = "(?P<after>以上|以下|以内|之内|以里)?"
_NOT_A_COUNT = "(?<![第几数多0-9.零〇一二两三四五六七八九十百千万])"
_PATTERNS = (
    re.compile(rf"{_NOT_A_COUNT}百分之(?P<percent>{_ANY})(?:{_DASH}(?:百分之)?(?P<percent_to>{_ANY}))?{_AFTER}"),
    re.compile(rf"{_NOT_A_COUNT}(?P<below>{_ANY})分之(?P<above>{_ANY}){_AFTER}"),
    re.compile(
        rf"{_NOT_A_COUNT}(?<![统划单同万变完组构形合])(?P<tenths>[一二两三四五六七八九1-9])(?:{_DASH}(?P<tenths_to>[一二两三四五六七八九]))?成"
        rf"(?P<half>半)?(?![立为就果功员分绩本熟长效册不])(?:{_AFTER})"
    ),
    re.compile(rf"(?P<a_half>一半|半数|减半|砍半|对半|腰斩){_AFTER}"),
    re.compile(
        rf"{_NOT_A_COUNT}(?P<low>{_DIGITS})(?P<first_unit>%)?(?:{_DASH}(?P<high>{_DIGITS}))?(?P<unit>{_ALL})"
        rf"(?![性序级长度]){_AFTER}"
    ),
    re.compile(
        rf"{_NOT_A_COUNT}(?P<low>{_NUMERAL})(?:{_DASH}(?P<high>{_NUMERAL}))?(?P<unit>{_STRICT})(?![性序数之]){_AFTER}"
    ),
)
_YEAR = re.compile(
    r"(?<![0-9])(?P<year>(?:19|20)[0-9]{2})年(?P<part>年?[底初末]|[上下]半年|[0-9]{1,2}月(?:份|[0-9]{1,2}[日号])?)?(?!以上|以内)"
)
# As people write a year, besides: 2018 alone, 19年.
_SPOKEN_YEAR = re.compile(
    r"(?<![0-9.])(?:(?P<year>(?:19|20)[0-9]{2})(?![0-9.%—-])|(?P<short>[0-3][0-9])(?=年))年?(?P<part>年?[底初末])?"
)
_DURATION = re.compile(r"(?:了|干|满|整|共|近|约|过去|连续|工作)$")
_MOST = re.compile("(?:不得?超过|不能超过|不会超过|不高于|不多于|不大于|至多|最多|最长|最大|顶多|上限是?)[^,。;]{0,8}$")
_LEAST = re.compile(
    "(?:不少于|不得少于|不低于|不得低于|至少|最少|起码|(?<![不得能])超过|高于|多于|大于|下限是?)[^,。;]{0,8}$"
)
_DOWN = re.compile("(?:减少|减掉|下降|降低|压缩|压减|缩减|削减|精简|砍掉?|减|少|降)[^,。;0-9]{0,3}$")
_UP = re.compile("(?:增加|增长|提高|上升|增|涨|加)[^,。;0-9]{0,3}$")


@dataclass(frozen=True, slots=True)
class Quantity:
    """Characters [start, end) say `low` to `high` of a unit; `limit` and `change` come from the words around.

    The unit of a date is "年份" and its value the year. A share of a whole is in per cent. `limit_start` is where
    the words of the limit begin (不超过), or `start`; `change` is -1 for a decrease, 1 for an increase, else 0.
    """

    start: int
    end: int
    low: float
    high: float
    unit: str
    limit: Limit = ""
    limit_start: int = 0
    change: int = 0
    change_start: int = 0

    @property
    def is_date(self) -> bool:
        """Whether this is a year rather than an amount."""
        return self.unit == "年份"

    def same(self, other: Quantity) -> bool:
        """Whether both name the same values of the same unit."""
        return (self.unit, self.low, self.high) == (other.unit, other.low, other.high)


def quantities(text: str, *, spoken: bool = False) -> tuple[Quantity, ...]:
    """All quantities and dates of a folded text, in reading order; `spoken` also reads years as people write them."""
    found: list[Quantity] = []
    for match in (_SPOKEN_YEAR if spoken else _YEAR).finditer(text):
        if spoken and _DURATION.search(text[: match.start()]):
            continue
        groups = match.groupdict()
        year = int(groups["year"] or 2000 + int(groups["short"]))
        found.append(Quantity(match.start(), match.end(), year, year, "年份", "", match.start(), 0, match.start()))
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            taken = any(one.start < match.end() and match.start() < one.end for one in found)
            measured = None if taken else _measure(match)
            if measured is not None:
                found.append(_placed(match, text, *measured))
    return tuple(sorted(found, key=lambda one: one.start))


def _measure(match: re.Match[str]) -> tuple[float, float, str] | None:
    """(low, high, unit) of a match, or None where its numerals make no number (三五页)."""
    groups = match.groupdict()
    if groups.get("a_half"):
        return 50.0, 50.0, "%"
    if groups.get("below"):
        below, above = _value(groups["below"]), _value(groups["above"])
        share = 100 * above / below if below and above is not None else None
        return None if share is None else (share, share, "%")
    if groups.get("tenths"):
        low, high = _value(groups["tenths"]), _value(groups["tenths_to"] or groups["tenths"])
        more = 5.0 if groups["half"] else 0.0
        return None if low is None or high is None else (10 * low + more, 10 * high + more, "%")
    first = groups.get("percent") or groups.get("low") or ""
    low, high = _value(first), _value(groups.get("percent_to") or groups.get("high") or first)
    unit = "%" if groups.get("percent") else (_UNITS | _LOOSE_UNITS)[groups["unit"]]
    return None if low is None or high is None else (low, high, unit)


def _value(numeral: str) -> float | None:
    return float(numeral) if numeral[0].isascii() else number(numeral)


def _placed(match: re.Match[str], text: str, low: float, high: float, unit: str) -> Quantity:
    """A quantity with what the words before and after it say."""
    before = text[: match.start()]
    most, least = _MOST.search(before), _LEAST.search(before)
    limit: Limit = "most" if most else "least" if least else ""
    after = match.groupdict().get("after")
    if after:
        limit = "least" if after == "以上" else "most"
    bound = most or least
    down, up = _DOWN.search(before), _UP.search(before)
    moved = down or up
    halved = match.groupdict().get("a_half") in ("减半", "砍半", "腰斩")
    return Quantity(
        match.start(), match.end(), low, high, unit,
        limit, bound.start() if bound else match.start(),
        -1 if down or halved else 1 if up else 0, moved.start() if moved else match.start(),
    )  # fmt: skip
