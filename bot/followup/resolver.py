"""resolve(): know a follow-up by its form, and turn it into the complete question with the rule for that form."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from bot.followup import places, subjects
from bot.followup.conversation import Conversation, Locate, Turn
from bot.followup.forms import needs_subject, topic_of
from bot.followup.patterns import (
    ABOUT_THE_BOT,
    AGAIN,
    NEXT,
    PREVIOUS,
    QUOTE,
    REST,
    SMALL_TALK,
    SOLUTION,
    STEP_TAIL,
    WHICH_HEADING,
)
from bot.followup.reading import clean, compact
from index.outline import Outline
from knowledge.base import KnowledgeBase

MAX_TURNS = 8  # earlier questions looked at
MAX_CHARACTERS = 200  # of each of them
MAX_FOLLOW_UP = 24  # longer questions have a subject of their own


def resolve(
    question: str,
    history: Sequence[str],
    knowledge: KnowledgeBase,
    *,
    locate: Locate = lambda _: None,
) -> str | None:
    """The complete question meant by a follow-up, or None when `question` stands on its own.

    `history` holds earlier questions, oldest first; follow-ups among them are resolved in turn. `locate` is asked which
    clause an earlier question was about, at most once for each text, and only where a place depends on it.
    """
    if not history or not is_follow_up(question, knowledge):
        return None
    found = lru_cache(maxsize=None)(locate)
    outline, names = _prepared(knowledge)
    turns: tuple[Turn, ...] = ()
    for earlier in history[-MAX_TURNS:]:
        plain = clean(earlier[:MAX_CHARACTERS])
        if not plain or SMALL_TALK.match(compact(plain)):
            continue
        turns += (_next_turn(plain, Conversation(turns, outline, names, knowledge, found)),)
    if not turns:
        return None
    turn = _rewrite(clean(question), Conversation(turns, outline, names, knowledge, found))
    return turn.text if turn is not None and turn.text != question else None


def is_follow_up(question: str, knowledge: KnowledgeBase) -> bool:
    """Whether a question has the form of a follow-up, whatever came before it."""
    return rule_for(clean(question), *_prepared(knowledge)) is not None


_PREPARED: dict[int, tuple[KnowledgeBase, Outline, frozenset[str]]] = {}


def _prepared(knowledge: KnowledgeBase) -> tuple[Outline, frozenset[str]]:
    """The outline, and the terms that the notices put in quotation marks; only the latest knowledge base is kept."""
    kept = _PREPARED.get(id(knowledge))
    if kept is None or kept[0] is not knowledge:
        quoted = {term for clause in knowledge for term in re.findall(r"“([^”]{2,12})”", clause.text)}
        kept = (knowledge, Outline(knowledge), frozenset(quoted))
        _PREPARED.clear()
        _PREPARED[id(knowledge)] = kept
    return kept[1], kept[2]


def _next_turn(plain: str, conversation: Conversation) -> Turn:
    turn = _rewrite(plain, conversation) if conversation.turns else None
    return turn or Turn(plain, plain)


def _rewrite(plain: str, conversation: Conversation) -> Turn | None:
    rule = rule_for(plain, conversation.outline, conversation.names)
    return rule(plain, conversation) if rule is not None else None


Rule = Callable[[str, Conversation], "Turn | None"]


def rule_for(plain: str, outline: Outline, names: frozenset[str]) -> Rule | None:  # noqa: PLR0911 -- a table of forms reads best in order
    """The rule for a question's form, or None when it stands on its own. Looks at the question alone."""
    text = compact(plain)
    if not text or len(plain) > 2.5 * MAX_FOLLOW_UP or SMALL_TALK.match(text) or ABOUT_THE_BOT.match(text):
        return None
    if outline.is_bare(text):
        return places.ordinal
    if outline.resolve(text) or outline.missing(text):
        return places.other_address if text.endswith("呢") or text.startswith("那") else None
    if len(text) > MAX_FOLLOW_UP and not text.isascii():
        return None
    step = NEXT.match(text) or PREVIOUS.match(text)
    if step and re.match(STEP_TAIL, text[step.end("what") :]):
        return places.step
    for pattern, rule in (
        (REST, places.rest),
        (WHICH_HEADING, places.which_heading),
        (QUOTE, places.again),
        (AGAIN, places.again),
    ):
        if pattern.match(text):
            return rule
    if SOLUTION.match(text):
        return places.solution
    return subjects.swap if topic_of(text) else subjects.join if needs_subject(plain, text, names) else None
