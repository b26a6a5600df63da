"""Every sentence of the lint that a person sees."""

from __future__ import annotations

NEAR, POINTS_AT_TWO, NUMBERING, EMPTY, WIDTH, UNREACHED, TO_FILL, ELSEWHERE, FILE = (
    "条款相近", "一问两处", "编号", "空标题", "全半角混用", "无问题可到", "待填", "答到别处", "文件"
)  # fmt: skip

NEAR_CLAUSES = ("条款 {one} 与 {other} 有 {share}% 相同：「{words}」", "请核对是否重复；确有两处时不必改")
SAME_CLAUSES = ("条款 {one} 与 {other} 文字完全相同：「{words}」", "请删去重复的一条，或核对起止位置")
SAME_QUESTION = (
    "问题「{question}」同时指向条款 {one} 和 {other}（另一处在 {where}）",
    "请只留在回答它的那一条；需要几条一起回答的，移到 shared_questions",
)
ALMOST_SAME_QUESTION = (
    "问题「{question}」与指向条款 {other} 的「{twin}」只差标点或空格（另一处在 {where}）",
    "请只留在回答它的那一条",
)
ALSO_UNANSWERED = (
    "问题「{question}」在条款 {one} 之下，又写在{other}（另一处在 {where}）",
    "请只留一处：答得了的归条款，答不了的归 unanswered",
)
GAP = ("编号不连续：{before} 之后是 {after}", "请核对原文是否漏了一条；原文如此则不必改")
ID_UNDER_OTHER = ("条款 {one} 的编号与上级 {parent} 不合", "请改成 {parent}.1 这样的编号，或改正 parent")
OUT_OF_ORDER = ("条款 {one} 在来源中位于 {other} 之前，却排在它后面", "请按原文的先后排列")
OVERLAP = ("条款 {one} 与 {other} 在来源中重叠", "请改正 start、end，使同一文字只属于一条")
EMPTY_SECTION = ("标题 {one}「{words}」下面没有条款", "请补上下面的条款；它本身就是一条时，把 kind 改成 point")
MIXED = ("{what}里全角与半角的「{marks}」混用：「{words}」", "问题和关键词请统一写法；条款文字须与来源一致，不要改")
HALF_IN_CHINESE = (
    "条款 {one} 的中文里用了半角的「{marks}」，通知别处用全角",
    "条款文字须与来源一致：来源确实如此就不必改，录入有误的连来源一起改正",
)
NO_QUESTION = (
    "没有问题指向条款 {one}「{words}」",
    "请加几句人们会问的话，见 jianfu kb import 的 suggestions.yaml 或自拟",
)
NOT_FILLED = ("{field} 还写着「待填」", "请填上")
ANSWERED_ELSEWHERE = (
    "问题「{question}」现在答的是 {found}，不是条款 {one}",
    "请看它该归哪一条，或给条款 {one} 多加几句相近的问法",
)
NOT_ANSWERED = ("问题「{question}」现在没有答到条款 {one}（{found}）", "请换个说法，或给条款 {one} 多加几句相近的问法")
ANSWERED_THOUGH_NOT = ("问题「{question}」写明没有答案，现在却答了 {found}", "请核对；条款确实回答了就移过去")
FILE_FAULT = ("{field}现为 {found}", "应为 {expected}")
