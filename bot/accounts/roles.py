"""The four roles and what each may do: the one table that decides. Which page needs what is the channel's business."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Action(StrEnum):
    """Something that a role may do or not."""

    LOOK = "look"  # read clauses and known questions, try how questions are answered
    TOTALS = "totals"  # see what was asked, in numbers
    PROPOSE = "propose"  # change clauses and questions in a proposal, import, tend the queue
    PUBLISH = "publish"  # make a proposal live, go back to a version, see who is logged in


MAY: Mapping[str, frozenset[Action]] = {
    "reader": frozenset({Action.LOOK}),
    "trainer": frozenset({Action.LOOK, Action.TOTALS}),
    "editor": frozenset({Action.LOOK, Action.TOTALS, Action.PROPOSE}),
    "approver": frozenset(Action),
}
ROLES = tuple(MAY)


def may(role: str, action: Action) -> bool:
    """Whether a role may do something; a role that this version does not know may nothing."""
    return action in MAY.get(role, frozenset())
