"""Every sentence a person sees that is not notice text. Adapters take their words from here too."""

from __future__ import annotations

from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

EXAMPLES = (
    "一个文件最多几页",
    "天天让拍照打卡算不算形式主义",
    "开会能不能一直开到村里",
    "问题三有哪些措施",
    "被问责的干部还能不能用",
    "谁牵头抓落实",
)

WHAT_CAN_BE_ASKED = "可以问：文件和会议怎么精简、督查检查考核怎么减、干部怎么问责和保护、由谁抓落实。"

EMPTY = "请输入一个问题，例如：一个文件最多几页？"
TOO_LONG = "问题太长了（{length} 字），请压缩到 {limit} 字以内再问。"
CLARIFY = "您问的可能是下面几条中的一条，请选一条："
DECLINE = "《{title}》没有写到这个问题，不能替它回答。"
DECLINE_NEAR = "《{title}》提到了相近的内容，但没有写您问的这一点。"
DECLINE_NEAR_WHY = "《{title}》提到了相近的内容，但{why}。"
DECLINE_ATTACK = "我只按《{title}》原文回答问题，做不了这件事。"
MISSING = "没有这一条：{what}。"
PREMISE_DIFFERS = "原文写的是「{words}」（您说的是{said}）。"
PREMISE_AGREES = "与原文一致：「{words}」。"
DECIDING_WORDS = "关键的一句：「{words}」。"
RELATED = "相关条文（供阅读，不是答案）：{labels}。"
HELLO = "您好！我专门回答《{title}》的问题，每次回答都附原文条款。"
LEXICAL_MODE = "（语义模型暂不可用，本次仅按字面查找，请留意核对原文。）"

HELP = """我只回答《关于解决形式主义突出问题为基层减负的通知》的问题，每次回答都逐字引用条款；通知没有写的，我会直说。
{what}
例如：
{examples}"""

LOADING = "正在准备：{stage}"
LOADING_QUESTION = "还在准备（{stage}），请稍等片刻再问。"
FAILED = "启动失败：{error}"
INTERNAL_ERROR = "出了点问题，这个问题没有答成。请稍后再试；若一直这样，请告诉管理员。"
NO_SUCH_CLAUSE = "没有编号为 {reference} 的条款。编号如 0、2、2.2、5.1。"


def help_text() -> str:
    """What the assistant does and what can be asked."""
    examples = "\n".join(f"· {example}" for example in EXAMPLES)
    return HELP.format(what=WHAT_CAN_BE_ASKED, examples=examples)


def titles(knowledge: KnowledgeBase) -> str:
    """The notices' short titles, joined: `通知》《若干规定` for use inside 《…》."""
    return "》《".join(document.short_title for document in knowledge.documents)


def answer_lead(clauses: tuple[Clause, ...], knowledge: KnowledgeBase) -> str:
    """The frame before the quotes: which clause says it, or how many do."""
    first = clauses[0]
    children = knowledge.children(first)
    if children and clauses[1:] == children:
        noun = "条措施" if first.kind == "problem" else "点"
        return f"{first.label}，共 {len(children)} {noun}："
    if len(clauses) == 1:
        return f"{first.label}写明："
    return f"有 {len(clauses)} 条写到："


def quote_lines(clauses: tuple[Clause, ...]) -> str:
    """The clauses' own words for a plain screen, each under its label when there are several."""
    if len(clauses) == 1:
        return f"“{clauses[0].display}”"
    return "\n".join(f"{clause.label}：“{clause.display}”" for clause in clauses)


def choice_lines(clauses: tuple[Clause, ...]) -> str:
    """The choices of a clarification, numbered."""
    return "\n".join(f"{i}. {clause.label}：{clause.display}" for i, clause in enumerate(clauses, 1))


def related_line(clauses: tuple[Clause, ...]) -> str:
    """Reading beside the point, said to be so."""
    return RELATED.format(labels="、".join(clause.label for clause in clauses))


