"""import_file(): a file -> a Draft whose every source character is accounted for, with what a person should look at."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from knowledge.importing import about as abouts
from knowledge.importing import lines, outline, safety, words
from knowledge.importing.about import About, Given
from knowledge.importing.clauses import DraftClause, clauses
from knowledge.importing.extraction import Extraction, LostText, Note, Progress, Removed
from knowledge.importing.outline import Left, Outline
from knowledge.importing.readers import extract
from knowledge.importing.refusal import Refused

#: The schema's own limit for one clause.
MAX_CLAUSE = 20_000
LONG, SHORT = 400, 8


@dataclass(frozen=True, slots=True)
class Look:
    """Something for a person's eye: what, and where (a clause's id, a place in the file)."""

    text: str
    place: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice ready to be looked at. Clauses and left-out spans together are the source, without overlap."""

    id: str
    about: About
    source: str = field(repr=False)
    clauses: tuple[DraftClause, ...]
    left: tuple[Left, ...]
    removed: tuple[Removed, ...]
    looks: tuple[Look, ...]
    file: str

    @property
    def sha256(self) -> str:
        """The source's digest as the `document:` block states it."""
        return hashlib.sha256(self.source.encode("utf8")).hexdigest()


def silent(stage: str, fraction: float | None) -> None:
    """A progress callback that shows nothing."""


def import_file(path: Path, identifier: str, given: Given | None = None, progress: Progress = silent) -> Draft:
    """Read a file and find its clauses. Raises Refused (with the remedy) or LostText."""
    safety.check_id(identifier)
    progress(words.READING, 0.0)
    extraction = extract(path, progress)
    found = outline.outline(extraction, progress)
    about = abouts.about(found, extraction.source, given or Given(), datetime.now(UTC).year)
    made = clauses(found, extraction.source, about.short_title)
    if not made:
        raise Refused(path, words.NO_CLAUSES)
    for clause in made:
        if len(clause.text) > MAX_CLAUSE:
            raise Refused(path, words.LONG_CLAUSE, place=clause.place, length=len(clause.text), limit=MAX_CLAUSE)
    progress(words.CHECKING, 1.0)
    left = account(extraction.source, made, found.left)
    looks = tuple(_looks(extraction, found, about, made, left))
    return Draft(identifier, about, extraction.source, tuple(made), left, extraction.removed, looks, path.name)


def account(source: str, made: Sequence[DraftClause], named: Sequence[Left]) -> tuple[Left, ...]:
    """Everything of the source that no clause holds, each with its reason. Raises LostText for the rest."""
    covered = sorted((clause.start, clause.end) for clause in made)
    for (_, end), (start, _) in pairwise(covered):
        if start < end:
            raise LostText(words.LOST_SPAN.format(start=start, words=source[start:end][:30]))
    inside = [one for one in named if not any(start <= one.start < end for start, end in covered)]
    found: list[Left] = []
    position = 0
    spans = sorted([(start, end, None) for start, end in covered] + [(one.start, one.end, one) for one in inside],
                   key=lambda span: span[:2])  # fmt: skip
    for start, end, one in [*spans, (len(source), len(source), None)]:
        if start > position:
            found.extend(_gap(source, position, start))
        if one is not None and end > max(start, position):
            found.append(Left(max(start, position), end, one.reason, one.place))
        position = max(position, end)
    return tuple(found)


def _gap(source: str, start: int, end: int) -> Iterator[Left]:
    """The parts of a stretch that nobody named: white space and ornaments, or else something was lost."""
    for match in re.finditer(r"\s+|\S+", source[start:end]):
        blank = match[0].isspace()
        if not blank and not lines.is_ornament(match[0]):
            raise LostText(words.LOST_SPAN.format(start=start + match.start(), words=match[0][:30]))
        reason = words.BLANK if blank else words.ORNAMENT
        yield Left(start + match.start(), start + match.end(), reason)


def _looks(
    extraction: Extraction, found: Outline, about: About, made: Sequence[DraftClause], left: Sequence[Left]
) -> Iterator[Look]:
    source = extraction.source
    fields = {"标题": about.title, "发文单位": about.issuer, "年份": about.year}
    for name in about.missing:
        yield Look(words.LOOK_FIELD.format(field=name, value=fields[name]))
    for name in about.guessed:
        yield Look(words.LOOK_FIELD_GUESSED.format(field=name, value=fields[name]))
    for note in (*extraction.notes, *_character_notes(source)):
        yield Look(note.text, note.place)
    parents = {clause.parent for clause in made}
    for clause in made:
        for look in clause.looks:
            yield Look(look, clause.place, clause.id)
        heading = clause.kind in ("section", "problem")
        if heading and clause.id not in parents:
            yield Look(words.LOOK_EMPTY_SECTION.format(words=clause.text[:30]), clause.place, clause.id)
        if len(clause.text) > LONG:
            yield Look(words.LOOK_LONG.format(length=len(clause.text)), clause.place, clause.id)
        elif not heading and len(clause.text) < SHORT:
            short = words.LOOK_SHORT.format(length=len(clause.text), words=clause.text)
            yield Look(short, clause.place, clause.id)
    yield from _counted(found)
    tail = set(found.tail)
    for one in left:
        shown = source[one.start : one.end][:40]
        if one in tail and one.reason == words.ATTACHMENT:
            yield Look(words.LOOK_TAIL.format(words=shown), one.place)
        elif one.reason in (words.ADDRESSEES, words.SIGNATURE, words.CLOSING, words.PAGE_NUMBER, words.ATTACHMENT):
            yield Look(words.LOOK_LEFT.format(reason=one.reason, words=shown), one.place)


def _counted(found: Outline) -> Iterator[Look]:
    items = list(found.items)
    bare = paragraphs = 0
    while items:
        item = items.pop()
        bare += item.style == outline.BARE
        paragraphs += item.style == outline.PARAGRAPH
        items.extend(item.children)
    if bare:
        yield Look(words.LOOK_BARE_NUMBER.format(count=bare))
    if paragraphs:
        yield Look(words.LOOK_UNNUMBERED.format(count=paragraphs))


def _character_notes(source: str) -> Iterator[Note]:
    zero, strange = safety.strange_characters(source)
    if zero:
        yield Note(words.NOTE_ZERO_WIDTH.format(count=zero))
    if strange:
        yield Note(words.NOTE_STRANGE.format(count=strange))
