"""Which form a question has: what 那…呢 puts in another's place, and whether a question names a subject of its own."""

from __future__ import annotations

import re

from bot.followup.patterns import ALSO, DEFINITION, LATIN_PRONOUN, PRONOUN, SWAP, SWAP_BARE, THAT_TOPIC
from bot.followup.topics import BODIES, OBJECTS
from bot.followup.words import EXAMPLES, NO_SUBJECT, asks, covered


def topic_of(text: str) -> str | None:
    """What 那…呢 puts in another's place; None when the words ask something by themselves."""
    match = SWAP.match(text) or SWAP_BARE.match(text) or THAT_TOPIC.match(text)
    if match is None:
        return None
    groups = match.groupdict()
    if groups.get("latin"):
        return groups["latin"]
    topic = re.sub(r"^(?:那个?|对于?|关于|像|俺们|我们|咱们?)+(?=.)", "", groups["topic"] or "")
    topic = re.sub(r"(?<=.)的$", "", topic)
    if any(topic in names for names in (*OBJECTS, *BODIES)):
        return topic
    return None if not topic or asks(topic) or covered(topic, NO_SUBJECT) else topic


def needs_subject(plain: str, text: str, names: frozenset[str]) -> bool:
    """Whether a question names no subject of its own; `names` are terms that count as one."""
    if any(name in text for name in names) or DEFINITION.match(text):
        return False
    if plain.isascii():
        return len(plain.split()) <= 8 and LATIN_PRONOUN.search(plain) is not None  # not "is it raining"
    if text in EXAMPLES or ALSO.match(text) or _points_back(text):
        return True
    further = re.match(r"^还有(?=哪些|什么|谁|哪个|哪几)", text)
    core = re.sub(r"^(?:那么?|然后|如果|要是|万一)+(?=.)", "", text)
    if text[0] in "的了" or len(set(text)) * 2 < len(text):  # letters at random, not a question
        return False
    return (further is not None and len(text) <= 10) or (len(core) <= 12 and covered(core, NO_SUBJECT) and asks(core))


def _points_back(text: str) -> bool:
    """Whether a question begins with a pronoun for something said before (他们电话多少, 这个要多久)."""
    match = PRONOUN.match(text)
    return match is not None and asks(text) and (match["strong"] is not None or covered(match["rest"], NO_SUBJECT))
