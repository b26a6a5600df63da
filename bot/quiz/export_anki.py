"""A paper as an Anki deck: a card an item, the same card when it is imported again. The only file that imports genanki."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path

from bot.quiz import words
from bot.quiz.item import Item
from bot.quiz.layout import answer, left_lines, option_lines, quoted
from knowledge.base import KnowledgeBase

_FIELDS = ("题干", "选项", "答案", "解析", "原文")
_FRONT = "<div>{{题干}}</div><div class=options>{{选项}}</div>"
_BACK = "{{FrontSide}}<hr id=answer><b>{{答案}}</b><p>{{解析}}</p><blockquote>{{原文}}</blockquote>"
_STYLE = (
    ".card{font-size:18px;text-align:left;line-height:1.6}.options{margin:.6em 0 0 1em}blockquote{border-left:3px solid"
    " #888;padding-left:.8em}"
)


def write(path: Path, items: Sequence[Item], knowledge: KnowledgeBase, seed: int) -> None:
    """Write a deck; a note's identity is its item's, so that progress is kept when a newer deck is imported."""
    import genanki  # noqa: PLC0415 - brings templates and SQLite, which no other command needs

    model = genanki.Model(
        _number("model"),
        "减负问答",
        fields=[{"name": name} for name in _FIELDS],
        templates=[{"name": "题", "qfmt": _FRONT, "afmt": _BACK}],
        css=_STYLE,
    )
    titles = "".join(f"《{document.short_title}》" for document in knowledge.documents)
    deck = genanki.Deck(
        _number("deck", *(document.id for document in knowledge.documents)), words.DECK.format(title=titles)
    )
    for item in items:
        fields = (
            _html([item.stem, *left_lines(item)]),
            _html(option_lines(item)),
            escape(answer(item)),
            escape(item.explanation),
            escape(quoted(item, knowledge)),
        )
        deck.add_note(
            genanki.Note(
                model=model, fields=list(fields), guid=item.id, tags=[f"条款{item.clause}", words.KIND_NAMES[item.kind]]
            )
        )
    genanki.Package(deck).write_to_file(str(path), timestamp=0.0)


def _html(lines: Sequence[str]) -> str:
    return "<br>".join(map(escape, lines))


def _number(*parts: str) -> int:
    """An id of Anki's range that is the same each time."""
    return int.from_bytes(hashlib.sha256("\x00".join(parts).encode("utf8")).digest()[:4], "big") | 1 << 30
