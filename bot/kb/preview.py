"""What a draft would do, kept beside it: differences, findings of the lint, effect on answers, and the gate's report."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.kb.differences import Difference, Piece
from bot.kb.effect import Effect, effect_of
from bot.kb.gate import Report, report_of
from bot.kb.new_findings import NewFindings
from bot.kb.proposal import Proposal
from knowledge.archive import digest_of
from knowledge.clause import Clause
from knowledge.lint.finding import Finding


@dataclass(frozen=True, slots=True)
class Noticed:
    """A finding of the lint that the version in use does not have."""

    severity: str
    rule: str
    text: str
    remedy: str

    @classmethod
    def of(cls, finding: Finding) -> Noticed:
        """Without its file and line, which people who edit on a page never see."""
        return cls(finding.severity, finding.rule, finding.text, finding.remedy)


@dataclass(frozen=True, slots=True)
class Preview:
    """`fault` says why there is none; then everything else is empty. `digest` is of the archive that was looked at."""

    digest: str = ""
    version: str = ""
    differences: tuple[Difference, ...] = ()
    noticed: tuple[Noticed, ...] = ()
    effect: Effect | None = None
    report: Report | None = None
    fault: str = ""

    @classmethod
    def of(cls, proposal: Proposal, noticed: tuple[Noticed, ...]) -> Preview:
        """Of a proposal that was prepared."""
        return cls(
            digest_of(proposal.archive),
            proposal.knowledge.version,
            proposal.differences,
            noticed,
            proposal.effect,
            proposal.report,
        )

    @property
    def passed(self) -> bool:
        """Whether it may be published without a written reason."""
        return not self.fault and not self.obstacles

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Why it may not be published without a written reason, as Proposal.obstacles: the gate, and new errors of the lint."""
        shut = self.report.reasons if self.report is not None else ()
        return (*shut, *(one.text for one in self.noticed if one.severity == "error"))

    @property
    def findings(self) -> NewFindings:
        """The findings as a proposal has them, without the files and lines, which are not kept."""
        return NewFindings(
            tuple(
                Finding(Path(), 0, "error" if one.severity == "error" else "warning", one.rule, one.text, one.remedy)
                for one in self.noticed
            )
        )

    def to_text(self) -> str:
        """For a file."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Preview:
        """From a file. Raises ValueError, TypeError, KeyError, AttributeError for anything else."""
        kept = json.loads(text)
        return cls(
            kept["digest"],
            kept["version"],
            tuple(_difference(one) for one in kept["differences"]),
            tuple(Noticed(**one) for one in kept["noticed"]),
            effect_of(kept["effect"]) if kept["effect"] else None,
            report_of(kept["report"]) if kept["report"] else None,
            kept["fault"],
        )


def _difference(content: dict[str, Any]) -> Difference:
    return Difference(
        content["kind"],
        _clause(content["before"]),
        _clause(content["after"]),
        tuple(Piece(**one) for one in content["pieces"]),
        tuple(content["gone"]),
        tuple(content["new"]),
    )


def _clause(content: dict[str, Any] | None) -> Clause | None:
    if content is None:
        return None
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in content.items()}
    return Clause(**values)
