"""Questions that a clause's own words suggest, by rule: numbers, bodies, duties, prohibitions. A person approves them.

Each rule takes words of the clause between two marks, so that what is asked about is always what is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledge.clause import Kind

MOST = 6
_PIECE = re.compile(r"[^，。；：！？,;:!?\n｜]+")
_UNIT = "个工作日|工作日|个月|小时|分钟|平方米|万元|亿元|天|日|页|次|份|场|人|名|字|个|项|家|元|年|周|倍|桌"
_LIMIT = re.compile(
    rf"(?P<what>.*?)(?:原则上|一般|均|都)*(?P<how>不超过|不得超过|不多于|控制在|不少于|不得少于|至少|最多|不低于|限于)"
    rf"(?P<n>\d+(?:\.\d+)?|[一二三四五六七八九十两百]+)(?P<unit>{_UNIT}|%)"
)
_SHARE = re.compile(
    r"(?P<what>.*?)(?P<how>减少|压减|精简|下降|降低|提高|增加|压缩)(?:到|至)?(?:[约近]|不少于|不低于)?(?P<n>\d[\d.—%\-～~]*%|[一二三四五六七八九十]分之[一二三四五六七八九十])"
)
_EACH = re.compile(
    r"(?P<what>.*?)(?P<span>每年|每月|每季度|每周|每半年)(?P<do>[^\d一二三四五六七八九十至最不]{0,6}?)(?:至少|最多|不超过)?(?P<n>\d+|[一二三四五六七八九十两]+)次(?P<after>.*)"
)
_BEFORE = re.compile(
    r"(?:于|在)?(?:每[年月季周])?(?P<when>\d+月\d+日|\d+月底|\d+日|\d+个工作日)(?:以?前|之前|内|之内|以内)(?P<do>[^由的]{2,24})$"
)
_FORBIDDEN = re.compile(
    r"^(?P<who>.*?)(?:一律)?(?P<no>严禁|不得|禁止|不准|不许|不能|坚决防止|杜绝|不再)(?P<do>[^的]{2,24})$"
)
_WHO = re.compile(
    r"^由?(?P<who>[^由对将把]{2,20}?(?:办公厅|办公室|委员会|领导小组|工作专班|专班|部门|党委|党组|人民政府|机关|街道|局|委|办|单位|负责人|一把手))"
    r"(?P<how>牵头|负责|会同)(?P<do>.{2,30})$"
)
_DUTY = re.compile(r"^(?P<who>.{2,20}?)(?:应当|必须|要|须)(?P<do>[^求点素的]{3,24})$")
_NAME = re.compile(
    r"(?:建立|完善|健全|实行|推行|落实|制定|修订|出台)(?P<name>[^，。；、]{2,18}?(?:制度|机制|清单|办法|规则|条例|台账|计划|方案|目录|平台))"
)
_TOPIC = re.compile(
    r"^(?P<topic>(?:严格|加强|规范|完善|改进|优化|推进|精简|清理|强化|提高|落实|建立|健全|减少|控制)[^，。；：]{2,16})[。：]?"
)
_TIME = re.compile(r"(?:全年|每年|每月|每季度|每周|每次|一年内|.{0,4}季度内).{0,6}")
_AHEAD = re.compile(
    r"^(?P<what>.*?)(?:应当|要|须|必须)?(?:至少)?提前(?:\d+|[一二三五十两])(?P<unit>个工作日|个?小时|天|日)(?P<do>.{2,20})$"
)
_NOT_A_SUBJECT = ("其中", "并", "且", "但", "同时", "对", "将", "把", "在", "按", "以", "如", "因", "凡")
#: 严格 is no verb: 怎么严格年度总量 cannot be said.
_NOUN_AFTER = re.compile(r"严格(?!控制|执行|落实|管理|规范|审批|限制|把关)")
_LEADING = re.compile(r"^(?:同时|并且|确保|原则上|并|且|但|其中|对于|确需|因此|也|还|均|都|应当|要|必须|须)+")


def suggestions(text: str, kind: Kind, *, most: int = MOST) -> tuple[str, ...]:
    """Up to `most` natural questions that the words of a clause answer; none for headings without a topic."""
    found: dict[str, None] = {}
    rules = (
        (_headings,) if kind in ("section", "problem") else (_amounts, _bodies, _prohibitions, _names, _duties, _topics)
    )
    for rule in rules:
        for question in rule(_pieces(text)):
            if _sounds(question):
                found.setdefault(question)
    if not found and kind not in ("section", "problem"):
        found = dict.fromkeys(_named(_pieces(text)))
    return tuple(list(found)[:most])


def _pieces(text: str) -> list[str]:
    return [match[0].strip() for match in _PIECE.finditer(text) if match[0].strip()]


def _subject(words: str, before: str = "") -> str:
    """What a number is about: the words before it, else the piece before (全县性会议，时间不超过……)."""
    subject = _LEADING.sub("", words).strip("“”《》（）() 的、")
    subject = re.sub(r"(?:应当|要|应|须|必须|原则上|一律|一般)+$", "", subject)
    if len(subject) < 2 and 2 <= len(before) <= 14:
        return before
    if _TIME.fullmatch(subject):
        return before + subject if 2 <= len(before) <= 26 and not re.search(r"\d|应当|不得", before) else ""
    return subject


def _amounts(pieces: Sequence[str]) -> Iterator[str]:
    for i, piece in enumerate(pieces):
        before = pieces[i - 1] if i else ""
        limit = _LIMIT.search(piece)
        if limit is not None:
            what = _subject(limit["what"], before)
            least = limit["how"] in ("不少于", "不得少于", "至少", "不低于")
            if limit["unit"] == "%":
                yield f"{what}{'最低' if least else '最高'}可以到百分之多少？"
            elif what:
                many = "多少" if limit["unit"] in ("平方米", "万元", "亿元", "元", "字", "倍") else "几"
                yield f"{what}{'至少要' if least else '最多'}{many}{limit['unit']}？"
                if not least:
                    yield f"{what}超过{limit['n']}{limit['unit']}行不行？"
            continue
        share = _SHARE.search(piece)
        if share is not None:
            what = _subject(share["what"], before)
            if what:
                yield f"{what}要{share['how']}多少？"
            continue
        each = _EACH.search(piece)
        if each is not None and (each["do"] or each["after"]):
            what = _subject(each["what"])
            after = each["after"].strip("的。、")
            thing = f"{each['do']}几次{after}" if len(after) <= 16 else f"{each['do']}几次"
            yield f"{what}{each['span']}{'要' if each['do'] else ''}{thing}？"
        ahead = _AHEAD.match(piece)
        if ahead is not None:
            yield f"{_subject(ahead['what'])}要提前几{ahead['unit']}{ahead['do']}？"
        due = _BEFORE.search(piece)
        if due is not None:
            do = due["do"].strip("应当要须")
            who = re.sub(r"(?:应当|必须|要|须)?在?$", "", piece[: due.start()])
            who = who if len(who) <= 18 else ""
            yield f"{who}几个工作日内要{do}？" if "工作日" in due["when"] else f"{who}什么时候之前要{do}？"


def _bodies(pieces: Sequence[str]) -> Iterator[str]:
    for piece in pieces:
        match = _WHO.match(_LEADING.sub("", piece))
        if match is not None:
            verb = {"牵头": "由谁牵头", "负责": "由谁负责", "会同": "哪家单位会同"}[match["how"]]
            yield f"{verb}{match['do']}？"
            yield f"{match['who'].removeprefix('由')}要做什么？"


def _prohibitions(pieces: Sequence[str]) -> Iterator[str]:
    for piece in pieces:
        match = _FORBIDDEN.match(_LEADING.sub("", piece))
        if match is None or match["do"].startswith(("超过", "少于", "低于", "多于", "有下列", "有以下")):
            continue
        do = match["do"].strip("“”")
        who = re.sub(r"^任何(?:部门|单位|个人|组织|和)*$", "", match["who"].strip("、 "))
        who = "" if who.startswith(_NOT_A_SUBJECT) or len(who) > 14 or re.search("[的地]$", who) else who
        if match["no"] == "不再":
            yield f"{who}还要不要{do}？" if not do.startswith(("要", "再")) else f"{who}还{do}吗？"
        elif match["no"] in ("坚决防止", "杜绝"):
            yield f"{re.sub('^(?:和|、)(?:坚决)?(?:纠正|制止|防范|避免)', '', do)}，行不行？"
        else:
            yield f"{who}能不能{do}？"
            yield f"{who}{do}算不算违规？"


def _names(pieces: Sequence[str]) -> Iterator[str]:
    for piece in pieces:
        for match in _NAME.finditer(piece):
            yield f"{match['name']}是怎么规定的？"


def _duties(pieces: Sequence[str]) -> Iterator[str]:
    for piece in pieces:
        match = _DUTY.match(_LEADING.sub("", piece))
        if (
            match is not None
            and not re.search(r"\d", piece)
            and not match["who"].startswith(_NOT_A_SUBJECT)
            and not match["who"].endswith(("不", "主", "重", "需"))
        ):
            yield f"{match['who'].rstrip('也都均还')}要{match['do']}吗？"


def _topics(pieces: Sequence[str]) -> Iterator[str]:
    if pieces:
        match = _TOPIC.match(pieces[0])
        if match is not None and not _NOUN_AFTER.match(match["topic"]):
            yield f"怎么{match['topic']}？"


def _named(pieces: Sequence[str]) -> Iterator[str]:
    """What is left where no rule fits: a short piece of the clause, named in marks."""
    short = [piece for piece in pieces if 5 <= len(piece) <= 16 and not re.search("[“”《》（）]", piece)]
    if short:
        yield f"关于“{short[0]}”，原文是怎么说的？"


def _headings(pieces: Sequence[str]) -> Iterator[str]:
    problem = bool(pieces) and pieces[0].startswith("问题")
    pieces = [piece.strip("●■ ") for piece in pieces]
    topic = next((piece for piece in pieces if not re.fullmatch(r"问题.|解决方法|解决办法", piece)), "")
    listed = re.sub("下列|以下", "哪些", topic, count=1)
    if not 2 <= len(topic) <= 24 or topic in ("总则", "附则"):
        return
    if problem:
        yield f"怎么解决{topic}的问题？"
    elif listed != topic:
        yield f"{listed}？"
    elif topic.startswith(("如何", "怎")):
        yield f"{topic}？"
    else:
        yield f"{topic}有哪些？" if topic.endswith(("要求", "措施")) else f"{topic}有哪些具体要求？"


def _sounds(question: str) -> bool:
    """Whether a question can be said: not too short or long, no marks left open, no doubled words."""
    pairs = (("“", "”"), ("《", "》"), ("（", "）"))
    return (
        6 <= len(question) <= 44
        and all(question.count(a) == question.count(b) for a, b in pairs)
        and not re.search(r"要要|要应|吗吗|的？|和？|、？|或者？|等？|能不能不|^[的地得、]", question)
    )
