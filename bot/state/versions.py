"""Every version of the knowledge, and the log that says which is in use, since when, by whom and why.

A row of the log is hashed together with the one before (as in Haber and Stornetta, 1991), so an altered or missing row is
found by verify(). The newest row that serves names the version in use; adding that row, in one transaction with the
version itself, is what publishing is. What stands in a version is knowledge/archive.py's business.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from bot.state.database import Database
from bot.state.tables import kb_log, kb_versions
from knowledge.archive import DamagedArchive, digest_of
from knowledge.errors import JianfuError

#: shipped: what the program came with, kept before the first change; propose: waits for a second person.
Action = Literal["shipped", "propose", "publish", "rollback"]
SERVING: tuple[Action, ...] = ("shipped", "publish", "rollback")
#: The hash before the first row.
NOTHING = "0" * 64


class BaseMoved(JianfuError):
    """Somebody else published meanwhile; nothing was changed."""


class NoSuchVersion(JianfuError):
    """No row of the log, or no version, is named so."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log; `seq` counts from 1 and is what people call the version's number."""

    seq: int
    action: Action
    digest: str
    version: str
    parent: int
    author: str
    approver: str
    reason: str
    override: str
    report: str
    at: str
    previous: str
    hash: str

    def sealed(self) -> Entry:
        """The same with its hash, over everything else in it."""
        content = asdict(self)
        del content["hash"]
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return replace(self, hash=hashlib.sha256(canonical.encode("utf8")).hexdigest())


def serving(entries: Sequence[Entry]) -> Entry | None:
    """The entry of a log that names the version in use; None where nothing was published."""
    return next((one for one in reversed(entries) if one.action in SERVING), None)


def waiting(entries: Sequence[Entry]) -> list[Entry]:
    """The proposals of a log that a second person may still agree to."""
    head = serving(entries)
    return [one for one in entries if head is not None and one.action == "propose" and one.parent == head.seq]


