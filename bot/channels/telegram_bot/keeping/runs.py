"""Text with marks of what went and what came: as Telegram's messages, cut where they must be, or as one HTML file.

Marks are never by look alone: in the plain words that stand in when Telegram refuses the HTML, [-…-] went and {+…+} came.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Literal

from telegram.constants import MessageLimit

from bot.channels.telegram_bot.text import Part, escape, utf16_length

Mark = Literal["", "head", "old", "new"]
Run = tuple[str, Mark]

_TELEGRAM = {"": ("", ""), "head": ("<b>", "</b>"), "old": ("<s>", "</s>"), "new": ("<b>", "</b>")}
_PLAIN = {"": ("", ""), "head": ("", ""), "old": ("[-", "-]"), "new": ("{+", "+}")}
_FILE = {"": ("", ""), "head": ("<strong>", "</strong>"), "old": ("<del>", "</del>"), "new": ("<ins>", "</ins>")}
_LIMIT = MessageLimit.MAX_TEXT_LENGTH
_ENTITIES = MessageLimit.MESSAGE_ENTITIES - 10
#: A run longer than this is cut, so that no message is much shorter than it could be.
_PIECE = 500
_PAGE = (
    '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
    "<style>body{{font:1rem/1.7 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;white-space:pre-wrap}}"
    "ins{{font-weight:bold}}</style></head>\n<body>{body}</body></html>\n"
)


def pack_runs(runs: Iterable[Run]) -> list[Part]:
    """Messages that Telegram takes, in as few as go; a message ends at the end of a line where there is one."""
    messages: list[list[Run]] = [[]]
    length = marks = 0
    for text, mark in _pieces(runs):
        more = utf16_length("".join(_PLAIN[mark])) + utf16_length(text)
        if messages[-1] and (length + more > _LIMIT or marks + bool(mark) > _ENTITIES):
            messages.append([])
            length = marks = 0
        messages[-1].append((text, mark))
        length, marks = length + more, marks + bool(mark)
    parts = [Part(_dressed(one, _TELEGRAM), _dressed(one, _PLAIN, plain=True)) for one in messages]
    return [one for one in parts if one.plain.strip()]


def page(title: str, runs: Iterable[Run]) -> bytes:
    """One HTML file that needs nothing else."""
    return _PAGE.format(title=html.escape(title), body=_dressed(list(runs), _FILE)).encode("utf8")


def _pieces(runs: Iterable[Run]) -> Iterable[Run]:
    for text, mark in runs:
        for start in range(0, len(text), _PIECE):
            yield text[start : start + _PIECE], mark


def _dressed(runs: list[Run], marks: dict[str, tuple[str, str]], *, plain: bool = False) -> str:
    shown = []
    for text, mark in runs:
        before, after = marks[mark]
        shown.append(f"{before}{text if plain else escape(text)}{after}")
    return "".join(shown)
