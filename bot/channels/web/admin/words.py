"""What people see on the pages of the administration; names and meanings of roles are bot/accounts/words.py's."""

from __future__ import annotations

# The frame
NAV = {
    "/admin": "概览",
    "/admin/try": "试答",
    "/admin/clauses": "条款",
    "/admin/queue": "待办",
    "/admin/import": "导入",
    "/admin/proposals": "提议",
    "/admin/numbers": "统计",
    "/admin/history": "历史",
}
NAV_LABEL = "管理"
TO_CHAT = "去提问"
TO_HOME = "回到概览"
LOG_OUT = "退出"
WHO = "{name}（{role}）"

# Turned away
TURNED = {403: "不能这样做", 404: "没有找到", 409: "没有做成", 415: "没有做成", 429: "请稍等"}
TURNED_ELSE = "没有做成"
FORBIDDEN = "您的角色不能用这一页。需要的话，请找能用服务器的人改角色（jianfu admin role）。"
OTHER_SITE = (
    "这个请求不是从本网站的页面发来的，没有执行。请从管理页重新操作；经反向代理访问的，请检查代理是否保留了 Host。"
)
FORM_STALE = "这一页打开得太久，或您在别处重新登录过，没有执行。请退回去刷新页面，再做一次。"
NOT_A_FORM = "收到的不是网页表单，没有执行。请从管理页重新操作。"

# Login
LOGIN = "登录"
LOGIN_INTRO = "这里是管理知识库的地方，提问不用登录。"
LOGIN_NOTE = "没有现成的账号：能用服务器的人用 jianfu admin add 建。账号名是本系统唯一保存的姓名；提问的人一概不记。"
ACCOUNT = "账号"
PASSWORD = "密码"  # noqa: S105 - a label
LOGIN_AGAIN = "登录已过期，或登录页打开得太久；刚才的操作没有执行，请重新登录。"
LOGGED_OUT = "已退出。"

# Password
CHANGE_PASSWORD = "改密码"  # noqa: S105 - a label
OLD_PASSWORD = "现在的密码"  # noqa: S105 - a label
NEW_PASSWORD = "新密码（至少 {limit} 个字符）"  # noqa: S105 - a label
NEW_AGAIN = "再输一次新密码"
CHANGE = "修改"
DIFFERENT = "两次输入的新密码不一样，什么都没有改。"
OLD_WRONG = "现在的密码不对，什么都没有改。"
CHANGED = "密码已改，请用新密码登录；您在别处的登录也都退出了。"

# Telegram
TELEGRAM = "连接 Telegram"
TELEGRAM_INTRO = (
    "连上以后，您可以在与机器人的私聊里发文件、看预览、发布，权限与网页上一样。只存您的 Telegram 编号的加密指纹。"
)
TELEGRAM_LINKED = "您的账号现在连着 {count} 个私聊。"
TELEGRAM_NONE = "您的账号现在没有连着私聊。"
MAKE_CODE = "生成连接码"
CODE_LABEL = "连接码"
CODE_NOTE = "{minutes} 分钟内，用您自己的 Telegram 私聊机器人发这一句；只能用一次，不要转给别人："
CODE_SEND = "/admin {code}"
UNLINK = "断开全部私聊"
UNLINKED = "已断开 {count} 个私聊。"
TELEGRAM_ENDS = "停用账号、改角色、改密码都会断开；{days} 天不用也会。"

# Overview
OVERVIEW = "概览"
STATE = "现在的状态"
VERSION = "知识库版本"
MODE = "查找方式"
MODES = {"full": "语义和字面", "lexical": "只按字面（语义模型用不了，原因见服务器日志）"}
READINESS = "能否提问"
READY = "可以"
LOADING = "还在准备：{stage}"
FAILED = "启动失败：{error}"
YOU = "您"
SINCE = "{name}，{role}：{meaning}"
SESSION_ENDS = "这次登录到 {until}（北京时间）为止；{idle} 分钟不用也要重新登录"
COUNTS = "知识库里有什么"
DOCUMENT = "通知"
CLAUSES = "条款"
QUESTIONS = "已知问题"
SHARED = "几条共同回答的问题"
UNANSWERED = "没有写到的问题"
OUT_OF_SCOPE = "另有 {count} 个与任何通知都无关的话，用来学会不答。"
LOGGED_IN = "现在登录着的人"
NAME = "账号"
ROLE = "角色"
LOGGED_IN_SINCE = "登录于（北京时间）"

