"""What people are told of drafts: what is in one, how far its preview is, why it is refused."""

from __future__ import annotations

NO_DRAFT = (
    "没有这个提议；可能已经发布，或被人丢弃了。请从提议页重新进入；"
    "有几台服务器时，没有发布的提议只在写它的那一台上，请到那一台上打开。"
)
CLEARED = "清理了一天前中断时留下的 {count} 个没有写成的提议；写好的没有动"
TOO_MANY = "没有发布的提议已有 {most} 个；请先发布或丢弃一些。"
TOO_LONG = "这个提议里已有 {most} 处改动；请先发布它，再另写一个。"
CANNOT_KEEP = "提议没有存下来（{error}）；请检查服务器的磁盘空间和权限，再试一次。"
NO_DOCUMENT = "现在的知识库里没有编号为 {document} 的通知，改动放不进去。"
DOCUMENT_THERE = (
    "知识库里已有编号为 {document} 的通知，没有换掉它，以免丢掉它的已知问题。"
    "要改它的条文，请在条款页改；要另加一份，请换一个编号重新导入。"
)
MOVED = "在您之后，别人已发布了第 {now} 版，而这个提议是在{base}上改的，不能直接发布。可以「放到第 {now} 版上重做」，再看一遍预览。"
STALE = "知识库在您打开这一页以后换了新版本。请看一遍现在的内容，再改一次；什么都没有改。"
REWRITTEN_MOVED = "《{title}》在这份 YAML 之后又改过，换上它会丢掉那些改动。请取现在的 YAML，在它上面改了再发。"
NOT_READY = "预览还没有做完，不能发布。"
CHANGED_MEANWHILE = "提议的内容与预览不一致，已重新预览；什么都没有发布。"
NOTHING = "没有要改的地方。"

TRY_NOW = "正在使用的（{served}）"
TRY_VERSION = "第 {seq} 版（{version}）"
TRY_PROPOSED = "第 {seq} 号提议，等人同意（{version}）"
TRY_DRAFT = "{author}的提议，{minute}"
UNEXPECTED_TRY = "载入这一版时出了意外（{error}），原因见服务器日志；可以再试一次。"
TOLD_CLAUSE = "{label}：{what}"
TOLD_TEXT = "改条文"
TOLD_KEYWORDS = "改关键词"
TOLD_NEW = "加 {count} 个问题"
TOLD_GONE = "减 {count} 个问题"
TOLD_IMPORT = "导入《{title}》"
TOLD_REWRITTEN = "换上《{title}》的 YAML"
TOLD_SETTLED = "写入 {count} 个没答上来的问题"

WAITING = "排队，等前面的预览做完"
TAKING_OUT = "取出原来的版本"
APPLYING = "写入改动"
LINTING = "检查写法"
UNEXPECTED = "做预览时出了意外（{error}），原因见服务器日志；可以重新预览。"
