"""The gate: would new questions fare worse with the proposal? Byte-identical for the same two versions.

It asks what each version's models make of the questions on record without having learned from them (index/held_out.py);
those that the adapter learned are left out where enough others are there. So it needs no file of questions beside the
knowledge, measures every notice, and loses no question to measuring. A question in both versions is judged by the label it
had before: who moves questions to a wrong clause is noticed, who moves a few to a better one passes. Chance is told from
loss by a sign test on the questions that only one version gets right.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import comb
from typing import Any

from bot.assistant import Decision, decide
from bot.config import AnswersConfig
from bot.kb import words
from bot.kb.differences import key, same_clauses
from bot.kb.labels import Label, labels
from index.retriever import Retriever

FORMAT = 2
#: Chance of a loss being none, at which it counts as one.
SIGNIFICANT = 0.05
#: Everything that is added costs the rest a little; so small a share of what is measured is no reason to refuse it.
TOLERATED = 0.005
#: A clause has lost when it lost so many questions more than it gained, and this share of what it got right.
CLAUSE_LOSS, CLAUSE_SHARE = 5, 0.25
#: Below so many questions that nothing learned from, all questions are measured.
ENOUGH = 200


@dataclass(frozen=True, slots=True)
class Lost:
    """A question that only the old version gets right; clauses by name, none where nothing should be cited."""

    question: str
    wanted: Label
    before: Label
    after: Label


@dataclass(frozen=True, slots=True)
class Report:
    """What the gate found. `reasons` says in words why it is shut; empty when it is open."""

    base: str
    proposal: str
    mode: str
    measured: int
    only_unlearned: bool
    right_before: int
    right_after: int
    false_before: int
    false_after: int
    gained: int
    lost: tuple[Lost, ...]
    without_clause: int
    new: int
    new_right: int
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether it may be published without further words."""
        return not self.reasons

    def canonical(self) -> str:
        """JSON, the same bytes for the same report."""
        content = {"format": FORMAT, **asdict(self)}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """sha256 of canonical()."""
        return hashlib.sha256(self.canonical().encode("utf8")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one version made of a question that it had not seen."""

    cited: Label
    unseen: bool

    def right(self, wanted: Label) -> bool:
        """First cited is wanted; nothing cited where nothing is."""
        return bool(self.cited) and self.cited[0] in wanted if wanted else not self.cited


def compare(before: Retriever, after: Retriever, policy: AnswersConfig) -> Report:
    """Hold a proposal against the version in use. Raises OSError when an index lost its files."""
    old, new = _judge(before, policy), _judge(after, policy)
    moved = same_clauses(before.knowledge, after.knowledge)
    was, becomes = labels(before.knowledge), labels(after.knowledge)
    common = [question for question in was if question in old and question in new]
    unlearned = [question for question in common if old[question].unseen and new[question].unseen]
    measured = unlearned if len(unlearned) >= ENOUGH else common
    right: Counter[tuple[bool, bool]] = Counter()
    by_clause: dict[str, Counter[tuple[bool, bool]]] = {}
    false, without, lost = Counter[tuple[bool, bool]](), 0, []
    for question in measured:
        label = was[question]
        wanted = tuple(moved[one] for one in label if one in moved)
        if label and not wanted:  # its clause is gone, so what it should get is what the proposal says
            without += 1
            wanted = becomes.get(question, ())
        pair = (old[question].right(label), new[question].right(wanted))
        right[pair] += 1
        by_clause.setdefault(label[0] if label else "", Counter())[pair] += 1
        if not label:
            false[bool(old[question].cited), bool(new[question].cited)] += 1
        if pair == (True, False):
            lost.append(Lost(question, wanted, old[question].cited, new[question].cited))
    fresh = [question for question in becomes if question in new and question not in was]
    return Report(
        base=before.knowledge.version,
        proposal=after.knowledge.version,
        mode=after.mode,
        measured=len(measured),
        only_unlearned=measured is unlearned,
        right_before=right[True, True] + right[True, False],
        right_after=right[True, True] + right[False, True],
        false_before=false[True, True] + false[True, False],
        false_after=false[True, True] + false[False, True],
        gained=right[False, True],
        lost=tuple(lost),
        without_clause=without,
        new=len(fresh),
        new_right=sum(new[question].right(becomes[question]) for question in fresh),
        reasons=tuple(_reasons(right, false, by_clause, {key(one): one.label for one in before.knowledge})),
    )


def _reasons(
    right: Counter[tuple[bool, bool]],
    false: Counter[tuple[bool, bool]],
    by_clause: Mapping[str, Counter[tuple[bool, bool]]],
    names: Mapping[str, str],
) -> list[str]:
    reasons = []
    lost, gained = right[True, False], right[False, True]
    if _loss(lost, gained, right.total()):
        reasons.append(words.GATE_DROP.format(lost=lost, gained=gained))
    wrongly, no_more = false[False, True], false[True, False]
    if _loss(wrongly, no_more, false.total()):
        reasons.append(words.GATE_FALSE.format(lost=wrongly, gained=no_more))
    for name, pairs in by_clause.items():
        net, had = pairs[True, False] - pairs[False, True], pairs[True, True] + pairs[True, False]
        if name and net >= CLAUSE_LOSS and net > CLAUSE_SHARE * had:
            reasons.append(words.GATE_CLAUSE.format(label=names[name], had=had, has=had - net))
    return reasons


def _loss(lost: int, gained: int, measured: int) -> bool:
    """Whether more lost than gained is more than chance, one-sided sign test (McNemar's, exact), and more than TOLERATED."""
    count = lost + gained
    return (
        lost - gained > TOLERATED * measured
        and sum(comb(count, one) for one in range(lost, count + 1)) / 2**count < SIGNIFICANT
    )


def _judge(retriever: Retriever, policy: AnswersConfig) -> dict[str, _Judged]:
    """What a version made of each question on record without it."""
    knowledge = retriever.knowledge
    return {
        question: _Judged(_cited(decide(result, policy, knowledge)), unseen)
        for question, unseen, result in retriever.held_out().results(knowledge)
    }


def _cited(decision: Decision) -> Label:
    """The clauses of an answer or of a choice, by name."""
    return tuple(key(one) for one in decision.clauses) if decision.outcome in ("answer", "clarify") else ()


def report_of(content: Mapping[str, Any]) -> Report:
    """A gate's report from JSON values, as Report.canonical() wrote them or without its format."""
    names = {one.name for one in fields(Report)}
    values = {name: value for name, value in content.items() if name in names}
    values["lost"] = tuple(
        Lost(one["question"], tuple(one["wanted"]), tuple(one["before"]), tuple(one["after"])) for one in values["lost"]
    )
    return Report(**{**values, "reasons": tuple(values["reasons"])})