#: Errors of the HTTP API, by their stable code; each says what to do.
API_ERRORS = {
    "invalid_json": '请求体不是合法的 JSON。请用 UTF-8 编码，按 {{"question": "…"}} 的格式再发一次。',
    "unsupported_media_type": "请把请求头 Content-Type 设为 application/json。",
    "body_too_large": "请求太大了，请控制在 {limit} 字节以内。",
    "body_timeout": "请求没有在 {seconds} 秒内发完，请重新发送。",
    "invalid_request": "请求不合要求：{faults}。各字段见接口说明（/docs）。",
    "empty_question": EMPTY,
    "question_too_long": TOO_LONG,
    "history_too_long": "history 里有一条太长了（{length} 字），请压缩到 {limit} 字以内，或只带最近几个问题。",
    "not_found": "没有这个地址。请检查网址，或从首页重新进入。",
    "no_such_clause": NO_SUCH_CLAUSE,
    "method_not_allowed": "这个地址不接受这种请求方法，请查看接口说明（/docs）。",
    "loading": LOADING_QUESTION,
    "failed": FAILED,
    "busy": "现在提问的人较多，请过几秒再试。",
    "internal": INTERNAL_ERROR,
    "bad_request": "请求有误，请查看接口说明（/docs）后再试。",
}
REQUEST_FAULTS = {
    "missing": "缺少 {field}",
    "extra_forbidden": "不认识 {field}",
    "string_type": "{field} 应为文字",
    "list_type": "{field} 应为列表",
    "too_long": "{field} 最多 {limit} 项",
    "other": "{field} 的格式不对",
}
REQUEST_BODY = "请求体"

# Web: limits, keys, feedback, receipts and the pages for reading
API_ERRORS |= {
    "too_many_requests": "问得太快了，请过 {seconds} 秒再试。",
    "too_many_rooms": "这个地址一小时里已开了 {most} 个房间；请过 {minutes} 分钟再开，或接着用开着的房间。",
    "bad_api_key": "接口密钥不对，请检查请求头 Authorization: Bearer 或 X-API-Key；密钥请向管理员索取。",
    "api_key_required": "调用接口要出示密钥：请求头写 Authorization: Bearer 密钥，或 X-API-Key: 密钥；密钥请向管理员索取。",
    "state_unavailable": "记录暂时存取不了，提问不受影响；请过半分钟再试，若一直这样，请告诉管理员。",
    "unknown_clause": NO_SUCH_CLAUSE,
    "no_such_document": "没有这份文件。请从首页重新进入。",
}
REQUEST_FAULTS |= {
    "literal_error": "{field} 只能是规定的几个词之一",
    "string_pattern_mismatch": "{field} 的写法不对",
}
API_ERRORS |= {
    "no_such_scope": "没有“{scope}”这个范围。可用条款编号（如 2 是问题二的全部，2.3 是一条），或文件的编号。",
    "too_few_items": "要 {count} 道题，可是这个范围和题型里只有 {there} 道；请减少题数，或放宽范围和题型。",
    "no_paper": "这份题没有写成：{reason}",
    "study_not_started": "还没有开始学习，或学习记录已经删除。请打开学习页，按“开始学习”。",
    "no_such_item": "{said}",
    "bad_choice": "{said}",
    "other_site": "这一步只能在本服务自己的网页里做，请打开学习页再试。",
    "no_such_room": "{message}",
    "not_now": "{message}",
    "bad_room_request": "{message}",
    "not_trainer": "这个链接开不了这个房间的控制台。请用开房间时得到的链接，在开房间的设备上打开。",
    "foreign_page": "这个请求来自别的网站，没有照办。请在本服务自己的网页里操作。",
}
REQUEST_FAULTS |= {
    "greater_than_equal": "{field} 太小",
    "less_than_equal": "{field} 太大",
    "int_type": "{field} 应为整数",
    "bool_type": "{field} 应为 true 或 false",
}
API_KEYS_MISSING = (
    "config.yaml 的 web.require_api_key 为 true，却没有密钥。请在环境变量 JIANFU_API_KEYS 里放密钥，或改为 false。"
)
ASK_ABOUT = "就这一条提问"
QUOTE_WITH_SOURCE = "{quote}——{source}"
TODAY = {
    "same": "今天的条款与此一字不差。",
    "changed": "注意：这一条后来改过，今天的条款与当时不同，请以今天的为准。",
    "gone": "注意：今天的知识库里已经没有这一条。",
}
RECEIPT_GENUINE = "属实：本服务给出过这份答复"
RECEIPT_GIVEN = "凭据号 {code}，第一次给出于 {date}（世界时），知识库版本 {version}。当时是这样答的："
RECEIPT_OFFERED = {"clarify": "当时请提问者在这几条里选：", "decline": "当时列为相关、供阅读的条款："}
RECEIPT_UNKNOWN = "没有给出过"
RECEIPT_UNKNOWN_HELP = (
    "号码 {code} 的写法没有错，但本服务没有给出过这个号码的答复。它可能出自另一处部署，也可能是编造的。"
    "请不要据此办事，以通知原文为准；也可以把问题重新问一遍。"
)
RECEIPT_MISTYPED = "号码抄错了"
RECEIPT_MISTYPED_HELP = "凭据号是 12 位字母和数字，形如 XXXX-XXXX-XXXX，不分大小写。请对照原答复，逐位核对后再输一次。"

