"""How updates come in: by long polling, or by a webhook endpoint of our own.

Both hand updates to the intake (intake.py) before they confirm them to Telegram. The library's own polling would fetch
an update that it cannot parse again for ever, and never see the ones behind it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import socket
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from telegram.constants import UpdateType
from telegram.error import BadRequest, Conflict, EndPointNotFound, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application
from telegram.warnings import PTBUserWarning

from bot import replies
from bot.channels.telegram_bot.intake import Intake, update_id_of
from bot.channels.telegram_bot.session_runner import SessionRunner
from bot.config import TOKEN_VARIABLE, TelegramConfig
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)


class TelegramApplication(Application[Any, Any, Any, Any, Any, Any]):
    """The library's application, with the intake that feeds it, and the study sessions where there is a database."""

    def __init__(self, *, intake: Intake, sessions: SessionRunner | None, **parts: Any) -> None:
        super().__init__(**parts)
        self.intake = intake
        self.sessions = sessions
        #: What runs beside the handlers, from the start until the event is set.
        self.beside: list[Callable[[asyncio.Event], Coroutine[Any, Any, None]]] = []


#: All that the handlers handle. Telegram remembers the list, so it is always sent.
ALLOWED_UPDATES = [
    UpdateType.MESSAGE,
    UpdateType.EDITED_MESSAGE,
    UpdateType.CALLBACK_QUERY,
    UpdateType.INLINE_QUERY,
    UpdateType.MY_CHAT_MEMBER,
    UpdateType.POLL_ANSWER,
]
#: Seconds for which Telegram holds a request open while there is nothing new.
POLL_SECONDS = 30
MAX_BODY_BYTES = 1_000_000
_LONGEST_DELAY = 60.0


async def unless_stopped(action: Awaitable[Any], stop: asyncio.Event) -> bool:
    """Await an action, cancelling it when `stop` is set first; whether it was completed."""
    running = asyncio.ensure_future(action)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            return False
        await running
        return True
    finally:
        for task in (running, stopping):
            task.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)


async def persist(action: Callable[[], Awaitable[Any]], stop: asyncio.Event, first_delay: float) -> bool:
    """Run an action until the network lets it through, with growing pauses; False when stopped before.

    Raises JianfuError for a token that Telegram does not know, and passes on BadRequest.
    """
    delay = first_delay
    while not stop.is_set():
        try:
            return await unless_stopped(action(), stop)
        except InvalidToken:
            # The library's message holds the token, so nothing of it may be chained or shown.
            raise JianfuError(replies.TELEGRAM_UNAUTHORIZED.format(variable=TOKEN_VARIABLE)) from None
        except BadRequest:
            raise
        except TelegramError as error:
            delay = _delay_after(error, delay)
            logger.warning("Telegram is not reachable (%s); trying again in %.1f s", _reason(error), delay)
            await unless_stopped(asyncio.sleep(delay), stop)
            delay = min(delay * 2, _LONGEST_DELAY)
    return False


async def poll(application: TelegramApplication, stop: asyncio.Event, first_delay: float = 1.0) -> None:
    """Fetch updates until `stop` is set; an update is confirmed once the intake has it."""
    bot = application.bot
    # The raw answer is wanted; the library advises against it because it has a method that parses all or nothing.
    warnings.filterwarnings("ignore", message="Please use 'Bot.get_updates'", category=PTBUserWarning)
    if not await persist(lambda: bot.delete_webhook(drop_pending_updates=False), stop, first_delay):
        return
    logger.info("waiting for messages (polling)")
    offset, delay = 0, first_delay
    received: list[dict[str, Any]] = []

    async def fetch() -> None:
        arguments = {"offset": offset, "timeout": POLL_SECONDS, "allowed_updates": ALLOWED_UPDATES}
        received[:] = await bot.do_api_request(
            "get_updates", api_kwargs=arguments, read_timeout=POLL_SECONDS + 10.0, pool_timeout=5.0
        )

    while not stop.is_set():
        received.clear()
        try:
            await unless_stopped(fetch(), stop)
        except EndPointNotFound:
            # Either the token was revoked or something between us and Telegram is confused; getMe tells which.
            await persist(bot.get_me, stop, first_delay)
            await unless_stopped(asyncio.sleep(delay), stop)
            continue
        except TelegramError as error:
            delay = _delay_after(error, delay)
            level = logging.ERROR if isinstance(error, Conflict) else logging.WARNING
            logger.log(level, "updates could not be fetched (%s); trying again in %.1f s", _reason(error), delay)
            await unless_stopped(asyncio.sleep(delay), stop)
            delay = min(delay * 2, _LONGEST_DELAY)
            continue
        delay = first_delay
        await application.intake.take(application, received)
        offset = max([offset, *(update_id_of(raw) + 1 for raw in received)])  # which confirms them
    await _confirm(application, offset)


