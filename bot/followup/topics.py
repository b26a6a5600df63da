"""Things that take each other's place in 那…呢, and how a question's topic is exchanged."""

from __future__ import annotations

import re

#: What a question is about; without a counterpart in it, they take the place of its subject.
OBJECTS: tuple[tuple[str, ...], ...] = (
    ("督查检查考核", "督查检查", "检查考核", "公文", "文件", "发文", "会议", "开会", "督查", "检查", "考核", "巡视", "巡察", "会"),
    ("documents", "document", "meetings", "meeting", "inspections", "inspection", "assessments"),
    ("正面典型", "反面典型", "先进典型", "负面典型", "正面", "反面", "先进", "负面"),
    ("干得好", "干得差", "表现好", "表现差", "做得好", "做得差"),
    ("文多", "会多", "检查多", "考核多", "文件多", "会议多"),
    ("谈话", "函询"),
    ("责任状", "一票否决"),
    ("表扬", "批评", "奖励", "处分"),
)  # fmt: skip
#: Whom it concerns; without a counterpart they are added to it.
BODIES: tuple[tuple[str, ...], ...] = (
    ("中央层面", "地方层面", "中央", "地方上", "地方", "省里", "省级", "市里", "县里", "乡里", "村里", "乡镇", "县级", "乡村",
     "厂矿企业学校", "企业学校", "厂矿企业", "企业", "学校", "部门", "基层", "部委"),
    ("主要负责同志", "一把手", "书记", "局长", "县长", "市长", "部长", "镇长", "主任", "处长"),
)  # fmt: skip
#: The noun 会 on its own; elsewhere the letter is nearly always the verb (会不会) or part of a word.
BARE_MEETING = r"^会(?=[多减要能怎])|(?<=[的个])会(?=[多减要能怎])"
#: Where the predicate of a short question begins.
PREDICATE = re.compile(
    r"(?:还?要不要|能不能|可不可以|是不是|该不该|还能|还要|也?要听|必须|应该|应当|可以|允许|需要|得不得|最多|最少|怎么|如何|怎样|行吗|行不行|要|能|该|还)"
)
#: The asking end of a question: 减少多少, 最多几页.
ASKED = re.compile(r"[^\W\d_]{0,2}(?:多少|几成|几[次页个条份级]|哪一?级).*$")
ENUMERATION = re.compile(r"成员|单位|参加|哪些|什么是|几个|有谁")


def swap_topic(question: str, topic: str) -> str | None:
    """A question with its topic exchanged: by a word of the same class, else the subject before the predicate."""
    classes = [names for names in (*OBJECTS, *BODIES) if _longest_name(topic, names)]
    for names in sorted(classes, key=lambda names: -_longest_name(topic, names)):
        name = "|".join(BARE_MEETING if n == "会" else re.escape(n) for n in sorted(names, key=len, reverse=True))
        place = re.search(rf"(?:{name})(?:(?:[和与及、跟或]|以及)?(?:{name}))*", question)
        if place is not None:
            return question[: place.start()] + _before(topic, question[place.end() :])
    subject = subject_of(question)
    if subject is None or ENUMERATION.search(question) or topic.isascii() or any(names in BODIES for names in classes):
        return None
    return topic + question[len(subject) :]


def subject_of(question: str) -> str | None:
    """What stands before the predicate of a short question; None where that cannot be told."""
    predicate = PREDICATE.search(question)
    return question[: predicate.start()] if predicate and 2 <= predicate.start() <= 8 else None


def _before(topic: str, rest: str) -> str:
    """A topic and what follows it, once where they overlap (省里发 before 发的文件)."""
    overlap = next((size for size in range(min(len(topic), len(rest)), 0, -1) if topic[-size:] == rest[:size]), 0)
    return topic + rest[overlap:]


def _longest_name(topic: str, names: tuple[str, ...]) -> int:
    return max((len(name) for name in names if name in topic and (len(name) > 1 or name == topic)), default=0)
