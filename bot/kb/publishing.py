"""Puts a proposal on record, asks a second person where two are wanted, goes back, and takes a version out to edit.

The record is the only thing that makes a version the one in use (bot/state/versions.py); what else is done here, a copy on
this machine's disk, may fail without consequence.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.kb import words
from bot.kb.served import Shelved
from bot.kb.shelf import Pointer
from bot.state.versions import SERVING, BaseMoved, Change, Entry, Versions, moved
from knowledge.archive import digest_of, pack, unpack
from knowledge.errors import JianfuError
from knowledge.loader import load_knowledge

if TYPE_CHECKING:
    from bot.kb.proposal import Proposal  # brings the model's libraries, which going back does not need

logger = logging.getLogger(__name__)

#: Where a checked-out folder says which version it was.
BASE_FILE = ".jianfu-base"


def check_base(shelved: Shelved, folder: Path, base: int | None) -> Pointer:
    """What is in use, from which the folder was edited: it is to be compared with this, and to follow this on record.

    Raises JianfuError, BaseMoved where it was edited from another version.
    """
    in_use = shelved.in_use()
    stated = base if base is not None else stated_base(folder)
    if not in_use.seq:
        return in_use
    if stated is None:
        raise JianfuError(words.WHICH_BASE.format(folder=folder, seq=in_use.seq))
    if stated != in_use.seq:
        _check_published_already(folder, in_use)
        raise BaseMoved(moved(stated, in_use.seq))
    return in_use


def _check_published_already(folder: Path, pointer: Pointer) -> None:
    """Whoever was cut off behind the record and tries again is told that it is done. Raises JianfuError."""
    digest = ""
    with suppress(JianfuError, OSError, ValueError):  # what is wrong with the folder is said elsewhere
        digest = digest_of(pack(folder, load_knowledge(folder)))
    if digest == pointer.digest:
        _state_base(folder, pointer.seq)
        raise JianfuError(words.PUBLISHED_ALREADY.format(folder=folder, seq=pointer.seq))


def publish(
    shelved: Shelved,
    proposal: Proposal,
    *,
    author: str,
    reason: str = "",
    override: str | None = None,
    approvals: int = 1,
) -> Entry:
    """Put a proposal on record: as the version in use or, where two have to agree, as one that waits for the second.

    Raises JianfuError where the gate is shut, or the lint found new errors, and nothing was written to override it, BaseMoved, StateUnavailable.
    """
    if override is not None and not override.strip():
        raise JianfuError(words.EMPTY_OVERRIDE)
    if not proposal.changes_anything:
        raise JianfuError(words.SAME)
    report = proposal.report
    obstacles = proposal.obstacles
    if obstacles and override is None:
        raise JianfuError(words.SHUT_OUT.format(reasons="；".join(obstacles)))
    seq = proposal.base.pointer.seq if proposal.base is not None else 0
    changes = []
    if not seq and proposal.base is not None and proposal.base_archive is not None:
        shipped = proposal.base.knowledge.version
        changes.append(Change("shipped", proposal.base_archive, shipped, 0, author))
    changes.append(
        Change(
            "publish" if approvals == 1 or proposal.base is None else "propose",
            proposal.archive,
            proposal.knowledge.version,
            seq,
            author,
            reason=reason,
            override=(override or "").strip() if obstacles else "",
            report="" if report is None else report.canonical(),
        )
    )
    entry = _versions(shelved).record(changes)
    if entry.action in SERVING:
        _keep_copy(shelved, entry)
        _state_base(proposal.folder, entry.seq)
    return entry


def approve(shelved: Shelved, seq: int, *, approver: str) -> Entry:
    """Publish what somebody else proposed. Raises JianfuError, BaseMoved when something was published since."""
    versions = _versions(shelved)
    proposed = next((one for one in versions.log() if one.seq == seq and one.action == "propose"), None)
    if proposed is None:
        raise JianfuError(words.NOT_PROPOSED.format(seq=seq))
    if proposed.author == approver:
        raise JianfuError(words.SAME_PERSON.format(author=proposed.author))
    change = Change(
        "publish",
        versions.archive(proposed.digest),
        proposed.version,
        proposed.parent,
        proposed.author,
        reason=proposed.reason,
        approver=approver,
        override=proposed.override,
        report=proposed.report,
    )
    entry = versions.record([change])
    _keep_copy(shelved, entry)
    return entry


def rollback(shelved: Shelved, name: str, *, author: str, reason: str = "") -> tuple[Entry, Entry]:
    """Use an earlier version again, byte for byte; returns it and the new row. One person may: it was agreed to before.

    Raises JianfuError, NoSuchVersion, BaseMoved when somebody publishes at the same moment.
    """
    versions = _versions(shelved)
    earlier, in_use = versions.find(name), versions.head()
    if earlier.action not in SERVING:
        raise JianfuError(words.NOT_SERVED.format(seq=earlier.seq))
    if in_use is None or earlier.digest == in_use.digest:
        raise JianfuError(words.ALREADY.format(seq=earlier.seq))
    archive = versions.archive(earlier.digest)
    entry = versions.record([Change("rollback", archive, earlier.version, in_use.seq, author, reason=reason)])
    _keep_copy(shelved, entry)
    return earlier, entry


def checkout(shelved: Shelved, folder: Path, name: str | None = None) -> int:
    """Write a version, the one in use unless named, into a new folder; returns its number. Raises JianfuError."""
    pointer = shelved.in_use()
    if name is not None:
        entry = _versions(shelved).find(name)
        pointer = Pointer(entry.seq, entry.digest, entry.hash)
    archive = shelved.archive(pointer)
    try:
        if folder.exists() and any(folder.iterdir()):
            raise JianfuError(words.NOT_EMPTY.format(folder=folder))
        folder.mkdir(parents=True, exist_ok=True)
        unpack(archive, folder)
    except OSError as error:
        raise JianfuError(words.CANNOT_WRITE.format(folder=folder, error=error.strerror or error)) from error
    _state_base(folder, pointer.seq)
    return pointer.seq


def verify(shelved: Shelved) -> list[str]:
    """What is wrong with the record, also held against what this machine saw of it. Raises StateUnavailable."""
    versions, seen = _versions(shelved), shelved.shelf.pointer()
    faults = versions.verify()
    if (
        seen is not None
        and seen.seq
        and not any((one.seq, one.hash) == (seen.seq, seen.hash) for one in versions.log())
    ):
        faults.append(words.LOST_TAIL.format(seq=seen.seq, hash=seen.hash[:12]))
    return faults


def _versions(shelved: Shelved) -> Versions:
    if shelved.versions is None:
        raise JianfuError(words.NOTHING_YET.format(folder=shelved.folder))
    return shelved.versions


def _keep_copy(shelved: Shelved, entry: Entry) -> None:
    """This machine's copy, so that a process here need not fetch it; the version is published without it as well."""
    try:
        shelved.fetch(Pointer(entry.seq, entry.digest, entry.hash))
    except JianfuError as error:
        logger.warning("%s", words.DONE_BUT_NO_COPY.format(seq=entry.seq, error=error))


def _state_base(folder: Path, seq: int) -> None:
    """Note which version a folder now is; where that cannot be written, --base says it the next time."""
    aside = folder / f"{BASE_FILE}.{os.getpid()}.tmp"
    with suppress(OSError):
        aside.write_text(f"{seq}\n", encoding="utf8")
        aside.replace(folder / BASE_FILE)


def stated_base(folder: Path) -> int | None:
    """The number of the version that a folder was checked out as, or None."""
    try:
        return int((folder / BASE_FILE).read_text(encoding="utf8"))
    except (OSError, ValueError):
        return None
