"""What a chat channel has to say in its rooms, each part once, whichever replica says it, and what is left after a restart.

A part is held in the database while it is being said, and marked as done afterwards. Who dies in between leaves a hold that
runs out, and the part is said again: once too often rather than never.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from bot.rooms.room import Phase, Room
from bot.state.rooms import RoomBook, RoomRows

#: poll: an item; answer: its poll is closed, and the answer said with its clause; sheet and paper: the end.
Part = Literal["poll", "answer", "sheet", "paper"]

#: Seconds for which whoever says a part may be silent; clocks of replicas must agree better than this.
HOLD_SECONDS = 30.0
#: The end has no position.
END = -1


@dataclass(frozen=True, slots=True)
class ChatPlace:
    """Where a room is held: a chat and its topic. `away`: the bot may not write there at present."""

    chat: int
    thread: int | None = None
    away: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A room in which there may be something to say, as far as it is known without reading it."""

    code: str
    place: ChatPlace
    phase: Phase
    deadline: float | None
    revision: int


@dataclass(frozen=True, slots=True)
class Said:
    """What was said in a room so far: messages of its polls by position, and the parts that are done; and where it is.

    `place` is None when all was said.
    """

    place: ChatPlace | None
    polls: Mapping[int, tuple[int, ...]]
    done: frozenset[tuple[int, str]]


Step = tuple[int, Part]


def steps(room: Room, said: Said) -> list[Step]:
    """What is to be said now, in this order."""
    found: list[Step] = []
    passed = room.position if room.phase in ("shown", "over") else room.position - 1
    found += [
        (position, "answer")
        for position in range(passed + 1)
        if position in said.polls and (position, "answer") not in said.done
    ]
    if room.phase in ("asking", "paused") and room.position not in said.polls:
        found.append((room.position, "poll"))
    if room.phase == "over":
        found += [(END, part) for part in _LAST if (END, part) not in said.done]
    return found


_LAST: tuple[Part, ...] = ("sheet", "paper")


class Announcements:
    """The places and parts of one channel's rooms. Raises StateUnavailable wherever the database is away."""

    def __init__(self, book: RoomBook, channel: str) -> None:
        self._book = book
        self._channel = channel

    def placed(self) -> list[Placed]:
        """Every room in which there may be something to say, the ones where the bot is away included."""
        return [
            Placed(row["code"], ChatPlace(**json.loads(row["place"])), row["phase"], row["deadline"], row["revision"])
            for row in self._book.placed_rooms(self._channel)
        ]

    def said(self, code: str) -> Said:
        """What was said so far."""
        with self._holding(code) as rows:
            polls: dict[int, tuple[int, ...]] = {}
            if rows is None or rows.room["place"] == "{}":
                return Said(None, polls, frozenset())
            for position, _, message in rows.polls():
                polls[position] = (*polls.get(position, ()), message)
            return Said(ChatPlace(**json.loads(rows.room["place"])), polls, frozenset(rows.parts_done()))

    def hold(self, code: str, step: Step) -> bool:
        """Hold a part before saying it; False where another holds it, or it is done."""
        now = time.time()
        with self._holding(code) as rows:
            return rows is not None and rows.hold_part(*step, now, now + HOLD_SECONDS)

    def keep_hold(self, code: str, step: Step, seconds: float = HOLD_SECONDS) -> None:
        """Hold a part so many seconds from now; 0 gives it back."""
        with self._holding(code) as rows:
            if rows is not None:
                rows.change_part(*step, leased_until=time.time() + seconds)

    def done(self, code: str, step: Step, *, poll: str = "", message: int = 0) -> None:
        """A part was said; for a poll, which one it is and where."""
        with self._holding(code) as rows:
            if rows is None:
                return
            if poll:
                rows.put_poll(poll, step[0], message)
            rows.change_part(*step, done=True)

    def settle(self, code: str) -> None:
        """Everything was said: forget the place, the polls and the parts."""
        with self._holding(code) as rows:
            if rows is not None:
                rows.clear_polls()

    def move(self, here: int, /, **changes: Any) -> list[str]:
        """Change the place of every room of a chat; gives their codes."""
        codes = [one.code for one in self.placed() if one.place.chat == here]
        for code in codes:
            with self._holding(code) as rows:
                if rows is not None and rows.room["place"] != "{}":
                    place = replace(ChatPlace(**json.loads(rows.room["place"])), **changes)
                    rows.write({"place": json.dumps(asdict(place))})
        return codes

    def free_all(self) -> None:
        """End every hold: for a process that starts and knows that no other one speaks."""
        self._book.free_parts(self._channel)

    @contextmanager
    def _holding(self, code: str) -> Iterator[RoomRows | None]:
        with self._book.holding(code) as rows:
            yield rows
