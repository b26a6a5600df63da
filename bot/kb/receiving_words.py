"""What people are told of files that they send."""

from __future__ import annotations

NO_NOTICE = "没有这份导入的草稿；可能已写成提议，或被人丢弃了。请重新发一次文件。"
NO_ID = "{name}：没有 document.id，不知道是哪份通知。请在取来的 YAML 上改，不要删开头的 document。"
OTHER_CLAUSES = (
    "知识库里已有《{title}》，而这份文件的分条与它不同（{what}），分不清已知问题归哪一条。"
    "只改文字的，请保持分条不变再发；要增删条款，请在取来的 YAML 上改；要另加一份，请换标题和编号。"
)
MORE = "多了 {clauses}"
GONE = "少了 {clauses}"
CLEARED = "清理了一天前中断的导入留下的 {count} 份半成品；写好的草稿没有动"
EXPIRED = "导入的《{title}》{days} 天没有写成提议，草稿已清理；还要用，请重新上传文件"
