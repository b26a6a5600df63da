"""All items of a knowledge base: what the makers make and the checker does not refute."""

from __future__ import annotations

from bot.quiz import belongs, checker, choice, cloze, matching, order, truefalse
from bot.quiz.build import Source
from bot.quiz.item import Item
from knowledge.base import KnowledgeBase

_MAKERS = (cloze.make, choice.make, truefalse.make, belongs.make, order.make, matching.make)


#: The items of the knowledge bases last asked for, by version, which stands for all that they hold.
_MOST_KEPT = 4
_kept: dict[str, tuple[Item, ...]] = {}


def make_items(knowledge: KnowledgeBase) -> tuple[Item, ...]:
    """Every item that is proved, by clause in reading order. No two have the same id or look the same."""
    made = _kept.get(knowledge.version)
    if made is None:
        made = _make(knowledge)
        while len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[knowledge.version] = made
    return made


def _make(knowledge: KnowledgeBase) -> tuple[Item, ...]:
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
