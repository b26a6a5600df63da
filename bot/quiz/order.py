"""Order: the pieces of a clause, the members of a list, clauses as they come in the notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.quiz import facts, words
from bot.quiz.build import Source, finish, quote
from bot.quiz.item import Item, item_id, rank
from knowledge.clause import Clause

MOST_PARTS = 6


def make(source: Source) -> Iterator[Item]:
    """All items of this kind."""
    clause = source.clause
    if clause.is_heading:
        children = source.knowledge.children(clause)
        for first in range(0, len(children) - 2, 4):
            group = children[first : first + 4]
            if len(group) >= 3:
                yield from _order_clauses(source, group, f"children{first}")
        return
    places = facts.pieces(clause)
    if 3 <= len(places) <= MOST_PARTS and all(place.end - place.start >= 4 for place in places):
        parts = [source.words(place.start, place.end) for place in places]
        yield from _order(source, parts, "pieces", stem=words.ORDER_PIECES.format(title=source.title))
    for listing in facts.listings(clause):
        shown = source.with_blank(*listing.span)
        if shown is not None and 4 <= len(listing.members) <= MOST_PARTS:
            parts = [source.words(*span) for span in listing.members]
            stem = words.ORDER_LIST.format(title=source.title, passage=shown[0])
            yield from _order(source, parts, f"list{listing.span[0]}", stem=stem, passage=shown[0])


def _order_clauses(source: Source, group: Sequence[Clause], position: str) -> Iterator[Item]:
    labels = "、".join(one.label for one in group)
    stem = words.ORDER_CLAUSES.format(title=source.title)
    because = words.BECAUSE_ORDER_CLAUSES.format(labels=labels)
    yield from _order(source, list(map(quote, group)), position, stem=stem, because=because, also=group)


def _order(
    source: Source,
    parts: Sequence[str],
    position: str,
    *,
    stem: str,
    passage: str = "",
    because: str = "",
    also: Sequence[Clause] = (),
) -> Iterator[Item]:
    if len(set(parts)) < len(parts):
        return
    identifier = item_id(source.clause, "order", position)
    options = sorted(parts, key=lambda part: rank(identifier, part))
    if options == list(parts):  # shuffled into their own order
        options = options[1:] + options[:1]
    key = tuple(options.index(part) for part in parts)
    explanation = because or words.BECAUSE_ORDER.format(label=source.clause.label)
    yield finish(
        source, "order", "ordered", identifier, stem=stem, passage=passage, options=tuple(options), key=key,
        explanation=explanation, also=also,
    )  # fmt: skip
