"""YAML read strictly: no aliases, tags, duplicate keys or guessed types, and a line number for every value.

PyYAML's parser (libyaml where it is built in) gives events; values are built from them without recursion, so a
bomb or a 3,000-deep nest is refused at the limit instead of after it. Schemas are pydantic models; their errors
come out as Faults with file, line, field, what was found and what was expected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from knowledge.errors import Fault, InvalidFile

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 16
MAX_NODES = 200_000
MAX_SHOWN = 60

Location = tuple[str | int, ...]
#: Characters [start, end) of the file, a byte order mark at its beginning not counted.
Span = tuple[int, int]
Model = TypeVar("Model", bound=BaseModel)

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[+-]?[0-9]+\.[0-9]+([eE][+-]?[0-9]+)?\Z")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True)
class YamlFile:
    """A parsed file: its value, the line (from 1) of each location in it, and the characters of each value there."""

    path: Path
    value: Any
    lines: dict[Location, int] = field(repr=False)
    spans: dict[Location, Span] = field(repr=False, default_factory=dict)

    def line(self, location: Location) -> int:
        """The line of a location, or of the nearest thing around it that has one."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def fault(self, location: Location, found: object, expected: str) -> Fault:
        """A fault at a location of this file."""
        return Fault(self.path, self.line(location), dotted(location), shorten(found), expected)


@dataclass
class _Open:
    """A mapping or sequence being filled."""

    container: dict[str, Any] | list[Any]
    location: Location
    key: str | None = None


def dotted(location: Location) -> str:
    """`("clauses", 3, "text")` as `clauses[3].text`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{_visible(part)}"
    return text


def shorten(found: object) -> str:
    """A value as it may be shown in one line of a message."""
    if found is None or isinstance(found, bool):
        found = {None: "空", True: "true", False: "false"}[found]
    return f"「{_visible(found if isinstance(found, str) else repr(found))}」"


def _visible(text: str) -> str:
    """The beginning of a text on one line, with line breaks, odd spaces and control characters as escapes."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:MAX_SHOWN])
    return f"{shown}…" if len(text) > MAX_SHOWN else shown


def quoted(text: str) -> str:
    """A text as a double-quoted scalar on one line; what does not print is escaped."""
    parts = []
    for character in json.dumps(text, ensure_ascii=False):
        code = ord(character)
        if character.isprintable() or character == "\u3000":
            parts.append(character)
        else:
            parts.append(f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}")
    return "".join(parts)


def read_text(path: Path) -> str:
    """The file's text with its line breaks untouched. Raises InvalidFile."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InvalidFile([Fault(path, 0, "", "更大的文件", f"不超过 {MAX_BYTES} 字节的文件")])
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        found = f"第 {error.start} 字节 0x{error.object[error.start]:02x} 不是 UTF-8"
        raise InvalidFile([Fault(path, line, "", found, "UTF-8 编码的文本（请另存为 UTF-8）")]) from error
    except OSError as error:
        found = "没有这个文件" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise InvalidFile([Fault(path, 0, "", found, "一个可以读取的文件")]) from error


def read(path: Path) -> YamlFile:
    """Parse one file. Raises InvalidFile for anything but plain mappings, lists, texts, numbers, true/false/null."""
    text = read_text(path)
    if text.startswith("\ufeff"):
        text = text[1:]
    try:
        return _build(path, yaml.parse(text, Loader=_Loader))
    except (yaml.YAMLError, OverflowError) as error:  # PyYAML's own scanner overflows on "\\UFFFFFFFF"
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        expected = "合乎 YAML 语法的内容（检查缩进、冒号和引号）"
        raise InvalidFile([Fault(path, _error_line(error, text), "", problem, expected)]) from error


def _error_line(error: Exception, text: str) -> int:
    """The line a YAML error is on, or 0 where PyYAML does not say."""
    if isinstance(error, yaml.reader.ReaderError):  # its position counts bytes in libyaml, characters in PyYAML
        before = (
            text[: error.position] if error.encoding == "unicode" else text.encode("utf8")[: error.position].decode()
        )
        return before.count("\n") + 1
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else 0


def _build(path: Path, events: Iterator[yaml.Event]) -> YamlFile:
    lines: dict[Location, int] = {}
    spans: dict[Location, Span] = {}
    stack: list[_Open] = []
    root: list[Any] = []
    nodes = 0

    def refuse(event: yaml.Event, location: Location, found: str, expected: str) -> InvalidFile:
        return InvalidFile([Fault(path, _line(event), dotted(location), found, expected)])

    for event in events:
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            closed = stack.pop()
            spans[closed.location] = spans[closed.location][0], _end(event)
            continue
        if isinstance(event, yaml.DocumentStartEvent) and root:
            raise refuse(event, (), "第二个 YAML 文档", "一个文件只放一个文档")
        if not isinstance(event, yaml.NodeEvent):
            continue
        top = stack[-1] if stack else None
        is_key = top is not None and isinstance(top.container, dict) and top.key is None
        location = _location(top)
        nodes += 1
        objection = _objection(event, nodes, len(stack))
        if objection is not None:
            raise refuse(event, location, *objection)
        if isinstance(event, yaml.ScalarEvent):
            value: Any = event.value if event.style or is_key else _plain(event.value)
            if is_key:
                assert top is not None
                if value in top.container:
                    raise refuse(event, (*top.location, value), "重复的字段", "每个字段只写一次")
                top.key = value
                lines[(*top.location, value)] = _line(event)
                continue
        elif is_key:
            raise refuse(event, location, "列表或映射作字段名", "文字作字段名")
        else:
            value = {} if isinstance(event, yaml.MappingStartEvent) else []
        _place(value, top, root)
        lines.setdefault(location, _line(event))
        spans[location] = event.start_mark.index if event.start_mark is not None else 0, _end(event)
        if isinstance(value, (dict, list)):
            stack.append(_Open(value, location))
    return YamlFile(path, root[0] if root else None, lines, spans)


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark is not None else 0


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _objection(event: yaml.NodeEvent, nodes: int, depth: int) -> tuple[str, str] | None:
    """What is wrong with a node wherever it stands, and what was expected; None when nothing is."""
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        return f"锚点或别名 {event.anchor}", "不用 & 和 * 的普通内容"
    if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
        return f"标签 {event.tag}", "不带标签的普通内容"
    if nodes > MAX_NODES:
        return f"超过 {MAX_NODES} 个值", "更小的文件"
    if depth >= MAX_DEPTH:
        return f"嵌套超过 {MAX_DEPTH} 层", "更浅的结构"
    if isinstance(event, yaml.ScalarEvent) and any("\ud800" <= c <= "\udfff" for c in event.value):
        return "半个字符（\\ud800–\\udfff）", "完整的字符"  # libyaml refuses these itself, PyYAML does not
    return None


def _location(top: _Open | None) -> Location:
    if top is None:
        return ()
    if isinstance(top.container, list):
        return (*top.location, len(top.container))
    return (*top.location, top.key) if top.key is not None else top.location


def _place(value: Any, top: _Open | None, root: list[Any]) -> None:
    if top is None:
        root.append(value)
    elif isinstance(top.container, list):
        top.container.append(value)
    else:
        assert top.key is not None
        top.container[top.key] = value
        top.key = None


def _plain(text: str) -> Any:
    """An unquoted scalar: only what looks the same to everyone is not text (`no`, `12:30`, `1_000` stay text)."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text) if len(text) < 19 else text
    return float(text) if _FLOAT.match(text) else text


