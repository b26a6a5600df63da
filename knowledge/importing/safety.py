"""Limits and checks before a parser sees a byte: size, kind of content, characters, and what is inside a .docx."""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
from pathlib import Path

from knowledge.importing import words
from knowledge.importing.refusal import Refused

MAX_BYTES = 20 * 1024 * 1024
MAX_TEXT_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 2_000
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 200
#: Parts smaller than this may be packed as tightly as they like.
SMALL = 1024 * 1024

ENDINGS = (".txt", ".md", ".docx", ".pdf", ".html", ".htm")
_MACRO_ENDINGS = (".docm", ".dotm", ".xlsm", ".pptm")
_IDENTIFIER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_MAGIC = (
    (b"%PDF-", ".pdf"),
    (b"PK\x03\x04", ".docx"),
    (b"\xd0\xcf\x11\xe0", "OLE"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG 图片"),
    (b"\xff\xd8\xff", "JPEG 图片"),
    (b"GIF8", "GIF 图片"),
    (b"\x7fELF", "程序"),
    (b"MZ", "程序"),
)
_HTML = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_ALLOWED_CONTROLS = "\t\n\r\x0c"
#: Overrides and isolates that make text read in another order than it is stored in.
_REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"


def check_id(identifier: str) -> str:
    """The id itself. Raises Refused unless it is safe as a file name and valid in the YAML schema."""
    if not _IDENTIFIER.fullmatch(identifier) or ".." in identifier:
        raise Refused("--id", words.BAD_ID, id=identifier[:80])
    return identifier


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises Refused where it is no plain file, empty, too large or unreadable."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Refused(path, words.NOT_A_FILE)
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise Refused(path, words.NO_FILE) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Refused(path, words.UNREADABLE, reason=reason) from error
    if len(content) > MAX_BYTES:
        raise Refused(path, words.TOO_LARGE, size=status.st_size, limit=MAX_BYTES)
    if not content.strip():
        raise Refused(path, words.EMPTY)
    return content


def kind_of(path: Path, content: bytes) -> str:
    """The ending that name and content agree on. Raises Refused."""
    ending = path.suffix.lower()
    if ending in _MACRO_ENDINGS:
        raise Refused(path, words.MACRO_ENDING, ending=ending)
    if ending not in ENDINGS:
        raise Refused(path, words.UNKNOWN_ENDING, ending=ending or "（没有后缀）", known="、".join(ENDINGS))
    found = next((kind for magic, kind in _MAGIC if content.startswith(magic)), "")
    if found == "OLE":
        raise Refused(path, words.OLD_OR_LOCKED)
    if ending in (".pdf", ".docx"):
        if found != ending:
            raise Refused(path, words.WRONG_CONTENT, ending=ending, found=found or "别的东西")
        return ending
    if found:
        raise Refused(path, words.WRONG_CONTENT, ending=ending, found=found)
    if len(content) > MAX_TEXT_BYTES:
        raise Refused(path, words.TOO_LARGE, size=len(content), limit=MAX_TEXT_BYTES)
    if ending in (".txt", ".md") and _HTML.match(content[:4096]):
        raise Refused(path, words.WRONG_CONTENT, ending=ending, found="网页（.html）")
    return ".html" if ending == ".htm" else ending


def decode(path: Path, content: bytes) -> tuple[str, bool]:
    """The text of a text file, and whether GB18030 had to be tried. Raises Refused."""
    if b"\0" in content:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise Refused(path, words.BROKEN_ENCODING, line=1)
        raise Refused(path, words.NUL, line=content[: content.index(b"\0")].count(b"\n") + 1)
    tried = False
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        tried = True
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            line = content[: error.start].count(b"\n") + 1
            raise Refused(path, words.BROKEN_ENCODING, line=line) from error
    check_characters(path, text)
    return text, tried


def check_characters(path: Path, text: str) -> None:
    """Raises Refused for control characters and for those that reorder what is seen."""
    for position, character in enumerate(text):
        if (
            character < " " or "\x7f" <= character <= "\x9f" or character in _REORDERING
        ) and character not in _ALLOWED_CONTROLS:
            line = text[:position].count("\n") + 1
            raise Refused(path, words.CONTROL, line=line, code=f"U+{ord(character):04X}")


def strange_characters(text: str) -> tuple[int, int]:
    """How many zero-width characters, and how many that no font shows (replacement, private use, unassigned)."""
    zero = sum(text.count(character) for character in ZERO_WIDTH)
    return zero, sum(1 for c in text if c == "\ufffd" or unicodedata.category(c) in ("Co", "Cn", "Cs"))


def check_package(path: Path, package: zipfile.ZipFile) -> None:
    """Look through a .docx before unpacking it. Raises Refused for bombs, tricks, macros, entities, outside targets."""
    entries = package.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Refused(path, words.ZIP_ENTRIES, count=len(entries), limit=MAX_ENTRIES)
    total = sum(entry.file_size for entry in entries)
    if total > MAX_UNPACKED:
        raise Refused(path, words.ZIP_SIZE, size=total, limit=MAX_UNPACKED)
    for entry in entries:
        name = entry.filename
        if name.startswith(("/", "\\")) or "\\" in name or ":" in name or ".." in name.split("/"):
            raise Refused(path, words.ZIP_NAME, name=name[:60])
        ratio = entry.file_size // max(entry.compress_size, 1)
        if entry.file_size > SMALL and ratio > MAX_RATIO:
            raise Refused(path, words.ZIP_RATIO, name=name[:60], ratio=ratio)
        if re.search(r"vbaProject|vbaData|activeX/", name, re.I):
            raise Refused(path, words.MACROS, name=name[:60])
    for entry in entries:
        if entry.filename.lower().endswith((".xml", ".rels")):
            _check_part(path, entry.filename, package.read(entry))


def _check_part(path: Path, name: str, part: bytes) -> None:
    plain = part.replace(b"\0", b"")  # UTF-16 hides nothing then
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", plain, re.I):
        raise Refused(path, words.ENTITY, name=name)
    if name == "[Content_Types].xml" and re.search(rb"macroEnabled|vbaProject", plain, re.I):
        raise Refused(path, words.MACROS, name=name)
    if not name.endswith(".rels"):
        return
    for tag in re.findall(rb"<[^<>]*TargetMode\s*=\s*[\"']External[\"'][^<>]*>", plain, re.I):
        if not re.search(rb"/relationships/hyperlink[\"']", tag):
            target = re.search(rb"Target\s*=\s*[\"']([^\"']*)", tag)
            shown = target[1].decode("utf8", "replace")[:60] if target else "？"
            raise Refused(path, words.EXTERNAL, name=name, target=shown)
