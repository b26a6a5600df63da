"""Follow-ups: turn "那会议呢" after an earlier question into the question that is meant.

Deterministic and cautious: a question that is complete in itself is never rewritten. A follow-up is known by its form
alone: a place without its heading (第三条呢), a step (下一条), a cue (那…呢, 还有吗, 原文怎么写), or words that name
no subject of their own (谁牵头, 具体减少多少). What comes out is text, which index/ then searches like any other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.outline import Outline
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

#: Finds the clause that an earlier question was about; None when no clause answers it.
Locate = Callable[[str], Clause | None]

MAX_TURNS = 8  # earlier questions looked at
MAX_CHARACTERS = 200  # of each of them
MAX_FOLLOW_UP = 24  # longer questions have a subject of their own

# ---- How people write the cues: Traditional, dialect, slips of the keyboard, pinyin -------------------------------
TRADITIONAL = str.maketrans(
    "問題條項點個針對類後麼說講寫內裡裏還這與從間們嗎幾麵總數會議開減責任狀檢查監導領機關層級縣鄉鎮規頁錢電話號時"
    "長誰頭單參負處罰為實際執選舉體現細請貼發給讓過達來節評報錄視頻臺賬書簽學習業黨風樣換該屬於歸決牽區辦詢紅",
    "问题条项点个针对类后么说讲写内里里还这与从间们吗几面总数会议开减责任状检查监导领机关层级县乡镇规页钱电话号时"
    "长谁头单参负处罚为实际执选举体现细请贴发给让过达来节评报录视频台账书签学习业党风样换该属于归决牵区办询红",
)
SPELLINGS = {
    "会义": "会议",
    "回议": "会议",
    "汇议": "会议",
    "元文": "原文",
    "圆文": "原文",
    "问提": "问题",
    "文见": "文件",
    "责任壮": "责任状",
    "涵询": "函询",
    "学较": "学校",
    "具休": "具体",
    "下一跳": "下一条",
    "咁": "那",
    "嗰": "那",
    "点解": "为什么",
    "乜嘢": "什么",
    "边个": "谁",
    "哪个人": "谁",
    "几多": "多少",
    "咋个": "怎么",
    "咋": "怎么",
    "啥子": "什么",
    "啥": "什么",
    "要得不": "行吗",
}
#: Dialect forms of the particle 呢, at the end of a clause only.
PARTICLES = re.compile(r"[咧喃捏呐哩](?=$|[,，。?？!！])")
HOMOPHONE_NUMERALS = {"思": "四", "斯": "四", "司": "四", "伞": "三", "山": "三", "舞": "五", "武": "五", "流": "六"}
PINYIN = {
    "di": "第", "yi": "一", "er": "二", "san": "三", "si": "四", "wu": "五", "liu": "六", "qi": "七", "ba": "八",
    "jiu": "九", "shi": "十", "tiao": "条", "na": "那", "ne": "呢", "shui": "谁", "qiantou": "牵头", "huiyi": "会议",
    "wenjian": "文件", "jiancha": "检查", "weishenme": "为什么", "zenme": "怎么", "ban": "办", "duoshao": "多少",
    "xia": "下", "shang": "上", "ge": "个", "wenti": "问题", "yuanwen": "原文", "haiyou": "还有", "ma": "吗",
}  # fmt: skip
OPENERS = re.compile(
    r"^(?:(?:嗯|呃|那个(?=那个)|请问|我想问|再问一?下|顺便问一?下)[,，、。\s]*|(?:额|哦|噢|好的?|对了|谢谢)[,，、。\s]+)+"
)
TRAILERS = re.compile(r"(?<=.)(?:[\s?？!！。.,，~～…]|(?<!干)嘛|呀|啊|哦|哈|噻|咯|撒|啦|呗|来着|谢谢)+$")

# ---- The forms of a follow-up ------------------------------------------------------------------------------------
NEXT = re.compile(
    r"^(?:那么?|再|接着|然后|and|the)*(?:再?下面?一?|后面?那?一|再往下一?|next)(?P<what>条|个|点|项|one|measure|问题|$).*$"
)
PREVIOUS = re.compile(
    r"^(?:那么?|再|and|the)*(?:上面?一|前面?那?一|再往上一?|previous)(?P<what>条|个|点|项|one|measure|问题|$).*$"
)
STEP_TAIL = r"(?:大?问题|措施|点|那条)?(?:又|都)?(?:是|讲|说|写|呢|的|了|什么|有哪些|措施|内容|怎么|念一下|看看|\?)*$"
REST = re.compile(
    r"^(?:那么?)?(?:后面|下面)?(?:还有(?:别的|其[他它]的?|什么|哪些|另外的?)?|其[他它余]的?|别的|另外的?|剩下的?|剩余的?|余下的?)"
    r"(?:几?[条点项]|要求|措施|办法|规定|内容|招|几条)?(?:吗|呢|么|没有?|不|有哪些|是什么|是哪些|分别是什么|也说说|也念一下)?$"
    r"|^(?:anything|what)else$"
)
WHICH_HEADING = re.compile(
    r"^(?:那么?)?(?:这|那|它|该|上面那?)?一?(?:条|个|项|点|句)?(?:措施|规定|话)?(?:应该)?"
    r"(?:属于|归属|归在|归|在|是|属|算|出自|对应)(?:于|在)?(?:的?是)?(?:哪|第几|什么)(?:一|几)?[个类块条]?大?"
    r"(?:问题|部分|块|方面)(?:的|里|里面|下面?|之下|下面的|管|那?部分|措施)*$"
)
QUOTE = re.compile(
    r"^(?:那么?|这条|那条|它|把|给我|给|请|我要|要|看|看看|贴|发|念)*的?(?:原文|原话|原句|条文|全文)"
    r"(?:内容)?(?:是|在|的)?(?:怎么|如何|什么|给我|发|贴|念|读|写|说|讲|表述|规定|看|出来|一下|一遍|看看|呢|的|我|吗|有|是)*$"
)
AGAIN = re.compile(
    r"^(?:再|请|能|能不能|麻烦|给我|你|可以)*(?:详细|具体|展开|仔细|完整|重新|多)?(?:地|点)?"
    r"(?:说说|讲讲|说一说|讲一讲|说一遍|讲一遍|说一下|讲一下|念一遍|说详细点|讲详细点|说具体点|详细点|具体点|展开讲讲|展开说说)(?:吗|呢|吧)?$"
)
SWAP = re.compile(
    r"^(?P<cue>那么?|哪|换成|换做|换作|改成|如果是|要是|若是|还有|至于|那如果是)?(?:那?个)?(?P<topic>[^呢,，。?？]{1,10})"
    r"呢(?:[,，](?P<tail>.{1,6}))?$|^(?:whatabout|howabout|andwhatabout)(?P<latin>.{2,40})$"
)
SWAP_BARE = re.compile(r"^(?:换成|换做|换作|那)(?P<topic>[^呢,，。?？吗么什怎谁哪几多]{2,6})$")
THAT_TOPIC = re.compile(r"^那个?(?P<topic>[^,，。?？]{2,6}?)(?P<tail>行吗|可以吗|算吗|要吗|能吗|行不行)$")
ALSO = re.compile(r"^[^和与、]{2,5}也(?:参加|算|要|行|包括|包含|适用|在里面|在内|一样|不行|得)(?:吗|不|么)$")
PRONOUN = re.compile(
    r"^(?:(?P<strong>他们|她们|它们?|这条|那条|该条|这一条|这项|这句)|这些|这个|这样|那样)(?P<rest>.{1,8})$"
)
LATIN_PRONOUN = re.compile(r"(?<!^is )\b(?:it|they|them|those|these)\b(?! is)", re.IGNORECASE)
DEFINITION = re.compile(r"^(?:什么叫|什么是|何为|何谓)")
SOLUTION = re.compile(
    r"^(?:那么?|具体|总的|有)*(?:的?(?:解决|整治)?(?:方法|办法|措施|对策|招)(?:是|有)?(?:什么|哪些|呢)*|(?:要|应该|该|又)?(?:怎么|如何|怎样)(?:解决|治理?|整治|应对)(?:呢|的)?"
    r"|有(?:哪些|什么)(?:解决|整治)?(?:措施|办法|方法|对策|要求))$"
)
SMALL_TALK = re.compile(
    r"^(?:你好|您好|hello|hi|在吗|谢谢你?|多谢|辛苦了?|好的?|嗯|哦|再见|拜拜|ok|明白了?|知道了?|收到|早上好|下午好)+$"
)
ABOUT_THE_BOT = re.compile(
    r"^(?:怎么用|能[问做干]什么|会什么|会做什么|有什么功能|可以问什么|现在?几点了?|几点了?|几号|几月几号)$"
)

# ---- Words that ask, and words that name no subject: a question made of these alone needs an earlier one ----------


def _table(text: str) -> frozenset[str]:
    return frozenset(text.split())


ASKING_ENDS = _table("吗 么 不 没 没有")
ASKING = ASKING_ENDS | _table("""
    谁 哪 哪个 哪些 哪几 哪些地方 什么地方 哪个地方 哪里 哪儿 哪天 哪年 什么 什么时候 何时 干什么 多少 几 百分之几 多久 多长 多大 多高
    怎么 怎么办 怎么样 如何 怎样 为什么 为何 凭什么 能不能 行不行 可不可以 是不是 要不要 会不会 有没有 算不算 够不够
