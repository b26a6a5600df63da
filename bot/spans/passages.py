"""Reads a clause for its answer: folded character for character, cut into sentences and pieces, compared with a question.

Everything here keeps the offsets of the text it was given. What a question asks for is marks.py's business, what it
takes for granted premise.py's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from index.analyzer import normalize, terms

#: Characters [start, end) of a text.
Span = tuple[int, int]

_SENTENCE_ENDS = "。!?;\n"
_PIECE_ENDS = _SENTENCE_ENDS + ",:"
_OPENING = dict(zip("“《(「『", "”》)」』", strict=True))
# What may stand before a piece without being part of it: bullets, and the number of an item in a list.
_LEADING = re.compile(r"[\s●]*(?:[0-9]{1,2}[、.](?![0-9])|\([0-9]{1,2}\))?[\s●]*")

# Words that ask, or that link, and so say nothing about the matter.
_IDLE = re.compile(
    "能不能|可不可以|可不可能|是不是|算不算|要不要|用不用|该不该|行不行|好不好|对不对|有没有|会不会|准不准|许不许|允不允许"
    "|让不让|需不需要|是否|能否|可否|应否|怎么样|怎么办|怎么|怎样|如何|为什么|为啥|什么|哪些|哪个|哪里|哪种|多少"
    "|可以|应该|应当|请问|我想|想问|问一下|就是说|就是|那个|这个|如果|已经|我们|你们|他们|咱们|规定|文件里|通知里"
)
#: Words by which a clause forbids, orders, allows or makes an exception.
DEONTIC = re.compile(
    "不得|不准|不许|不能|不要|不再|不搞|不予|不刻意|不干扰|严禁|禁止|防止|纠正|可以|允许|提倡|鼓励|应当|必须|只|要|须"
    "|经批准|未经|原则上|严格|减少|取消|能"
)
#: Words by which a clause forbids.
FORBIDS = re.compile("不得|不准|不许|不能|不再|不搞|不予|不刻意|严禁|禁止|防止")
_PREPOSITION = re.compile("对于?|经|凡|从|在|按照?|根据|依据|如|若|确需|除|以|为|把|将")
_UNFINISHED = re.compile(r"的[^的、]{0,4}$|[等时后下上中]$|情况$")

# A piece decides only with at least this much in common with the question, and clearly more than any other.
_ENOUGH, _CLEARLY = 2.0, 1.4


@lru_cache(maxsize=20_000)
def _fold_character(character: str) -> str:
    folded = normalize(character)
    return folded if len(folded) == 1 else character


def fold(text: str) -> str:
    """The text in simplified, half-width, lower-case characters; as long as the text, so offsets stay."""
    return "".join(map(_fold_character, text))


@dataclass(frozen=True, slots=True)
class Piece:
    """The words between two commas: characters [start, end) without the comma; `sentence` counts from 0."""

    start: int
    end: int
    sentence: int
    text: str
    terms: frozenset[str]


class Passage:
    """One clause's text, ready to be searched. `text` is folded; offsets are those of the text as given."""

    def __init__(self, text: str) -> None:
        self.text = fold(text)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """All pieces in reading order; commas within quotation marks and brackets do not cut."""
        cuts: list[tuple[int, int, int]] = []
        start = sentence = 0
        closing: list[str] = []
        for at, character in enumerate(self.text + "\n"):
            if character in _SENTENCE_ENDS:
                closing.clear()  # a mark that nobody closed ends with its sentence
            if character in _OPENING:
                closing.append(_OPENING[character])
            elif closing and character == closing[-1]:
                closing.pop()
            elif character in _PIECE_ENDS and not closing:
                cuts.append((start, at, sentence))
                start = at + 1
                sentence += character in _SENTENCE_ENDS
        found = []
        for begin, end, number in cuts:
            leading = _LEADING.match(self.text, begin, end)
            first = leading.end() if leading else begin
            last = first + len(self.text[first:end].rstrip(" ●"))
            if last > first:
                words = self.text[first:last]
                found.append(Piece(first, last, number, words, frozenset(terms(words))))
        return tuple(found)

    def piece_at(self, position: int) -> Piece | None:
        """The piece that holds this character, or None between pieces."""
        return next((piece for piece in self.pieces if piece.start <= position < piece.end), None)

    def words(self, span: Span) -> str:
        """The folded characters of a span."""
        return self.text[span[0] : span[1]]

    def is_most(self, span: Span) -> bool:
        """Whether a span is so much of the text that marking it would say nothing."""
        return span[1] - span[0] >= 0.8 * len(self.text.strip())

    def scores(self, question: str, *, deciding: bool = False) -> list[float]:
        """How much each piece has in common with a normalised question; with `deciding`, rules count a little more.

        Shared 2- and 3-grams count 1, shared sounds 0.3 (typos), each divided by the number of pieces that have it.
        """
        asked = frozenset(terms(_IDLE.sub(" ", question)))
        spread: dict[str, int] = {}
        for piece in self.pieces:
            for term in piece.terms & asked:
                spread[term] = spread.get(term, 0) + 1
        totals = []
        for piece in self.pieces:
            total = sum(_weight(term) / spread[term] for term in piece.terms & asked)
            totals.append(total * 1.15 if deciding and DEONTIC.search(piece.text) else total)
        return totals

    def deciding(self, question: str) -> Span | None:
        """The piece that a normalised question is about, with what it cannot stand without; None when in doubt."""
        totals = self.scores(question, deciding=True)
        if len(totals) < 2:
            return None
        ranked = sorted(range(len(totals)), key=lambda i: -totals[i])
        best = ranked[0]
        unit = self._complete(best)
        # The runner-up may belong to the same statement: then there is no doubt between the two.
        rivals = [i for i in ranked[1:] if not unit[0] <= self.pieces[i].start < unit[1]]
        second_total = totals[rivals[0]] if rivals else 0.0
        if totals[best] < _ENOUGH or totals[best] < _CLEARLY * second_total:
            return None
        return None if self.is_most(unit) else unit

    def _complete(self, index: int) -> Span:
        """A piece together with the topic before it and, when it is a topic itself, with what is said of it."""
        first = last = index
        while first > 0 and self._same_sentence(first - 1, first) and self._is_topic(first - 1):
            first -= 1
        while last + 1 < len(self.pieces) and self._same_sentence(last, last + 1) and self._is_topic(last):
            last += 1
        return self.pieces[first].start, self.pieces[last].end

    def _same_sentence(self, one: int, other: int) -> bool:
        return self.pieces[one].sentence == self.pieces[other].sentence

    def _is_topic(self, index: int) -> bool:
        """Whether a piece only names what the next one speaks of: 对影响期满的干部, 经批准直接开到县级的会议."""
        words = self.pieces[index].text
        if words.endswith("的"):
            return True
        return _PREPOSITION.match(words) is not None and _UNFINISHED.search(words) is not None


def _weight(term: str) -> float:
    if term[0] == "~":
        return 0.3
    return 0.1 if len(term) == 1 else 1.0


@lru_cache(maxsize=1_000)
def passage(text: str) -> Passage:
    """The text as a Passage; the few hundred clauses of a knowledge base are read once."""
    return Passage(text)


def tidy(spans: list[Span]) -> tuple[Span, ...]:
    """Spans sorted, those that touch or overlap made one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)
