"""Questions typed in pinyin, back into characters: yi ge wenjian zuiduo ji ye -> 一个文件最多几页.

A bigram model over the knowledge base's own texts picks, for the syllables, the characters that people here use
(Viterbi search). Tones, as marks or digits, are dropped. Strings of initials (dcjckh) become the phrase of a clause
that has these initials. Text that is not pinyin, English above all, is left as it is.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_LETTERS = re.compile(r"[a-zü]+(?:[ '’]+[a-zü]+)*")
_INITIALS = re.compile(r"(?<![a-z])[bpmfdtnlgkhjqxrzcsyw]{4,8}(?![a-z])")
MIN_SYLLABLES = 3
#: Two syllables among characters are read when people here write the two characters together at least this often.
MIN_PAIRS = 5
_TONE_MARKS = frozenset("\u0300\u0301\u0304\u030c")
_TONE_DIGITS = re.compile(r"(?<=[a-zü])[1-5](?![0-9])")
_MARKED = re.compile("[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]")
SHORTEST_INITIALS, LONGEST_INITIALS = 4, 8
_START = "^"


def _without_tones(text: str) -> str:
    """Text without tone marks; without tone digits too, where several words end in one (yi1 piao4, but not covid19)."""
    if _MARKED.search(text):
        apart = unicodedata.normalize("NFD", text)
        text = unicodedata.normalize("NFC", "".join(c for c in apart if c not in _TONE_MARKS))
    return _TONE_DIGITS.sub("", text) if len(_TONE_DIGITS.findall(text)) > 1 else text


def has_letters(text: str) -> bool:
    """Whether normalised text has anything that a PinyinReader may turn into characters."""
    return _LETTERS.search(text) is not None


class PinyinReader:
    """Reads pinyin with the words of some texts in mind."""

    def __init__(self, texts: Iterable[str], phrases: Iterable[str]) -> None:
        """`texts`: how people write (normalised); `phrases`: texts whose wording initials may stand for."""
        self._unigrams: Counter[str] = Counter()
        self._bigrams: Counter[str] = Counter()
        for text in texts:
            for run in _CHINESE.findall(text):
                self._unigrams.update(run)
                self._bigrams.update(a + b for a, b in zip(_START + run, run, strict=False))
        self._characters: dict[str, list[str]] = defaultdict(list)
        for character, _ in self._unigrams.most_common():
            self._characters[_syllable(character)].append(character)
        self._total = sum(self._unigrams.values()) or 1
        self._longest = max(map(len, self._characters), default=0)
        self._initials = _phrases_by_initials(phrases)

    def read(self, text: str) -> str:
        """Normalised text with what is pinyin or initials in it turned into characters."""
        plain = _without_tones(text)
        plain = _INITIALS.sub(lambda match: self._initials.get(match.group(), match.group()), plain)
        mixed = _CHINESE.search(plain) is not None
        read = _LETTERS.sub(lambda match: self._decode(match.group(), mixed), plain)
        return text if read == _without_tones(text) else read

    def _decode(self, letters: str, mixed: bool) -> str:
        words = re.split(r"[ '’]+", letters)
        syllables: list[str] = []
        for word in words:
            parts = self._split(word.replace("ü", "v"))
            if parts is None:
                return letters
            syllables += parts
        if len(syllables) >= MIN_SYLLABLES:
            return self._characters_for(syllables)
        pair = self._characters_for(syllables) if mixed and len(syllables) == MIN_SYLLABLES - 1 else ""
        return pair if self._bigrams[pair] >= MIN_PAIRS else letters

    def _split(self, word: str) -> list[str] | None:
        """The word as the fewest known syllables, or None."""
        best: list[list[str] | None] = [[]] + [None] * len(word)
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - self._longest), end):
                before = best[start]
                if before is None or word[start:end] not in self._characters:
                    continue
                if best[end] is None or len(before) + 1 < len(best[end] or []):
                    best[end] = [*before, word[start:end]]
        return best[-1]

    def _characters_for(self, syllables: list[str]) -> str:
        paths: dict[str, tuple[float, str]] = {_START: (0.0, "")}
        for syllable in syllables:
            following: dict[str, tuple[float, str]] = {}
            for character in self._characters[syllable]:
                score, path = max(
                    (score + self._log_probability(before, character), path) for before, (score, path) in paths.items()
                )
                following[character] = (score, path + character)
            paths = following
        return max(paths.values())[1]

    def _log_probability(self, before: str, character: str) -> float:
        """Bigram probability, interpolated with the character's own."""
        seen = self._bigrams[before + character] / (self._unigrams[before] or self._total)
        return math.log(0.9 * seen + 0.1 * self._unigrams[character] / self._total)


@lru_cache(maxsize=20_000)
def _syllable(character: str) -> str:
    return lazy_pinyin(character)[0].replace("ü", "v")


def _phrases_by_initials(phrases: Iterable[str]) -> dict[str, str]:
    """The commonest phrase for each string of initials."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for phrase in phrases:
        for run in _CHINESE.findall(phrase):
            initials = "".join(lazy_pinyin(run, style=Style.FIRST_LETTER))
            for size in range(SHORTEST_INITIALS, LONGEST_INITIALS + 1):
                for start in range(len(run) - size + 1):
                    counts[initials[start : start + size]][run[start : start + size]] += 1
    return {initials: found.most_common(1)[0][0] for initials, found in counts.items()}