PORT_TAKEN = "端口 {port} 已被占用。请关闭占用它的程序，或在 config.yaml 的 web.port 换一个端口（也可用 --port）。"
PORT_FORBIDDEN = "没有权限使用端口 {port}。请换一个 1024 以上的端口（config.yaml 的 web.port，或 --port）。"
HOST_UNUSABLE = "不能在 {host}:{port} 上提供服务（{error}）。请检查 config.yaml 的 web.host（本机填 127.0.0.1）。"

# Telegram
TELEGRAM_START = """您好！我只回答《{title}》的问题，每次都附原文条款。
直接发问题就行，例如：一个文件最多几页？
也可以点下面的例子，或用 /problems 看目录、/source 2.2 看某一条。"""
TELEGRAM_COMMANDS = {
    "ask": "提问，例如 /ask 一个文件最多几页",
    "problems": "目录：四个问题和贯彻落实",
    "source": "看某一条原文，例如 /source 2.2",
    "trust": "回答可信到什么程度",
    "verify": "查一张答复凭据的真假，例如 /verify 后面写凭据",
    "session": "群里一起学：一题一题地投票，逐题公布原文",
    "study": "学习：今天到期的题、错题本、掌握情况",
    "settings": "长引文要不要折叠、要不要推荐问题",
    "forget": "删掉存着的关于我的一切",
    "help": "怎么用、能问什么",
    "start": "重新开始，忘掉前面的问题",
}
TELEGRAM_COMMANDS_ENGLISH = {
    "ask": "Ask about the notice (in Chinese)",
    "problems": "Contents: four problems and how they are solved",
    "source": "Read a clause, for example /source 2.2",
    "trust": "How far answers can be trusted",
    "verify": "Check whether a receipt of an answer is genuine",
    "session": "Hold a study session in a group, poll by poll",
    "study": "Learn: items due today, wrong answers, a map",
    "settings": "Fold long quotes, offer next questions",
    "forget": "Delete everything kept about me",
    "help": "How to use this bot",
    "start": "Start over and forget earlier questions",
}
#: Words that do the same as a command in a private chat, when they stand alone; the first two take something after them.
TELEGRAM_WORDS = {
    "ask": "问",
    "verify": "凭据",
    "problems": "目录",
    "study": "学习",
    "help": "帮助",
    "settings": "设置",
    "forget": "忘记我",
    "trust": "可信吗",
}
TELEGRAM_HELP_MORE = """
私聊里也可以直接发：目录、学习、设置、可信吗、忘记我、凭据 XXXX-XXXX-XXXX。
群里用 /ask 或 @我，用 /session 带大家一题一题地学；在任何对话里输入 @{name} 加几个字，可以把条款发给对方。"""
TELEGRAM_KEPT = "没答上来的问题不记名留 {days} 天，供查漏补缺；详见 /trust。"
TELEGRAM_BAD_LINK = "这个链接认不出来，可能不完整；请直接发问题。"
TELEGRAM_GROUP_HELLO = "大家好！在群里问我，请用 /ask 加问题，或 @我；/problems@{name} 看目录。没有点名的话，我不回。"
TELEGRAM_STALE = "您的消息等了一天以上我才收到，就不再作答了；还需要的话，请再问一次。"
TELEGRAM_RECEIPT = "凭据 "
TELEGRAM_RELATED = "相关："
TELEGRAM_REASONS = {
    "wrong_clause": "错条款",
    "incomplete": "不完整",
    "should_answer": "应答未答",
    "should_not_answer": "不该答",
}
TELEGRAM_FEEDBACK_UP = "谢谢，记下了。"
TELEGRAM_FEEDBACK_DOWN = "记下了（没有存问题的原话）。方便的话，请再点一个原因。"
TELEGRAM_FEEDBACK_DOWN_ALONG = (
    "记下了。为了改正，您这个问题的原话随评价一并保存，不带姓名；不想留，发 /forget 即删。方便的话，请再点一个原因。"
)
TELEGRAM_FEEDBACK_REASON = "谢谢，原因记下了：{reason}。"
TELEGRAM_FEEDBACK_UNKNOWN = "没有这条答复的存底，评价没有记下。"
TELEGRAM_STATE_AWAY = "存取数据暂时不行，这一步没有做成；问答不受影响，请过一会儿再试。"
TELEGRAM_VERIFY_USAGE = "请写上凭据，例如：/verify 后面写答复末尾的那一串字母和数字。"
TELEGRAM_VERIFY_MISTYPED = "「{typed}」不是一张凭据，多半有字打错了；凭据是 12 个字母和数字，请对照原文再输一次。"
TELEGRAM_VERIFY_UNKNOWN = "查无此据：这里没有发过凭据 {code}。"
TELEGRAM_VERIFY_GENUINE = "凭据 {code} 属实。{date} 首次给出，当时知识库版本 {version}。当时说的是："
TELEGRAM_VERIFY_SAME = "这一条与今天的原文一字不差。"
TELEGRAM_VERIFY_CHANGED = "注意：这一条今天已与当时不同，请用 /source {reference} 看今天的原文。"
TELEGRAM_VERIFY_GONE = "注意：今天的知识库里已没有这一条。"
TELEGRAM_FORGOTTEN = "已删除关于您的：评价 {feedback} 条，设置 {settings} 项，学习卡片 {cards} 张，提醒 {reminders} 项，内存里的前文 {questions} 个问题。"
TELEGRAM_FORGOTTEN_PARTLY = (
    "内存里的前文已删（{questions} 个问题）；评价、设置和学习记录暂时删不了，请过一会儿再发一次 /forget。"
)
TELEGRAM_SETTINGS = "点一下即可更改，只对您自己有效："
TELEGRAM_SETTINGS_PRIVATE = "设置是您个人的，请私聊我发 /settings。"
#: Name of a switch, and what it is called when off and on.
TELEGRAM_SWITCHES = {
    "full_quotes": ("长引文", "折叠", "全部展开"),
    "next_questions": ("推荐问题", "不显示", "显示"),
}
TELEGRAM_INLINE_NOTHING = "《{title}》没有写"
TELEGRAM_INLINE_SOURCE = "——《{title}》（{issuer}，{year}年）"
TELEGRAM_ASK_USAGE = "请把问题写在 /ask 后面，例如：/ask 一个文件最多几页"
TELEGRAM_SOURCE_USAGE = "请在 /source 后面写条款编号，例如：/source 2.2。编号可在 /problems 里查。"
TELEGRAM_PROBLEMS = "请选一个部分："
TELEGRAM_TEXT_ONLY = "我只看得懂文字，请把问题打成字发给我。"
TELEGRAM_UNKNOWN_BUTTON = "这个按钮已经失效，请用 /problems 重新打开目录。"
TELEGRAM_FAILED = "很抱歉，我没能启动，现在答不了问题，请告诉管理员。"
TELEGRAM_ERROR = INTERNAL_ERROR + "（编号 {trace}）"
TELEGRAM_INTERPRETED = "按「{question}」理解"
TELEGRAM_ASKED = "问：{question}"
TELEGRAM_OUTLINE_BUTTON = "目录"

