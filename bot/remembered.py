"""Remembers what was found for the latest questions; when several ask the same at once, only one searches.

In memory only, by the words alone, never by who asked. What is remembered is what a search found: quotes are proved
and answers composed anew each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from index.hit import SearchResult


class Remembered:
    """A search that is run once for each of the latest `size` questions; with size 0 it is run each time."""

    def __init__(self, search: Callable[[str], SearchResult], size: int) -> None:
        self._search = search
        self._size = size
        self._found: OrderedDict[str, Future[SearchResult]] = OrderedDict()
        self._guard = threading.Lock()

    def __call__(self, query: str) -> SearchResult:
        """What was found for a query. Raises what the search raises; failures are not remembered."""
        if not self._size:
            return self._search(query)
        with self._guard:
            known = self._found.get(query)
            future = known if known is not None else Future()
            self._found[query] = future
            self._found.move_to_end(query)
            if len(self._found) > self._size:
                self._found.popitem(last=False)
        if known is None:
            self._run(query, future)
        return future.result()

    def _run(self, query: str, future: Future[SearchResult]) -> None:
        try:
            future.set_result(self._search(query))
        except BaseException as error:
            with self._guard:
                if self._found.get(query) is future:
                    del self._found[query]
            future.set_exception(error)
