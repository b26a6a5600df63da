"""What may follow what in a room, and nothing else: each rule takes a room and the time, and gives the room that follows.

    lobby --start--> asking --reveal or time--> shown --next or time--> asking ... --> over
                     asking <--pause, resume--> paused;  skip: on to the next item, this one does not count;
                     pause while shown: the next item comes by no time any more

A rule that does not fit raises NotNow; one whose effect is there already (a second press, a second replica) gives the
same room back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

from bot.rooms import words
from bot.rooms.room import MOST_SECONDS, NotNow, Phase, Room

Action = Literal["start", "reveal", "next", "pause", "resume", "skip", "end"]
ACTIONS: tuple[Action, ...] = get_args(Action)

#: Seconds after the deadline in which answers that were sent in time still come in.
GRACE_SECONDS = 1.0


def at(room: Room, position: int | None) -> Room:
    """The same room, where it is at the item that somebody saw. Raises NotNow where it went on meanwhile."""
    if position is not None and position != room.position and room.phase != "over":
        raise NotNow(words.PASSED)
    return room


def act(room: Room, action: Action, now: float) -> Room:
    """The room after a trainer's action. Raises NotNow."""
    rule = _RULES[action]
    followed = rule(room, now)
    return room if followed == room else replace(followed, revision=room.revision + 1)


def extend(room: Room, seconds: int, now: float) -> Room:
    """More time to answer or to read (at most MOST_SECONDS from now). Raises NotNow where no clock runs or stands."""
    if not 1 <= seconds <= MOST_SECONDS:
        raise NotNow(words.BAD_SECONDS.format(seconds=seconds, most=MOST_SECONDS))
    if room.phase == "paused" and room.left is not None:
        followed = replace(room, left=min(room.left + seconds, MOST_SECONDS))
    elif room.deadline is not None:
        followed = replace(room, deadline=min(max(room.deadline, now) + seconds, now + MOST_SECONDS))
    else:
        raise NotNow(words.NO_CLOCK)
    return replace(followed, revision=room.revision + 1)


def break_off(room: Room, now: float) -> Room:
    """The end, without the item that is open: nobody was shown it. Raises NotNow where none is."""
    _expect(room, "asking", "paused")
    return replace(_end(room, now), skipped=room.skipped | {room.position}, revision=room.revision + 1)


def restart_clock(room: Room, now: float) -> Room:
    """The whole time from now: an item, or its answer, reached the class later than it was opened or shown."""
    if room.deadline is None:
        return room
    seconds = room.settings.seconds if room.phase == "asking" else room.settings.reading_seconds
    return replace(room, deadline=now + seconds, revision=room.revision + 1)


def tick(room: Room, now: float) -> Room:
    """What time alone does: an item closes when its time is over, and the next comes when there was time to read."""
    if now < due(room.phase, room.deadline):
        return room
    return act(room, "reveal" if room.phase == "asking" else "next", now)


def due(phase: Phase, deadline: float | None) -> float:
    """When tick() changes a room that is so far, in seconds since 1970; infinite for not by itself."""
    if deadline is None:
        return float("inf")
    return deadline + (GRACE_SECONDS if phase == "asking" else 0.0)


def _expect(room: Room, *phases: Phase) -> None:
    if room.phase not in phases:
        raise NotNow(words.NOT_NOW[room.phase])


def _start(room: Room, now: float) -> Room:
    _expect(room, "lobby")
    return _ask(room, 0, now)


def _ask(room: Room, position: int, now: float) -> Room:
    seconds = room.settings.seconds
    return replace(room, phase="asking", position=position, deadline=now + seconds if seconds else None, left=None)


def _reveal(room: Room, now: float) -> Room:
    if room.phase == "shown":
        return room
    _expect(room, "asking", "paused")
    reading = room.settings.reading_seconds
    return replace(room, phase="shown", deadline=now + reading if reading else None, left=None)


def _next(room: Room, now: float) -> Room:
    _expect(room, "shown")
    return _end(room, now) if room.is_last else _ask(room, room.position + 1, now)


def _pause(room: Room, now: float) -> Room:
    """Stops the clock; an answer that is shown then stays until the trainer goes on."""
    if room.phase == "paused":
        return room
    if room.phase == "shown" and room.deadline is not None:
        return replace(room, deadline=None)
    _expect(room, "asking")
    left = max(room.deadline - now, 0.0) if room.deadline is not None else None
    return replace(room, phase="paused", deadline=None, left=left)


def _resume(room: Room, now: float) -> Room:
    if room.phase == "asking":
        return room
    _expect(room, "paused")
    deadline = now + room.left if room.left is not None else None
    return replace(room, phase="asking", deadline=deadline, left=None)


def _skip(room: Room, now: float) -> Room:
    _expect(room, "asking", "paused")
    skipped = replace(room, skipped=room.skipped | {room.position})
    return _end(skipped, now) if room.is_last else _ask(skipped, room.position + 1, now)


def _end(room: Room, now: float) -> Room:
    """From any phase; an item that is still open was asked, so what was answered counts."""
    return replace(room, phase="over", deadline=None, left=None)


_RULES: dict[Action, Callable[[Room, float], Room]] = {
    "start": _start, "reveal": _reveal, "next": _next, "pause": _pause, "resume": _resume, "skip": _skip, "end": _end,
}  # fmt: skip
