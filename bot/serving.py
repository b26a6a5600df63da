"""Runs the channels of one process together: the web chat, Telegram, or both, until SIGTERM or SIGINT.

Which channels is decided by __main__.py; what they do is theirs.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import closing, suppress
from typing import Any

from bot import replies
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
from bot.workers import Post, Supervisor
from knowledge.errors import JianfuError

#: The name of the socket that workers inherit.
WEB = "web"

Channel = Callable[[asyncio.Event], Awaitable[None]]


def supervise(config: Config, arguments: Sequence[str]) -> None:
    """Serve with several processes until told to stop; `arguments` are this program's. Raises JianfuError."""
    with closing(web.listen(config.web.host, config.web.port)) as listener:
        address = web.address(config.web.host, listener.getsockname()[1])

        def started() -> None:
            print(replies.WORKERS_SERVING.format(address=address, workers=config.web.workers), flush=True)  # noqa: T201

        asyncio.run(Supervisor(arguments, config.web.workers, {WEB: listener}, started).run())


def work(config: Config, token: str | None, post: str) -> int:
    """Be one of the processes that supervise() started; returns the exit code, after telling it what is wrong."""
    mine = Post.from_text(post)
    if mine.number > 1:  # one speaks to Telegram: updates cannot be fetched by two, and follow-ups are in memory
        token = None
    try:
        run(config, token, with_web=True, announce=lambda address: mine.tell(started=address), post=mine)
    except JianfuError as error:
        mine.tell(failed=str(error))
        return 1
    return 0


def run(
    config: Config,
    token: str | None,
    *,
    with_web: bool,
    announce: Callable[[str], None],
    post: Post | None = None,
) -> None:
    """Serve until told to stop. `announce` receives the web address once it answers; `post` is a worker's.

    Raises JianfuError.
    """
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
    channels: list[Channel] = [lambda stop: follower.follow(background, stop)]
    if post is None or post.number == 1:
        channels.append(lambda stop: keep_tidy(state, stop))
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
        listener = post.socket(WEB) if post is not None else None
        channels.append(lambda stop: web.serve(app, config.web.host, config.web.port, announce, stop, listener))
    background.start()
    recorder.start()
    try:
        asyncio.run(_together(channels, post))
    finally:
        recorder.close()
        state.close()


async def _together(channels: list[Channel], post: Post | None) -> None:
    """Run all until a signal; one that ends or fails ends the others, and its error is raised."""
    stop = asyncio.Event()
    if post is not None:
        post.watch(stop)
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
