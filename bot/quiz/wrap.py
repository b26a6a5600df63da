"""wrap(): Chinese text cut into lines: no line begins with a closing mark or ends with an opening one, no blank is cut."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.quiz.item import BLANK

_OPENING = r"[「『“‘《〈（(〔【]"
_CLOSING = r"[」』”’》〉）)〕】，。；：、！？…,.;:!?%—]"
#: What stays together: a blank, a run of Latin letters or digits, or one character, with the marks that cling to it.
_TOKEN = re.compile(rf"{_OPENING}*(?:{BLANK}|[A-Za-z0-9.%]+|.)?{_CLOSING}*", re.S)


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines no wider than `width`, in the unit of `measure`; a token that is wider alone stands alone."""
    lines: list[str] = []
    line = ""
    for token in filter(None, _TOKEN.findall(text)):
        if line and measure(line + token) > width:
            lines.append(line.rstrip())
            line = token.lstrip()
        else:
            line += token
    return [*lines, line]
