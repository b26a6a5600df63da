"""What a draft would do, kept beside it: differences, findings of the lint, effect on answers, and the gate's report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from bot.kb.differences import Difference, Piece
from bot.kb.effect import Changed, Effect, Said
from bot.kb.gate import Lost, Report
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
            _effect(kept["effect"]) if kept["effect"] else None,
            report_of(kept["report"]) if kept["report"] else None,
            kept["fault"],
        )


def report_of(content: Mapping[str, Any]) -> Report:
    """A gate's report from JSON values, as Report.canonical() wrote them or without its format."""
    names = {one.name for one in fields(Report)}
    values = {name: value for name, value in content.items() if name in names}
    values["lost"] = tuple(
        Lost(one["question"], tuple(one["wanted"]), tuple(one["before"]), tuple(one["after"])) for one in values["lost"]
    )
    return Report(**{**values, "reasons": tuple(values["reasons"])})


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


def _effect(content: dict[str, Any]) -> Effect:
    changed = (Changed(one["question"], _said(one["before"]), _said(one["after"])) for one in content["changed"])
    return Effect(content["asked"], tuple(changed))


def _said(content: dict[str, Any]) -> Said:
    return Said(content["outcome"], tuple((label, text) for label, text in content["clauses"]))
