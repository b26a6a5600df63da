"""The whole product as one process, with the real model: web and Telegram side by side, then SIGTERM."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from bot.config import TOKEN_VARIABLE
from tests.fakes import ROOT
from tests.telegram_fake import TOKEN, TelegramFake, message_update, until

pytestmark = pytest.mark.model

QUOTE = "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。"


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[TelegramFake]:
    server = await TelegramFake().serve()
    yield server
    await server.close()


def write_config(folder: Path, **changes: str) -> Path:
    """The repository's settings with other values for some `key: value` lines, by absolute paths."""
    text = (ROOT / "config.yaml").read_text("utf8")
    absolute = {
        "folder: knowledge": f"folder: {ROOT / 'knowledge'}",
        "adapter: index/adapter.safetensors": f"adapter: {ROOT / 'index' / 'adapter.safetensors'}",
        "folder: index/artifacts": f"folder: {ROOT / 'index' / 'artifacts'}",
        "cache: .cache/models": f"cache: {ROOT / '.cache' / 'models'}",
    }
    for old, new in absolute.items():
        text = text.replace(old, new)
    for key, value in changes.items():
        text, count = re.subn(rf"(?m)^  {key}: \S+", f"  {key}: {value}", text)
        assert count == 1, key
    path = folder / "config.yaml"
    path.write_text(text, "utf8")
    return path


async def start(config: Path, *options: str, token: str | None = None) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
    if token is not None:
        environment[TOKEN_VARIABLE] = token
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "--config", str(config), "serve", "--port", "0", *options),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode("utf8")
    found = re.search(r"http://127\.0\.0\.1:\d+/", line)
    assert found, line
    return found.group()


@pytest.mark.fault(15)
async def test_web_and_telegram_answer_and_end_together(tmp_path: Path, fake: TelegramFake) -> None:
    config = write_config(tmp_path, base_url=f"{fake.url}/bot", base_file_url=f"{fake.url}/file/bot")
    process = await start(config, token=TOKEN)
    try:
        url = await address(process)
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            for _ in range(1200):
                if (await client.get("/readyz")).status_code == 200:
                    break
                await asyncio.sleep(0.1)
            answer = (await client.post("/api/v1/ask", json={"question": "一个文件最多几页"})).json()
            assert [(one["clause"], one["quote"]) for one in answer["citations"]] == [("2.2", QUOTE)]
            await fake.enqueue_update(message_update("一个文件最多几页"), token=TOKEN)
            await until(fake.sent, seconds=30)
        assert QUOTE in re.sub("<[^>]+>", "", fake.sent()[0]["text"])  # the words that answer are marked
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 15)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    log = errors.decode("utf8")
    assert TOKEN not in log
    assert "几页" not in log
    assert "Traceback" not in log


async def test_a_bad_token_ends_the_web_too_with_one_line(tmp_path: Path, fake: TelegramFake) -> None:
    config = write_config(tmp_path, base_url=f"{fake.url}/bot")
    process = await start(config, token="not-a-token")
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert errors.decode("utf8").strip().splitlines()[-1].startswith("jianfu：Telegram 不认这个令牌。")


@pytest.mark.fault(8)
async def test_without_a_model_it_serves_in_lexical_mode_and_says_so(tmp_path: Path) -> None:
    config = write_config(tmp_path, name="/no/such/model")
    text = config.read_text("utf8").replace(str(ROOT / "index" / "artifacts"), str(tmp_path / "index"))
    config.write_text(text, "utf8")
    process = await start(config, "--no-telegram")
    try:
        async with httpx.AsyncClient(base_url=await address(process), timeout=60) as client:
            for _ in range(9000):  # it learns the words of every known question
                ready = await client.get("/readyz")
                if ready.status_code == 200:
                    break
                await asyncio.sleep(0.1)
            assert ready.json()["mode"] == "lexical"
            answer = (await client.post("/api/v1/ask", json={"question": "一个文件最多几页"})).json()
        assert answer["mode"] == "lexical"
        assert answer["citations"][0]["quote"] == QUOTE
        assert "仅按字面查找" in answer["answer"]
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 15)
    assert "answers are lexical" in errors.decode("utf8")
