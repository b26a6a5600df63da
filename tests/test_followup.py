from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.followup import is_follow_up, resolve
from bot.followup.resolver import MAX_TURNS
from bot.followup.topics import swap_topic
from index.outline import Outline
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause
from tests.fakes import real_knowledge
from tests.test_outline import SECOND, THIRD

KNOWLEDGE = real_knowledge()
OUTLINE = Outline(KNOWLEDGE)

#: What a searcher would find, by a word of the question.
TOPICS = {"几页": "2.2", "责任状": "3.4", "严明": "1.4", "一票否决": "3.4", "牵头": "5.1", "批示": "0", "不敢干事": "4"}


def locate(text: str) -> Clause | None:
    return next((KNOWLEDGE.find(id_) for word, id_ in TOPICS.items() if word in text), None)


# (earlier questions, follow-up, question meant)
FOLLOW_UPS = [
    # a place without its heading
    ("问题三有哪些措施", "第三条呢", "问题三第3条"),
    ("问题三有哪些措施", "最后一条是什么", "问题三第7条"),
    ("问题三有哪些措施", "倒数第二条", "问题三第6条"),
    ("问题三有哪些措施", "前三条", "问题三第1条到第3条"),
    ("问题三有哪些措施", "第九条呢", "问题三第九条"),
    ("问题四有哪些措施", "第四条和第五条分别讲什么", "问题四第4条和第5条"),
    ("问题四有哪些措施", "第思条呢", "问题四第4条"),
    ("问题二有哪些措施|第五条呢", "第七条呢", "问题二第7条"),
    ("问题二有哪些措施|那问题三呢", "第四条呢", "问题三第4条"),
    ("文山会海怎么治", "第三条呢", "问题二第3条"),
    ("四个问题先说第二个", "第一条是什么", "问题二第1条"),
    ("怎么保障贯彻落实", "第三点呢", "贯彻落实第3点"),
    ("干部不敢干事咋办", "头一条是啥", "问题四第1条"),
    ("問題三有哪些措施", "最後一條呢", "问题三第7条"),
    ("问题三怎么办", "di er tiao", "问题三第2条"),
    ("第一个问题是什么", "第二个呢", "问题二"),
    ("第一个问题是什么|第二个呢", "第三个呢", "问题三"),
    ("问题三有哪些措施", "第二个呢", "问题三第2条"),
    ("文件最多几页", "问题四呢", "问题四"),
    ("文件最多几页", "那落实部分呢", "贯彻落实"),
    # steps
    ("问题二有哪些措施", "下一个问题呢", "问题三有哪些措施"),
    ("问题四有哪些措施", "下一个问题呢", "问题五有哪些措施"),
    ("问题二第3条", "上一个问题", "问题一有哪些措施"),
    ("问题二第五条", "下一条", "问题二第6条"),
    ("问题二有哪些措施|第五条呢", "再下一条", "问题二第6条"),
    ("问题二第五条", "上一条讲什么", "问题二第4条"),
    ("问题二第五条", "前一条说了什么", "问题二第4条"),
    ("问题二第五条", "往下念", "问题二第6条"),
    ("问题二第五条|下一条", "退回上一条", "问题二第5条"),
    ("问题二第五条", "xia yi tiao", "问题二第6条"),
    ("问题一第1条", "上一条", "问题一第0条"),
    ("问题一第1条", "上一个问题", "问题0有哪些措施"),
    ("中央文件最多几页", "下一条", "问题二第3条"),
    ("中央文件最多几页|下一条", "下一条呢", "问题二第4条"),
    ("中央文件最多几页|下一条|下一条", "上一条", "问题二第3条"),
    ("严明政治纪律", "下一条", "问题一第5条"),
    ("What is measure one under problem four?", "and the next one?", "问题四第2条"),
    # the rest
    ("问题一第一条是什么|第二条呢", "还有呢", "问题一第3条和第4条"),
    ("问题一第一条是什么|第二条呢", "别的要求", "问题一第3条和第4条"),
    ("问题一第三条是什么", "其他的呢", "问题一第1条、第2条和第4条"),
    ("问题二前七条都说了什么", "后面还有吗", "问题二第8条和第9条"),
    ("保障落实第一点是啥|第二点呢", "还有吗", "贯彻落实第3点"),
    ("一票否决要控制吗", "还有吗", "问题三第1条到第3条和第5条到第7条"),
    ("问题二有哪些措施", "还有吗", "问题二第10条"),
    # the clause just spoken of
    ("中央文件最多几页", "这条属于哪个问题", "问题二"),
    ("减负谁牵头", "这归在第几个问题", "贯彻落实"),
    ("中央文件最多几页", "原文怎么写的", "问题二第2条"),
    ("中央文件最多几页", "元文怎么写", "问题二第2条"),
    ("中央文件最多几页", "把原话给我", "问题二第2条"),
    ("问题三第二条", "说详细点", "问题三第2条"),
    ("红烧肉那条怎么规定", "原文呢", "红烧肉那条怎么规定"),
    ("中央文件最多几页", "念一遍", "问题二第2条"),
    ("中央文件最多几页", "把那条全文发我", "问题二第2条"),
    ("中央文件最多几页", "这是第几条", "问题二第2条"),
    ("中央文件最多几页", "show me the original text", "问题二第2条"),
    # another topic
    ("文件要减少多少", "那会议呢", "会议要减少多少"),
    ("文件要减少多少", "那会议咧", "会议要减少多少"),
    ("文件要减少多少", "那回议呢", "会议要减少多少"),
    ("文件要减少多少", "哪会义呢", "会议要减少多少"),
    ("文件要減少多少", "嗰個會議呢", "会议要减少多少"),
    ("文件减多少", "na huiyi ne", "会议减多少"),
    ("文件要减少多少", "换成督查呢", "督查要减少多少"),
    ("文件要减少多少|那会议呢", "换成检查呢", "检查要减少多少"),
    ("文件和会议减少多少", "检查呢", "检查减少多少"),
    ("那个文件减多少来着", "嗯那会呢", "那个会减多少"),
    ("一票否决能随便用吗", "咁責任狀呢", "责任状能随便用吗"),
    ("台账能当落实标准吗", "工作笔记呢", "工作笔记能当落实标准吗"),
    ("书记必须参会吗", "局长呢", "局长必须参会吗"),
    ("书记必须去开会不", "那局长呢，要去伐", "局长必须去开会不，要去伐"),
    ("中央文件最多写多长", "地方的呢", "地方文件最多写多长"),
    ("对县里的检查要减多少", "那村里呢", "对村里的检查要减多少"),
    ("中央哪个牵头搞减负", "俺们地方上咧", "地方上哪个牵头搞减负"),
    ("开会念稿子要得不", "那个连夜传达要得不", "连夜传达行吗"),
    ("检举控告有规则吗", "诬告呢", "检举控告有规则吗，诬告呢"),
    # no subject of its own
    ("减负的专项机制", "谁牵头？", "减负的专项机制谁牵头"),
    ("减负工作由谁牵头", "还有哪些单位参加", "减负工作由谁牵头，还有哪些单位参加"),
    ("精简文件的要求", "具体减少多少", "精简文件的要求具体减少多少"),
    ("中央文件的密级", "能公开吗", "中央文件的密级能公开吗"),
    ("严格控制督查总量", "用的是什么制度", "严格控制督查总量用的是什么制度"),
    ("修订问责条例", "为了解决什么问题", "修订问责条例为了解决什么问题"),
    ("中央文件最多几页", "超过了会怎么处分", "中央文件最多几页，超过了会怎么处分"),
    ("中央文件最多几页|超过了会怎么处分", "谁来处分", "中央文件最多几页，谁来处分"),
    ("扶贫干部待遇倾斜", "每个月多多少钱", "扶贫干部待遇倾斜每个月多多少钱"),
    ("治理文山会海试点", "选的是哪几个省", "治理文山会海试点选的是哪几个省"),
    ("三个区分开来", "具体是哪三个", "三个区分开来具体是哪三个"),
    ("专项机制有哪些单位", "他们电话多少", "专项机制有哪些单位，电话多少"),
    ("少开会", "举个例子", "少开会，举个例子"),
    ("少开会", "为什么", "少开会为什么"),
    ("你好|少开会|谢谢", "为什么", "少开会为什么"),
    ("专项机制", "shui qiantou", "专项机制谁牵头"),
    ("问题二第2条", "超了罚多少", "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握，超了罚多少"),
    ("Who leads the special mechanism?", "Who chairs it?", "who leads the special mechanism, who chairs it"),
    ("第四个问题是什么", "怎么解决", "问题四有哪些措施"),
    ("中央文件的密级", "范围呢", "中央文件的密级范围呢"),
    ("书记必须参会吗", "那要是没经过批准呢", "书记必须参会吗，要是没经过批准呢"),
    ("中央的政策性文件", "它们最多写多少页", "中央的政策性文件最多写多少页"),
    ("被人诬告了", "对这种行为怎么处理", "被人诬告了怎么处理"),
    ("减负的专项机制", "水牵头", "减负的专项机制谁牵头"),
    # agreement first
    ("问题三第2条", "好，下一条", "问题三第3条"),
    ("问题三有哪些措施", "收到，第四条念一下", "问题三第4条"),
    ("文件要减少多少", "哦这样啊，那会议呢", "会议要减少多少"),
    ("文件要减少多少", "嗯嗯，会议也是吗", "会议要减少多少"),
    # corrections
    ("文件要减少多少", "我是说会议", "会议要减少多少"),
    ("文件要减少多少", "不是文件，是会议", "会议要减少多少"),
    ("问题三第3条", "不对，是第四条", "问题三第4条"),
    ("问题三第3条", "打错了 第五条", "问题三第5条"),
    ("问题二有哪些措施", "说错了，问题三", "问题三"),
    ("会议要减少多少", "不是问减多少，是问谁批准", "会议谁批准"),
    ("谁牵头减负工作", "我问的是各地区谁负责", "各地区谁负责"),
    # returns
    ("中央文件最多几页|谁牵头减负", "回到刚才文件那个，具体怎么算", "中央文件最多几页，具体怎么算"),
    ("中央文件最多几页|谁牵头减负", "刚才几页那条原文是什么", "问题二第2条"),
    ("中央文件最多几页|谁牵头减负", "前面那个中央文件的密级谁定", "中央文件的密级谁定"),
    # several at once
    ("减负谁牵头|一票否决要控制吗", "两条都说说", "贯彻落实第1点和问题三第4条"),
    ("问题一第2条", "把四条都念出来", "问题一"),
    ("问题一第2条", "一共几条", "问题一"),
    ("问题一第1条", "3和4", "问题一第3条和第4条"),
    ("问题二第1条", "接下来三条", "问题二第2条到第4条"),
    (
        "问题二有哪些措施",
        "第二条具体多少",
        "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握，具体多少",
    ),
    ("问题一第3条", "就这些？", "问题一第1条、第2条和第4条"),
    ("减负谁牵头", "剩下两点呢", "贯彻落实第2点和第3点"),
    ("减负有哪些单位参加", "还有吗", "减负有哪些单位参加，还有吗"),
    # English
    ("How much must documents be cut?", "and meetings?", "how much must meetings be cut"),
    ("问题二第1条", "next one", "问题二第2条"),
    ("四个问题先说第一个", "解决方法呢", "问题一有哪些措施"),
]

