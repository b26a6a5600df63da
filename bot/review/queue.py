"""The queue: unanswered questions and complaints, grouped by meaning, the ones asked most first.

What may be shown: texts from which nothing had to be taken out, even if asked only once. People hardly ever ask in the same
words twice, so showing only what several asked would show nothing; and a text that never spoke of a person tells of none.
Where something was taken out, the rest may still tell who it was about: such a text is shown only in a group that was asked
SHOWN_FROM times or more. Who asked is known to nobody, so these are askings, not people.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.review.recorder import same_words
from bot.review.scrub import scrub
from bot.state.state import State
from index import grouping
from index.embedder import Vectors
from knowledge.base import KnowledgeBase

#: Askings of a group from which on texts are shown that something was taken out of.
SHOWN_FROM = 3
#: Different texts that are grouped at most, the ones asked most; the rest is only counted.
MAX_TEXTS = 2_000
ID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Member:
    """One text; `kinds` counts how it went, `near` is the reference of the clause it came closest to, or ""."""

    key: str
    text: str
    asked: int
    first: date
    last: date
    kinds: Counter[str]
    near: str
    masked: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Texts of one meaning; `text` stands for them, and `id` names the group as long as that text is in it."""

    id: str
    text: str
    asked: int
    first: date
    last: date
    kinds: dict[str, int]
    near: str
    members: tuple[Member, ...]
    keys: frozenset[str]

    def to_json(self) -> dict[str, Any]:
        """For `--json` and for pages."""
        return {
            "id": self.id,
            "text": self.text,
            "asked": self.asked,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "kinds": dict(sorted(self.kinds.items())),
            "near": self.near or None,
            "texts": [{"text": one.text, "asked": one.asked, "masked": one.masked} for one in self.members],
        }


@dataclass(frozen=True, slots=True)
class Queue:
    """All groups; `hidden` askings speak of people, `ungrouped` texts were too many, `lexical` says that no model was there."""

    groups: tuple[Group, ...]
    hidden: int
    ungrouped: int
    lexical: bool


def read_queue(
    state: State,
    knowledge: KnowledgeBase,
    vectors: Callable[[Sequence[str]], Vectors | None],
    distance: float,
    today: date | None = None,
) -> Queue:
    """The queue as it is now. The same questions give the same groups in the same order. Raises StateUnavailable."""
    members, hidden = _members(state, knowledge, today)
    grouped, rest = members[:MAX_TEXTS], members[MAX_TEXTS:]
    meant = vectors([one.text for one in grouped]) if grouped else None
    rows = grouping.group(meant, distance) if meant is not None else [[row] for row in range(len(grouped))]
    groups: list[Group] = []
    for some in rows:
        whole = [grouped[row] for row in some]
        asked = sum(one.asked for one in whole)
        shown = [row for row in some if not grouped[row].masked or asked >= SHOWN_FROM]
        if not shown:
            hidden += asked
            continue
        groups.append(_group([grouped[row] for row in shown], whole, meant[shown] if meant is not None else None))
    groups.sort(key=lambda group: (-group.asked, -group.last.toordinal(), group.text))
    return Queue(tuple(groups), hidden, len(rest), lexical=bool(grouped) and meant is None)


def _group(shown: list[Member], whole: list[Member], meant: Vectors | None) -> Group:
    """A group that shows some of its texts. The one nearest to the middle of those asked most stands for all."""
    plain = [row for row, one in enumerate(shown) if not one.masked] or list(range(len(shown)))
    most = max(shown[row].asked for row in plain)
    often = [row for row in plain if shown[row].asked == most]
    speaker = shown[often[grouping.middle(meant[often]) if meant is not None else 0]]
    kinds: Counter[str] = Counter()
    near: Counter[str] = Counter()
    for one in whole:
        kinds.update(one.kinds)
        near[one.near] += one.asked if one.near else 0
    nearest = min(near, key=lambda reference: (-near[reference], reference))
    return Group(
        id=speaker.key[:ID_DIGITS],
        text=speaker.text,
        asked=sum(one.asked for one in whole),
        first=min(one.first for one in whole),
        last=max(one.last for one in whole),
        kinds=dict(kinds),
        near=nearest,
        members=tuple(sorted(shown, key=lambda one: (-one.asked, one.text))),
        keys=frozenset(one.key for one in whole),
    )


def _members(state: State, knowledge: KnowledgeBase, today: date | None) -> tuple[list[Member], int]:
    """Every text, the ones asked most first, and how many askings cannot be shown at all."""
    found: dict[str, Member] = {}
    hidden = 0
    for key, one in state.open_questions.all(today):
        near = _reference(knowledge, one.near)
        member = Member(key, one.text, one.asked, one.day, one.day, Counter({one.kind: one.asked}), near, one.masked)
        found[key] = _joined(found.get(key), member)
    settled = state.open_questions.settled()
    for question, clauses, day in state.open_questions.complaints(today):
        scrubbed = scrub(question)
        if scrubbed is None:
            hidden += 1
            continue
        key = state.open_questions.key(same_words(scrubbed.text))
        if key in settled:
            continue
        near = _reference(knowledge, next(iter(json.loads(clauses)), ""))
        complaint = Member(key, scrubbed.text, 1, day, day, Counter({"down": 1}), near, scrubbed.masked)
        found[key] = _joined(found.get(key), complaint)
    return sorted(found.values(), key=lambda one: (-one.asked, -one.last.toordinal(), one.key)), hidden


def _joined(before: Member | None, more: Member) -> Member:
    if before is None:
        return more
    return replace(
        before,
        asked=before.asked + more.asked,
        first=min(before.first, more.first),
        last=max(before.last, more.last),
        kinds=before.kinds + more.kinds,
        near=more.near or before.near,
    )


def _reference(knowledge: KnowledgeBase, stored: str) -> str:
    """The shortest reference of a clause that is still there, else ""."""
    clause = knowledge.find(stored) if stored else None
    return knowledge.reference(clause) if clause is not None else ""
