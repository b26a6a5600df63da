"""The Telegram bot: builds the application, says which handler gets what, and runs it inside a running loop.

Which handler gets what is said in handlers/, how updates come in in updates.py and intake.py.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from telegram import BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats
from telegram.error import BadRequest
from telegram.ext import ApplicationBuilder, ExtBot
from telegram.request import BaseRequest, HTTPXRequest

from bot import replies
from bot.bootstrap import BackgroundAssistant
from bot.channels.telegram_bot.delivery import RateLimiter
from bot.channels.telegram_bot.handlers import register_handlers
from bot.channels.telegram_bot.handlers.desk import Desk
from bot.channels.telegram_bot.history import History
from bot.channels.telegram_bot.intake import Intake
from bot.channels.telegram_bot.keeping.room import Room
from bot.channels.telegram_bot.log import protect_logs, redact_tokens
from bot.channels.telegram_bot.reminding import keep_reminding
from bot.channels.telegram_bot.session_runner import SessionRunner
from bot.channels.telegram_bot.updates import TelegramApplication, persist, poll, receive_webhooks
from bot.config import TOKEN_VARIABLE, WEBHOOK_SECRET_VARIABLE, TelegramConfig, webhook_secret
from bot.kb.workshop import Workshop
from bot.state.state import State
from knowledge.errors import JianfuError

__all__ = ["create_application", "redact_tokens", "run", "run_alone"]

logger = logging.getLogger(__name__)

#: Commands shown in groups; /ask is answered there in any form, the others when addressed (/help@bot).
_GROUP_COMMANDS = ("ask", "session", "problems", "source", "trust", "verify", "help")
_ONLY_IN_GROUPS = ("session",)
#: Running handlers get this long to finish; with the rest of the shutdown it stays within ten seconds.
_DRAIN_SECONDS = 6.0


def create_application(
    background: BackgroundAssistant,
    config: TelegramConfig,
    token: str | None,
    *,
    state: State | None = None,
    request: BaseRequest | None = None,
    get_updates_request: BaseRequest | None = None,
    history: History | None = None,
    patience_seconds: float = 20.0,
    concurrent_questions: int = 4,
    keep_days: int = 90,
    clock: Callable[[], float] = time.time,
    workshop: Workshop | None = None,
) -> TelegramApplication:
    """The application, ready to run(); nothing is contacted yet.

    `state` keeps updates until they are answered, feedback and settings; without it nothing outlives the process.
    `keep_days`: how long totals of study sessions are kept; `clock` gives their time, in seconds since 1970.
    Without a `workshop` the knowledge cannot be changed from a chat. `patience_seconds`: how long a question waits for an assistant that is still loading. Tests pass `request` and
    `get_updates_request`. Raises JianfuError for a token or proxy that cannot be used.
    """
    protect_logs()
    if not token:
        raise JianfuError(replies.TELEGRAM_NO_TOKEN.format(variable=TOKEN_VARIABLE))
    if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token):
        raise JianfuError(replies.TELEGRAM_UNAUTHORIZED.format(variable=TOKEN_VARIABLE))
    bot_id = int(token.split(":")[0])
    intake = Intake(state.inbox if state else None, bot_id)
    sessions = SessionRunner(background, state, bot_id, keep_days, clock) if state else None
    bot: ExtBot[Any] = ExtBot(
        token,
        base_url=config.base_url,
        base_file_url=config.base_file_url,
        # Separate pools: a long poll must never take the connection that an answer needs.
        request=request or _http(config, connections=64),
        get_updates_request=get_updates_request or _http(config, connections=2),
        rate_limiter=RateLimiter(max_retries=3),
    )
    builder = ApplicationBuilder().application_class(TelegramApplication, {"intake": intake, "sessions": sessions})
    application = cast(
        TelegramApplication, builder.bot(bot).updater(None).job_queue(None).concurrent_updates(intake.order).build()
    )
    desk = Desk(
        background,
        intake,
        history or History(),
        state,
        patience_seconds=patience_seconds,
        concurrent_questions=concurrent_questions,
    )
    room = Room(desk, workshop)
    register_handlers(application, desk, room, sessions)
    application.beside.append(room.until_stopped)
    application.beside.append(lambda stop: keep_reminding(application.bot, desk, stop))
    return application


async def run(
    application: TelegramApplication,
    config: TelegramConfig,
    stop: asyncio.Event,
    *,
    secret: str | None = None,
    first_delay: float = 1.0,
) -> None:
    """Run until `stop` is set, then finish what is being answered and shut down, within ten seconds.

    Belongs into a running event loop, alone or beside a web server; handles no signals. While Telegram is not
    reachable it tries again, first after `first_delay` seconds, then ever more rarely. Raises JianfuError for a
    token, webhook address, secret or port that cannot be used.
    """
    protect_logs()
    ending, beside = asyncio.Event(), list[asyncio.Task[None]]()
    hook_secret = _webhook_secret(config, secret) if config.transport == "webhook" else ""
    try:
        if not await persist(application.initialize, stop, first_delay):
            return
        await persist(lambda: _set_commands(application), stop, first_delay)
        await application.start()
        beside += [asyncio.create_task(one(ending)) for one in application.beside]
        application.intake.start(application, alone=config.transport == "polling")
        if application.sessions is not None:
            application.sessions.start(application.bot, alone=config.transport == "polling")
        if config.transport == "webhook":
            await receive_webhooks(application, config, hook_secret, stop, first_delay)
        else:
            await poll(application, stop, first_delay)
    finally:
        ending.set()
        await asyncio.gather(*beside, return_exceptions=True)
        await _finish(application)


def run_alone(application: TelegramApplication, config: TelegramConfig) -> None:
    """Run until SIGINT or SIGTERM, with an event loop of its own."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            # Windows has no signal handlers on loops; there Ctrl-C ends the process as usual.
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, stop.set)
        await run(application, config, stop)

    asyncio.run(main())


