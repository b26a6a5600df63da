"""mark(): the characters of a clause that answer a question: an amount, a date, a body, a name, else the deciding words."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.spans.passages import Passage, Span, passage, tidy
from bot.spans.quantities import Quantity, quantities
from index.analyzer import normalize

_HOW_MUCH = re.compile(
    r"几成|几分之几|百分之几|百分之多少|多少|几(?=[页次回份场天个条年级遍趟])|多大(?:比例|幅度)|什么比例|多长|最多|至多|上限|how many|how much|percent"
)
_WHEN = re.compile(r"哪一?年|什么时候|啥时候|何时|几几年|哪个年份|when|which year")
_ASKED_UNIT = re.compile(r"(?:多少|几|第几)个?(页|次|回|趟|份|场|天|个月|条|遍|小时|分钟|平方米|平方|平米|字|元|块)")
_PART = re.compile(
    r"百分之(?:几|多少)|几分之几|几成|多大比例|什么比例|percent|(?:减|砍|压|降|少)(?:少|掉|缩|低)?了?(?:多少|几)|幅度"
)
_UNIT_NAMES = {"回": "次", "趟": "次", "个月": "月", "平方": "平方米", "平米": "平方米", "块": "元"}
_WHO = re.compile(
    r"谁|哪个部门|哪些部门|哪个单位|哪些单位|什么部门|什么单位|哪家|哪个机关|哪些机关|who|which (?:body|department)"
)
#: What a body does; the words before it, back to the last stop or preposition, name the body.
_NO_TITLE = "(?!同志|人|干部)"
_DEED = re.compile(f"(?:牵头|负总责|负责|作出重要批示|作出|会同|参加){_NO_TITLE}")
_BODY = re.compile(r"(?:由|经|请|,|，|。|;|；|^)([^,，。;；:：、由]{2,16}?)$")
_WHICH_NAME = re.compile(
    r"(?:哪一?[部个项份次场]|什么|哪个)(?:主题)?(条例|规则|办法|规定|教育|通知|文件|思想|活动|机制|制度)"
)
_NAMED = re.compile(r"《[^》]{2,40}》|“[^”]{2,40}”")


def mark(question: str, text: str) -> tuple[Span, ...]:
    """The [start, end) characters of a clause's text that answer a question; none when in doubt.

    Sorted and disjoint, and never nearly the whole text.
    """
    return _marked(normalize(question), text)


@lru_cache(maxsize=2_000)
def _marked(question: str, text: str) -> tuple[Span, ...]:
    words = passage(text)
    for rule in (_amounts, _dates, _bodies, _names):
        spans = rule(question, words)
        if spans is not None:
            return tuple(span for span in tidy(spans) if not words.is_most(span))
    decided = words.deciding(question)
    return (decided,) if decided is not None else ()


def asserted(question: str) -> tuple[Quantity, ...]:
    """The amounts that a normalised question itself names (20页, 三成)."""
    return tuple(one for one in quantities(question, spoken=True) if not one.is_date)


def _amounts(question: str, words: Passage) -> list[Span] | None:
    """Amounts of the unit asked for, or of a unit that the question names with another value or the same."""
    found = [one for one in quantities(words.text) if not one.is_date]
    asks = _HOW_MUCH.search(question) is not None
    units = {one.unit for one in asserted(question)}
    if asks:
        unit = _ASKED_UNIT.search(question)
        if unit is not None:
            units.add(_UNIT_NAMES.get(unit[1], unit[1]))
        elif _PART.search(question):
            units.add("%")
        elif len({one.unit for one in found}) == 1 and not units:
            units = {found[0].unit}
    alike = [one for one in found if one.unit in units]
    if not alike:
        return None
    if len(alike) > 1:  # of several amounts, those in the words that the question is about
        decided = words.deciding(question)
        inside = [one for one in alike if decided is not None and decided[0] <= one.start < decided[1]]
        alike = inside or alike
    return [(one.start, one.end) for one in alike]


def _dates(question: str, words: Passage) -> list[Span] | None:
    """The date asked for: in the words that the question is about, or just before them; else nothing is marked."""
    if _WHEN.search(question) is None:
        return None
    dates = [one for one in quantities(words.text) if one.is_date]
    if len(dates) > 1:
        totals = words.scores(question)
        best = totals.index(max(totals))
        for place in (best, best - 1):
            piece = words.pieces[max(place, 0)]
            inside = [one for one in dates if piece.start <= one.start < piece.end]
            if inside:
                dates = inside
                break
    return [(dates[0].start, dates[0].end)] if len(dates) == 1 else []


def _bodies(question: str, words: Passage) -> list[Span] | None:
    """The body before the deed that the question names (谁牵头), where the text says that deed of one body."""
    if _WHO.search(question) is None:
        return None
    deed = _DEED.search(question)
    places = [match.start() for match in re.finditer(f"{deed[0]}{_NO_TITLE}", words.text)] if deed is not None else []
    if deed is None or len(places) != 1:
        return None
    piece = words.piece_at(places[0])
    if deed[0] == "参加" and piece is not None and "、" in words.words((piece.start, places[0])):
        return [(piece.start, piece.start + len(words.words((piece.start, places[0])).removesuffix("等")))]
    body = _BODY.search(words.text[: places[0]])
    return [(body.start(1), body.end(1))] if body is not None else None


def _names(question: str, words: Passage) -> list[Span] | None:
    """A name in marks before or with the noun asked for (哪部条例), where there is one alone."""
    asked = _WHICH_NAME.search(question)
    if asked is None:
        return None
    noun = asked[1]
    named = list(_NAMED.finditer(words.text))
    fitting = [one for one in named if noun in one.group() or noun in words.text[one.end() : one.end() + 8]]
    if len(fitting) == 1:
        return [fitting[0].span()]
    run = list(re.finditer(rf"(?<=[用以把将])[^,，。;；、用以把将]{{3,30}}{noun}", words.text))
    return [run[0].span()] if noun == "思想" and len(run) == 1 else None
