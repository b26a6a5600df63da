"""A room as a row of the database: what never changes in it is one JSON text, how far it is has columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from bot.quiz.item import Item
from bot.rooms.room import Room, RoomSettings


def content_of(settings: RoomSettings, items: Sequence[Item], knowledge_version: str) -> str:
    """The text of what never changes."""
    content = {
        "settings": asdict(settings),
        "knowledge_version": knowledge_version,
        "items": [item.to_json() for item in items],
    }
    return json.dumps(content, ensure_ascii=False)


def read_room(row: Mapping[str, Any]) -> Room:
    """The room that a row holds."""
    settings, items = _content(row["content"])
    return Room(
        code=row["code"],
        channel=row["channel"],
        settings=settings,
        items=items,
        phase=row["phase"],
        position=row["position"],
        deadline=row["deadline"],
        left=row["time_left"],
        skipped=frozenset(json.loads(row["skipped"])),
        revision=row["revision"],
    )


@lru_cache(maxsize=64)
def _content(written: str) -> tuple[RoomSettings, tuple[Item, ...]]:
    """What never changes in a room; read once and not with every answer."""
    content = json.loads(written)
    return RoomSettings(**content["settings"]), tuple(map(Item.from_json, content["items"]))


def progress_of(room: Room) -> dict[str, Any]:
    """The columns that change while a room goes on."""
    return {
        "phase": room.phase,
        "position": room.position,
        "deadline": room.deadline,
        "time_left": room.left,
        "skipped": json.dumps(sorted(room.skipped)),
        "revision": room.revision,
    }
