"""Rules that lend a follow-up its subject: 那会议呢 takes another topic, 谁牵头 takes the last one.

Each gives the complete question, or None when the conversation does not tell. What comes out reads like a question
that someone asks at once, as the ranker has learned from such questions.
"""

from __future__ import annotations

import re

from bot.followup.conversation import Conversation, Turn
from bot.followup.forms import topic_of, without_pronoun
from bot.followup.patterns import SWAP
from bot.followup.reading import compact
from bot.followup.spellings import TRAILERS
from bot.followup.topics import ASKED, BODIES, OBJECTS, PREDICATE, swap_topic
from bot.followup.words import EXAMPLES, asks
from knowledge.clause import Clause

#: From this share on, a clause speaks of a topic.
ENOUGH = 0.5


def swap(plain: str, conversation: Conversation) -> Turn | None:
    """那会议呢 after 文件要减少多少 -> 会议要减少多少."""
    text = compact(plain)
    topic = topic_of(plain, text)
    if topic is None:
        return join(plain, conversation)
    tail = (SWAP.match(text) or {"tail": None})["tail"]
    return swap_to(topic, conversation, tail)


def swap_to(topic: str, conversation: Conversation, tail: str | None = None) -> Turn:
    """The last question asked of another topic."""
    base = conversation.last.base
    swapped = None if conversation.outline.resolve(conversation.last.text) else swap_topic(base, topic)
    joined = join(f"what about {topic}" if topic.isascii() else f"{topic}呢", conversation)
    if swapped is None:
        return Turn(_about_topic([joined.text], topic, conversation), joined.base)
    text = f"{swapped}，{tail}" if tail else swapped
    return Turn(_about_topic([text, *_shorter(base, topic), joined.text], topic, conversation), swapped)


def _shorter(base: str, topic: str) -> list[str]:
    """The asking parts of a question, asked of a topic."""
    return [topic + base[part.start() :] for part in (PREDICATE.search(base), ASKED.search(base)) if part is not None]


def _about_topic(candidates: list[str], topic: str, conversation: Conversation) -> str:
    """The question, of some put together, that finds the clause which speaks most of the topic.

    那会议呢 after 一个文件最多几页 would otherwise ask how many pages a meeting has, and find the pages; 那审计呢 would
    find what is said of inspections. Where no clause speaks of it, the plainest question, which is likely declined.
    """
    first, plainest = candidates[0], f"{topic}有哪些规定"
    if topic.isascii():
        return first
    focus = conversation.focus(conversation.last)[:1]
    if focus and topic in focus[0].text:  # both topics stand in one clause
        same = (text for text in candidates if conversation.answering(text) == focus[0])
        first = next(same, first)
    best, most = first, 0.0
    for text in (first, *candidates, f"那{topic}呢", plainest):
        found = conversation.answering(text)
        share = _spoken_of(topic, found, conversation) if found is not None else 0.0
        if share > most:
            best, most = text, share
        if most == 1.0:
            break
    if most >= ENOUGH or conversation.answering(first) is None or _is_another_name(topic, conversation):
        return best if most >= ENOUGH else first
    return plainest


def _is_another_name(topic: str, conversation: Conversation) -> bool:
    """Whether a topic is known to take others' place though no clause has the word (开会, 镇长)."""
    known = any(topic in names for names in (*OBJECTS, *BODIES))
    return known and not any(topic in clause.text for clause in conversation.knowledge)


def _spoken_of(topic: str, clause: Clause, conversation: Conversation) -> float:
    """How much of a topic, from 0 to 1, is in a clause or in the questions that it is known to answer.

    A thing that the notices speak of (会议) must be in the clause itself.
    """
    if any(topic in names for names in OBJECTS) and not _is_another_name(topic, conversation):
        return float(topic in clause.text)
    known = "\n".join((clause.text, *clause.questions))
    pieces = {topic[i : i + 2] for i in range(len(topic) - 1)} or {topic}
    return 1.0 if topic in known else sum(piece in known for piece in pieces) / len(pieces)


def join(plain: str, conversation: Conversation) -> Turn:
    """谁牵头 after 减负的专项机制 -> 减负的专项机制谁牵头: a search sees the subject and what is asked of it."""
    base = conversation.last.base
    addressed = conversation.outline.resolve(base)
    subject = first_words(addressed[0]) if addressed else TRAILERS.sub("", base)
    question = re.sub(r"^(?:那么?(?![个次种条些])|然后)(?=.)", "", plain)
    if subject.isascii() and question.isascii():
        return Turn(f"{subject}, {question}", base)
    question = without_pronoun(compact(question)) or question
    mark = "，" if asks(subject) or "，" in subject or question in EXAMPLES or question.isascii() else ""
    return Turn(f"{subject}{mark}{question}", base)


def first_words(clause: Clause) -> str:
    """The first words of a clause, enough to search it again."""
    line = re.sub(r"^[^：:]{1,6}[：:]", "", clause.text.strip()).splitlines()[0]
    return re.split(r"[。；]", line)[0][:40].rstrip("，、 ●")
