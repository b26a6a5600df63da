"""One thing that the doctor looked at: how it is, what was seen, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Condition = Literal["good", "note", "bad"]
NAMES: dict[Condition, str] = {"good": "好", "note": "注意", "bad": "坏"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is "" where nothing is to be done."""

    state: Condition
    what: str
    seen: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{NAMES[self.state]}  {self.what}：{self.seen}{'。' + self.remedy if self.remedy else ''}"

    def to_json(self) -> dict[str, str]:
        """As `jianfu doctor --json` prints it."""
        return asdict(self)
