"""Helpers of the tests of rooms on the web: a trainer and phones over httpx, and the keys of what they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from bot.quiz.bank import make_items
from bot.quiz.item import Item
from tests.fakes import real_knowledge
from tests.web_client import client_of


def item_with(item_id: str) -> Item:
    """The item that a view shows, with its key."""
    return next(item for item in make_items(real_knowledge()) if item.id == item_id)


def right(content: dict[str, Any]) -> list[int]:
    """The key of the item that is open in a room's content."""
    return list(item_with(content["item"]["id"]).key)


def wrong(content: dict[str, Any]) -> list[int]:
    """An answer of the item's form that is not its key."""
    item = item_with(content["item"]["id"])
    if item.kind in ("order", "matching"):
        return list(reversed(item.key))
    if item.kind == "multiple":
        return list(item.key[:-1]) if len(item.key) > 1 else list(range(len(item.options)))
    return [next(place for place in range(len(item.options)) if place not in item.key)]


@dataclass
class Device:
    """Somebody's browser in one room: its cookies are its own."""

    client: httpx.AsyncClient
    code: str

    @property
    def path(self) -> str:
        return f"/api/v1/rooms/{self.code}"

    async def get(self, rest: str = "") -> httpx.Response:
        return await self.client.get(self.path + rest)

    async def post(self, rest: str, **content: Any) -> httpx.Response:
        return await self.client.post(self.path + rest, json=content)

    async def act(self, action: str, **more: Any) -> httpx.Response:
        return await self.post("/actions", action=action, **more)

    async def answer(self, choice: list[int], position: int = 0) -> httpx.Response:
        return await self.post("/answers", position=position, choice=choice)


async def open_room(app: FastAPI, **settings: Any) -> tuple[Device, str]:
    """A trainer who has opened a room, and the room's key."""
    client = client_of(app)
    response = await client.post("/api/v1/rooms", json=settings)
    assert response.status_code == 200, response.text
    opened = response.json()
    trainer = Device(client, opened["code"])
    assert (await trainer.post("/key", key=opened["key"])).status_code == 200
    return trainer, opened["key"]


def device(app: FastAPI, code: str, address: str = "127.0.0.1") -> Device:
    """A phone that has not come in yet."""
    return Device(client_of(app, address=address), code)


async def phone_in(app: FastAPI, code: str, **seat: Any) -> Device:
    """A phone that has come in."""
    phone = device(app, code)
    response = await phone.post("/seat", **seat)
    assert response.status_code == 200, response.text
    return phone
