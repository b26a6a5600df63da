"""The grammar of an address: the letters of a query as headings, items, ids and joiners, without looking them up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.outline.headings import named_heading
from index.outline.numerals import ANY_NUMBER, ENGLISH, NUMBER, number_of, numbers_in
from index.outline.words import COUNTERS, FILLERS, JOINERS, PUNCTUATION, RANGES
from knowledge.clause import Clause


@dataclass(frozen=True, slots=True)
class Heading:
    """A place that others stand under: the n-th problem (-1: the last), or a heading by clause id."""

    number: int = 0
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """Numbers of what stands under a heading, negative ones from the end; `bare` when counted with 个 alone."""

    numbers: tuple[int, ...]
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Identifier:
    """2.5: the clause with this id, or else the fifth measure of the second problem."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Word:
    """A joiner, a range sign, or the word for the background."""

    role: str


Token = Heading | Items | Identifier | Word


ITEM_NOUNS = "(?:整治|具体|解决|硬)?(?:措施|举措|办法|对策|方法|要求|规定|要点|招数)"
UNIT = rf"(?:[{COUNTERS}](?:{ITEM_NOUNS})?|个?{ITEM_NOUNS}|个)"

#: In an id two digits at most: 2019.10 is a date.
_SHORT = NUMBER.replace(r"\d+", r"(?<!\d)\d{1,2}")
_ID = re.compile(rf"({_SHORT})[.。·]({_SHORT})(?![.。·]\d)")
PROBLEMS = (
    re.compile(
        rf"(?:问题|problems?|issue)(?:no\.?)?((?:{ANY_NUMBER})(?:(?:[、,，和与及]|and)(?:{NUMBER})(?![.。·条项点款]))*)"
    ),
    re.compile(
        rf"第((?:{NUMBER})(?:[个类大项种]?(?:[、,，和与及]|以及)第?(?:{NUMBER}))*)[个类项种]?大?(?:突出|主要)?问题"
    ),
    re.compile(rf"(?:the)?({ENGLISH})(?:problem|issue)"),
)
_EDGE_PROBLEMS = (
    (re.compile(r"(?:头|第)?(?:头一|首)个大?(?:突出)?问题"), 1),
    (re.compile(r"最后(?:一)?个大?(?:突出)?问题"), -1),
)
_ITEM = re.compile(rf"第({NUMBER}){UNIT}?(?!个?大?问题)")
_ITEM_LIST = re.compile(rf"第({NUMBER}(?:[、,，和与及](?:{NUMBER})(?![.。·]))+){UNIT}")
_ITEM_RANGE = re.compile(rf"第({NUMBER})[-~—–到至]({NUMBER}){UNIT}")
_NAMED_ITEM = re.compile(rf"(?:{ITEM_NOUNS}|measure|point|item)(?:no\.?)?({ANY_NUMBER})")
_ENGLISH_ITEM = re.compile(rf"(?:the)?({ENGLISH})(?:measure|point|item|one)")
_FIRST = re.compile(rf"(?:第?头一|开头第?一|首){UNIT}")
_LAST = re.compile(rf"(?:最后面?|末尾)(?:的?一)?{UNIT}|(?:the)?last(?:measure|point|item|one)")
_FROM_END = re.compile(rf"倒数第?({NUMBER}){UNIT}?")
_FRONT = re.compile(rf"(?:前面?|头)({NUMBER}){UNIT}")
_BACK = re.compile(rf"(?:最后面?|后面?)({NUMBER}){UNIT}")


def _items(match: re.Match[str]) -> list[Token] | None:
    numbers = numbers_in(match[1])
    return None if numbers is None else [Items(numbers, bare=match[0].endswith("个"))]


def _range(match: re.Match[str]) -> list[Token] | None:
    first, last = number_of(match[1]), number_of(match[2])
    return None if first is None or last is None or first > last else [Items(tuple(range(first, last + 1)))]


def _heads(match: re.Match[str]) -> list[Token] | None:
    numbers = numbers_in(match[1])
    return None if numbers is None else [Heading(number) for number in numbers]


def _identifier(match: re.Match[str]) -> list[Token] | None:
    first, second = number_of(match[1]), number_of(match[2])
    return None if first is None or second is None else [Identifier(first, second)]


def _counted(sign: int) -> Callable[[re.Match[str]], list[Token] | None]:
    """First n (sign 1) or last n (sign -1)."""

    def read(match: re.Match[str]) -> list[Token] | None:
        count = number_of(match[1])
        if not count:
            return None
        return [Items(tuple(range(1, count + 1) if sign > 0 else range(-count, 0)))]

    return read


def _from_end(match: re.Match[str]) -> list[Token] | None:
    number = number_of(match[1])
    return [Items((-number,))] if number else None


#: Tried in this order at each place in the query.
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[Token] | None]], ...] = (
    (_ID, _identifier),
    *((pattern, _heads) for pattern in PROBLEMS),
    (_EDGE_PROBLEMS[0][0], lambda _: [Heading(1)]),
    (_EDGE_PROBLEMS[1][0], lambda _: [Heading(-1)]),
    (_ITEM_LIST, _items),
    (_ITEM_RANGE, _range),
    (_ITEM, _items),
    (_NAMED_ITEM, _items),
    (_ENGLISH_ITEM, _items),
    (_FIRST, lambda _: [Items((1,))]),
    (_FROM_END, _from_end),
    (_FRONT, _counted(1)),
    (_BACK, _counted(-1)),
    (_LAST, lambda _: [Items((-1,))]),
)
_JOINER = re.compile("|".join(map(re.escape, sorted(JOINERS, key=len, reverse=True))))
_RANGE = re.compile("|".join(map(re.escape, sorted(RANGES, key=len, reverse=True))))
_FILLER = re.compile("|".join(map(re.escape, sorted(FILLERS, key=len, reverse=True))))


def scan(text: str, headings: Sequence[Clause], names: Sequence[tuple[str, Token]]) -> list[Token] | None:
    """The tokens that cover the whole text, or None when something in it belongs to no address."""
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        step = _step(text, position, headings, names)
        if step is None:
            return None
        end, found = step
        tokens.extend(found)
        position = end
    return tokens


def _step(
    text: str, position: int, headings: Sequence[Clause], names: Sequence[tuple[str, Token]]
) -> tuple[int, list[Token]] | None:
    """The token at one place and where it ends."""
    for pattern, read in _RULES:
        match = pattern.match(text, position)
        if match and (tokens := read(match)) is not None:
            return match.end(), tokens
    named = named_heading(text[position:], headings)
    if named is not None:
        return position + named[0], [Heading(clause=named[1].id)] if named[1].kind != "problem" else [
            Heading(number=[h for h in headings if h.kind == "problem"].index(named[1]) + 1)
        ]
    for name, token in names:
        if name and text.startswith(name, position):
            return position + len(name), [token]
    for words, role in ((_RANGE, "range"), (_JOINER, "join")):
        match = words.match(text, position)
        if match:
            return match.end(), [Word(role)]
    match = _FILLER.match(text, position)
    if match:
        return match.end(), []
    return (position + 1, []) if text[position] in PUNCTUATION else None
