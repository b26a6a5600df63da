"""Rules that walk through the notice: 第三条呢, 下一条, 还有吗, 两条都念念, 这条属于哪个问题, 原文怎么写.

Each gives the complete question, or None when the conversation does not tell.
"""

from __future__ import annotations

import re

from bot.followup.conversation import Conversation, Turn
from bot.followup.patterns import ALL, LISTED, NEXT, NUMBERS, PLACE_AND_MORE, REST_AFTER, STEP_OF_PROBLEMS
from bot.followup.reading import compact
from bot.followup.subjects import first_words, join
from index.outline import number_of


def _address_turn(text: str) -> Turn:
    return Turn(text, text)


def ordinal(plain: str, conversation: Conversation) -> Turn | None:
    """第三条呢 -> 问题三第3条; 第二个呢 after 第一个问题是什么 -> 第二个问题."""
    outline, last = conversation.outline, conversation.last.text
    text = compact(plain)
    if numbers := NUMBERS.match(text):
        text = "和".join(f"第{number}条" for number in re.findall(r"\d", numbers["numbers"]))
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


def ordinal_and_more(plain: str, conversation: Conversation) -> Turn | None:
    """第三条是讲留痕的吗 -> the first words of the clause, and what is asked of it."""
    match = PLACE_AND_MORE.match(compact(plain))
    heading = conversation.heading()
    if match is None or heading is None:
        return None
    chosen = conversation.outline.resolve(match["place"], heading)
    if not chosen:
        return ordinal(match["place"], conversation)
    address = conversation.outline.address(chosen)
    return Turn(f"{first_words(chosen[0])}，{match['asked']}", address)


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
    direction = 1 if NEXT.search(text) else -1
    focus = () if outline.missing(conversation.last.text) else conversation.focus(conversation.last)
    clause = (focus[-1] if direction > 0 else focus[0]) if focus else None
    if clause is None:
        return None
    heading = conversation.heading_of(clause)
    if heading is None:
        neighbour = knowledge.neighbours(clause)[direction > 0]
        return _address_turn(outline.address([neighbour])) if neighbour is not None else None
    if STEP_OF_PROBLEMS.search(text) or (clause.kind == "problem" and "个" in text):
        problems = [c for c in knowledge.document(heading.document) if c.kind == "problem"]
        number = (problems.index(heading) if heading in problems else len(problems)) + 1 + direction
        return _address_turn(f"{outline.nth_problem(heading.document, number)}有哪些措施")
    position = knowledge.children(heading).index(clause) + 1 if clause is not heading else 0
    match = NEXT.search(text)
    several = (
        knowledge.children(heading)[position:][: number_of(match["count"]) or 0] if match and match["count"] else ()
    )
    return _address_turn(outline.address(several) if several else outline.nth(heading, position + direction))


def rest(plain: str, conversation: Conversation) -> Turn | None:
    """还有吗: what stands under the same heading and was not asked for yet."""
    outline, knowledge = conversation.outline, conversation.knowledge
    focus = conversation.focus(conversation.last)
    heading = conversation.heading_of(focus[-1]) if focus else None
    if heading is None or (LISTED.search(conversation.last.text) and not outline.resolve(conversation.last.text)):
        return join(plain, conversation)
    children = knowledge.children(heading)
    asked = {clause.id for turn in conversation.turns[-4:] for clause in conversation.focus(turn)}
    left = [] if focus[-1].is_heading else [clause for clause in children if clause.id not in asked]
    if REST_AFTER.search(plain) and left:
        left = [clause for clause in left if clause.start > focus[-1].start]
    return _address_turn(outline.address(left) if left else outline.nth(heading, len(children) + 1))


def which_heading(plain: str, conversation: Conversation) -> Turn | None:
    """这条属于哪个问题 -> 问题二."""
    focus = conversation.focus(conversation.last)
    if not focus:
        return join(plain, conversation)
    return _address_turn(conversation.outline.address([conversation.heading_of(focus[0]) or focus[0]]))


def again(plain: str, conversation: Conversation) -> Turn | None:
    """原文怎么写, 再说一遍: the clause just spoken of, or the question again (every answer quotes word for word)."""
    focus = conversation.focus(conversation.last)
    if focus:
        return _address_turn(conversation.outline.address(focus))
    return conversation.last


def all_of_them(plain: str, conversation: Conversation) -> Turn | None:
    """两条都说说: the clauses of the last two questions; 把四条都念出来: all that stands under the heading."""
    match = ALL.search(compact(plain))
    count = number_of(match["count"]) if match and match["count"] else None
    latest = [conversation.focus(turn) for turn in conversation.turns[-count:]] if count else []
    clauses = list(dict.fromkeys(clause for focus in latest for clause in focus))
    if len(clauses) == count and not any(clause.is_heading for clause in clauses):
        return _address_turn(conversation.outline.address(clauses))
    heading = conversation.heading()
    if heading is not None and len(conversation.knowledge.children(heading)) == count:
        return _address_turn(conversation.outline.address([heading]))
    return again(plain, conversation)


def whole_heading(plain: str, conversation: Conversation) -> Turn | None:
    """一共几条 -> the heading with all that stands under it."""
    heading = conversation.heading()
    return _address_turn(conversation.outline.address([heading])) if heading else join(plain, conversation)


def solution(plain: str, conversation: Conversation) -> Turn | None:
    """解决方法呢 -> 问题一有哪些措施."""
    last = conversation.last.text
    addressed = conversation.outline.resolve(last)
    heading = addressed[-1] if addressed else conversation.outline.mentioned(last)
    if heading is None or not heading.is_heading:
        return join(plain, conversation)
    return _address_turn(f"{conversation.outline.address([heading])}有哪些措施")
