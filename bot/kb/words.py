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