# Trying a question
TRY = "试答"
TRY_INTRO = (
    "输入一个问题，看它是怎么答出来的：候选条款、各项依据、把握、决定。与正式回答是同一条路，但不留凭据，也不记问题。"
)
QUESTION = "问题"
EARLIER = "前面问过的话（可不填，一行一句）"
TRY_BUTTON = "试答"
COMPARE_TWO = "两个版本并排比较"
COMPARE_NOTE = (
    "同一个问题问两个版本，看决定、候选和依据有什么不同。不在用的版本要先载入索引，头一次可能要等一会儿；其间照常作答。"
)
LEFT, RIGHT = "版本甲", "版本乙"
COMPARE_BUTTON = "并排比较"
NOTHING_TO_COMPARE = "还没有可以比较的版本：没有发布过，也没有做好预览的提议。"
NO_CHOICE = "没有这个版本或提议可以试；可能已发布或丢弃了。请重新选。"
STILL_LOADING = "正在载入{title}（{stage}），还没有好。过一会儿再按一次「并排比较」；问答照常。"
SIDE = "{letter}：{title}"
SIDES = ("甲", "乙")
ITEM = "项目"
DIFFERENCE = "比较"
SAME, NOT_SAME = "相同", "≠ 不同"
ALL_SAME = "两个版本的决定、把握、依据和回答都相同。"
SOME_DIFFER = "两个版本有 {count} 项不同：{items}。"
ONLY = "≠ 只有{letter}"
RISES, FALLS = "≠ ↑ 升 {by}", "≠ ↓ 降 {by}"
TEXT_DIFFERS = "条文不同"
IN_FULL = "{letter}的全部依据：{title}"
NO_QUESTION = "请输入一个问题。"
QUESTION_LONG = "问题太长了（{length} 字），请压缩到 {limit} 字以内。"
DECISION = "决定"
OUTCOME = "结果"
WHY = "原因"
SURENESS = "把握"
RESTS_ON = "依据的条款"
NONE = "无"
UNDERSTOOD = "按「{question}」理解"
ANSWERABLE = "有条款能回答的把握 {answerable}"
BESIDE = "否则"
CANDIDATES = "候选条款"
CLAUSE = "条款"
PROBABILITY = "单条把握"
TEXT = "条文"
FEATURES = "各项依据"
FEATURES_NOTE = "数值越大越像；怎样合成把握，见 index/calibration.py。"
ANSWER_TEXT = "会这样回答"
UNSEARCHED = "没有查找：不是一个问题，或太长。"
ADDRESSED = "按位置直接找到，没有用模型。"
MISSING = "点名的位置不存在：{what}。"
WHY_ANSWER = "有条款能回答的把握 {answerable} 不低于 {limit}，首条单条把握 {best} 不低于 {first}"
WHY_CLARIFY = "有条款能回答，但几条不相上下，首条单条把握 {best} 低于 {first}，请提问者选"
WHY_ATTACK = "像诱导或伪造的把握 {attack} 达到 {limit}，不引用"
WHY_UNSURE = "有条款能回答的把握 {answerable} 不低于 {limit}，但没有哪一条够把握（首条 {best}，要 {first}）"
WHY_DECLINE = "有条款能回答的把握 {answerable} 低于 {limit}；最像「{beside}」"
WHY_RECORDED = "记录里写明：{why}"
FEATURE_NAMES = {
    "bm25": "字面（BM25）",
    "coverage": "字面覆盖",
    "ngram": "字词分类",
    "ngram_lead": "字词分类的领先",
    "ngram_beside": "字词分类：不是问条款",
    "cosine": "语义相近",
    "embedding": "语义分类",
    "embedding_lead": "语义分类的领先",
    "embedding_near": "语义分类：相近而没写",
    "embedding_beside": "语义分类：不是问条款",
}

# Clauses
CLAUSES_INTRO = "每一条和指向它的问题。"
SEARCH = "查找"
SEARCH_LABEL = "在编号、条文、问题里查找"
FOUND = "共 {count} 条"
FOUND_FOR = "「{typed}」：{count} 条"
NOTHING_FOUND = "没有条款或问题含有「{typed}」。请换个词，或清空后看全部。"
ALL = "看全部"
POINTING = "{count} 个问题指向它"
MATCHING = "其中 {count} 个含有「{typed}」"
PREVIOUS = "上一页"
NEXT = "下一页"
PAGE = "第 {page} 页，共 {pages} 页"
PAGES_LABEL = "翻页"
NO_SUCH_CLAUSE = "没有编号为 {reference} 的条款。请从条款页重新进入。"
OWN_QUESTIONS = "只由它回答的问题"
SHARED_QUESTIONS = "由它和别的条款共同回答的问题"
NEAR_QUESTIONS = "与它相近、但没有写到的问题"
KEYWORDS = "关键词"
NO_QUESTIONS = "没有。"
WITH_CLAUSES = "（共同：{clauses}）"
WITH_WHY = "（{why}）"
READ = "读者看到的这一条"
TO_CLAUSES = "回到条款"
PUNCTUATION = "、"

# History
HISTORY = "历史"
HISTORY_INTRO = "知识库的每一版都留着：谁、什么时候、为什么。任何一版都可以退回去，一字不差。"
NEVER_PUBLISHED = "还没有发布过任何版本，现在用的是软件自带的知识库。第一次发布：在条款页修改一条，或在服务器上运行 jianfu kb publish。"
NUMBER = "版本"
VERSION_TITLE = "第 {seq} 版"
STATUS = "状态"
IN_USE = "正在使用"
AT = "时间（北京时间）"
BY = "谁"
AGREED = "同意的人"
REASON = "理由"
OVERRIDE = "未过把关仍发布的理由"
COMPARE = "比较"
COMPARED = "第 {old} 版与第 {new} 版"
OLD = "原来"
NEW = "改后"
CHOICE = "第 {seq} 版（{version}）"
AGAINST = "与第 {seq} 版比较"
NO_SUCH_VERSION = "没有第 {seq} 版。请从历史页重新进入。"
GO_BACK = "退回到第 {seq} 版"
BACK_NOTE = "退回以后，正在运行的程序会自己换上，不用重启；现在这一版仍然留着，还可以再换回来。"
WHY_BACK = "为什么退回（会留在记录里）"
REASON_MISSING = "请写明为什么退回，什么都没有改。"
AGREE = "同意并发布"
AGREE_NOTE = "这是等待第二个人同意的提议。同意以后立即发布，正在运行的程序会自己换上。"
NOT_ONES_OWN = "这是您自己的提议，须由另一个人同意。"
SENTENCE = "{said}。"
QUESTIONS_NEW = "加了 {count} 个问题"
QUESTIONS_GONE = "减了 {count} 个问题"
FURTHER = "……另有 {count} 个"
