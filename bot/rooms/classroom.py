"""The rooms of one installation: opens them, lets people in, takes answers, follows the rules, and closes with a report.

Everything that was acknowledged is in the database, so a room goes on after a restart, in any replica. Each call is one
transaction; many answers that come together are one call. Callers are threads.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Literal

from bot.days import day_of
from bot.quiz.item import Item
from bot.rooms import rules, words
from bot.rooms.checks import check_settings, checked_item, seated_as
from bot.rooms.report import ItemResult, Report, tally
from bot.rooms.room import (
    Answered,
    BadRequest,
    NoSuchRoom,
    NotNow,
    Room,
    RoomSettings,
    Tally,
    Verdict,
)
from bot.rooms.rules import Action
from bot.rooms.stored import content_of, progress_of, read_room
from bot.state.rooms import RoomBook, RoomRows

logger = logging.getLogger(__name__)

#: A code has so many digits: read from a screen at the back of a hall, typed on a phone.
CODE_DIGITS = 6
#: People in one room.
MOST_SEATS = 500
#: Days after which a room in which nothing happened, and the names in a finished one, are gone.
UNFINISHED_DAYS, NAMED_DAYS = 4, 7

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Opened:
    """A new room: its code for everybody, and the key that opens its control view and is shown this once."""

    code: str
    key: str


@dataclass(frozen=True, slots=True)
class Named:
    """What somebody who put their name there answered."""

    name: str
    answered: int
    right: int


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody's own seat; `choice` is their answer to the item that is open or shown."""

    team: int | None
    name: str | None
    choice: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Look:
    """A room at one moment with its totals; `report` only once it is over, `teams` as Classroom.teams() gives them."""

    room: Room
    seats: int
    tally: Tally | None
    teams: Mapping[int, tuple[int, int]]
    report: Report | None


