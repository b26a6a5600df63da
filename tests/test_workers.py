"""`serve --workers 2` as real processes, without the model: both answer, one is replaced, and all end when told to."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from tests.fakes import ROOT
from tests.versions_folder import write

TIMEOUT = 120


async def start(folder: Path, *options: str) -> asyncio.subprocess.Process:
    write(folder / "knowledge")
    text = "model: {name: /no/such/model, adapter: ''}\nweb: {questions_per_minute: 0}\n"
    (folder / "config.yaml").write_text(text, "utf8")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "--config", str(folder / "config.yaml"), "serve", "--workers", "2", "--no-telegram", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def children(process: asyncio.subprocess.Process) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def still_there(processes: list[int]) -> list[int]:
    return [one for one in processes if Path(f"/proc/{one}").exists()]


async def until_workers(process: asyncio.subprocess.Process, without: int = 0) -> list[int]:
    async with asyncio.timeout(TIMEOUT):
        while len(found := children(process)) < 2 or without in found:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    return found


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    process = await start(tmp_path, "--port", "0")
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), TIMEOUT)).decode("utf8")
    found = re.search(r"http://127\.0\.0\.1:\d+/", line)
    assert found, line
    assert "2 个进程" in line
    limits = httpx.Limits(max_keepalive_connections=0)  # each request may go to another worker
    async with httpx.AsyncClient(base_url=found.group(), timeout=TIMEOUT, limits=limits) as client:
        yield process, client
    if process.returncode is None:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


async def test_a_killed_worker_is_replaced_and_sigterm_ends_all(
    served: tuple[asyncio.subprocess.Process, httpx.AsyncClient],
) -> None:
    process, client = served
    workers = await until_workers(process)
    os.kill(workers[0], signal.SIGKILL)
    now = await until_workers(process, without=workers[0])
    assert workers[1] in now
    assert (await client.get("/healthz")).status_code == 200
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert f"(process {workers[0]}) ended by signal 9; starting it again" in errors.decode("utf8")
    assert "Traceback" not in errors.decode("utf8")
    assert not still_there(now)


async def test_workers_end_when_their_supervisor_is_killed(
    served: tuple[asyncio.subprocess.Process, httpx.AsyncClient],
) -> None:
    process, client = served
    workers = await until_workers(process)
    assert (await client.get("/healthz")).status_code == 200
    process.kill()
    await process.wait()
    async with asyncio.timeout(TIMEOUT):
        while still_there(workers):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        process = await start(tmp_path, "--port", str(other.getsockname()[1]))
        _, errors = await asyncio.wait_for(process.communicate(), TIMEOUT)
    assert process.returncode == 1
    assert re.fullmatch(r"jianfu：端口 \d+ 已被占用。.*\n", errors.decode("utf8"))