COMPLETE = [
    "陪会",
    "一票否决",
    "责任状",
    "审批报备",
    "文件最多几页",
    "那次学习是光领导参加，还是所有党员都得参加",
    "哪一级要先做示范改作风",
    "学初心咋还要反官僚呢",
    "谁牵头抓落实",
    "谁来给蒙冤干部正名",
    "啥叫管用的会",
    "会开到哪一级",
    "三个区分开来管啥用",
    "人大和政协也在里面吗",
    "违反八项规定一般怎么处理",
    "问题三有哪些措施",
    "2.5",
    "问题九",
    "还人清白",
    "其他单位也要减文件吗",
    "上一级的会只能开到哪里",
    "下一步文山会海的试点选在哪里",
    "What's the weather in Wuhan this weekend?",
    "How many pages may a central document have?",
    "你好",
    "谢谢",
    "今天星期几",
    "现在几点了",
    "你叫什么名字",
    "的的的了了吗吗",
    "？？？",
    "",
    "好嘞",
    "好的谢谢你",
    "你是谁",
    "那些签字背书的责任状还算数吗",
    "这几年文山会海为什么反弹",
    "它要求中央文件最多几页",
    "还有哪些评比表彰活动要清理",
    "不是所有会议都要一把手参加吧",
    "我问一下文件最多几页",
]


