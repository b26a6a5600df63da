"""The numbers of a week, for the report and the dashboard: counts by clause and ending, times, unanswered groups.

All of it is counts; nothing is known of who asked.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.review import words
from bot.review.queue import Queue
from bot.state.counters import BOUNDS, Counts
from bot.state.state import State
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

#: Endings that are no question of the notice; they stay out of the decline rate.
ASIDE = ("chat", "noise", "attack")
DECLINED = ("near", "far", "other")
TREND_WEEKS = 12
TOP_GROUPS = 10
TOP_CLAUSES = 10


class BadWeek(JianfuError):
    """What was typed names no week."""


@dataclass(frozen=True, slots=True)
class Total:
    """What a span of days came to. `rate` is the share that was declined, 0 to 1; None where nothing was asked."""

    first: date
    last: date
    endings: dict[str, int]

    @property
    def asked(self) -> int:
        """Questions, small talk, noise and attacks aside."""
        return sum(count for ending, count in self.endings.items() if ending not in ASIDE)

    @property
    def declined(self) -> int:
        """Questions of which the notice says nothing."""
        return sum(self.endings.get(ending, 0) for ending in DECLINED)

    @property
    def rate(self) -> float | None:
        """The share of questions that was declined."""
        return self.declined / self.asked if self.asked else None

    def to_json(self) -> dict[str, Any]:
        """For `--json` and for pages."""
        rate = None if self.rate is None else round(self.rate, 4)
        span = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return {**span, "asked": self.asked, "declined": self.declined, "decline_rate": rate, "endings": self.endings}


@dataclass(frozen=True, slots=True)
class Heat:
    """One clause: how often it was cited first, and how often it was only the nearest to a question left open."""

    reference: str
    label: str
    answered: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of one week, the weeks before it, and what waits for a decision.

    `heat` has every clause in reading order; times are milliseconds, None where nothing was timed, infinity beyond the
    last bound.
    """

    week: Total
    before: Total
    weeks: tuple[Total, ...]
    days: tuple[Total, ...]
    heat: tuple[Heat, ...]
    median_ms: float | None
    p95_ms: float | None
    queue: Queue
    decisions: dict[str, int]
    counts: Counts
    counted: bool

    def to_json(self) -> dict[str, Any]:
        """For `--json` and for pages."""
        return {
            "week": self.week.to_json(),
            "week_before": self.before.to_json(),
            "weeks": [one.to_json() for one in self.weeks],
            "days": [one.to_json() for one in self.days],
            "clauses": [
                {"clause": one.reference, "label": one.label, "answered": one.answered, "unanswered": one.unanswered}
                for one in self.heat
            ],
            "answer_ms": {"median": _finite(self.median_ms), "p95": _finite(self.p95_ms)},
            "groups": [one.to_json() for one in self.queue.groups[:TOP_GROUPS]],
            "hidden": self.queue.hidden,
            "decisions": self.decisions,
            "counted": self.counted,
        }


def week_of(text: str | None, today: date) -> tuple[date, date]:
    """Monday and Sunday of a week given as 2026-W48 or by one of its days; None is the week of today. Raises BadWeek."""
    try:
        day = today if text is None else date.fromisoformat(text)  # reads 2026-W48 too
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    except (ValueError, OverflowError) as error:
        raise BadWeek(words.BAD_WEEK.format(week=text)) from error


def make_report(state: State, knowledge: KnowledgeBase, queue: Callable[[], Queue], first: date, last: date) -> Report:
    """The report of the days from `first` to `last`. Raises StateUnavailable."""
    length = last - first + timedelta(days=1)
    spans = [(first - length * back, last - length * back) for back in reversed(range(TREND_WEEKS))]
    everything = state.counters.between(spans[0][0], last)
    counts = _within(everything, first, last)
    decided: Counter[str] = Counter(one.action for one in state.decisions.all() if first <= one.day <= last)
    return Report(
        week=_total(everything, first, last),
        before=_total(everything, *spans[-2]),
        weeks=tuple(_total(everything, *span) for span in spans),
        days=tuple(_total(everything, day, day) for day in (first + timedelta(days=one) for one in range(length.days))),
        heat=_heat(counts, knowledge),
        median_ms=percentile(counts, 0.5),
        p95_ms=percentile(counts, 0.95),
        queue=queue(),
        decisions={action: decided[action] for action in ("add", "beside", "dismiss")},
        counts=counts,
        counted=state.counters.keeps,
    )


