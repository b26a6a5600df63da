"""One way to read text, for clauses and for queries alike: normalize() for the encoder, terms() for n-grams.

Handles width and case, Traditional characters, numbers written in several ways, whole questions in pinyin, and
homophone typos (every term also appears by its sound). Exact addresses are outline.py's business.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import opencc
from pypinyin import lazy_pinyin

VERSION = 1
#: Longer text is cut before it is normalised: one character can become eighteen.
MAX_CHARACTERS = 2000

_CHINESE = r"\u3400-\u4dbf\u4e00-\u9fff"
_GAP = re.compile(rf"(?<=[{_CHINESE}]) (?=[{_CHINESE}])")
_RUN = re.compile(rf"[{_CHINESE}]+|[a-z]+|[0-9]+(?:\.[0-9]+)?%?")
_NUMERALS = "零一二三四五六七八九"
_NUMERAL = "[零〇一二两三四五六七八九十百]"
_PERCENT = re.compile(rf"百分之({_NUMERAL}+|[0-9]+)")
_TENTHS = re.compile(r"([一二两三四五六七八九1-9])成(?![立为就果功员分绩本熟长])")
_COUNTED = re.compile(rf"({_NUMERAL}+)(?=[页次份天条场遍])")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−~～", "-"))


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def normalize(text: str) -> str:
    """Simplified, half-width, lower-case text without invisible characters, on one line."""
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])
    visible = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text if _is_visible(c))
    text = re.sub(r"\s+", " ", "".join(visible)).strip().lower()
    return _GAP.sub("", _simplifier().convert(text))


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cf", "Cs", "Co", "Cn")


def number(numeral: str) -> int | None:
    """The value of a Chinese numeral below 1,000 (十二, 一百零五, 三0), or None."""
    total, current = 0, 0
    for character in numeral.replace("〇", "零").replace("两", "二"):
        if character in _NUMERALS:
            current = current * 10 + _NUMERALS.index(character) if character != "零" else current * 10
        elif character == "十":
            total, current = total + (current or 1) * 10, 0
        elif character == "百":
            total, current = total + (current or 1) * 100, 0
        else:
            return None
    return total + current


def with_digits(text: str) -> str:
    """Numbers in digits: 百分之三十 and 三成 become 30%, 十页 becomes 10页."""

    def percent(match: re.Match[str]) -> str:
        value = match.group(1)
        return f"{value if value.isdigit() else number(value)}%"

    text = _PERCENT.sub(percent, text)
    text = _TENTHS.sub(lambda m: f"{m.group(1) if m.group(1).isdigit() else number(m.group(1))}0%", text)
    return _COUNTED.sub(lambda m: str(number(m.group(1))), text.translate(_DASHES))


@lru_cache(maxsize=20_000)
def sound(character: str) -> str:
    """The commonest toneless reading of one character; what cannot be told apart in the south is folded (zh=z…)."""
    reading = lazy_pinyin(character)[0]
    reading = re.sub(r"^(z|c|s)h", r"\1", reading)
    return re.sub(r"(?<=[aei])ng$", "n", reading)


def terms(text: str) -> list[str]:
    """Terms of already normalised text: Chinese 1- to 3-grams, sounds of 2- and 3-grams, words, numbers."""
    found: list[str] = []
    for run in _RUN.findall(with_digits(text)):
        if "\u3400" <= run[0]:
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
    return found
