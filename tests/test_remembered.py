import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.remembered import Remembered
from index.hit import SearchResult


class Search:
    """Finds something of its own for each query, and counts; waits for `gate`; "坏" fails."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, query: str) -> SearchResult:
        self.asked.append(query)
        assert self.gate.wait(10)
        if query == "坏":
            raise ValueError(query)
        return SearchResult((), missing=query)


def test_each_question_is_searched_once() -> None:
    search = Search()
    remembered = Remembered(search, 10)
    assert [remembered(query).missing for query in "甲乙甲乙甲"] == list("甲乙甲乙甲")
    assert search.asked == ["甲", "乙"]


def test_the_least_lately_asked_is_forgotten() -> None:
    search = Search()
    remembered = Remembered(search, 2)
    for query in "甲乙甲丙甲乙":
        remembered(query)
    assert search.asked == ["甲", "乙", "丙", "乙"]


def test_nothing_is_remembered_at_zero() -> None:
    search = Search()
    remembered = Remembered(search, 0)
    assert [remembered("甲").missing for _ in range(3)] == ["甲"] * 3
    assert len(search.asked) == 3


def test_a_failure_is_raised_to_all_who_wait_and_not_remembered() -> None:
    search = Search()
    remembered = Remembered(search, 10)
    search.gate.clear()
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(remembered, "坏") for _ in range(4)]
        while not search.asked:
            threading.Event().wait(0.001)
        search.gate.set()
        errors = [future.exception(10) for future in futures]
    assert [str(error) for error in errors] == ["坏"] * 4
    before = len(search.asked)
    with pytest.raises(ValueError, match="坏"):
        remembered("坏")
    assert len(search.asked) == before + 1


def test_many_who_ask_the_same_at_once_cause_one_search() -> None:
    search = Search()
    remembered = Remembered(search, 10)
    search.gate.clear()
    with ThreadPoolExecutor(32) as pool:
        futures = [pool.submit(remembered, "甲乙"[i % 2]) for i in range(32)]
        while len(search.asked) < 2:
            threading.Event().wait(0.001)
        search.gate.set()
        assert [future.result(10).missing for future in futures] == ["甲", "乙"] * 16
    assert sorted(search.asked) == ["乙", "甲"]
