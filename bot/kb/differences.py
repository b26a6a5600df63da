"""What differs between two versions of the knowledge, clause by clause and character by character.

A clause keeps its place by its number; one whose words stand elsewhere now was renumbered. What a difference does to answers
is effect.py's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

Kind = Literal["added", "removed", "changed", "renumbered", "questions"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters: in both versions (" "), only in the old one ("-"), or only in the new one ("+")."""

    sign: Literal[" ", "-", "+"]
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One clause that is not the same in both; `pieces` spell out its words. `gone` and `new` are questions of it."""

    kind: Kind
    before: Clause | None
    after: Clause | None
    pieces: tuple[Piece, ...]
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


def key(clause: Clause) -> str:
    """A clause's name among all notices."""
    return f"{clause.document}:{clause.id}"


def same_clauses(old: KnowledgeBase, new: KnowledgeBase) -> dict[str, str]:
    """Which clause of the new version each of the old one is, by name: words found elsewhere come before the number."""
    before, after = {key(one): one for one in old}, {key(one): one for one in new}
    unmoved = {name for name, one in before.items() if name in after and after[name].text == one.text}
    places: dict[str, list[str]] = {}
    for name, one in after.items():
        if name not in unmoved:
            places.setdefault(one.text, []).append(name)
    found = {name: name for name in unmoved}
    for name, one in before.items():
        if name not in found and places.get(one.text):
            found[name] = places[one.text].pop(0)
    taken = set(found.values())
    for name in before:
        if name not in found and name in after and name not in taken:
            found[name] = name
    return found


def differences(old: KnowledgeBase, new: KnowledgeBase) -> list[Difference]:
    """Every clause that differs, in the order of the new version; removed ones last."""
    same = {there: here for here, there in same_clauses(old, new).items()}
    before = {key(one): one for one in old}
    found = []
    for clause in new:
        earlier = before.pop(same[key(clause)]) if key(clause) in same else None
        one = _difference(earlier, clause)
        if one is not None:
            found.append(one)
    found += [Difference("removed", one, None, (Piece("-", one.text),), gone=one.questions) for one in before.values()]
    return found


def _difference(before: Clause | None, after: Clause) -> Difference | None:
    if before is None:
        return Difference("added", None, after, (Piece("+", after.text),), new=after.questions)
    gone = tuple(one for one in before.questions if one not in set(after.questions))
    new = tuple(one for one in after.questions if one not in set(before.questions))
    if before.text != after.text:
        return Difference("changed", before, after, pieces(before.text, after.text), gone, new)
    if key(before) != key(after) or before.label != after.label or before.parent != after.parent:
        return Difference("renumbered", before, after, (), gone, new)
    if gone or new or before.keywords != after.keywords:
        return Difference("questions", before, after, (), gone, new)
    return None


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Two texts as one run of pieces; dropping what is marked "+" gives the first, dropping "-" the second."""
    found: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece(" ", before[i1:i2]))
            continue
        if i1 < i2:
            found.append(Piece("-", before[i1:i2]))
        if j1 < j2:
            found.append(Piece("+", after[j1:j2]))
    return tuple(found)
