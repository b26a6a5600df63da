"""fault(): why an item must not be shown. Knows only the item and the knowledge base, nothing of how items are made.

The key must be supported by the item's clause, and no other option by any clause of the notice. Texts are compared by
their characters alone: width, spaces, line breaks and bullets aside.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from bot.quiz.item import BLANK, Item, Rule
from bot.spans.quantities import Quantity, quantities
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document

_STOPS = ",.;:!?。"
_STOP = rf"[{re.escape(_STOPS)}]"
#: What may stand between two neighbours: marks, and the label of a heading's second line.
_GAP = rf"{_STOP}*(?:[^{re.escape(_STOPS)}]{{0,6}}:)?"


class _Refused(Exception):
    """The reason is the message."""


def fault(item: Item, knowledge: KnowledgeBase) -> str:
    """Why the item is not proved, in a few words; "" when it is."""
    try:
        clause = _check_form(item, knowledge)
        _RULES[item.rule](item, clause, knowledge.document(clause.document), knowledge)
    except _Refused as reason:
        return str(reason)
    return ""


@lru_cache(maxsize=20_000)
def _letters(text: str) -> str:
    return re.sub(r"[\s●｜]", "", unicodedata.normalize("NFKC", text))


def _need(condition: bool, reason: str) -> None:
    if not condition:
        raise _Refused(reason)


def _check_form(item: Item, knowledge: KnowledgeBase) -> Clause:
    """What holds for every item, whatever its rule."""
    clause = knowledge.find(item.clause)
    _need(clause is not None and clause.document == item.document, "there is no such clause")
    assert clause is not None
    cited = item.citation
    source = knowledge.document(clause.document).source
    _need(
        (cited.clause, cited.label, cited.quote, cited.start, cited.end)
        == (clause.id, clause.label, clause.text, clause.start, clause.end)
        and source[cited.start : cited.end] == cited.quote,
        "the citation is not the clause",
    )
    _need(all(knowledge.find(reference) is not None for reference in item.also), "there is no such further clause")
    options = [_letters(option) for option in item.options]
    _need(len(set(options)) == len(options) >= 2 and all(options), "options are empty or the same")
    _need(bool(item.key) and all(0 <= place < len(options) for place in item.key), "the key names no option")
    _need(_letters(item.passage) in _letters(item.stem), "the stem does not show the passage")
    _need(_letters(clause.label) in _letters(item.explanation), "the explanation does not name the clause")
    if item.kind in ("order", "matching"):
        _need(sorted(item.key) == list(range(len(options))), "the key leaves out options")
    else:
        _need(list(item.key) == sorted(set(item.key)) and len(item.key) < len(options), "no option is wrong")
        _need(item.kind == "multiple" or item.rule == "listed" or len(item.key) == 1, "several options are right")
    return clause


def _texts(document: Document) -> list[str]:
    return [_letters(clause.text) for clause in document.clauses]


def _right(item: Item) -> list[str]:
    return [_letters(item.options[place]) for place in item.key]


def _wrong(item: Item) -> list[str]:
    return [_letters(option) for place, option in enumerate(item.options) if place not in item.key]


# --- one blank ---


def _fills(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    left, right = _around_blank(item)
    text, key = _letters(clause.text), _right(item)[0]
    _need(left + key + right in text, "the key does not fill the blank")
    _need(key not in left + right, "the passage gives the key away")
    piece_left, piece_right = re.split(_STOP, left)[-1], re.split(_STOP, right)[0]
    for option in _wrong(item):
        _need(option not in left + right, f"{option} stands beside the blank")
        for other in _texts(document):
            _need(left + option + right not in other, f"{option} fills the blank too")
            whole_piece = not piece_left and not piece_right
            _need(whole_piece or piece_left + option + piece_right not in other, f"{option} fills the blank elsewhere")
        if item.kind == "number":
            _refuse_allowed(left, key, option, right)
        else:
            _need(option not in key and key not in option, f"{option} says no more or less than the key")
            near = piece_left + key + piece_right if item.kind == "who" else text
            _need(option not in near, f"{option} stands beside the blank")


def _around_blank(item: Item) -> tuple[str, str]:
    parts = item.passage.split(BLANK)
    _need(len(parts) == 2, "the passage has not one blank")
    return _letters(parts[0]), _letters(parts[1])


def _refuse_allowed(left: str, key: str, option: str, right: str) -> None:
    """Refuse an amount that the text's own amount allows: 8页 where it says 不超过10页, 40% within 30%—50%."""
    stated, other = (_amount_at(left + one + right, len(left), len(left) + len(one)) for one in (key, option))
    _need(stated is not None and other is not None and stated.unit == other.unit, f"{option} is not such an amount")
    assert stated is not None
    assert other is not None
    above, below = other.low > stated.high, other.high < stated.low
    outside = {"most": above, "least": below, "": above or below}[stated.limit]
    _need(outside, f"{option} is allowed by {key}")


