"""What a clause states, read by rule: its statements, amounts, lists, bodies, and the terms that can stand alone.

Offsets are those of the clause's text. In doubt nothing is found: a boundary counts only where a mark, a preposition
or the segmenter gives it on both sides. No rule knows any notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bot.quiz.segment import Word, words
from bot.spans.passages import Piece, Span, passage
from bot.spans.quantities import Quantity, quantities
from knowledge.clause import Clause

Sort = Literal["quoted", "titled", "member", "object", "idiom"]

#: A clause of at most this many characters is shown whole; of a longer one, the sentence.
WHOLE = 75
_MARKS = "，。；：、！？,.;:!?“”‘’《》（）() \n●"
_NOMINAL = frozenset(("n", "vn", "nz", "an", "nt", "b", "j", "ns"))
_BEFORE_OBJECT = frozenset(("v", "p", "uj", "d", "c", "x", "ad"))
_AFTER_OBJECT = frozenset(("x", "c", "uj"))
_PREPOSITIONS = "对将以为把由从在按于被给向与和及其"
#: After these a verb belongs to the noun that follows: 境内违建别墅, 检举控告工作规则.
_NO_VERB_AFTER = frozenset(("v", "s", "f", "ns"))
#: Words that open a list without being part of its first member.
_OPENS_LIST = frozenset(("对", "由", "以", "将", "把", "从", "在", "经", "包括", "涉及", "坚持", "采用"))
_QUOTED = re.compile(r"“([^“”]{2,14})”")
_TITLED = re.compile(r"《([^《》]{4,24})》")
_HEADING_LABEL = re.compile(r"(?:问题|方面|第)?[一二三四五六七八九十]+|解决方法|主要措施|措施")
# A body: a run of characters that ends like an office, a committee or people in office.
_BODY_ENDS = (
    "办公厅|办公室|委员会|组织部|宣传部|统战部|机关|部门|单位|党委|党组|政府|工委|改革办|纪委|监委|调研组|领导小组"
    "|总书记|一把手|负责同志|人民法院|检察院|局|厅|委"
)
_BODY = re.compile(rf"[^{_MARKS}]{{0,14}}?(?:{_BODY_ENDS})(?=[{_MARKS}]|$)")
_DEED = "牵头|负总责|负责|作出|会同|参加|不再|原则上|也要|要"
_DOER = re.compile(
    rf"(?:(?<=[，。；,;\n由])|(?<=首先是)|^)(?P<body>[^{_MARKS}由等]{{0,12}}?(?:{_BODY_ENDS}))(?=(?P<deed>{_DEED}))"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """Characters [start, end) that can be taken out and replaced by another unit of the same sort."""

    start: int
    end: int
    sort: Sort


@dataclass(frozen=True, slots=True)
class Listing:
    """Three or more members in a row, all boundaries sure, in one piece of the text."""

    members: tuple[Span, ...]

    @property
    def span(self) -> Span:
        """From the first member to the last."""
        return self.members[0][0], self.members[-1][1]


def title(heading: Clause) -> str:
    """A heading without its number and its solution: 文山会海反弹回潮."""
    parts = lines(heading)
    return parts[0] if parts else heading.display


def solution(heading: Clause) -> str:
    """What a heading gives as the way out, or "" where it has none."""
    parts = lines(heading)
    return parts[1] if len(parts) == 2 else ""


@lru_cache(maxsize=1_000)
def lines(heading: Clause) -> tuple[str, ...]:
    """The lines of a heading, without bullets and labels such as 问题一： and 解决方法：."""
    found = []
    for line in re.split(r"[\s●]+", heading.text):
        words_of_line = re.sub(rf"^(?:{_HEADING_LABEL.pattern})[：:、]", "", line)
        if words_of_line and not _HEADING_LABEL.fullmatch(words_of_line):
            found.append(words_of_line)
    return tuple(found)


@lru_cache(maxsize=1_000)
def statements(clause: Clause) -> tuple[Span, ...]:
    """The parts of a clause that can be shown alone: the whole, or its sentences; the lines of a heading."""
    if clause.is_heading:
        rows = re.finditer(r"[^\s●]+", clause.text)
        return tuple(row.span() for row in rows if any(line in row.group() for line in lines(clause)))
    if len(clause.text) <= WHOLE:
        return ((0, len(clause.text)),)
    found: list[Span] = []
    for sentence in sentences(clause.text):
        if found and found[-1][1] - found[-1][0] < 12:
            found[-1] = found[-1][0], sentence[1]
        else:
            found.append(sentence)
    return tuple(found)


def sentences(text: str) -> tuple[Span, ...]:
    """Sentences with the mark that ends them."""
    pieces = passage(text).pieces
    groups: dict[int, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(piece.sentence, []).append(piece)
    found = []
    for group in groups.values():
        end = group[-1].end
        found.append((group[0].start, end + (text[end : end + 1] in "。!?;！？；" and end < len(text))))
    return tuple(found)


def statement_at(clause: Clause, start: int, end: int) -> Span | None:
    """The statement that holds these characters, or None where they cross a border."""
    return next((one for one in statements(clause) if one[0] <= start and end <= one[1]), None)


@lru_cache(maxsize=1_000)
def pieces(clause: Clause) -> tuple[Piece, ...]:
    """The words between commas, as passages.py cuts them; of a heading, none but its statements."""
    found = passage(clause.text).pieces
    return tuple(piece for piece in found if statement_at(clause, piece.start, piece.end) is not None)


def amounts(text: str) -> tuple[Quantity, ...]:
    """Amounts and dates of a text."""
    return quantities(passage(text).text)


@lru_cache(maxsize=1_000)
def listings(clause: Clause) -> tuple[Listing, ...]:
    """Lists of three or more members."""
    found = []
    for piece in pieces(clause):
        run: list[Span] = []
        for member in [*_members(clause, piece), None]:
            if member is not None and (not run or member[0] - run[-1][1] == 1):
                run.append(member)
                continue
            if len(run) >= 3:
                found.append(Listing(tuple(run)))
            run = [member] if member is not None else []
    return tuple(found)


def _members(clause: Clause, piece: Piece) -> list[Span]:
    """What stands between the enumeration commas of a piece, where both borders are sure."""
    text = clause.text
    cuts = [at for at in range(piece.start, piece.end) if text[at] == "、" and not _within_marks(text, at)]
    if not cuts:
        return []
    borders = [piece.start, *(at + 1 for at in cuts)]
    members = list(zip(borders, [*cuts, piece.end], strict=True))
    first = _first_member(clause, members[0])
    members[0] = first or members[0]
    unsure = set() if first else {0}
    for i, (start, end) in enumerate(members):
        closing = text.find("等", start + 1, end)  # what follows 等 is no member
        if closing > start:
            members[i] = start, closing
            unsure |= {i + 1}
    lengths = [end - start for start, end in members]
    longest = min(2 * min(lengths) + 1, 12)
    return [
        member
        for i, member in enumerate(members)
        if i not in unsure
        and 2 <= lengths[i] <= longest
        and not re.search("是否|有没有|(?<=.)[为的]", text[slice(*member)])
    ]


def _first_member(clause: Clause, span: Span) -> Span | None:
    """The first member of a list without the words that open the list; None where these cannot be told apart."""
    if clause.is_heading:
        return span
    opening = [word for word in words(clause.text) if span[0] <= word.start < span[1]]
    if opening and opening[0].text in _OPENS_LIST and len(opening) > 1:
        return opening[0].end, span[1]
    if any(word.tag in ("d", "p", "r", "ad", "v", "m") for word in opening):
        return None
    return span


def _within_marks(text: str, at: int) -> bool:
    """Whether quotation marks or brackets that open before this character close after it."""
    return any(
        text.count(opening, 0, at) > text.count(closing, 0, at) for opening, closing in ("“”", "《》", "（）", "()")
    )


@lru_cache(maxsize=1_000)
def units(clause: Clause) -> tuple[Unit, ...]:
    """The terms of a clause that can be taken out whole, in reading order; none overlaps another of its sort."""
    text = clause.text
    found = [Unit(match.start(1), match.end(1), "quoted") for match in _QUOTED.finditer(text)]
    found += [Unit(match.start(1), match.end(1), "titled") for match in _TITLED.finditer(text)]
    for piece in pieces(clause):
        found += [Unit(*one, "member") for one in _members(clause, piece)]
        found += _objects(text, piece)
        found += _idioms(text, piece)
    kept = [one for one in found if statement_at(clause, one.start, one.end) is not None]
    return tuple(sorted(set(kept), key=lambda one: (one.start, one.end, one.sort)))


def _objects(text: str, piece: Piece) -> Iterator[Unit]:
    """Runs of nouns with a sure word on either side."""
    inside = [word for word in words(text) if piece.start <= word.start and word.end <= piece.end]
    at = 0
    while at < len(inside):
        stop = at
        while stop < len(inside) and inside[stop].tag in _NOMINAL:
            stop += 1
        if at and stop > at and inside[at].tag == "vn" and inside[at - 1].tag in ("d", "ad"):
            at += 1  # 进一步改革…: a verb after all
            stop = max(stop, at)
        if stop > at:
            run = inside[at:stop]
            before = inside[at - 1] if at else None
            after = inside[stop] if stop < len(inside) else None
            further = inside[at - 2] if at > 1 else None
            compound = (
                before is not None and before.tag == "v" and further is not None and further.tag in _NO_VERB_AFTER
            )
            if not compound and _stands_alone(text, run, before, after):
                yield Unit(run[0].start, run[-1].end, "object")
        at = stop + 1


def _stands_alone(text: str, run: list[Word], before: Word | None, after: Word | None) -> bool:
    start, end = run[0].start, run[-1].end
    if not 3 <= end - start <= 9 or text[start] in _PREPOSITIONS + "不" or _within_marks(text, start):
        return False
    if before is None or before.tag not in _BEFORE_OBJECT or before.text in ("、", "（"):
        return False
    if (before.tag == "v" and len(before.text) == 1) or before.tag == "d":  # after an adverb stands a verb after all
        return False
    if after is not None and (after.tag not in _AFTER_OBJECT or after.text in ("、", "”", "（")):
        return False
    return all(len(word.text) > 1 for word in run)


def _idioms(text: str, piece: Piece) -> Iterator[Unit]:
    """Set phrases of four characters, which no border can split."""
    inside = [word for word in words(text) if piece.start <= word.start and word.end <= piece.end]
    for before, word in zip([None, *inside], inside, strict=False):
        if len(word.text) != 4 or _within_marks(text, word.start):
            continue
        ends = word.end == piece.end
        if word.tag in ("i", "nz") or (word.tag == "l" and ends and before is not None and before.tag == "n"):
            yield Unit(word.start, word.end, "idiom")
        elif word.tag == "l" and ends and before is not None and before.tag == "v" and len(before.text) > 1:
            yield Unit(word.start, word.end, "object")


@dataclass(frozen=True, slots=True)
class Doer:
    """Characters [start, end) name a body; `deed` is what it does, as the text says right after it."""

    start: int
    end: int
    deed: str


def doers(clause: Clause) -> tuple[Doer, ...]:
    """Bodies that the clause says do something."""
    if clause.is_heading:
        return ()
    found = [Doer(*match.span("body"), match["deed"]) for match in _DOER.finditer(clause.text)]
    return tuple(
        one for one in found if one.end - one.start >= 2 and not speaks_leader(clause.text[one.start : one.end])
    )


def speaks_leader(words: str) -> bool:
    """Whether words report what a leader of the state said: nothing but a date is ever altered in them."""
    return "总书记" in words


@lru_cache(maxsize=1_000)
def bodies(clause: Clause) -> tuple[str, ...]:
    """Names of bodies in a clause: those that do something, and members of lists that end like one."""
    found = [clause.text[one.start : one.end] for one in doers(clause)]
    for listing in listings(clause):
        names = [clause.text[start:end] for start, end in listing.members]
        if all(_BODY.fullmatch(name) for name in names):
            found += names
    return tuple(dict.fromkeys(found))
