"""What the handlers of this room share: who is linked, the workshop, previews that are waited for, and ways to show things.

Whatever takes long runs in threads, or in tasks that no chat waits for; these end with the bot, and a button begins anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from telegram import Bot, InlineKeyboardMarkup, InputFile
from telegram.error import Forbidden, TelegramError

from bot import replies
from bot.accounts.linking import Keeper, Linking
from bot.channels.telegram_bot.delivery import Place, edit, keeping_up, patiently, send
from bot.channels.telegram_bot.handlers.desk import Desk, person
from bot.channels.telegram_bot.keeping import words
from bot.channels.telegram_bot.keeping.runs import Run, pack_runs, page
from bot.channels.telegram_bot.text import pack, text_sections
from bot.kb.workshop import Workshop
from bot.state.database import StateUnavailable
from bot.state.state import State
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

#: More messages than this are sent as a file.
MOST_MESSAGES = 4
#: At most so often a message says anew how far something is.
EDIT_SECONDS = 2.0
#: How often it is looked whether a preview is made.
LOOK_SECONDS = 0.3


class Room:
    """One bot's keeping of the knowledge; `workshop` is None in a process that cannot change it."""

    def __init__(self, desk: Desk, workshop: Workshop | None) -> None:
        self.desk = desk
        self.workshop = workshop
        self.reading = asyncio.Semaphore(1)  # a file may take a second and much memory to read
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}

    @property
    def shop(self) -> Workshop:
        """The workshop. Raises StateUnavailable where there is none, which no handler lets happen."""
        if self.workshop is None:
            raise StateUnavailable(words.OFF)
        return self.workshop

    async def keeper(self, user_id: int) -> Keeper | None:
        """Whom a person acts for; None for everybody else. Raises StateUnavailable."""
        if self.workshop is None or not self.desk.keeps:
            return None
        return await self.desk.kept(lambda state: Linking(state).keeper(person(user_id)))

    async def run(self, action: Callable[[Workshop], Result]) -> Result:
        """Do something with the workshop, in a thread. Raises what it raises, and StateUnavailable."""
        shop = self.shop

        def act(state: State) -> Result:
            return action(shop)

        return await self.desk.kept(act)

    def spawn(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Begin work that nobody waits for; False while work of this key goes on. What goes wrong is logged."""
        going = self._tasks.get(key)
        if going is not None and not going.done():
            return False

        async def guarded() -> None:
            try:
                await work()
            except TelegramError as error:
                logger.warning("a preview could not be shown (%s); its button shows it", type(error).__name__)
            except StateUnavailable as error:
                logger.warning("a preview could not be shown: %s", error)
            except Exception:
                logger.exception("showing a preview failed")
            finally:
                if self._tasks.get(key) is asyncio.current_task():
                    del self._tasks[key]

        self._tasks[key] = asyncio.create_task(guarded(), name="telegram-preview")
        return True

    async def until_stopped(self, stop: asyncio.Event) -> None:
        """End what was begun once `stop` is set."""
        await stop.wait()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def known_error(error: JianfuError) -> str:
    """What a person is told of an error; of the database only that it is away."""
    return replies.TELEGRAM_STATE_AWAY if isinstance(error, StateUnavailable) else str(error)


@asynccontextmanager
async def telling(
    bot: Bot, place: Place, message_id: int, stage: Callable[[], str], markup: InlineKeyboardMarkup | None = None
) -> AsyncIterator[None]:
    """Show how far something is in one message, edited in place now and then, until the block ends; no edit comes after it."""
    shown = ""

    async def show() -> None:
        nonlocal shown
        text = stage()
        if text != shown:
            shown = text
            await edit(bot, place, [message_id], pack(text_sections(text)), markup)

    task: asyncio.Task[None] | None = None
    try:
        async with keeping_up(show, EDIT_SECONDS) as task:
            yield
    finally:
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)


async def send_runs(bot: Bot, place: Place, title: str, name: str, runs: list[Run]) -> None:
    """Show marked text as messages, or as a file where it is long."""
    parts = pack_runs(runs)
    if len(parts) <= MOST_MESSAGES:
        await send(bot, place, parts)
    else:
        await send_file(bot, place, words.FILE_NAME.format(id=name), page(title, runs), words.FILE_NOTE)


async def send_file(bot: Bot, place: Place, name: str, content: bytes, note: str) -> None:
    """Send a file; who blocked the bot gets none."""
    try:
        await patiently(lambda: bot.send_document(place.chat_id, InputFile(content, filename=name), caption=note))
    except Forbidden as error:
        logger.info("the bot may not write to a chat (%s)", error.message)
