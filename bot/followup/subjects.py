"""Rules that lend a follow-up its subject: 那会议呢 takes another topic, 谁牵头 takes the last one.

Each gives the complete question, or None when the conversation does not tell.
"""

from __future__ import annotations

import re

from bot.followup.conversation import Conversation, Turn
from bot.followup.forms import topic_of
from bot.followup.patterns import SWAP
from bot.followup.reading import compact
from bot.followup.spellings import TRAILERS
from bot.followup.topics import ASKED, PREDICATE, swap_topic
from knowledge.clause import Clause


def swap(plain: str, conversation: Conversation) -> Turn | None:
    """那会议呢 after 文件要减少多少 -> 会议要减少多少."""
    topic = topic_of(compact(plain))
    if topic is None or conversation.outline.resolve(conversation.last.text):
        return join(plain, conversation)
    base = conversation.last.base
    tail = (SWAP.match(compact(plain)) or {"tail": None})["tail"]
    swapped = swap_topic(base, topic)
    if swapped is None:
        return join(plain, conversation)
    text = f"{swapped}，{tail}" if tail else swapped
    return Turn(_about_topic(text, topic, base, conversation), swapped)


def _about_topic(text: str, topic: str, base: str, conversation: Conversation) -> str:
    """The swapped question, or a plainer one about the topic where that finds a clause on something else.

    那会议呢 after 一个文件最多几页 would otherwise ask how many pages a meeting has, and find the pages.
    """
    if not any(topic in clause.text for clause in conversation.knowledge):
        return text  # not a word of the notices, so no clause can show that it speaks of it
    found = conversation.locate(text)
    if found is None or topic in found.text:
        return text
    asked = (PREDICATE.search(base), ASKED.search(base))
    plainest = f"{topic}有哪些规定"
    for candidate in (*(topic + base[part.start() :] for part in asked if part is not None), plainest):
        found = conversation.locate(candidate)
        if found is not None and topic in found.text:
            return candidate
    return plainest


def join(plain: str, conversation: Conversation) -> Turn | None:
    """谁牵头 after 减负的专项机制 -> both, earlier first, so that a search sees the subject and what is asked of it."""
    base = conversation.last.base
    addressed = conversation.outline.resolve(base)
    subject = first_words(addressed[0]) if addressed else TRAILERS.sub("", base)
    question = re.sub(r"^(?:那么?(?![个次种条些])|然后)(?=.)", "", plain)
    return Turn(f"{subject}，{question}", base)


def first_words(clause: Clause) -> str:
    """The first words of a clause, enough to search it again."""
    line = re.sub(r"^[^：:]{1,6}[：:]", "", clause.text.strip()).splitlines()[0]
    return re.split(r"[。；]", line)[0][:40].rstrip("，、 ●")
