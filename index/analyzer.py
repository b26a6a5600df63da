"""One way to read text, for clauses and for queries alike: normalize() for the encoder, terms() for n-grams.

Handles width and case, Traditional characters, numbers written in several ways, and homophone typos (every term also
appears by its sound). Whole questions in pinyin are pinyin.py's business, exact addresses outline.py's.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import opencc
from pypinyin import lazy_pinyin

VERSION = 3
#: Longer text is cut before it is normalised: one character can become eighteen.
MAX_CHARACTERS = 2000

_CHINESE = r"\u3400-\u4dbf\u4e00-\u9fff"
_GAP = re.compile(rf"(?<=[{_CHINESE}]) (?=[{_CHINESE}])")
_RUN = re.compile(rf"[{_CHINESE}]+|[a-z]+|[0-9]+(?:\.[0-9]+)?%?")
_NUMERALS = "零一二三四五六七八九"
_NUMERAL = "[零〇一二两三四五六七八九十百]"
_PERCENT = re.compile(rf"百分之({_NUMERAL}+|[0-9]+(?:\.[0-9]+)?)")
# Not 统一成册, 一成不变, 三成果.
_TENTHS = re.compile(r"(?<![第0-9])([一二两三四五六七八九1-9])(?<![统划单同万]一)成(?![立为就果功员分绩本熟长效]|不变)")
_COUNTED = re.compile(rf"({_NUMERAL}+)(?=[页次份天条场遍])")
_DIGIT = "[一二三四五六七八九]"
_VALUE = re.compile(rf"(?:({_DIGIT}?)(百))?零?(?:({_DIGIT}?)(十))?零?({_DIGIT}?)")
_DIGITS_ONLY = re.compile("(?=.*零)[零一二三四五六七八九]{2,3}")
# Marks that show nothing, though Unicode does not class them as invisible: fillers and variation selectors.
_UNSEEN_MARKS = frozenset(
    map(chr, [0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
)


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=64)
def normalize(text: str) -> str:
    """Simplified, half-width, lower-case text without invisible characters, on one line."""
    visible = (" " if unicodedata.category(c) == "Cc" else c for c in text[:MAX_CHARACTERS] if _is_visible(c))
    text = unicodedata.normalize("NFKC", "".join(visible)).lower()
    text = _GAP.sub("", re.sub(r"\s+", " ", text).strip())
    simplified: str = _simplifier().convert(text)
    return simplified[:MAX_CHARACTERS].strip()


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cf", "Cs", "Co", "Cn") and character not in _UNSEEN_MARKS


def number(numeral: str) -> int | None:
    """The value of a Chinese numeral below 1,000 (十二, 一百零五, 三〇); None for anything else (一两, 二三十)."""
    numeral = numeral.replace("〇", "零").replace("两", "二")
    if _DIGITS_ONLY.fullmatch(numeral):
        return int("".join(str(_NUMERALS.index(character)) for character in numeral))
    match = _VALUE.fullmatch(numeral)
    if not numeral or match is None:
        return None
    hundreds, has_hundreds, tens, has_tens, units = match.groups(default="")
    value = 100 * _NUMERALS.index(hundreds or "一") if has_hundreds else 0
    value += 10 * _NUMERALS.index(tens or "一") if has_tens else 0
    short = has_hundreds and not has_tens and "零" not in numeral  # 一百二 is 120, 一百零二 is 102
    return value + _NUMERALS.index(units or "零") * (10 if short else 1)


def with_digits(text: str) -> str:
    """Numbers in digits: 百分之三十 and 三成 become 30%, 十页 becomes 10页."""

    def digits(match: re.Match[str], unit: str = "") -> str:
        numeral = match.group(1)
        value = numeral if numeral[0].isascii() else number(numeral)
        return match.group() if value is None else f"{value}{unit}"

    text = _PERCENT.sub(lambda match: digits(match, "%"), text)
    text = _TENTHS.sub(lambda match: digits(match, "0%"), text)
    return _COUNTED.sub(digits, text)


@lru_cache(maxsize=20_000)
def sound(character: str) -> str:
    """The commonest toneless reading of one character; what cannot be told apart in the south is folded (zh=z…)."""
    reading = lazy_pinyin(character)[0]
    reading = re.sub(r"^(z|c|s)h", r"\1", reading)
    return re.sub(r"(?<=[aei])ng$", "n", reading)


@lru_cache(maxsize=64)
def terms(text: str) -> tuple[str, ...]:
    """Terms of already normalised text: Chinese 1- to 3-grams, sounds of 2- and 3-grams, words, numbers.

    The last texts are remembered: one question is asked of several indexes.
    """
    found: list[str] = []
    for run in _RUN.findall(with_digits(text)):
        if run[0] >= "\u3400":
            sounds = [sound(character) for character in run]
            found.extend(run)
            for size in (2, 3):
                found.extend(run[i : i + size] for i in range(len(run) - size + 1))
                found.extend("~" + "~".join(sounds[i : i + size]) for i in range(len(run) - size + 1))
        elif run[0].isdigit():
            found.append(f"#{run}")
        else:
            found.append(f"={run}")
            found.extend(f"={run[i : i + 4]}-" for i in range(max(0, len(run) - 3)))
    return tuple(found)
