"""What the lint finds in a proposed folder and does not find in the version in use."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from bot.kb import words
from index.builtin_model import Progress
from knowledge.archive import unpack
from knowledge.errors import JianfuError
from knowledge.lint.finding import Finding
from knowledge.lint.run import lint

_LINES = re.compile(r"(?<=\.yaml:)\d+")


@dataclass(frozen=True, slots=True)
class NewFindings:
    """Findings that come with a change, by file (from the folder on) and line."""

    found: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Those that should not be published."""
        return tuple(one for one in self.found if one.severity == "error")


def new_findings(before: bytes, folder: Path, progress: Progress) -> NewFindings:
    """Lint an archive and a folder, and keep what only the folder has; a finding that merely moved is not new.

    Raises JianfuError where the archive cannot be unpacked on this machine.
    """
    progress(words.LINTING, None)
    silent: Progress = lambda *_: None  # noqa: E731
    try:
        with tempfile.TemporaryDirectory(prefix="jianfu-lint-") as passing:
            unpack(before, Path(passing))
            known = Counter(_content(one) for one in _below(lint(Path(passing), silent), Path(passing)))
    except OSError as error:
        raise JianfuError(words.LINT_NO_ROOM.format(error=error.strerror or error)) from error
    fresh = []
    for one in _below(lint(folder, silent), folder):
        content = _content(one)
        if known[content]:
            known[content] -= 1
        else:
            fresh.append(one)
    return NewFindings(tuple(fresh))


def _below(found: list[Finding], folder: Path) -> list[Finding]:
    return [replace(one, path=one.path.relative_to(folder)) for one in found]


def _content(one: Finding) -> tuple[str, str, str, str]:
    """A finding without the lines, which every edit above it moves."""
    return str(one.path), one.severity, one.rule, _LINES.sub("", one.text)
