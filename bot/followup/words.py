"""Words that ask, and words that name no subject: a question made of these alone needs an earlier one."""

from __future__ import annotations

import re


def _table(text: str) -> frozenset[str]:
    return frozenset(text.split())


ASKING_ENDS = _table("吗 么 不 没 没有")
ASKING = ASKING_ENDS | _table("""
    谁 哪 哪个 哪些 哪几 哪些地方 什么地方 哪个地方 哪里 哪儿 哪天 哪年 什么 什么时候 何时 干什么 多少 几 百分之几 多久 多长 多大 多高
    怎么 怎么办 怎么样 如何 怎样 为什么 为何 凭什么 能不能 行不行 可不可以 是不是 要不要 会不会 有没有 算不算 够不够
""")
ENDS_ASKING = r"(?<=.)(?:吗|么|不|没有?)$|了[么吗没]"
EXAMPLES = _table("举个例子 举例 举例说明 举几个例子 举例子 有例子 比如 比如说 例如 详细 具体")
LITTLE_WORDS = _table("""
    这 那 它 他 他们 它们 这个 那个 这些 的 了 呢 啊 过 着 地 得 都 也 还 再 又 就 才 只 到底 究竟 具体 大概 一般 最多 最少 最长 最高 最低
    至少 总共 一共 共 每 每个 每年 每月 每天 现在 目前 实际 真的 分别 各 由 在 对 为 为了 把 被 跟 和 里面 里 内 上 下 前 后 来 去 出 吧 老
    按 以 从 到 于 多 少 一 二 两 三 四 五 六 七 八 九 十 , ， 、 是否 例外 包括 除了 因为 所以 后来 一点 详细 不好
""")
DONE_TO_ANYTHING = _table("""
    是 有 要 会 能 可以 应该 必须 该 让 给 做 干 搞 说 讲 写 算 算数 用 叫 找 管 批 批准 审批 牵头 负责 协调 参加 参与 起草 提出 提出来
    定 成立 开始 结束 施行 实行 执行 生效 减 减少 砍 降 增加 公开 处分 处罚 处理 追究 罚 扣 判 取消 解决 防止 区分 选 查 看 改 改成
    超过 超过了 超了 超出 超标 违反 违规 没做到 做不到 没完成 不执行 不做 剩 拿 占 回 回复 需要
""")
ASKED_OF_ANYTHING = _table("""
    人 人员 单位 部门 组长 责任人 名单 名字 电话 号码 地址 网址 省 市 县 条 个 项 点 级 一级 页 次 位 名 家 份 场 栋 辆 辆车 号 成 比例
    数量 钱 块钱 奖金 分 年 月 日 天 小时 时间 期限 起 止 范围 前提 条件 制度 办法 方法 要求 标准 原因 目的 依据 例子 问题 方面 部分 行动
    结果 后果
""")
NO_SUBJECT = ASKING | LITTLE_WORDS | DONE_TO_ANYTHING | ASKED_OF_ANYTHING


def covered(text: str, words: frozenset[str]) -> bool:
    """Whether a text is made of these words and nothing else."""
    reachable = {0}
    for end in range(1, len(text) + 1):
        if any(start in reachable and text[start:end] in words for start in range(max(0, end - 6), end)):
            reachable.add(end)
    return len(text) in reachable


def asks(text: str) -> bool:
    """Whether a text holds a question word, or ends in a particle that makes it a question."""
    return any(word in text for word in ASKING - ASKING_ENDS) or re.search(ENDS_ASKING, text) is not None
