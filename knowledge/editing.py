"""Edits of a hand-kept YAML file that leave every other byte alone: comments, order, quotes, line breaks.

The strict reader says where each value stands; only those characters are replaced, and the result is written
aside, loaded, and renamed into place only when it loads.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from knowledge import strict_yaml
from knowledge.errors import JianfuError
from knowledge.loader import load_document
from knowledge.strict_yaml import Location, YamlFile, quoted

NO_CLAUSE = "{path}：没有编号为 {clause} 的条款。现有：{known}。"
THERE_ALREADY = "{path}:{line}：问题「{question}」已经有了，没有再加。"
BLANK = "{path}：{what}是空的，没有改动。请写明内容。"
CANNOT_WRITE = "{path} 写不进去（{reason}）。请检查磁盘空间和权限。"
NOT_THERE = "{path}：条款 {clause} 没有问题「{question}」，没有改动。"
SAME_TEXT = "{path}：条款 {clause} 的文字与现在相同，没有改动。"
FLOW = "{path}:{line}：{field} 写在一行的花括号里，改不了；请先展开成多行。"


class CannotEdit(JianfuError):
    """The file is as it was; the message says why."""


def add_question(path: Path, clause_id: str, question: str) -> None:
    """Append a question to a clause. Raises CannotEdit, or InvalidFile where the file would no longer load."""
    add_questions(path, clause_id, (question,))


def add_questions(path: Path, clause_id: str, questions: Sequence[str]) -> None:
    """Append several questions, all or none of them. Raises CannotEdit, or InvalidFile as add_question() does."""
    file, text = _open(path)
    place: Location = ("clauses", _index(file, clause_id))
    there = {value: location for location, value in _questions(file.value)}
    entry = file.value["clauses"][place[1]]
    wanted = [" ".join(one.split()) for one in questions]
    for one in wanted:
        if not one:
            raise CannotEdit(BLANK.format(path=path, what="问题"))
        if one in there:
            raise CannotEdit(THERE_ALREADY.format(path=path, line=file.line(there[one]), question=one))
    rows = [quoted(one) for one in dict.fromkeys(wanted)]
    if rows:
        _replace_file(path, {path: _listed(file, text, place, entry, rows)})


def remove_questions(path: Path, clause_id: str, questions: Sequence[str]) -> None:
    """Take questions away from a clause, all or none of them. Raises CannotEdit or InvalidFile."""
    file, text = _open(path)
    place: Location = ("clauses", _index(file, clause_id))
    field = (*place, "questions")
    items = list(file.value["clauses"][place[1]].get("questions") or ())
    for one in questions:
        if one not in items:
            raise CannotEdit(NOT_THERE.format(path=path, clause=clause_id, question=one))
    kept = [one for one in items if one not in set(questions)]
    start, end = file.spans[field]
    if text[start : start + 1] == "[":
        edited = text[:start] + "[" + ", ".join(quoted(one) for one in kept) + "]" + text[end:]
    elif not kept:
        edited = _replace_block(text, file, field, "[]")
    else:
        edited = text
        for i in reversed([i for i, one in enumerate(items) if one in set(questions)]):
            first, _ = file.spans[(*field, i)]
            last = _line_end(text, _last_character(text, file.spans[(*field, i)]))
            edited = edited[: _line_start(text, first)] + edited[last:]
    _replace_file(path, {path: edited})


def set_keywords(path: Path, clause_id: str, keywords: Sequence[str]) -> None:
    """Replace a clause's keywords. Raises CannotEdit or InvalidFile."""
    file, text = _open(path)
    place: Location = ("clauses", _index(file, clause_id))
    written = "[" + ", ".join(quoted(" ".join(word.split())) for word in keywords) + "]"
    field = (*place, "keywords")
    if field in file.spans:
        start, end = file.spans[field]
        if text[start:end].startswith("["):
            edited = text[:start] + written + text[end:]
        else:
            edited = _replace_block(text, file, field, written)
    else:
        edited = _add_field(file, text, place, f"keywords: {written}")
    _replace_file(path, {path: edited})


