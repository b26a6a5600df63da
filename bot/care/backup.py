"""`jianfu backup`: the database, the knowledge folder, the adapter and the settings into one proved file.

The database is read in one transaction, so that a running program may go on. Published versions are rows of it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.care import bundle, words
from bot.config import Config
from bot.state import rows
from bot.state.database import Database
from knowledge.errors import JianfuError
from knowledge.loader import DOCUMENTS_FOLDER, OUT_OF_SCOPE_FILE

SOURCES_FOLDER = "sources"
#: What of a knowledge folder is carried; the same folder may hold other things.
PARTS = (DOCUMENTS_FOLDER, SOURCES_FOLDER, OUT_OF_SCOPE_FILE)
_PASSWORD = re.compile(rb"(://[^\s:/@\"']*):[^\s/\"']+@")


@dataclass(frozen=True, slots=True)
class Written:
    """A backup: where, its size in bytes, and how many members it has."""

    path: Path
    size: int
    members: int


def backup(config: Config, settings: Path, path: Path, *, force: bool = False) -> Written:
    """Write a backup. `settings` is the configuration file. Raises JianfuError; what stood at `path` then stays."""
    if path.exists() and not force:
        raise JianfuError(words.EXISTS.format(path=path))
    database = Database.at(config.state.url, config.root)
    try:
        with tempfile.TemporaryDirectory(prefix=".jianfu-", dir=path.parent) as passing:  # made 0700
            files = {**_tables(database, Path(passing)), **_files(config, settings)}
            bundle.write(path, {"revision": rows.REVISION, "columns": rows.columns()}, files)
    except OSError as error:
        raise JianfuError(words.CANNOT_WRITE.format(path=path, error=error.strerror or error)) from error
    finally:
        database.close()
    return Written(path, path.stat().st_size, len(files))


def _tables(database: Database, folder: Path) -> dict[str, Path | bytes]:
    files: dict[str, Path | bytes] = {}

    def write(table: str, lines: Iterator[str]) -> None:
        path = folder / f"{table}.jsonl"
        with path.open("w", encoding="utf8", newline="") as file:
            file.writelines(lines)
        files[f"{bundle.DATABASE}{path.name}"] = path

    rows.dump(database, write)
    return files


def _files(config: Config, settings: Path) -> dict[str, Path | bytes]:
    files: dict[str, Path | bytes] = {}
    try:
        files |= {bundle.KNOWLEDGE + name: content for name, content in knowledge_files(config).items()}
        adapter = config.path(config.model.adapter) if config.model.adapter else None
        if adapter is not None and adapter.is_file():
            files[bundle.ADAPTER] = adapter.read_bytes()
        files[bundle.SETTINGS] = without_passwords(settings.read_bytes())
    except OSError as error:
        raise JianfuError(words.CANNOT_READ.format(path=error.filename, error=error.strerror or error)) from error
    return files


def knowledge_files(config: Config) -> dict[str, bytes]:
    """The files of the knowledge folder by their path in it. Raises OSError."""
    folder = config.path(config.knowledge.folder)
    paths = [path for part in PARTS for path in [folder / part, *(folder / part).rglob("*")]]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    }


def without_passwords(settings: bytes) -> bytes:
    """A configuration without the passwords that addresses in it may hold."""
    return _PASSWORD.sub(rb"\1:***@", settings)
