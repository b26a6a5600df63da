"""Which form a question has: a walk through the notice, another topic, or no subject of its own."""

from __future__ import annotations

import re

from bot.followup import patterns
from bot.followup.topics import BODIES, OBJECTS
from bot.followup.words import (
    ENGLISH_ASKING,
    ENGLISH_NO_SUBJECT,
    EXAMPLES,
    FRAME,
    NO_SUBJECT,
    SUBJECTS,
    asks,
    covered,
)

LONGEST_CORE = 12  # characters of a question without a subject


def is_walk(text: str, trigger: re.Pattern[str]) -> bool:
    """Whether a question holds a trigger, and nothing of content besides."""
    rest, triggers = trigger.subn("、", text)
    return triggers > 0 and all(covered(part, FRAME) for part in re.split(r"[、,，:：]", rest))


def topic_of(plain: str, text: str) -> str | None:
    """What 那…呢 puts in another's place; None when the words ask something by themselves."""
    if plain.isascii():
        match = patterns.ENGLISH_SWAP.match(plain)
        return match["topic"] if match and not set(match["topic"].split()) & ENGLISH_ASKING else None
    if patterns.CONDITION.match(text):
        return None
    for pattern in (patterns.SWAP_ALSO, patterns.SWAP, patterns.SWAP_BARE, patterns.THAT_TOPIC):
        match = pattern.match(text)
        if match is not None and (topic := _plain_topic(match["topic"])) is not None:
            return topic
    return None


def _plain_topic(words: str) -> str | None:
    topic = re.sub(r"^(?:那个?|对于?|关于|像|俺们|我们|咱们?)+(?=.)", "", words)
    topic = re.sub(r"(?<=.)(?:的|方面|这块|这一块|那块|这边|那边)$", "", topic)
    topic = re.sub(r"(?<=..)(?:印?发|开|搞|办|定)$", "", topic) if words.endswith("的") else topic
    named = any(topic == name or (len(name) > 1 and name in topic) for names in (*OBJECTS, *BODIES) for name in names)
    if named and not asks(topic):
        return topic
    return None if len(topic) < 2 or asks(topic) or covered(topic, NO_SUBJECT) else topic


def needs_subject(plain: str, text: str, names: frozenset[str]) -> bool:
    """Whether a question names no subject of its own; `names` are terms that count as one."""
    if any(name in text for name in names | SUBJECTS) or patterns.DEFINITION.match(text):
        return False
    if plain.isascii():
        return _english_needs_subject(plain)
    if (
        patterns.CONDITION.match(text)
        or text in EXAMPLES
        or patterns.ALSO.match(text)
        or without_pronoun(text) is not None
    ):
        return True
    core = re.sub(r"^(?:那么?|然后|还有|如果|要是|万一)+(?=.)", "", text)
    if text[0] in "的了" or len(set(text)) * 2 < len(text):  # letters at random, not a question
        return False
    return len(core) <= LONGEST_CORE and covered(core, NO_SUBJECT) and (asks(core) or core.endswith("呢"))


def _english_needs_subject(plain: str) -> bool:
    words = re.findall(r"[a-z']+", plain)
    if len(words) > 8:
        return False
    bare = set(words) <= ENGLISH_NO_SUBJECT and bool(ENGLISH_ASKING & set(words))
    return bare or patterns.LATIN_PRONOUN.search(plain) is not None  # not "is it raining"


def without_pronoun(text: str) -> str | None:
    """What is asked of something said before (他们电话多少, 这种人还能用吗), or None without a pronoun for it."""
    match = patterns.PRONOUN.match(text)
    if match is None or not asks(text):
        return None
    rest = match["rest"]
    return rest if not match["weak"] or covered(rest, NO_SUBJECT) else None
