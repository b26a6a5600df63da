"""What every maker needs: the clause with its notice around it, wrong options to choose from, and the finished item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.answer import Citation
from bot.quiz import facts
from bot.quiz.item import BLANK, Item, Kind, Rule, item_id, rank
from bot.spans.passages import Span
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document

#: Wrong options beside the right one.
WRONG_OPTIONS = 3
#: A clause quoted as an option or as the subject of a question has at most this many characters.
LONGEST_QUOTE = 60


@dataclass(frozen=True)
class Source:
    """One clause and what surrounds it."""

    knowledge: KnowledgeBase
    clause: Clause

    @property
    def document(self) -> Document:
        """The notice that the clause stands in."""
        return self.knowledge.document(self.clause.document)

    @property
    def title(self) -> str:
        """The notice's short title in marks."""
        return f"《{self.document.short_title}》"

    @property
    def heading(self) -> Clause | None:
        """The heading above the clause."""
        return self.knowledge.parent(self.clause)

    @property
    def siblings(self) -> tuple[Clause, ...]:
        """The other clauses of the notice: those under the same heading first, then the others in reading order."""
        others = [one for one in self.document.clauses if one.id != self.clause.id]
        return tuple(sorted(others, key=lambda one: one.parent != self.clause.parent))

    def words(self, start: int, end: int) -> str:
        """Characters of the clause on one line."""
        return self.clause.text[start:end]

    def with_blank(self, start: int, end: int) -> tuple[str, Span] | None:
        """The statement around some characters, these taken out; and its place. None where they cross a border."""
        place = facts.statement_at(self.clause, start, end)
        if place is None:
            return None
        return self.words(place[0], start) + BLANK + self.words(end, place[1]), place


def build(
    source: Source,
    kind: Kind,
    rule: Rule,
    position: str,
    *,
    stem: str,
    passage: str,
    right: Sequence[str],
    wrong: Sequence[str],
    explanation: str,
    marked: Sequence[Span] = (),
    also: Sequence[Clause] = (),
    sort_by: Iterable[str] | None = None,
) -> Item:
    """A choice item, its options in an order that only the item decides (or that of `sort_by`)."""
    identifier = item_id(source.clause, kind, position)
    options = (
        tuple(sort_by)
        if sort_by is not None
        else tuple(sorted((*right, *wrong), key=lambda one: rank(identifier, one)))
    )
    key = tuple(i for i, option in enumerate(options) if option in right)
    return finish(
        source, kind, rule, identifier, stem=stem, passage=passage, options=options, key=key,
        explanation=explanation, marked=marked, also=also,
    )  # fmt: skip


def finish(
    source: Source,
    kind: Kind,
    rule: Rule,
    identifier: str,
    *,
    stem: str,
    passage: str,
    options: tuple[str, ...],
    key: tuple[int, ...],
    explanation: str,
    marked: Sequence[Span] = (),
    also: Sequence[Clause] = (),
    left: tuple[str, ...] = (),
) -> Item:
    """An item with its citation and references."""
    clause, knowledge = source.clause, source.knowledge
    return Item(
        id=identifier,
        kind=kind,
        rule=rule,
        document=clause.document,
        clause=knowledge.reference(clause),
        stem=stem,
        passage=passage,
        options=options,
        key=key,
        explanation=explanation,
        citation=Citation.of(clause, marked),
        left=left,
        also=tuple(knowledge.reference(one) for one in also),
    )


def quote(clause: Clause) -> str:
    """A clause, or so many of its first pieces as make a short whole, word for word."""
    if clause.is_heading:
        return facts.title(clause)
    if len(clause.text) <= LONGEST_QUOTE:
        return clause.text.rstrip("。，；,;")
    first = facts.sentences(clause.text)[0]
    if 20 <= first[1] - first[0] <= LONGEST_QUOTE:
        return clause.text[slice(*first)].rstrip("。")
    places = facts.pieces(clause)
    end = places[0].end
    for piece in places:
        if piece.end - places[0].start > LONGEST_QUOTE:
            break
        end = piece.end
    return clause.text[places[0].start : end]


def closest(
    right: str, candidates: Iterable[str], *, seed: object, taken: Iterable[str] = (), most: int = WRONG_OPTIONS
) -> list[str]:
    """Candidates of about the length of the right option, like none of the others; earlier ones are nearer relatives."""
    chosen: list[str] = []
    avoid = [right, *taken]
    pool = [one for one in dict.fromkeys(candidates) if one and len(one) <= max(1.8 * len(right), len(right) + 3)]
    pool = [one for one in pool if len(one) >= min(0.5 * len(right), len(right) - 3) and not _within(one, avoid)]
    nearest = {one: place // 12 for place, one in enumerate(pool)}
    for one in sorted(pool, key=lambda one: (nearest[one], abs(len(one) - len(right)) > 2, rank(seed, one))):
        if not _within(one, chosen):
            chosen.append(one)
        if len(chosen) == most:
            break
    return chosen


def _within(one: str, others: Iterable[str]) -> bool:
    return any(one in other or other in one for other in others)


def shorten(words: str, limit: int = 90) -> str:
    """Words cut to a limit with an ellipsis, for explanations."""
    return words if len(words) <= limit else words[: limit - 1] + "…"
