"""What people say about the talk itself: corrections (我是说会议; 不是文件，是会议) and returns (回到刚才文件那个).

The frame goes, and the rest is read in the conversation that it points to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.followup.conversation import Conversation, Turn
from bot.followup.patterns import CORRECTION, NOT_THIS, RETURN
from bot.followup.subjects import swap_to
from bot.followup.topics import subject_of
from bot.followup.words import asks

#: The complete question meant by a text in a conversation, by the rule for its form; None when it stands alone.
Rewrite = Callable[[str, Conversation], Turn | None]

LONGEST_TOPIC = 12


def is_framed(plain: str) -> bool:
    """Whether a question speaks of the talk itself."""
    return any(pattern.match(plain) for pattern in (NOT_THIS, CORRECTION, RETURN))


def unframe(plain: str, conversation: Conversation, rewrite: Rewrite) -> Turn | None:
    """The complete question inside a frame."""
    if match := NOT_THIS.match(plain):
        return _instead(match["wrong"], match["meant"], conversation, rewrite)
    if match := CORRECTION.match(plain):
        return _meant(plain[match.end() :], conversation, rewrite)
    if match := RETURN.match(plain):
        return _back_to(plain[match.end() :], conversation, rewrite)
    return None


def _instead(wrong: str, meant: str, conversation: Conversation, rewrite: Rewrite) -> Turn | None:
    base = conversation.last.base
    if asks(meant) and (turn := rewrite(meant, conversation)) is not None:
        subject = subject_of(base)
        return Turn(subject + meant, subject + meant) if subject else turn
    if wrong in base and not asks(meant):
        return swap_to(meant, conversation)
    return _meant(meant, conversation, rewrite)


def _meant(words: str, conversation: Conversation, rewrite: Rewrite) -> Turn | None:
    turn = rewrite(words, conversation)
    if turn is not None:
        return turn
    if len(words) <= LONGEST_TOPIC and not asks(words) and not conversation.outline.resolve(words):
        return swap_to(re.sub(r"的$", "", words), conversation)
    return _alone(words)


def _back_to(words: str, conversation: Conversation, rewrite: Rewrite) -> Turn | None:
    """The earlier question that the words speak of, with what they ask of it."""
    turns = conversation.turns
    topic, asked = _split(words)
    for count in range(len(turns), 0, -1):
        known = topic if asked is not None else _common_start(words, turns[count - 1].text)
        same_place = asked is not None and conversation.outline.resolve(topic)
        if not same_place and (len(known) < 2 or known not in turns[count - 1].text):
            continue
        rest = (words[len(known) :] if asked is None else asked).strip("，, 的")
        earlier = conversation.until(count)
        if same_place:
            earlier = replace(conversation, turns=(Turn(topic, topic),))
        if not rest:
            return earlier.last
        return rewrite(rest, earlier) or _alone(words if asked is None else known + rest)
    return None


def _split(words: str) -> tuple[str, str | None]:
    """文件那个，地方也要遵守吗 -> 文件, 地方也要遵守吗; no second part without a mark between them."""
    match = re.match(
        r"^(?P<topic>[^,，]{2,12}?)(?:那一?[个条块点句](?:话|问题)?[,，\s]*|[,，\s]+)(?P<asked>.*)$", words
    )
    return (match["topic"].removesuffix("的"), match["asked"]) if match else (words, None)


def _common_start(words: str, text: str) -> str:
    return next((words[:end] for end in range(len(words), 1, -1) if words[:end] in text), "")


def _alone(text: str) -> Turn:
    return Turn(text, text)
