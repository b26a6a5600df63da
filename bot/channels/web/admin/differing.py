"""Differences between two versions as a list: what went struck out, what came underlined, questions that came and went."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.web.admin import words
from bot.channels.web.pages.html import Markup, tag
from bot.kb import words as kb_words
from bot.kb.differences import Difference

SHOWN_QUESTIONS = 20


def difference_list(found: Sequence[Difference]) -> Markup:
    """Each clause that differs: what went struck out, what came underlined, and the questions that came and went."""
    if not found:
        return tag("p", kb_words.ELSEWHERE)
    return tag("ul", *(_difference(one) for one in found), class_="differences")


def _difference(one: Difference) -> Markup:
    clause = one.after or one.before
    assert clause is not None
    names = {"-": "del", "+": "ins"}
    spelled = [tag(names[piece.sign], piece.text) if piece.sign in names else piece.text for piece in one.pieces]
    parts = [tag("h3", f"{kb_words.KIND_NAMES[one.kind]} · {clause.label}")]
    if spelled:
        parts.append(tag("p", *spelled, class_="words"))
    for label, questions in ((words.QUESTIONS_NEW, one.new), (words.QUESTIONS_GONE, one.gone)):
        if questions:
            further = len(questions) - SHOWN_QUESTIONS
            lines = [tag("li", question) for question in questions[:SHOWN_QUESTIONS]]
            lines += [tag("li", words.FURTHER.format(count=further))] if further > 0 else []
            parts += [
                tag("p", label.format(count=len(questions)), class_="field-hint"),
                tag("ul", *lines, class_="matches"),
            ]
    return tag("li", *parts)
