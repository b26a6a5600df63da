"""A shared engine with this process's own copy behind it: while the engine is away, answers stay the same.

The vectors of a revision always lie beside the rest of its index, so nothing has to be asked of anybody.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection

from index.dense.faiss_flat import FaissIndex
from index.dense.seam import DenseIndex, DenseUnavailable, Rows, UnknownRevision
from index.embedder import Vectors

logger = logging.getLogger(__name__)

#: How long an engine that was away is not asked again.
PAUSE_SECONDS = 15.0


class StandbyIndex:
    """One revision in a shared engine, or else in memory."""

    def __init__(self, engine: DenseIndex, revision: str, rows: Callable[[], Rows]) -> None:
        """`rows` reads the revision's rows from this machine's disk; it is called when they are needed."""
        self.name = engine.name
        self._engine = engine
        self._revision = revision
        self._rows = rows
        self._own = FaissIndex(keep=1)
        self._guard = threading.Lock()
        self._asked_again = 0.0
        self._away = False
        self._offer()

    def search(
        self, revision: str, vector: Vectors, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """As in the seam; never raises DenseUnavailable, and publishes again what the engine lost."""
        if time.monotonic() >= self._asked_again:
            try:
                found = self._engine.search(revision, vector, k, documents)
            except UnknownRevision:
                logger.warning("the vector engine no longer holds revision %s; it is published again", revision)
                self._offer()
            except DenseUnavailable as error:
                self._failed(error)
            else:
                self._back()
                return found
        with self._guard:
            if not self._own.holds(self._revision):
                self._own.publish(self._revision, self._rows())
        return self._own.search(revision, vector, k, documents)

    def _offer(self) -> None:
        try:
            if not self._engine.holds(self._revision):
                self._engine.publish(self._revision, self._rows())
        except DenseUnavailable as error:
            self._failed(error)
        else:
            self._back()

    def _failed(self, error: DenseUnavailable) -> None:
        self._asked_again = time.monotonic() + PAUSE_SECONDS
        if not self._away:
            logger.warning("the vector engine is away, this process searches its own copy: %s", error)
        self._away = True

    def _back(self) -> None:
        if self._away:
            logger.warning("the vector engine is back")
        self._away = False