def _amount_at(text: str, start: int, end: int) -> Quantity | None:
    return next((one for one in quantities(text) if (one.start, one.end) == (start, end)), None)


def _listed(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    left, right = _around_blank(item)
    text = _letters(clause.text)
    found = re.search(re.escape(left) + r"([^。;]+?)" + re.escape(right), text)
    _need(found is not None, "the passage is not in the clause")
    assert found is not None
    members = found[1].split("、")
    for option in _right(item):
        _need(option in members, f"{option} is not in the list")
        _need(option not in left + right, "the passage gives the key away")
    for option in _wrong(item):
        _need(option not in text, f"{option} stands in the clause")
        _need(not any(option in member or member in option for member in members), f"{option} is like a member")


# --- true or false ---


def _agrees(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    text, statement = _letters(clause.text), _letters(item.passage)
    if item.key == (0,):
        _need(statement in text, "the statement is not in the clause")
        return
    _need(len(item.citation.spans) == 1, "not one place is altered")
    start, end = item.citation.spans[0]
    before = _letters(clause.text[: start - clause.start])
    original = _letters(clause.text[start - clause.start : end - clause.start])
    after = _letters(clause.text[end - clause.start :])
    first = max((i for i in range(len(statement) + 1) if before.endswith(statement[:i])), default=0)
    last = min((i for i in range(first, len(statement) + 1) if after.startswith(statement[i:])), default=first)
    altered = statement[first:last]
    _need(bool(altered) and altered != original and len(altered) <= 24, "the statement differs in more than one place")
    _need(first >= 4 or len(statement) - last >= 4, "the statement is not the clause's")
    _need(not any(statement in other for other in _texts(document)), "the statement is true")
    piece = re.split(_STOP, statement[:first])[-1] + altered + re.split(_STOP, statement[last:])[0]
    _need(
        piece == altered or not any(piece in other for other in _texts(document)), "the altered words are in the notice"
    )
    said = _letters(item.explanation)
    _need(f"「{original}」" in said and altered in said, "the explanation does not say what was altered")
    if _amount_at(before + original + after, len(before), len(before) + len(original)) is not None:
        _refuse_allowed(before, original, altered, after)


# --- neighbours ---


def _follows(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    passage = _letters(item.passage)
    places = sum(len(re.findall(re.escape(passage), text)) for text in _texts(document))
    _need(places == 1, "the passage stands in several places")
    _need(_neighbours(passage, _right(item)[0], [_letters(clause.text)]), "the key is not the neighbour")
    _refuse_given(item)
    for option in _wrong(item):
        _need(not _neighbours(passage, option, _texts(document)), f"{option} follows too")


def _precedes(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    passage = _letters(item.passage)
    _need(_neighbours(_right(item)[0], passage, [_letters(clause.text)]), "the key is not the neighbour")
    _refuse_given(item)
    for option in _wrong(item):
        _need(not _neighbours(option, passage, _texts(document)), f"{option} precedes too")


def _refuse_given(item: Item) -> None:
    _need(_right(item)[0] not in _letters(item.stem), "the stem gives the key away")


def _neighbours(first: str, second: str, texts: list[str]) -> bool:
    pattern = re.escape(first) + _GAP + re.escape(second)
    return any(re.search(pattern, text) is not None for text in texts)


# --- headings ---


def _headings(document: Document) -> Iterator[Clause]:
    return (clause for clause in document.clauses if clause.is_heading)


def _heading_named(name: str, document: Document) -> Clause:
    found = [heading for heading in _headings(document) if _letters(name) in _letters(heading.text)]
    _need(len(found) == 1, f"{name} names not one heading")
    return found[0]


def _stands_under(words: str, heading: Clause, knowledge: KnowledgeBase) -> bool:
    return any(words in _letters(child.text) for child in knowledge.children(heading))


def _stands_outside(words: str, heading: Clause, document: Document) -> bool:
    return any(
        words in _letters(clause.text) for clause in document.clauses if heading.id not in (clause.id, clause.parent)
    )


def _under(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    heading = _heading_named(item.passage, document)
    _need(heading.id in (clause.id, clause.parent), "the clause is not under the heading")
    _need(
        clause.id == heading.id or any(one in _letters(clause.text) for one in _right(item)),
        "the clause is not in the key",
    )
    for option in _right(item):
        _need(_stands_under(option, heading, knowledge), f"{option} is not under the heading")
        _need(not _stands_outside(option, heading, document), f"{option} is elsewhere too")
    for option in _wrong(item):
        _need(not _stands_under(option, heading, knowledge), f"{option} is under the heading")
        _need(_stands_outside(option, heading, document), f"{option} is not in the notice")


def _outside(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    heading = _heading_named(item.passage, document)
    key = _right(item)[0]
    _need(key in _letters(clause.text) and clause.parent != heading.id, "the key is not in the clause")
    _need(
        not _stands_under(key, heading, knowledge) and key not in _letters(heading.text), "the key is under the heading"
    )
    for option in _wrong(item):
        _need(_stands_under(option, heading, knowledge), f"{option} is not under the heading")
        _need(not _stands_outside(option, heading, document), f"{option} is elsewhere too")


def _heading(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    passage = _letters(item.passage)
    _need(passage in _letters(clause.text), "the passage is not in the clause")
    for place, option in enumerate(item.options):
        heading = _heading_named(option, document)
        is_right = place in item.key
        _need((heading.id == clause.parent) == is_right, f"{option} is wrongly keyed")
        _need(_stands_under(passage, heading, knowledge) == is_right, f"{option} has the passage too")


def _placed(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    _need(len(item.left) == len(item.options), "not every option has a partner")
    _need(any(_letters(left) in _letters(clause.text) for left in item.left), "the clause is not in the item")
    for left, right in zip(item.left, item.key, strict=True):
        for place, option in enumerate(item.options):
            under = _stands_under(_letters(left), _heading_named(option, document), knowledge)
            _need(under == (place == right), f"{left} and {option} are wrongly keyed")


def _continues(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    _need(len(item.left) == len(item.options), "not every option has a partner")
    _need(any(_letters(left) in _letters(clause.text) for left in item.left), "the clause is not in the item")
    _need(len({_letters(left) for left in item.left}) == len(item.left), "two beginnings are the same")
    for left, right in zip(item.left, item.key, strict=True):
        for place, option in enumerate(item.options):
            follows = _neighbours(_letters(left), _letters(option), _texts(document))
            _need(follows == (place == right), f"{left} and {option} are wrongly keyed")


# --- order ---


def _ordered(item: Item, clause: Clause, document: Document, knowledge: KnowledgeBase) -> None:
    covered = knowledge.children(clause) if clause.is_heading else (clause,)
    text = "\n".join(_letters(one.text) for one in covered)
    _need(len(item.options) >= 3, "too few to put in order")
    at = 0
    for option in _right(item):
        _need(text.count(option) == 1, f"{option} stands not once in the text")
        place = text.index(option)
        _need(place >= at, "the key is not the order of the text")
        at = place + len(option)


_RULES: Mapping[Rule, Callable[[Item, Clause, Document, KnowledgeBase], None]] = MappingProxyType(
    {
        "fills": _fills, "listed": _listed, "agrees": _agrees, "follows": _follows, "precedes": _precedes,
        "under": _under, "outside": _outside, "heading": _heading, "placed": _placed, "continues": _continues,
        "ordered": _ordered,
    }
)  # fmt: skip
