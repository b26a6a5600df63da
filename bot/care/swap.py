"""Several files and folders replaced together with a database transaction, so that kill -9 leaves all old or all new.

A journal says what is to be moved where, before anything is. Whether the transaction that goes with it was committed is
told by the token in the database; recover() then finishes the moves, or takes them back.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bot.care import bundle, words
from bot.care.commands import UNFINISHED_RESTORE
from knowledge.disk import sync
from knowledge.errors import JianfuError

JOURNAL = UNFINISHED_RESTORE


@dataclass(frozen=True, slots=True)
class Move:
    """`new` is to take the place of `target`, and what stood there waits in `old`. A `new` that is "" takes away."""

    target: str
    new: str
    old: str
    had: bool

    @classmethod
    def of(cls, target: Path, nonce: str, *, away: bool = False) -> Move:
        """The move for a target; its names aside are beside it, on the same file system."""
        name = f".{target.name}.{nonce}"
        new = "" if away else str(target.with_name(f"{name}.new"))
        return cls(str(target), new, str(target.with_name(f"{name}.old")), target.exists())

    def forward(self) -> None:
        """Do it, from wherever it was left. Raises OSError."""
        target, old = Path(self.target), Path(self.old)
        fresh = bool(self.new) and Path(self.new).exists()
        if self.had and not old.exists() and (fresh or not self.new) and target.exists():
            target.rename(old)
        if fresh:
            Path(self.new).rename(target)
        sync(target.parent)

    def back(self) -> None:
        """Take it back, from wherever it was left. Raises OSError."""
        target, old = Path(self.target), Path(self.old)
        if old.exists():
            _remove(target)
            old.rename(target)
        elif not self.had and self.new and not Path(self.new).exists():
            _remove(target)
        if target.parent.exists():
            sync(target.parent)

    def clear(self) -> None:
        """Remove what is left aside. Raises OSError."""
        for name in (self.new, self.old):
            if name:
                _remove(Path(name))


@dataclass(frozen=True, slots=True)
class Journal:
    """The moves of one restoring, and the token that its transaction writes."""

    path: Path
    token: bytes
    moves: Sequence[Move]
    #: Descriptor of the journal whose lock says that somebody is at it; the system frees it when its holder is killed.
    lock: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, root: Path) -> Journal | None:
        """What was left unfinished under a root, or None. Raises JianfuError for a journal that cannot be read."""
        path = root / JOURNAL
        try:
            lock = _lock(path)
            content = json.loads(path.read_text("utf8"))
            return cls(path, bytes.fromhex(content["token"]), [Move(**move) for move in content["moves"]], [lock])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise JianfuError(words.BROKEN_JOURNAL.format(path=path, error=type(error).__name__)) from error

    def write(self) -> None:
        """Put it on the disk. Raises OSError."""
        content = {"token": self.token.hex(), "moves": [asdict(move) for move in self.moves]}
        with bundle.aside_of(self.path) as aside:
            with aside.open("x", encoding="utf8") as file:
                file.write(json.dumps(content))
            sync(aside)
            self.lock.append(_lock(aside))
            aside.replace(self.path)
            sync(self.path.parent)

    def release(self) -> None:
        """Let whoever comes next have it."""
        while self.lock:
            os.close(self.lock.pop())

    def forward(self) -> None:
        """Move everything to its place. Raises OSError."""
        for move in self.moves:
            move.forward()

    def back(self) -> None:
        """Put everything back. Raises OSError."""
        for move in reversed(self.moves):
            move.back()

    def close(self) -> None:
        """Say that it is over, then remove what is left aside."""
        self.path.unlink(missing_ok=True)
        sync(self.path.parent)
        for move in self.moves:
            with suppress(OSError):
                move.clear()
        self.release()


def nonce() -> str:
    """A name for what belongs to one restoring."""
    return secrets.token_hex(8)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _lock(path: Path) -> int:
    """A descriptor that holds the file's lock. Raises JianfuError when another process does, and OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise JianfuError(words.UNDER_WAY) from error
    return descriptor
