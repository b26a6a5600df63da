"""A question in plain spelling, without the hesitation before it and the marks after it."""

from __future__ import annotations

import re
import unicodedata

from bot.followup.spellings import HOMOPHONE_NUMERALS, OPENERS, PARTICLES, PINYIN, SPELLINGS, TRADITIONAL, TRAILERS


def clean(question: str) -> str:
    """The question in plain spelling, without the hesitation before it and the marks after it."""
    text = unicodedata.normalize("NFKC", question).strip().translate(TRADITIONAL)
    text = _from_pinyin(text)
    for written, meant in SPELLINGS.items():
        text = text.replace(written, meant)
    text = PARTICLES.sub("呢", text)
    text = re.sub(r",(?=[^\x00-\x7f])", "，", text)
    text = re.sub(r"第([思斯司伞山舞武流])(?=[条点项个])", lambda m: f"第{HOMOPHONE_NUMERALS[m[1]]}", text)
    shorter = OPENERS.sub("", text)
    text = shorter or text
    return TRAILERS.sub("", text).strip()


def _from_pinyin(text: str) -> str:
    """Pinyin of cue words, when the whole question is Latin and begins with one of them."""
    words = text.lower().split()
    if not 2 <= len(words) <= 6 or not all(word in PINYIN or word.isalpha() for word in words):
        return text
    known = [word in PINYIN for word in words]
    if text.isascii() and sum(known) * 2 > len(words):
        return "".join(PINYIN.get(word, word) for word in words)
    return text


def compact(plain: str) -> str:
    """Without spaces, in small letters: what patterns match."""
    return re.sub(r"\s+", "", plain).lower()