def validate(model: type[Model], file: YamlFile) -> Model:
    """The file's value as a model. Raises InvalidFile with a Fault for each thing wrong."""
    try:
        return model.model_validate(file.value if file.value is not None else {}, strict=True)
    except ValidationError as error:
        faults = []
        for detail in error.errors(include_url=False):
            location = tuple(part for part in detail["loc"] if isinstance(part, (str, int)))
            found = "没有这一项" if detail["type"] == "missing" else detail.get("input")
            if detail["type"] == "extra_forbidden":
                found = f"不认识的字段 {location[-1]}"
            faults.append(file.fault(location, found, _expectation(detail, model)))
        raise InvalidFile(faults) from error


_EXPECTATIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _: "填写这一项",
    "string_type": lambda _: "文字",
    "string_too_short": lambda c: f"至少 {c['min_length']} 个字",
    "string_too_long": lambda c: f"至多 {c['max_length']} 个字",
    "string_pattern_mismatch": lambda c: f"符合 {c['pattern']} 的文字",
    "int_type": lambda _: "整数",
    "float_type": lambda _: "数字",
    "bool_type": lambda _: "true 或 false",
    "list_type": lambda _: "列表",
    "tuple_type": lambda _: "列表",
    "dict_type": lambda _: "若干字段（名称: 值）",
    "model_type": lambda _: "若干字段（名称: 值）",
    "model_attributes_type": lambda _: "若干字段（名称: 值）",
    "literal_error": lambda c: f"{c['expected'].replace(' or ', '、').replace(', ', '、')} 之一",
    "greater_than_equal": lambda c: f"不小于 {c['ge']}",
    "greater_than": lambda c: f"大于 {c['gt']}",
    "less_than_equal": lambda c: f"不大于 {c['le']}",
    "less_than": lambda c: f"小于 {c['lt']}",
    "too_short": lambda c: f"至少 {c['min_length']} 项",
    "too_long": lambda c: f"至多 {c['max_length']} 项",
}


def _expectation(detail: Any, model: type[BaseModel]) -> str:
    if detail["type"] == "extra_forbidden":
        known = _fields_at(model, detail["loc"][:-1])
        return f"下列字段之一：{'、'.join(known)}" if known else "已有的字段"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    say = _EXPECTATIONS.get(detail["type"])
    return say(detail.get("ctx", {})) if say else str(detail["msg"])


def _fields_at(model: type[BaseModel], location: Location) -> list[str]:
    """Names of the fields that a nested model at this location has."""
    current: Any = model
    for part in location:
        if isinstance(part, int):
            continue
        info = current.model_fields.get(part) if hasattr(current, "model_fields") else None
        if info is None:
            return []
        candidates = [info.annotation, *getattr(info.annotation, "__args__", ())]
        current = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
    return [name for name, info in current.model_fields.items() if not info.exclude] if current is not None else []