TELEGRAM_NO_TOKEN = "没有 Telegram 令牌。请把它放在环境变量 {variable} 里再启动。"  # noqa: S105 - a sentence about the token
TELEGRAM_UNAUTHORIZED = "Telegram 不认这个令牌。请检查环境变量 {variable}（在 @BotFather 处可查看或重发）。"
TELEGRAM_BAD_PROXY = "config.yaml 的 telegram.proxy 不能用（{error}）。例如 http://127.0.0.1:7890，不用代理则留空。"
TELEGRAM_BAD_WEBHOOK_KEY = "webhook 密钥不合规定：{variable} 应为 1–256 个字母、数字、_ 或 -。"
TELEGRAM_NO_WEBHOOK_URL = "webhook 方式需要在 config.yaml 的 telegram.webhook_url 写明 Telegram 访问的完整 https 地址。"
TELEGRAM_WEBHOOK_REFUSED = "Telegram 不接受这个 webhook 地址（{error}）。请检查 config.yaml 的 telegram.webhook_url。"
TELEGRAM_PORT_UNUSABLE = (
    "不能在 {host}:{port} 上接收 webhook（{error}）。请检查 config.yaml 的 telegram.webhook_listen 和 webhook_port。"
)

#: Words of the pages that the web server renders itself.
PAGE_WORDS = {
    "not_found": "没有找到",
    "waiting": "请稍等",
    "trouble": "出了点问题",
    "reference": "接口说明",
    "back": "回到提问",
    "issued": "{issuer} · {year}年",
    "parameters": "参数",
    "request_body": "请求体（application/json）",
    "responses": "响应",
    "field": "字段",
    "type": "类型",
    "meaning": "说明",
    "status": "状态",
    "content": "内容",
    "example": "例",
    "required": "必填",
    "optional": "可选",
    "or": " 或 ",
    "list_of": "{item} 的列表",
    "null": "空",
    "verify": "核验答复",
    "open_notice": "阅读通知全文",
    "open_clause": "今天的这一条",
    "example_embed": "嵌入示例",
}

