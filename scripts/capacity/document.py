"""docs/capacity.md from what was measured: the inputs, the plan for ten million people, what saturates first, caches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scripts.capacity.plan import (
    SPARE,
    TELEGRAM_MESSAGES,
    UTILISATION,
    Costs,
    Demand,
    bots,
    hit_rate,
    plan,
    saturating,
    zipf_shares,
)

DEMAND = Demand(people=10_000_000, questions_a_day=3, peak_factor=10)
#: Different questions that are asked at all, how unevenly (Zipf's exponent), and how many answers are remembered.
DIFFERENT = (100_000, 1_000_000)
EXPONENTS = (0.8, 1.0)
SIZES = (1_000, 50_000)
#: What is assumed where one figure is needed: answers.remembered_questions as shipped.
ASSUMED = (1_000_000, 1.0, 1_000)
#: Shares of the asking that might come through Telegram.
TELEGRAM_SHARES = (0.01, 0.1, 1.0)


def write(record: dict[str, Any]) -> str:
    """The document; the same for the same record."""
    return "\n".join(_lines(record["conditions"], Costs(**record["costs"]))) + "\n"


def _lines(conditions: dict[str, Any], costs: Costs) -> Iterator[str]:
    yield "# Capacity"
    yield ""
    yield "Written by `make capacity` (scripts/capacity/); never edit it by hand. Formulas with their sources are in"
    yield "`scripts/capacity/plan.py`, and tested."
    yield ""
    yield f"Measured {conditions['date']} on {conditions['machine']}, load {conditions['load']:.1f}. A real server over"
    yield "loopback with the built-in model; core-ms are milliseconds of one core, read from the process's own accounts."
    yield "Other machines differ; run it there."
    yield ""
    yield "| measured | |"
    yield "|---|---:|"
    yield f"| a web question that is searched | {costs.searched_ms:.1f} core-ms |"
    yield f"| a web question that is remembered | {costs.remembered_ms:.2f} core-ms |"
    yield f"| a Telegram question that is remembered, all its calls and three commits | {costs.telegram_ms:.1f} core-ms |"
    yield f"| memory of a worker after that | {costs.worker_mb:.0f} MB |"
    for name, rate in costs.inbox.items():
        yield f"| Telegram messages through the inbox (three commits each), {name} | {rate:.0f} a second |"
    yield ""
    yield from _demand(costs)
    yield from _saturation(costs)
    yield from _caches()


def _demand(costs: Costs) -> Iterator[str]:
    count, exponent, size = ASSUMED
    hits = hit_rate(zipf_shares(count, exponent), size)
    yield "## Ten million people"
    yield ""
    yield f"{DEMAND.people:,} people x {DEMAND.questions_a_day:g} questions a day = {DEMAND.mean:,.0f} a second on average;"
    yield f"peak factor {DEMAND.peak_factor:g}: **{DEMAND.peak:,.0f} a second**. Machines of two cores, a worker on each,"
    yield f"busy {UTILISATION:.0%} at the peak, and {SPARE} machines to spare."
    yield ""
    yield "| web questions | cores used | workers | machines with spare | memory of each |"
    yield "|---|---:|---:|---:|---:|"
    rows = [("nothing remembered", 0.0), (f"{hits:.0%} remembered ({size:,} of {count:,}, s = {exponent:g})", hits)]
    for size in SIZES[1:]:
        found = hit_rate(zipf_shares(count, exponent), size)
        rows.append((f"{found:.0%} remembered ({size:,} of {count:,}, s = {exponent:g})", found))
    for name, share in rows:
        made = plan(DEMAND, costs, share)
        yield f"| {name} | {made.cores:.0f} | {made.workers} | {made.machines} | {made.memory_mb:.0f} MB |"
    yield ""
    yield "| of that through Telegram | messages a second at the peak | bots | inbox against PostgreSQL, 8 at once |"
    yield "|---|---:|---:|---:|"
    inbox = costs.inbox["PostgreSQL, 8 at once"]
    for share in TELEGRAM_SHARES:
        messages = DEMAND.peak * share
        yield f"| {share:.0%} | {messages:,.0f} | {bots(messages)} | {messages / inbox:.2f} of what one server took here |"
    yield ""


def _saturation(costs: Costs) -> Iterator[str]:
    yield "## What saturates first"
    yield ""
    yield f"One unit of each at the peak ({UTILISATION:.0%} busy where it is ours), the scarcest first. Telegram's"
    yield f"{TELEGRAM_MESSAGES:g} a second a bot is the cautious reading of its FAQ, not measured."
    yield ""
    yield "| | questions a second | units for the whole peak |"
    yield "|---|---:|---:|"
    for name, rate in saturating(costs):
        yield f"| {name} | {rate:,.0f} | {DEMAND.peak / rate:,.1f} |"
    yield ""
    yield "A web question costs no commit but for an answer given the first time (its receipt) and one commit a second and"
    yield "worker for the counts; Telegram's inbox costs three commits a message, so it is PostgreSQL that carries it, and"
    yield "the web that carries the many."
    yield ""


def _caches() -> Iterator[str]:
    yield "## How much is remembered"
    yield ""
    yield "Share of questions answered from memory by Che's approximation for questions asked as Zipf has it. How many"
    yield "different ones people ask, and how unevenly, is assumed and not measured: no question of theirs is kept. Workers"
    yield "remember each for itself; that each sees a part of the asking changes no figure once they are warm."
    yield ""
    yield "| different questions | exponent | " + " | ".join(f"{size:,} remembered" for size in SIZES) + " |"
    yield "|---:|---:|" + "---:|" * len(SIZES)
    for count in DIFFERENT:
        for exponent in EXPONENTS:
            shares = zipf_shares(count, exponent)
            found = " | ".join(f"{hit_rate(shares, size):.0%}" for size in SIZES)
            yield f"| {count:,} | {exponent:g} | {found} |"
