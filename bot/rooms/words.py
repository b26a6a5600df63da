"""Every sentence of a room that a person sees in any channel and that is not notice text."""

from __future__ import annotations

from types import MappingProxyType

from bot.quiz.item import Form
from bot.rooms.room import Phase

NO_ROOM = "没有编号 {code} 的房间，或者它已经结束并到期。请核对大屏上的编号。"
NOT_YOURS = "这个链接开不了这个房间的控制台。请用开房间时得到的链接，在开房间的设备上打开。"
NOT_NOW = MappingProxyType[Phase, str](
    {
        "lobby": "还没有开始；先点“开始”。",
        "asking": "这一题正在作答；可以暂停、加时、跳过，或公布答案。",
        "paused": "现在是暂停；先点“继续”，或公布答案、跳过。",
        "shown": "这一题已公布答案；请点“下一题”。",
        "over": "这一场已经结束。",
    }
)
PASSED = "这时已经到了别的题（别处也点过，或时间到了），所以没有再做。请看现在的这一题。"
NO_CLOCK = "现在没有在计时，不需要加时。"
BAD_SECONDS = "{seconds} 秒不行；应为 1 到 {most} 的整数。"
BAD_ITEM_SECONDS = "每题 {seconds} 秒不行；应为 0（不限时）到 {most} 的整数。"
BAD_COUNT = "{count} 道题不行；一场应为 1 到 {most} 道。"
BAD_TEAMS = "分 {teams} 个队不行；应为 0（不分队）或 2 到 {most}。"
BAD_TEAM = "没有第 {team} 队；请在 1 到 {most} 队里选。"
BAD_NAME = "名字应为 1 到 {most} 个字。"
NAMES_OFF = "这一场不记名，不需要写名字。"
BAD_CHOICE = "这个答案的写法不对：{kind}题应选 {expected}。请重新选择。"
EXPECTED = MappingProxyType[Form, str](
    {"order": "全部选项，各一次", "pairs": "每一行各一项", "several": "一项或几项", "one": "一项"}
)
NO_SEAT = "还没有进入这个房间；请先进入，再作答。"
FULL = "这个房间已有 {most} 人，进不去了；请和旁边的人合用一部手机。"
EVERYTHING = "全部条款"
NO_PAPER = (
    "“{scope}”里凑不出 {count} 道题。请减少题数，或换一个范围（条款编号，如 2 是问题二的全部；也可以是文件的编号）。"
)
MANY_ROOMS = "已有 {most} 个房间没有结束，暂时不能再开；请过一会儿再试，或先结束不用的房间。"
LOOPBACK = "这个地址只有本机能打开，手机进不来。请用本机在局域网里的地址打开这一页（{found}），再让大家扫码。"
LOOPBACK_FOUND = "例如 {address}"
LOOPBACK_UNKNOWN = "向管理员询问"
LOOPBACK_ONLY = "这个服务只在本机可用，手机进不来。请管理员把 config.yaml 的 web.host 改为 0.0.0.0（或用 --host 0.0.0.0 启动），再用局域网地址打开这一页。"
FILE_NAMES = MappingProxyType({"totals": "学习合计_{code}.{ending}", "paper": "再练一次_{code}.{ending}"})
TOTALS_COLUMNS = ("题号", "题型", "题干", "选项", "答案", "条款", "人数", "已答", "答对", "各项人数")
PAGE_TITLES = MappingProxyType(
    {
        "open": "开培训房间",
        "join": "进入培训房间",
        "phone": "培训房间",
        "screen": "大屏",
        "control": "控制台",
        "report": "合计",
    }
)
WHOLE = "《{title}》全文"
CODE_MISTYPED = "编号是六位数字，请对照大屏再输一次。"
REPORT_ABOUT = "{day}　{seats} 人参加，{items} 题{skipped}"
REPORT_SKIPPED = "，另跳过 {skipped} 题"
REPORT_NONE = "没有作答"
REPORT_RIGHT = "{right} / {answered} 答对（{percent}%）"
REPORT_KEY = "正确答案：{key}"
REPORT_COUNTS = "各项人数：{counts}"
REPORT_COUNT, REPORT_COUNT_RIGHT = "{letter} {count}", "{letter} {count}（正确）"
REPORT_EMPTY = "没有问到任何一题。"
REPORT_NO_WEAK = "没有需要重读的条款：各条都有八成以上答对，或没有人作答。"
REPORT_WEAK = "{right} / {answered} 人次答对"
REVISED = "此条已修订，请看今天的条文"
SOURCE = "出处：{label}"
FILES = MappingProxyType(
    {"paper.docx": "再练一次（Word）", "paper.pdf": "再练一次（PDF）", "totals.csv": "合计（CSV）"}
)
ROOM_TITLE = "{title}学习"
FOLLOW_UP_NONE = "这一场没有需要重读的条款，不用再出题。"

