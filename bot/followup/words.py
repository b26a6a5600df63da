"""Words that ask, and words that name no subject: a question made of these alone needs an earlier one.

Mostly data; covered() and asks() read it.
"""

from __future__ import annotations

import re

from index.outline import ADDRESS_PHRASES


def _table(text: str) -> frozenset[str]:
    return frozenset(text.split())


ASKING_ENDS = _table("吗 么 不 没 没有")
ASKING = ASKING_ENDS | _table("""
    谁 哪 哪个 哪一个 哪些 哪几 哪级 哪种 哪类 哪些地方 什么地方 哪个地方 哪里 哪儿 哪天 哪年 什么 什么样 什么时候 何时 干什么 多少 几 几成
    百分之几 多久 多长 多大 多高 怎么 怎么办 怎么样 怎么个 如何 怎样 为什么 为何 凭什么 能不能 能否 可否 行不行 可不可以 是不是 要不要 会不会
    有没有 有无 有没 算不算 够不够 该不该 用不用 对不对
""")
ENDS_ASKING = r"(?<=.)(?:吗|么|不|没有?)$|了[么吗没]"
EXAMPLES = _table("举个例子 举例 举例说明 举几个例子 举例子 有例子 比如 比如说 例如 详细 具体")
LITTLE_WORDS = _table("""
    这 那 它 它们 他 他们 这个 那个 这些 那些 这种 那种 这类 这样 那样 这么 那么 这里 此 该 的 了 呢 啊 过 着 地 得 都 也 还 再 又 就 才 只
    到底 究竟 具体 大概 一般 最多 最少 最长 最短 最高 最低 最 至少 总共 一共 共 每 每个 每年 每月 每天 现在 目前 实际 真的 分别 各 由 在 对 为 为了 把 被 跟 和 与
    给 里面 里 内 以内 上 下 前 后 以后 之后 以前 之前 的时候 时候 时 来 去 出 吧 老 按 按照 根据 以 从 到 于 多 少 一 二 两 三 四 五 六 七 八 九
    十 , ， 、 是否 例外 除外 包括 除了 因为 所以 后来 一点 详细 不好 跟减负 和减负 与减负 你 我 自己 另外 首先 主要 特别 比较 一定 必须 非 太 很
    通知里 通知中 文件里 里头 中 等 及 其 如果 要是 万一 假如 一旦
""")
DONE_TO_ANYTHING = _table("""
    是 有 要 会 能 可以 应该 该 让 使 做 干 搞 弄 说 讲 写 提 算 算数 用 叫 找 管 批 批准 审批 同意 允许 许可 准 牵头 领头 带头 负责 协调 参加 参与
    起草 提出 提出来 定 定的 规定 决定 制定 出台 印发 发布 成立 组成 构成 开始 结束 施行 实行 执行 生效 算起 减 减少 砍 降 增加 公开 处分 处罚 处置 处理
    追究 追责 罚 罚款 惩罚 扣 判 取消 解决 防止 避免 区分 区别 选 选择 查 查处 看 看待 改 改成 改进 超过 超过了 超了 超出 超标 违反 违规 违背 没做到 做不到
    减到 降到 没完成 完成 达到 不执行 不做 不改 剩 拿 占 回 回复 需要 提拔 使用 受 受到 收 交 申请 办 办理 安排 适用 涉及 影响 计算 统计 理解 解释 遵守 照办
    注意 符合 属于 行 留 发 满 准备 保证 确保 督促 监督 反映 举报 投诉
""")
ASKED_OF_ANYTHING = _table("""
    人 人员 成员 单位 部门 机构 组长 负责人 责任人 主体 对象 名单 名字 电话 号码 地址 网址 地点 省 市 县 条 个 项 点 级 一级 级别 层级 页 页数 次 次数
    位 名 家 份 场 栋 辆 辆车 号 成 种 类 样 比例 数量 数字 数 人数 钱 块钱 奖金 分 年 月 日 天 小时 时间 期限 期 起 止 范围 前提 条件 制度 机制 办法
    方法 做法 要求 标准 上限 下限 底线 限度 幅度 力度 长度 篇幅 字数 原因 理由 目的 目标 意义 作用 好处 依据 出处 来源 例子 问题 方面 部分 行动 结果 后果
    效果 影响 意思 含义 关系 情况 区别 差别 特点 重点 关键 步骤 程序 流程 手续 内容 精神 事 事情 东西 行为 现象 毛病 措施 任务 形式 方式 渠道 身份
    说法 讲究 硬性 指标 道理 原来 原先
""")
#: Names that are subjects though they are made of such words.
SUBJECTS = _table("八项规定 三个区分 减负年 三会一课")
NO_SUBJECT = ASKING | LITTLE_WORDS | DONE_TO_ANYTHING | ASKED_OF_ANYTHING
#: English words of the same kinds; a question made of these alone needs an earlier one, with one of the first line in it.
ENGLISH_ASKING = _table("who whom what when where why how which is are does do can may must should")
ENGLISH_NO_SUBJECT = ENGLISH_ASKING | _table("""
    it they them those these that this its their the a an of in on for to by with and or then so be been was were will if not
    leads lead led leading chairs charge responsible joins join joined takes part involved many much long often exactly
    limit deadline penalty punished punishment exceptions exception any there happens else reason mean means say says
    percentage percent more less least most per year approve approves approved apply applies applied enforced members
""")


#: What may stand around a walk through the notice (下一条讲的是什么), besides its trigger.
FRAME = ADDRESS_PHRASES | _table("""
    这 那 它 它们 这个 那个 这条 那条 这一条 那一条 这句 这句话 这项 该 刚才 刚才的 上面 上面的 上面那条 前面那条 后面 往后 中 你 我 给我看 给我看看
    给我听 一份 这个问题 那个问题 里面的 一条一条来 一遍 下 又 还 还是 是不是 通知 通知里 文件里 到 然后 也 是 的话 讲 说 写 看 念 没 没有 不 么 几 一 意思 过来 出来 完整 整段 全
    a an and then one ones ok it that this is can could you for there any i see want copy pls please 给个 我要 抄下来 抄一下
""")


def covered(text: str, words: frozenset[str]) -> bool:
    """Whether a text is made of these words and nothing else."""
    reachable = {0}
    for end in range(1, len(text) + 1):
        if any(start in reachable and text[start:end] in words for start in range(max(0, end - 10), end)):
            reachable.add(end)
    return len(text) in reachable


def asks(text: str) -> bool:
    """Whether a text holds a question word, or ends in a particle that makes it a question."""
    return any(word in text for word in ASKING - ASKING_ENDS) or re.search(ENDS_ASKING, text) is not None