async def _set_commands(application: TelegramApplication) -> None:
    """Publish the command menus; a refusal costs the menu, not the bot."""
    private, groups = BotCommandScopeAllPrivateChats(), BotCommandScopeAllGroupChats()
    try:
        for language, texts in ((None, replies.TELEGRAM_COMMANDS), ("en", replies.TELEGRAM_COMMANDS_ENGLISH)):
            every = {name: BotCommand(name, text) for name, text in texts.items()}
            short = [every[name] for name in _GROUP_COMMANDS]
            alone = [command for name, command in every.items() if name not in _ONLY_IN_GROUPS]
            await application.bot.set_my_commands(alone, scope=private, language_code=language)
            await application.bot.set_my_commands(short, scope=groups, language_code=language)
    except BadRequest as error:
        logger.warning("the command menu was refused: %s", error.message)


async def _finish(application: TelegramApplication) -> None:
    """Let running handlers finish, within limits, and close every connection."""
    await application.intake.stop()
    if application.sessions is not None:
        await application.sessions.stop()
    if application.running:
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                # stop() takes nothing more from the queue, so what arrived must have been taken before.
                while not application.update_queue.empty():  # noqa: ASYNC110  a queue has no event for it
                    await asyncio.sleep(0)
                await application.stop()
        except TimeoutError:
            left = application.update_processor.current_concurrent_updates
            logger.warning("stopped with %d updates still in work", left)
    await application.intake.close()
    await application.shutdown()
    await application.bot.shutdown()  # after a start that failed, the application does not know of the bot's clients


def _webhook_secret(config: TelegramConfig, secret: str | None) -> str:
    if not config.webhook_url:
        raise JianfuError(replies.TELEGRAM_NO_WEBHOOK_URL)
    secret = secret or webhook_secret()
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise JianfuError(replies.TELEGRAM_BAD_WEBHOOK_KEY.format(variable=WEBHOOK_SECRET_VARIABLE))
    return secret


def _http(config: TelegramConfig, connections: int) -> HTTPXRequest:
    try:
        return HTTPXRequest(
            connection_pool_size=connections,
            proxy=config.proxy or None,
            connect_timeout=10.0,
            read_timeout=15.0,
            write_timeout=15.0,
            pool_timeout=10.0,
        )
    except Exception as error:
        # httpx says what is wrong with a proxy's address in several classes of exception.
        raise JianfuError(replies.TELEGRAM_BAD_PROXY.format(error=error)) from error