def replace_clause_text(path: Path, clause_id: str, new_text: str) -> None:
    """Correct a clause's words, in the source file too; digest and all later offsets follow.

    Source and document are two files; a kill between their two renames leaves a pair that the loader refuses, never
    one that quotes wrongly.
    Raises CannotEdit or InvalidFile.
    """
    if not new_text.strip():
        raise CannotEdit(BLANK.format(path=path, what="条款文字"))
    file, text = _open(path)
    index = _index(file, clause_id)
    clauses = file.value["clauses"]
    old = clauses[index]
    if old["text"] == new_text:
        raise CannotEdit(SAME_TEXT.format(path=path, clause=clause_id))
    folder = path.parent.parent
    load_document(path, folder)  # offsets are only moved where they are right
    source_path = folder / file.value["document"]["source"]
    source = strict_yaml.read_text(source_path)
    changed = source[: old["start"]] + new_text + source[old["end"] :]
    moved = len(new_text) - (old["end"] - old["start"])
    edits: list[tuple[Location, str]] = [
        (("document", "sha256"), hashlib.sha256(changed.encode("utf8")).hexdigest()),
        (("clauses", index, "text"), quoted(new_text)),
        (("clauses", index, "end"), str(old["end"] + moved)),
    ]
    for i, clause in enumerate(clauses):
        if clause["start"] >= old["end"] and moved:
            edits.append((("clauses", i, "start"), str(clause["start"] + moved)))
            edits.append((("clauses", i, "end"), str(clause["end"] + moved)))
    for start, end, value in sorted(((*file.spans[place], value) for place, value in edits), reverse=True):
        breaks = text[start:end][len(text[start:end].rstrip()) :]  # a block scalar ends behind its line break
        text = text[:start] + value + breaks + text[end:]
    _replace_file(path, {source_path: changed, path: text})


def _open(path: Path) -> tuple[YamlFile, str]:
    file = strict_yaml.read(path)
    if not isinstance(file.value, dict) or not isinstance(file.value.get("clauses"), list):
        raise CannotEdit(NO_CLAUSE.format(path=path, clause="", known="无"))
    text = strict_yaml.read_text(path)
    return file, text.removeprefix("\ufeff")


def _index(file: YamlFile, clause_id: str) -> int:
    known = [str(one.get("id")) for one in file.value["clauses"] if isinstance(one, dict)]
    if clause_id not in known:
        raise CannotEdit(NO_CLAUSE.format(path=file.path, clause=clause_id[:40], known="、".join(known[:60])))
    return known.index(clause_id)


def _questions(value: Any) -> list[tuple[Location, str]]:
    found: list[tuple[Location, str]] = []
    for i, clause in enumerate(value["clauses"]):
        found.extend((("clauses", i, "questions", j), one) for j, one in enumerate(clause.get("questions") or ()))
    for section in ("shared_questions", "unanswered"):
        found.extend(((section, i, "text"), one.get("text")) for i, one in enumerate(value.get(section) or ()))
    return found


def _listed(file: YamlFile, text: str, place: Location, entry: dict[str, Any], rows: Sequence[str]) -> str:
    """The text with more questions, written already, at the end of a clause's list."""
    field = (*place, "questions")
    items = entry.get("questions")
    if not items:
        if field not in file.spans or "questions" not in entry:
            return _add_field(file, text, place, "questions:", *(f"  - {one}" for one in rows))
        start, end = file.spans[field]  # [] or nothing at all
        return text[:start] + f"{'' if text[:start].endswith(' ') else ' '}[{', '.join(rows)}]" + text[end:]
    start, end = file.spans[field]
    last = file.spans[(*field, len(items) - 1)]
    if text[start : start + 1] == "[":
        return text[: last[1]] + "".join(f", {one}" for one in rows) + text[last[1] :]
    at = _line_end(text, _last_character(text, last))
    dash = text[_line_start(text, last[0]) :]
    indent = dash[: len(dash) - len(dash.lstrip(" "))]
    return _insert_lines(text, at, [f"{indent}- {one}" for one in rows])


