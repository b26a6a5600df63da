"""What a preview, a report and a version look like in a chat. Words are words.py's, sending is delivery.py's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.channels.telegram_bot.keeping import words
from bot.channels.telegram_bot.keeping.runs import Run
from bot.kb import words as kb_words
from bot.kb.changes import told
from bot.kb.differences import Difference
from bot.kb.drafts import Draft
from bot.kb.effect import Effect
from bot.kb.gate import Report, report_of
from bot.kb.preview import Preview
from bot.kb.rendering import said
from bot.kb.workshop import Stage
from bot.state.versions import Entry

#: How many questions a summary shows, and the whole of it.
_FEW, _MANY = 5, 50
#: How many unchanged characters stand around a change.
_AROUND = 24
_SHOWN_LOOKS = 12


def stage_text(stage: Stage | None, waiting: str) -> str:
    """How far a preview is."""
    name, fraction = stage or (waiting, None)
    if fraction is None:
        return words.PREVIEWING.format(stage=name)
    return words.PREVIEWING_SHARE.format(stage=name, percent=round(100 * min(1.0, max(0.0, fraction))))


def report_text(report: str, identifier: str, suggested: int, *, unfilled: bool) -> str:
    """The report of an import in short: what was found, what was left out, what needs a person's eye."""
    rows = report.splitlines()
    looks = [row for row in rows[2:] if row.startswith("- ")]
    listed = rows.index(looks[0]) if looks else len(rows)
    shown = [*rows[:listed], *looks[:_SHOWN_LOOKS]]
    if len(looks) > _SHOWN_LOOKS:
        shown.append(words.LOOKS_MORE.format(count=len(looks) - _SHOWN_LOOKS))
    shown += [words.ISSUER] if unfilled else []
    return "\n".join([*shown, words.IDENTIFIER.format(id=identifier), words.SUGGESTED.format(count=suggested)])


def summary(draft: Draft, preview: Preview) -> list[Run]:
    """A proposal in short: what it changes, what that does, whether it may be published."""
    what = "；".join(told(change) for change in draft.changes)
    runs: list[Run] = [(words.TITLE.format(author=draft.author, what=what), "head")]
    runs.append((f"\n{words.BASE.format(base=kb_words.served(draft.base))}\n", ""))
    if preview.fault:
        return [*runs, (words.FAULT.format(fault=preview.fault), "")]
    counts = Counter(one.kind for one in preview.differences)
    shown = "、".join(words.COUNT.format(kind=kb_words.KIND_NAMES[kind], count=n) for kind, n in counts.items())
    runs.append((f"{words.COUNTS.format(counts=shown) if shown else kb_words.ELSEWHERE}\n", ""))
    runs.append((f"{_lint_line(preview)}\n", ""))
    if preview.effect is not None:
        runs += _effect(preview.effect, _FEW)
    runs += _gate(preview.report, 0)
    if preview.obstacles:
        runs.append((words.SHUT.format(reasons="；".join(preview.obstacles)), "head"))
    return runs


def changes(preview: Preview) -> list[Run]:
    """Everything that a proposal changes, character by character, and everything that this does."""
    runs = list(difference_runs(preview.differences))
    runs.append((f"{_lint_line(preview)}\n", ""))
    names = {"error": words.LINT_ERROR, "warning": words.LINT_WARNING}
    for one in preview.noticed:
        fields = {"rule": one.rule, "text": one.text, "remedy": one.remedy}
        runs.append((words.FINDING.format(severity=names.get(one.severity, one.severity), **fields) + "\n", ""))
    if preview.effect is not None:
        runs += _effect(preview.effect, _MANY)
    return [*runs, *_gate(preview.report, _MANY)]


def difference_runs(found: Sequence[Difference]) -> Iterator[Run]:
    """Each clause that differs: what went struck out, what came in bold, and the questions that came and went."""
    if not found:
        yield f"{kb_words.ELSEWHERE}\n", ""
    for one in found:
        clause = one.after or one.before
        assert clause is not None
        yield f"{kb_words.KIND_NAMES[one.kind]} · {clause.label}", "head"
        yield "\n", ""
        for piece in one.pieces:
            if piece.sign == " ":
                yield _shortened(piece.text), ""
            else:
                yield piece.text, "old" if piece.sign == "-" else "new"
        if one.pieces:
            yield "\n", ""
        for label, questions in ((words.NEW_QUESTIONS, one.new), (words.GONE_QUESTIONS, one.gone)):
            if questions:
                rows = [label.format(count=len(questions)), *(f"· {question}" for question in questions[:_MANY])]
                if len(questions) > _MANY:
                    rows.append(words.MORE.format(count=len(questions) - _MANY))
                yield "\n".join(rows) + "\n", ""
        yield "\n", ""


def version_runs(entry: Entry, found: Sequence[Difference]) -> list[Run]:
    """A version on record that waits for a second person: who, why, the gate, and what it changes."""
    runs: list[Run] = [(words.WAITING.format(seq=entry.seq, author=entry.author, reason=entry.reason or "无"), "head")]
    runs.append(("\n", ""))
    if entry.override:
        runs.append((words.OVERRIDDEN.format(override=entry.override) + "\n", ""))
    if entry.report:
        runs += _gate(report_of(json.loads(entry.report)), _FEW)
    return [*runs, *difference_runs(found)]


def _lint_line(preview: Preview) -> str:
    errors = sum(one.severity == "error" for one in preview.noticed)
    return (
        words.LINT.format(errors=errors, warnings=len(preview.noticed) - errors) if preview.noticed else words.LINT_NONE
    )


def _effect(effect: Effect, most: int) -> Iterator[Run]:
    yield words.EFFECT.format(asked=effect.asked, changed=len(effect.changed)) + "\n", ""
    for one in effect.changed[:most]:
        yield words.EFFECT_QUESTION.format(question=one.question), "head"
        yield "\n" + words.EFFECT_BEFORE.format(said=said(one.before, one.after)), ""
        yield "\n" + words.EFFECT_AFTER.format(said=said(one.after, one.before)) + "\n", ""
    if len(effect.changed) > most:
        yield words.MORE.format(count=len(effect.changed) - most) + "\n", ""


def _gate(report: Report | None, most: int) -> Iterator[Run]:
    if report is None:
        return
    numbers = {
        "measured": report.measured,
        "before": report.right_before,
        "after": report.right_after,
        "false_before": report.false_before,
        "false_after": report.false_after,
    }
    yield kb_words.GATE_HOW.format(**numbers) + "\n", ""
    if report.passed:
        yield kb_words.GATE_OPEN + "\n", ""
        return
    yield kb_words.GATE_SHUT + "；".join(report.reasons) + "\n", ""
    for one in report.lost[:most]:
        wanted, before, after = (
            "、".join(label) or kb_words.NOTHING_CITED for label in (one.wanted, one.before, one.after)
        )
        line = kb_words.GATE_LOST.format(question=one.question, wanted=wanted, before=before, after=after)
        yield line.strip() + "\n", ""


def _shortened(text: str) -> str:
    return text if len(text) <= 2 * _AROUND + 1 else f"{text[:_AROUND]}…{text[-_AROUND:]}"
