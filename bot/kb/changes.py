"""What a draft is made of: a clause edited, decisions of the queue, a notice imported; each can be done to any version.

Doing one changes a folder through knowledge/editing.py and bot/review/draft.py, so comments and order stay as they are.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.kb import draft_words as words
from bot.review.draft import write_draft
from bot.state.decisions import Decision
from knowledge import editing
from knowledge.errors import JianfuError
from knowledge.loader import DOCUMENTS_FOLDER, load_document


@dataclass(frozen=True, slots=True)
class ClauseEdit:
    """A clause's new words and keywords (None for unchanged), and questions that go and come."""

    document: str
    clause: str
    label: str
    text: str | None = None
    keywords: tuple[str, ...] | None = None
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """Decisions on unanswered questions."""

    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """A notice as knowledge/importing wrote it: the document file, and its source."""

    document: str
    title: str
    yaml: str
    source: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A notice's document file as somebody wrote it anew, over the file with the sha256 `replaces`."""

    document: str
    title: str
    yaml: str
    replaces: str


Change = ClauseEdit | Settled | Imported | Rewritten
_KINDS: dict[str, type[ClauseEdit] | type[Settled] | type[Imported] | type[Rewritten]] = {
    "clause": ClauseEdit,
    "settled": Settled,
    "imported": Imported,
    "rewritten": Rewritten,
}


def apply(folder: Path, change: Change, progress: Callable[[float], None] = lambda _: None) -> None:
    """Do a change to a knowledge folder. Raises JianfuError; the folder may then be half changed."""
    if isinstance(change, ClauseEdit):
        _edit(folder, change, progress)
    elif isinstance(change, Imported):
        _put_document(folder, change)
    elif isinstance(change, Rewritten):
        _rewrite(folder, change)
    else:
        aside = folder.with_name(f"{folder.name}-settled")
        shutil.rmtree(aside, ignore_errors=True)
        draft = write_draft(folder, aside, change.decisions)
        if draft.left:
            shutil.rmtree(aside, ignore_errors=True)
            raise JianfuError("；".join(draft.left))
        shutil.rmtree(folder)
        aside.rename(folder)


def told(change: Change) -> str:
    """A change in a line, for lists."""
    if isinstance(change, ClauseEdit):
        parts = [words.TOLD_TEXT] if change.text is not None else []
        parts += [words.TOLD_KEYWORDS] if change.keywords is not None else []
        parts += [words.TOLD_NEW.format(count=len(change.new))] if change.new else []
        parts += [words.TOLD_GONE.format(count=len(change.gone))] if change.gone else []
        return words.TOLD_CLAUSE.format(label=change.label, what="、".join(parts))
    if isinstance(change, Imported):
        return words.TOLD_IMPORT.format(title=change.title)
    if isinstance(change, Rewritten):
        return words.TOLD_REWRITTEN.format(title=change.title)
    return words.TOLD_SETTLED.format(count=sum(len(one.texts) for one in change.decisions))


def change_to_json(change: Change) -> dict[str, Any]:
    """For a file."""
    kind = next(name for name, made in _KINDS.items() if isinstance(change, made))
    content = asdict(change)
    if isinstance(change, Settled):
        content = {"decisions": [{**asdict(one), "day": one.day.isoformat()} for one in change.decisions]}
    return {"kind": kind, **content}


def change_from_json(content: dict[str, Any]) -> Change:
    """From a file. Raises ValueError, TypeError, KeyError for anything else."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    kind = _KINDS[values.pop("kind")]
    if kind is Settled:
        return Settled(tuple(_decision(one) for one in values["decisions"]))
    return kind(**values)


def _decision(content: dict[str, Any]) -> Decision:
    return Decision(**{**content, "texts": tuple(content["texts"]), "day": date.fromisoformat(content["day"])})


def _edit(folder: Path, change: ClauseEdit, progress: Callable[[float], None]) -> None:
    path = path_of(folder, change.document)
    steps: list[Callable[[], None]] = []
    if change.text is not None:
        text = change.text
        steps.append(lambda: editing.replace_clause_text(path, change.clause, text))
    if change.keywords is not None:
        keywords = change.keywords
        steps.append(lambda: editing.set_keywords(path, change.clause, keywords))
    if change.gone:
        steps.append(lambda: editing.remove_questions(path, change.clause, change.gone))
    if change.new:
        steps.append(lambda: editing.add_questions(path, change.clause, change.new))
    for number, step in enumerate(steps):
        progress(number / len(steps))
        step()


def path_of(folder: Path, document_id: str) -> Path:
    """The file of a notice in a knowledge folder. Raises JianfuError where there is none."""
    for path in sorted((folder / DOCUMENTS_FOLDER).glob("*.yaml")):
        if load_document(path, folder).id == document_id:
            return path
    raise JianfuError(words.NO_DOCUMENT.format(document=document_id))


def _rewrite(folder: Path, change: Rewritten) -> None:
    path = path_of(folder, change.document)
    if hashlib.sha256(path.read_bytes()).hexdigest() != change.replaces:
        raise JianfuError(words.REWRITTEN_MOVED.format(title=change.title))
    path.write_bytes(change.yaml.encode("utf8"))
    load_document(path, folder)


def _put_document(folder: Path, change: Imported) -> None:
    document = folder / DOCUMENTS_FOLDER / f"{change.document}.yaml"
    source = folder / "sources" / f"{change.document}.txt"
    for path, content in ((document, change.yaml), (source, change.source)):
        if path.exists():
            raise JianfuError(words.DOCUMENT_THERE.format(document=change.document))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf8"))
