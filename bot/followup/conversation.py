"""What the rules look at: the earlier questions, and what they were about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from index.outline import Outline
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

#: Finds the clause that an earlier question was about; None when no clause answers it.
Locate = Callable[[str], Clause | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question made complete; `base` is what further elliptic questions are joined to."""

    text: str
    base: str


@dataclass(frozen=True)
class Conversation:
    """What the rules look at: the earlier questions, oldest first, and the ways to find what they were about."""

    turns: tuple[Turn, ...]
    outline: Outline
    names: frozenset[str]
    knowledge: KnowledgeBase
    locate: Locate

    @property
    def last(self) -> Turn:
        """The question just before."""
        return self.turns[-1]

    def focus(self, turn: Turn) -> tuple[Clause, ...]:
        """The clauses that an earlier question was about: addressed, or found by searching, or none."""
        addressed = self.outline.resolve(turn.text)
        if addressed:
            return addressed
        found = self.locate(turn.text)
        return (found,) if found is not None else ()

    def heading(self) -> Clause | None:
        """The heading spoken of most lately: addressed, named in passing, or above the clause found."""
        for turn in reversed(self.turns):
            addressed = self.outline.resolve(turn.text)
            clause = addressed[-1] if addressed else self.outline.mentioned(turn.text) or self.locate(turn.text)
            if clause is not None:
                heading = clause if clause.is_heading else self.knowledge.parent(clause)
                if heading is not None:
                    return heading
        return None
