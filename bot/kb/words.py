"""What people are told while the knowledge is kept: which version is served, what a change does, what went wrong."""

from __future__ import annotations

UNCONFIRMED = "数据库联系不上，先用{what}作答，恢复后自动核对：{error}"
WENT_BACK = (
    "数据库里现在用的是{now}，而本机上次看到的是第 {before} 版：数据库可能是从旧备份恢复的。运行 jianfu kb log 核对"
)
NO_COPY = "现在应当用第 {seq} 版知识库，但本机没有它的完好副本，数据库也联系不上；数据库恢复后会自动取来"
NO_ROOM = "第 {seq} 版知识库写不到本机（{error}）；请检查磁盘空间和权限，或改 config.yaml 的 knowledge.copies"
FOLDER_DIFFERS = (
    "现在用的是第 {seq} 版；{folder} 里的内容没有发布过，不会用它作答。"
    "要用它，运行 jianfu kb propose 看有什么不同，再运行 jianfu kb publish"
)


def served(seq: int) -> str:
    """A version as people call it."""
    return f"第 {seq} 版" if seq else "软件自带的知识库"


READING = "读取知识库"

# The gate
GATE_DROP = "没学过的问题里，原来答对、现在答错的有 {lost} 个，反过来只有 {gained} 个"
GATE_FALSE = "通知没有写的问题里，原来不引用、现在引用了条款的有 {lost} 个，反过来只有 {gained} 个"
GATE_CLAUSE = "{label}：原来答对 {had} 个问题，现在只答对 {has} 个"
GATE_OPEN = "把关通过。"
GATE_SHUT = "把关没有通过，不能发布："
GATE_HOW = "没学过的问题 {measured} 个：答对 {before} → {after}，没写却引用 {false_before} → {false_after}。"
GATE_NEW = "新加的已知问题 {new} 个，不看记录也能答对 {right} 个。"
GATE_WITHOUT = "其中 {count} 个问题原来的条款已经没有了，按改后的记录衡量。"
GATE_LOST = "  答错：{question}（应引 {wanted}，原来引 {before}，现在引 {after}）"
GATE_REMEDY = "请改正后重新预览；确实要发布，请写明理由（命令行用 --override），理由会留在记录里。"
NOTHING_CITED = "无"

# The lint
LINTING = "检查改动"
LINT_NEW = "检查发现 {count} 处新的问题（其中错误 {errors} 处，原来就有的不列）："
LINT_CLEAN = "检查没有发现新的问题。"
LINT_ERROR = "{file}:{line} {text}"
LINT_SHUT = "有新的错误，不能发布。"
LINT_NO_ROOM = "没法检查改动：临时文件写不下（{error}）；请检查临时目录的磁盘空间和权限"

# A proposal
NO_BASE = "还没有发布过，没有可以比较的版本；发布以后，这些内容就是第 1 版。"
AGAINST = "与{base}（{version}）比较，改后版本 {new}："
SAME = "没有任何改动，不用发布。"
KIND_NAMES = {
    "added": "新增",
    "removed": "删去",
    "changed": "改动",
    "renumbered": "编号或位置变了",
    "questions": "已知问题或关键词变了",
}
RENUMBERED = "  原为 {before}"
QUESTIONS = "  已知问题：加 {new} 个，减 {gone} 个"
ELSEWHERE = "条款没有改动；改的是通用问题、未答问题、注释或顺序。"
EFFECT = "已知问题 {asked} 个，{changed} 个的回答会变。"
EFFECT_ONE = "  问：{question}"
EFFECT_BEFORE = "    原来：{said}"
EFFECT_AFTER = "    改后：{said}"
EFFECT_MORE = "  ……另有 {count} 个，--json 可看全部"
ASKING = "用两个版本各答一遍已知问题"
INDEX_OF = "{what}：{stage}"
NOW, PROPOSED = "现在的版本", "改后的版本"

# Publishing
NO_FOLDER = "没有文件夹 {folder}；应是一个知识库文件夹，里面有 documents/*.yaml 和 sources/*.txt"
WHICH_BASE = (
    "不知道 {folder} 是在第几版上改的（现在用的是第 {seq} 版）。若就是在它上面改的，加 --base {seq}；"
    "下次先用 jianfu kb checkout 取出现在的版本再改，就不用写了"
)
SHUT_OUT = "没有发布：{reasons}。" + GATE_REMEDY
EMPTY_OVERRIDE = "--override 后面要写明理由"
PUBLISHED = "已发布第 {seq} 版（{version}）。正在运行的程序会自己换上，不用重启；要退回去：jianfu kb rollback {parent}"
PUBLISHED_FIRST = "已发布第 {seq} 版（{version}）。以后用的就是它；要改，先用 jianfu kb checkout 取出。"
PROPOSED_FOR = "已记为第 {seq} 号提议，等另一个人同意：jianfu kb approve {seq} --by 姓名"
PUBLISHED_ALREADY = "{folder} 里的内容就是现在用的第 {seq} 版，已经发布，不用再发布。"
NOT_PROPOSED = "第 {seq} 号不是等待同意的提议；在管理页的“历史”里（或运行 jianfu kb log）看有哪些"
SAME_PERSON = "提议的人（{author}）不能自己同意，须换一个人"
NOT_SERVED = "第 {seq} 号只是提议，没有发布过，不能退回到它"
ALREADY = "现在用的就是第 {seq} 版的内容，不用退回"
NOTHING_YET = "还没有发布过任何版本；用的是 {folder} 里的内容"
ROLLED_BACK = "已退回到第 {to} 版的内容（{version}），记为第 {seq} 版。正在运行的程序会自己换上，不用重启。"
NOT_EMPTY = "{folder} 不是空文件夹；请换一个名字"
CHECKED_OUT = "已把{what}取到 {folder}；改好后运行 jianfu kb propose {folder} 预览。"
CANNOT_WRITE = "写不进 {folder}（{error}）；请检查磁盘空间和权限"
DONE_BUT_NO_COPY = "第 {seq} 版已发布，但本机没有留下副本：{error}"
WHOLE = "记录完好：{entries} 条，{versions} 个版本，指纹都对得上。"
FAULTY = "记录有问题（{count} 处）：\n{faults}"
LOST_TAIL = "本机见过第 {seq} 条记录（{hash}），数据库里没有它或与它不同：记录被换过，或数据库是从旧备份恢复的"
ACTION_NAMES = {"shipped": "软件自带", "propose": "提议", "publish": "发布", "rollback": "退回"}
OUTCOME_NAMES = {"answer": "引用 {labels}", "clarify": "请选择：{labels}", "decline": "答没有写", "chat": "寒暄"}
