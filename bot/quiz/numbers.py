"""Other amounts of the same form as one in a text: plausible, and outside what the text allows.

Of 不超过10页 only more pages are wrong, of 50%以上 only a smaller share, of 30%—50% only what does not overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.quiz.facts import amounts
from bot.spans.quantities import Quantity

_NUMERALS = "一二三四五六七八九十"
_RANGE = re.compile(r"(?P<low>\d+)(?P<mark>%?)(?P<dash>[^\d%]+)(?P<high>\d+)(?P<rest>.*)", re.S)
_YEAR = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<rest>年.*)")
_FRACTION = re.compile(r"(?P<below>[二三四五六七八九十])分之(?P<above>[一二三四五六七八九])(?P<rest>.*)")
_PLAIN = re.compile(r"(?P<value>\d+)(?P<rest>\D*)")
_CHINESE = re.compile(r"(?P<value>[一二两三四五六七八九十])(?P<rest>\D+)")


def others(text: str, amount: Quantity, siblings: Iterable[Quantity] = ()) -> tuple[str, ...]:
    """Ways of writing other amounts in the place of one, best first; amounts of the same unit in `siblings` lead."""
    written = text[amount.start : amount.end]
    found = [*_from_siblings(written, amount, siblings), *_made(written)]
    kept = [one for one in dict.fromkeys(found) if one != written and differs(text, amount, one)]
    return tuple(kept)


def differs(text: str, amount: Quantity, other: str) -> bool:
    """Whether another amount, put in the place of one, allows nothing that the text allows."""
    changed = text[: amount.start] + other + text[amount.end :]
    at = [one for one in amounts(changed) if one.start == amount.start]
    if len(at) != 1 or at[0].end != amount.start + len(other) or at[0].unit != amount.unit:
        return False
    new = at[0]
    if amount.limit == "most":
        return new.low > amount.high
    if amount.limit == "least":
        return new.high < amount.low
    return new.high < amount.low or new.low > amount.high


def _from_siblings(written: str, amount: Quantity, siblings: Iterable[Quantity]) -> list[str]:
    match = _PLAIN.fullmatch(written)
    if match is None or amount.is_date:
        return []
    return [f"{one.low:g}{match['rest']}" for one in siblings if one.unit == amount.unit and one.low == one.high]


def _made(written: str) -> list[str]:
    """Amounts written as this one is."""
    if match := _RANGE.fullmatch(written):
        low, high = int(match["low"]), int(match["high"])
        width = max(high - low, 1)
        pairs = [(low // 3, 2 * low // 3), (high + width // 2, high + width * 3 // 2), (low // 6, low // 3)]
        if match["mark"] or match["rest"].startswith("%"):
            pairs = [pair for pair in pairs if pair[1] <= 100]
        return [f"{a}{match['mark']}{match['dash']}{b}{match['rest']}" for a, b in pairs if 0 < a < b]
    if match := _YEAR.fullmatch(written):
        return [f"{int(match['year']) + step}{match['rest']}" for step in (-1, 1, -2, 2)]
    if match := _FRACTION.fullmatch(written):
        parts = ("二一", "三二", "四三", "四一", "五一", "五二")
        return [f"{part[0]}分之{part[1]}{match['rest']}" for part in parts]
    if match := _PLAIN.fullmatch(written):
        return [f"{value}{match['rest']}" for value in _near(int(match["value"]), percent="%" in match["rest"])]
    if match := _CHINESE.fullmatch(written):
        value = _NUMERALS.index(match["value"].replace("两", "二")) + 1
        return [
            f"{'两' if near == 2 else _NUMERALS[near - 1]}{match['rest']}"
            for near in _near(value, percent=False)
            if near <= len(_NUMERALS)
        ]
    return []


def _near(value: int, *, percent: bool) -> list[int]:
    """Whole numbers that one may confuse with a value."""
    if percent:
        return [
            near for near in (value - 20, value + 20, value - 30, value + 30, value - 10, value + 10) if 0 < near <= 100
        ]
    if value <= 5:
        return [near for near in (value + 1, value + 2, value + 3, value - 1) if near > 0]
    step = 5 if value % 5 == 0 else 2
    return [value + step, value + 2 * step, 2 * value, max(value - step, 1), max(value // 2, 1), 3 * value]
