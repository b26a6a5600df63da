"""What people see of accounts: on the command line, and when a name, a password or a login is refused."""

from __future__ import annotations

ROLE_NAMES = {"reader": "查看", "trainer": "培训", "editor": "编辑", "approver": "审批"}
ROLE_MEANINGS = {
    "reader": "看条款、试答",
    "trainer": "看条款、试答、汇总数字",
    "editor": "看条款、试答、汇总数字，提出修改、导入、处理未答的问题",
    "approver": "全部，包括发布和回退",
}

# Names and passwords
BAD_NAME = "名字「{name}」不能用；应为 2–32 个汉字、字母、数字，中间可用 . _ -"
PASSWORD_SHORT = "密码太短（{length} 个字符），至少 {limit} 个；几个不相干的词连起来就好记"
PASSWORD_LONG = "密码太长（{length} 个字符），最多 {limit} 个"
PASSWORD_COMMON = "这个密码太容易猜（常见、有规律，或含有账号名），请换一个"
PASSWORD_SAME = "新密码与现在的一样，请换一个"

# Logging in
WRONG = "账号或密码不对。"
TOO_MANY = "试得太多了，请过 {minutes} 分钟再试；忘了密码，请在服务器上运行 jianfu admin password 重设。"

# Linking a chat
LINK_ROLE = "「{name}」不能连接：只有没停用的编辑、审批账号可以"
LINK_WRONG = "连接码不对，或已用过、过了 {minutes} 分钟；请重新生成一个"
LINK_TRIES = "试得太多了，请过一刻钟再试"

# The command line
HELP = "管理页的账号"
HELP_ADD = "建一个账号（第一个管理员也这样建；没有现成的账号和密码）"
HELP_LIST = "列出账号"
HELP_DISABLE = "停用一个账号，立即退出它的登录"
HELP_ENABLE = "重新启用"
HELP_PASSWORD = "重设密码，立即退出它的登录"
HELP_ROLE = "改角色"
HELP_LINK = "给一个账号生成一次性连接码，把它的 Telegram 私聊连上（编辑、审批）"
HELP_UNLINK = "断开一个账号连着的全部 Telegram 私聊"
HELP_STDIN = "从标准输入的第一行读密码（脚本用）；不写则在终端里输入两次"
NAME = "账号名"
ROLE = "角色"
ASK_PASSWORD = "密码："
ASK_AGAIN = "再输一次："
PASSWORDS_DIFFER = "两次输入的密码不一样，什么都没有改；请再来一次"
NO_TERMINAL = "这里不是终端，不能输入密码；请用 --password-stdin 从标准输入读"
NO_PASSWORD = "标准输入的第一行是空的，应为密码"
PASSWORD_NOT_TEXT = "标准输入里的密码不是 UTF-8 文字"
TAKEN = "已有账号「{name}」；改密码用 jianfu admin password，改角色用 jianfu admin role"
UNKNOWN = "没有账号「{name}」；用 jianfu admin list 看有哪些"
ADDED = (
    "已建账号「{name}」（{role}：{meaning}）。账号名是本系统唯一保存的姓名，只为分清谁能管理知识库；提问的人一概不记。"
)
DISABLED = "已停用「{name}」，它的登录都已退出。"
ENABLED = "已启用「{name}」。"
PASSWORD_SET = "已重设「{name}」的密码，它原来的登录都已退出。"
ROLE_SET = "「{name}」现在是{role}（{meaning}），请它重新登录。"
LINK_CODE = "「{name}」的连接码：{code}\n{minutes} 分钟内用您自己的 Telegram 私聊机器人发 /admin {code}，只能用一次；不要转给别人。"
UNLINKED = "「{name}」原来连着 {count} 个私聊，都已断开。"
NOBODY = "还没有账号。建第一个：jianfu admin add 名字 --role approver"
LINE = "{name}\t{role}\t{state}\t建于 {created}"
STATES = {False: "可用", True: "停用"}