""")
ENDS_ASKING = r"(?<=.)(?:吗|么|不|没有?)$|了[么吗没]"
EXAMPLES = _table("举个例子 举例 举例说明 举几个例子 举例子 有例子 比如 比如说 例如 详细 具体")
LITTLE_WORDS = _table("""
    这 那 它 他 他们 它们 这个 那个 这些 的 了 呢 啊 过 着 地 得 都 也 还 再 又 就 才 只 到底 究竟 具体 大概 一般 最多 最少 最长 最高 最低
    至少 总共 一共 共 每 每个 每年 每月 每天 现在 目前 实际 真的 分别 各 由 在 对 为 为了 把 被 跟 和 里面 里 内 上 下 前 后 来 去 出 吧 老
    按 以 从 到 于 多 少 一 二 两 三 四 五 六 七 八 九 十 , ， 、 是否 例外 包括 除了 因为 所以 后来 一点 详细 不好
""")
DONE_TO_ANYTHING = _table("""
    是 有 要 会 能 可以 应该 必须 该 让 给 做 干 搞 说 讲 写 算 算数 用 叫 找 管 批 批准 审批 牵头 负责 协调 参加 参与 起草 提出 提出来
    定 成立 开始 结束 施行 实行 执行 生效 减 减少 砍 降 增加 公开 处分 处罚 处理 追究 罚 扣 判 取消 解决 防止 区分 选 查 看 改 改成
    超过 超过了 超了 超出 超标 违反 违规 没做到 做不到 没完成 不执行 不做 剩 拿 占 回 回复 需要
