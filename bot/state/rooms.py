"""The rows of trainers' rooms: what happens to a room happens in one transaction that holds the room's row.

What the columns mean is bot/rooms/'s business; here they are kept, locked, and deleted when their time is over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Integer, cast, delete, func, select, update

from bot.state.database import Database
from bot.state.tables import room_answers, room_parts, room_polls, room_seats, rooms

#: Columns of `rooms` that change while it is open.
PROGRESS = ("phase", "position", "deadline", "time_left", "skipped", "revision")


class RoomRows:
    """One room's rows inside a transaction; nobody else changes them meanwhile."""

    def __init__(self, connection: Connection, database: Database, room: Mapping[str, Any]) -> None:
        self._connection = connection
        self._database = database
        self.room = room

    @property
    def code(self) -> str:
        """The room's code."""
        return str(self.room["code"])

    def write(self, values: Mapping[str, Any]) -> None:
        """Change columns of the room."""
        self._connection.execute(update(rooms).where(rooms.c.code == self.code).values(**values))
        self.room = {**self.room, **values}

    def sit(self, seat: str, team: int | None, name: str | None, most: int) -> bool:
        """Take a seat, or change the team and the name of one that is taken; False where `most` seats are taken."""
        mine = (room_seats.c.room == self.code) & (room_seats.c.seat == seat)
        if self._connection.execute(select(room_seats.c.seat).where(mine)).first() is None:
            if self.seats() >= most:
                return False
            row = {"room": self.code, "seat": seat, "team": team, "name": name}
            self._connection.execute(self._database.insert(room_seats).values(row).on_conflict_do_nothing())
        else:
            self._connection.execute(update(room_seats).where(mine).values(team=team, name=name))
        return True

    def sitting(self, seats: Sequence[str]) -> set[str]:
        """Which of these seats are taken."""
        wanted = room_seats.c.seat.in_(seats)
        found = select(room_seats.c.seat).where((room_seats.c.room == self.code) & wanted)
        return set(self._connection.execute(found).scalars())

    def seat_of(self, seat: str) -> tuple[int | None, str | None] | None:
        """(team, name) of a seat that is taken, or None."""
        mine = (room_seats.c.room == self.code) & (room_seats.c.seat == seat)
        found = self._connection.execute(select(room_seats.c.team, room_seats.c.name).where(mine)).first()
        return None if found is None else (found.team, found.name)

    def seats(self) -> int:
        """How many seats are taken."""
        counted = select(func.count()).select_from(room_seats).where(room_seats.c.room == self.code)
        return int(self._connection.execute(counted).scalar_one())

    def names(self) -> dict[str, str]:
        """The names that people put under their answers, by seat."""
        given = select(room_seats.c.seat, room_seats.c.name).where(
            (room_seats.c.room == self.code) & room_seats.c.name.is_not(None)
        )
        return {row.seat: row.name for row in self._connection.execute(given)}

    def put_answers(self, rows: Sequence[tuple[int, str, Sequence[int], bool]]) -> set[tuple[int, str]]:
        """Keep answers (position, seat, choice, correct); gives (position, seat) of those kept now: the first one stays."""
        if not rows:
            return set()
        values = [
            {
                "room": self.code,
                "position": position,
                "seat": seat,
                "choice": json.dumps(list(choice)),
                "correct": correct,
            }
            for position, seat, choice, correct in rows
        ]
        statement = self._database.insert(room_answers).values(values).on_conflict_do_nothing()
        kept = self._connection.execute(statement.returning(room_answers.c.position, room_answers.c.seat))
        return {(position, seat) for position, seat in kept}

    def choices(self, position: int) -> list[tuple[list[int], bool, int]]:
        """(choice, correct, how often) of an item's answers."""
        mine = (room_answers.c.room == self.code) & (room_answers.c.position == position)
        grouped = (
            select(room_answers.c.choice, room_answers.c.correct, func.count())
            .where(mine)
            .group_by(room_answers.c.choice, room_answers.c.correct)
        )
        return [(json.loads(choice), correct, count) for choice, correct, count in self._connection.execute(grouped)]

    def answer_of(self, position: int, seat: str) -> list[int] | None:
        """What a seat answered, or None."""
        found = self._connection.execute(
            select(room_answers.c.choice).where(
                (room_answers.c.room == self.code)
                & (room_answers.c.position == position)
                & (room_answers.c.seat == seat)
            )
        ).scalar_one_or_none()
        return None if found is None else list(json.loads(found))

    def by_seat(self, seats: Sequence[str], without: Sequence[int]) -> dict[str, tuple[int, int]]:
        """(answered, right) of seats, skipped positions left out."""
        counted = (
            select(room_answers.c.seat, func.count(), func.sum(cast(room_answers.c.correct, Integer)))
            .where(
                (room_answers.c.room == self.code)
                & room_answers.c.seat.in_(seats)
                & room_answers.c.position.not_in(without)
            )
            .group_by(room_answers.c.seat)
        )
        return {seat: (answered, right) for seat, answered, right in self._connection.execute(counted)}

    def by_team(self, without: Sequence[int]) -> dict[int, tuple[int, int]]:
        """(answered, right) of teams, skipped positions left out."""
        counted = (
            select(room_seats.c.team, func.count(), func.sum(cast(room_answers.c.correct, Integer)))
            .select_from(room_answers)
            .join(room_seats, (room_seats.c.room == room_answers.c.room) & (room_seats.c.seat == room_answers.c.seat))
            .where(
                (room_answers.c.room == self.code)
                & room_seats.c.team.is_not(None)
                & room_answers.c.position.not_in(without)
            )
            .group_by(room_seats.c.team)
        )
        return {team: (answered, right) for team, answered, right in self._connection.execute(counted)}

    def put_poll(self, poll: str, position: int, message: int) -> None:
        """Keep which poll stands for an item."""
        row = {"poll": poll, "room": self.code, "position": position, "message": message}
        self._connection.execute(self._database.insert(room_polls).values(row).on_conflict_do_nothing())

    def polls(self) -> list[tuple[int, str, int]]:
        """(position, poll, message) of the polls sent so far, in order."""
        mine = select(room_polls.c.position, room_polls.c.poll, room_polls.c.message).where(
            room_polls.c.room == self.code
        )
        return sorted((position, poll, message) for position, poll, message in self._connection.execute(mine))

    def hold_part(self, position: int, part: str, now: float, until: float) -> bool:
        """Hold a part that nobody holds and that is not done until `until`; False where that cannot be."""
        row = {"room": self.code, "position": position, "part": part, "leased_until": until, "done": False}
        made = self._database.insert(room_parts).values(row)
        free = (room_parts.c.leased_until <= now) & ~room_parts.c.done
        held = made.on_conflict_do_update(
            index_elements=["room", "position", "part"], set_={"leased_until": until}, where=free
        )
        return self._connection.execute(held.returning(room_parts.c.part)).first() is not None

    def change_part(self, position: int, part: str, **values: Any) -> None:
        """Change a part that is not done: until when it is held, or that it is done."""
        mine = (room_parts.c.room == self.code) & (room_parts.c.position == position) & (room_parts.c.part == part)
        self._connection.execute(update(room_parts).where(mine & ~room_parts.c.done).values(**values))

    def parts_done(self) -> set[tuple[int, str]]:
        """(position, part) of what was said."""
        said = select(room_parts.c.position, room_parts.c.part).where(
            (room_parts.c.room == self.code) & room_parts.c.done
        )
        return {(position, part) for position, part in self._connection.execute(said)}

    def drop(self, seat: str) -> int:
        """Delete a seat and its answers; returns how many rows that were."""
        gone = 0
        for table in (room_answers, room_seats):
            mine = (table.c.room == self.code) & (table.c.seat == seat)
            gone += self._connection.execute(delete(table).where(mine)).rowcount
        return gone

    def clear(self) -> None:
        """Delete seats and answers; what is wanted of them is in the report."""
        for table in (room_answers, room_seats):
            self._connection.execute(delete(table).where(table.c.room == self.code))

    def clear_polls(self) -> None:
        """Delete polls, what was said, and where the room was held."""
        for table in (room_parts, room_polls):
            self._connection.execute(delete(table).where(table.c.room == self.code))
        self.write({"place": "{}"})


