"""One root for every error a person can mend; only the command line prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class JianfuError(Exception):
    """An error whose message, in Chinese, says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in one file: where, what was found, what was expected."""

    path: Path
    line: int
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        field = f" {self.field}：" if self.field else " "
        return f"{where}{field}现为 {self.found}；应为 {self.expected}"


class InvalidFile(JianfuError):
    """A file that cannot be used; carries every fault found in it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
