import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from index.batching import BatchingEncoder
from index.embedder import Vectors


class Numbers:
    """The vector of "7" is [7, 1]; "bad" fails; holds each batch until `gate` is open."""

    fingerprint = "numbers"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def encode(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> Vectors:
        self.batches.append(list(texts))
        self.entered.set()
        assert self.gate.wait(10)
        if "bad" in texts:
            raise ValueError("bad text")
        return np.array([[float(text), 1.0] for text in texts], dtype=np.float32).reshape(-1, 2)


def test_a_lone_caller_is_served_at_once_and_alone() -> None:
    numbers = Numbers()
    encoder = BatchingEncoder(numbers, 8)
    assert encoder.encode(["3"]).tolist() == [[3, 1]]
    assert encoder.encode(["4"]).tolist() == [[4, 1]]
    assert numbers.batches == [["3"], ["4"]]
    assert encoder.fingerprint == "numbers"


def ask_while_one_is_computed(numbers: Numbers, encoder: BatchingEncoder, texts: list[str]) -> list[object]:
    """What each text gets when all come while "0" is being embedded."""

    def one(text: str) -> object:
        try:
            return encoder.encode([text])[0, 0].item()
        except ValueError as error:
            return str(error)

    numbers.gate.clear()
    with ThreadPoolExecutor(len(texts) + 1) as pool:
        first = pool.submit(one, "0")
        assert numbers.entered.wait(10)
        rest = [pool.submit(one, text) for text in texts]
        while len(encoder._waiting) < len(texts):
            threading.Event().wait(0.001)
        numbers.gate.set()
        return [first.result(10), *(future.result(10) for future in rest)]


def test_those_who_come_meanwhile_form_the_next_batches() -> None:
    numbers = Numbers()
    texts = [str(i) for i in range(1, 21)]
    got = ask_while_one_is_computed(numbers, BatchingEncoder(numbers, 8), texts)
    assert got == [float(i) for i in range(21)]
    assert [len(batch) for batch in numbers.batches] == [1, 8, 8, 4]
    assert sorted(text for batch in numbers.batches for text in batch) == sorted(["0", *texts])


def test_a_bad_text_fails_alone() -> None:
    numbers = Numbers()
    assert ask_while_one_is_computed(numbers, BatchingEncoder(numbers, 8), ["1", "bad", "2"]) == [0, 1, "bad text", 2]
    with pytest.raises(ValueError, match="bad text"):
        BatchingEncoder(numbers, 8).encode(["bad"])


def test_an_interrupt_leaves_nobody_waiting() -> None:
    numbers = Numbers()
    encoder = BatchingEncoder(numbers, 8)

    def interrupted(texts: Sequence[str], progress: object = None) -> Vectors:
        raise KeyboardInterrupt

    numbers.encode = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        encoder.encode(["1"])
    assert encoder._waiting == []
    del numbers.encode
    assert encoder.encode(["2"]).tolist() == [[2, 1]]


def test_many_texts_at_once_are_one_call() -> None:
    numbers = Numbers()
    assert BatchingEncoder(numbers, 2).encode(["1", "2", "3"]).tolist() == [[1, 1], [2, 1], [3, 1]]
    assert BatchingEncoder(numbers, 2).encode([]).shape == (0, 2)
    assert numbers.batches == [["1", "2", "3"], []]


def test_a_storm_of_threads_gets_each_its_own() -> None:
    numbers = Numbers()
    encoder = BatchingEncoder(numbers, 16)
    with ThreadPoolExecutor(64) as pool:
        got = list(pool.map(lambda i: encoder.encode([str(i)])[0, 0].item(), range(2000)))
    assert got == list(range(2000))
    assert sum(map(len, numbers.batches)) == 2000
