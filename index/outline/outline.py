"""Outline: the addresses of every clause of a knowledge base, read and written.

Ties the parts together: words and numerals, tokens (grammar), reader (what is there), headings (names).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

from index.outline.headings import heading_name, loose_clauses, of_kind, shares_words, title_of
from index.outline.numerals import NUMBER, number_of, numeral
from index.outline.reader import Found, Reader
from index.outline.tokens import PROBLEMS, Heading, Identifier, Items, Token, Word, scan
from index.outline.words import PUNCTUATION, normalize
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document

#: Longer queries are no addresses; every clause of a long notice listed one by one still fits.
MAX_CHARACTERS = 300


class Outline:
    """The addresses of every clause of a knowledge base."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge
        self._whole = {document.id: _whole_names(document) for document in knowledge.documents}
        #: Each query is read for what it names and for what it misses.
        self._read = lru_cache(maxsize=64)(self._read_anew)

    def resolve(self, query: str, within: Clause | None = None) -> tuple[Clause, ...]:
        """The clauses that an address names, in the order named; empty when `query` is no address.

        `within`: the heading that a bare 第三条 refers to.
        """
        found = self._read(query, within)
        return found.clauses if found else ()

    def missing(self, query: str, within: Clause | None = None) -> str | None:
        """For an address of something that is not there: what there is ("问题一只有 4 条措施"), else None."""
        found = self._read(query, within)
        return found.missing if found else None

    def is_bare(self, query: str) -> bool:
        """Whether `query` addresses items without saying under which heading (第三条呢)."""
        document, tokens = self._tokens(query)
        return document is None and any(isinstance(t, Items) for t in tokens) and not _has_place(tokens)

    def is_bare_count(self, query: str) -> bool:
        """Whether `query` is bare and counts with 个 only, so that problems may be meant (第二个呢)."""
        items = [t for t in self._tokens(query)[1] if isinstance(t, Items)]
        return self.is_bare(query) and all(t.bare for t in items)

    def mentioned(self, text: str) -> Clause | None:
        """The one heading that a text speaks of, by number anywhere in it or by four letters of its title, else None."""
        plain = normalize(text)
        document, rest = self._document(plain)
        document = document or self._first
        if document is None:
            return None
        problems = of_kind(document, "problem")
        numbers = {
            number
            for pattern in (*PROBLEMS, re.compile(rf"问题.*第({NUMBER})个"))
            for match in pattern.finditer(rest)
            if (number := number_of(match[1])) is not None
        }
        if len(numbers) == 1:
            position = numbers.pop() - 1
            return problems[position] if 0 <= position < len(problems) else None
        named = [heading for heading in self._headings(document) if shares_words(title_of(heading), rest)]
        return named[0] if len(named) == 1 else None

    def address(self, clauses: Sequence[Clause]) -> str:
        """The plainest address of some clauses: 问题一第3条和第4条; `resolve` gives the same clauses back."""
        groups: dict[str, list[str]] = {}
        for clause in clauses:
            place, item = self._place(clause)
            groups.setdefault(place, []).append(item)
        return "和".join(place + listed(items) for place, items in groups.items())

    def nth(self, heading: Clause, number: int) -> str:
        """The address of the n-th item under a heading, whether or not there is one."""
        children = self._knowledge.children(heading)
        unit = "点" if children and children[0].kind == "point" else "条"
        return f"{self._place(heading)[0]}第{number}{unit}"

    def nth_problem(self, document_id: str, number: int) -> str:
        """The address of a document's n-th problem, whether or not there is one."""
        return f"{self._document_name(document_id)}问题{numeral(number)}"

    @cached_property
    def _first(self) -> Document | None:
        return self._knowledge.documents[0] if self._knowledge.documents else None

    @cached_property
    def _names(self) -> tuple[tuple[str, Document], ...]:
        """Names of documents in the form of a normalized query, longest first."""
        names = [
            (normalize(name), document)
            for document in self._knowledge.documents
            for name in (document.title, document.short_title)
        ]
        return tuple(sorted(names, key=lambda pair: -len(pair[0])))

    def _document_name(self, document_id: str) -> str:
        first = self._first
        if first is not None and first.id == document_id:
            return ""
        return f"《{self._knowledge.document(document_id).short_title}》"

    def _document(self, text: str) -> tuple[Document | None, str]:
        """The document that a query begins with, and the rest of the query."""
        lead = re.match(r"(?:请问?|那么?|帮我|把|查一下|看看|念一下)*", text)
        front, rest = (lead[0], text[lead.end() :]) if lead else ("", text)
        for name, document in self._names:
            for form in (f"《{name}》", name):
                if rest.startswith(form):
                    return document, front + rest[len(form) :]
        return None, text

    def _headings(self, document: Document) -> tuple[Clause, ...]:
        return tuple(clause for clause in document if clause.is_heading)

    def _place(self, clause: Clause) -> tuple[str, str]:
        """(address of the heading, address of the item under it); the second is empty for a heading."""
        document = self._knowledge.document(clause.document)
        name = self._document_name(clause.document)
        if clause.kind == "problem":
            return f"{name}问题{numeral(of_kind(document, 'problem').index(clause) + 1)}", ""
        if clause.kind == "background":
            return f"{name}背景", ""
        heading = self._knowledge.parent(clause)
        if heading is None and not clause.is_heading:
            loose = loose_clauses(document)
            return name, f"第{loose.index(clause) + 1}条"
        if heading is None:
            return name + heading_name(clause), ""
        position = self._knowledge.children(heading).index(clause) + 1
        return self._place(heading)[0], f"第{position}{'点' if clause.kind == 'point' else '条'}"

    def _tokens(self, query: str) -> tuple[Document | None, tuple[Token, ...]]:
        """The named document and the tokens of an address; no tokens when anything else is in the query."""
        text = normalize(query)
        if not text or len(text) > MAX_CHARACTERS:
            return None, ()
        named, rest = self._document(text)
        document = named or self._first
        if document is None:
            return None, ()
        return named, tuple(scan(rest, self._headings(document), self._whole[document.id]) or ())

    def _read_anew(self, query: str, within: Clause | None) -> Found | None:
        named, tokens = self._tokens(query)
        if not any(not isinstance(token, Word) or token.role == "background" for token in tokens):
            return None
        document = named or (self._knowledge.document(within.document) if within else self._first)
        if document is None:
            return None
        return Reader(self._knowledge, document, within if named is None else None).read(tokens)


