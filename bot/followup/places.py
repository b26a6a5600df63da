"""Rules that walk through the notice: 第三条呢, 下一条, 还有吗, 这条属于哪个问题, 原文怎么写.

Each gives the complete question, or None when the conversation does not tell.
"""

from __future__ import annotations

import re

from bot.followup.conversation import Conversation, Turn
from bot.followup.patterns import NEXT
from bot.followup.reading import compact
from bot.followup.subjects import join


def _address_turn(text: str) -> Turn:
    return Turn(text, text)


def ordinal(plain: str, conversation: Conversation) -> Turn | None:
    """第三条呢 -> 问题三第3条; 第二个呢 after 第一个问题是什么 -> 第二个问题."""
    outline, last = conversation.outline, conversation.last.text
    text = compact(plain)
    counts_problems = re.search("个大?问题|类问题|问题.$", last) and not re.search("措施|办法|条", last)
    if counts_problems and outline.is_bare_count(text):
        problem = re.sub("个", "个问题", text)
        chosen = outline.resolve(problem)
        return _address_turn(outline.address(chosen) if chosen else problem)
    heading = conversation.heading()
    if heading is None:
        return other_address(plain, conversation) if _other_document(conversation) else None
    chosen = outline.resolve(text, heading)
    if chosen:
        return _address_turn(outline.address(chosen))
    items = re.sub(r"^那么?|呢$", "", text)
    return _address_turn(outline.address([heading]) + items)


def _other_document(conversation: Conversation) -> str:
    """《name》 of the document last addressed, or nothing when that is the first one, which needs no name."""
    knowledge = conversation.knowledge
    before = conversation.outline.resolve(conversation.last.text)
    if not before or before[0].document == knowledge.documents[0].id:
        return ""
    return f"《{knowledge.document(before[0].document).short_title}》"


def other_address(plain: str, conversation: Conversation) -> Turn | None:
    """问题四呢 after another document's address stays in that document."""
    outline = conversation.outline
    text = re.sub(r"^那么?|呢$", "", compact(plain))
    if "《" not in text:
        text = _other_document(conversation) + text
    chosen = outline.resolve(text)
    return _address_turn(outline.address(chosen) if chosen else text)


def step(plain: str, conversation: Conversation) -> Turn | None:
    """下一条, 上一条, 下一个问题."""
    outline, knowledge = conversation.outline, conversation.knowledge
    text = compact(plain)
    direction = 1 if NEXT.match(text) else -1
    last = conversation.last.text
    focus = () if outline.missing(last) else conversation.focus(conversation.last)
    clause = (focus[-1] if direction > 0 else focus[0]) if focus else None
    if clause is None:
        return None
    heading = clause if clause.is_heading else knowledge.parent(clause)
    if heading is None:
        neighbour = knowledge.neighbours(clause)[direction > 0]
        return _address_turn(outline.address([neighbour])) if neighbour is not None else None
    if "问题" in text or (clause.kind == "problem" and "个" in text):
        problems = [c for c in knowledge.document(heading.document) if c.kind == "problem"]
        number = (problems.index(heading) if heading in problems else len(problems)) + 1 + direction
        return _address_turn(f"{outline.nth_problem(heading.document, number)}有哪些措施") if number else None
    position = knowledge.children(heading).index(clause) + 1 if clause is not heading else 0
    number = position + direction
    return _address_turn(outline.nth(heading, number)) if number > 0 else None


def rest(plain: str, conversation: Conversation) -> Turn | None:
    """还有吗: what stands under the same heading and was not asked for yet."""
    outline, knowledge = conversation.outline, conversation.knowledge
    focus = conversation.focus(conversation.last)
    if not focus:
        return join(plain, conversation)
    heading = focus[-1] if focus[-1].is_heading else knowledge.parent(focus[-1])
    if heading is None:
        return join(plain, conversation)
    children = knowledge.children(heading)
    asked = {clause.id for turn in conversation.turns[-4:] for clause in conversation.focus(turn)}
    rest = [] if focus[-1].is_heading else [clause for clause in children if clause.id not in asked]
    return _address_turn(outline.address(rest) if rest else outline.nth(heading, len(children) + 1))


def which_heading(plain: str, conversation: Conversation) -> Turn | None:
    """这条属于哪个问题 -> 问题二."""
    focus = conversation.focus(conversation.last)
    if not focus:
        return join(plain, conversation)
    heading = focus[0] if focus[0].is_heading else conversation.knowledge.parent(focus[0])
    return _address_turn(conversation.outline.address([heading or focus[0]]))


def again(plain: str, conversation: Conversation) -> Turn | None:
    """原文怎么写, 再说一遍: the clause just spoken of, or the question again (every answer quotes word for word)."""
    focus = conversation.focus(conversation.last)
    if focus:
        return _address_turn(conversation.outline.address(focus))
    return conversation.last


def solution(plain: str, conversation: Conversation) -> Turn | None:
    """解决方法呢 -> 问题一有哪些措施."""
    last = conversation.last.text
    addressed = conversation.outline.resolve(last)
    heading = addressed[-1] if addressed else conversation.outline.mentioned(last)
    if heading is None or not heading.is_heading:
        return join(plain, conversation)
    return _address_turn(f"{conversation.outline.address([heading])}有哪些措施")
