"""Every sentence of learning alone that a person sees and that is not notice text."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType

from bot.study.standing import Level

LEVELS = MappingProxyType[Level, str]({"known": "已掌握", "learning": "学习中", "new": "未开始"})
REVISED = "此条已修订"

NO_SUCH_ITEM = "这道题已经没有了：条款改过，或链接不完整。请回到学习页，从今天的题继续。"
OTHER_OPTIONS = "知识库刚更新过，这道题的选项变了，所以这次作答不算。请接着学：改过的题会重新出。"
BAD_CHOICE = "这样作答不行：请从第 1 到第 {most} 个选项里选。"

TODAY = "今天要复习 {due} 题，新题 {new} 题。每答一题就存一题，随时可停，随时可接着学。"
TODAY_DONE = "今天该学的都学完了。"
TODAY_LATER = "还有 {later} 题，过几分钟再来一遍，印象更深。"
STOPPED = "好，先到这里。答过的都存下了，想接着学，发 /study 就行。"

RIGHT = "答对了。这道题{again}再见。"
WRONG = "答错了。正确答案：{answer}。原文是："
NOT_COUNTED = "（这道题刚才已经记过，没有重复计。）"
REPEATED = "这道题已经记过了，没有重复计。"
POLL_UNKNOWN = "这道题找不到了：隔得太久，或者记录已删，这次作答没有记下。请发 /study 接着学。"
PRIVATE = "学习是您个人的事，请私聊我发 /study。"

TICK = "可选一项或几项，选好后点「提交」。"
ARRANGE = "请按先后顺序点编号，点齐后点「提交」。"
MATCH = "请依次为「{left}」点它对应的编号。"
MATCHED = "各项都选好了，请点「提交」。"
CHOSEN = "已选：{chosen}"

BOOK_EMPTY = "错题本是空的。答错的题会记在这里，答对一次就拿掉。"
BOOK = "错题本共 {count} 题。点题再做一次，点「原文」看条款："
MAP = "掌握情况（只给您自己看，不计分）："
MAP_OTHER = "《{title}》其他"

REMINDER_OFF = "现在不提醒。"
REMINDER_WOULD = "打开后，每天 {time} 提醒一次，没有到期的题就不提醒。"
REMINDER_ON = "每天 {time}，有到期的题才提醒，一天最多一次。"
REMINDER_QUIET = "{start}—{end} 不打扰。"
REMINDER_NEVER_QUIET = "没有设免打扰时段。"
REMINDER_CLASH = "注意：提醒时间在免打扰时段里，这样不会提醒；请改其中一个。"
REMINDER_KEEPS = "（北京时间。要能发给您，提醒开着时要存这个聊天的编号；一关就删，{days} 天不用也删。）"
REMIND = "有 {due} 题到期，可以复习了。不想要提醒，点「提醒设置」关掉。"

BUTTON_START = "开始"
BUTTON_NEXT = "下一题"
BUTTON_STOP = "先到这里"
BUTTON_BOOK = "错题本"
BUTTON_MAP = "掌握情况"
BUTTON_REMINDER = "提醒设置"
BUTTON_ASK = "问这一条"
BUTTON_SOURCE = "原文"
BUTTON_SUBMIT = "提交"
BUTTON_AGAIN = "重选"
BUTTON_MORE = "后面的题"
BUTTON_REMIND = MappingProxyType({True: "提醒：开（点一下关掉）", False: "提醒：关（点一下打开）"})
BUTTON_TIME = ("‹ 提醒早半小时", "提醒晚半小时 ›")
BUTTON_QUIET_FROM = ("‹ 免打扰早开始", "免打扰晚开始 ›")
BUTTON_QUIET_TO = ("‹ 免打扰早结束", "免打扰晚结束 ›")

OPEN_QUOTE, CLOSE_QUOTE, BETWEEN = "「", "」", "、"


def clock(minute: int) -> str:
    """A minute of the day as 08:30."""
    return f"{minute // 60:02}:{minute % 60:02}"


def until(due: datetime, now: datetime) -> str:
    """How long until a card comes back, roughly."""
    left = due - now
    if left < timedelta(hours=1):
        return f" {max(1, round(left.total_seconds() / 60))} 分钟后"
    if left < timedelta(days=1):
        return f" {round(left.total_seconds() / 3600)} 小时后"
    return f" {round(left.total_seconds() / 86400)} 天后"
