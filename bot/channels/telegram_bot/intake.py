"""From the moment an update comes in to the moment its handlers have ended.

What came in stands in the inbox (bot/state/inbox.py) before Telegram is told that it arrived; from there it is claimed,
handled, and reported as done. While the database cannot be used, and in a bot that has none, updates go straight to
the handlers, as long as the process lives. How updates are fetched is updates.py's business.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from telegram import Bot, Update
from telegram.ext import Application

from bot.channels.telegram_bot.order import ChatOrder, lane_of
from bot.state.database import StateUnavailable
from bot.state.inbox import LEASE_SECONDS, Arrival, Claim, Inbox

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

#: Updates in work at a time, of as many chats.
CLAIMED_AT_ONCE = 128
#: An update whose answer could not be delivered is handled again after so long.
RETRY_SECONDS = 20.0
#: How long the updates behind a missing one wait for it, where updates come in side by side (see Inbox.claim). An
#: inline query, which is not kept, looks like a missing one; nothing else does in the ordinary course of things.
SETTLE_SECONDS = 1.0
#: How often the inbox is looked into when nothing here happens: for what another replica left behind, or a gap closed.
_LOOK_SECONDS = 0.5
_LONGEST_PAUSE = 30.0


class Intake:
    """The updates of one bot, on their way to its handlers."""

    def __init__(self, inbox: Inbox | None, bot_id: int) -> None:
        """Without an inbox everything is in memory only."""
        self._inbox = inbox
        self.bot_id = bot_id
        self.order = ChatOrder(on_handled=self._handled)
        # One writer, and its own thread: what is acknowledged must not wait behind questions being answered.
        self._writer = ThreadPoolExecutor(1, "telegram-inbox")
        self._in_work: dict[int, Claim] = {}
        self._done: list[Claim] = []
        self._undelivered: set[int] = set()
        self._arriving: list[tuple[list[Arrival], asyncio.Future[None]]] = []
        self._keeping: asyncio.Task[None] | None = None
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self._claiming: asyncio.Task[None] | None = None
        self._renewed = 0.0

    def start(self, application: Application[Any, Any, Any, Any, Any, Any], *, alone: bool) -> None:
        """Begin to hand out what stands in the inbox. `alone`: no other process receives for this bot."""
        if self._inbox is not None:
            self._claiming = asyncio.create_task(self._hand_out(application, alone=alone), name="telegram-inbox")

    async def take(self, application: Application[Any, Any, Any, Any, Any, Any], raw: Sequence[object]) -> None:
        """Take in updates as Telegram sent them; once this returned, Telegram may forget them.

        One that cannot be read is logged and put aside. Inline queries are not kept: they are worth nothing later.
        """
        passing: list[Update] = []
        arrivals: list[Arrival] = []
        updates: list[Update] = []
        for one in raw:
            update, fault = parse(one, application.bot)
            if update is None:
                if (update_id := update_id_of(one)) and self._inbox is not None:
                    arrivals.append(Arrival(update_id, "", "", unreadable=fault))
            elif (lane := lane_of(update)) is None or self._inbox is None:
                passing.append(update)
            else:
                updates.append(update)
                text = json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode("utf8", "replace")
                arrivals.append(Arrival(update.update_id, "telegram:" + ":".join(map(str, lane)), text.decode("utf8")))
        if self._inbox is not None and arrivals:
            try:
                await self._keep(arrivals)
            except StateUnavailable as error:
                logger.warning("%d updates are in memory only: %s", len(updates), error)
                passing = sorted([*passing, *updates], key=lambda update: update.update_id)
        for update in passing:
            await application.update_queue.put(update)
        self._wake.set()

    async def _keep(self, arrivals: list[Arrival]) -> None:
        """Put arrivals into the inbox, together with those of other requests that wait meanwhile: one commit for all.

        Raises StateUnavailable.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arriving.append((arrivals, kept))
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_all(), name="telegram-arrivals")
        await kept

    async def _keep_all(self) -> None:
        while self._arriving:
            batch, self._arriving = self._arriving, []
            together = [arrival for arrivals, _ in batch for arrival in arrivals]
            try:
                await self._write(partial(Inbox.take_in, bot_id=self.bot_id, arrivals=together))
            except Exception as error:
                for _, kept in batch:
                    if not kept.done():  # the request may have been broken off
                        kept.set_exception(error)
            else:
                for _, kept in batch:
                    if not kept.done():
                        kept.set_result(None)

    def undelivered(self, update_id: int) -> bool:
        """Have an update handled again a little later; False where nothing of it was kept."""
        if update_id not in self._in_work:
            return False
        self._undelivered.add(update_id)
        return True

    async def stop(self) -> None:
        """Hand out nothing more; what is in work may be finished."""
        self._stopping.set()
        self._wake.set()
        if self._claiming is not None:
            await self._claiming
            self._claiming = None

    async def close(self) -> None:
        """Report what was done and give back what was not, for the next start or another replica."""
        await self.stop()
        if self._inbox is not None:
            done, self._done = self._done, []
            left = list(self._in_work.values())
            try:
                await self._write(lambda box: box.done(self.bot_id, done))
                await self._write(lambda box: box.lease(self.bot_id, left, 0.0))
            except StateUnavailable as error:
                logger.warning("what was answered last could not be noted, and may be answered again: %s", error)
        self._writer.shutdown(wait=False)

    def _handled(self, update_id: int) -> None:
        claim = self._in_work.get(update_id)
        if claim is None:
            return
        if update_id not in self._undelivered:
            self._done.append(self._in_work.pop(update_id))
        self._wake.set()

    async def _hand_out(self, application: Application[Any, Any, Any, Any, Any, Any], *, alone: bool) -> None:
        """Claim, handle, report, until stopped; a database that is away is asked again with growing pauses."""
        taken_over, pause = not alone, _LOOK_SECONDS
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if not taken_over:
                    await self._write(lambda box: box.give_back_all(self.bot_id))
                    taken_over = True
                for claim in await self._turn(settle_seconds=0.0 if alone else SETTLE_SECONDS):
                    await self._begin(application, claim)
            except StateUnavailable as error:
                logger.warning("the inbox cannot be read; looking again in %.0f s: %s", pause, error)
                await _set_within(self._stopping, pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            except Exception:
                logger.exception("handing out updates failed; going on")
                await _set_within(self._stopping, pause)
                continue
            pause = _LOOK_SECONDS
            await _set_within(self._wake, _LOOK_SECONDS)

    async def _turn(self, settle_seconds: float) -> list[Claim]:
        """Report what is done, keep hold of what is in work, and claim what is next."""
        done, loop = list(self._done), asyncio.get_running_loop()
        held = [claim for claim in self._in_work.values() if claim.update_id not in self._undelivered]
        later = [self._in_work[update_id] for update_id in self._undelivered]
        renew = loop.time() - self._renewed > LEASE_SECONDS / 3
        free = CLAIMED_AT_ONCE - len(self._in_work)

        def turn(box: Inbox) -> list[Claim]:
            box.done(self.bot_id, done)
            box.lease(self.bot_id, later, RETRY_SECONDS)
            if renew:
                box.lease(self.bot_id, held, LEASE_SECONDS)
            return box.claim(self.bot_id, free, settle_seconds=settle_seconds) if free > 0 else []

        claims = await self._write(turn)
        del self._done[: len(done)]
        if renew:
            self._renewed = loop.time()
        for claim in later:
            self._undelivered.discard(claim.update_id)
            del self._in_work[claim.update_id]
            self.order.forget(claim.update_id)
        return claims

    async def _begin(self, application: Application[Any, Any, Any, Any, Any, Any], claim: Claim) -> None:
        update, _ = parse(json.loads(claim.payload), application.bot)
        if update is None:  # another version of the library took it in
            self._done.append(claim)
            self._wake.set()
            return
        self._in_work[claim.update_id] = claim
        await application.update_queue.put(update)

    async def _write(self, action: Callable[[Inbox], Result]) -> Result:
        if self._inbox is None:
            raise TypeError("a bot without a database has no inbox")
        return await asyncio.get_running_loop().run_in_executor(self._writer, action, self._inbox)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, or so long."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def parse(raw: object, bot: Bot) -> tuple[Update | None, str]:
    """An update from its JSON; or None, logged, with the reason, when this version of the library cannot read it."""
    try:
        if not isinstance(raw, dict) or not isinstance(raw.get("update_id"), int):
            raise TypeError("no update")
        return Update.de_json(raw, bot), ""
    except Exception as error:
        # Whatever the parser stumbled over: its class is logged, its message might quote the update.
        logger.error("update %s cannot be read (%s); skipped", update_id_of(raw) or "?", type(error).__name__)
        return None, type(error).__name__


def update_id_of(raw: object) -> int:
    """The number of an update, 0 where it has none."""
    update_id = raw.get("update_id") if isinstance(raw, dict) else None
    return update_id if isinstance(update_id, int) else 0