""")
ASKED_OF_ANYTHING = _table("""
    人 人员 单位 部门 组长 责任人 名单 名字 电话 号码 地址 网址 省 市 县 条 个 项 点 级 一级 页 次 位 名 家 份 场 栋 辆 辆车 号 成 比例
    数量 钱 块钱 奖金 分 年 月 日 天 小时 时间 期限 起 止 范围 前提 条件 制度 办法 方法 要求 标准 原因 目的 依据 例子 问题 方面 部分 行动
    结果 后果
""")
NO_SUBJECT = ASKING | LITTLE_WORDS | DONE_TO_ANYTHING | ASKED_OF_ANYTHING

# ---- Things that take each other's place in 那…呢 -----------------------------------------------------------------
#: What a question is about; without a counterpart in it, they take the place of its subject.
OBJECTS: tuple[tuple[str, ...], ...] = (
    ("督查检查考核", "督查检查", "检查考核", "公文", "文件", "发文", "会议", "开会", "督查", "检查", "考核", "巡视", "巡察", "会"),
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


@dataclass(frozen=True, slots=True)
class _Turn:
    """An earlier question made complete; `base` is what further elliptic questions are joined to."""

    text: str
    base: str


@dataclass(frozen=True)
class _Conversation:
    """What the rules look at: the earlier questions, oldest first, and the ways to find what they were about."""

    turns: tuple[_Turn, ...]
    outline: Outline
    names: frozenset[str]
    knowledge: KnowledgeBase
    locate: Locate

    @property
    def last(self) -> _Turn:
        """The question just before."""
        return self.turns[-1]

    def focus(self, turn: _Turn) -> tuple[Clause, ...]:
        """The clauses that an earlier question was about: addressed, or found by searching, or none."""
        addressed = self.outline.resolve(turn.text)
        if addressed:
            return addressed
        found = self.locate(turn.text)
        return (found,) if found is not None else ()

    def heading(self) -> Clause | None:
        """The heading spoken of most lately: addressed, named in passing, or above the clause found."""
        for turn in reversed(self.turns):
            addressed = self.outline.resolve(turn.text)
            clause = addressed[-1] if addressed else self.outline.mentioned(turn.text) or self.locate(turn.text)
            if clause is not None:
                heading = clause if clause.is_heading else self.knowledge.parent(clause)
                if heading is not None:
                    return heading
        return None


def resolve(
    question: str,
    history: Sequence[str],
    knowledge: KnowledgeBase,
    *,
    locate: Locate = lambda _: None,
) -> str | None:
    """The complete question meant by a follow-up, or None when `question` stands on its own.

    `history` holds earlier questions, oldest first; follow-ups among them are resolved in turn. `locate` is asked which
    clause an earlier question was about, at most once for each text, and only where a place depends on it.
    """
    if not history or not is_follow_up(question, knowledge):
        return None
    found = lru_cache(maxsize=None)(locate)
    outline, names = _prepared(knowledge)
    turns: tuple[_Turn, ...] = ()
    for earlier in history[-MAX_TURNS:]:
        plain = _clean(earlier[:MAX_CHARACTERS])
        if not plain or SMALL_TALK.match(_compact(plain)):
            continue
        turns += (_next_turn(plain, _Conversation(turns, outline, names, knowledge, found)),)
    if not turns:
        return None
    turn = _rewrite(_clean(question), _Conversation(turns, outline, names, knowledge, found))
    return turn.text if turn is not None and turn.text != question else None


def is_follow_up(question: str, knowledge: KnowledgeBase) -> bool:
    """Whether a question has the form of a follow-up, whatever came before it."""
    return _rule(_clean(question), *_prepared(knowledge)) is not None


_PREPARED: dict[int, tuple[KnowledgeBase, Outline, frozenset[str]]] = {}


def _prepared(knowledge: KnowledgeBase) -> tuple[Outline, frozenset[str]]:
    """The outline, and the terms that the notices put in quotation marks; only the latest knowledge base is kept."""
    kept = _PREPARED.get(id(knowledge))
    if kept is None or kept[0] is not knowledge:
        quoted = {term for clause in knowledge for term in re.findall(r"“([^”]{2,12})”", clause.text)}
        kept = (knowledge, Outline(knowledge), frozenset(quoted))
        _PREPARED.clear()
        _PREPARED[id(knowledge)] = kept
    return kept[1], kept[2]


def _next_turn(plain: str, conversation: _Conversation) -> _Turn:
    turn = _rewrite(plain, conversation) if conversation.turns else None
    return turn or _Turn(plain, plain)


def _rewrite(plain: str, conversation: _Conversation) -> _Turn | None:
    rule = _rule(plain, conversation.outline, conversation.names)
    return rule(plain, conversation) if rule is not None else None


# ---- Reading -----------------------------------------------------------------------------------------------------
def _clean(question: str) -> str:
    """The question in plain spelling, without the hesitation before it and the marks after it."""
    text = unicodedata.normalize("NFKC", question).strip().translate(TRADITIONAL)
    text = _from_pinyin(text)
    for written, meant in SPELLINGS.items():
        text = text.replace(written, meant)
    text = PARTICLES.sub("呢", text)
    text = re.sub(r",(?=[^\x00-\x7f])", "，", text)
    text = re.sub(r"第([思斯司伞山舞武流])(?=[条点项个])", lambda m: f"第{HOMOPHONE_NUMERALS[m[1]]}", text)
    shorter = OPENERS.sub("", text)
    text = shorter or text
    return TRAILERS.sub("", text).strip()


def _from_pinyin(text: str) -> str:
    """Pinyin of cue words, when the whole question is Latin and begins with one of them."""
    words = text.lower().split()
    if not 2 <= len(words) <= 6 or not all(word in PINYIN or word.isalpha() for word in words):
        return text
    known = [word in PINYIN for word in words]
    if text.isascii() and sum(known) * 2 > len(words):
        return "".join(PINYIN.get(word, word) for word in words)
    return text


def _compact(plain: str) -> str:
    return re.sub(r"\s+", "", plain).lower()


def _covered(text: str, words: frozenset[str]) -> bool:
    """Whether a text is made of these words and nothing else."""
    reachable = {0}
    for end in range(1, len(text) + 1):
        if any(start in reachable and text[start:end] in words for start in range(max(0, end - 6), end)):
            reachable.add(end)
    return len(text) in reachable


def _asks(text: str) -> bool:
    """Whether a text holds a question word, or ends in a particle that makes it a question."""
    return any(word in text for word in ASKING - ASKING_ENDS) or re.search(ENDS_ASKING, text) is not None


_Rule = Callable[[str, _Conversation], "_Turn | None"]


def _rule(plain: str, outline: Outline, names: frozenset[str]) -> _Rule | None:  # noqa: PLR0911 -- a table of forms reads best in order
    """The rule for a question's form, or None when it stands on its own. Looks at the question alone."""
    text = _compact(plain)
    if not text or len(plain) > 2.5 * MAX_FOLLOW_UP or SMALL_TALK.match(text) or ABOUT_THE_BOT.match(text):
        return None
    if outline.is_bare(text):
        return _ordinal
    if outline.resolve(text) or outline.missing(text):
        return _other_address if text.endswith("呢") or text.startswith("那") else None
    if len(text) > MAX_FOLLOW_UP and not text.isascii():
        return None
    step = NEXT.match(text) or PREVIOUS.match(text)
    if step and re.match(STEP_TAIL, text[step.end("what") :]):
        return _step
    for pattern, rule in ((REST, _rest), (WHICH_HEADING, _which_heading), (QUOTE, _again), (AGAIN, _again)):
        if pattern.match(text):
            return rule
    if SOLUTION.match(text):
        return _solution
    return _swap if _topic(text) else _join if _needs_subject(plain, text, names) else None


