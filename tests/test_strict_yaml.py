"""What the strict YAML reader takes, what it refuses, and where it says the fault is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from knowledge import strict_yaml
from knowledge.errors import Fault, InvalidFile
from knowledge.strict_yaml import YamlFile, dotted, read, read_text, shorten, validate

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture(params=["libyaml", "pure"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both scanners: libyaml's, and PyYAML's own, which stands in where libyaml is not built in."""
    if request.param == "pure":
        monkeypatch.setattr(strict_yaml, "_Loader", yaml.SafeLoader)
    return str(request.param)


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(content.encode("utf8") if isinstance(content, str) else content)
    return path


def value_of(folder: Path, content: str | bytes) -> Any:
    return read(write(folder, content)).value


def fault_of(folder: Path, content: str | bytes) -> Fault:
    path = write(folder, content)
    with pytest.raises(InvalidFile) as caught:
        read(path)
    (fault,) = caught.value.faults
    assert fault.path == path
    return fault


# --- what is read ---


def test_reads_mappings_lists_and_scalars(tmp_path: Path, loader: str) -> None:
    content = 'a: 1\nb: [true, false, null, ~, -2, 1.5]\nc:\n  d: "1"\n  e: |\n    两行\n    文字\nf:\n'
    assert value_of(tmp_path, content) == {
        "a": 1,
        "b": [True, False, None, None, -2, 1.5],
        "c": {"d": "1", "e": "两行\n文字\n"},
        "f": None,
    }


@pytest.mark.parametrize(
    "text",
    [
        *("no", "yes", "on", "off", "NO", "True", "Null", "12:30", "1_000", "0o7", "0x1f", "007", "2019-03-11"),
        *(".inf", ".5", "1e3", "=", "<<", "１２", "9999999999999999999999"),
    ],
)
def test_what_yaml_versions_disagree_on_stays_text(tmp_path: Path, loader: str, text: str) -> None:
    assert value_of(tmp_path, f"a: {text}\n") == {"a": text}


@pytest.mark.parametrize("text", ["1", "true", "null", "1.5", "~"])
def test_quoted_scalars_and_keys_are_text(tmp_path: Path, loader: str, text: str) -> None:
    assert value_of(tmp_path, f'"{text}": "{text}"\n') == {text: text}
    assert value_of(tmp_path, f"{text}: '{text}'\n") == {text: text}


@pytest.mark.parametrize("content", ["", "\n\n", "# 只有注释\n", "---\n", "\ufeff"])
def test_empty_file_is_none(tmp_path: Path, loader: str, content: str) -> None:
    assert value_of(tmp_path, content) is None


def test_byte_order_mark_is_dropped(tmp_path: Path, loader: str) -> None:
    assert value_of(tmp_path, "\ufeffa: 1\n") == {"a": 1}


def test_crlf_reads_like_lf(tmp_path: Path, loader: str) -> None:
    file = read(write(tmp_path, "a: 1\r\nb:\r\n  - x\r\n  - y\r\n"))
    assert file.value == {"a": 1, "b": ["x", "y"]}
    assert (file.line(("b",)), file.line(("b", 1))) == (2, 4)


def test_source_text_keeps_its_line_breaks_and_mark(tmp_path: Path) -> None:
    assert read_text(write(tmp_path, "\ufeff一\r\n二\r三\n")) == "\ufeff一\r\n二\r三\n"


# --- what is refused ---


@pytest.mark.fault(16)
def test_nine_level_bomb_is_refused_at_its_first_anchor(tmp_path: Path, loader: str) -> None:
    started = time.perf_counter()
    fault = fault_of(tmp_path, BOMB)
    assert time.perf_counter() - started < 1
    assert (fault.line, fault.field, fault.found) == (1, "a", "锚点或别名 a")
    assert fault.expected == "不用 & 和 * 的普通内容"


