"""A file that somebody sent: read into a draft notice, or into changes of a notice that is there. The web and chats share it.

The file's name is only shown; what is read lies under a name of our own. Every refusal is knowledge's.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.kb import receiving_words as words
from bot.kb.changes import Change, ClauseEdit, Imported, Rewritten, path_of
from bot.kb.drafts import Draft, NoDraft
from bot.kb.workshop import Workshop
from knowledge import editing, strict_yaml
from knowledge.archive import unpack
from knowledge.base import KnowledgeBase
from knowledge.clause import Document
from knowledge.errors import JianfuError
from knowledge.importing import leftovers
from knowledge.importing.about import Given
from knowledge.importing.adopt import Suggestion, SuggestionsFile
from knowledge.importing.draft import Draft as Notice
from knowledge.importing.draft import import_file, silent
from knowledge.importing.extraction import Progress
from knowledge.importing.leftovers import REPORT, REPORT_JSON, SUGGESTIONS
from knowledge.importing.write import write
from knowledge.loader import DOCUMENTS_FOLDER, load_document

logger = logging.getLogger(__name__)

FOLDER = "imports"
YAML_ENDINGS = (".yaml", ".yml")
#: A draft notice that nobody proposed for so many days is kept no more; its file can be sent again.
KEEP_DAYS = 30
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_ID = re.compile(r"[0-9a-f]{8}")


def read_notice(
    name: str, content: bytes, identifier: str, given: Given | None = None, progress: Progress = silent
) -> Notice:
    """Read a sent file into a draft notice. Raises JianfuError that names the file as the person does."""
    with tempfile.TemporaryDirectory(prefix="jianfu-import-") as passing:
        path = _put_aside(Path(passing), name, content)
        try:
            return import_file(path, identifier, given, progress)
        except JianfuError as error:
            raise JianfuError(_named(error, path, name)) from error


def keep_notice(shop: Workshop, import_id: str, notice: Notice) -> None:
    """Keep a draft notice until it is proposed or dropped; one that is kept already stays. Raises JianfuError."""
    folder = shop.root / FOLDER / import_id
    if cleared := leftovers.clear(folder.parent):
        logger.warning("%s", words.CLEARED.format(count=cleared))
    _clear_old(shop)
    if not (folder / REPORT).is_file():
        write(notice, folder)


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A draft notice that waits: how it is addressed, its id and title, and when it was read (Unix time)."""

    import_id: str
    id: str
    title: str
    read: float


def kept_notices(shop: Workshop) -> list[KeptNotice]:
    """The draft notices that are kept, the newest first; one that cannot be read is left out."""
    found = []
    for path in (shop.root / FOLDER).glob(f"*/{REPORT_JSON}"):
        if not _ID.fullmatch(path.parent.name):
            continue
        try:
            about = json.loads(path.read_text(encoding="utf8"))
            found.append(KeptNotice(path.parent.name, about["id"], about["title"], path.stat().st_mtime))
        except (OSError, ValueError, TypeError, KeyError) as error:
            logger.warning("the draft notice %s cannot be read: %s", path.parent, error)
    return sorted(found, key=lambda one: (-one.read, one.import_id))


def _clear_old(shop: Workshop) -> None:
    for one in kept_notices(shop):
        if one.read < time.time() - KEEP_DAYS * 24 * 3600:
            shutil.rmtree(shop.root / FOLDER / one.import_id, ignore_errors=True)
            logger.warning("%s", words.EXPIRED.format(title=one.title, days=KEEP_DAYS))


def kept_notice(shop: Workshop, import_id: str) -> Path:
    """The folder of a draft notice that is kept. Raises NoDraft."""
    folder = shop.root / FOLDER / import_id
    if not _ID.fullmatch(import_id) or not (folder / REPORT).is_file():
        raise NoDraft(words.NO_NOTICE)
    return folder


def suggested(folder: Path) -> list[Suggestion]:
    """The suggested questions of a draft notice. Raises InvalidFile."""
    return strict_yaml.validate(SuggestionsFile, strict_yaml.read(folder / SUGGESTIONS)).suggestions


