"""What preparing a proposal found, kept for an hour: whoever publishes right after looking need not wait for it again.

It is found again by the bytes of both versions and by what decides on them; a file that cannot be read is as none.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bot.config import AnswersConfig
from bot.kb import gate
from bot.kb.drafts import write_aside
from bot.kb.effect import Effect, effect_of
from bot.kb.gate import Report, report_of
from bot.kb.new_findings import NewFindings
from index.building import FORMAT
from knowledge.lint.finding import Finding

KEEP_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Everything about a proposal that takes long."""

    effect: Effect
    report: Report
    lint: NewFindings


def name_of(base: str, proposal: str, policy: AnswersConfig) -> str:
    """What it is kept under; `base` and `proposal` are digests of archives."""
    parts = (version("jianfu"), str(FORMAT), str(gate.FORMAT), base, proposal, policy.model_dump_json())
    return hashlib.sha256("\n".join(parts).encode("utf8")).hexdigest()


def kept(folder: Path, name: str) -> Reckoned | None:
    """What is kept under a name, and not too old."""
    path = folder / f"{name}.json"
    try:
        if time.time() - path.stat().st_mtime > KEEP_SECONDS:
            return None
        content = json.loads(path.read_text(encoding="utf8"))
        lint = tuple(Finding(**{**one, "path": Path(one["path"])}) for one in content["lint"])
        return Reckoned(effect_of(content["effect"]), report_of(content["report"]), NewFindings(lint))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def keep(folder: Path, name: str, found: Reckoned) -> None:
    """Keep it, and forget what is too old. What cannot be written is made again next time."""
    lint = [asdict(one) | {"path": str(one.path)} for one in found.lint.found]
    content: dict[str, Any] = {"effect": found.effect.to_json(), "report": asdict(found.report), "lint": lint}
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.json"):
            if time.time() - old.stat().st_mtime > KEEP_SECONDS:
                old.unlink(missing_ok=True)
        write_aside(folder / f"{name}.json", json.dumps(content, ensure_ascii=False))