# In a Telegram group
SESSION_SETUP = """用投票一题一题地学《{title}》：每题到时公布答案和原文，最后列出大家没答好的条款。
Telegram 的投票会让同组的人看到谁选了什么；我只记总数，不记姓名，结束即删；选“可自愿留名”，愿意的人自己点了才留，只给发起人看，7 天后删除。
点“开始”就按打勾的来，也可以先改："""
SESSION_ALL = "全文"
SESSION_COUNT = "{count} 题"
SESSION_SECONDS = "{seconds} 秒"
SESSION_CHOSEN = "✓ {text}"
SESSION_START = "开始"
SESSION_NAMED = MappingProxyType({False: "只记总数", True: "可自愿留名"})
SESSION_SIGN = "留名（自愿）"
SESSION_UNSIGN = "收回留名"
SESSION_SIGN_ABOUT = "愿意留名的请点下面的按钮，不点就只算进总数。"
SESSION_SIGNED = (
    "已留名“{name}”：结束后，发起人一人能看到您答了几题、对了几题；我存到第 7 天就删，此前您随时可点“收回留名”。"
)
SESSION_UNSIGNED = "已收回，您的作答只算进总数。"
SESSION_NAMES = "看留名（{count} 人）"
SESSION_NAMES_HEADING = "{title}：自愿留名的人"
SESSION_NAMES_UNTIL = "我这里存到 {until}，到时删除；这条消息请您用完自己删。"
SESSION_NAMES_YOURS = "名单只给开始这一场的人看。"
SESSION_NO_NAME = "没有名字"
SESSION_NAMES_ITEM = "{name}：答 {answered} 题，对 {right} 题"
SESSION_NAMES_SENT = "名单已私下发给您。"
SESSION_NAMES_CLOSED = "名单只私下给您：请先在私聊里给我发 /start，再点一次。"
SESSION_NAMES_NONE = "没有人留名，或已收回、到期删除。"
SESSION_STARTED = "{title}：{count} 题，每题 {seconds} 秒。开始！题目下面的按钮归发起人和管理员用。"
SESSION_GROUP_ONLY = "一起学习要在群里进行：请把我拉进群，在群里发 /session。"
SESSION_OPEN = "这里有一场正在进行：{title}，{where}。"
SESSION_WHERE = MappingProxyType[Phase, str](
    {
        "lobby": "还没有出题",
        "asking": "正在答第 {number}/{count} 题",
        "paused": "第 {number}/{count} 题，已暂停",
        "shown": "第 {number}/{count} 题已公布答案",
        "over": "已经结束",
    }
)
SESSION_GO_ON = "接着进行"
SESSION_STOP = "结束，看总结"
SESSION_NOT_YOURS = "这些按钮只有发起人和群管理员能用。您直接在投票里选答案就行。"
SESSION_NOT_CHECKED = "没能查到您是不是群管理员，请过一会儿再点一次。"
SESSION_ALREADY = "这里已有一场正在进行；要重开，请先把它结束。"
SESSION_PASSED = "这一题已经过去了，请用最新一条消息下面的按钮。"
SESSION_TOO_FEW = "这个范围里没有能用投票出的题，请换一个范围。"
POLL_QUESTION = "（{number}/{count}）{stem}"
POLL_ABOUT = "{seconds} 秒内作答，以第一次选的为准"
CONTROLS = MappingProxyType(
    {
        "pause": "暂停",
        "stay": "停在这里",
        "resume": "已暂停 · 继续",
        "more": "+{seconds} 秒",
        "reveal": "公布答案",
        "skip": "跳过",
        "next": "下一题",
        "last": "看总结",
        "end?": "结束",
        "end": "确定结束",
        "back": "不结束",
    }
)
CONTROLLED = MappingProxyType(
    {
        "start": "开始了。",
        "pause": "已暂停。",
        "resume": "继续计时。",
        "more": "加了 {seconds} 秒。",
        "reveal": "公布答案。",
        "skip": "跳过了，这一题不计。",
        "next": "好的。",
        "end": "结束了，稍等看总结。",
        "go": "好的。",
    }
)
ANSWER_LINE = "第 {number}/{count} 题　答案：{answer}"
ANSWERED_LINE = "{answered} 人作答，{right} 人答对。"
NOBODY_ANSWERED = "没有人作答。"
CLAUSE_CHANGED = "{label}已修订，请用 /source 看今天的原文。"
NEXT_SOON = "{seconds} 秒后自动进入{what}。"
NEXT_WHAT, LAST_WHAT = "下一题", "总结"
SHEET = "{title}总结：{seats} 人参加，出了 {count} 题{skipped}。"
SHEET_SKIPPED = "，跳过 {count} 题"
SHEET_ITEM = "{number}．{label}（{kind}）：{result}"
SHEET_ANSWERED = "{answered} 人作答，{right} 人答对"
SHEET_NOBODY = "没有人作答"
SHEET_WEAK = "答对不到八成、请一起重读的有 {count} 条："
SHEET_WEAK_ITEM = "{label}（{right}/{answered} 答对）"
SHEET_NOTHING = "没有收到作答，看不出哪些条款要重读。"
SHEET_FINE = "问到的条款都有八成以上答对，没有要重读的。"
FOLLOW_UP_FILE = "巩固练习.docx"
FOLLOW_UP = "按没答好的条款出的 {count} 道巩固题，答案在最后。"
SESSION_NO_POLLS = "这个群不让我发投票，所以这一场出不了题，先结束了。请群管理员在群的权限设置里允许成员“发投票”（或把我设为管理员），再发 /session。"
SESSION_FORGOTTEN = "群里学习中您的作答、留名也删了。"
