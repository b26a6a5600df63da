"""What is refused in a room before anything is kept: settings, names, teams and answers that cannot be."""

from __future__ import annotations

from bot.quiz.item import Item
from bot.quiz.words import KIND_NAMES
from bot.rooms import words
from bot.rooms.room import (
    MOST_ITEMS,
    MOST_NAME,
    MOST_SECONDS,
    MOST_TEAMS,
    Answered,
    BadRequest,
    Room,
    RoomSettings,
    right_form,
)


def check_settings(settings: RoomSettings, count: int) -> None:
    """Refuse settings, or a number of items, that cannot be. Raises BadRequest."""
    if not 1 <= count <= MOST_ITEMS:
        raise BadRequest(words.BAD_COUNT.format(count=count, most=MOST_ITEMS))
    for seconds in (settings.seconds, settings.reading_seconds):
        if not 0 <= seconds <= MOST_SECONDS:
            raise BadRequest(words.BAD_ITEM_SECONDS.format(seconds=seconds, most=MOST_SECONDS))
    if settings.teams != 0 and not 2 <= settings.teams <= MOST_TEAMS:
        raise BadRequest(words.BAD_TEAMS.format(teams=settings.teams, most=MOST_TEAMS))


def seated_as(settings: RoomSettings, team: int | None, name: str | None) -> tuple[int | None, str | None]:
    """The team and name that a seat gets. Raises BadRequest."""
    if name is not None:
        name = " ".join(name.split())
        if not settings.named:
            raise BadRequest(words.NAMES_OFF)
        if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
            raise BadRequest(words.BAD_NAME.format(most=MOST_NAME))
    if settings.teams == 0:
        return None, name
    if team is None or not 1 <= team <= settings.teams:
        raise BadRequest(words.BAD_TEAM.format(team=team or 0, most=settings.teams))
    return team, name


def checked_item(room: Room, one: Answered) -> Item:
    """The item that an answer is for. Raises BadRequest unless the answer has its form."""
    item = room.items[one.position]
    if not right_form(item, one.choice):
        expected = words.EXPECTED[item.form]
        raise BadRequest(words.BAD_CHOICE.format(kind=KIND_NAMES[item.kind], expected=expected))
    return item
