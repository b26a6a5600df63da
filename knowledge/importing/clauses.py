"""The tree of items -> clauses with ids, kinds and labels, in reading order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.clause import Kind
from knowledge.importing import outline as outlines
from knowledge.importing import words
from knowledge.importing.outline import Item, Outline

_NUMERALS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class DraftClause:
    """A clause before publishing: as knowledge.clause.Clause, with its place in the file and what to look at."""

    id: str
    kind: Kind
    parent: str | None
    label: str
    text: str
    start: int
    end: int
    place: str
    looks: tuple[str, ...] = ()


def numeral(number: int) -> str:
    """The Chinese numeral of a number from 0 to 99 (others in digits)."""
    if not 0 <= number <= 99:
        return str(number)
    tens, ones = divmod(number, 10)
    front = "" if not tens else "十" if tens == 1 else f"{_NUMERALS[tens]}十"
    return front + (_NUMERALS[ones] if ones or not tens else "")


def clauses(found: Outline, source: str, short_title: str) -> list[DraftClause]:
    """All clauses of an outline."""
    return list(_Namer(found, source, short_title).all())


def short_name(heading: str) -> str:
    """A heading as a name: 如何保障贯彻落实？ -> 贯彻落实."""
    name = re.sub(r"^(?:如何|怎样|怎么)(?:保障|确保|做好|抓好|推进|推动|加强)?", "", heading.strip())
    return re.sub(r"[？?。：:]+$", "", name)[:20] or heading[:20]


def source_of(source: str, item: Item) -> str:
    """The words of an item."""
    return source[item.start : item.end]


class _Namer:
    def __init__(self, found: Outline, source: str, short_title: str) -> None:
        self.found, self.source, self.short_title = found, source, short_title
        self.taken: Counter[str] = Counter()
        self.article: Item | None = None  # articles count through the chapters

    def all(self) -> Iterator[DraftClause]:
        lead = self.found.lead
        if lead is not None:
            self.taken["0"] += 1
            label = f"《{self.short_title}》背景"
            yield self._clause(lead, "0", "background", None, label, ())
        yield from self._below(self.found.items, None, "", f"《{self.short_title}》", None)

    def _below(
        self, items: Sequence[Item], parent: str | None, prefix: str, label: str, above: Item | None
    ) -> Iterator[DraftClause]:
        last: dict[str, Item] = {}
        count = 0
        for item in items:
            count = item.number if parent is None and item.number > count else count + 1
            number = item.number if item.number and item.style != outlines.PARAGRAPH else count
            base = f"{prefix}{number}"
            if item.style == "part":
                base = f"c{number}"
            elif item.style == "article":
                base = f"{number}"
            looks = list(item.looks)
            identifier = base
            if self.taken[base]:
                identifier = f"{base}-{self.taken[base] + 1}"
                looks.append(words.LOOK_REPEATED.format(number=item.written or number, id=identifier))
            self.taken[base] += 1
            before = self.article if item.style == "article" else last.get(item.style)
            expected = before.number + 1 if before is not None else 1
            if item.number and item.style != outlines.PARAGRAPH and item.number != expected:
                shown = (before.written or before.number) if before is not None else "开头"
                looks.append(words.LOOK_GAP.format(before=shown, after=item.written or item.number))
            last[item.style] = item
            if item.style == "article":
                self.article = item
            if item.style == "chinese" and above is None and item.heading_like and not (item.children or item.closed):
                looks.append(words.LOOK_EMPTY_SECTION.format(words=source_of(self.source, item)[:30]))
            own = self._label(item, label, above, number)
            kind = self._kind(item, above)
            yield self._clause(item, identifier, kind, parent, own, looks)
            yield from self._below(item.children, identifier, f"{identifier}.", own, item)

    def _kind(self, item: Item, above: Item | None) -> Kind:
        if item.style == "problem":
            return "problem"
        if item.children or item.style in (outlines.STYLED, outlines.PLAIN, "part", "division"):
            return "section"
        return "measure" if above is not None and above.style == "problem" else "point"

    def _label(self, item: Item, label: str, above: Item | None, number: int) -> str:
        top = f"《{self.short_title}》"
        words_of = source_of(self.source, item).split("\n")[0]
        styles = {
            "problem": f"{top}问题{numeral(number)}",
            "part": f"{top}第{numeral(number)}章",
            "division": f"{label}第{numeral(number)}节",
            "article": f"{top}第{numeral(number)}条",
            "chinese": f"{label}第{numeral(number)}部分" if above is None else f"{label}·{numeral(number)}",
            "bracket": f"{label}（{numeral(number)}）",
            "round": f"{label}（{number}）",
            "circle": f"{label}·第{number}项",
            "decimal2": f"{top}{item.written}",
            "decimal3": f"{top}{item.written}",
            outlines.PLAIN: f"{top}{short_name(words_of)}",
            outlines.STYLED: f"{label}{'·' if above else ''}{short_name(words_of)}",
            outlines.PARAGRAPH: f"{label}·第{number}段",
        }
        if item.style in styles:
            return styles[item.style]
        if above is not None and above.style == "problem":
            return f"{label}·措施{number}"
        if above is not None and above.style in (outlines.PLAIN, outlines.STYLED):
            return f"{label}·第{number}点"
        return f"{label}{number}" if above is not None and above.style == "bracket" else f"{label}·第{number}点"

    def _clause(
        self, item: Item, identifier: str, kind: Kind, parent: str | None, label: str, looks: Sequence[str]
    ) -> DraftClause:
        label = label.replace("》·", "》")
        text = source_of(self.source, item)
        return DraftClause(identifier, kind, parent, label, text, item.start, item.end, item.place, tuple(looks))
