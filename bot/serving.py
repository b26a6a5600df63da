"""Runs the channels of one process together: the web chat, Telegram, or both, until SIGTERM or SIGINT.

Which channels is decided by __main__.py; what they do is theirs.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from bot.bootstrap import BackgroundAssistant, Maker
from bot.channels import telegram_bot, web
from bot.config import Config, api_keys
from bot.kb.following import Follower
from bot.kb.proposal import prepare
from bot.kb.served import Shelved
from bot.kb.workshop import Workshop
from bot.review.recorder import Recorder
from bot.state.state import State
from bot.state.upkeep import keep_tidy

Channel = Callable[[asyncio.Event], Awaitable[None]]


def run(config: Config, token: str | None, *, with_web: bool, announce: Callable[[str], None]) -> None:
    """Serve until told to stop. `announce` receives the web address once it answers. Raises JianfuError."""
    state = State.of(config)
    recorder = Recorder(state)
    shelved = Shelved.of(config, state.database)
    maker = Maker(config, state.receipts.keep, recorder.note, ahead=True)
    follower = Follower(shelved, maker.make)
    background = BackgroundAssistant(follower.first)
    workshop = Workshop(
        config.path(config.knowledge.drafts),
        shelved,
        lambda folder, progress: prepare(shelved, folder, maker, config.answers, progress),
        maker.make,
        config.knowledge.approvals,
    )
    channels: list[Channel] = [lambda stop: keep_tidy(state, stop), lambda stop: follower.follow(background, stop)]
    if token is not None:
        application = telegram_bot.create_application(
            background,
            config.telegram,
            token,
            state=state,
            concurrent_questions=config.web.concurrent_questions,
            keep_days=config.state.keep_days,
            workshop=workshop,
        )
        channels.append(lambda stop: telegram_bot.run(application, config.telegram, stop))
    if with_web:
        limit = config.answers.max_question_characters
        app = web.create_app(
            background,
            config.web,
            max_question_characters=limit,
            state=state,
            api_keys=api_keys(),
            shelved=shelved,
            workshop=workshop,
            group_distance=config.review.group_distance,
        )
        channels.append(lambda stop: web.serve(app, config.web.host, config.web.port, announce, stop))
    background.start()
    recorder.start()
    try:
        asyncio.run(_together(channels))
    finally:
        recorder.close()
        state.close()


async def _together(channels: list[Channel]) -> None:
    """Run all until a signal; one that ends or fails ends the others, and its error is raised."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows has no signal handlers on loops
            loop.add_signal_handler(number, stop.set)

    async def until_stopped(channel: Channel) -> None:
        try:
            await channel(stop)
        finally:
            stop.set()

    work: list[Coroutine[Any, Any, None]] = [until_stopped(channel) for channel in channels]
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