def test_alias_is_refused_where_it_stands(tmp_path: Path, loader: str) -> None:
    fault = fault_of(tmp_path, "a: 1\nb:\n  c: *x\n")
    assert (fault.line, fault.field, fault.found) == (3, "b.c", "锚点或别名 x")


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("!!python/object/apply:os.system [ls]", "tag:yaml.org,2002:python/object/apply:os.system"),
        ("!!python/object:x.Y {}", "tag:yaml.org,2002:python/object:x.Y"),
        ("!!binary aGk=", "tag:yaml.org,2002:binary"),
        ("!!str 1", "tag:yaml.org,2002:str"),
        ("!own 1", "!own"),
        ("! 1", "!"),
    ],
)
def test_tags_are_refused(tmp_path: Path, loader: str, written: str, tag: str) -> None:
    fault = fault_of(tmp_path, f"a: 1\nb: {written}\n")
    assert (fault.line, fault.field, fault.found, fault.expected) == (2, "b", f"标签 {tag}", "不带标签的普通内容")


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    "content", ["[" * 3000 + "]" * 3000, "{a: " * 3000 + "}" * 3000, "[" * 3000, "- " * 3000 + "x"]
)
def test_deep_nesting_is_refused_at_the_limit(tmp_path: Path, loader: str, content: str) -> None:
    fault = fault_of(tmp_path, content)
    assert (fault.line, fault.found, fault.expected) == (1, "嵌套超过 16 层", "更浅的结构")


def test_sixteen_levels_are_read(tmp_path: Path, loader: str) -> None:
    value = value_of(tmp_path, "[" * 16 + "]" * 16)
    depth = 0
    while isinstance(value, list):
        depth, value = depth + 1, value[0] if value else None
    assert depth == 16


@pytest.mark.fault(16)
def test_duplicate_key_is_refused(tmp_path: Path, loader: str) -> None:
    fault = fault_of(tmp_path, 'a:\n  b: 1\n  c: 2\n  "b": 3\n')
    assert (fault.line, fault.field, fault.found, fault.expected) == (4, "a.b", "重复的字段", "每个字段只写一次")


@pytest.mark.parametrize("content", ["? [a, b]\n: 1\n", "{a: 1}: 2\n"])
def test_key_that_is_no_text_is_refused(tmp_path: Path, loader: str, content: str) -> None:
    fault = fault_of(tmp_path, content)
    assert (fault.line, fault.found, fault.expected) == (1, "列表或映射作字段名", "文字作字段名")


def test_second_document_is_refused(tmp_path: Path, loader: str) -> None:
    fault = fault_of(tmp_path, "a: 1\n---\nb: 2\n")
    assert (fault.line, fault.found, fault.expected) == (2, "第二个 YAML 文档", "一个文件只放一个文档")


@pytest.mark.fault(16)
def test_too_many_values_are_refused(tmp_path: Path, loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_yaml, "MAX_NODES", 5)
    assert value_of(tmp_path, "[1, 2, 3, 4]") == [1, 2, 3, 4]
    fault = fault_of(tmp_path, "[1, 2,\n 3, 4, 5]")
    assert (fault.line, fault.field, fault.found, fault.expected) == (2, "[4]", "超过 5 个值", "更小的文件")


@pytest.mark.fault(16)
def test_over_size_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_yaml, "MAX_BYTES", 10)
    assert value_of(tmp_path, "a: 1234567") == {"a": 1234567}
    fault = fault_of(tmp_path, "a: 12345678")
    assert (fault.line, fault.found, fault.expected) == (0, "更大的文件", "不超过 10 字节的文件")


@pytest.mark.fault(9)
def test_endless_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_yaml, "MAX_BYTES", 1000)
    with pytest.raises(InvalidFile, match=r"^/dev/zero 现为 更大的文件；应为 不超过 1000 字节的文件$"):
        read(Path("/dev/zero"))


def test_invalid_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, b"a: 1\nb: \xe4\xb8\xad\nc: \xb9\xfa\n")
    assert (fault.line, fault.found) == (3, "第 15 字节 0xb9 不是 UTF-8")
    assert fault.expected == "UTF-8 编码的文本（请另存为 UTF-8）"


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile) as caught:
        read(tmp_path / "none.yaml")
    assert str(caught.value) == f"{tmp_path}/none.yaml 现为 没有这个文件；应为 一个可以读取的文件"
    with pytest.raises(InvalidFile) as caught:
        read(tmp_path)
    assert caught.value.faults[0].expected == "一个可以读取的文件"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("一: 二\nb: x\0y\n", 2),
        ('一二三四五六\n\n: "\x07"\n', 3),
        ("a: 1\nb: [1, 2\nc: 3\n", 3),
        ("a: 1\n b: 2\n", 2),
        ("a: 1\n\tb: 2\n", 2),
        ('a: 1\nb: "\\q"\n', 2),
        ('a: 1\nb: "\\ud800"\n', 2),
    ],
)
def test_syntax_error_names_its_line(tmp_path: Path, loader: str, content: str, line: int) -> None:
    fault = fault_of(tmp_path, content)
    assert fault.line == line
    assert fault.found != ""
    assert "\n" not in str(fault)


