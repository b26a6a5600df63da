"""write(): a draft as a folder of its own that the loader can load; written aside, synced, renamed into place."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from knowledge.disk import sync
from knowledge.errors import JianfuError
from knowledge.importing import report, words
from knowledge.importing.clauses import DraftClause
from knowledge.importing.draft import Draft
from knowledge.importing.leftovers import REPORT, REPORT_JSON, SUGGESTIONS
from knowledge.importing.suggest import suggestions
from knowledge.loader import load_document
from knowledge.strict_yaml import quoted


class CannotWrite(JianfuError):
    """The draft's folder exists already or cannot be written; what was there is untouched."""


def document_yaml(draft: Draft) -> str:
    """The document file, laid out like the hand-kept ones."""
    about = draft.about
    head = (line.format(title=about.title, file=_one_line(draft.file)) for line in words.DOCUMENT_HEAD)
    rows = [
        *head,
        "document:",
        f"  id: {quoted(draft.id)}",
        f"  title: {quoted(about.title)}",
        f"  short_title: {quoted(about.short_title)}",
        f"  issuer: {quoted(about.issuer)}",
        f"  year: {about.year}",
        f"  source: {quoted(f'sources/{draft.id}.txt')}",
        f"  sha256: {quoted(draft.sha256)}",
        "clauses:",
    ]
    for clause in draft.clauses:
        rows.append(f"  - id: {quoted(clause.id)}")
        rows.append(f"    kind: {clause.kind}")
        if clause.parent is not None:
            rows.append(f"    parent: {quoted(clause.parent)}")
        rows.append(f"    label: {quoted(clause.label)}")
        rows.append(f"    text: {quoted(clause.text)}")
        rows.extend((f"    start: {clause.start}", f"    end: {clause.end}"))
    return "\n".join(rows) + "\n"


def suggestions_yaml(draft: Draft) -> str:
    """The suggested questions, each to be switched on by a person; nothing in it is live."""
    rows = [*words.SUGGESTIONS_HEAD]
    taken: set[str] = set()
    entries: list[tuple[DraftClause, str]] = []
    for clause in draft.clauses:
        fresh = [one for one in suggestions(clause.text, clause.kind) if one not in taken]
        taken.update(fresh)
        entries.extend((clause, question) for question in fresh)
    rows.append("suggestions:" if entries else "suggestions: []")
    for clause, question in entries:
        rows.append(f"  - clause: {quoted(clause.id)}")
        rows.extend((f"    question: {quoted(question)}", "    use: false"))
    return "\n".join(rows) + "\n"


def write(draft: Draft, folder: Path, *, force: bool = False) -> Path:
    """Write the draft as a whole or not at all; returns its document file. Raises CannotWrite, or InvalidFile."""
    if os.path.lexists(folder):
        if not force:
            raise CannotWrite(words.THERE_ALREADY.format(folder=folder))
        if not (folder / REPORT_JSON).is_file() or folder.is_symlink():
            raise CannotWrite(words.FOREIGN_FOLDER.format(folder=folder))
    aside = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.tmp"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for path, content in _files(draft):
            target = aside / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, content)
        document = Path("documents") / f"{draft.id}.yaml"
        load_document(aside / document, aside)  # what cannot be loaded is not written
        for inner in (aside / "documents", aside / "sources", aside):
            sync(inner)
        _put(aside, folder)
        sync(folder.parent)
    except OSError as error:
        raise CannotWrite(words.CANNOT_WRITE.format(folder=folder, reason=error.strerror or error)) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder / document


def _files(draft: Draft) -> Iterator[tuple[str, str]]:
    yield f"sources/{draft.id}.txt", draft.source
    yield f"documents/{draft.id}.yaml", document_yaml(draft)
    yield SUGGESTIONS, suggestions_yaml(draft)
    yield REPORT, report.as_text(draft)
    yield REPORT_JSON, json.dumps(report.as_json(draft), ensure_ascii=False, indent=1) + "\n"


def _put(aside: Path, folder: Path) -> None:
    """Rename into place; with something there already, the old draft steps aside first and comes back on failure."""
    if not folder.exists():
        aside.rename(folder)
        return
    old = folder.parent / f"{aside.name}.old"
    folder.rename(old)
    try:
        aside.rename(folder)
    except OSError:
        with suppress(OSError):
            old.rename(folder)
        raise
    with suppress(OSError):
        old.rename(aside)  # half removed, it is nothing to bring back; write() removes it


def _write(path: Path, content: str) -> None:
    with path.open("xb") as file:
        file.write(content.encode("utf8"))
        file.flush()
        os.fsync(file.fileno())


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:120]
