"""docs/load.md from the runs on record: throughput, times, errors and memory, each against the run with one worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def write(record: dict[str, Any]) -> str:
    """The document; the same for the same record."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield "# Load"
    yield ""
    yield "Written by `make loadtest` and `make soak` (scripts/load/); never edit it by hand."
    yield ""
    yield "500 chats on loopback, half of them on the web (a question every 2 to 6 seconds), half writing to Telegram's webhook"
    yield "(every 10 to 20 seconds), questions repeated as Zipf has it; one `jianfu serve`, PostgreSQL, locust and a loopback"
    yield "Bot API server share the machine, so times say how the rows compare, not what another machine does. For the webhook"
    yield "the time is that of the acknowledgement; every acknowledged update is looked for among the answers."
    for name, title in (("load", "By workers"), ("soak", "Soak")):
        if name in record:
            yield ""
            yield from _table(title, record[name])


def _table(title: str, part: dict[str, Any]) -> Iterator[str]:
    rows, conditions = part["rows"], part["conditions"]
    yield f"## {title}"
    yield ""
    yield f"{conditions['date']}, {conditions['machine']}; {rows[0]['seconds']:.0f} seconds a run."
    yield ""
    yield "| workers | web a second | median ms | 99th ms | webhook a second | median ms | 99th ms | errors | updates answered | twice | memory MB, second to last quarter | load |"
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for row in rows:
        yield (
            f"| {row['workers']} | {row['web']:.1f} | {row['web_median']:.0f} | {row['web_99']:.0f} "
            f"| {row['hooks']:.1f} | {row['hook_median']:.0f} | {row['hook_99']:.0f} "
            f"| {row['web_errors'] + row['hook_errors']} | {row['answered']} of {row['updates']} | {row['twice']} "
            f"| {row['memory_first']:.0f} → {row['memory_last']:.0f} ({row['memory_last'] / row['memory_first']:.3f}) "
            f"| {row['load']:.1f} |"
        )
    if len(rows) > 1:
        first = rows[0]
        yield ""
        yield f"| against {first['workers']} worker | throughput, web | median, web | 99th, web | 99th, webhook | memory |"
        yield "|---:|---:|---:|---:|---:|---:|"
        for row in rows[1:]:
            ratios = (
                row[key] / max(first[key], 1e-9) for key in ("web", "web_median", "web_99", "hook_99", "memory_last")
            )
            yield f"| {row['workers']} | " + " | ".join(f"{one:.2f}" for one in ratios) + " |"