def test_escape_beyond_unicode_is_refused(tmp_path: Path, loader: str) -> None:
    assert fault_of(tmp_path, 'a: "\\UFFFFFFFF"\n').expected == "合乎 YAML 语法的内容（检查缩进、冒号和引号）"


# --- where things are ---


def test_lines_of_nested_locations(tmp_path: Path, loader: str) -> None:
    file = read(
        write(tmp_path, "# 注释\na:\n  - b: 1\n    c: |\n      x\n      y\n  -\n    b: 2\nd: {e: 1,\n  f: 2}\n")
    )
    lines = {
        ("a",): 2,
        ("a", 0): 3,
        ("a", 0, "b"): 3,
        ("a", 0, "c"): 4,
        ("a", 1, "b"): 8,
        ("d",): 9,
        ("d", "e"): 9,
        ("d", "f"): 10,
    }
    assert {location: file.line(location) for location in lines} == lines
    assert file.line(("a", 0, "none", "deeper")) == 3
    assert file.line(("none",)) == 2


def test_dotted_and_shorten_stay_on_one_line() -> None:
    assert dotted(("clauses", 3, "text")) == "clauses[3].text"
    assert dotted((0, "a")) == "[0].a"
    assert dotted(("a\nb", "c" * 70)) == f"a\\nb.{'c' * 60}…"
    assert shorten("一" * 60) == f"「{'一' * 60}」"
    assert shorten("一" * 61) == f"「{'一' * 60}…」"
    assert shorten("a\n\tb\u3000c\x1b[31m") == "「a\\n\\tb\\u3000c\\x1b[31m」"
    assert [shorten(value) for value in (None, True, 3, ["x"])] == ["「空」", "「true」", "「3」", "「['x']」"]


# --- schemas ---