class RoomBook:
    """The rooms of one installation. Safe to use from several threads and processes."""

    def __init__(self, database: Database, keep_days: int = 90) -> None:
        """`keep_days`: how long the report of a room is to be kept."""
        self._database = database
        self.keep_days = keep_days

    def hashed(self, *parts: str) -> str:
        """A keyed hash; see Database.hashed. Raises StateUnavailable."""
        return self._database.hashed(*parts)

    def create(self, row: Mapping[str, Any]) -> bool:
        """Keep a new room; False where its code is taken. Raises StateUnavailable."""
        statement = self._database.insert(rooms).values(**row).on_conflict_do_nothing().returning(rooms.c.code)
        with self._database.begin() as connection:
            return connection.execute(statement).first() is not None

    @contextmanager
    def holding(self, code: str) -> Iterator[RoomRows | None]:
        """A transaction that holds a room's row; None where there is no such room. Raises StateUnavailable."""
        with self._database.begin() as connection:
            row = connection.execute(select(rooms).where(rooms.c.code == code).with_for_update()).mappings().first()
            yield RoomRows(connection, self._database, {**row}) if row is not None else None

    def read(self, code: str) -> dict[str, Any] | None:
        """A room's row, not held. Raises StateUnavailable."""
        with self._database.begin() as connection:
            row = connection.execute(select(rooms).where(rooms.c.code == code)).mappings().first()
        return {**row} if row is not None else None

    def open_rooms(self, channel: str) -> list[dict[str, Any]]:
        """Rows (code, place, phase, position, deadline, revision) of rooms that are not over. Raises StateUnavailable."""
        columns = (rooms.c.code, rooms.c.place, rooms.c.phase, rooms.c.position, rooms.c.deadline, rooms.c.revision)
        wanted = select(*columns).where((rooms.c.channel == channel) & (rooms.c.phase != "over"))
        with self._database.begin() as connection:
            return [{**row} for row in connection.execute(wanted).mappings()]

    def named_rooms(self, channel: str) -> list[str]:
        """Codes of a channel's rooms that are over and in which names are kept. Raises StateUnavailable."""
        with self._database.begin() as connection:
            wanted = select(rooms.c.code).where((rooms.c.channel == channel) & rooms.c.named.is_not(None))
            return list(connection.execute(wanted).scalars())

    def placed_rooms(self, channel: str) -> list[dict[str, Any]]:
        """Rows (code, place, phase, deadline, revision) of rooms in which a channel may have something to say.

        Raises StateUnavailable.
        """
        columns = (rooms.c.code, rooms.c.place, rooms.c.phase, rooms.c.deadline, rooms.c.revision)
        wanted = select(*columns).where((rooms.c.channel == channel) & (rooms.c.place != "{}"))
        with self._database.begin() as connection:
            return [{**row} for row in connection.execute(wanted).mappings()]

    def free_parts(self, channel: str) -> None:
        """End every hold on what is to be said: for a process that knows that no other one speaks. Raises StateUnavailable."""
        mine = room_parts.c.room.in_(select(rooms.c.code).where(rooms.c.channel == channel))
        with self._database.begin() as connection:
            connection.execute(update(room_parts).where(mine & ~room_parts.c.done).values(leased_until=0.0))

    def being_said(self, channel: str, part: str, now: float) -> bool:
        """Whether a part of this kind is held in any of a channel's rooms. Raises StateUnavailable."""
        mine = room_parts.c.room.in_(select(rooms.c.code).where(rooms.c.channel == channel))
        held = (room_parts.c.part == part) & ~room_parts.c.done & (room_parts.c.leased_until > now)
        with self._database.begin() as connection:
            return connection.execute(select(room_parts.c.room).where(mine & held).limit(1)).first() is not None

    def find_poll(self, poll: str) -> tuple[str, int] | None:
        """(room, position) that a poll stands for, or None. Raises StateUnavailable."""
        with self._database.begin() as connection:
            found = connection.execute(
                select(room_polls.c.room, room_polls.c.position).where(room_polls.c.poll == poll)
            ).first()
        return (found.room, found.position) if found is not None else None

    def purge(self, today: date | None = None) -> int:
        """Delete rooms that have expired, open ones too, and names whose time is over; returns how many rooms went.

        Raises StateUnavailable.
        """
        today = today or datetime.now(UTC).date()
        old = select(rooms.c.code).where(rooms.c.expires <= today)
        with self._database.begin() as connection:
            connection.execute(
                update(rooms).where(rooms.c.named_expires <= today).values(named=None, named_expires=None)
            )
            for table in (room_parts, room_polls, room_answers, room_seats):
                connection.execute(delete(table).where(table.c.room.in_(old)))
            return connection.execute(delete(rooms).where(rooms.c.expires <= today)).rowcount
