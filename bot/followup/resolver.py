"""resolve(): know a follow-up by its form, and turn it into the complete question with the rule for that form."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from bot.followup import patterns, places, subjects
from bot.followup.conversation import Conversation, Locate, Turn
from bot.followup.forms import is_walk, needs_subject, topic_of
from bot.followup.frames import is_framed, unframe
from bot.followup.reading import clean, compact
from index.examples import pinyin_reader
from index.outline import Outline
from index.pinyin import PinyinReader
from knowledge.base import KnowledgeBase

MAX_TURNS = 8  # earlier questions looked at
MAX_CHARACTERS = 200  # of each of them
MAX_FOLLOW_UP = 24  # longer questions have a subject of their own

#: The complete question, or None when the conversation does not tell.
Rule = Callable[[str, Conversation], Turn | None]

#: A walk through the notice by what gives it away, in the order tried.
WALKS: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (patterns.REST, places.rest),
    (patterns.COUNT, places.whole_heading),
    (patterns.WHICH_CLAUSE, places.again),
    (patterns.QUOTE, places.again),
    (patterns.AGAIN, places.again),
)


def resolve(
    question: str,
    history: Sequence[str],
    knowledge: KnowledgeBase,
    *,
    answering: Locate = lambda _: None,
    about: Locate | None = None,
) -> str | None:
    """The complete question meant by a follow-up, or None when `question` stands on its own.

    `history` holds earlier questions, oldest first; follow-ups among them are resolved in turn. `answering` finds the
    clause that answers a question, `about` (else the same) also one that only comes close; each is asked at most once
    for a text, and only where the outcome depends on it.
    """
    if not history or not is_follow_up(question, knowledge):
        return None
    known = _known(knowledge)
    answering = lru_cache(maxsize=None)(answering)
    conversation = Conversation((), known.outline, knowledge, answering, lru_cache(maxsize=None)(about or answering))
    for earlier in history[-MAX_TURNS:]:
        plain = known.clean(earlier[:MAX_CHARACTERS])
        if plain and not patterns.SMALL_TALK.match(compact(plain)):
            turn = _rewrite(plain, conversation) if conversation.turns else None
            turns = (*conversation.turns, turn or Turn(plain, plain))
            conversation = replace(conversation, turns=turns)
    if not conversation.turns:
        return None
    turn = _rewrite(known.clean(question), conversation)
    return turn.text if turn is not None and turn.text != question else None


def is_follow_up(question: str, knowledge: KnowledgeBase) -> bool:
    """Whether a question has the form of a follow-up, whatever came before it."""
    known = _known(knowledge)
    plain = known.clean(question)
    return rule_for(plain, known) is not None


@dataclass(frozen=True)
class _Known:
    """What the forms need of a knowledge base, made once."""

    knowledge: KnowledgeBase

    @cached_property
    def outline(self) -> Outline:
        return Outline(self.knowledge)

    @cached_property
    def names(self) -> frozenset[str]:
        """The terms that the notices put in quotation marks."""
        return frozenset(term for clause in self.knowledge for term in re.findall(r"“([^”]{2,12})”", clause.text))

    @cached_property
    def _reader(self) -> PinyinReader:
        return pinyin_reader(self.knowledge)  # a fifth of a second, so not before someone types letters

    def _read_pinyin(self, text: str) -> str:
        return self._reader.read(text)

    def clean(self, question: str) -> str:
        return clean(question, self._read_pinyin)


_latest: list[_Known] = []


def _known(knowledge: KnowledgeBase) -> _Known:
    """What is known of the latest knowledge base; others are forgotten."""
    if not _latest or _latest[0].knowledge is not knowledge:
        _latest[:] = [_Known(knowledge)]
    return _latest[0]


def _rewrite(plain: str, conversation: Conversation) -> Turn | None:
    rule = rule_for(plain, _known(conversation.knowledge))
    return rule(plain, conversation) if rule is not None else None


def _unframe(plain: str, conversation: Conversation) -> Turn | None:
    return unframe(plain, conversation, _rewrite)


def rule_for(plain: str, known: _Known) -> Rule | None:
    """The rule for a question's form, or None when it stands on its own. Looks at the question alone."""
    text, outline = compact(plain), known.outline
    if not text or len(plain) > 2.5 * MAX_FOLLOW_UP:
        return None
    if patterns.SMALL_TALK.match(text) or patterns.ABOUT_THE_BOT.match(text):
        return None
    addressed = _address_rule(text, outline)
    if addressed is not None:
        return addressed
    if outline.resolve(text) or outline.missing(text) or (len(text) > MAX_FOLLOW_UP and not text.isascii()):
        return None
    if patterns.PLACE_AND_MORE.match(text):
        return places.ordinal_and_more
    return _walk_rule(text) or _subject_rule(plain, text, known)


def _address_rule(text: str, outline: Outline) -> Rule | None:
    """第三条呢, 下一条, 那问题四呢."""
    if is_walk(text, patterns.NEXT) or is_walk(text, patterns.PREVIOUS):
        return places.step
    if outline.is_bare(text) or patterns.NUMBERS.match(text):
        return places.ordinal
    if (outline.resolve(text) or outline.missing(text)) and (text.endswith("呢") or text.startswith("那")):
        return places.other_address
    return None


def _walk_rule(text: str) -> Rule | None:
    if is_walk(text, patterns.ALL) and patterns.SHOWING.search(text):
        return places.all_of_them
    if patterns.WHICH_HEADING.match(text):
        return places.which_heading
    for trigger, rule in WALKS:
        if is_walk(text, trigger):
            return rule
    return places.solution if patterns.SOLUTION.match(text) else None


def _subject_rule(plain: str, text: str, known: _Known) -> Rule | None:
    if is_framed(plain):
        return _unframe
    if topic_of(plain, text) is not None:
        return subjects.swap
    return subjects.join if needs_subject(plain, text, known.names) else None
