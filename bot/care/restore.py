"""`jianfu restore`: proves a backup, keeps what is replaced, and puts all of it in place at once.

Rows are replaced in one transaction of whatever database is configured now; files go where the present settings say.
The settings themselves are laid beside the present ones, never over them: they name this machine's database.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.care import bundle, swap, words
from bot.care.backup import PARTS, backup, knowledge_files, without_passwords
from bot.care.bundle import Bundle
from bot.config import Config
from bot.kb.shelf import CURRENT
from bot.state import rows
from bot.state.database import Database
from bot.state.looking import is_damaged, sqlite_file
from knowledge.disk import sync
from knowledge.errors import JianfuError


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restoring did: how many tables and files, where replaced state, settings and a damaged database are."""

    tables: int
    files: int
    kept: Path | None
    settings: Path | None
    damaged: Path | None = None


def restore(config: Config, settings: Path, path: Path, *, force: bool = False) -> Restored:
    """Restore a backup. `settings` is the configuration file. Raises JianfuError; what was there then stays."""
    with Bundle.open(path) as opened:
        _check(opened)
        damaged = _set_damaged_aside(config, force=force)
        recover(config)
        database = Database.at(config.state.url, config.root)
        try:
            return replace(_restore(config, settings, opened, database, force=force), damaged=damaged)
        except OSError as error:
            raise JianfuError(words.CANNOT_RESTORE.format(error=error.strerror or error)) from error
        finally:
            database.close()


def _set_damaged_aside(config: Config, *, force: bool) -> Path | None:
    """Move a SQLite file that is damaged out of the way, with its log: nothing can be kept from it row by row.

    Returns where it is now, None where there was none. Raises JianfuError where `force` does not allow it.
    """
    path = sqlite_file(config.state.url, config.root)
    if path is None or not path.is_file() or not is_damaged(path):
        return None
    if not force:
        raise JianfuError(words.DAMAGED_DATABASE.format(path=path))
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}-{swap.nonce()[:4]}")
    try:
        for end in ("-wal", "-shm", ""):
            log = path.with_name(path.name + end)
            if log.exists():
                log.rename(aside.with_name(aside.name + end))
        sync(path.parent)
    except OSError as error:
        raise JianfuError(words.CANNOT_RESTORE.format(error=error.strerror or error)) from error
    return aside


def recover(config: Config) -> str | None:
    """Finish, or take back, a restoring that was killed; returns what was done. Raises JianfuError."""
    journal = swap.Journal.read(config.root)
    if journal is None:
        return None
    database = Database.at(config.state.url, config.root)
    try:
        done = rows.restored(database) == journal.token
        journal.forward() if done else journal.back()
        journal.close()
    except OSError as error:
        raise JianfuError(words.CANNOT_RESTORE.format(error=error.strerror or error)) from error
    finally:
        database.close()
    return words.RECOVERED_NEW if done else words.RECOVERED_OLD


def _check(opened: Bundle) -> None:
    """Raises JianfuError where this program cannot hold what is in the backup."""
    revision, theirs = str(opened.about.get("revision")), opened.about.get("columns")
    if revision > rows.REVISION:
        raise JianfuError(words.NEWER.format(path=opened.path, found=revision, known=rows.REVISION))
    ours = rows.columns()
    names = [name.removeprefix(bundle.DATABASE).removesuffix(".jsonl") for name in _tables(opened)]
    for table in names:
        if table not in ours or not isinstance(theirs, dict) or theirs.get(table) != ours[table]:
            raise JianfuError(words.OLDER.format(path=opened.path, table=table, found=revision))


def _tables(opened: Bundle) -> list[str]:
    return [name for name in opened.names if name.startswith(bundle.DATABASE)]


def _restore(config: Config, settings: Path, opened: Bundle, database: Database, *, force: bool) -> Restored:
    in_the_way = _in_the_way(config, opened, database)
    kept = None
    if in_the_way:
        if not force:
            raise JianfuError(words.NOT_EMPTY.format(what="；".join(in_the_way)))
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        kept = config.root / f"before-restore-{stamp}-{swap.nonce()[:4]}.tar"
        backup(config, settings, kept)
    beside = _lay_settings(settings, opened)
    nonce = swap.nonce()
    moves = _moves(config, opened, nonce)
    journal = swap.Journal(config.root / swap.JOURNAL, bytes.fromhex(nonce), list(moves))
    journal.write()
    try:
        files = sum(_stage(opened, move, members) for move, members in moves.items())
        read = lambda table: opened.lines(f"{bundle.DATABASE}{table}.jsonl")  # noqa: E731
        with rows.replaced(database, read, journal.token):
            journal.forward()
    except BaseException:
        journal.release()
        recover(config)  # the database says which of the two it is
        raise
    journal.close()
    return Restored(len(_tables(opened)), files, kept, beside)


def _in_the_way(config: Config, opened: Bundle, database: Database) -> list[str]:
    found = []
    count = rows.counted(database)
    if count:
        found.append(words.HAS_ROWS.format(count=count))
    names = [name for name in opened.names if name.startswith(bundle.KNOWLEDGE)]
    here = knowledge_files(config)
    if here and here != {name.removeprefix(bundle.KNOWLEDGE): opened.read(name) for name in names}:
        found.append(words.HAS_KNOWLEDGE.format(folder=config.path(config.knowledge.folder)))
    return found


def _lay_settings(settings: Path, opened: Bundle) -> Path | None:
    content = opened.read(bundle.SETTINGS)
    if content is None or (settings.is_file() and without_passwords(settings.read_bytes()) == content):
        return None
    target = settings.with_name(f"{settings.stem}.restored{settings.suffix}")
    with bundle.aside_of(target) as aside:
        aside.write_bytes(content)
        sync(aside)
        aside.replace(target)
    return target


def _moves(config: Config, opened: Bundle, nonce: str) -> dict[swap.Move, dict[str, str]]:
    """Each move, with the members that its new content is made of, by their path in it ("" for a file)."""
    moves: dict[swap.Move, dict[str, str]] = {}
    folder = config.path(config.knowledge.folder)
    for part in PARTS:
        start = f"{bundle.KNOWLEDGE}{part}"
        members = {
            name[len(start) + 1 :]: name for name in opened.names if name == start or name.startswith(start + "/")
        }
        moves[swap.Move.of(folder / part, nonce, away=not members)] = members
    if config.model.adapter:
        members = {"": bundle.ADAPTER} if bundle.ADAPTER in opened.names else {}
        moves[swap.Move.of(config.path(config.model.adapter), nonce, away=not members)] = members
    # This machine's pointer names a version of the replaced database; the next start writes it anew.
    moves[swap.Move.of(config.path(config.knowledge.copies) / CURRENT, nonce, away=True)] = {}
    return {move: members for move, members in moves.items() if members or move.had}


def _stage(opened: Bundle, move: swap.Move, members: dict[str, str]) -> int:
    """Write the new content aside; returns how many files. Raises OSError."""
    folders = set()
    for inside, member in members.items():
        path = Path(move.new) / inside if inside else Path(move.new)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(opened.read(member) or b"")
        sync(path)
        folders.add(path.parent)
    for folder in folders:
        sync(folder)
    return len(members)
