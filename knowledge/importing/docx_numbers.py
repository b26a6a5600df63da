"""Word's automatic numbering: which number a paragraph shows, from numbering.xml and the paragraph's style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from knowledge.importing.clauses import numeral

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CHINESE = ("chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting", "taiwaneseCounting",
            "taiwaneseCountingThousand", "ideographTraditional", "ideographZodiac", "koreanDigital")  # fmt: skip
_KNOWN = ("decimal", "decimalFullWidth", "decimalZero", "decimalEnclosedCircle", "decimalEnclosedCircleChinese",
          "lowerLetter", "upperLetter", "lowerRoman", "upperRoman", "bullet", "none", *_CHINESE)  # fmt: skip


class Numbers:
    """Counts numbered paragraphs in document order. `unknown` collects number formats that are shown as 1, 2, 3."""

    def __init__(self, numbering: Any | None, styles: Any) -> None:
        """`numbering` and `styles` are the root elements of the two parts."""
        self.levels: dict[tuple[str, int], Any] = {}
        self.abstract: dict[str, str] = {}
        self.counters: dict[tuple[str, int], int] = {}
        self.starts: dict[tuple[str, int], int] = {}
        self.fresh: set[tuple[str, int]] = set()
        self.unknown: set[str] = set()
        self.styles = {style.get(f"{W}styleId"): style for style in styles.iter(f"{W}style")}
        if numbering is None:
            return
        for abstract in numbering.findall(f"{W}abstractNum"):
            for level in abstract.findall(f"{W}lvl"):
                self.levels[abstract.get(f"{W}abstractNumId"), int(level.get(f"{W}ilvl"))] = level
        for number in numbering.findall(f"{W}num"):
            identifier = number.get(f"{W}numId")
            self.abstract[identifier] = _value(number.find(f"{W}abstractNumId"))
            for override in number.findall(f"{W}lvlOverride"):
                start = override.find(f"{W}startOverride")
                if start is not None:
                    self.starts[identifier, int(override.get(f"{W}ilvl"))] = int(_value(start))

    def of(self, paragraph: Any) -> str:
        """The number that Word shows before a paragraph (with a space where one belongs), or ""."""
        place = self._place(paragraph)
        if place is None:
            return ""
        identifier, level = place
        abstract = self.abstract.get(identifier)
        definition = self.levels.get((abstract, level)) if abstract is not None else None
        if abstract is None or definition is None:
            return ""
        key = (identifier, level)
        if key in self.starts and key not in self.fresh:
            self.fresh.add(key)
            self.counters.pop((abstract, level), None)
            self._set(abstract, level, self.starts[key])
        else:
            self._set(abstract, level, self.counters.get((abstract, level), self._start(abstract, level) - 1) + 1)
        return self._shown(abstract, definition)

    def _set(self, abstract: str, level: int, value: int) -> None:
        self.counters[abstract, level] = value
        for deeper in range(level + 1, 9):
            self.counters.pop((abstract, deeper), None)

    def _start(self, abstract: str, level: int) -> int:
        definition = self.levels.get((abstract, level))
        start = definition.find(f"{W}start") if definition is not None else None
        return int(_value(start)) if start is not None else 1

    def _place(self, paragraph: Any) -> tuple[str, int] | None:
        """The numId and level from the paragraph, else from its styles."""
        for properties in self._properties(paragraph):
            number = properties.find(f"{W}numPr")
            if number is None:
                continue
            identifier = number.find(f"{W}numId")
            level = number.find(f"{W}ilvl")
            if identifier is None:
                continue
            if _value(identifier) == "0":
                return None
            return _value(identifier), int(_value(level)) if level is not None else 0
        return None

    def _properties(self, paragraph: Any) -> Iterator[Any]:
        own = paragraph.find(f"{W}pPr")
        if own is not None:
            yield own
        for style in self.chain(paragraph):
            found = style.find(f"{W}pPr")
            if found is not None:
                yield found

    def chain(self, paragraph: Any) -> Iterator[Any]:
        """The paragraph's style and those that it is based on."""
        own = paragraph.find(f"{W}pPr")
        name = own.find(f"{W}pStyle") if own is not None else None
        identifier = _value(name) if name is not None else ""
        seen: set[str] = set()
        while identifier in self.styles and identifier not in seen:
            seen.add(identifier)
            style = self.styles[identifier]
            yield style
            based = style.find(f"{W}basedOn")
            identifier = _value(based) if based is not None else ""

    def heading(self, paragraph: Any) -> int | None:
        """0 for a title, 1–9 for a heading's level, None for other text."""
        for style in self.chain(paragraph):
            name = _value(style.find(f"{W}name")).lower()
            if name in ("title", "标题"):
                return 0
            match = re.fullmatch(r"(?:heading|标题)\s*([1-9])", name)
            if match:
                return int(match[1])
        for properties in self._properties(paragraph):
            level = properties.find(f"{W}outlineLvl")
            if level is not None and int(_value(level)) < 9:
                return int(_value(level)) + 1
        return None

    def _shown(self, abstract: str, definition: Any) -> str:
        form = _value(definition.find(f"{W}numFmt")) or "decimal"
        if form in ("bullet", "none"):
            return ""
        if form not in _KNOWN:
            self.unknown.add(form)
        text = _value(definition.find(f"{W}lvlText"))

        def fill(match: re.Match[str]) -> str:
            level = int(match[1]) - 1
            one = self.levels.get((abstract, level))
            kind = _value(one.find(f"{W}numFmt")) if one is not None else form
            value = self.counters.get((abstract, level), self._start(abstract, level))
            return written(value, kind)

        shown = re.sub(r"%([1-9])", fill, text)
        return shown + ("" if not shown or shown[-1] in "、）．" else " ")


def written(value: int, form: str) -> str:
    """A number in one of Word's forms."""
    if form in _CHINESE:
        return numeral(value)
    if form.startswith("decimalEnclosedCircle") and 1 <= value <= 20:
        return chr(ord("①") + value - 1)
    if form in ("lowerLetter", "upperLetter") and 1 <= value <= 26:
        return chr(ord("a" if form == "lowerLetter" else "A") + value - 1)
    if form in ("lowerRoman", "upperRoman"):
        roman = _roman(value)
        return roman if form == "upperRoman" else roman.lower()
    return f"{value:02d}" if form == "decimalZero" else str(value)


def _roman(value: int) -> str:
    found = ""
    for number, letters in (
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ):
        while value >= number:
            found, value = found + letters, value - number
    return found


def _value(element: Any | None) -> str:
    return (element.get(f"{W}val") or "") if element is not None else ""
