"""A preview as parts of a page: differences, findings of the lint, answers that change, and the gate's report."""

from __future__ import annotations

from bot.channels.web.admin import desk_words as words
from bot.channels.web.admin.differing import difference_list
from bot.channels.web.admin.frame import pairs, table
from bot.channels.web.pages.html import Markup, joined, tag
from bot.kb import words as kb_words
from bot.kb.effect import Effect, Said
from bot.kb.gate import Report
from bot.kb.preview import Noticed, Preview

SHOWN = 50
LONGEST_QUOTE = 120


def preview_parts(preview: Preview) -> list[Markup]:
    """Everything of a preview that was made, under headings."""
    parts = [tag("h2", words.DIFFERENCES), difference_list(preview.differences)]
    parts += [tag("h2", words.LINT), _noticed(preview.noticed)]
    if preview.effect is not None:
        parts += [tag("h2", words.EFFECT), *_effect(preview.effect)]
    if preview.report is not None:
        parts += gate_parts(preview.report)
    return parts


def gate_parts(report: Report) -> list[Markup]:
    """The gate's report under its heading."""
    parts = [tag("h2", words.GATE)]
    if report.passed:
        parts.append(tag("p", words.GATE_OPEN, role="status"))
    else:
        reasons = tag("ul", *(tag("li", one) for one in report.reasons))
        parts.append(tag("div", tag("p", words.GATE_SHUT), reasons, role="alert", class_="note"))
    rows: list[tuple[str, str]] = [
        (words.MEASURED, str(report.measured)),
        (words.RIGHT, words.CHANGE.format(before=report.right_before, after=report.right_after)),
        (words.FALSE, words.CHANGE.format(before=report.false_before, after=report.false_after)),
    ]
    if report.new:
        rows.append((words.NEW_RIGHT, words.OF.format(right=report.new_right, all=report.new)))
    parts.append(pairs(rows))
    if report.without_clause:
        parts.append(tag("p", kb_words.GATE_WITHOUT.format(count=report.without_clause), class_="field-hint"))
    if report.lost:
        lost = [
            (one.question, *("、".join(label) or words.NOTHING_CITED for label in (one.wanted, one.before, one.after)))
            for one in report.lost[:SHOWN]
        ]
        columns = (words.QUESTION, words.WANTED, words.BEFORE, words.AFTER)
        parts += [tag("h3", f"{words.LOST}（{len(report.lost)}）"), table(words.LOST, columns, lost, class_="answers")]
        parts += _further(len(report.lost))
    return parts


def _noticed(found: tuple[Noticed, ...]) -> Markup:
    if not found:
        return tag("p", words.LINT_NONE)
    rows = (
        tag("li", tag("strong", f"{words.SEVERITIES[one.severity]}（{one.rule}）"), f"：{one.text}。{one.remedy}。")
        for one in found
    )
    listed = tag("ul", *rows, class_="noticed")
    if any(one.severity == "error" for one in found):
        return joined([listed, tag("p", words.LINT_SHUT, role="alert", class_="note")])
    return listed


def _effect(effect: Effect) -> list[Markup]:
    count = words.EFFECT_COUNT.format(asked=effect.asked, changed=len(effect.changed))
    parts = [tag("p", count, id="effect")]
    if effect.changed:
        rows = [(one.question, _said(one.before), _said(one.after)) for one in effect.changed[:SHOWN]]
        columns = (words.QUESTION, words.BEFORE, words.AFTER)
        parts += [table(words.EFFECT, columns, rows, class_="answers"), *_further(len(effect.changed))]
    return parts


def _further(count: int) -> list[Markup]:
    return [tag("p", words.MORE.format(count=count - SHOWN), class_="field-hint")] if count > SHOWN else []


def _said(said: Said) -> str:
    labels = "、".join(f"{label}「{_start(text)}」" for label, text in said.clauses)
    return kb_words.OUTCOME_NAMES[said.outcome].format(labels=labels)


def _start(text: str) -> str:
    shown = text.replace("\n", "｜")
    return shown if len(shown) <= LONGEST_QUOTE else f"{shown[:LONGEST_QUOTE]}…"