def propose_notice(shop: Workshop, import_id: str, chosen: Collection[int], author: str) -> Draft:
    """Put the chosen suggestions under their clauses, and propose the notice; it is then kept no more.

    Raises NoDraft, JianfuError.
    """
    folder = kept_notice(shop, import_id)
    path = next(iter((folder / DOCUMENTS_FOLDER).glob("*.yaml")), None)
    if path is None:
        raise NoDraft(words.NO_NOTICE)
    wanted: dict[str, list[str]] = {}
    for number, one in enumerate(suggested(folder)):
        if number in chosen:
            wanted.setdefault(one.clause, []).append(one.question)
    there = {question for clause in load_document(path, folder).clauses for question in clause.questions}
    for clause, questions in wanted.items():
        editing.add_questions(path, clause, [one for one in questions if one not in there])
    document = load_document(path, folder)
    source = (folder / document.source_path).read_bytes().decode("utf8")
    change = Imported(document.id, document.title, path.read_bytes().decode("utf8"), source)
    draft = shop.begin(author, [change])
    shutil.rmtree(folder, ignore_errors=True)
    return draft


def drop_notice(shop: Workshop, import_id: str) -> None:
    """Keep a draft notice no more. Raises NoDraft."""
    shutil.rmtree(kept_notice(shop, import_id), ignore_errors=True)


def matching(notice: Notice, knowledge: KnowledgeBase) -> Document | None:
    """The notice in use that a sent one is a newer wording of: the same id, or the same title."""
    for document in knowledge.documents:
        if document.id == notice.id or _plain(document.title) == _plain(notice.about.title):
            return document
    return None


def corrections(notice: Notice, document: Document) -> list[Change]:
    """An edit for each clause that reads otherwise in a sent file; known questions stay. Empty where none does.

    Raises JianfuError where the file has other clauses, since nobody can tell then which question belongs where.
    """
    sent = {one.id: one for one in notice.clauses}
    more = [one for one in sent if one not in {clause.id for clause in document}]
    gone = [clause.id for clause in document if clause.id not in sent]
    if more or gone:
        named = "；".join(
            what.format(clauses="、".join(some[:10])) for what, some in ((words.MORE, more), (words.GONE, gone)) if some
        )
        raise JianfuError(words.OTHER_CLAUSES.format(title=document.title, what=named))
    return [
        ClauseEdit(document.id, clause.id, clause.label, text=sent[clause.id].text)
        for clause in document
        if _plain(sent[clause.id].text) != _plain(clause.text)
    ]


def rewritten(shop: Workshop, name: str, content: bytes) -> list[Change]:
    """The change that a sent document file makes to the version in use. Raises JianfuError, StateUnavailable."""
    archive = shop.shelved.archive(shop.shelved.in_use())
    with tempfile.TemporaryDirectory(prefix="jianfu-yaml-") as passing:
        sent = _put_aside(Path(passing), name, content)
        folder = Path(passing) / "knowledge"
        unpack(archive, folder)
        try:
            record = strict_yaml.read(sent)
            about = record.value.get("document") if isinstance(record.value, dict) else None
            identifier = about.get("id") if isinstance(about, dict) else None
            if not isinstance(identifier, str):
                raise JianfuError(words.NO_ID.format(name=_shown(name)))
            path = path_of(folder, identifier)
            replaced = path.read_bytes()
            sent.replace(path)
            document = load_document(path, folder)
        except JianfuError as error:
            told = _named(error, sent, name)
            for one in sorted((folder / DOCUMENTS_FOLDER).glob("*.yaml")):
                told = told.replace(str(one), _shown(name))
            raise JianfuError(told) from error
    if content == replaced:
        return []
    digest = hashlib.sha256(replaced).hexdigest()
    return [Rewritten(document.id, document.title, content.decode("utf8"), digest)]


def documents_in_use(shop: Workshop) -> Sequence[tuple[str, bytes]]:
    """The document files of the version in use, by name. Raises JianfuError, StateUnavailable."""
    archive = shop.shelved.archive(shop.shelved.in_use())
    with tempfile.TemporaryDirectory(prefix="jianfu-yaml-") as passing:
        unpack(archive, Path(passing))
        return [(one.name, one.read_bytes()) for one in sorted((Path(passing) / DOCUMENTS_FOLDER).glob("*.yaml"))]


def _put_aside(folder: Path, name: str, content: bytes) -> Path:
    suffix = Path(name).suffix
    path = folder / f"notice{suffix if _SUFFIX.fullmatch(suffix) else ''}"
    path.write_bytes(content)
    return path


def _named(error: JianfuError, path: Path, name: str) -> str:
    """What an error says, with the file named as the person does."""
    return str(error).replace(str(path), _shown(name))


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in Path(name).name)[:80]


def _plain(text: str) -> str:
    return "".join(text.split())