def _topic(text: str) -> str | None:
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
    return None if not topic or _asks(topic) or _covered(topic, NO_SUBJECT) else topic


def _needs_subject(plain: str, text: str, names: frozenset[str]) -> bool:
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
    return (further is not None and len(text) <= 10) or (len(core) <= 12 and _covered(core, NO_SUBJECT) and _asks(core))


def _points_back(text: str) -> bool:
    """Whether a question begins with a pronoun for something said before (他们电话多少, 这个要多久)."""
    match = PRONOUN.match(text)
    return match is not None and _asks(text) and (match["strong"] is not None or _covered(match["rest"], NO_SUBJECT))


# ---- The rules: each gives the complete question, or None when the conversation does not tell -------------------------
def _address_turn(text: str) -> _Turn:
    return _Turn(text, text)


def _ordinal(plain: str, conversation: _Conversation) -> _Turn | None:
    """第三条呢 -> 问题三第3条; 第二个呢 after 第一个问题是什么 -> 第二个问题."""
    outline, last = conversation.outline, conversation.last.text
    text = _compact(plain)
    counts_problems = re.search("个大?问题|类问题|问题.$", last) and not re.search("措施|办法|条", last)
    if counts_problems and outline.is_bare_count(text):
        problem = re.sub("个", "个问题", text)
        chosen = outline.resolve(problem)
        return _address_turn(outline.address(chosen) if chosen else problem)
    heading = conversation.heading()
    if heading is None:
        return _other_address(plain, conversation) if _other_document(conversation) else None
    chosen = outline.resolve(text, heading)
    if chosen:
        return _address_turn(outline.address(chosen))
    items = re.sub(r"^那么?|呢$", "", text)
    return _address_turn(outline.address([heading]) + items)


