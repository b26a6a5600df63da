"""How people write the cues of a follow-up: dialect, slips of the keyboard, hesitation. Data only.

Traditional characters and pinyin are the index's business (analyzer.py, pinyin.py).
"""

from __future__ import annotations

import re

#: Longer ones first where one is part of another.
SPELLINGS = {
    "咁": "那",
    "𠮶": "那",
    "嘅": "的",
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
    "具休": "具体",
    "shei": "shui",
}
#: Dialect forms of the particle 呢, at the end of a clause only.
PARTICLES = re.compile(r"[咧喃捏呐哩嘞](?=$|[,，。?？!！])")
#: Words that a follow-up hangs on; other characters with the same sound are a slip of the keyboard.
HEARD = (
    *(
        "下一条",
        "上一条",
        "谁牵头",
        "谁负责",
        "责任状",
        "一票否决",
        "原文",
        "原话",
        "会议",
        "文件",
        "检查",
        "考核",
        "问题",
        "措施",
        "牵头",
        "函询",
    ),
    *("学校", "企业", "还有"),
)
#: Real words that sound like one of those.
NOT_MISHEARD = frozenset({"前头", "检察"})
#: 第思条, 第伞条: sounds of the numerals that are not heard as something else.
NUMERALS_HEARD = {"si": "四", "san": "三", "wu": "五", "liu": "六", "qi": "七", "ba": "八", "jiu": "九"}

#: Said before a question by people who agree, hesitate or excuse themselves; with a mark after it, or without.
OPENERS = re.compile(
    r"^(?:"
    r"(?:嗯+|呃+|那个(?=那个)|就是(?=那)|(?:这?其中|这?里面|当中)的?(?=第|最后|头一|首)|请问|我?想问一?下?|再问一?下?|顺便问一?下?|好的|好嘞|好滴|明白了?|知道了|收到|懂了|了解了?"
    r"|原来如此|谢谢你?|多谢|然后呢)[,，、。!！\s]*"
    r"|(?:[额哦噢喔啊唉哎诶]+(?:这样啊?|是吗|原来是?这样)?|好吧?|行吧?|对+的?|对了|是的?|没错|可以|这样啊|这样子?|原来是?这样|ok|okay|然后"
    r"|thanks|well|so)[,，、。!！]+\s*"
    r"|[哦噢喔]+|[好行对](?=那|下一|第)"
    r")+",
)
TRAILERS = re.compile(
    r"(?<=.)(?:[\s?？!！。.,，~～…]|(?<!干)嘛|呀|啊|哦|哈|噻|咯|撒|啦|呗|来着|谢谢|我?听听|我?瞧瞧|please)+$"
)