#: The page that makes papers (/quiz); its fixed words are in assets/quiz/.
PAPER_PAGE = {
    "title": "出一份题",
    "everything": "全部（{count} 题）",
    "whole": "《{title}》全文（{count} 题）",
    "scope": "{name}（{count} 题）",
    "key_follows": "以下是答案，打印时另起一页。",
}
PAPER_FAULTS = {
    "n": "题数应为 1 到 {most} 的整数，现在是“{value}”。",
    "seed": "套号应为 0 到 {most_seed} 的整数，现在是“{value}”。",
    "scope": "没有“{value}”这个范围，请在列表里选一个。",
    "kinds": "没有“{value}”这种题型，请在下面重新选。",
    "form": "没有“{value}”这种文件，请用下面的按钮下载。",
    "none": "这个范围里没有所选题型的题，请放宽范围或题型。",
    "few": "这个范围和题型里只有 {there} 道题，不够 {count} 道；请把题数改为 {there} 以内，或放宽范围、题型。",
}
#: The pages of learning alone (/study); what study.js says is in assets/study/, levels and marks in bot/study/words.py.
STUDY_PAGE = {
    "tabs": "学习",
    "today": "今天的题",
    "wrong": "错题本",
    "map": "学习地图",
    "kept": "为了安排复习，这里记下您做过哪些题、上次对不对、下次什么时候再做，别的都不记：没有姓名，没有分数，也看不出是谁。"
    "认出您靠本机浏览器里的一个随机号，服务器上只存它的散列；一道题过了该复习的日子 {days} 天没有再做，记录自动删除。"
    "换一台设备或清除浏览器数据，就要从头开始。要定时提醒，请在 Telegram 机器人里发 /study 设置。",
    "none_wrong": "现在没有错题。答错的题会收在这里，再做对了就移走。",
    "again": "再做一次",
    "read": "读原文",
    "opening": "开头",
    "map_of": "《{title}》",
}
PAPER_FILE = "{titles}练习题_{scope}{count}题_第{seed}套"

# Trust: how answers are made and how well, from the record of the evaluation
TRUST_TITLE = "回答可信到什么程度"
TRUST_HOW = (
    "怎么答：只摘录，不生成。条款逐字引自《{title}》，每次发出前与原文核对，对不上就不发；没有写的，直说没有写。"
)
TRUST_RIGHT = "答对多少：问了 {total} 个不在知识库里的问题，答对 {count} 个，占 {percent}（95% 区间 {low}–{high}）。"
TRUST_FALSE_ANSWERS = "没写却答：通知没有写的 {total} 个问题里，{count} 个给出了引文，占 {percent}（95% 上限 {high}）。"
TRUST_WRONG_FIRST = "引错条款：写了并作答的 {total} 个问题里，{count} 个首条引错，占 {percent}（95% 上限 {high}）。"
TRUST_QUOTES = "引文走样：与原文不符的引文 {count} 处。"
TRUST_LIMITS = "局限：这些问题是编写者出的，不是使用者真实问过的；真实使用时可能有出入，请以原文为准。"
TRUST_MEASURED_ON = "衡量时的知识库版本：{version}。"
TRUST_OTHER_KNOWLEDGE = (
    "注意：现在的知识库版本是 {version}，与衡量时不同，以上数字不一定适用；请管理员用 make eval 重新衡量。"
)
TRUST_OTHER_MODE = "注意：现在的查找方式与衡量时不同（语义模型有无之别），以上数字不一定适用。"
TRUST_KEPT = (
    "留下什么：没答上来的问题留 {days} 天，供管理员查漏补缺；不记是谁、从哪里、几点问的，先去掉电话、证件号、姓名等，去不净的不留。"
    "答上来的只计次数，不留原话。"
)
TRUST_NOT_KEPT = "留下什么：不留问题，除非您评价说不好、并被告知一并保存。"
KEPT_SHORT = "；没答上来的问题不记名留 {days} 天"
TRUST_UNMEASURED = "这里没有可用的衡量记录；请管理员用 make eval 衡量。"

