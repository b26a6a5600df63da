"""The items of a session that is held with Telegram's polls."""

from __future__ import annotations

from bot.quiz.bank import make_items
from bot.quiz.item import Item
from bot.quiz.paper import NoSuchPaper, select
from knowledge.base import KnowledgeBase


def poll_items(knowledge: KnowledgeBase, count: int, seed: int, scope: str | None = None) -> tuple[Item, ...]:
    """`count` items that a poll can carry, or as many as the scope has; the same seed gives the same ones.

    Raises NoSuchPaper for an unknown scope, or one without any such item.
    """
    unfit = frozenset(item.id for item in make_items(knowledge) if not item.telegram_fits)
    for fewer in range(count, 1, -1):
        try:
            return select(knowledge, fewer, seed, scope, leave_out=unfit)
        except NoSuchPaper:
            continue
    return select(knowledge, 1, seed, scope, leave_out=unfit)
