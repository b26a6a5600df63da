"""lint(): every rule on a knowledge folder (or on a draft, which is one)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from knowledge import strict_yaml
from knowledge.errors import InvalidFile
from knowledge.lint import clauses, questions, words
from knowledge.lint.finding import Finding, Kept
from knowledge.loader import DOCUMENTS_FOLDER, load_document, load_knowledge

Progress = Callable[[str, float | None], None]


def kept_documents(folder: Path) -> list[Kept]:
    """The documents of a folder with their files. Raises InvalidFile."""
    paths = sorted((folder / DOCUMENTS_FOLDER).glob("*.yaml"))
    return [Kept(load_document(path, folder), strict_yaml.read(path)) for path in paths]


def lint(folder: Path, progress: Progress) -> list[Finding]:
    """All findings by file and line. A folder that does not load gives its faults as errors."""
    progress("读取知识库", None)
    try:
        load_knowledge(folder)
        bases = kept_documents(folder)
    except InvalidFile as error:
        return [
            Finding(one.path, one.line, "error", words.FILE, words.FILE_FAULT[0].format(
                field=f"{one.field} " if one.field else "", found=one.found
            ), words.FILE_FAULT[1].format(expected=one.expected))
            for one in error.faults
        ]  # fmt: skip
    found = [*clauses.near_duplicates(bases), *questions.pointing_at_two(bases)]
    for i, kept in enumerate(bases):
        progress("检查条款", i / len(bases))
        for rule in (
            clauses.numbering,
            clauses.empty_sections,
            clauses.placeholders,
            questions.unreached,
            questions.mixed_width,
        ):
            found.extend(rule(kept))
    return in_order(found)


def in_order(found: list[Finding]) -> list[Finding]:
    """By file and line, each once."""
    return sorted(dict.fromkeys(found), key=lambda one: (str(one.path), one.line, one.rule, one.text))
