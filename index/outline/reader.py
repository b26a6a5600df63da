"""Looks the tokens of one address up in one document: the clauses they name, or what there is instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.outline.headings import heading_name, loose_clauses, of_kind
from index.outline.tokens import Heading, Identifier, Items, Token, Word
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document


@dataclass(frozen=True, slots=True)
class Found:
    """What an address names: clauses, or what is missing (never both)."""

    clauses: tuple[Clause, ...] = ()
    missing: str | None = None


class Reader:
    """Turns the tokens of one address into clauses of one document."""

    def __init__(self, knowledge: KnowledgeBase, document: Document, within: Clause | None) -> None:
        self._knowledge = knowledge
        self._document = document
        self._problems = of_kind(document, "problem")
        self._within = within

    def read(self, tokens: Iterable[Token]) -> Found | None:
        """The clauses named; None when a bare item has no heading to stand under."""
        sequence = heading_first(tuple(tokens))
        found: list[Clause] = []
        heading: Clause | None = self._within
        open_heading: Clause | None = None
        ranging = False
        for token in sequence:
            part: tuple[Clause, ...]
            match token:
                case Word(role="background"):
                    part = tuple(c for c in self._document if c.kind == "background")
                    open_heading = None
                case Word(role=role):
                    ranging = role == "range"
                    continue
                case Heading():
                    heads = self._heading(token)
                    if isinstance(heads, str):
                        return Found(missing=heads)
                    heading = open_heading = heads
                    part = (heads,)
                case Identifier():
                    named = self._identifier(token)
                    if isinstance(named, str):
                        return Found(missing=named)
                    part, open_heading, heading = (named,), None, self._knowledge.parent(named)
                case Items():
                    if open_heading is not None and found and found[-1] is open_heading:
                        found.pop()
                    open_heading = None
                    below = self._below(heading)
                    if below is None:
                        return None
                    items = pick(token.numbers, below)
                    if items is None:
                        return Found(missing=self._count(heading, below))
                    part = items
            if ranging and found and part:
                part = self._between(found.pop(), part[0])
                ranging = False
            found.extend(clause for clause in part if clause not in found)
        return Found(clauses=tuple(found)) if found else None

    def _heading(self, token: Heading) -> Clause | str:
        if token.clause is not None:
            return next(clause for clause in self._document if clause.id == token.clause)
        chosen = pick((token.number,), self._problems)
        return chosen[0] if chosen else f"《{self._document.short_title}》只有 {len(self._problems)} 个问题"

    def _identifier(self, token: Identifier) -> Clause | str:
        by_id = {clause.id: clause for clause in self._document}
        if (exact := by_id.get(f"{token.first}.{token.second}")) is not None:
            return exact
        heading = by_id.get(str(token.first))
        if heading is None or not heading.is_heading:
            named = self._heading(Heading(token.first))
            if isinstance(named, str):
                return f"《{self._document.short_title}》没有编号为 {token.first}.{token.second} 的条款"
            heading = named
        below = self._knowledge.children(heading)
        items = pick((token.second,), below)
        return items[0] if items else self._count(heading, below)

    def _below(self, heading: Clause | None) -> tuple[Clause, ...] | None:
        """What a bare item counts in: the heading's children, else loose clauses, else those of an only heading."""
        if heading is not None:
            return self._knowledge.children(heading)
        if loose := loose_clauses(self._document):
            return loose
        headings = [clause for clause in self._document if clause.is_heading]
        return self._knowledge.children(headings[0]) if len(headings) == 1 else None

    def _count(self, heading: Clause | None, below: Sequence[Clause]) -> str:
        noun = "点" if below and below[0].kind == "point" else "条措施"
        name = heading_name(heading) if heading else f"《{self._document.short_title}》"
        return f"{name}只有 {len(below)} {noun}" if below else f"{name}下面没有条款"

    def _between(self, first: Clause, last: Clause) -> tuple[Clause, ...]:
        """Clauses of one kind from the first to the last, in reading order."""
        clauses = self._document.clauses
        start, end = sorted((clauses.index(first), clauses.index(last)))
        return tuple(clause for clause in clauses[start : end + 1] if clause.kind == first.kind)


def pick(numbers: Sequence[int], clauses: Sequence[Clause]) -> tuple[Clause, ...] | None:
    """The clauses with these numbers (1 is the first, -1 the last), or None when one of them is not there."""
    if not numbers or any(number == 0 or abs(number) > len(clauses) for number in numbers):
        return None
    return tuple(clauses[number - 1 if number > 0 else number] for number in numbers)


def heading_first(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """English order: "measure one under problem four" says the item before its one heading."""
    places = [t for t in tokens if not isinstance(t, Word)]
    if len(places) == 2 and isinstance(places[0], Items) and isinstance(places[1], Heading):
        return (places[1], places[0])
    return tokens
