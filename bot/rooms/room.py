"""The room as everybody sees it: its settings, its items, how far it is, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from bot.quiz.item import Item
from knowledge.errors import JianfuError

#: lobby: the class gathers; asking: an item is open; paused: its clock stands; shown: its answer is shown; over: the end.
Phase = Literal["lobby", "asking", "paused", "shown", "over"]
PHASES: tuple[Phase, ...] = get_args(Phase)

#: Seconds for an item: 0 is no limit, until the trainer shows the answer.
MOST_SECONDS = 600
MOST_ITEMS = 50
MOST_TEAMS = 4
#: Characters of a name that somebody puts under their answers.
MOST_NAME = 20


class NotNow(JianfuError):
    """What was asked for does not fit what the room is doing; the message says what does."""


class NoSuchRoom(JianfuError):
    """There is no room with this code, or not with this key."""


class BadRequest(JianfuError):
    """Settings, an answer, a name or a team that cannot be; the message says what can."""


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """What the trainer decided when opening the room.

    `seconds` an item is open, 0 for no limit; `reading_seconds` until the next item comes by itself, 0 for not by
    itself; `teams` 0 or 2 to MOST_TEAMS; `named` whether people may put their name under their answers.
    """

    title: str
    seconds: int = 30
    reading_seconds: int = 0
    teams: int = 0
    named: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A room at one moment. `position` is the item that is open or shown, -1 in the lobby; times are seconds since 1970.

    `deadline` is when the open item closes, or when the next item comes; None for not by itself. `left` is what was left
    of the time when the clock was stopped. `revision` rises with each change of this object, not with answers.
    """

    code: str
    channel: str
    settings: RoomSettings
    items: tuple[Item, ...]
    phase: Phase = "lobby"
    position: int = -1
    deadline: float | None = None
    left: float | None = None
    skipped: frozenset[int] = frozenset()
    revision: int = 0

    @property
    def item(self) -> Item | None:
        """The item that is open or shown."""
        return self.items[self.position] if 0 <= self.position < len(self.items) and self.phase != "over" else None

    @property
    def is_last(self) -> bool:
        """Whether no item comes after this one."""
        return self.position + 1 >= len(self.items)


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, as it came in: `choice` are indices into the item's options, in the item's form (see right_form)."""

    seat: str
    position: int
    choice: tuple[int, ...]


#: What became of an answer: kept now, kept before (the first one counts), or too late because the item is closed.
Verdict = Literal["kept", "already", "late"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How an item was answered: of `seats` in the room `answered` did, `right` of them right.

    `counts[i]` says how often option i was chosen; it is empty for items whose answer is an order or pairs.
    """

    seats: int
    answered: int
    right: int
    counts: tuple[int, ...]


def right_form(item: Item, choice: Sequence[int]) -> bool:
    """Whether a choice has the form of an answer to the item.

    One option; or several different ones, rising; or all of them in an order; or one option for each of `left`.
    """
    inside = all(0 <= one < len(item.options) for one in choice)
    match item.form:
        case "order":
            return sorted(choice) == list(range(len(item.options)))
        case "pairs":
            return inside and len(choice) == len(item.left)
        case "several":
            return inside and len(choice) >= 1 and list(choice) == sorted(set(choice))
        case _:
            return inside and len(choice) == 1
