"""Every sentence of a room that a person sees in any channel and that is not notice text."""

from __future__ import annotations

from types import MappingProxyType

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
NO_CLOCK = "现在没有在计时，不需要加时。"
BAD_SECONDS = "{seconds} 秒不行；应为 1 到 {most} 的整数。"
BAD_ITEM_SECONDS = "每题 {seconds} 秒不行；应为 0（不限时）到 {most} 的整数。"
BAD_COUNT = "{count} 道题不行；一场应为 1 到 {most} 道。"
BAD_TEAMS = "分 {teams} 个队不行；应为 0（不分队）或 2 到 {most}。"
BAD_TEAM = "没有第 {team} 队；请在 1 到 {most} 队里选。"
BAD_NAME = "名字应为 1 到 {most} 个字。"
NAMES_OFF = "这一场不记名，不需要写名字。"
BAD_CHOICE = "这个答案的写法不对：{kind}题应选 {expected}。请重新选择。"
EXPECTED = MappingProxyType(
    {"order": "全部选项，各一次", "matching": "每一行各一项", "multiple": "一项或几项", "": "一项"}
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
REPORT_ABOUT = "{day}（世界时）　{seats} 人参加，{items} 题{skipped}"
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
