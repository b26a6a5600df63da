"""The dashboard: a week's questions by clause, the share that was declined and its trend, open groups, answer times; CSV.

The numbers are bot/review/report.py's. The chart is drawn by the server, and a table behind it has every number in it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import HTMLResponse, Response

from bot.accounts.roles import Action, may
from bot.channels.web.admin import desk_words as words
from bot.channels.web.admin import words as admin_words
from bot.channels.web.admin.forms import line
from bot.channels.web.admin.frame import Frame, alert, pairs, table
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Turned, Visit
from bot.channels.web.core.service import Service
from bot.channels.web.pages.html import Markup, escape, tag
from bot.review.desk import ReviewDesk
from bot.review.report import TOP_GROUPS, BadWeek, Heat, Report, Total, make_report, report_csv, week_of
from bot.state.state import State

WIDTH, HEIGHT, EDGE = 640, 160, 10
#: Steps of shade in the table of clauses.
SHADES = 5


def add_routes(guard: Guard, service: Service, frame: Frame, distance: float) -> None:
    """The routes of this file; `distance` is config.review.group_distance."""

    async def read(visit: Visit) -> Report:
        first, last = week_of(visit.query("week", 10) or None, datetime.now(UTC).date())
        assistant = service.assistant

        def made(state: State) -> Report:
            desk = ReviewDesk(state, assistant.knowledge, assistant.vectors, distance)
            return make_report(state, assistant.knowledge, desk.queue, first, last)

        return await service.with_state(made, service.questions)

    async def show(visit: Visit) -> Response:
        try:
            report = await read(visit)
        except BadWeek as error:
            choose = _choose(visit, visit.query("week", 10))
            return HTMLResponse(frame.page(visit, words.NUMBERS, alert(str(error)), choose), 422)
        return HTMLResponse(frame.page(visit, words.NUMBERS, *_parts(visit, report)))

    async def download(visit: Visit) -> Response:
        try:
            report = await read(visit)
        except BadWeek as error:
            raise Turned(422, str(error)) from error
        content = report_csv(report, service.assistant.knowledge).encode("utf-8-sig")  # Excel reads UTF-8 by its mark
        name = f"jianfu-{report.week.first.isoformat()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    guard.add("GET", "/admin/numbers", show)
    guard.add("GET", "/admin/numbers.csv", download)


def _choose(visit: Visit, week: str) -> Markup:
    send = tag("button", words.SHOW, type="submit", class_="action main-action")
    return tag(
        "form", line(words.WEEK, "week", week, longest=10), send, action=f"{visit.root}admin/numbers", class_="choose"
    )


def _parts(visit: Visit, report: Report) -> list[Markup]:
    week = report.week
    csv = tag("a", words.CSV, href=f"{visit.root}admin/numbers.csv?week={week.first.isoformat()}")
    parts = [
        tag("p", words.NUMBERS_INTRO.format(first=week.first, last=week.last)),
        alert("" if report.counted else words.NUMBERS_OFF),
        _choose(visit, week.first.isoformat()),
        pairs(
            [
                (words.ASKED_COUNT, str(week.asked)),
                (words.DECLINED_COUNT, str(week.declined)),
                (words.RATE, _percent(week)),
                (words.MEDIAN, _time(report.median_ms)),
                (words.LATE, _time(report.p95_ms)),
            ]
        ),
        tag("p", csv, class_="page-links"),
    ]
    title = words.TREND.format(count=len(report.weeks))
    rows = [(f"{one.first} – {one.last}", str(one.asked), str(one.declined), _percent(one)) for one in report.weeks]
    columns = (words.WEEK_OF, words.ASKED_COUNT, words.DECLINED_COUNT, words.RATE)
    parts += [tag("h2", title), _chart(report.weeks), table(title, columns, rows, class_="numbers")]
    parts += [tag("h2", words.TOP), *_top(visit, report)]
    return [*parts, tag("h2", words.HEAT), _heat(visit, report.heat)]


def _top(visit: Visit, report: Report) -> list[Markup]:
    """The groups asked most, for those who tend the queue; how many there are, for the others."""
    groups = report.queue.groups
    count = tag("p", words.TOP_COUNT.format(count=len(groups)))
    if not groups or not may(visit.who.role, Action.PROPOSE):
        return [count]
    rows = [(one.text, str(one.asked)) for one in groups[:TOP_GROUPS]]
    return [count, table(words.TOP, (words.QUESTION, words.TIMES), rows)]


def _heat(visit: Visit, heat: tuple[Heat, ...]) -> Markup:
    """Every clause in the notice's order, shaded by how often it was asked about."""
    most = max((max(one.answered, one.unanswered) for one in heat), default=0)

    def cell(count: int) -> Markup:
        shade = -(-count * SHADES // most) if most else 0
        return tag("span", str(count), class_=f"heat heat-{shade}")

    rows = [
        (
            tag("a", one.label, href=f"{visit.root}admin/clauses/{one.reference}"),
            cell(one.answered),
            cell(one.unanswered),
        )
        for one in heat
    ]
    return table(words.HEAT, (admin_words.CLAUSE, words.ANSWERED, words.NEAR_UNANSWERED), rows, class_="numbers")


def _chart(weeks: tuple[Total, ...]) -> Markup:
    """The share that was declined week by week, from 0 to 100%; weeks without questions break the line."""
    step = (WIDTH - 2 * EDGE) / max(1, len(weeks) - 1)
    runs: list[list[str]] = [[]]
    dots = []
    for number, week in enumerate(weeks):
        if week.rate is None:
            runs.append([])
            continue
        x, y = EDGE + number * step, HEIGHT - EDGE - week.rate * (HEIGHT - 2 * EDGE)
        runs[-1].append(f"{x:.1f},{y:.1f}")
        dots.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
    lines = "".join(f'<polyline points="{" ".join(run)}"/>' for run in runs if len(run) > 1)
    base = f'<line x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{HEIGHT - EDGE}" y2="{HEIGHT - EDGE}"/>'
    return Markup(
        f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words.TREND_ALT)}">'
        f"{base}{lines}{''.join(dots)}</svg>"
    )


def _percent(total: Total) -> str:
    return words.UNKNOWN if total.rate is None else f"{100 * total.rate:.1f}%"


def _time(milliseconds: float | None) -> str:
    if milliseconds is None:
        return words.UNKNOWN
    return words.BEYOND if milliseconds == float("inf") else words.MILLISECONDS.format(value=f"{milliseconds:.0f}")
