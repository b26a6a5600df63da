"""What each view of a room shows, as JSON: the phones', and the projector's and trainer's with the totals.

Nothing here says who answered what. The right answer is in it only once it is shown.
"""

from __future__ import annotations

from typing import Any

from bot.quiz.item import Item
from bot.quiz.words import KIND_NAMES
from bot.rooms.classroom import Look
from bot.rooms.report import Report
from bot.rooms.room import Room
from knowledge.base import KnowledgeBase


def room_view(look: Look, knowledge: KnowledgeBase) -> dict[str, Any]:
    """The object of RoomBody without `seconds_left`, which depends on when it is sent."""
    room = look.room
    item = room.item
    return {
        "code": room.code,
        "title": room.settings.title,
        "phase": room.phase,
        "position": room.position,
        "count": len(room.items),
        "revision": room.revision,
        "seconds": room.settings.seconds,
        "teams": room.settings.teams,
        "named": room.settings.named,
        "item": item_view(item) if item is not None else None,
        "solution": solution_view(item, knowledge) if item is not None and room.phase == "shown" else None,
        "weak": weak_clauses(look.report, knowledge) if look.report is not None else [],
    }


def screen_view(look: Look) -> dict[str, Any]:
    """The object of TotalsBody: counts of options only once the answer is shown."""
    tally = look.tally
    shown = look.room.phase == "shown"
    return {
        "seats": look.seats,
        "answered": tally.answered if tally is not None else 0,
        "right": tally.right if tally is not None and shown else None,
        "counts": list(tally.counts) if tally is not None and shown else [],
        "teams": [{"team": team, "answered": told, "right": right} for team, (told, right) in look.teams.items()],
    }


def weak_clauses(report: Report, knowledge: KnowledgeBase) -> list[dict[str, Any]]:
    """The clauses to read again, the least known first."""
    return [
        {
            "clause": one.clause,
            "label": one.label,
            "quote": one.quote,
            "answered": one.answered,
            "right": one.right,
            "revised": revised(one.clause, one.quote, knowledge),
        }
        for one in report.weak
    ]


def revised(reference: str, quote: str, knowledge: KnowledgeBase) -> bool:
    """Whether today's clause reads otherwise, or is gone."""
    clause = knowledge.find(reference)
    return clause is None or clause.text != quote


def seconds_left(room: Room, now: float) -> float | None:
    """Seconds until the item closes or the next one comes, not negative; None for not by itself."""
    if room.phase == "paused":
        return room.left
    return None if room.deadline is None else max(round(room.deadline - now, 1), 0.0)


def item_view(item: Item) -> dict[str, Any]:
    """The object of RoomItemBody: no key in it."""
    return {
        "id": item.id,
        "kind": item.kind,
        "kind_name": KIND_NAMES[item.kind],
        "form": item.form,
        "stem": item.stem,
        "left": list(item.left),
        "options": list(item.options),
    }


def solution_view(item: Item, knowledge: KnowledgeBase) -> dict[str, Any]:
    """The object of SolutionBody."""
    return {
        "key": list(item.key),
        "explanation": item.explanation,
        "clause": item.clause,
        "label": item.citation.label,
        "quote": item.citation.quote,
        "revised": revised(item.clause, item.citation.quote, knowledge),
    }
