"""What the rules look at: the earlier questions, and what they were about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from index.outline import Outline
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

#: Finds the clause of a question by searching; None when there is none.
Locate = Callable[[str], Clause | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question made complete; `base` is what further elliptic questions are joined to."""

    text: str
    base: str


@dataclass(frozen=True)
class Conversation:
    """The earlier questions, oldest first, and the ways to find what they were about.

    `answering` finds the clause that answers a question, `about` also one that only comes close to it.
    """

    turns: tuple[Turn, ...]
    outline: Outline
    knowledge: KnowledgeBase
    answering: Locate
    about: Locate

    @property
    def last(self) -> Turn:
        """The question just before."""
        return self.turns[-1]

    def until(self, count: int) -> Conversation:
        """The same conversation when it had only so many questions."""
        return replace(self, turns=self.turns[:count])

    def focus(self, turn: Turn) -> tuple[Clause, ...]:
        """The clauses that an earlier question was about: addressed, or found by searching, or none."""
        addressed = self.outline.resolve(turn.text)
        if addressed:
            return addressed
        found = self.about(turn.text)
        return (found,) if found is not None else ()

    def heading(self) -> Clause | None:
        """The heading spoken of most lately: addressed, named in passing, or above the clause found."""
        for turn in reversed(self.turns):
            addressed = self.outline.resolve(turn.text)
            clause = addressed[-1] if addressed else self.outline.mentioned(turn.text) or self.about(turn.text)
            heading = self.heading_of(clause) if clause is not None else None
            if heading is not None:
                return heading
        return None

    def heading_of(self, clause: Clause) -> Clause | None:
        """The clause itself when it is a heading, else the heading above it, if any."""
        return clause if clause.is_heading else self.knowledge.parent(clause)
