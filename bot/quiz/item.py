"""The item: one question with options and a key, and everything that proves the key. Makers make it, checker.py refutes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from bot.answer import Citation
from knowledge.clause import Clause

Kind = Literal["number", "term", "single", "multiple", "truefalse", "belongs", "order", "matching", "who"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: How a key is proved; each is spelled out in checker.py.
Rule = Literal[
    "fills",  # the passage with its blank filled stands in the clause
    "follows",  # the option stands right after the passage
    "precedes",  # the option stands right before the passage
    "under",  # the options of the key stand below the heading that the passage names
    "outside",  # the option of the key does not, all others do
    "heading",  # the option is the heading that the passage stands under
    "listed",  # the options of the key are what the list in the passage's blank holds
    "agrees",  # the passage stands in the clause (option 0), or differs in one place (option 1)
    "ordered",  # the options in the order of the key stand so in the text
    "continues",  # left[i] is followed by options[key[i]]
    "placed",  # left[i] stands under the heading options[key[i]]
]

#: What an answer consists of: one option, several of them, all in an order, or one for each of `left`.
Form = Literal["one", "several", "order", "pairs"]

#: What stands in a passage where words were taken out.
BLANK = "____"

#: Hex digits of an item's id, and of what an id as shown adds to it.
ID_DIGITS, SHOWN_DIGITS = 12, 4

#: What Telegram allows of a poll.
MOST_QUESTION, MOST_OPTION, MOST_OPTIONS, MOST_EXPLANATION, MOST_LINE_FEEDS = 300, 100, 12, 200, 2


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `passage` is the part of the stem that the rule speaks of; `clause` is a KnowledgeBase reference.

    `key` holds indices into `options`: the right ones, rising; for "ordered" all of them in their right order; for
    "continues" and "placed" the option that belongs to each of `left`. `also` are references of further clauses whose
    words the key rests on; `citation` quotes the clause whole, and marks the words that decide where there are such.
    """

    id: str
    kind: Kind
    rule: Rule
    document: str
    clause: str
    stem: str
    passage: str
    options: tuple[str, ...]
    key: tuple[int, ...]
    explanation: str
    citation: Citation
    left: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def form(self) -> Form:
        """How the item is answered, whatever channel it is shown in."""
        if self.kind == "order":
            return "order"
        if self.kind == "matching":
            return "pairs"
        return "several" if self.kind == "multiple" or self.rule == "listed" else "one"

    @property
    def shown_id(self) -> str:
        """The id and 4 hex digits over all that is shown and the key: an answer to other options is not an answer to these."""
        content = "\x00".join((self.stem, *self.left, "", *self.options, str(self.key)))
        return self.id + hashlib.sha256(content.encode("utf8")).hexdigest()[:SHOWN_DIGITS]

    @property
    def telegram_fits(self) -> bool:
        """Whether a Telegram quiz poll can carry the item; order and matching need another form whatever their size."""
        return (
            self.kind not in ("order", "matching")
            and len(self.stem) <= MOST_QUESTION
            and len(self.options) <= MOST_OPTIONS
            and all(len(option) <= MOST_OPTION for option in self.options)
            and len(self.explanation) <= MOST_EXPLANATION
            and self.explanation.count("\n") <= MOST_LINE_FEEDS
        )

    def to_json(self) -> dict[str, Any]:
        """The object that `jianfu quiz --json` prints."""
        return {**asdict(self), "label": self.citation.label, "telegram_fits": self.telegram_fits}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Item:
        """The item that to_json() wrote, also after JSON made lists of its tuples."""
        values = {field.name: content[field.name] for field in fields(cls)}
        cited = dict(values["citation"])
        cited["spans"] = tuple((start, end) for start, end in cited["spans"])
        for name in ("options", "key", "left", "also"):
            values[name] = tuple(values[name])
        return cls(**{**values, "citation": Citation(**cited)})


def item_id(clause: Clause, kind: Kind, position: str) -> str:
    """12 hex digits over the clause's words, the kind, and the place within the clause.

    A change of any other clause leaves the id as it is, also of an item that shows words of that clause: whether such an
    item still holds is checker.py's to say.
    """
    content = "\x00".join((clause.document, clause.text, kind, position))
    return hashlib.sha256(content.encode("utf8")).hexdigest()[:ID_DIGITS]


def rank(*parts: object) -> str:
    """A number that looks drawn at random and is the same on every machine; sort by it to shuffle."""
    return hashlib.sha256("\x00".join(map(str, parts)).encode("utf8")).hexdigest()
