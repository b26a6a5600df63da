"""A knowledge folder as one piece of bytes and back: what is kept of each version, and proved by its digest.

Holds the files that the loader reads, byte for byte, and nothing else: canonical JSON of path and text. The same files
give the same bytes on every machine. What the texts mean is loader.py's business.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from pathlib import Path
from typing import Any

from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError
from knowledge.loader import DOCUMENTS_FOLDER, OUT_OF_SCOPE_FILE

FORMAT = 1


class DamagedArchive(JianfuError):
    """Bytes that are no archive, or not the one that was asked for."""


def pack(folder: Path, knowledge: KnowledgeBase) -> bytes:
    """The archive of a folder from which `knowledge` was loaded. Raises OSError when a file has gone meanwhile."""
    names = {f"{DOCUMENTS_FOLDER}/{path.name}" for path in (folder / DOCUMENTS_FOLDER).glob("*.yaml")}
    names |= {posixpath.normpath(document.source_path) for document in knowledge.documents}
    if (folder / OUT_OF_SCOPE_FILE).is_file():
        names.add(OUT_OF_SCOPE_FILE)
    return _pack({name: (folder / name).read_bytes().decode("utf8") for name in names})


def _pack(files: dict[str, str]) -> bytes:
    content = {"format": FORMAT, "files": files}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf8")


def digest_of(archive: bytes) -> str:
    """What an archive is known by: sha256, 64 hex digits."""
    return hashlib.sha256(archive).hexdigest()


def unpack(archive: bytes, folder: Path) -> None:
    """Write the files under an empty folder, each synced to the disk.

    Raises DamagedArchive for what pack() cannot have made, and OSError when the disk does not take it.
    """
    for name, text in _files(archive).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(text.encode("utf8"))
            file.flush()
            os.fsync(file.fileno())


def _files(archive: bytes) -> dict[str, str]:
    try:
        content: Any = json.loads(archive)
        files: dict[str, str] = content["files"]
        whole = content["format"] == FORMAT and _pack(files) == archive
        inside = all(posixpath.normpath(name) == name and not name.startswith(("/", "../")) for name in files)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedArchive(f"这不是一个知识库版本（{type(error).__name__}）") from error
    if not whole or not inside or not all(isinstance(text, str) for text in files.values()):
        raise DamagedArchive("这不是一个完整的知识库版本：内容或文件名被改动过")
    return files
