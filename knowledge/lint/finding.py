"""One finding of the lint, and the file it was made in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.clause import Document
from knowledge.strict_yaml import Location, YamlFile

#: A place in a YAML file: its keys and positions, as strict_yaml counts them.
Place = Location
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and what to do. Only errors make the command fail."""

    path: Path
    line: int
    severity: Severity
    rule: str
    text: str
    remedy: str

    def __str__(self) -> str:
        name = "错误" if self.severity == "error" else "提醒"
        return f"{self.path}:{self.line} {name}（{self.rule}）：{self.text}。{self.remedy}。"


@dataclass(frozen=True)
class Kept:
    """A document with the file it was read from."""

    document: Document
    file: YamlFile

    def finding(
        self, place: Location, severity: Severity, rule: str, message: tuple[str, str], **words: object
    ) -> Finding:
        """A finding at a place of the file; `message` is the text and the remedy."""
        text, remedy = (part.format(**words) for part in message)
        return Finding(self.file.path, self.file.line(place), severity, rule, text, remedy)
