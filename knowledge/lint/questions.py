"""Rules on questions: one question at two places, clauses that none reaches, widths mixed in one text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledge.lint import words
from knowledge.lint.finding import Finding, Kept
from knowledge.strict_yaml import Location

#: Marks in half and full width that mean the same.
_PAIRS = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！", "(": "（", ")": "）"}

_FULL = re.compile(r"[，；：？！（）]")
#: A half-width mark with Chinese on both sides (or at its end).
_HALF = re.compile(r"(?<=[\u4e00-\u9fff”》）)])[,;:?!](?=[\u4e00-\u9fff“《（(]|$)")


def pointing_at_two(bases: Sequence[Kept]) -> Iterator[Finding]:
    """Questions that stand under two clauses, or under one and among the unanswered; marks and spaces aside."""
    seen: dict[str, tuple[Kept, Location, str, str]] = {}
    for kept in bases:
        for place, question, target in _targets(kept):
            key = _letters(question)
            if not key:
                continue
            if key not in seen:
                seen[key] = kept, place, question, target
                continue
            other_kept, other_place, twin, other = seen[key]
            if (other, other_kept) == (target, kept):
                continue
            where = f"{other_kept.file.path.name}:{other_kept.file.line(other_place)}"
            if "unanswered" in (target, other):
                one = other if target == "unanswered" else target
                message, details = words.ALSO_UNANSWERED, {"one": one, "other": "unanswered"}
            elif twin == question:
                message, details = words.SAME_QUESTION, {"one": target, "other": other}
            else:
                message, details = words.ALMOST_SAME_QUESTION, {"other": other, "twin": twin}
            yield kept.finding(place, "error", words.POINTS_AT_TWO, message, question=question, where=where, **details)


def unreached(kept: Kept) -> Iterator[Finding]:
    """Clauses that no question of the file points at."""
    shared = {one for question in kept.document.shared_questions for one in question.clauses}
    for i, clause in enumerate(kept.document.clauses):
        if not clause.questions and clause.id not in shared:
            text = " ".join(clause.text.split())[:24]
            yield kept.finding(("clauses", i), "warning", words.UNREACHED, words.NO_QUESTION, one=clause.id, words=text)


def mixed_width(kept: Kept) -> Iterator[Finding]:
    """Chinese texts that use both the half and the full width form of one mark, and full-width letters and digits."""
    usual = sum(len(_FULL.findall(clause.text)) for clause in kept.document)
    for i, clause in enumerate(kept.document.clauses):
        place = ("clauses", i, "text")
        half = sorted(set(_HALF.findall(clause.text)))
        if half and usual > sum(len(_HALF.findall(one.text)) for one in kept.document):
            details = {"one": clause.id, "marks": "」「".join(half)}
            yield kept.finding(place, "warning", words.WIDTH, words.HALF_IN_CHINESE, **details)
        else:
            yield from _mixed(kept, place, f"条款 {clause.id} ", clause.text)
        for j, question in enumerate(clause.questions):
            yield from _mixed(kept, ("clauses", i, "questions", j), "问题", question)


def _mixed(kept: Kept, place: Location, what: str, text: str) -> Iterator[Finding]:
    bare = re.sub(r"\d[:,]\d|[A-Za-z\d)][.,:;?!] ?[A-Za-z(]", "", text)
    both = [f"{half}{full}" for half, full in _PAIRS.items() if half in bare and full in bare]
    wide = "".join(sorted(set(re.findall(r"[０-９Ａ-Ｚａ-ｚ]", text))))
    if wide and re.search(r"[0-9A-Za-z]", text):
        both.append(wide)
    if both:
        shown = text if len(text) <= 30 else text[:29] + "…"
        yield kept.finding(place, "warning", words.WIDTH, words.MIXED, what=what, marks="」「".join(both), words=shown)


def _targets(kept: Kept) -> Iterator[tuple[Location, str, str]]:
    for i, clause in enumerate(kept.document.clauses):
        for j, question in enumerate(clause.questions):
            yield ("clauses", i, "questions", j), question, clause.id
    for i, shared in enumerate(kept.document.shared_questions):
        yield ("shared_questions", i, "text"), shared.text, "、".join(shared.clauses)
    for i, open_question in enumerate(kept.document.unanswered):
        yield ("unanswered", i, "text"), open_question.text, "unanswered"


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
