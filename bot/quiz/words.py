"""Every sentence of the quiz that a person sees and that is not notice text; the words of distractors are qualifiers.py's."""

from __future__ import annotations

from types import MappingProxyType

from bot.quiz.item import Kind

KIND_NAMES = MappingProxyType[Kind, str](
    {
        "number": "数字填空", "term": "词语填空", "who": "谁负责", "single": "单项选择", "multiple": "多项选择",
        "belongs": "措施归类", "truefalse": "判断", "order": "排序", "matching": "对应",
    }
)  # fmt: skip

FILL = "根据{title}原文，横线处应填：「{passage}」"
WHO = "根据{title}原文，横线处是谁：「{passage}」"
FOLLOWS = "{title}写道「{passage}」，紧接着的一句是："
SOLUTION = "针对「{passage}」，{title}提出的解决方法是："
PROBLEM = "{title}提出「{passage}」，是为了解决哪个问题？"
UNDER = "下列哪一项是{title}为解决「{passage}」提出的措施？"
UNDER_SECTION = "下列哪一项写在{title}的「{passage}」部分？"
UNDER_ALL = "下列哪些是{title}为解决「{passage}」提出的措施？（多选）"
UNDER_ALL_SECTION = "下列哪些写在{title}的「{passage}」部分？（多选）"
OUTSIDE = "下列哪一项不是{title}为解决「{passage}」提出的措施？"
OUTSIDE_SECTION = "下列哪一项不在{title}的「{passage}」部分？"
HEADING = "「{passage}」——{title}提出这项措施，针对的是哪个问题？"
HEADING_SECTION = "「{passage}」——这一条写在{title}的哪一部分？"
LISTED = "根据{title}原文，横线处列举的有哪些？（多选）「{passage}」"
LISTED_WHO = "根据{title}原文，横线处包括哪些单位？（多选）「{passage}」"
JUDGE = "判断（以{title}原文为准）：{passage}"
ORDER_PIECES = "将下列各句按{title}原文的先后顺序排列。"
ORDER_LIST = "「{passage}」——将横线处列举的各项按{title}原文的先后顺序排列。"
ORDER_CLAUSES = "将下列各项按在{title}中出现的先后顺序排列。"
CONTINUE = "将{title}中各句的前半句与后半句对应起来。"
PLACE = "将{title}的各项措施与所针对的问题对应起来。"
PLACE_SECTION = "将{title}的各条与所在的部分对应起来。"
SOLVE = "将{title}指出的各个问题与解决方法对应起来。"

RIGHT, WRONG = "正确", "错误"

BECAUSE = "{label}：「{words}」。"
BECAUSE_WHERE = "它是{label}，在「{heading}」之下。"
BECAUSE_OUTSIDE = "它是{label}，在「{heading}」之下；其余各项都在「{passage}」之下。"
BECAUSE_UNDER = "{labels}，都在「{heading}」之下。"
BECAUSE_RIGHT = "与{label}原文一致。"
BECAUSE_WRONG = "{sort}改过：原文是「{original}」，题中写成了「{altered}」（{label}）。"
BECAUSE_ORDER = "顺序见{label}。"
BECAUSE_ORDER_CLAUSES = "依次是{labels}。"
BECAUSE_MATCHED = "见{labels}。"
SORTS = MappingProxyType({"number": "数字", "body": "主体或对象", "qualifier": "用词"})

COUNT_TOO_SMALL = "--n {count} 不行；应为 1 以上的整数。"
TOO_FEW = "要 {count} 道题，这个范围里符合要求的只有 {there} 道；请减少 --n，或放宽 --scope、--kinds。"
NO_SUCH_KIND = "没有题型 {kind}；可用的有：{known}。"
NO_SUCH_SCOPE = "没有范围 {scope}；可用条款编号（如 2 是问题二的全部，2.3 是一条，5 是贯彻落实）或通知的编号。"
NO_SUCH_FORM = "不能写成 {path}；文件名应以 {forms} 结尾。"
CANNOT_WRITE = "{path} 写不了：{reason}。"
NO_FONT = "没有找到可嵌入的中文字体；请安装软件包 pylopdf-fonts-zh-cn，或系统的 fonts-noto-cjk。"
WRITTEN = "已写好 {count} 道题：{path}"

PAPER = "{title}练习题"
PAPER_ABOUT = "共 {count} 题。知识库版本 {version}，种子 {seed}；同一版本、同一种子得到同一份题。"
SECTION = "{number}、{kind}（{count} 题）"
KEY = "答案与原文"
KEY_ABOUT = "每题的答案都已与原文核对；方括号里是条款原文。"
ANSWER = "{number}．{answer}　{explanation}"
CSV_COLUMNS = ("题号", "题型", "题干", "左列", "选项", "答案", "解析", "条款", "条款名称", "原文", "编号")
PAGE = "第 {page} 页"
NUMERALS = "一二三四五六七八九十"
DECK = "{title}（减负问答）"
