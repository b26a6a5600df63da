"""Versions, differences and proposals as lines of text for a terminal; a program takes the JSON instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.kb import words
from bot.kb.differences import Difference, Piece
from bot.kb.effect import Effect, Said
from bot.kb.gate import Report
from bot.kb.proposal import Proposal
from bot.state.versions import Entry

#: How much is shown of long lists, and how many unchanged characters around a change.
SHOWN, AROUND = 20, 12


def proposal_lines(proposal: Proposal) -> Iterator[str]:
    """All there is to see before publishing."""
    if proposal.base is None:
        yield words.NO_BASE
        return
    if not proposal.changes_anything:
        yield words.SAME
        return
    base = words.served(proposal.base.pointer.seq)
    yield words.AGAINST.format(base=base, version=proposal.base.knowledge.version, new=proposal.knowledge.version)
    yield from difference_lines(proposal.differences)
    if proposal.effect is not None:
        yield from _effect_lines(proposal.effect)
    if proposal.report is not None:
        yield from report_lines(proposal.report)
    yield from _lint_lines(proposal)


def _lint_lines(proposal: Proposal) -> Iterator[str]:
    """What the change brings that should be put right."""
    found, errors = proposal.lint.found, proposal.lint.errors
    if not found:
        yield words.LINT_CLEAN
        return
    yield words.LINT_NEW.format(count=len(found), errors=len(errors))
    yield from (f"  {one}" for one in (*errors, *(one for one in found if one not in errors))[:SHOWN])
    if len(found) > SHOWN:
        yield words.EFFECT_MORE.format(count=len(found) - SHOWN)
    if errors:
        yield words.LINT_SHUT
        yield words.GATE_REMEDY


def difference_lines(found: Sequence[Difference]) -> Iterator[str]:
    """One block a clause; what went stands in [-…-], what came in {+…+}."""
    if not found:
        yield words.ELSEWHERE
    for one in found:
        clause = one.after or one.before
        assert clause is not None
        yield f"{words.KIND_NAMES[one.kind]} {clause.id} {clause.label}"
        if one.kind == "renumbered" and one.before is not None:
            yield words.RENUMBERED.format(before=f"{one.before.id} {one.before.label}")
        if one.pieces:
            yield f"  {_marked(one.pieces)}"
        if one.gone or one.new:
            yield words.QUESTIONS.format(new=len(one.new), gone=len(one.gone))


def _marked(pieces: Iterable[Piece]) -> str:
    shown = []
    for piece in pieces:
        text = piece.text.replace("\n", "｜")
        if piece.sign != " ":
            shown.append(f"[-{text}-]" if piece.sign == "-" else f"{{+{text}+}}")
        elif len(text) > 2 * AROUND + 1:
            shown.append(f"{text[:AROUND]}…{text[-AROUND:]}")
        else:
            shown.append(text)
    return "".join(shown)


def _effect_lines(effect: Effect) -> Iterator[str]:
    yield words.EFFECT.format(asked=effect.asked, changed=len(effect.changed))
    for one in effect.changed[:SHOWN]:
        yield words.EFFECT_ONE.format(question=one.question)
        yield words.EFFECT_BEFORE.format(said=said(one.before, one.after))
        yield words.EFFECT_AFTER.format(said=said(one.after, one.before))
    if len(effect.changed) > SHOWN:
        yield words.EFFECT_MORE.format(count=len(effect.changed) - SHOWN)


def said(one: Said, other: Said) -> str:
    """What is said; of clauses, those that the other version does not give, where there are any."""
    clauses = [each for each in one.clauses if each not in other.clauses] or one.clauses
    labels = "、".join(f"{label}“{_start(text)}”" for label, text in clauses)
    return words.OUTCOME_NAMES[one.outcome].format(labels=labels)


def _start(text: str) -> str:
    line = text.replace("\n", "｜")
    return line if len(line) <= 2 * AROUND else f"{line[: 2 * AROUND]}…"


def report_lines(report: Report) -> Iterator[str]:
    """The gate's findings."""
    yield words.GATE_HOW.format(
        measured=report.measured,
        before=report.right_before,
        after=report.right_after,
        false_before=report.false_before,
        false_after=report.false_after,
    )
    if report.without_clause:
        yield words.GATE_WITHOUT.format(count=report.without_clause)
    if report.new:
        yield words.GATE_NEW.format(new=report.new, right=report.new_right)
    if report.passed:
        yield words.GATE_OPEN
        return
    yield words.GATE_SHUT
    yield from (f"  {reason}" for reason in report.reasons)
    for one in report.lost[:SHOWN]:
        wanted, before, after = (
            "、".join(label) or words.NOTHING_CITED for label in (one.wanted, one.before, one.after)
        )
        yield words.GATE_LOST.format(question=one.question, wanted=wanted, before=before, after=after)
    yield words.GATE_REMEDY


def log_lines(entries: Sequence[Entry], in_use: Entry | None) -> Iterator[str]:
    """The log, newest first; the version in use is marked."""
    for one in reversed(entries):
        mark = "*" if in_use is not None and one.seq == in_use.seq else " "
        people = f"{one.author}、{one.approver}" if one.approver else one.author
        notes = "".join(
            f"  {note}" for note in (one.reason, f"（未过把关仍发布：{one.override}）" if one.override else "") if note
        )
        yield f"{mark}{one.seq:>4}  {one.at}  {words.ACTION_NAMES[one.action]}  {one.version}  {people}{notes}"
