"""What an import found, for a person (text) or a program (JSON values)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from knowledge.importing import words
from knowledge.importing.draft import Draft


def as_json(draft: Draft) -> dict[str, Any]:
    """Plain values: counts, clauses, what was left out and what to look at."""
    return {
        "id": draft.id,
        "file": draft.file,
        "title": draft.about.title,
        "short_title": draft.about.short_title,
        "issuer": draft.about.issuer,
        "year": draft.about.year,
        "characters": len(draft.source),
        "sha256": draft.sha256,
        "clauses": [
            {
                "id": one.id,
                "kind": one.kind,
                "parent": one.parent,
                "label": one.label,
                "start": one.start,
                "end": one.end,
            }
            for one in draft.clauses
        ],
        "left_out": [
            {"start": one.start, "end": one.end, "reason": one.reason, "text": draft.source[one.start : one.end]}
            for one in draft.left
            if one.reason != words.BLANK
        ],
        "removed": [{"reason": one.reason, "place": one.place, "text": one.text} for one in draft.removed],
        "look_at": [{"text": one.text, "place": one.place, "clause": one.clause} for one in draft.looks],
    }


def as_text(draft: Draft) -> str:
    """The report as a person reads it."""
    headings = sum(1 for one in draft.clauses if one.kind in ("section", "problem"))
    covered = sum(one.end - one.start for one in draft.clauses)
    reasons: Counter[str] = Counter()
    for one in draft.left:
        reasons[one.reason] += one.end - one.start
    shown = "，".join(f"{reason} {count}" for reason, count in reasons.most_common()) or "无"
    rows = [
        words.REPORT_HEAD.format(
            title=draft.about.title, clauses=len(draft.clauses), headings=headings, characters=len(draft.source)
        ),
        words.REPORT_COVERED.format(covered=covered, left=sum(reasons.values()), reasons=shown),
        words.REPORT_LOOK.format(count=len(draft.looks)) if draft.looks else words.REPORT_FINE,
    ]
    for look in draft.looks:
        where = "，".join(part for part in (f"条款 {look.clause}" if look.clause else "", look.place) if part)
        rows.append(f"- {where}：{look.text}" if where else f"- {look.text}")
    rows.extend(_listing(words.REPORT_LEFT, [
        (one.place, one.reason, draft.source[one.start : one.end])
        for one in draft.left if one.reason not in (words.BLANK, words.NUMBER, words.ORNAMENT)
    ]))  # fmt: skip
    rows.extend(_listing(words.REPORT_REMOVED, [(one.place, one.reason, one.text) for one in draft.removed]))
    return "\n".join(rows) + "\n"


def _listing(head: str, entries: list[tuple[str, str, str]]) -> list[str]:
    if not entries:
        return []
    return [
        head,
        *(f"- {place}（{reason}）：{text if len(text) <= 60 else text[:59] + '…'}" for place, reason, text in entries),
    ]
