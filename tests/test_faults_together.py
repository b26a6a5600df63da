"""Two people and two replicas at once: one publication wins and the other is told; answers never mix versions."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fakes import ROOT
from tests.installations import CHANGED_AT, DROPPED_AT, Installation, Ran, Shell, one_line, seen
from tests.versions import write

pytest_plugins = ["tests.shells", "tests.states"]

TIMEOUT = 120


@pytest.fixture
def served(tmp_path: Path, shell: Shell, url: str) -> Installation:
    """Version 1 came with the program; version 2 says 20 and lacks a clause, and is in use."""
    made = Installation.at(tmp_path, shell, url)
    made.edit(20, drop=True)
    made.done("kb", "publish", str(tmp_path / "edit"))
    return made


def both(served: Installation, one: tuple[str, ...], other: tuple[str, ...]) -> list[Ran]:
    return served.shell.together([served.order(one), served.order(other)])


@pytest.mark.long
def test_of_two_who_publish_or_go_back_at_once_one_wins_and_the_other_is_told(served: Installation) -> None:
    root = served.root
    for number in range(2):
        base = seen(served).seq
        one, other = write(root / "one", 40 + number), write(root / "other", 60 + number)
        publish = [("kb", "publish", str(folder), "--base", str(base), "--by", folder.name) for folder in (one, other)]
        ran = both(served, publish[0], publish[1])
        assert sorted(each.code for each in ran) == [0, 1], [each.text for each in ran]
        winner, loser = sorted((0, 1), key=lambda place: ran[place].code)
        said = one_line(ran[loser])
        assert f"没有发布：您是在第 {base} 版上改的，而现在用的已是第 {base + 1} 版。您的改动还在原处" in said
        now = seen(served)
        assert (now.seq, now.metres) == (base + 1, (40, 60)[winner] + number)
        again = (*publish[loser][:4], str(base + 1), *publish[loser][5:])
        assert served.run(again).code == 0  # and then nothing of either is lost
        assert [one["author"] for one in served.log()][-2:] == [("one", "other")[winner], ("one", "other")[loser]]
        # One who publishes and one who goes back.
        base = seen(served).seq
        ran = both(
            served, ("kb", "publish", str(write(one, 80 + number)), "--base", str(base)), ("kb", "rollback", "1")
        )
        now = seen(served)
        assert sorted(each.code for each in ran) in ([0, 1], [0, 0]), [each.text for each in ran]
        if [each.code for each in ran] == [0, 0]:  # the one came wholly before the other
            assert (now.seq, now.action) == (base + 2, "rollback")
        else:
            loser = 0 if ran[0].code else 1
            assert "没有发布" in one_line(ran[loser])
            assert (now.seq, now.action) == (base + 1, "rollback" if loser == 0 else "publish")
        assert now.metres == (18 if now.action == "rollback" else 80 + number)


@pytest.mark.long
def test_of_two_who_propose_and_approve_at_once_nothing_is_lost(served: Installation) -> None:
    config = served.root / "config.yaml"
    config.write_text(config.read_text("utf8") + "knowledge: {approvals: 2}\n", "utf8")
    base = seen(served).seq
    folders = [write(served.root / name, metres) for name, metres in (("one", 41), ("other", 61))]
    proposals = [("kb", "publish", str(one), "--base", str(base), "--by", one.name) for one in folders]
    ran = both(served, proposals[0], proposals[1])
    for proposal, each in zip(proposals, ran, strict=True):
        if each.code:  # both asked for the same number at the same moment
            assert "没有发布" in one_line(each)
            assert served.run(proposal).code == 0
    assert sorted(one["author"] for one in served.log()[-2:]) == ["one", "other"]
    assert seen(served).seq == base
    numbers = [str(one["seq"]) for one in served.log()[-2:]]
    ran = both(served, ("kb", "approve", numbers[0], "--by", "丙"), ("kb", "approve", numbers[1], "--by", "丙"))
    assert sorted(each.code for each in ran) == [0, 1], [each.text for each in ran]
    assert "没有发布" in one_line(next(each for each in ran if each.code))
    agreed = served.log()[-1]
    assert (agreed["action"], agreed["approver"], agreed["parent"]) == ("publish", "丙", base)
    assert seen(served).metres == (41 if agreed["author"] == "one" else 61)


# --- two replicas ---


async def start(config: Path) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "--config", str(config), "serve", "--port", "0", "--no-telegram"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), TIMEOUT)).decode("utf8")
    found = re.search(r"http://127\.0\.0\.1:\d+/", line)
    assert found, line
    return process, found.group()


@pytest_asyncio.fixture
async def replicas(served: Installation) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two processes with a disk of their own each, on one database."""
    config = (served.root / "config.yaml").read_text("utf8")
    if "url:" not in config:
        config += f"state: {{url: 'sqlite:///{served.root}/state/jianfu.db'}}\n"
    config += "web: {questions_per_minute: 0}\n"
    processes, clients = [], []
    try:
        for name in ("first", "second"):
            folder = served.root / name
            write(folder / "knowledge")
            (folder / "config.yaml").write_text(config, "utf8")
        for process, address in await asyncio.gather(
            *(start(served.root / name / "config.yaml") for name in ("first", "second"))
        ):
            processes.append(process)
            clients.append(httpx.AsyncClient(base_url=address, timeout=TIMEOUT))
        yield clients
    finally:
        for client in clients:
            await client.aclose()
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()


