"""Rules on clauses: near-duplicates, numbering, empty headings, order and overlap, placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rapidfuzz import fuzz, process

from knowledge.clause import Clause
from knowledge.importing.words import TO_FILL
from knowledge.lint import words
from knowledge.lint.finding import Finding, Kept

#: Two clauses that are this much alike (percent, by edit distance) are worth a look.
ALIKE = 85.0
#: Shorter ones are alike by chance.
SHORTEST = 12


def near_duplicates(bases: Sequence[Kept]) -> Iterator[Finding]:
    """Pairs of clauses, of one notice or two, with almost the same words."""
    entries = [
        (kept, i, clause) for kept in bases for i, clause in enumerate(kept.document.clauses) if not clause.is_heading
    ]
    texts = [re.sub(r"[\W_]+", "", clause.text) for _, _, clause in entries]
    for i, (kept, place, clause) in enumerate(entries):
        if len(texts[i]) < SHORTEST:
            continue
        later = texts[i + 1 :]
        for _, score, offset in process.extract(
            texts[i], later, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None, processor=None
        ):
            other = entries[i + 1 + offset][2]
            same = other.text == clause.text
            yield kept.finding(
                ("clauses", place, "text"), "error" if same and other.document == clause.document else "warning",
                words.NEAR, words.SAME_CLAUSES if same else words.NEAR_CLAUSES,
                one=_name(clause, bases), other=_name(other, bases), share=round(score), words=_short(clause.text),
            )  # fmt: skip


def numbering(kept: Kept) -> Iterator[Finding]:
    """Gaps between siblings, ids that contradict the parent, order and overlap in the source."""
    last: dict[str | None, Clause] = {}
    clauses = kept.document.clauses
    for i, clause in enumerate(clauses):
        place = ("clauses", i, "id")
        if clause.parent is not None and "." in clause.id and not clause.id.startswith(f"{clause.parent}."):
            yield kept.finding(
                place, "error", words.NUMBERING, words.ID_UNDER_OTHER, one=clause.id, parent=clause.parent
            )
        number, before = _number(clause), last.get(clause.parent)
        if number is not None:
            expected = 1 if before is None else (_number(before) or 0) + 1
            first = before is None
            if number != expected and not (first and number == 0) and not _counts_through(clause):
                shown = "开头" if before is None else before.id
                yield kept.finding(place, "warning", words.NUMBERING, words.GAP, before=shown, after=clause.id)
            last[clause.parent] = clause
    for (_, one), (j, other) in pairwise(enumerate(clauses)):
        if other.start < one.start:
            place = ("clauses", j, "start")
            yield kept.finding(place, "error", words.NUMBERING, words.OUT_OF_ORDER, one=other.id, other=one.id)
    ordered = sorted(enumerate(clauses), key=lambda entry: entry[1].start)
    for (_, one), (j, other) in pairwise(ordered):
        if other.start < one.end:
            place = ("clauses", j, "start")
            yield kept.finding(place, "error", words.NUMBERING, words.OVERLAP, one=other.id, other=one.id)


def empty_sections(kept: Kept) -> Iterator[Finding]:
    """Headings with nothing below."""
    parents = {clause.parent for clause in kept.document}
    for i, clause in enumerate(kept.document.clauses):
        if clause.is_heading and clause.id not in parents:
            place = ("clauses", i, "kind")
            yield kept.finding(
                place, "error", words.EMPTY, words.EMPTY_SECTION, one=clause.id, words=_short(clause.text)
            )


def placeholders(kept: Kept) -> Iterator[Finding]:
    """Fields of a draft that nobody has filled in."""
    for field in ("title", "short_title", "issuer"):
        if getattr(kept.document, field) == TO_FILL:
            yield kept.finding(("document", field), "error", words.TO_FILL, words.NOT_FILLED, field=field)


def _number(clause: Clause) -> int | None:
    match = re.fullmatch(r"(?:.*\.)?(\d{1,4})", clause.id)
    return int(match[1]) if match else None


def _counts_through(clause: Clause) -> bool:
    """An article (no dot in its id, though it stands under a chapter) counts through the whole notice."""
    return clause.parent is not None and "." not in clause.id


def _name(clause: Clause, bases: Sequence[Kept]) -> str:
    return clause.id if len(bases) == 1 else f"{clause.document}:{clause.id}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 24 else line[:23] + "…"
