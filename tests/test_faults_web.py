"""A real server under clients that are slow, many, or send what is too large; and what its metrics and batches let out."""

from __future__ import annotations

import asyncio
import io
import logging
import tracemalloc

import httpx
import pytest

from bot.channels import terminal
from bot.channels.web import server
from tests.fakes import scripted_assistant
from tests.test_web import listening
from tests.web_client import app_with, ask, client_of


def port_of(url: str) -> int:
    return int(url.rstrip("/").rpartition(":")[2])


async def sent(url: str, data: bytes) -> bytes:
    """All that the server says to these bytes until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(url))
    said = b""
    try:
        writer.write(data)
        await writer.drain()
        said = await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        pass  # closed before it had taken all
    finally:
        writer.close()
    return said


@pytest.mark.fault(22)
@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * (4 * server.MAX_HEADER_BYTES),
        b"GET /" + b"a" * (4 * server.MAX_HEADER_BYTES),
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(10_000)),
    ],
    ids=["one long header", "a long address", "many headers"],
)
async def test_a_head_that_is_too_large_is_refused_while_others_are_answered(head: bytes) -> None:
    async with listening() as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        said = await sent(url, head)  # it never ends: what ends it is the limit
        assert said.partition(b"\r\n")[0] in (b"", b"HTTP/1.1 400 Bad Request", b"HTTP/1.1 400 ")
        assert (await ask(client, "几页")).status_code == 200


@pytest.mark.fault(22)
async def test_two_hundred_slow_clients_delay_nobody_and_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 2)
    async with listening() as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        slow = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port_of(url)) for _ in range(200)))
        for _, writer in slow:
            writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert [(await ask(client, "几页")).status_code for _ in range(20)] == [200] * 20
        ended = await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in slow)), 20)
        assert ended == [b""] * 200
        for _, writer in slow:
            writer.close()


@pytest.mark.fault(23)
async def test_neither_keys_nor_questions_nor_people_are_in_metrics_errors_or_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "httpx")  # the client that asks, not ours
    key, question, person = "a-secret-key-0123456789", "密级问题张三丰", "203.0.113.77"
    app = app_with(scripted_assistant(), metrics=True, api_keys=[key])
    async with client_of(app, address=person) as client:
        headers = {"authorization": f"Bearer {key}"}
        await client.post("/api/v1/ask", json={"question": question}, headers=headers)
        wrong = await client.post(
            "/api/v1/ask", json={"question": question}, headers={"authorization": f"Bearer {key}x"}
        )
        odd = await client.post("/api/v1/ask", json={"question": [question]}, headers=headers)
        await client.get(f"/c/{question}", params={"q": key})
        metrics = (await client.get("/metrics")).text
    assert (wrong.status_code, odd.status_code) == (401, 422)
    for place in (metrics, wrong.text, odd.text, caplog.text):
        assert [secret for secret in (key, question, person) if secret in place] == []


class Endless(io.RawIOBase):
    """A pipe of letters without an end of line, which stops after so many bytes."""

    def __init__(self, left: int) -> None:
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        size = min(len(buffer), self._left)
        buffer[:size] = b"a" * size
        self._left -= size
        return size


@pytest.mark.fault(9)
def test_a_batch_line_without_an_end_is_not_taken_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 64 * 2**20
    stream = io.TextIOWrapper(io.BufferedReader(Endless(size)))
    monkeypatch.setattr("sys.stdin", stream)
    out = io.StringIO()
    tracemalloc.start()
    try:
        with terminal.open_input("-") as lines:
            assert terminal.answer_batch(scripted_assistant(), lines, out, io.StringIO()) == 1
        assert tracemalloc.get_traced_memory()[1] < size / 8
    finally:
        tracemalloc.stop()
    assert "第 1 行超过" in out.getvalue()