# Terminal
INTERPRETED = "按「{question}」理解"
CHAT_WELCOME = "减负问答：直接输入问题；/help 看说明，/quit 或 Ctrl-D 退出。"
CHAT_COMMANDS = "命令：/help 说明，/source 2.2 看某一条原文，/quit 退出。"
CHAT_NO_COMMAND = "没有 /{command} 这个命令。" + CHAT_COMMANDS
CHAT_INTERRUPTED = "（输入 /quit 或按 Ctrl-D 退出）"
ASK_ONE_OR_BATCH = "请给出一个问题，或用 --batch 成批作答，例如 jianfu ask 一个文件最多几页"
BATCH_PROGRESS = "作答"
BATCH_BAD_JSON = "第 {number} 行不是 JSON（{error}）"
BATCH_LONG_LINE = "第 {number} 行超过 {limit} 字"
BATCH_NOT_OBJECT = '第 {number} 行应为 {{"id": …, "q": "问题"}}'
BATCH_NO_FILE = "读不了 {path}：{error}"
BATCH_BAD_ID = '第 {number} 行的 "id" 应为文字或数'
BATCH_NO_QUESTION = '第 {number} 行没有文字字段 "q"'
BATCH_BAD_HISTORY = '第 {number} 行的 "history" 应为文字列表'
BATCH_FAULTS = "有 {count} 行没有答成，见各行的 error"
KB_FINE = "知识库没有问题：{documents} 份通知，{clauses} 条，{questions} 个已知问题，版本 {version}。"
MORE_FAULTS = "{first}（另有 {count} 处，运行 jianfu kb check 可看全部）"
WORKERS_SERVING = "网页已就绪：{address}（{workers} 个进程，Ctrl-C 停止）"
WORKERS_RANGE = "--workers {workers} 不行；应为 1–64 的整数"
WORKER_NOT_STARTED = "工作进程没有启动起来就结束了（退出码 {code}）；上面的日志里有原因"
SERVING = "网页已就绪：{address}（Ctrl-C 停止）"
INTERRUPTED = "已停止"
UNEXPECTED = "程序出错（{kind}）：{error}。加 --debug 可看详情。"
PREPARED = "已备好模型和索引（知识库版本 {version}）。"
PREPARED_LEXICAL = "语义模型载入失败，只建好了字面索引；原因见上面的日志。"
TRAIN_EPOCHS = "--epochs 应为 1 以上的整数"
TRAIN_NOWHERE = "没有写到哪里：请在 config.yaml 的 model.adapter 写文件名，或用 --out"
TRAIN_NO_QUESTIONS = "知识库里没有可供学习的问题；请先在 knowledge/documents/*.yaml 里给条款写上 questions"
TRAINED = """适配器已写入 {path}（{megabytes:.1f} MB，训练用时 {minutes:.0f} 分钟）。
学了 {learned} 个例子，留出 {held_out} 个没学过的来衡量（只看语义一路）：
  首条正确 {first_before:.1f}% → {first_after:.1f}%
  分得清写没写 {apart_before:.1f}% → {apart_after:.1f}%
下次启动会自动重建索引；请再用 make eval 衡量全部回答。"""
EXPLAIN_UNSEARCHED = "没有查找：不是一个问题，或太长。"
EXPLAIN_ADDRESSED = "按位置直接找到，没有用模型。"
EXPLAIN_ANSWERABLE = "有条款能回答的把握 {answerable:.3f}；否则：{beside}"
EXPLAIN_DECISION = "结果：{outcome}；条款：{labels}"
EXPLAIN_MARKED = "标出：{label} 的“{words}”"
OUTCOME_NAMES = {"answer": "作答", "clarify": "请选择", "decline": "没有写", "chat": "寒暄"}
BESIDE_NAMES = {"near": "相近而没写", "far": "别的事", "chat": "寒暄", "noise": "乱码", "attack": "攻击"}
