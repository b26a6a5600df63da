"""Several processes that answer as one: binds the ports once, starts workers on them, and replaces one that dies.

A worker is this program again, in a process of its own that was started and not forked (threads and models do not survive
a fork), with one compute thread. It inherits the listening sockets, so what waits to be accepted outlives the worker that
would have taken it. What a worker does is serving.py's business.

uvicorn's own supervisor (uvicorn.supervisors.Multiprocess) is not used: it runs one ASGI app a process, where ours is the
web, Telegram and the follower in one loop; it starts a process that dies at once again without a pause, kills one that does
not answer its ping for seconds (building an index takes longer), and says nothing of why a worker could not start.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import replies
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

#: Where this program's packages are.
PROGRAM = str(Path(__file__).resolve().parent.parent)
#: One compute thread a process, set before anything is imported: processes share cores better than threads do.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
#: Pauses before a worker is started again, doubling; one that ran for so long begins anew with the first.
FIRST_PAUSE, LONGEST_PAUSE, RAN_WELL = 0.5, 30.0, 60.0
#: How long workers may take to finish what they are answering; the web gives its requests 5 s, Telegram ten in all.
DRAIN_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Post:
    """Which worker a process is, counted from 1, of how many, and the file numbers of its sockets by name."""

    number: int
    workers: int
    sockets: Mapping[str, int]

    def to_text(self) -> str:
        """One argument of the command line."""
        return json.dumps({"number": self.number, "workers": self.workers, "sockets": dict(self.sockets)})

    @classmethod
    def from_text(cls, text: str) -> Post:
        """What to_text() made."""
        return cls(**json.loads(text))

    def socket(self, name: str) -> socket.socket | None:
        """The inherited socket of this name, or None."""
        number = self.sockets.get(name)
        return None if number is None else socket.socket(fileno=number)

    def tell(self, **what: str) -> None:
        """Tell the supervisor: `started`, or `failed` with a sentence for people."""
        print(json.dumps(what), flush=True)  # noqa: T201 - a pipe to the supervisor, not a terminal

    def watch(self, stop: asyncio.Event) -> None:
        """Set `stop` when the supervisor is gone, however it ended: it alone holds the other end of our standard input."""
        loop = asyncio.get_running_loop()

        def gone() -> None:
            if not os.read(0, 1024):
                loop.remove_reader(0)
                stop.set()

        loop.add_reader(0, gone)


class Supervisor:
    """The workers of one program. `arguments` is what the program was called with, without its own name."""

    def __init__(
        self, arguments: Sequence[str], workers: int, sockets: Mapping[str, socket.socket], started: Callable[[], None]
    ) -> None:
        """`started` is called once, when the first worker answers."""
        self._arguments = tuple(arguments)
        self._workers = workers
        self._sockets = {name: one.fileno() for name, one in sockets.items()}
        self._announce = started
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self._stop = asyncio.Event()
        self._answering = asyncio.Event()
        self._failure: str | None = None

    async def run(self) -> None:
        """Keep all workers running until SIGTERM or SIGINT, then let them finish.

        Raises JianfuError with what a worker said that cannot be mended by starting it again.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        keeping = [asyncio.create_task(self._keep(1))]
        # What is wrong for all is then said by one, and the first has what all need half prepared.
        await self._either(self._answering.wait())
        keeping += [asyncio.create_task(self._keep(number)) for number in range(2, self._workers + 1)]
        await self._stop.wait()
        await self._drain()
        await asyncio.gather(*keeping)
        if self._failure is not None:
            raise JianfuError(self._failure)

    async def _keep(self, number: int) -> None:
        """One worker, and the next in its place, until stopped."""
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            began = time.monotonic()
            process = await self._start(number)
            self._running[number] = process
            if self._stop.is_set():  # the drain looked before this one was there
                process.terminate()
            said = asyncio.create_task(self._listen(process))
            code = await process.wait()
            await said
            del self._running[number]
            if self._stop.is_set():
                return
            how = f"ended by signal {-code}" if code < 0 else f"ended with code {code}"
            if not self._answering.is_set():
                self._fail(replies.WORKER_NOT_STARTED.format(code=code))
                return
            pause = FIRST_PAUSE if time.monotonic() - began > RAN_WELL else pause
            logger.error("worker %d (process %d) %s; starting it again in %.1f s", number, process.pid, how, pause)
            await self._either(asyncio.sleep(pause))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _start(self, number: int) -> asyncio.subprocess.Process:
        post = Post(number, self._workers, self._sockets)
        found_first = os.pathsep.join(filter(None, (PROGRAM, os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, **{name: os.environ.get(name, "1") for name in ONE_THREAD}}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            # -P: a folder named bot where the program was started is not ours.
            *("-P", "-m", "bot", *self._arguments, "--as-worker", post.to_text()),
            env={**environment, "PYTHONPATH": found_first},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=tuple(self._sockets.values()),
            process_group=0,  # Ctrl-C comes to us, and we tell them
        )

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """What a worker tells until it ends."""
        if process.stdout is None:
            raise TypeError("a worker's standard output is a pipe")
        async for line in process.stdout:
            with suppress(ValueError):
                told = json.loads(line)
                if "failed" in told:
                    self._fail(told["failed"])
                elif "started" in told and not self._answering.is_set():
                    self._answering.set()
                    self._announce()

    def _fail(self, reason: str) -> None:
        """What starting again does not mend ends everything; the first reason is told."""
        if not self._stop.is_set():
            self._failure = reason
            self._stop.set()

    async def _drain(self) -> None:
        """Let the workers finish; one that takes too long is killed, and the log says so."""
        for process in self._running.values():
            with suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._running and time.monotonic() < deadline:  # noqa: ASYNC110 - each is awaited where it was started
            await asyncio.sleep(0.05)
        for number, process in self._running.items():
            logger.error(
                "worker %d (process %d) did not end in %.0f s and is killed", number, process.pid, DRAIN_SECONDS
            )
            with suppress(ProcessLookupError):
                process.kill()

    async def _either(self, one: Coroutine[Any, Any, object]) -> None:
        """Wait for one thing, or for being stopped."""
        waits = [asyncio.ensure_future(one), asyncio.ensure_future(self._stop.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
