"""Runs a web app on a port until it is told to stop, alone or beside another channel in one event loop.

What the app does is not its business; it owns the socket, the server's limits, and the way it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot import replies
from bot.channels.web.core.errors import CROWDED
from knowledge.errors import JianfuError

if sys.platform != "win32":  # which has no such limit
    import resource

GRACEFUL_SECONDS = 5  # how long running requests may take to end
KEEP_ALIVE_SECONDS = 15
MAX_CONNECTIONS = (
    1024  # of one process (a hall of 200 phones has three each); a request on one more is told to come again
)
OPEN_FILES = 4096  # what the process asks for, connections and all
HEADER_SECONDS = 15  # how long a client may take to send a request's head
MAX_HEADER_BYTES = 16 * 1024


class _Connection(H11Protocol):
    """uvicorn's connection, which closes on a client that never ends its request's head and says 503 in our own shape.

    uvicorn's limit_concurrency would answer with a line of English, and it lets a silent client stay for ever.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, and wait for a request's head."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        self._await_head()
        if len(self.connections) > MAX_CONNECTIONS:
            app = self.app

            async def crowded(scope: Any, receive: Any, send: Any) -> None:
                await app({**scope, CROWDED: True}, receive, send)

            self.app = crowded

    def data_received(self, data: bytes) -> None:
        """A whole head ends the wait for it; the first bytes of the next one begin a new wait."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget_deadline()
        elif self._deadline is None and not self.transport.is_closing():
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._forget_deadline()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which end the process and not only the server."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to `serve`."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._announce()


async def serve(
    app: FastAPI,
    host: str,
    port: int,
    on_started: Callable[[str], None] = lambda url: None,
    stop: asyncio.Event | None = None,
    listener: socket.socket | None = None,
) -> None:
    """Serve `app` until SIGTERM or SIGINT, or, where the caller gives `stop`, until that is set.

    A `listener` that is bound already, which several processes may share, is served instead of `host` and `port`.

    `on_started` receives the address once requests are answered (port 0 has become a real one by then). With
    `stop` given, signals are left to the caller. Cancelling this coroutine also ends the server cleanly.
    Raises JianfuError when the host or the port cannot be used.
    """
    _allow_files()
    listener = listen(host, port) if listener is None else listener
    bound_port = listener.getsockname()[1]
    config = uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
    )
    server = _Server(config, lambda: on_started(address(host, bound_port)))
    stopping = stop if stop is not None else asyncio.Event()
    with _signals_set(stopping) if stop is None else contextlib.nullcontext():
        running = asyncio.create_task(server.serve(sockets=[listener]))
        waiting = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            before_stopping: Callable[[], None] | None = getattr(app.state, "before_stopping", None)
            if before_stopping is not None:
                before_stopping()
            server.should_exit = True
            await running
            listener.close()


def _allow_files() -> None:
    """Ask for as many open files as the connections need; where that is refused, fewer connections fit."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises JianfuError with what to do about it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise JianfuError(replies.PORT_TAKEN.format(port=port)) from error
        if error.errno == errno.EACCES:
            raise JianfuError(replies.PORT_FORBIDDEN.format(port=port)) from error
        raise JianfuError(replies.HOST_UNUSABLE.format(host=host, port=port, error=error.strerror)) from error


def address(host: str, port: int) -> str:
    """A URL that opens on this machine; a wildcard host is shown as the loopback address."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


@contextlib.contextmanager
def _signals_set(stopping: asyncio.Event) -> Generator[None, None, None]:
    """Set the event on SIGTERM and SIGINT; the handlers before are put back afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return
    loop = asyncio.get_running_loop()

    def on_signal(number: int, frame: object) -> None:
        loop.call_soon_threadsafe(stopping.set)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
