"""Who follows which room: one look into the database for all who look on, and everybody wakes when something changed.

A feed looks when it is poked, when the clock of its room is due, and every second for what another process changed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from fastapi.sse import ServerSentEvent

from bot.channels.web.core.errors import ApiError
from bot.channels.web.rooms.views import seconds_left
from bot.rooms import rules
from bot.rooms.classroom import Look

logger = logging.getLogger(__name__)

View = Literal["phone", "screen"]

#: How long another process's change may stay unseen, and the least time between two looks at counts, in seconds.
LOOK_SECONDS, SPARE_SECONDS = 1.0, 0.25
#: How often a stream says that it is alive, in seconds; the pages give up on one that is silent for twice as long.
ALIVE_SECONDS = 10.0
#: How long a text that names the time left is used again, in seconds.
TEXT_SECONDS = 0.1
#: Streams of one process; whoever comes later asks again and again instead.
MOST_STREAMS = 400


@dataclass(frozen=True, slots=True)
class Shown:
    """What the views show at one moment: `room` for all, `totals` for projector and trainer."""

    look: Look
    room: dict[str, Any]
    totals: dict[str, Any]

    def event_id(self, view: View) -> str:
        """Another one whenever the view shows something else."""
        if view == "phone":
            return str(self.look.room.revision)
        teams = "-".join(f"{one['answered']}.{one['right']}" for one in self.totals["teams"])
        counted = f"{self.totals['seats']}-{self.totals['answered']}"
        return f"{self.look.room.revision}-{counted}-{teams}"

    def content(self, view: View, now: float) -> dict[str, Any]:
        """The object of RoomBody, or of ScreenBody."""
        room = {**self.room, "seconds_left": seconds_left(self.look.room, now)}
        return room if view == "phone" else {"room": room, "totals": self.totals}


class Feed:
    """One room, for as long as somebody follows it."""

    def __init__(self, read: Callable[[], Awaitable[Shown]]) -> None:
        """`read` looks into the database."""
        self._read = read
        self._lock = asyncio.Lock()
        self._asked = self._served = 0
        self._latest: Shown | None = None
        self._poked = asyncio.Event()
        self._followers: dict[View, set[asyncio.Event]] = {"phone": set(), "screen": set()}
        self._texts: dict[View, tuple[float, str, str]] = {}
        self._task: asyncio.Task[None] | None = None
        self.ended = False

    @property
    def followers(self) -> int:
        """How many streams there are."""
        return sum(map(len, self._followers.values()))

    async def refresh(self) -> Shown:
        """Look anew; those who ask while a look is under way share the next one. Raises what the reading raises."""
        self._asked += 1
        mine = self._asked
        async with self._lock:
            if self._served < mine or self._latest is None:
                asked = self._asked
                found = await self._read()
                self._served = asked
                self._publish(found)
            assert self._latest is not None
            return self._latest

    def poke(self) -> None:
        """Something was counted; look soon."""
        self._poked.set()

    def end(self) -> None:
        """Let every stream end."""
        self.ended = True
        for followers in self._followers.values():
            for follower in followers:
                follower.set()
        if self._task is not None:
            self._task.cancel()

    async def follow(self, view: View, seen: str) -> AsyncGenerator[ServerSentEvent, None]:
        """The room now, unless its id was `seen`, and again with each change."""
        changed = asyncio.Event()
        self._followers[view].add(changed)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            while not self.ended:
                changed.clear()
                if self._latest is not None and self._latest.event_id(view) != seen:
                    seen, text = self._text(view)
                    yield ServerSentEvent(event="room", id=seen, raw_data=text)
                try:
                    await asyncio.wait_for(changed.wait(), ALIVE_SECONDS)
                except TimeoutError:
                    yield ServerSentEvent(event="alive", raw_data="{}")
        finally:
            self._followers[view].discard(changed)

    def _text(self, view: View) -> tuple[str, str]:
        """The id and the text of an event, made once for all who get it at about the same time."""
        assert self._latest is not None
        now, event_id = time.time(), self._latest.event_id(view)
        made, kept_id, text = self._texts.get(view, (0.0, "", ""))
        if kept_id != event_id or now - made > TEXT_SECONDS:
            text = json.dumps(self._latest.content(view, now), ensure_ascii=False)
            self._texts[view] = (now, event_id, text)
        return event_id, text

    def _publish(self, found: Shown) -> None:
        before, self._latest = self._latest, found
        for view, followers in self._followers.items():
            if before is None or before.event_id(view) != found.event_id(view):
                for follower in followers:
                    follower.set()

    async def _watch(self) -> None:
        while self.followers:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._poked.wait(), self._wait())
            self._poked.clear()
            try:
                await self.refresh()
            except ApiError as error:
                if error.status == 404:  # it has expired
                    self.end()
                    return
                await asyncio.sleep(LOOK_SECONDS)  # the database is away; try again
            except Exception:
                logger.exception("looking at a room failed")
                await asyncio.sleep(LOOK_SECONDS)
            await asyncio.sleep(SPARE_SECONDS)

    def _wait(self) -> float:
        """Seconds until the next look."""
        if self._latest is None:
            return 0.0
        room = self._latest.look.room
        return min(LOOK_SECONDS, max(rules.due(room.phase, room.deadline) - time.time(), 0.0))


class Feeds:
    """The feeds of one process, by code."""

    def __init__(self, read: Callable[[str], Awaitable[Shown]]) -> None:
        """`read` looks at a room. Raises ApiError."""
        self._read = read
        self._feeds: dict[str, Feed] = {}
        self._closed = False

    async def refresh(self, code: str) -> Shown:
        """The room now, for this caller and for all who follow it. Raises ApiError."""
        feed = self._feeds.get(code)
        return await (feed.refresh() if feed is not None else self._read(code))

    def poke(self, code: str) -> None:
        """Something was counted in the room."""
        feed = self._feeds.get(code)
        if feed is not None:
            feed.poke()

    @property
    def streams(self) -> int:
        """How many streams there are."""
        return sum(feed.followers for feed in self._feeds.values())

    async def feed(self, code: str) -> Feed:
        """The feed of a room, with a fresh look at it. Raises ApiError, 503 where there are too many streams."""
        if self.streams >= MOST_STREAMS or self._closed:
            raise ApiError(503, "busy", headers={"Retry-After": "10"})
        feed = self._feeds.get(code)
        if feed is None or feed.ended:
            feed = self._feeds[code] = Feed(partial(self._read, code))
        try:
            await feed.refresh()
        except ApiError:
            self._drop(code, feed)
            raise
        return feed

    async def follow(self, code: str, feed: Feed, view: View, seen: str) -> AsyncGenerator[ServerSentEvent, None]:
        """A stream of a room; the feed goes with its last stream."""
        self._feeds.setdefault(code, feed)
        try:
            async with aclosing(feed.follow(view, seen)) as events:
                async for event in events:
                    yield event
        finally:
            self._drop(code, feed)

    def _drop(self, code: str, feed: Feed) -> None:
        """Forget a feed that nobody follows."""
        if not feed.followers and self._feeds.get(code) is feed:
            del self._feeds[code]

    def close(self) -> None:
        """Let every stream end, and begin none."""
        self._closed = True
        for feed in self._feeds.values():
            feed.end()
