"""Every sentence that people see of the review: commands, errors, the weekly report."""

from __future__ import annotations

KINDS = {"near": "相近而没写", "far": "没有写到", "clarify": "请提问者选择", "down": "评价说不好"}
ENDINGS = {
    "answer": "作答",
    "clarify": "请选择",
    "near": "相近而没写",
    "far": "没有写到",
    "other": "没有这一条或太长",
    "chat": "寒暄",
    "noise": "乱码",
    "attack": "攻击",
}
REASONS = {"near": "相近而没写", "far": "别的事", "chat": "寒暄", "noise": "乱码", "attack": "攻击"}

NO_GROUP = "没有编号为 {group} 的一组问题，可能已处理或到期。请重新列出待办，看现在有哪些。"
GROUP_UNCLEAR = "编号 {group} 能指 {count} 组，请多写几位。"
NO_CLAUSE = "没有编号为 {reference} 的条款。编号如 0、2、2.2、5.1。"
NO_REASON = "不认识的缘由 {reason}；应为 {reasons} 之一。"
TEXT_MASKED = "“{text}”里有去掉的个人信息，不能原样写进知识库；请另写一句通用的问法。"
TEXT_BAD = "问题应为 1–{limit} 个字的一行文字。"
TEXT_KNOWN = "“{text}”已在知识库里（{place}），不必再加；若回答得不对，请改那一处，或忽略这一组。"
TEXT_PENDING = "“{text}”已在待写入的决定里（第 {number} 号）。"
WHY_NEAR_ONLY = "“没有写的是什么”和相近的条款，只用于“相近而没写”。"
NO_DECISION = "没有第 {number} 号决定，可能已撤回或到期。请重新列出决定，看有哪些。"
RELATED_NEEDED = "知识库里有几份通知，请写明这个问题与哪一条相近。"

ADDED = "已记下第 {number} 号决定：加到{label}：{texts}。写成草稿用 jianfu review apply --out 文件夹。"
BESIDE = "已记下第 {number} 号决定：通知没有写（{reason}）：{texts}。写成草稿用 jianfu review apply --out 文件夹。"
DISMISSED = "已忽略这一组（第 {number} 号决定）；反悔用 jianfu review undo {number}。"
UNDONE = "已撤回第 {number} 号决定，问题回到待办。"

NOTHING = "没有待处理的问题。"
OFF = "没有留存没答上来的问题（config.yaml 的 review.keep_questions_days 为 0）。"
LISTED = "{groups} 组、{asked} 次没答上来的问题（不记是谁问的，{days} 天后删除）："
LINE = "{id}  {asked} 次  {kinds}  {text}{near}"
NEAR = "（最近的是{label}）"
HIDDEN = "另有 {count} 次提问涉及个人信息，没有显示；同一意思问到 {least} 次以上，去掉个人信息后才显示。"
UNGROUPED = "问题太多，只归并了问得最多的 {limit} 句，另有 {count} 句没有列出。"
LEXICAL = "语义模型暂不可用，只把字面相同的归在一起。"
SHOWN = "{id}  共 {asked} 次，{first} 至 {last}，{kinds}{near}"
MEMBER = "  {asked} 次  {text}"
LOG_EMPTY = "还没有决定。"
LOG_LINE = "{number}  {day}  {action}  {texts}"
ACTIONS = {"add": "加到 {target}", "beside": "没有写（{target}）", "dismiss": "忽略（{asked} 次）"}
LOG_DONE = "（已在知识库里）"

OUT_EXISTS = "{path} 已存在；请换一个新文件夹名，以免覆盖。"
OUT_FAILED = "写不了 {path}（{error}）；检查是否可写、磁盘是否已满。"
OUT_INSIDE = "{path} 在知识库文件夹之内；请写到别处。"
APPLY_NOTHING = "没有待写入的决定。"
APPLIED = "已写成草稿 {path}（知识库版本 {version}），未发布；与 {source} 相比："
APPLY_ADD = "+ {label} 加问题：{text}"
APPLY_BESIDE = "+ 没有写（{reason}）：{text}"
APPLY_LEFT = "第 {number} 号决定没有写入：{reason}"
APPLY_GONE = "已没有条款 {target}"
FLOW_STYLE = "{path}:{line} 的写法（{found}）不能由程序改，请手工加上“{text}”，或改成每行一条。"
DRAFT_WRONG = "草稿与所作的决定不一致，没有留下；请手工修改 {path}。"

BAD_WEEK = "--week {week} 不是一周；请写成 2026-W48，或那一周的任一天 2026-11-25。"
COUNTS_OFF = "没有计数（config.yaml 的 review.keep_counts_days 为 0），报告里只有问题。"
REPORT_TITLE = "问答周报 {first} 至 {last}"
REPORT_TOTAL = (
    "提问 {asked} 次（寒暄、乱码、攻击 {aside} 次除外）：作答 {answered}，请选择 {clarified}，没有写 {declined}。"
)
REPORT_NONE = "这一周没有提问。"
REPORT_RATE = "没有写的占 {rate}，上周 {before}{change}。"
REPORT_TIMES = "用时：一半{median}，95% {late}。"
REPORT_CLAUSES = "问得最多的条款："
REPORT_CLAUSE = "  {label}  {count} 次"
REPORT_UNASKED = "没有人问到的条款：{count} 条。"
REPORT_GROUPS = "没答上来、问得最多的："
REPORT_GROUP = "  {asked} 次  {text}（{id}）"
REPORT_DECISIONS = "本周处理：加问题 {add} 组，确认没写 {beside} 组，忽略 {dismiss} 组。"
REPORT_NOTE = "以上只是次数；不记提问者，也不按单位或个人统计。"
RATE_UNKNOWN = "无从算起"
MORE, LESS, SAME = "，升 {points:.1f} 个百分点", "，降 {points:.1f} 个百分点", "，持平"
BEYOND = "10 秒以上"
UP_TO = "在 {milliseconds} 毫秒以内"
CSV_WRITTEN = "已写成 {path}"
CSV_HEADER = ("日期", "结果", "条款", "次数")
CSV_TIMES = "用时不超过 {bound} 毫秒"
CSV_BEYOND = "用时 10 秒以上"