def _other_document(conversation: _Conversation) -> str:
    """《name》 of the document last addressed, or nothing when that is the first one, which needs no name."""
    knowledge = conversation.knowledge
    before = conversation.outline.resolve(conversation.last.text)
    if not before or before[0].document == knowledge.documents[0].id:
        return ""
    return f"《{knowledge.document(before[0].document).short_title}》"


def _other_address(plain: str, conversation: _Conversation) -> _Turn | None:
    """问题四呢 after another document's address stays in that document."""
    outline = conversation.outline
    text = re.sub(r"^那么?|呢$", "", _compact(plain))
    if "《" not in text:
        text = _other_document(conversation) + text
    chosen = outline.resolve(text)
    return _address_turn(outline.address(chosen) if chosen else text)


def _step(plain: str, conversation: _Conversation) -> _Turn | None:
    """下一条, 上一条, 下一个问题."""
    outline, knowledge = conversation.outline, conversation.knowledge
    text = _compact(plain)
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


def _rest(plain: str, conversation: _Conversation) -> _Turn | None:
    """还有吗: what stands under the same heading and was not asked for yet."""
    outline, knowledge = conversation.outline, conversation.knowledge
    focus = conversation.focus(conversation.last)
    if not focus:
        return _join(plain, conversation)
    heading = focus[-1] if focus[-1].is_heading else knowledge.parent(focus[-1])
    if heading is None:
        return _join(plain, conversation)
    children = knowledge.children(heading)
    asked = {clause.id for turn in conversation.turns[-4:] for clause in conversation.focus(turn)}
    rest = [] if focus[-1].is_heading else [clause for clause in children if clause.id not in asked]
    return _address_turn(outline.address(rest) if rest else outline.nth(heading, len(children) + 1))


