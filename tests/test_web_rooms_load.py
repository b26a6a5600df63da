"""A hall of 200 phones against a real server and SQLite: answers once each, screens in time, kill -9 in the middle."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes import ROOT
from tests.web_rooms import right, wrong

pytestmark = pytest.mark.long

PHONES = 200
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; making one for each phone takes longer than the session
PATIENCE = 90.0  # seconds for whatever has to happen; nothing is asserted to be quicker

SERVER = """
import asyncio, sys
from pathlib import Path
from bot.bootstrap import BackgroundAssistant
from bot.channels.web import create_app
from bot.channels.web.server import serve
from bot.config import WebConfig
from tests.fakes import scripted_assistant
from tests.web_client import state_in
background = BackgroundAssistant(lambda progress: scripted_assistant())
background.start()
background.wait(60)
app = create_app(background, WebConfig(), max_question_characters=500, state=state_in(Path(sys.argv[1])))
asyncio.run(serve(app, "127.0.0.1", int(sys.argv[2]), lambda url: print("up", flush=True)))
"""


class Hall:
    """The server in a process of its own, which can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self._folder), str(self._port)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "up\n"

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    made.start()
    try:
        yield made
    finally:
        made.stop()


class Phone:
    """A phone that follows the room, comes back when the line is cut, and notes when it heard what."""

    def __init__(self, url: str, code: str, limits: httpx.Limits) -> None:
        self.client = httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=limits, verify=CONTEXT)
        self.path = f"/api/v1/rooms/{code}"
        self.room: dict[str, Any] = {}
        self.heard: dict[tuple[str, int], float] = {}
        self.connections = 0
        self.acknowledged: dict[int, list[int]] = {}
        self._changed = asyncio.Event()
        self._seen = ""

    async def come_in(self) -> None:
        await self._insist("POST", "/seat", {})

    async def follow(self) -> None:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                headers = {"Last-Event-ID": self._seen} if self._seen else {}
                async with self.client.stream("GET", f"{self.path}/events", headers=headers) as response:
                    if response.status_code == 200:
                        self.connections += 1
                        await self._listen(response)
            await asyncio.sleep(0.2)

    async def _listen(self, response: httpx.Response) -> None:
        event: dict[str, str] = {}
        async for line in response.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif event.get("event") == "room":
                self.room, self._seen = json.loads(event["data"]), event["id"]
                self.heard.setdefault((self.room["phase"], self.room["position"]), time.monotonic())
                self._changed.set()
                event = {}
            else:
                event = {}

    async def until(self, phase: str, position: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while (phase, position) not in self.heard:
                self._changed.clear()
                await self._changed.wait()

    async def answer(self, position: int, choice: list[int]) -> None:
        """Send twice, as an impatient thumb does; what was acknowledged is noted."""
        content = {"position": position, "choice": choice}
        for told in await asyncio.gather(*(self._insist("POST", "/answers", content) for _ in range(2))):
            assert told["status"] in ("kept", "already")
            assert told["choice"] == choice
            self.acknowledged[position] = choice

    async def _insist(self, method: str, path: str, content: dict[str, Any]) -> Any:
        """The response, however often the server goes away meanwhile."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    response = await self.client.request(method, self.path + path, json=content)
                    if response.status_code < 500:
                        assert response.status_code == 200, response.text
                        return response.json()
                await asyncio.sleep(0.2)


async def test_a_hall_of_phones_and_a_kill_in_the_middle(hall: Hall, capsys: pytest.CaptureFixture[str]) -> None:
    trainer = httpx.AsyncClient(base_url=hall.url, timeout=PATIENCE)
    opened = (await trainer.post("/api/v1/rooms", json={"count": 3, "seconds": 0})).json()
    code, key = opened["code"], {"X-Room-Key": opened["key"]}

    async def act(action: str) -> dict[str, Any]:
        done = await trainer.post(f"/api/v1/rooms/{code}/actions", json={"action": action}, headers=key)
        assert done.status_code == 200, done.text
        found: dict[str, Any] = done.json()
        return found

    phones = [Phone(hall.url, code, httpx.Limits(max_connections=4)) for _ in range(PHONES)]
    await asyncio.gather(*(phone.come_in() for phone in phones))
    following = [asyncio.create_task(phone.follow()) for phone in phones]
    await everybody(phones, "lobby", -1)
    expected: list[tuple[int, int]] = []
    delays: list[float] = []
    for position in range(3):
        asked = await act("next" if position else "start")
        await everybody(phones, "asking", position)
        random.Random(position).shuffle(phones)
        good, bad = right(asked["room"]), wrong(asked["room"])
        choices = [good if number % 3 else bad for number in range(PHONES)]
        answers = [phone.answer(position, choice) for phone, choice in zip(phones, choices, strict=True)]
        answering = [asyncio.create_task(one) for one in answers[: PHONES // 2]]
        if position == 1:
            while sum(position in phone.acknowledged for phone in phones) < PHONES // 10:  # noqa: ASYNC110 - polled, so as to kill at once
                await asyncio.sleep(0)
            hall.kill()
        answering += [asyncio.create_task(one) for one in answers[PHONES // 2 :]]  # so that half come after a kill
        if position == 1:
            kept = [phone for phone in phones if position in phone.acknowledged]
            assert len(kept) < PHONES, "the kill came in the middle"
            hall.start()
            totals = (await trainer.get(f"/api/v1/rooms/{code}/screen")).json()
            assert totals["room"]["phase"] == "asking"
            assert totals["totals"]["answered"] >= len(kept), "whatever was acknowledged is there"
        await asyncio.gather(*answering)
        if position == 1:
            async with asyncio.timeout(PATIENCE):
                while any(phone.connections < 2 for phone in phones):  # noqa: ASYNC110 - two hundred events would say no more
                    await asyncio.sleep(0.05)
        began = time.monotonic()
        shown = await act("reveal")
        await everybody(phones, "shown", position)
        delays += [phone.heard["shown", position] - began for phone in phones]
        expected.append((PHONES, choices.count(good)))
        assert (shown["totals"]["answered"], shown["totals"]["right"], shown["totals"]["seats"]) == (
            *expected[-1],
            PHONES,
        )
    await act("next")
    await everybody(phones, "over", 2)
    report = (await trainer.get(f"/api/v1/rooms/{code}/report")).json()
    assert [(one["answered"], one["right"]) for one in report["items"]] == expected
    assert report["seats"] == PHONES
    trips = await round_trips(trainer, code)
    for task in following:
        task.cancel()
    await asyncio.gather(
        *following, *(phone.client.aclose() for phone in phones), trainer.aclose(), return_exceptions=True
    )
    with capsys.disabled():
        print(  # noqa: T201 - what was measured is what this test is run for
            f"\nreveal to phone, {PHONES} phones, 3 items: median {statistics.median(delays) * 1000:.0f} ms, "
            f"95 % {statistics.quantiles(delays, n=20)[18] * 1000:.0f} ms; one plain request: {trips * 1000:.1f} ms"
        )
    # All phones together take no longer than asking for the page one after another would.
    assert statistics.median(delays) < PHONES * trips


async def everybody(phones: list[Phone], phase: str, position: int) -> None:
    await asyncio.gather(*(phone.until(phase, position) for phone in phones))


async def round_trips(client: httpx.AsyncClient, code: str) -> float:
    """Median seconds of a plain request for the room, in the same run."""
    taken = []
    for _ in range(50):
        began = time.monotonic()
        await client.get(f"/api/v1/rooms/{code}")
        taken.append(time.monotonic() - began)
    return statistics.median(taken)
