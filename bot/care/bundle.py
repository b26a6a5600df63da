"""The one file that holds an installation: a tar whose members are proved by a manifest, and that by its seal.

No member is ever written to a path of its own choosing: names are checked, and whoever restores decides where they go.
What is put in is backup.py's business, where it goes restore.py's.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import secrets
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from bot.care import words
from knowledge.disk import sync
from knowledge.errors import JianfuError

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
ADAPTER, SETTINGS = "adapter.safetensors", "settings.yaml"
DATABASE, KNOWLEDGE = "database/", "knowledge/"
#: The largest manifest that is read, in bytes.
MAX_MANIFEST = 16_000_000
_NAME = re.compile(r"database/[a-z_]+\.jsonl|knowledge/(documents|sources)/.+|knowledge/out_of_scope\.yaml")


class Bundle:
    """A file opened for restoring; every member was read and compared once open() returned."""

    def __init__(self, path: Path, tar: tarfile.TarFile, about: Mapping[str, Any]) -> None:
        self.path = path
        self.about = about
        self._tar = tar
        self.names = sorted(about["members"])

    @classmethod
    def open(cls, path: Path) -> Bundle:
        """Open and prove a file. Raises JianfuError with what is wrong with it."""
        try:
            tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed by the bundle
        except OSError as error:
            raise JianfuError(words.NO_FILE.format(path=path, error=error.strerror or error)) from error
        except tarfile.TarError as error:
            raise JianfuError(words.NOT_A_BACKUP.format(path=path, error=error)) from error
        try:
            return cls(path, tar, _proved(path, tar))
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            tar.close()
            reason = str(error) or type(error).__name__
            raise JianfuError(words.NOT_A_BACKUP.format(path=path, error=reason)) from error
        except BaseException:
            tar.close()
            raise

    def lines(self, name: str) -> Iterable[bytes]:
        """The lines of a member; none where there is no such member."""
        file = self._file(name)
        return () if file is None else file

    def read(self, name: str) -> bytes | None:
        """The bytes of a member, or None where there is no such member."""
        file = self._file(name)
        return None if file is None else file.read()

    def _file(self, name: str) -> IO[bytes] | None:
        return self._tar.extractfile(name) if name in self.about["members"] else None

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._tar.close()


def _proved(path: Path, tar: tarfile.TarFile) -> Mapping[str, Any]:
    members = tar.getmembers()
    found = {member.name: member for member in members}
    for member in members:
        if not member.isreg() or not (member.name in (MANIFEST, SEAL) or _allowed(member.name)):
            raise JianfuError(words.BAD_NAME.format(path=path, member=repr(member.name)[:80]))
    if len(found) != len(members):
        raise JianfuError(words.BAD_NAME.format(path=path, member="（同名的两项）"))
    if MANIFEST not in found or SEAL not in found or found[MANIFEST].size > MAX_MANIFEST or found[SEAL].size != 64:
        raise JianfuError(words.NOT_A_BACKUP.format(path=path, error="没有清单"))
    manifest = _bytes(tar, MANIFEST)
    if hashlib.sha256(manifest).hexdigest().encode() != _bytes(tar, SEAL):
        raise JianfuError(words.DAMAGED.format(path=path, member=MANIFEST))
    about: dict[str, Any] = json.loads(manifest)
    if about["format"] > FORMAT:
        raise JianfuError(words.NEWER.format(path=path, found=f"格式 {about['format']}", known=FORMAT))
    listed: dict[str, str] = about["members"]
    for name in sorted((listed.keys() | found.keys()) - {MANIFEST, SEAL}):
        if name not in found or name not in listed or _digest(tar, name) != listed[name]:
            raise JianfuError(words.DAMAGED.format(path=path, member=name))
    return about


def _allowed(name: str) -> bool:
    plain = posixpath.normpath(name) == name and "\\" not in name and "\0" not in name and ".." not in name.split("/")
    return plain and (name in (ADAPTER, SETTINGS) or _NAME.fullmatch(name) is not None)


def _bytes(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()


def _digest(tar: tarfile.TarFile, name: str) -> str:
    file = tar.extractfile(name)
    assert file is not None
    found = hashlib.sha256()
    while part := file.read(1 << 20):
        found.update(part)
    return found.hexdigest()


def write(path: Path, about: Mapping[str, Any], files: Mapping[str, Path | bytes]) -> None:
    """Write a bundle aside, prove it, and put it in its place, readable by its owner alone. Raises OSError, JianfuError.

    The same members give the same bytes.
    """
    with aside_of(path) as aside:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
                listed = {name: _add(tar, name, files[name]) for name in sorted(files)}
                manifest = {**about, "format": FORMAT, "members": listed}
                content = json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1).encode("utf8")
                _add(tar, MANIFEST, content)
                _add(tar, SEAL, hashlib.sha256(content).hexdigest().encode())
            out.flush()
            os.fsync(out.fileno())
        Bundle.open(aside).__exit__(None, None, None)
        aside.replace(path)
        sync(path.parent)


def _add(tar: tarfile.TarFile, name: str, content: Path | bytes) -> str:
    """Add a member; returns its sha256."""
    info = tarfile.TarInfo(name)
    info.mode = 0o600
    if isinstance(content, bytes):
        info.size = len(content)
        tar.addfile(info, BytesIO(content))
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        info.size = file.tell()
        file.seek(0)
        tar.addfile(info, file)
    return digest


@contextmanager
def aside_of(path: Path) -> Iterator[Path]:
    """A name beside a path, where it is written first; what is left there is removed."""
    aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield aside
    finally:
        with suppress(OSError):
            aside.unlink()
