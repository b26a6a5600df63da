"""All items of a knowledge base: what the makers make and the checker does not refute."""

from __future__ import annotations

from functools import lru_cache

from bot.quiz import belongs, checker, choice, cloze, matching, order, truefalse
from bot.quiz.build import Source
from bot.quiz.item import Item
from knowledge.base import KnowledgeBase

_MAKERS = (cloze.make, choice.make, truefalse.make, belongs.make, order.make, matching.make)


def make_items(knowledge: KnowledgeBase) -> tuple[Item, ...]:
    """Every item that is proved, by clause in reading order, then by kind. No two have the same id or look the same."""
    return _made(knowledge.version, _Held(knowledge))


class _Held:
    """A knowledge base as a cache key that does not look inside: the version already stands for its content."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self.knowledge = knowledge

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=4)
def _made(version: str, held: _Held) -> tuple[Item, ...]:
    knowledge = held.knowledge
    found: dict[str, Item] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    for clause in knowledge:
        source = Source(knowledge, clause)
        for make in _MAKERS:
            for item in make(source):
                looks = (item.stem, frozenset((*item.options, *item.left)))
                if item.id not in found and looks not in seen and not checker.fault(item, knowledge):
                    found[item.id] = item
                    seen.add(looks)
    return tuple(found.values())
