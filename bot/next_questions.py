"""Which questions to offer after an answer: more of the same clause, then of what stands beside it.

The questions themselves were checked when the index was built (index/onward.py); here they are only chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

SHOWN = 3


class Offers(Protocol):
    """What is needed of the index."""

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge base that the index was built from."""

    def related(self, clause: Clause) -> tuple[Clause, ...]:
        """The clauses most like one."""

    def questions(self, clause: Clause) -> tuple[str, ...]:
        """Questions that a clause answers, worth offering."""


def next_questions(clauses: Sequence[Clause], asked: str, offers: Offers) -> tuple[str, ...]:
    """At most SHOWN questions, none of them the one just asked; none where no clause was spoken of.

    One more of the first clause, then one of the measure after it and one of each clause related to it.
    """
    if not clauses:
        return ()
    chosen: list[str] = []
    for clause in dict.fromkeys(_onward(clauses[0], offers)):
        fresh = [question for question in offers.questions(clause) if not _same(question, asked)]
        chosen += [question for question in fresh if question not in chosen][:1]
        if len(chosen) == SHOWN:
            break
    return tuple(chosen)


def _onward(first: Clause, offers: Offers) -> Iterator[Clause]:
    yield first
    yield from offers.knowledge.children(first)[:1]
    _, after = offers.knowledge.neighbours(first)
    if after is not None and after.parent == first.parent:
        yield after
    yield from offers.related(first)


def _same(one: str, other: str) -> bool:
    return re.sub(r"[\W_]+", "", one) == re.sub(r"[\W_]+", "", other)
