"""Every numbered fault has a promise and tests, and docs/reliability.md names them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from scripts import reliability


def test_every_fault_has_a_promise_and_a_test_and_no_other_number_is_used() -> None:
    assert set(reliability.FAULTS) == set(range(1, 26))
    assert set(reliability.marked()) == set(reliability.FAULTS)


def test_the_page_names_every_fault_promise_and_test() -> None:
    page, tests = reliability.REPORT.read_text("utf8"), reliability.marked()
    for number, (fault, promise) in reliability.FAULTS.items():
        assert f"## {number}. {fault}\n\n{promise}\n" in page
        section = page.partition(f"## {number}. ")[2].partition("\n## ")[0]
        assert [one for one in tests[number] if f"`{one}`" not in section] == []


def test_the_page_says_how_each_test_went() -> None:
    tests = {number: ["tests/test_x.py::test_y"] for number in reliability.FAULTS}
    outcomes = {"tests/test_x.py::test_y": Counter(passed=3)}
    page = reliability.report(tests, outcomes, datetime(2026, 1, 2, tzinfo=UTC), "abc")
    assert page.count("- `tests/test_x.py::test_y`: passed 3") == len(reliability.FAULTS)
    assert "2026-01-02 00:00 UTC at `abc`: 3 runs of 1 tests" in page