def _which_heading(plain: str, conversation: _Conversation) -> _Turn | None:
    """这条属于哪个问题 -> 问题二."""
    focus = conversation.focus(conversation.last)
    if not focus:
        return _join(plain, conversation)
    heading = focus[0] if focus[0].is_heading else conversation.knowledge.parent(focus[0])
    return _address_turn(conversation.outline.address([heading or focus[0]]))


def _again(plain: str, conversation: _Conversation) -> _Turn | None:
    """原文怎么写, 再说一遍: the clause just spoken of, or the question again (every answer quotes word for word)."""
    focus = conversation.focus(conversation.last)
    if focus:
        return _address_turn(conversation.outline.address(focus))
    return conversation.last


def _solution(plain: str, conversation: _Conversation) -> _Turn | None:
    """解决方法呢 -> 问题一有哪些措施."""
    last = conversation.last.text
    addressed = conversation.outline.resolve(last)
    heading = addressed[-1] if addressed else conversation.outline.mentioned(last)
    if heading is None or not heading.is_heading:
        return _join(plain, conversation)
    return _address_turn(f"{conversation.outline.address([heading])}有哪些措施")


def _swap(plain: str, conversation: _Conversation) -> _Turn | None:
    """那会议呢 after 文件要减少多少 -> 会议要减少多少."""
    topic = _topic(_compact(plain))
    if topic is None or conversation.outline.resolve(conversation.last.text):
        return _join(plain, conversation)
    base = conversation.last.base
    tail = (SWAP.match(_compact(plain)) or {"tail": None})["tail"]
    swapped = swap_topic(base, topic)
    if swapped is None:
        return _join(plain, conversation)
    text = f"{swapped}，{tail}" if tail else swapped
    return _Turn(_about_topic(text, topic, base, conversation), swapped)


def _about_topic(text: str, topic: str, base: str, conversation: _Conversation) -> str:
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


def swap_topic(question: str, topic: str) -> str | None:
    """A question with its topic exchanged: by a word of the same class, else the subject before the predicate."""
    classes = [names for names in (*OBJECTS, *BODIES) if _longest_name(topic, names)]
    for names in sorted(classes, key=lambda names: -_longest_name(topic, names)):
        name = "|".join(BARE_MEETING if n == "会" else re.escape(n) for n in sorted(names, key=len, reverse=True))
        place = re.search(rf"(?:{name})(?:(?:[和与及、跟或]|以及)?(?:{name}))*", question)
        if place is not None:
            return question[: place.start()] + topic + question[place.end() :]
    predicate = PREDICATE.search(question)
    if predicate is None or not 2 <= predicate.start() <= 8 or ENUMERATION.search(question) or topic.isascii():
        return None
    return None if any(names in BODIES for names in classes) else topic + question[predicate.start() :]


def _longest_name(topic: str, names: tuple[str, ...]) -> int:
    return max((len(name) for name in names if name in topic and (len(name) > 1 or name == topic)), default=0)


def _join(plain: str, conversation: _Conversation) -> _Turn | None:
    """谁牵头 after 减负的专项机制 -> both, earlier first, so that a search sees the subject and what is asked of it."""
    base = conversation.last.base
    addressed = conversation.outline.resolve(base)
    subject = _words(addressed[0]) if addressed else TRAILERS.sub("", base)
    question = re.sub(r"^(?:那么?(?![个次种条些])|然后)(?=.)", "", plain)
    return _Turn(f"{subject}，{question}", base)


def _words(clause: Clause) -> str:
    """The first words of a clause, enough to search it again."""
    line = re.sub(r"^[^：:]{1,6}[：:]", "", clause.text.strip()).splitlines()[0]
    return re.split(r"[。；]", line)[0][:40].rstrip("，、 ●")