async def revisions(replicas: list[httpx.AsyncClient]) -> list[str | None]:
    """What each says that it serves; None while it is not ready."""
    ready = [(await client.get("/readyz")).json() for client in replicas]
    return [one.get("knowledge_version") for one in ready]


async def until_all(replicas: list[httpx.AsyncClient], version: str) -> None:
    async with asyncio.timeout(TIMEOUT):
        while await revisions(replicas) != [version] * len(replicas):  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.05)


async def asking(client: httpx.AsyncClient, stop: asyncio.Event, found: Callable[[dict[str, Any]], None]) -> None:
    while not stop.is_set():
        for question in (CHANGED_AT, DROPPED_AT, "问题二有哪些措施"):
            response = await client.post("/api/v1/ask", json={"question": question})
            assert response.status_code == 200, response.text
            found({"question": question, **response.json()})


@pytest.mark.fault(25)
@pytest.mark.long
async def test_two_replicas_switch_after_a_publication_and_a_return_and_mix_nothing(
    served: Installation, replicas: list[httpx.AsyncClient]
) -> None:
    first = seen(served)
    await until_all(replicas, first.version)
    answers: list[dict[str, Any]] = []
    stop = asyncio.Event()
    streams = [asyncio.create_task(asking(client, stop, answers.append)) for client in replicas]
    expected = {first.version: (20, False)}
    for command, metres, has in (
        (("kb", "publish", str(served.edit(30, drop=False)), "--base", str(first.seq)), 30, True),
        (("kb", "rollback", str(first.seq)), 20, False),
    ):
        ran = await asyncio.to_thread(served.run, command)
        assert ran.code == 0, ran.text
        now = await asyncio.to_thread(seen, served)
        assert (now.metres, now.has_dropped) == (metres, has)
        expected[now.version] = (metres, has)
        await until_all(replicas, now.version)
    stop.set()
    await asyncio.gather(*streams)
    assert {one["knowledge_version"] for one in answers} == set(expected)
    for one in answers:
        metres, has = expected[one["knowledge_version"]]
        quotes = [citation["quote"] for citation in one["citations"]]
        whole = "".join(quotes)
        if one["question"] == DROPPED_AT:
            assert bool(quotes) is has
        else:
            assert re.findall(r"不超过(\d+)平方米，乡", whole) == [str(metres)]
        assert ("豪华装修" in whole) is (has and one["question"] != CHANGED_AT)
