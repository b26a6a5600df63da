"""The capacity plan: arithmetic over measured costs. Nothing is measured here, so that every figure can be checked by hand.

Units: questions a second, milliseconds of one core ("core-ms"), megabytes. The formula of a cache's hit rate is Che's
(Che, Tung and Wang, Hierarchical Web Caching Systems, 2002), whose assumption is that questions are asked independently.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

SECONDS_A_DAY = 24 * 3600
#: What Telegram's FAQ gives for messages a second of one bot; replies may be allowed more, nothing says how many.
TELEGRAM_MESSAGES = 30.0
#: How busy a machine may be at the peak: beyond, queues grow faster than work.
UTILISATION = 0.6
#: Machines beyond what the peak needs, so that two may be away (one failed, one being upgraded).
SPARE = 2


@dataclass(frozen=True)
class Demand:
    """Who asks: people, questions of each a day, and how many times the mean the busiest second is."""

    people: int
    questions_a_day: float
    peak_factor: float

    @property
    def mean(self) -> float:
        """Questions a second over the day."""
        return self.people * self.questions_a_day / SECONDS_A_DAY

    @property
    def peak(self) -> float:
        """Questions a second in the busiest second."""
        return self.mean * self.peak_factor


@dataclass(frozen=True)
class Costs:
    """What was measured: core-ms of a web question searched and remembered, and of one through Telegram; MB of a worker.

    `inbox` maps a database to the Telegram messages a second that it takes in, hands out and closes.
    """

    searched_ms: float
    remembered_ms: float
    telegram_ms: float
    worker_mb: float
    inbox: dict[str, float]


@dataclass(frozen=True)
class Plan:
    """What the peak needs. `cores` are fully used ones, `workers` processes of one thread at UTILISATION."""

    cores: float
    workers: int
    machines: int
    memory_mb: float


def plan(demand: Demand, costs: Costs, hit_rate: float, cores_a_machine: int = 2) -> Plan:
    """Of web questions, `hit_rate` of which are remembered. A machine runs a worker on each core."""
    each = hit_rate * costs.remembered_ms + (1 - hit_rate) * costs.searched_ms
    cores = demand.peak * each / 1000
    workers = math.ceil(cores / UTILISATION)
    machines = math.ceil(workers / cores_a_machine) + SPARE
    return Plan(cores, workers, machines, costs.worker_mb * cores_a_machine)


def bots(messages: float) -> int:
    """How many Telegram bots so many messages a second need, by the cautious reading."""
    return math.ceil(messages / TELEGRAM_MESSAGES)


def zipf_shares(count: int, exponent: float) -> np.ndarray:
    """How much of the asking each of `count` questions has, most asked first; shape (count,), sum 1."""
    weights = np.arange(1, count + 1, dtype=np.float64) ** -exponent
    return np.asarray(weights / weights.sum())


def hit_rate(shares: np.ndarray, size: int) -> float:
    """The share of questions that the latest `size` different ones hold, by Che's approximation.

    Found is the time T for which sum(1 - exp(-share * T)) = size; a question is remembered if it was asked within T. How
    many workers share the asking changes nothing: each sees the same shares.
    """
    if size <= 0:
        return 0.0
    if size >= len(shares):
        return 1.0
    low, high = 0.0, float(size)
    while (1 - np.exp(-shares * high)).sum() < size:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 - np.exp(-shares * middle)).sum() < size else (low, middle)
    return float((shares * (1 - np.exp(-shares * high))).sum())


def saturating(costs: Costs) -> list[tuple[str, float]]:
    """What one unit of each part carries, questions a second at UTILISATION where it is ours; the scarcest first."""
    parts = [
        ("one Telegram bot, messages out", TELEGRAM_MESSAGES),
        ("one core, web questions searched", UTILISATION * 1000 / costs.searched_ms),
        ("one core, Telegram questions that are remembered", UTILISATION * 1000 / costs.telegram_ms),
        ("one core, web questions remembered", UTILISATION * 1000 / costs.remembered_ms),
        *((f"{name}, Telegram messages through the inbox", rate) for name, rate in costs.inbox.items()),
    ]
    return sorted(parts, key=lambda part: part[1])
