"""A question in plain spelling, without the hesitation before it and the marks after it.

Widths, Traditional characters and pinyin are read as the index reads them; only the cues of a follow-up are heard for
slips here, as the ranker hears the rest by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.followup.patterns import SMALL_TALK
from bot.followup.spellings import HEARD, NOT_MISHEARD, NUMERALS_HEARD, OPENERS, PARTICLES, SPELLINGS, TRAILERS
from index import analyzer
from index.pinyin import has_letters

#: Turns pinyin in a text into characters.
ReadPinyin = Callable[[str], str]


def clean(question: str, read_pinyin: ReadPinyin) -> str:
    """The question in plain spelling; small talk stays whole."""
    text = analyzer.normalize(question)
    for written, meant in SPELLINGS.items():
        text = text.replace(written, meant)
    if has_letters(text):
        text = read_pinyin(text)
    if SMALL_TALK.match(compact(text)):
        return text
    text = _heard(PARTICLES.sub("呢", text))
    text = re.sub(r",(?=[^\x00-\x7f])", "，", text)
    text = OPENERS.sub("", text) or text
    return TRAILERS.sub("", text).strip()


def compact(plain: str) -> str:
    """Without spaces: what patterns match."""
    return re.sub(r"\s+", "", plain)


def _heard(text: str) -> str:
    """Cues that are written with other characters of the same sound, as they are meant (那回议呢, 第思条)."""
    text = re.sub(
        r"第(\w)(?=[条点项个])", lambda match: f"第{NUMERALS_HEARD.get(analyzer.sound(match[1]), match[1])}", text
    )
    sounds = [analyzer.sound(character) for character in text]
    for cue in HEARD:
        meant = [analyzer.sound(character) for character in cue]
        for start in range(len(text) - len(cue) + 1):
            written = text[start : start + len(cue)]
            if sounds[start : start + len(cue)] == meant and written != cue and written not in NOT_MISHEARD:
                text = text[:start] + cue + text[start + len(cue) :]
    return text
