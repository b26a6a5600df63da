"""YAML -> KnowledgeBase: the schema, and the proofs that make a clause citable.

A document is refused unless its source has the stated sha256, every clause's text equals source[start:end], ids are
unique, and parents exist and stand before their children. Every fault names file, line, field, found and expected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from knowledge.base import KnowledgeBase
from knowledge.clause import HEADING_KINDS, Clause, Document, SharedQuestion, UnansweredQuestion
from knowledge.errors import Fault, InvalidFile
from knowledge.strict_yaml import YamlFile, read, read_text, shorten, validate

DOCUMENTS_FOLDER = "documents"
OUT_OF_SCOPE_FILE = "out_of_scope.yaml"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("不止空白的文字")
    return text


Identifier = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$")]
Line = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_not_blank)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DocumentRecord(_Record):
    """The `document:` block."""

    id: Identifier
    title: Line
    short_title: Line
    issuer: Line
    year: int = Field(ge=1900, le=2200)
    source: Line
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ClauseRecord(_Record):
    """One entry of `clauses:`."""

    id: Identifier
    kind: Literal["background", "problem", "measure", "section", "point"]
    parent: Identifier | None = None
    label: Line
    text: Annotated[str, Field(min_length=1, max_length=20000), AfterValidator(_not_blank)]
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    keywords: list[Line] = []
    questions: list[Line] = []


class SharedQuestionRecord(_Record):
    """One entry of `shared_questions:`."""

    text: Line
    clauses: list[Identifier] = Field(min_length=2)


class UnansweredRecord(_Record):
    """One entry of `unanswered:`."""

    text: Line
    related: list[Identifier] = []
    why: Line | None = None


class DocumentFile(_Record):
    """A whole file in `documents/`."""

    document: DocumentRecord
    clauses: list[ClauseRecord] = Field(min_length=1)
    shared_questions: list[SharedQuestionRecord] = []
    unanswered: list[UnansweredRecord] = []


class OutOfScopeFile(_Record):
    """`out_of_scope.yaml`: questions that no notice answers, by reason."""

    far: list[Line] = []
    chat: list[Line] = []
    noise: list[Line] = []
    attack: list[Line] = []


def load_knowledge(folder: Path) -> KnowledgeBase:
    """Every document in `folder`/documents, by file name. Raises InvalidFile with all the faults found."""
    documents: list[Document] = []
    faults: list[Fault] = []
    taken: dict[str, Path] = {}
    paths = sorted((folder / DOCUMENTS_FOLDER).glob("*.yaml"))
    faults.extend(
        Fault(path, 0, "", f"结尾是 {path.suffix}", "结尾是 .yaml 的文件名，否则不会被读到")
        for path in sorted((folder / DOCUMENTS_FOLDER).glob("*"))
        if path.suffix.lower() in (".yml", ".yaml") and path not in paths
    )
    if not paths:
        raise InvalidFile([Fault(folder / DOCUMENTS_FOLDER, 0, "", "没有 .yaml 文件", "至少一份通知")])
    for path in paths:
        try:
            document = load_document(path, folder)
        except InvalidFile as error:
            faults.extend(error.faults)
            continue
        if document.id in taken:
            found = f"{document.id}（{taken[document.id].name} 已用）"
            faults.append(read(path).fault(("document", "id"), found, "每份通知各有不同的 id"))
        taken.setdefault(document.id, path)
        documents.append(document)
    out_of_scope: MappingProxyType[str, tuple[str, ...]] = MappingProxyType({})
    if (folder / OUT_OF_SCOPE_FILE).is_file():
        try:
            record = validate(OutOfScopeFile, read(folder / OUT_OF_SCOPE_FILE))
            out_of_scope = MappingProxyType({name: tuple(lines) for name, lines in record})
        except InvalidFile as error:
            faults.extend(error.faults)
    if faults:
        raise InvalidFile(faults)
    return KnowledgeBase(tuple(documents), out_of_scope)


def load_document(path: Path, folder: Path) -> Document:
    """One document, proved against its source (a path under `folder`). Raises InvalidFile."""
    file = read(path)
    record = validate(DocumentFile, file)
    source = _read_source(record.document, file, folder)
    faults = [
        *_structure_faults(record.clauses, file),
        *_quote_faults(record.clauses, source, file),
        *_reference_faults(record, file),
        *_question_faults(record, file),
    ]
    if faults:
        raise InvalidFile(sorted(faults, key=lambda fault: fault.line))
    info = record.document
    return Document(
        id=info.id,
        title=info.title,
        short_title=info.short_title,
        issuer=info.issuer,
        year=info.year,
        source_path=info.source,
        source_sha256=info.sha256,
        source=source,
        clauses=tuple(
            Clause(
                document=info.id,
                id=clause.id,
                kind=clause.kind,
                parent=clause.parent,
                label=clause.label,
                text=clause.text,
                start=clause.start,
                end=clause.end,
                keywords=tuple(clause.keywords),
                questions=tuple(clause.questions),
            )
            for clause in record.clauses
        ),
        shared_questions=tuple(
            SharedQuestion(shared.text, tuple(shared.clauses)) for shared in record.shared_questions
        ),
        unanswered=tuple(UnansweredQuestion(one.text, tuple(one.related), one.why or "") for one in record.unanswered),
    )


def _read_source(info: DocumentRecord, file: YamlFile, folder: Path) -> str:
    place = ("document", "source")
    try:
        path = (folder / info.source).resolve()
        inside, exists = path.is_relative_to(folder.resolve()), path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, links in a circle, a NUL
        raise InvalidFile([file.fault(place, info.source, "来源文件的相对路径")]) from error
    if not inside:
        raise InvalidFile([file.fault(place, info.source, f"{folder} 之内的文件")])
    if not exists:
        raise InvalidFile([file.fault(place, f"{info.source}（没有这个文件）", "来源文件的相对路径")])
    source = read_text(path)
    digest = hashlib.sha256(source.encode("utf8")).hexdigest()
    if digest != info.sha256:
        expected = f"来源文件 {info.source} 的 sha256：{digest}（若来源确已更换，请核对各条后改成它）"
        raise InvalidFile([file.fault(("document", "sha256"), info.sha256, expected)])
    return source


def _structure_faults(clauses: list[ClauseRecord], file: YamlFile) -> Iterator[Fault]:
    seen: dict[str, ClauseRecord] = {}
    for i, clause in enumerate(clauses):
        if clause.id in seen:
            yield file.fault(("clauses", i, "id"), f"{clause.id}（重复）", "没有用过的条款编号")
        if clause.parent is not None:
            parent = seen.get(clause.parent)
            place = ("clauses", i, "parent")
            if parent is None:
                yield file.fault(place, f"{clause.parent}（前面没有这一条）", "排在前面的条款的编号")
            elif parent.kind not in HEADING_KINDS:
                yield file.fault(place, f"{clause.parent}（是 {parent.kind}）", "problem 或 section 条款的编号")
        seen.setdefault(clause.id, clause)


def _quote_faults(clauses: list[ClauseRecord], source: str, file: YamlFile) -> Iterator[Fault]:
    for i, clause in enumerate(clauses):
        there = source[clause.start : clause.end]
        if there == clause.text:
            continue
        at = source.find(clause.text)
        if at < 0:
            pairs = zip(clause.text, there, strict=False)
            same = next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(clause.text), len(there)))
            begin = max(same - 10, 0)  # a little before the first difference, so that it is seen
            expected = (
                f"来源第 {clause.start + begin} 字起 {shorten(there[begin:])}，逐字相同（第 {same + 1} 字起不同）"
            )
            yield file.fault(("clauses", i, "text"), clause.text[begin:], expected)
        else:
            found = f"{clause.start}–{clause.end}"
            yield file.fault(("clauses", i, "start"), found, f"{at}–{at + len(clause.text)}（text 在来源中的位置）")


def _reference_faults(record: DocumentFile, file: YamlFile) -> Iterator[Fault]:
    ids = {clause.id for clause in record.clauses}
    lists: list[tuple[str, str, Iterable[list[str]]]] = [
        ("shared_questions", "clauses", (one.clauses for one in record.shared_questions)),
        ("unanswered", "related", (one.related for one in record.unanswered)),
    ]
    for section, field, entries in lists:
        for i, references in enumerate(entries):
            for j, reference in enumerate(references):
                if reference not in ids:
                    yield file.fault((section, i, field, j), reference, "本文件中已有的条款编号")
                elif reference in references[:j]:
                    yield file.fault((section, i, field, j), f"{reference}（重复）", "每个条款编号只写一次")


def _question_faults(record: DocumentFile, file: YamlFile) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    places = [
        *(
            (("clauses", i, "questions", j), question)
            for i, clause in enumerate(record.clauses)
            for j, question in enumerate(clause.questions)
        ),
        *((("shared_questions", i, "text"), one.text) for i, one in enumerate(record.shared_questions)),
        *((("unanswered", i, "text"), one.text) for i, one in enumerate(record.unanswered)),
    ]
    for location, question in places:
        line = file.line(location)
        if question in seen:
            yield file.fault(location, question, f"没有重复的问题（已在第 {seen[question]} 行）")
        seen.setdefault(question, str(line))