def served_before(entries: Sequence[Entry]) -> Entry | None:
    """The latest entry of a log whose version was in use and is another one than now."""
    head = serving(entries)
    earlier = (one for one in reversed(entries) if head is not None and one.seq < head.seq and one.action in SERVING)
    return next((one for one in earlier if head is not None and one.digest != head.digest), None)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be put on record. `parent` is the number that its author saw in use, 0 for none."""

    action: Action
    archive: bytes
    version: str
    parent: int
    author: str
    reason: str = ""
    approver: str = ""
    override: str = ""
    report: str = ""


class Versions:
    """The versions of one installation, shared by its replicas. Safe to use from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> Entry | None:
        """The row that says what is in use, or None when nothing was ever published. Raises StateUnavailable."""
        newest = select(kb_log).where(kb_log.c.action.in_(SERVING)).order_by(kb_log.c.seq.desc()).limit(1)
        with self._database.begin() as connection:
            row = connection.execute(newest).one_or_none()
        return None if row is None else Entry(**row._mapping)

    def log(self) -> list[Entry]:
        """Every row, oldest first. Raises StateUnavailable."""
        with self._database.begin() as connection:
            return [Entry(**row._mapping) for row in connection.execute(select(kb_log).order_by(kb_log.c.seq))]

    def find(self, name: str) -> Entry:
        """The row with this number ("3"), or the newest one whose version begins so. Raises NoSuchVersion."""
        entries = self.log()
        for entry in reversed(entries):
            if name == str(entry.seq) or (len(name) >= 4 and entry.version.startswith(name.lower())):
                return entry
        raise NoSuchVersion(
            f"没有第 {name} 版；在管理页的“历史”里（或运行 jianfu kb log）看有哪些，写第几版或版本号（至少 4 位）都行"
        )

    def archive(self, digest: str) -> bytes:
        """A version's archive, proved by its digest. Raises NoSuchVersion, DamagedArchive, StateUnavailable."""
        with self._database.begin() as connection:
            row = connection.execute(
                select(kb_versions.c.content, kb_versions.c.size).where(kb_versions.c.digest == digest)
            ).one_or_none()
        if row is None:
            raise NoSuchVersion(f"数据库里没有版本 {digest[:12]} 的内容；请从备份恢复数据库")
        return _expanded(row.content, row.size, digest)

    def record(self, changes: Sequence[Change]) -> Entry:
        """Put changes on record, all or none of them; returns the last. Nothing is lost once this returned.

        The first one's parent must be what is in use now, each further one follows the one before it. Raises BaseMoved,
        StateUnavailable.
        """
        with self._database.begin() as connection:
            entries = [self._add(connection, change, first=change is changes[0]) for change in changes]
        return entries[-1]

    def _add(self, connection: Connection, change: Change, *, first: bool) -> Entry:
        last = connection.execute(select(kb_log).order_by(kb_log.c.seq.desc()).limit(1)).one_or_none()
        used = select(func.max(kb_log.c.seq)).where(kb_log.c.action.in_(SERVING))
        in_use = connection.execute(used).scalar() or 0
        if first and in_use != change.parent:
            raise BaseMoved(moved(change.parent, in_use))
        digest = digest_of(change.archive)
        kept: dict[str, Any] = {
            "digest": digest,
            "version": change.version,
            "content": zlib.compress(change.archive, 9),
            "size": len(change.archive),
        }
        connection.execute(self._database.insert(kb_versions).values(kept).on_conflict_do_nothing())
        seq = 1 if last is None else last.seq + 1
        entry = Entry(
            seq=seq,
            action=change.action,
            digest=digest,
            version=change.version,
            parent=in_use,
            author=change.author,
            approver=change.approver,
            reason=change.reason,
            override=change.override,
            report=change.report,
            at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            previous=NOTHING if last is None else last.hash,
            hash="",
        ).sealed()
        added = self._database.insert(kb_log).values(asdict(entry)).on_conflict_do_nothing().returning(kb_log.c.seq)
        if (
            connection.execute(added).first() is None
        ):  # PostgreSQL let another transaction take this number between the two statements
            raise BaseMoved(moved(change.parent, seq))
        return entry

    def verify(self) -> list[str]:
        """What is wrong with the log or the versions, one sentence each; empty when all is whole. Raises StateUnavailable."""
        entries = self.log()
        return [*_chain_faults(entries), *self._content_faults(entries)]

    def _content_faults(self, entries: Sequence[Entry]) -> list[str]:
        faults = []
        for digest, version in {entry.digest: entry.version for entry in entries}.items():
            try:
                self.archive(digest)
            except (NoSuchVersion, DamagedArchive) as error:
                faults.append(f"版本 {version} 的内容：{error}")
        return faults


def _chain_faults(entries: Sequence[Entry]) -> list[str]:
    faults = []
    for place, entry in enumerate(entries, 1):
        if entry.seq != place:
            faults.append(f"记录缺了第 {place} 条")
            break
        if entry.sealed().hash != entry.hash:
            faults.append(f"第 {entry.seq} 条记录被改动过：内容与它的指纹对不上")
        if entry.previous != (entries[place - 2].hash if place > 1 else NOTHING):
            faults.append(f"第 {entry.seq} 条记录接不上前一条：前一条被换过，或中间有删改")
    return faults


def moved(seen: int, in_use: int) -> str:
    """What the second of two people is told."""
    base = f"第 {seen} 版" if seen else "还没有发布过的知识库"
    return (
        f"没有发布：您是在{base}上改的，而现在用的已是第 {in_use} 版。您的改动还在原处。"
        f"在管理页的“历史”里比较（或运行 jianfu kb diff {seen or 1} {in_use}）看别人改了什么，把两边合在一起后再发布"
    )


def _expanded(content: bytes, size: int, digest: str) -> bytes:
    """The archive, never more than `size` bytes of it. Raises DamagedArchive."""
    try:
        archive = zlib.decompressobj().decompress(content, size + 1)
    except zlib.error as error:
        raise DamagedArchive(f"解不开（{error}）；请从备份恢复数据库") from error
    if digest_of(archive) != digest:
        raise DamagedArchive("与它的指纹对不上，被改动过；请从备份恢复数据库")
    return archive