async def _confirm(application: TelegramApplication, offset: int) -> None:
    """Tell Telegram that everything before `offset` arrived, so that it does not come again after a restart."""
    if not offset:
        return
    arguments = {"offset": offset, "timeout": 0, "limit": 1, "allowed_updates": ALLOWED_UPDATES}
    with suppress(TimeoutError):
        async with asyncio.timeout(2.0):
            for _ in range(8):
                try:
                    await application.bot.do_api_request("get_updates", api_kwargs=arguments)
                    return
                except Conflict:
                    # The poll we broke off has not ended at the other side yet.
                    await asyncio.sleep(0.2)
                except TelegramError as error:
                    logger.info("received updates could not be confirmed (%s)", _reason(error))
                    return


def _delay_after(error: TelegramError, delay: float) -> float:
    if not isinstance(error, RetryAfter):
        return delay
    wait = error.retry_after
    return max(delay, wait if isinstance(wait, (int, float)) else wait.total_seconds())


def _reason(error: TelegramError) -> str:
    if isinstance(error, Conflict):
        return "Conflict: another process polls with the same token, or a webhook is set"
    return f"{type(error).__name__}: {error.message}"


class _EmbeddedServer(uvicorn.Server):
    """uvicorn inside a loop that others run: signals are theirs to handle."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def receive_webhooks(
    application: TelegramApplication,
    config: TelegramConfig,
    secret: str,
    stop: asyncio.Event,
    first_delay: float = 1.0,
) -> None:
    """Serve the webhook endpoint, tell Telegram its address, and receive until `stop` is set.

    Raises JianfuError when the port cannot be used or Telegram refuses the address.
    """
    endpoint = webhook_app(application, config.webhook_path, secret, stop)
    async with _serving(endpoint, config) as serving:

        async def register() -> None:
            await application.bot.set_webhook(
                config.webhook_url, secret_token=secret, allowed_updates=ALLOWED_UPDATES, drop_pending_updates=False
            )

        try:
            if not await persist(register, stop, first_delay):
                return
        except BadRequest as error:
            raise JianfuError(replies.TELEGRAM_WEBHOOK_REFUSED.format(error=error.message)) from None
        logger.info("waiting for messages (webhook on %s:%s)", config.webhook_listen, config.webhook_port)
        if await unless_stopped(asyncio.shield(serving), stop):
            raise JianfuError(
                replies.TELEGRAM_PORT_UNUSABLE.format(
                    host=config.webhook_listen, port=config.webhook_port, error="server ended"
                )
            )


def webhook_app(application: TelegramApplication, path: str, secret: str, stop: asyncio.Event) -> Starlette:
    """The endpoint: checks the secret, hands the update to the intake, and answers without waiting for its handlers.

    200 also for an update that cannot be read, else Telegram would send it again and again; 503 while stopping,
    so that it does send it again.
    """

    async def receive(request: Request) -> Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode("utf8"), secret.encode("utf8")):
            return PlainTextResponse("wrong secret", 403)
        if stop.is_set():
            return PlainTextResponse("stopping", 503)
        body = bytearray()
        async for chunk in request.stream():
            body.extend(chunk)
            if len(body) > MAX_BODY_BYTES:
                return PlainTextResponse("too large", 413)
        try:
            raw = json.loads(body)
        except (ValueError, RecursionError):
            logger.error("a webhook request held no JSON")
            return PlainTextResponse("no JSON", 400)
        await application.intake.take(application, [raw])
        return Response(status_code=200)

    return Starlette(routes=[Route(path, receive, methods=["POST"])])


@asynccontextmanager
async def _serving(endpoint: Starlette, config: TelegramConfig) -> AsyncIterator[asyncio.Task[None]]:
    """Serve an endpoint; yields the task that ends with the server."""
    listener = _listen(config)
    server = _EmbeddedServer(
        uvicorn.Config(
            endpoint,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]), name="telegram-webhook")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110  uvicorn has a flag, no event
            await asyncio.sleep(0.01)
        yield task
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        listener.close()


def _listen(config: TelegramConfig) -> socket.socket:
    """A bound socket: binding before the server starts turns a used port into an error one can read."""
    family = socket.AF_INET6 if ":" in config.webhook_listen else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.webhook_listen, config.webhook_port))
    except OSError as error:
        listener.close()
        raise JianfuError(
            replies.TELEGRAM_PORT_UNUSABLE.format(
                host=config.webhook_listen, port=config.webhook_port, error=error.strerror or error
            )
        ) from error
    return listener