@pytest.mark.parametrize(("history", "question", "meant"), FOLLOW_UPS)
def test_follow_ups(history: str, question: str, meant: str) -> None:
    assert resolve(question, history.split("|"), KNOWLEDGE, answering=locate) == meant


@pytest.mark.parametrize("question", COMPLETE)
@pytest.mark.parametrize("history", [["问题二有哪些措施"], ["文件要减少多少", "那会议呢"], ["你好"]])
def test_complete_questions_are_never_rewritten(question: str, history: list[str]) -> None:
    assert resolve(question, history, KNOWLEDGE, answering=locate) is None


@pytest.mark.parametrize("question", ["第三条呢", "下一条", "还有吗", "谁牵头", "那会议呢", "原文怎么写"])
@pytest.mark.parametrize("history", [[], ["你好"], ["", "谢谢"]])
def test_nothing_to_follow(question: str, history: list[str]) -> None:
    assert resolve(question, history, KNOWLEDGE, answering=locate) is None


@pytest.mark.parametrize("question", ["第三条呢", "下一条", "上一条"])
def test_a_place_nobody_can_tell_is_left_alone(question: str) -> None:
    assert resolve(question, ["红烧肉怎么做"], KNOWLEDGE) is None


@pytest.mark.parametrize("question", ["上一条", "上一个问题", "第九条呢"])
def test_a_place_that_is_not_there_is_declined_with_what_there_is(question: str) -> None:
    meant = resolve(question, ["问题一第1条"], KNOWLEDGE)
    assert meant is not None
    assert OUTLINE.missing(meant) is not None