class Classroom:
    """The rooms of one channel. Raises StateUnavailable wherever the database is away; nothing is half done then."""

    def __init__(
        self, book: RoomBook, channel: str, keep_days: int, clock: Clock = time.time, *, speaks_after: bool = False
    ) -> None:
        """`keep_days`: how long a report is kept; `clock` gives seconds since 1970.

        `speaks_after`: the channel has something to say when a room is over, and forgets its place itself (announcements.py).
        """
        self._book = book
        self._channel = channel
        self._keep_days = keep_days
        self._clock = clock
        self._speaks_after = speaks_after

    # Opening and reading

    def open(
        self,
        items: Sequence[Item],
        settings: RoomSettings,
        knowledge_version: str,
        *,
        key: str | None = None,
        place: Mapping[str, Any] | None = None,
    ) -> Opened:
        """Open a room over a paper, in the lobby. Raises BadRequest for settings that cannot be.

        `key` is made here unless the channel knows its trainers by something else; `place` is the channel's own.
        """
        check_settings(settings, len(items))
        key = key or secrets.token_urlsafe(24)
        row = {
            "channel": self._channel,
            "trainer": self._book.hashed("trainer", key),
            "place": json.dumps(place or {}),
            "content": content_of(settings, items, knowledge_version),
            "phase": "lobby",
            "position": -1,
            "skipped": "[]",
            "revision": 0,
            "expires": self._today() + timedelta(days=UNFINISHED_DAYS),
        }
        while True:  # a code that is taken is drawn again
            code = str(secrets.randbelow(9 * 10 ** (CODE_DIGITS - 1)) + 10 ** (CODE_DIGITS - 1))
            if self._book.create({"code": code, **row}):
                return Opened(code, key)

    def room(self, code: str) -> Room:
        """The room as it is. Raises NoSuchRoom."""
        row = self._book.read(code) if _is_code(code) else None
        if row is None or row["channel"] != self._channel:
            raise NoSuchRoom(words.NO_ROOM.format(code=code[:12]))
        return read_room(row)

    def may_control(self, code: str, key: str) -> bool:
        """Whether this key opens the room's control view. Raises NoSuchRoom."""
        self.room(code)
        row = self._book.read(code)
        mine = self._book.hashed("trainer", key)
        return row is not None and secrets.compare_digest(row["trainer"], mine)

    def open_rooms(self) -> dict[str, dict[str, Any]]:
        """Places of the rooms that are not over, by code: what a channel goes on with after a restart."""
        return {row["code"]: json.loads(row["place"]) for row in self._book.open_rooms(self._channel)}

    def due(self) -> list[str]:
        """Codes of the rooms in which time alone changes something now."""
        now = self._clock()
        return [
            row["code"]
            for row in self._book.open_rooms(self._channel)
            if now >= rules.due(row["phase"], row["deadline"])
        ]

    # The class

    def seat(self, code: str, person: str) -> str:
        """The seat of a person (whatever a channel knows them by) in this room: a hash that is another in each room."""
        return self._book.hashed("seat", code, person)

    def join(self, code: str, person: str, *, team: int | None = None, name: str | None = None) -> str:
        """Take a seat, in any phase but the last; again is a change of team or name. Gives the seat.

        Raises NoSuchRoom, NotNow when the room is over, BadRequest for a team or name that cannot be, or a full room.
        """
        seat = self.seat(code, person)
        with self._holding(code) as rows:
            room = read_room(rows.room)
            if room.phase == "over":
                raise NotNow(words.NOT_NOW["over"])
            team, name = seated_as(room.settings, team, name)
            if not rows.sit(seat, team, name, MOST_SEATS):
                raise BadRequest(words.FULL.format(most=MOST_SEATS))
        return seat

    def answer(self, code: str, answers: Sequence[Answered], *, strangers: Literal["seat", "refuse"]) -> list[Verdict]:
        """Keep answers, all in one transaction; when this returns, they are kept. One verdict each.

        An item's first answer of a seat counts. Somebody without a seat gets one, or is refused, as `strangers` says.
        Raises NoSuchRoom; BadRequest when an answer has not its item's form or a stranger is refused: then none is kept.
        """
        with self._holding(code) as rows:
            room = read_room(rows.room)
            seats = [one.seat for one in answers]
            sitting = rows.sitting(seats)
            unseated = [seat for seat in dict.fromkeys(seats) if seat not in sitting]
            if unseated and strangers == "refuse":
                raise BadRequest(words.NO_SEAT)
            for seat in unseated:
                if not rows.sit(seat, None, None, MOST_SEATS):
                    raise BadRequest(words.FULL.format(most=MOST_SEATS))
            first: dict[str, Answered] = {}  # by seat: of two that come together, the one that came first
            for one in answers:
                if room.phase in ("asking", "paused") and one.position == room.position:
                    checked_item(room, one)
                    first.setdefault(one.seat, one)
            kept = rows.put_answers(
                [
                    (one.position, one.seat, one.choice, one.choice == checked_item(room, one).key)
                    for one in first.values()
                ]
            )
            return [self._verdict(rows, one, first, kept) for one in answers]

    @staticmethod
    def _verdict(rows: RoomRows, one: Answered, first: Mapping[str, Answered], kept: set[tuple[int, str]]) -> Verdict:
        if first.get(one.seat) is one:
            return "kept" if (one.position, one.seat) in kept else "already"
        return "already" if rows.answer_of(one.position, one.seat) is not None else "late"

    def answered(self, code: str, seat: str) -> tuple[int, ...] | None:
        """What a seat answered to the item that is open or shown; None where it did not. Raises NoSuchRoom."""
        with self._holding(code) as rows:
            found = rows.answer_of(read_room(rows.room).position, seat)
        return None if found is None else tuple(found)

    def leave(self, code: str, person: str) -> int:
        """Delete a person's seat and answers, or their name after the end; returns how many rows that were.

        Raises NoSuchRoom.
        """
        seat = self.seat(code, person)
        with self._holding(code) as rows:
            return rows.drop(seat) + self._drop_name(rows, seat)

    def withdraw_name(self, code: str, person: str) -> None:
        """Take a name back, at any time; answers stay in the totals, and a seat without any goes. Raises NoSuchRoom."""
        seat = self.seat(code, person)
        with self._holding(code) as rows:
            self._drop_name(rows, seat)
            found = rows.seat_of(seat)
            if found is not None and found[1] is not None:
                rows.sit(seat, found[0], None, MOST_SEATS)
                if not rows.by_seat([seat], []):
                    rows.drop(seat)

    @staticmethod
    def _drop_name(rows: RoomRows, seat: str) -> int:
        """Delete a name that is kept after the end; returns how many that were."""
        named = json.loads(rows.room["named"] or "[]")
        others = [one for one in named if one.get("seat") != seat]
        if len(others) < len(named):
            rows.write({"named": json.dumps(others, ensure_ascii=False)})
        return len(named) - len(others)

    def seated(self, code: str, person: str) -> Seated | None:
        """The seat of a person with what they answered to the item that is open or shown; None where they have none.

        Once the room is over, only those who put their name there have one.

        Raises NoSuchRoom.
        """
        seat = self.seat(code, person)
        with self._holding(code) as rows:
            found = rows.seat_of(seat)
            if found is None:  # after the end only names are left
                named = json.loads(rows.room["named"] or "[]")
                return next((Seated(None, one["name"], None) for one in named if one["seat"] == seat), None)
            choice = rows.answer_of(read_room(rows.room).position, seat)
            return Seated(*found, None if choice is None else tuple(choice))

    def forget(self, person: str) -> int:
        """Delete a person's seats and answers in every open room, and their names; returns how many rows that were."""
        codes = dict.fromkeys([*self.open_rooms(), *self._book.named_rooms(self._channel)])
        gone = 0
        for code in codes:
            with suppress(NoSuchRoom):  # purged meanwhile
                gone += self.leave(code, person)
        return gone

    # The trainer and the clock

    def act(self, code: str, action: Action, *, position: int | None = None) -> Room:
        """A trainer's action; the room after it. Raises NoSuchRoom, NotNow.

        `position` is the item that the trainer saw: where the room is at another one by now, nothing is done.
        """
        return self._change(code, lambda room, now: rules.act(rules.at(room, position), action, now))

    def extend(self, code: str, seconds: int, *, position: int | None = None) -> Room:
        """More time for what is open or shown; `position` as in act(). Raises NoSuchRoom, NotNow."""
        return self._change(code, lambda room, now: rules.extend(rules.at(room, position), seconds, now))

    def break_off(self, code: str) -> Room:
        """The end, without the item that is open: it could not be shown. Raises NoSuchRoom, NotNow."""
        return self._change(code, rules.break_off)

    def restart_clock(self, code: str) -> Room:
        """The whole time of what is open or shown, from now. Raises NoSuchRoom."""
        return self._change(code, rules.restart_clock)

    def tick(self, code: str) -> Room:
        """Let time do what it does alone; several replicas may call it. Raises NoSuchRoom."""
        return self._change(code, rules.tick)

    def _change(self, code: str, rule: Callable[[Room, float], Room]) -> Room:
        with self._holding(code) as rows:
            return self._changed(rows, rule)

    def _changed(self, rows: RoomRows, rule: Callable[[Room, float], Room]) -> Room:
        """The room after a rule; `rows.room` is what is written by then."""
        before = read_room(rows.room)
        after = rule(before, self._clock())
        if after != before:
            rows.write({**progress_of(after), "expires": self._today() + timedelta(days=UNFINISHED_DAYS)})
            if after.phase == "over":
                self._close(rows, before, after)
        return after

    def _close(self, rows: RoomRows, before: Room, after: Room) -> None:
        """Keep the report and what people agreed to; delete the rest."""
        last = before.position if before.phase != "lobby" else -1
        asked = [place for place in range(last + 1) if place not in after.skipped]
        report = Report(
            after.settings.title,
            self._today().isoformat(),
            json.loads(rows.room["content"])["knowledge_version"],
            rows.seats(),
            tuple(ItemResult(after.items[place], self._tally(rows, after, place)) for place in asked),
            len(after.skipped),
        )
        named = self._named(rows, after)
        today = self._today()
        rows.write(
            {
                "report": json.dumps(report.to_json(), ensure_ascii=False),
                "named": json.dumps(named, ensure_ascii=False) if named else None,
                "named_expires": today + timedelta(days=NAMED_DAYS) if named else None,
                "expires": today + timedelta(days=self._keep_days),
            }
        )
        rows.clear()
        if not self._speaks_after:
            rows.clear_polls()

    @staticmethod
    def _named(rows: RoomRows, room: Room) -> list[dict[str, Any]]:
        """What is kept of those who put their name there: Named, and the seat by which they can take it back."""
        names = rows.names() if room.settings.named else {}
        totals = rows.by_seat(list(names), sorted(room.skipped))
        found = [{"seat": seat, **asdict(Named(name, *totals.get(seat, (0, 0))))} for seat, name in names.items()]
        return sorted(found, key=lambda one: str(one["name"]))  # by name: this is no ranking

    # Totals

    def tally(self, code: str, position: int | None = None) -> Tally | None:
        """How the item that is open or shown, or the one at `position`, was answered so far; None where there is none.

        Raises NoSuchRoom.
        """
        with self._holding(code) as rows:
            room = read_room(rows.room)
            if position is None:
                return self._tally(rows, room, room.position) if room.item is not None else None
            return self._tally(rows, room, position)

    def seats(self, code: str) -> int:
        """How many are in the room. Raises NoSuchRoom."""
        with self._holding(code) as rows:
            return rows.seats()

    def teams(self, code: str) -> dict[int, tuple[int, int]]:
        """(answered, right) of each team, while the room is open: nothing of it is kept. Raises NoSuchRoom."""
        with self._holding(code) as rows:
            return _teams(rows, read_room(rows.room))

    def look(self, code: str) -> Look:
        """The room and everything that is counted, in one transaction; time does first what it does. Raises NoSuchRoom."""
        with self._holding(code) as rows:
            room = self._changed(rows, rules.tick)
            report = Report.from_json(json.loads(rows.room["report"])) if rows.room["report"] is not None else None
            tally = self._tally(rows, room, room.position) if room.item is not None else None
            return Look(room, report.seats if report else rows.seats(), tally, _teams(rows, room), report)

    def report(self, code: str) -> Report:
        """The report of a room that is over. Raises NoSuchRoom, NotNow."""
        row = self._book.read(code) if _is_code(code) else None
        if row is None or row["channel"] != self._channel:
            raise NoSuchRoom(words.NO_ROOM.format(code=code[:12]))
        if row["report"] is None:
            raise NotNow(words.NOT_NOW[row["phase"]])
        return Report.from_json(json.loads(row["report"]))

    def named(self, code: str) -> list[Named]:
        """The totals of those who put their name there, by name, until they expire; for the trainer. Raises NoSuchRoom."""
        row = self._book.read(code) if _is_code(code) else None
        if row is None or row["channel"] != self._channel:
            raise NoSuchRoom(words.NO_ROOM.format(code=code[:12]))
        if row["named_expires"] is not None and row["named_expires"] <= self._today():  # purged at the next occasion
            return []
        return [Named(one["name"], one["answered"], one["right"]) for one in json.loads(row["named"] or "[]")]

    def named_until(self, code: str) -> date | None:
        """The day on which those names are deleted, if there are any. Raises NoSuchRoom."""
        self.room(code)
        row = self._book.read(code)
        until = row["named_expires"] if row is not None else None
        return until if until is not None and until > self._today() else None

    @staticmethod
    def _tally(rows: RoomRows, room: Room, position: int) -> Tally:
        return tally(room.items[position], rows.seats(), rows.choices(position))

    # Polls of a chat channel

    def find_poll(self, poll: str) -> tuple[str, int] | None:
        """(code, position) that a poll stands for, or None."""
        return self._book.find_poll(poll)

    def poll_underway(self) -> bool:
        """Whether a poll of this channel is being sent now, so that a vote in an unknown one may be meant for it."""
        return self._book.being_said(self._channel, "poll", time.time())

    @contextmanager
    def _holding(self, code: str) -> Iterator[RoomRows]:
        """The room's rows, held. Raises NoSuchRoom."""
        if not _is_code(code):
            raise NoSuchRoom(words.NO_ROOM.format(code=code[:12]))
        with self._book.holding(code) as rows:
            if rows is None or rows.room["channel"] != self._channel:
                raise NoSuchRoom(words.NO_ROOM.format(code=code))
            yield rows

    def _today(self) -> date:
        return day_of(self._clock())


def _teams(rows: RoomRows, room: Room) -> dict[int, tuple[int, int]]:
    if not room.settings.teams:
        return {}
    unseen = {*room.skipped, *([room.position] if room.phase in ("asking", "paused") else [])}
    found = rows.by_team(sorted(unseen))
    return {team: found.get(team, (0, 0)) for team in range(1, room.settings.teams + 1)}


def _is_code(code: str) -> bool:
    return len(code) == CODE_DIGITS and code.isascii() and code.isdigit()
