"""A proposal: a knowledge folder held against the version in use: what differs, what it does, the gate, the lint.

Nothing is changed here but the index cache. Printing is rendering.py's business, putting it on record publishing.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.bootstrap import Maker
from bot.config import AnswersConfig
from bot.kb import reckoned, words
from bot.kb.differences import Difference, differences
from bot.kb.effect import Effect, effect
from bot.kb.gate import Report, compare
from bot.kb.new_findings import NewFindings, new_findings
from bot.kb.reckoned import Reckoned
from bot.kb.served import Served, Shelved
from bot.kb.shelf import Pointer
from index.builtin_model import Progress
from knowledge.archive import digest_of, pack
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError
from knowledge.loader import load_knowledge


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed. `base` is None where there is nothing to compare with; then so are `effect` and `report`."""

    folder: Path
    archive: bytes
    knowledge: KnowledgeBase
    base: Served | None
    base_archive: bytes | None
    differences: tuple[Difference, ...] = ()
    effect: Effect | None = None
    report: Report | None = None
    lint: NewFindings = field(default_factory=NewFindings)

    @property
    def changes_anything(self) -> bool:
        """Whether a single byte differs from the version in use."""
        return self.base_archive != self.archive

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Why it may not be published without a written reason: what the gate says, and new errors of the lint."""
        shut = self.report.reasons if self.report is not None else ()
        return (
            *shut,
            *(words.LINT_ERROR.format(text=one.text, file=one.path, line=one.line) for one in self.lint.errors),
        )

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "base": self.base.pointer.seq if self.base else None,
            "base_version": self.base.knowledge.version if self.base else None,
            "version": self.knowledge.version,
            "digest": digest_of(self.archive),
            "differences": [asdict(one) for one in self.differences],
            "effect": self.effect.to_json() if self.effect else None,
            "gate": {**asdict(self.report), "passed": self.report.passed} if self.report else None,
            "lint": [asdict(one) | {"path": str(one.path)} for one in self.lint.found],
            "obstacles": list(self.obstacles),
        }


def read_folder(folder: Path) -> tuple[bytes, KnowledgeBase]:
    """A folder's archive and knowledge. Raises JianfuError with what is wrong in it."""
    if not folder.is_dir():
        raise JianfuError(words.NO_FOLDER.format(folder=folder))
    knowledge = load_knowledge(folder)
    try:
        return pack(folder, knowledge), knowledge
    except OSError as error:
        raise JianfuError(words.NO_FOLDER.format(folder=f"{folder}（{error}）")) from error


def prepare(
    shelved: Shelved,
    folder: Path,
    maker: Maker,
    policy: AnswersConfig,
    progress: Progress,
    *,
    base: Pointer | None = None,
    remember: Path | None = None,
) -> Proposal:
    """Compare a folder with what is in use, or with `base`: differences, effect, gate and lint. Raises JianfuError.

    The indexes built for it stay in the cache, so that publishing it takes effect at once; what was found is kept in
    `remember`, where that is given, so that the same two versions need not be asked again within the hour.
    """
    archive, knowledge = read_folder(folder)
    pointer = shelved.in_use() if base is None else base
    if not pointer.seq and folder.resolve() == shelved.folder:
        return Proposal(folder, archive, knowledge, None, None)
    served = shelved.fetch(pointer)
    base_archive = shelved.archive(pointer)
    if base_archive == archive:
        return Proposal(folder, archive, knowledge, served, base_archive)
    name = reckoned.name_of(digest_of(base_archive), digest_of(archive), policy)
    found = reckoned.kept(remember, name) if remember is not None else None
    if found is None:
        found = _reckon(served, base_archive, folder, knowledge, maker, policy, progress)
        if remember is not None and found.report.mode == "full":  # without the model it is only provisional
            reckoned.keep(remember, name, found)
    changes = tuple(differences(served.knowledge, knowledge))
    return Proposal(folder, archive, knowledge, served, base_archive, changes, found.effect, found.report, found.lint)


def _reckon(
    base: Served,
    base_archive: bytes,
    folder: Path,
    knowledge: KnowledgeBase,
    maker: Maker,
    policy: AnswersConfig,
    progress: Progress,
) -> Reckoned:
    """Build both indexes, and ask. Raises JianfuError."""
    before = maker.retriever(base.knowledge, _named(progress, words.NOW))
    after = maker.retriever(knowledge, _named(progress, words.PROPOSED))
    done: Callable[[float], None] = lambda fraction: progress(words.ASKING, fraction)  # noqa: E731
    return Reckoned(
        effect(before, after, policy, done),
        compare(before, after, policy),
        new_findings(base_archive, folder, progress),
    )


def _named(progress: Progress, what: str) -> Progress:
    return lambda stage, fraction: progress(words.INDEX_OF.format(what=what, stage=stage), fraction)
