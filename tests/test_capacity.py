"""The formulas of the capacity plan, and that docs/capacity.md says what they give."""

from __future__ import annotations

import json
from collections import OrderedDict

import numpy as np
import pytest

from scripts.capacity.document import write
from scripts.capacity.plan import Costs, Demand, bots, hit_rate, plan, saturating, zipf_shares
from tests.fakes import ROOT

COSTS = Costs(20.0, 2.0, 10.0, 800.0, {"SQLite": 300.0, "PostgreSQL": 200.0})


def test_ten_million_people_ask_3472_times_in_the_busiest_second() -> None:
    demand = Demand(people=10_000_000, questions_a_day=3, peak_factor=10)
    assert demand.mean == pytest.approx(347.2, abs=0.05)
    assert demand.peak == pytest.approx(3472.2, abs=0.05)


def test_the_plan_by_hand() -> None:
    # 86,400 people once a day, factor 100: 100 a second; half remembered: 11 core-ms each, 1.1 cores, 1.83 at 60 %.
    made = plan(Demand(86_400, 1, 100), COSTS, 0.5)
    assert made.cores == pytest.approx(1.1)
    assert (made.workers, made.machines, made.memory_mb) == (2, 3, 1600)
    assert bots(30) == 1
    assert bots(31) == 2


def test_what_carries_least_comes_first() -> None:
    rates = [rate for _, rate in saturating(COSTS)]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(30)
    assert dict(saturating(COSTS))["one core, web questions remembered"] == pytest.approx(300)


@pytest.mark.parametrize(("count", "exponent", "size"), [(2_000, 1.0, 100), (2_000, 0.8, 500), (500, 1.2, 20)])
def test_the_hit_rate_is_that_of_a_simulated_cache(count: int, exponent: float, size: int) -> None:
    shares = zipf_shares(count, exponent)
    assert shares.sum() == pytest.approx(1)
    cache: OrderedDict[int, None] = OrderedDict()
    hits, asked = 0, np.random.default_rng(0).choice(count, 60_000, p=shares)
    for number, question in enumerate(asked.tolist()):
        if question in cache:
            hits += number >= 20_000
            cache.move_to_end(question)
        else:
            cache[question] = None
            if len(cache) > size:
                cache.popitem(last=False)
    assert hit_rate(shares, size) == pytest.approx(hits / 40_000, abs=0.015)


def test_a_cache_for_nothing_or_for_all() -> None:
    shares = zipf_shares(100, 1.0)
    assert hit_rate(shares, 0) == 0
    assert hit_rate(shares, 100) == 1
    rates = [hit_rate(shares, size) for size in range(1, 100)]
    assert rates == sorted(rates)


def test_the_document_is_what_the_record_gives() -> None:
    record = json.loads((ROOT / "docs" / "capacity.json").read_text("utf8"))
    text = (ROOT / "docs" / "capacity.md").read_text("utf8")
    assert text == write(record)
    assert "3,472 a second" in text