@given(st.text(), st.lists(st.text(), max_size=4))
@settings(max_examples=200)
def test_any_text_is_read_without_error(question: str, history: list[str]) -> None:
    resolve(question, history, KNOWLEDGE, answering=locate)


PIECES = [
    "第三条",
    "呢",
    "那",
    "还有",
    "吗",
    "下一条",
    "谁",
    "牵头",
    "问题",
    "会议",
    "原文",
    "怎么写",
    "第",
    "二",
    "个",
    "，",
    "的",
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=8), st.lists(st.sampled_from([*PIECES, "问题三", "几页"]), max_size=5)
)
@settings(max_examples=200)
def test_any_mix_of_cues_is_read_without_error(pieces: list[str], history: list[str]) -> None:
    meant = resolve("".join(pieces), history, KNOWLEDGE, answering=locate)
    assert meant is None or meant


@given(st.text(max_size=20) | st.sampled_from(COMPLETE), st.lists(st.sampled_from([h for h, _, _ in FOLLOW_UPS])))
@settings(max_examples=200)
def test_whether_it_is_rewritten_never_depends_on_history_alone(question: str, history: list[str]) -> None:
    if not is_follow_up(question, KNOWLEDGE):
        assert resolve(question, history, KNOWLEDGE, answering=locate) is None


def test_the_search_is_asked_only_when_a_place_depends_on_it_and_once() -> None:
    asked: list[str] = []

    def counting(text: str) -> Clause | None:
        asked.append(text)
        return locate(text)

    assert resolve("文件最多几页", ["谁牵头抓落实"], KNOWLEDGE, answering=counting) is None
    assert resolve("那会议呢", ["文件要减少多少"], KNOWLEDGE, answering=counting) == "会议要减少多少"
    # what was asked last, and the swapped question, which must find a clause that speaks of the new topic
    assert asked[:2] == ["文件要减少多少", "会议要减少多少"]
    assert len(set(asked)) == len(asked)
    asked.clear()
    assert resolve("下一条", ["中央文件最多几页", "下一条", "下一条"], KNOWLEDGE, answering=counting) == "问题二第5条"
    assert asked == ["中央文件最多几页"]


