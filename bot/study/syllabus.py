"""What there is to learn: the items of a knowledge base, by id and by clause, and which of them come next as new.

A clause is named "document:id" here, which stays the same when another notice is added.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from bot.quiz.bank import make_items
from bot.quiz.item import Item, rank
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause


class Syllabus:
    """The items of one knowledge base; immutable."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self.knowledge = knowledge
        self.items = {item.id: item for item in make_items(knowledge)}
        self._by_clause: dict[str, list[Item]] = {name_of(clause): [] for clause in knowledge}
        for item in self.items.values():
            self._by_clause[self.clause_name(item)].append(item)
        self._words = {name_of(clause): words_of(clause) for clause in knowledge}

    def clause_name(self, item: Item) -> str:
        """The name of an item's clause."""
        return f"{item.document}:{item.citation.clause}"

    def words(self, clause: str) -> str:
        """The hash of a clause's words. Raises KeyError."""
        return self._words[clause]

    def of_clause(self, clause: str) -> list[Item]:
        """A clause's items. Raises KeyError."""
        return self._by_clause[clause]

    def next_new(self, started: Collection[str], first: Iterable[str], count: int) -> list[Item]:
        """At most `count` items not in `started` (ids), spread over clauses; the same arguments give the same items.

        The clause with the fewest items started or chosen comes next, in reading order; those of `first` before all
        others as long as nothing of them was started. Within a clause, kinds take turns.
        """
        chosen: list[Item] = []
        used: dict[str, Counter[str]] = defaultdict(Counter)
        left: dict[str, list[Item]] = {}
        ahead = set(first)
        for clause, items in self._by_clause.items():
            used[clause].update(item.kind for item in items if item.id in started)
            rest = [item for item in items if item.id not in started]
            if rest:
                left[clause] = sorted(rest, key=lambda item: rank(item.id))
        while left and len(chosen) < count:
            clause = min(left, key=lambda one: (one not in ahead or bool(used[one]), used[one].total()))
            item = min(left[clause], key=lambda one: used[clause][one.kind])
            chosen.append(item)
            used[clause][item.kind] += 1
            left[clause].remove(item)
            if not left[clause]:
                del left[clause]
        return chosen


def name_of(clause: Clause) -> str:
    """The clause's name among all notices."""
    return f"{clause.document}:{clause.id}"


def words_of(clause: Clause) -> str:
    """16 hex digits over the clause's words."""
    return hashlib.sha256(clause.text.encode("utf8")).hexdigest()[:16]