def _whole_names(document: Document) -> tuple[tuple[str, Token], ...]:
    """Words that address a heading by themselves: its name, its title, and the word for the background."""
    names: list[tuple[str, Token]] = []
    for clause in document:
        if clause.kind == "background":
            names += [("背景", Word("background")), (normalize(heading_name(clause)), Word("background"))]
        if clause.kind == "section":
            token = Heading(clause=clause.id)
            names += [(normalize(name).strip(PUNCTUATION), token) for name in (heading_name(clause), clause.text)]
    return tuple(sorted(names, key=lambda pair: -len(pair[0])))


def listed(items: Sequence[str]) -> str:
    """第1条、第3条和第4条; three or more in a row become 第2条到第4条."""
    runs: list[list[tuple[int, str]]] = []
    for item in items:
        number = int(match[0]) if (match := re.search(r"\d+", item)) else 0
        if runs and runs[-1][-1][0] + 1 == number:
            runs[-1].append((number, item))
        else:
            runs.append([(number, item)])
    parts: list[str] = []
    for run in runs:
        words = [item for _, item in run]
        parts += [f"{words[0]}到{words[-1]}"] if len(words) > 2 else words
    return "和".join(filter(None, ("、".join(parts[:-1]), parts[-1])))


def _has_place(tokens: Iterable[Token]) -> bool:
    return any(isinstance(t, Heading | Identifier) or t == Word("background") for t in tokens)