def _add_field(file: YamlFile, text: str, place: Location, *rows: str) -> str:
    """The text with a new field after the last one of a mapping."""
    start, _ = file.spans[place]
    if text[start : start + 1] == "{":
        raise CannotEdit(FLOW.format(path=file.path, line=file.line(place), field=strict_yaml.dotted(place)))
    indent = " " * (start - _line_start(text, start))
    inside = [span for key, span in file.spans.items() if key[: len(place)] == place and len(key) > len(place)]
    at = _line_end(text, max(_last_character(text, span) for span in inside))
    return _insert_lines(text, at, [indent + row for row in rows])


def _replace_block(text: str, file: YamlFile, field: Location, written: str) -> str:
    """A list written over several lines, or an empty value, as one on the line of its key."""
    start, _ = file.spans[field]
    items = [span for key, span in file.spans.items() if key[: len(field)] == field and len(key) > len(field)]
    if not items:
        return text[:start] + f"{'' if text[:start].endswith(' ') else ' '}{written}" + text[file.spans[field][1] :]
    colon = text.rindex(":", 0, start)
    end = max(_last_character(text, span) for span in items)
    return text[: colon + 1] + " " + written + text[end:]


def _last_character(text: str, span: tuple[int, int]) -> int:
    """The end of a value without the line breaks that a block scalar takes along."""
    start, end = span
    return start + len(text[start:end].rstrip())


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _line_end(text: str, position: int) -> int:
    """Behind the line break of the line that a position is on (the end of the text where there is none)."""
    at = text.find("\n", position)
    return len(text) if at < 0 else at + 1


def _insert_lines(text: str, at: int, rows: Sequence[str]) -> str:
    mark = "\r\n" if "\r\n" in text else "\n"
    before = "" if not text[:at] or text[:at].endswith("\n") else mark
    return text[:at] + before + "".join(row + mark for row in rows) + text[at:]


def _replace_file(path: Path, changes: dict[Path, str]) -> None:
    """Prove that the document loads with its changes, then put them in place. Raises InvalidFile or CannotEdit."""
    folder = path.parent.parent
    try:
        with tempfile.TemporaryDirectory(prefix="jianfu-edit-") as name:
            trial = Path(name)
            document = strict_yaml.read(path).value["document"]
            source = folder / document["source"]
            for original in (path, source):
                copy = trial / original.resolve().relative_to(folder.resolve())
                copy.parent.mkdir(parents=True, exist_ok=True)
                text = changes.get(original)
                copy.write_bytes(original.read_bytes() if text is None else _bytes(original, text))
            load_document(trial / path.resolve().relative_to(folder.resolve()), trial)
        written: list[tuple[Path, Path]] = []
        for original, text in changes.items():
            aside = original.with_name(f".{original.name}.{secrets.token_hex(4)}.tmp")
            try:
                with aside.open("xb") as file:
                    file.write(_bytes(original, text))
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                for one, _ in written:
                    one.unlink(missing_ok=True)
                aside.unlink(missing_ok=True)
                raise
            written.append((aside, original))
        for aside, original in written:
            os.replace(aside, original)
    except OSError as error:
        raise CannotEdit(CANNOT_WRITE.format(path=path, reason=error.strerror or error)) from error


def _bytes(original: Path, text: str) -> bytes:
    """The text with the byte order mark that the file had."""
    marked = original.read_bytes()[:3] == b"\xef\xbb\xbf"
    return text.encode("utf-8-sig" if marked and not text.startswith("\ufeff") else "utf8")
