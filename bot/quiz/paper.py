"""A paper: so many items of a scope and of some kinds, spread over clauses and kinds; the same seed, the same paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from bot.quiz import words
from bot.quiz.bank import make_items
from bot.quiz.item import KINDS, Item, Kind, rank
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError


class NoSuchPaper(JianfuError):
    """What was asked for cannot be made; the message says what can."""


class NoSuchScope(NoSuchPaper):
    """No clause and no document has this reference."""


class TooFew(NoSuchPaper):
    """There are only `there` items of this scope and these kinds, fewer than the `count` that was asked for."""

    def __init__(self, count: int, there: int) -> None:
        self.count, self.there = count, there
        super().__init__(words.TOO_FEW.format(count=count, there=there))


def select(
    knowledge: KnowledgeBase,
    count: int,
    seed: int,
    scope: str | None = None,
    kinds: Sequence[str] = (),
    *,
    leave_out: Collection[str] = (),
) -> tuple[Item, ...]:
    """`count` items, ordered by kind and then by clause, without those with the ids `leave_out`.

    `scope` is a clause reference (a heading stands for all below it) or a document's id; none means everything, as no
    kinds do. Raises NoSuchPaper for an unknown kind, NoSuchScope for an unknown scope, TooFew for more than there are.
    """
    return select_from(knowledge, _references(knowledge, scope), count, seed, kinds=kinds, leave_out=leave_out)


def select_from(
    knowledge: KnowledgeBase,
    references: Collection[str],
    count: int,
    seed: int,
    *,
    kinds: Sequence[str] = (),
    leave_out: Collection[str] = (),
) -> tuple[Item, ...]:
    """Like select(), from the clauses with these references, without the items with the ids `leave_out`."""
    if count < 1:
        raise NoSuchPaper(words.COUNT_TOO_SMALL.format(count=count))
    wanted = _kinds(kinds)
    pool = [
        item
        for item in make_items(knowledge)
        if item.clause in references and item.kind in wanted and item.id not in leave_out
    ]
    if len(pool) < count:
        raise TooFew(count, len(pool))
    places = {knowledge.reference(clause): place for place, clause in enumerate(knowledge)}
    chosen = _spread(pool, count, seed)
    return tuple(sorted(chosen, key=lambda item: (KINDS.index(item.kind), places[item.clause], rank(seed, item.id))))


def _kinds(names: Sequence[str]) -> frozenset[Kind]:
    by_name: dict[str, Kind] = {kind: kind for kind in KINDS} | {words.KIND_NAMES[kind]: kind for kind in KINDS}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        known = "、".join(f"{kind}（{words.KIND_NAMES[kind]}）" for kind in KINDS)
        raise NoSuchPaper(words.NO_SUCH_KIND.format(kind=unknown[0], known=known))
    return frozenset(by_name[name] for name in names) or frozenset(KINDS)


def _references(knowledge: KnowledgeBase, scope: str | None) -> frozenset[str]:
    """References of the clauses that a scope covers."""
    if scope is None:
        return frozenset(map(knowledge.reference, knowledge))
    for document in knowledge.documents:
        if document.id == scope:
            return frozenset(map(knowledge.reference, document))
    clause = knowledge.find(scope)
    if clause is None:
        raise NoSuchScope(words.NO_SUCH_SCOPE.format(scope=scope))
    return frozenset(map(knowledge.reference, (clause, *knowledge.children(clause))))


def _spread(pool: Sequence[Item], count: int, seed: int) -> list[Item]:
    """Take one item after the other from the clause and the kind that have fewest so far; the seed decides ties.

    True and false statements are kept even too. An item whose passage was already shown comes only when nothing else is left.
    """
    waiting = sorted(pool, key=lambda item: rank(seed, item.id))
    clauses: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    answers: Counter[tuple[str, tuple[int, ...]]] = Counter()
    shown: set[str] = set()
    chosen: list[Item] = []
    while len(chosen) < count:

        def cost(place: int) -> tuple[int, int, bool, int, int]:
            item = waiting[place]
            answer = answers[item.kind, item.key] if item.kind == "truefalse" else 0
            return clauses[item.clause], kinds[item.kind], item.stem in shown, answer, place

        item = waiting.pop(min(range(len(waiting)), key=cost))
        chosen.append(item)
        clauses[item.clause] += 1
        kinds[item.kind] += 1
        answers[item.kind, item.key] += 1
        shown.add(item.stem)
    return chosen
