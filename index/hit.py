"""The types that the index hands to the bot: a clause found for a query, and all that was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from knowledge.clause import Clause

#: Why a query is beside every notice: near its topics, far from them, small talk, noise, or an attack.
Beside = Literal["near", "far", "chat", "noise", "attack"]
BESIDE: tuple[Beside, ...] = ("near", "far", "chat", "noise", "attack")


@dataclass(frozen=True, slots=True)
class Hit:
    """A clause with the calibrated probability (0 to 1) that it answers the query."""

    clause: Clause
    probability: float
    features: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What one search found: hits by falling probability, and how likely the query is beside every notice.

    `answerable` is the probability that some clause answers; `beside` maps each reason why none does to its
    probability, and with `answerable` these sum to 1.
    `addressed` says that the query named the clauses by their place (问题二第3条), so no model was asked;
    `missing` is what there is instead when the place named does not exist (问题一只有 4 条措施).
    """

    hits: tuple[Hit, ...]
    answerable: float = 0.0
    beside: Mapping[Beside, float] = field(default_factory=lambda: MappingProxyType({}))
    addressed: bool = False
    missing: str | None = None
