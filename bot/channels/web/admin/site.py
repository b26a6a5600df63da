"""All routes of the administration, put together."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter

from bot.channels.web.admin import (
    clauses,
    editing,
    entry,
    history,
    importing,
    linking,
    numbers,
    overview,
    proposals,
    queue,
    trial,
)
from bot.channels.web.admin.frame import Frame
from bot.channels.web.admin.guard import Guard
from bot.channels.web.core.service import Service
from bot.channels.web.core.threads import Threads
from bot.kb.served import Shelved
from bot.kb.workshop import Workshop


def create_router(
    service: Service,
    files: Mapping[str, bytes],
    version: str,
    shelved: Shelved | None,
    workshop: Workshop | None,
    group_distance: float,
) -> APIRouter:
    """The routes; `files` are the assets with their templates, `version` the folder they are served under.

    `group_distance` is config.review's. Without a workshop the knowledge can be looked at and not changed.
    """
    router = APIRouter(include_in_schema=False)
    frame = Frame(files, version)
    guard = Guard(router, service, frame)
    entry.add_routes(guard, service, frame, Threads("hashing", entry.HASHING_THREADS, entry.HASHING_WAITING))
    linking.add_routes(guard, service, frame)
    overview.add_routes(guard, service, frame)
    trial.add_routes(guard, service, frame, workshop)
    clauses.add_routes(guard, service, frame)
    editing.add_routes(guard, service, frame, workshop)
    queue.add_routes(guard, service, frame, workshop, group_distance)
    proposals.add_routes(guard, service, frame, workshop)
    numbers.add_routes(guard, service, frame, group_distance)
    importing.add_routes(guard, service, frame, workshop)
    history.add_routes(guard, service, frame, shelved)
    return router
