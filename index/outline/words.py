"""The words around an address that carry no content, and the plain letters a query is read in.

Pinyin, homophones and full Traditional conversion belong to analyzer.py; the table here covers an address's own words.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TRADITIONAL = str.maketrans(
    "問題條項點個針對類後麼說講寫內裡裏開讓給貼發請謝還這與從間們嗎幾麵總數貫徹實結構來為達標號頭話詳細簡釋復",
    "问题条项点个针对类后么说讲写内里里开让给贴发请谢还这与从间们吗几面总数贯彻实结构来为达标号头话详细简释复",
)
#: Phrases around an address that carry no content. Longest first wins; all of a query must be covered.
ASKING_FOR_WORDS = """
    原文 原话 原句 条文 全文 正文 内容 具体内容 主要内容 全部内容 标题 具体 全部 完整 大概 主要 详细 逐字
    先 再 跳到 回 回到 翻到 转到 换到 来 然后 接着 给大家 一条一条来 逐条 念 讲 说 读 看 念一念 念一下 念一遍 念下 念念 念给我听 读一读 读一下 读下 读一遍 背一下 复述一下 展开 展开讲讲 展开说说 讲讲 讲一下 说说 说一下
    讲一讲 说一说 介绍一下 介绍下 解释一下 解释下 概括一下 列一下 列出来 列出 列举 列举一下 写一下 写出 写出来
    看一下 看看 看下 查一下 查查 找一下 贴一下 贴出来 贴 发一下 发我 发给我 给我 给出 告诉我 我想知道 我想看 我要看
    想看 想知道 我想问 我问 问一下 请问 请 麻烦 劳驾 帮我 帮忙 能不能 能否 可以 能 把 吧 吗 呢 啊 呀 嘛 哈 哦 啦 呗 了 一下 下 谢谢
    那 那么 好的 嗯 再 要 直接 分别 各 各是 都 一共 总共 共 到底 究竟 就是 就
"""
ASKING_WHAT_IT_SAYS = """
    是什么 是啥 是什么意思 啥意思 什么意思 是什么内容 是什么问题 什么内容 啥内容 是哪些 是哪几条 是哪几项 哪些 有哪些 都有哪些 有啥 有什么
    有哪几条 有几条 有几项 有多少条 几条 多少条 是怎么说的 怎么说的 怎么说 咋说的 咋说 怎么写的 怎么写 咋写的 怎么规定的 怎么规定
    如何规定 如何表述 怎么讲的 怎么讲 怎么要求的 怎么要求 讲了什么 讲什么 讲的什么 讲的是什么 讲了啥 讲啥 讲的啥 讲的是啥 说了什么 说什么
    说的什么 说的是什么 说了啥 说啥 说的啥 说的是啥 写了什么 写什么 写的什么 写的是什么 写了啥 写的啥 写的是啥 讲了哪些 说了哪些 包括哪些 包含哪些
    包括什么 规定了什么 规定了啥 要求什么 怎么解决 如何解决 咋解决 怎样解决 怎么办 咋办 怎么治 怎么整 怎么破 是
"""
ITEM_WORDS = """
    措施 举措 办法 方法 对策 招 招数 解决方法 解决办法 解决措施 解决方案 整治措施 具体措施 要求 规定 条款 要点 硬措施
"""
LINKS = """
    的 里 里的 里面 里面的 中 中的 下 下的 下面 下面的 之下 当中 部分 这部分 这块 这一块 方面 方面的 那部分
    what whatis what's whats say does show showme tell tellme please the of in under text full list give giveme are all
    measuresof measures is thetext me about read quote
"""
FILLERS = frozenset(f"{ASKING_FOR_WORDS} {ASKING_WHAT_IT_SAYS} {ITEM_WORDS} {LINKS}".split())
PUNCTUATION = ",，.。;；:：?？!！、·\"“”'‘’()（）[]【】《》<>|/—-…~ "
JOINERS = ("和", "与", "及", "以及", "跟", "、", ",", "，", "还有", "and", "&", ";", "；")
COUNTERS = "条项点款招"
RANGES = ("到", "至", "-", "~", "—", "–", "to", "through")


@lru_cache(maxsize=64)
def normalize(query: str) -> str:
    """Width, case, circled digits and the Traditional words of an address; spaces go, except between two digits."""
    text = unicodedata.normalize("NFKC", query).lower().translate(TRADITIONAL)
    text = re.sub(r"(?<=\d)\s+(?=\d)", "、", text.strip())
    return re.sub(r"\s+", "", text)