def percentile(counts: Counts, share: float) -> float | None:
    """The time, in milliseconds, within which a share of the answers was ready; evenly spread inside a bound.

    Infinity where it lies beyond the last bound, None where nothing was timed (as histogram_quantile of Prometheus).
    """
    times: Counter[int] = Counter()
    for (_, up_to), count in counts.times.items():
        times[up_to] += count
    wanted, below, lower = share * times.total(), 0, 0
    if not wanted:
        return None
    for up_to in BOUNDS:
        if below + times[up_to] >= wanted:
            return lower + (up_to - lower) * (wanted - below) / times[up_to]
        below, lower = below + times[up_to], up_to
    return float("inf")


def _within(counts: Counts, first: date, last: date) -> Counts:
    return Counts(
        Counter({key: count for key, count in counts.outcomes.items() if first <= key[0] <= last}),
        Counter({key: count for key, count in counts.times.items() if first <= key[0] <= last}),
    )


def _total(counts: Counts, first: date, last: date) -> Total:
    endings: Counter[str] = Counter()
    for (day, ending, _), count in counts.outcomes.items():
        if first <= day <= last:
            endings[ending] += count
    return Total(first, last, dict(sorted(endings.items())))


def _heat(counts: Counts, knowledge: KnowledgeBase) -> tuple[Heat, ...]:
    """Every clause, in reading order, asked about or not."""
    answered: Counter[str] = Counter()
    unanswered: Counter[str] = Counter()
    for (_, ending, clause), count in counts.outcomes.items():
        if ending not in ASIDE:
            (answered if ending == "answer" else unanswered)[clause] += count
    found = ((one, f"{one.document}:{one.id}") for one in knowledge)
    return tuple(Heat(knowledge.reference(one), one.label, answered[name], unanswered[name]) for one, name in found)


def report_text(report: Report) -> str:
    """The report for people, a sentence a line."""
    week = report.week
    lines = [words.REPORT_TITLE.format(first=week.first, last=week.last)]
    if not report.counted:
        lines.append(words.COUNTS_OFF)
    elif not week.endings:
        lines.append(words.REPORT_NONE)
    else:
        lines += _numbers(report)
    if report.queue.groups:
        lines.append(words.REPORT_GROUPS)
        lines += [
            words.REPORT_GROUP.format(asked=one.asked, text=one.text, id=one.id)
            for one in report.queue.groups[:TOP_GROUPS]
        ]
    lines.append(words.REPORT_DECISIONS.format(**report.decisions))
    lines.append(words.REPORT_NOTE)
    return "\n".join(lines)


def _numbers(report: Report) -> list[str]:
    week = report.week
    lines = [
        words.REPORT_TOTAL.format(
            asked=week.asked,
            aside=sum(week.endings.get(ending, 0) for ending in ASIDE),
            answered=week.endings.get("answer", 0),
            clarified=week.endings.get("clarify", 0),
            declined=week.declined,
        ),
        words.REPORT_RATE.format(rate=_percent(week.rate), before=_percent(report.before.rate), change=_change(report)),
        words.REPORT_TIMES.format(median=_time(report.median_ms), late=_time(report.p95_ms)),
    ]
    often = sorted((one for one in report.heat if one.answered), key=lambda one: -one.answered)
    if often:
        lines.append(words.REPORT_CLAUSES)
    lines += [words.REPORT_CLAUSE.format(label=one.label, count=one.answered) for one in often[:TOP_CLAUSES]]
    lines.append(words.REPORT_UNASKED.format(count=sum(not one.answered for one in report.heat)))
    return lines


def report_csv(report: Report, knowledge: KnowledgeBase) -> str:
    """The week's counts: day, ending, clause's reference, count; then the times, with no clause. Lines end in CR LF."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(words.CSV_HEADER)
    for (day, ending, clause), count in sorted(report.counts.outcomes.items()):
        there = knowledge.find(clause) if clause else None
        table.writerow([day, words.ENDINGS[ending], knowledge.reference(there) if there else clause, count])
    for (day, up_to), count in sorted(report.counts.times.items()):
        table.writerow([day, words.CSV_TIMES.format(bound=up_to) if up_to else words.CSV_BEYOND, "", count])
    return out.getvalue()


def _percent(rate: float | None) -> str:
    return words.RATE_UNKNOWN if rate is None else f"{100 * rate:.1f}%"


def _change(report: Report) -> str:
    if report.week.rate is None or report.before.rate is None:
        return ""
    points = round(100 * (report.week.rate - report.before.rate), 1)
    template = words.MORE if points > 0 else words.LESS if points < 0 else words.SAME
    return template.format(points=abs(points))


def _time(milliseconds: float | None) -> str:
    if milliseconds is None:
        return words.RATE_UNKNOWN
    if milliseconds == float("inf"):
        return words.BEYOND
    return words.UP_TO.format(milliseconds=f"{milliseconds:.0f}")


def _finite(milliseconds: float | None) -> float | None:
    return None if milliseconds is None or milliseconds == float("inf") else round(milliseconds, 1)
