"""One embedding run for all who ask at the same time: while a batch is computed, the texts that arrive form the next.

A lone caller waits for nobody: it computes its own text at once. Callers are threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from index.embedder import Encoder, Vectors


class BatchingEncoder:
    """An encoder whose single texts, when several threads bring one each, are embedded together."""

    def __init__(self, encoder: Encoder, limit: int) -> None:
        """`limit`: texts in one batch at most."""
        self._encoder = encoder
        self._limit = limit
        self._computing = threading.Lock()
        self._waiting: list[tuple[str, Future[Vectors]]] = []
        self._guard = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """That of the encoder inside."""
        return self._encoder.fingerprint

    def encode(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> Vectors:
        """Vectors of shape (len(texts), dimension); raises what the encoder inside raises for these texts."""
        if len(texts) != 1:
            with self._computing:
                return self._encoder.encode(texts, progress)
        mine: Future[Vectors] = Future()
        with self._guard:
            self._waiting.append((texts[0], mine))
        # Whoever gets the lock computes for all who wait; the others find their own vector ready when their turn comes.
        while not mine.done():
            with self._computing:
                if not mine.done():
                    self._compute()
        return mine.result()

    def _compute(self) -> None:
        """Embed the first texts that wait, and hand the vectors out."""
        with self._guard:
            batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
        try:
            vectors = self._encoder.encode([text for text, _ in batch])
        except BaseException as error:
            if len(batch) == 1 or not isinstance(error, Exception):  # an interrupt must leave nobody waiting
                for _, future in batch:
                    future.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                return
            for text, future in batch:  # one bad text must not fail its neighbours
                try:
                    future.set_result(self._encoder.encode([text]))
                except Exception as own:
                    future.set_exception(own)
            return
        for (_, future), vector in zip(batch, vectors, strict=True):
            future.set_result(vector[None, :])
