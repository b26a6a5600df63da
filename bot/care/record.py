"""What the doctor sees of the database: reachable, migrated, writable, whole; its log of versions; this machine's copy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bot.care.finding import Finding
from bot.config import Config
from bot.kb import publishing
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf, knowledge_of
from bot.state import looking
from bot.state.database import REVISION, StateUnavailable
from bot.state.looking import Looking
from bot.state.versions import Versions
from knowledge.base import KnowledgeBase
from knowledge.errors import InvalidFile, JianfuError
from knowledge.loader import load_knowledge

RESTORE = "从备份恢复：jianfu restore 文件 --force"


class Record:
    """The database of a configuration, looked at once; `findings` must be read before the others."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._database: Looking | None = None
        self._versions: Versions | None = None
        self.file: Path | None = None

    def findings(self) -> Iterator[Finding]:
        """The database itself."""
        config = self._config
        try:
            self.file = looking.sqlite_file(config.state.url, config.root)
            if self.file is not None and not self.file.exists():
                yield Finding("note", "数据库", f"{self.file} 还没有", "第一次启动时会建好；若本该有，" + RESTORE)
                return
            database = looking.look(config.state.url, config.root)
            found = looking.revision(database)
        except StateUnavailable as error:
            fault = None if self.file is None else looking.integrity(self.file)
            yield Finding("bad", "数据库", str(error) if fault is None else f"{self.file} 已损坏（{fault}）", RESTORE)
            return
        yield Finding("good", "数据库", "连得上")
        yield from self._state_of(database, found)

    def _state_of(self, database: Looking, found: str | None) -> Iterator[Finding]:
        if looking.writable(database, self.file):
            yield Finding("good", "数据库（写）", "可写")
        else:
            remedy = "检查文件和文件夹的权限，或数据库用户的授权"
            yield Finding("bad", "数据库（写）", "写不进去", remedy)
        fault = None if self.file is None else looking.integrity(self.file)
        if fault is not None:
            yield Finding("bad", "数据库（完整）", f"SQLite 的检查没有通过（{fault}）", RESTORE)
        elif self.file is not None:
            yield Finding("good", "数据库（完整）", "SQLite 的检查通过")
        if found is not None and found > REVISION:
            yield Finding("bad", "数据库（迁移）", f"是更新的版本写的（{found}，本程序到 {REVISION}）", "升级本程序")
        elif found != REVISION:
            yield Finding("note", "数据库（迁移）", f"在 {found or '空'}，本程序到 {REVISION}", "下次启动时会自动迁移")
        else:
            yield Finding("good", "数据库（迁移）", f"在 {found}")
            self._database, self._versions = database, Versions(database)

    def clock(self) -> Iterator[Finding]:
        """This machine's clock against what is on record."""
        if self._database is None:
            return
        try:
            ahead = looking.ahead(self._database)
        except (StateUnavailable, ValueError):
            return  # said already, or will be by the log's own check
        if ahead > timedelta(minutes=5):
            seen = f"记录或数据库比本机的时钟快 {ahead}".partition(".")[0]
            yield Finding("bad", "时钟（对照数据库）", seen, "校准系统时间（timedatectl set-ntp true）")
        else:
            yield Finding("good", "时钟（对照数据库）", "没有来自将来的记录")

    def versions(self) -> Iterator[Finding]:
        """The log of versions, and this machine's copy of the one in use."""
        shelf = Shelf(self._config.path(self._config.knowledge.copies))
        folder = self._config.path(self._config.knowledge.folder)
        if self._versions is None:
            return
        try:
            faults = publishing.verify(Shelved(self._versions, shelf, folder))
            head = self._versions.head()
        except JianfuError as error:
            yield Finding("bad", "版本记录", " ".join(str(error).split()), RESTORE)
            return
        if faults:
            yield Finding("bad", "版本记录", "；".join(faults), "运行 jianfu kb verify 看全部；" + RESTORE)
        else:
            yield Finding("good", "版本记录", f"指纹链完好，现在用的是第 {head.seq} 版" if head else "还没有发布过")
        if head is None:
            return
        copies, pointer = self._config.path(self._config.knowledge.copies), shelf.pointer()
        if not (copies / head.digest).exists() or pointer is None or pointer.seq != head.seq:
            yield Finding("note", "本机副本", f"没有第 {head.seq} 版，或指着别的版本", "启动时会自动取来")
        elif shelf.load(head.digest) is None:
            yield Finding(
                "bad", "本机副本", f"第 {head.seq} 版已损坏", f"删去 {copies / head.digest}，启动时会重新取来"
            )
        else:
            yield Finding("good", "本机副本", f"与第 {head.seq} 版一致")

    def knowledge(self) -> KnowledgeBase | Finding:
        """The knowledge that would be served, or why there is none."""
        try:
            head = None if self._versions is None else self._versions.head()
            if head is not None and self._versions is not None:
                return knowledge_of(self._versions.archive(head.digest))
            return load_knowledge(self._config.path(self._config.knowledge.folder))
        except InvalidFile as error:
            return Finding("bad", "知识库", str(error.faults[0]), "运行 jianfu kb check 看全部，改正")
        except (JianfuError, OSError) as error:
            return Finding("bad", "知识库", " ".join(str(error).split()), RESTORE)

    def close(self) -> None:
        """Let go of the database."""
        if self._database is not None:
            self._database.close()
