"""Words that are easily taken for one another in notices: head nouns, whole terms, set phrases. Wrong fillings come from here.

A term of the clause is looked up by its whole or by its last word; what is not found here is compared with terms of
other clauses that are built alike (cloze.py).
"""

from __future__ import annotations

from collections.abc import Iterator


def _table(lines: str) -> tuple[list[str], ...]:
    return tuple(line.split() for line in lines.split("\n") if line)


#: Last words that take each other's place: 实施细则, 实施方案.
_HEADS = _table("""
面积 标准 规格 数量
细则 方案 办法 要点 规划
批示 讲话 指示 论述
管理 编制 审批 执行
范围 数量 时限 层级 渠道
密级 数量 格式 时限
规模 数量 频次 经费
规则 流程 标准 办法
制度 体系 流程 清单
机制 制度 专班 小组
力度 频次 范围 强度
负担 压力 包袱 顾虑
实效 质量 效率 纪律
权利 义务 利益 待遇
条件 程序 标准 规定
措施 方案 意见 清单
文件 要求 指示 部署
规矩 立场 方向 能力
教育 建设 引领 培训
试点 督导 调研 总结
督查 监督 审查 考察
典型 经验 做法 人物
考核 评议 审计 检查
计划 总结 预算 报告
记录 清单 检查 公示
笔记 总结 日志 报告
评价 考核 总结 汇报
方法 制度 作风 流程
要求 目标 标准 原则
清单 台账 单据 批件
酒水 食材 礼品 水果
菜肴 礼品 水果 点心
功能 条件 设施 环境
隐患 事故 风险 漏洞
活动 会议 考察 培训
""")
#: Whole terms of one kind.
_WHOLES = _table("""
不用心 不务实 不尽力 不担当 不落实 不到位 不深入
开短会 开小会 开大会 开好会
政策 待遇 资金 项目 编制 职级
积极性 主动性 创造性 责任感
结果导向 问题导向 目标导向 过程导向
树标杆 当先锋 作表率 打头阵
形式主义 官僚主义 享乐主义 本位主义 分散主义
干实事 说真话 出实招 敢担当
套开会议 分段开会 错峰开会 轮流开会
反复开会 重复发文 只议不办 久拖不决
陪会 会期 参会人员 会议经费
层层开会 层层考核 层层加码 层层签状
层层报材料 层层签字 层层汇报 反复核实
开会发文 走访座谈 签到打卡 宣传报道
一票否决 末位淘汰 责任追究 量化考核
责任状 军令状 保证书 承诺书
三个区分开来 四个自信 两个维护 四个意识
基层减负年 作风建设年 调查研究年 工作落实年
不忘初心、牢记使命 两学一做 三严三实 保持共产党员先进性
中国共产党问责条例 中国共产党纪律处分条例 中国共产党党内监督条例 中国共产党巡视工作条例
调研组 督查组 巡视组 起草组
过度留痕 重复留痕 层层加码 流于形式
政绩观错位 权力观错位 利益观错位 群众观错位
党性不纯 作风不纯 思想不纯 组织不纯
武装头脑 指导实践 推动工作 凝聚共识
影响期满 任职期满 试用期满 挂职期满
规范问责 精准问责 慎重问责 终身问责 从严问责 倒查问责 集体问责
巡视巡察 党内监督 纪律检查 专项审计
环保督察 安全检查 土地督察 统计督察
脱贫攻坚督查考核 经济发展综合考核 安全生产责任考核 营商环境督查考核
政府大督查 质量大检查 综合大检查 年终大检查
网络视频会议 现场观摩会议 大型集中会议 封闭集中会议
厂矿企业学校 社区医院商场 机关团体院所 金融保险证券
扩大会议规模 延长会议时间 增加会议经费 提高会议频次
主体责任 监督责任 领导责任 属地责任
调查研究 走访慰问 考察学习 现场观摩
讲排场 比阔气 走过场 图虚名
燕窝 海参 鲍鱼 茶点
香烟 礼品 茶叶 水果
家常菜 海鲜 野味 西餐
""")
#: Set phrases for what is wrong, and for what is right.
(_WRONG_WAYS,) = _table(
    "照本宣科 议而不决 文山会海 敷衍塞责 走马观花 铺张浪费 推诿扯皮 弄虚作假 兴师动众 层层加码 大操大办 按部就班 诬告陷害"
)
(_RIGHT_WAYS,) = _table("轻车简从 实事求是 求真务实 真抓实干 令行禁止 因地制宜 循序渐进 勤俭节约 深入基层 集思广益")


def confusables(term: str) -> Iterator[str]:
    """Terms that may stand where this one stands, nearest first; none where the term is not known."""
    for group in (*_WHOLES, _WRONG_WAYS, _RIGHT_WAYS):
        if term in group:
            yield from (other for other in group if other != term)
            return
    for heads in _HEADS:
        head = next((one for one in heads if term.endswith(one) and len(term) > len(one)), None)
        if head is not None:
            yield from (term.removesuffix(head) + other for other in heads if other != head)
            return


#: Bodies that any reader knows, where a notice names too few.
OTHER_BODIES = (
    "最高人民法院", "最高人民检察院", "中央统战部", "中央政法委", "全国总工会", "国家审计署", "中央党校", "财政部", "教育部",
)  # fmt: skip
