"""Writes pending decisions into a copy of the knowledge folder, a line each; comments and order stay as they are.

Questions of clauses are knowledge/editing.py's to add; what no clause answers is added here.

The copy is loaded and compared with what was decided before it gets its name; the folder that is served is only read.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.review import words
from bot.state.decisions import Decision
from knowledge import editing, strict_yaml
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError
from knowledge.loader import DOCUMENTS_FOLDER, OUT_OF_SCOPE_FILE, load_document, load_knowledge


class DraftFailed(JianfuError):
    """No draft was left behind; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A changed copy of the knowledge: where, what was loaded from it, each change in a sentence, and what was left out."""

    folder: Path
    knowledge: KnowledgeBase
    changes: tuple[str, ...]
    left: tuple[str, ...]


def known_questions(knowledge: KnowledgeBase) -> dict[str, str]:
    """Every question on record, with where it stands, in words."""
    known = {question: clause.label for clause in knowledge for question in clause.questions}
    for document in knowledge.documents:
        known.update({one.text: "shared_questions" for one in document.shared_questions})
        known.update({one.text: "unanswered" for one in document.unanswered})
    for reason, questions in knowledge.out_of_scope.items():
        known.update(dict.fromkeys(questions, f"{OUT_OF_SCOPE_FILE} {reason}"))
    return known


def write_draft(source: Path, target: Path, decisions: Sequence[Decision]) -> Draft:
    """Copy the knowledge folder `source` to `target`, which must not exist, with the decisions in it.

    What is already there is not written twice. Raises DraftFailed, InvalidFile, and then there is no `target`.
    """
    if target.exists():
        raise DraftFailed(words.OUT_EXISTS.format(path=target))
    if target.resolve().is_relative_to(source.resolve()):
        raise DraftFailed(words.OUT_INSIDE.format(path=target))
    before = load_knowledge(source)
    aside = target.with_name(f".{target.name}.aside")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(source, aside)
        changes, left = _write(aside, before, decisions)
        load_knowledge(aside)
        aside.rename(target)
    except DraftFailed as error:  # a person will look in the folder that is there
        raise DraftFailed(str(error).replace(str(aside), str(source))) from error
    except OSError as error:
        raise DraftFailed(words.OUT_FAILED.format(path=target, error=error.strerror or error)) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Draft(target, load_knowledge(target), tuple(changes), tuple(left))


def _write(folder: Path, before: KnowledgeBase, decisions: Sequence[Decision]) -> tuple[list[str], list[str]]:
    paths = {load_document(path, folder).id: path for path in sorted((folder / DOCUMENTS_FOLDER).glob("*.yaml"))}
    expected, changes, left = known_questions(before), [], []
    added: dict[tuple[str, str], list[str]] = {}  # by document and clause: a file is proved once for all of a clause's
    for decision in decisions:
        clause = before.find(decision.target if decision.action == "add" else decision.related)
        for text in decision.texts:
            if text in expected:
                continue
            if decision.action == "add":
                if clause is None:
                    reason = words.APPLY_GONE.format(target=decision.target)
                    left.append(words.APPLY_LEFT.format(number=decision.number, reason=reason))
                    continue
                added.setdefault((clause.document, clause.id), []).append(text)
                expected[text] = clause.label
                changes.append(words.APPLY_ADD.format(label=clause.label, text=text))
                continue
            if decision.target == "near":
                document = clause.document if clause is not None else before.documents[0].id
                more = [f'related: ["{clause.id}"]'] if clause is not None else []
                more += [f"why: {strict_yaml.quoted(decision.why)}"] if decision.why else []
                _append(paths[document], "unanswered", text, more, key="text")
                expected[text] = "unanswered"
            else:
                _append(folder / OUT_OF_SCOPE_FILE, decision.target, text)
                expected[text] = f"{OUT_OF_SCOPE_FILE} {decision.target}"
            changes.append(words.APPLY_BESIDE.format(reason=words.REASONS[decision.target], text=text))
    for (document, clause_id), texts in added.items():
        try:
            editing.add_questions(paths[document], clause_id, texts)
        except editing.CannotEdit as error:
            raise DraftFailed(str(error)) from error
    if known_questions(load_knowledge(folder)) != expected:
        raise DraftFailed(words.DRAFT_WRONG.format(path=folder))
    return changes, left


def _append(path: Path, field: str, text: str, more: Sequence[str] = (), key: str = "") -> None:
    """Put an item at the end of a list of one item a line, or make the list. Raises DraftFailed, InvalidFile."""
    raw = strict_yaml.read_text(path) if path.is_file() else ""
    ending = "\r\n" if "\r\n" in raw else "\n"
    lines = raw.removesuffix(ending).split(ending) if raw else []
    first = f"{key}: {strict_yaml.quoted(text)}" if key else strict_yaml.quoted(text)
    file = strict_yaml.read(path) if raw else None
    if file is not None and field in file.value:
        at, indent = _end_of_list(file, lines, field, text)
    else:
        lines.append(f"{field}:")
        at, indent = len(lines), "  "
    lines[at:at] = [f"{indent}- {first}", *(f"{indent}  {line}" for line in more)]
    path.write_bytes((ending.join(lines) + ending).encode("utf8"))


def _end_of_list(file: strict_yaml.YamlFile, lines: list[str], field: str, text: str) -> tuple[int, str]:
    """Where a list ends (an index of lines), and the indentation of its dashes."""
    count = len(file.value[field] or ())
    if not count:
        raise _refusal(file.path, file.line((field,)), lines, text)
    numbers = [file.line((field, item)) for item in (0, count - 1)]
    last = lines[numbers[1] - 1]
    indent = last[: len(last) - len(last.lstrip(" "))]
    for number in numbers:
        if not lines[number - 1].startswith(f"{indent}- "):
            raise _refusal(file.path, number, lines, text)
    end = numbers[1]  # an item goes on as long as lines are indented more than its dash
    while end < len(lines) and lines[end].startswith(f"{indent} ") and lines[end].strip():
        end += 1
    return end, indent


def _refusal(path: Path, number: int, lines: list[str], text: str) -> DraftFailed:
    found = strict_yaml.shorten(lines[number - 1].strip())
    return DraftFailed(words.FLOW_STYLE.format(path=path, line=number, found=found, text=text))