@pytest.mark.parametrize(
    ("history", "question", "found", "meant"),
    [
        # The clause found speaks of meetings: the swap stands.
        ("文件要减少多少", "那会议呢", {"会议要减少多少": "2.1"}, "会议要减少多少"),
        # How many pages has a meeting? The clause found does not speak of meetings, so the topic alone is asked.
        ("一个文件最多几页", "那会议呢", {"一个会议最多几页": "2.2"}, "会议有哪些规定"),
        # A plainer question with the new topic is preferred when it finds a clause on it.
        (
            "发给县级以下的文件减少多少",
            "换成督查呢",
            {"发给县级以下的督查减少多少": "2.1", "督查减少多少": "3.1"},
            "督查减少多少",
        ),
        # Nothing found: nothing is known to be wrong.
        ("一个文件最多几页", "那会议呢", {}, "一个会议最多几页"),
    ],
)
def test_a_swapped_question_must_find_the_new_topic(
    history: str, question: str, found: dict[str, str], meant: str
) -> None:
    def find(text: str) -> Clause | None:
        return KNOWLEDGE.find(found[text]) if text in found else None

    assert resolve(question, [history], KNOWLEDGE, answering=find) == meant


def test_only_late_turns_count() -> None:
    history = ["问题三有哪些措施", *["红烧肉怎么做"] * MAX_TURNS]
    assert resolve("第三条呢", history, KNOWLEDGE) is None


@pytest.mark.parametrize("id_", [clause.id for clause in KNOWLEDGE if clause.kind in ("measure", "point")])
def test_steps_walk_through_every_clause(id_: str) -> None:
    clause = KNOWLEDGE.find(id_)
    assert clause is not None
    heading = KNOWLEDGE.parent(clause)
    assert heading is not None
    below = KNOWLEDGE.children(heading)
    meant = resolve("下一条", [OUTLINE.address([clause])], KNOWLEDGE)
    assert meant is not None
    following = below[below.index(clause) + 1 :][:1]
    assert OUTLINE.resolve(meant) == following
    assert (OUTLINE.missing(meant) is None) == bool(following)


def test_a_long_history_of_follow_ups_stays_short() -> None:
    meant = resolve("为什么", ["少开会", "为什么", "谁管", "具体多少", "什么时候"], KNOWLEDGE)
    assert meant == "少开会为什么"


@pytest.mark.parametrize(
    ("question", "topic", "swapped"),
    [
        ("反面典型怎么处理", "正面", "正面怎么处理"),
        ("检查会不会减少", "文件", "文件会不会减少"),
        ("责任状会不会签", "会议", None),
        ("专项机制有哪些成员", "人大", None),
    ],
)
def test_topics(question: str, topic: str, swapped: str | None) -> None:
    assert swap_topic(question, topic) == swapped


@pytest.mark.parametrize(
    ("history", "question", "meant"),
    [
        ("《借阅规定》问题一有哪些措施", "第二条呢", "《借阅规定》问题一第2条"),
        ("《借阅规定》问题一第1条", "下一条", "《借阅规定》问题一第2条"),
        ("《借阅规定》问题一", "下一个问题", "《借阅规定》问题二有哪些措施"),
        ("《借阅规定》问题一", "问题二呢", "《借阅规定》问题二"),
        ("《值班守则》第1条", "第三条呢", "《值班守则》第3条"),
        ("《值班守则》第1条", "下一条", "《值班守则》第2条"),
        ("问题一有哪些措施", "第二条呢", "问题一第2条"),
    ],
)
def test_follow_ups_stay_in_the_document_addressed(history: str, question: str, meant: str) -> None:
    knowledge = KnowledgeBase((*KNOWLEDGE.documents, SECOND, THIRD))
    assert resolve(question, [history], knowledge) == meant
    assert len(Outline(knowledge).resolve(meant)) == 1