class Inner(BaseModel):
    """A nested section."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=2, max_length=4)] = "ab"
    kind: Literal["x", "y", "z"] = "x"
    share: Annotated[float, Field(ge=0, lt=1)] = 0.5
    flag: bool = False


class Outer(BaseModel):
    """A whole file."""

    model_config = ConfigDict(extra="forbid")
    count: Annotated[int, Field(gt=0, le=9)]
    inner: Inner = Inner()
    many: Annotated[list[Inner], Field(max_length=2)] = []
    hidden: int = Field(default=0, exclude=True)


def faults_of(folder: Path, content: str) -> list[tuple[int, str, str, str]]:
    with pytest.raises(InvalidFile) as caught:
        validate(Outer, read(write(folder, content)))
    return [(fault.line, fault.field, fault.found, fault.expected) for fault in caught.value.faults]


def test_valid_file_gives_the_model(tmp_path: Path) -> None:
    file = read(write(tmp_path, "count: 3\ninner:\n  share: 0\nmany:\n  - kind: y\n"))
    assert validate(Outer, file) == Outer(count=3, inner=Inner(share=0), many=[Inner(kind="y")])


def test_unknown_key_lists_the_known_ones_at_its_place(tmp_path: Path) -> None:
    assert faults_of(tmp_path, "count: 1\nmani: []\n") == [
        (2, "mani", "「不认识的字段 mani」", "下列字段之一：count、inner、many")
    ]
    assert faults_of(tmp_path, "count: 1\nmany:\n  - name: ab\n    nmae: cd\n") == [
        (4, "many[0].nmae", "「不认识的字段 nmae」", "下列字段之一：name、kind、share、flag")
    ]


@pytest.mark.parametrize(
    ("line", "field", "found", "expected"),
    [
        ('count: "1"', "count", "「1」", "整数"),
        ("count: 1.0", "count", "「1.0」", "整数"),
        ("count: true", "count", "「true」", "整数"),
        ("count: 0", "count", "「0」", "大于 0"),
        ("count: 10", "count", "「10」", "不大于 9"),
        ("count:", "count", "「空」", "整数"),
        ("inner: 3", "inner", "「3」", "若干字段（名称: 值）"),
        ("inner: {name: 5}", "inner.name", "「5」", "文字"),
        ("inner: {name: a}", "inner.name", "「a」", "至少 2 个字"),
        ("inner: {name: abcde}", "inner.name", "「abcde」", "至多 4 个字"),
        ("inner: {kind: w}", "inner.kind", "「w」", "'x'、'y'、'z' 之一"),
        ("inner: {share: -0.5}", "inner.share", "「-0.5」", "不小于 0.0"),
        ("inner: {share: 1}", "inner.share", "「1」", "小于 1.0"),
        ("inner: {share: true}", "inner.share", "「true」", "数字"),
        ("inner: {flag: 1}", "inner.flag", "「1」", "true 或 false"),
        ("inner: {flag: yes}", "inner.flag", "「yes」", "true 或 false"),
        ("many: {}", "many", "「{}」", "列表"),
        ("many: [{}, {}, {}]", "many", "「[{}, {}, {}]」", "至多 2 项"),
    ],
)
def test_wrong_value_says_what_is_expected(tmp_path: Path, line: str, field: str, found: str, expected: str) -> None:
    above = "# 第一行\n" if line.startswith("count") else "count: 1\n"
    assert faults_of(tmp_path, f"{above}{line}\n") == [(2, field, found, expected)]


def test_every_fault_is_reported(tmp_path: Path) -> None:
    assert faults_of(tmp_path, "inner:\n  name: 1\n  kind: w\n") == [
        (1, "count", "「没有这一项」", "填写这一项"),
        (2, "inner.name", "「1」", "文字"),
        (3, "inner.kind", "「w」", "'x'、'y'、'z' 之一"),
    ]


def test_empty_file_and_a_list_at_the_top(tmp_path: Path) -> None:
    assert faults_of(tmp_path, "") == [(1, "count", "「没有这一项」", "填写这一项")]
    assert faults_of(tmp_path, "- 1\n") == [(1, "", "「[1]」", "若干字段（名称: 值）")]


def test_message_of_a_fault() -> None:
    path = Path("a.yaml")
    assert str(Fault(path, 3, "x.y", "「1」", "文字")) == "a.yaml:3 x.y：现为 「1」；应为 文字"
    assert str(Fault(path, 0, "", "空", "文字")) == "a.yaml 现为 空；应为 文字"
    both = InvalidFile([Fault(path, 1, "", "甲", "乙"), Fault(path, 2, "", "丙", "丁")])
    assert str(both) == "a.yaml:1 现为 甲；应为 乙\na.yaml:2 现为 丙；应为 丁"


# --- anything at all ---

YAML_PIECES = [
    "a",
    "b: ",
    "- ",
    "\n",
    "  ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    '"',
    "'",
    "|",
    ">",
    "&x ",
    "*x",
    "!!str ",
]
YAML_PIECES += [
    "!",
    "#",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "\\u",
    "\\UFFFFFFFF",
    "\\ud800",
    "\t",
    "\0",
    "\ufeff",
    "\x85",
]
YAML_PIECES += ["1", "null", "~", "中", "\r", "\u2028", "<<: ", "1.0e999", "@", "`"]


@pytest.mark.fault(16)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.lists(st.sampled_from(YAML_PIECES), max_size=40).map(lambda pieces: "".join(pieces).encode("utf8")),
        st.text(max_size=200).map(lambda text: text.encode("utf8", "surrogatepass")),
        st.binary(max_size=100),
    )
)
@example(b"[" * 5000)
def test_any_bytes_give_a_file_or_an_invalid_file(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    for chosen in (yaml.CSafeLoader, yaml.SafeLoader):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(strict_yaml, "_Loader", chosen)
            refusal = None
            try:
                file = read(path)
                assert isinstance(file, YamlFile)
                validate(Outer, file)
            except InvalidFile as error:
                refusal = error
            if refusal is not None:
                assert len(str(refusal).splitlines()) == len(refusal.faults) > 0
