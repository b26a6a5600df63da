"""Addresses: 问题三第2条, 2.5, 问题二有哪些措施, 贯彻落实第二点 -> the clauses they name, without any model.

A query is an address only when every character of it is part of a place or of a fixed phrase around it (是什么, 念一下);
one word of real content and it is left to the ranker. Nothing here knows a notice's words: numbers come from the order
of its headings and of what stands under them, names from its labels. Pinyin, homophones and full Traditional
conversion belong to analyzer.py; the small table below covers only the words of an address.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document, Kind

TRADITIONAL = str.maketrans(
    "問題條項點個針對類後麼說講寫內裡裏開讓給貼發請謝還這與從間們嗎幾麵總數貫徹實結構來為達標號頭話詳細簡釋復",
    "问题条项点个针对类后么说讲写内里里开让给贴发请谢还这与从间们吗几面总数贯彻实结构来为达标号头话详细简释复",
)
DIGITS = dict(zip("零〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖", [0, 0, *range(1, 10), 2, *range(1, 10)], strict=True))
TENS = "十拾"
#: Longer queries are no addresses; every clause of a long notice listed one by one still fits.
MAX_CHARACTERS = 300
ENGLISH_NUMBERS = {
    name: number
    for number, names in enumerate(
        (
            ("one", "first", "1st"),
            ("two", "second", "2nd"),
            ("three", "third", "3rd"),
            ("four", "fourth", "4th"),
            ("five", "fifth", "5th"),
            ("six", "sixth", "6th"),
            ("seven", "seventh", "7th"),
            ("eight", "eighth", "8th"),
            ("nine", "ninth", "9th"),
            ("ten", "tenth", "10th"),
        ),
        start=1,
    )
    for name in names
}

#: Phrases around an address that carry no content. Longest first wins; all of a query must be covered.
ASKING_FOR_WORDS = """
    原文 原话 原句 条文 全文 正文 内容 具体内容 主要内容 全部内容 标题 具体 全部 完整 大概 主要 详细 逐字
    念一下 念一遍 念下 念念 念给我听 读一下 读下 读一遍 背一下 复述一下 展开 展开讲讲 展开说说 讲讲 讲一下 说说 说一下
    讲一讲 说一说 介绍一下 介绍下 解释一下 解释下 概括一下 列一下 列出来 列出 列举 列举一下 写一下 写出 写出来
    看一下 看看 看下 查一下 查查 找一下 贴一下 贴出来 贴 发一下 发我 发给我 给我 给出 告诉我 我想知道 我想看 我要看
    想看 想知道 我想问 我问 问一下 请问 请 麻烦 劳驾 帮我 帮忙 能不能 能否 可以 能 把 吧 吗 呢 啊 呀 嘛 哈 哦 啦 呗 了 一下 下 谢谢
    那 那么 好的 嗯 再 要 直接 分别 各 各是 都 一共 总共 共 到底 究竟 就是 就
"""
ASKING_WHAT_IT_SAYS = """
    是什么 是啥 是什么意思 啥意思 什么意思 是什么内容 是什么问题 什么内容 啥内容 是哪些 是哪几条 是哪几项 哪些 有哪些 都有哪些 有啥 有什么
    有哪几条 有几条 有几项 有多少条 几条 多少条 是怎么说的 怎么说的 怎么说 咋说的 咋说 怎么写的 怎么写 咋写的 怎么规定的 怎么规定
    如何规定 如何表述 怎么讲的 怎么讲 怎么要求的 怎么要求 讲了什么 讲什么 讲的什么 讲的是什么 讲了啥 讲啥 讲的啥 讲的是啥 说了什么 说什么
    说的什么 说的是什么 说了啥 说啥 说的啥 说的是啥 写了什么 写什么 写的什么 写的是什么 写了啥 写的啥 写的是啥 讲了哪些 说了哪些 包括哪些 包含哪些
    包括什么 规定了什么 规定了啥 要求什么 怎么解决 如何解决 咋解决 怎样解决 怎么办 咋办 怎么治 怎么整 怎么破 是
"""
ITEM_WORDS = """
    措施 举措 办法 方法 对策 招 招数 解决方法 解决办法 解决措施 解决方案 整治措施 具体措施 要求 规定 条款 要点 硬措施
"""
LINKS = """
    的 里 里的 里面 里面的 中 中的 下 下的 下面 下面的 之下 当中 部分 这部分 这块 这一块 方面 方面的 那部分
    what whatis what's whats say does show showme tell tellme please the of in under text full list give giveme are all
    measuresof measures is thetext me about read quote
"""
FILLERS = frozenset(f"{ASKING_FOR_WORDS} {ASKING_WHAT_IT_SAYS} {ITEM_WORDS} {LINKS}".split())
PUNCTUATION = ",，.。;；:：?？!！、·\"“”'‘’()（）[]【】《》<>|/—-…~ "
JOINERS = ("和", "与", "及", "以及", "跟", "、", ",", "，", "还有", "and", "&", ";", "；")
RANGES = ("到", "至", "-", "~", "—", "–", "to", "through")
COUNTERS = "条项点款招"
ITEM_NOUNS = "(?:整治|具体|解决|硬)?(?:措施|举措|办法|对策|方法|要求|规定|要点|招数)"
ENGLISH = "|".join(sorted(ENGLISH_NUMBERS, key=len, reverse=True))
_DIGIT = f"[{''.join(DIGITS)}]"
NUMBER = rf"(?:\d+(?!\d)|{_DIGIT}?[{TENS}]{_DIGIT}?|{_DIGIT})"
ANY_NUMBER = rf"(?:{NUMBER}|{ENGLISH})"
UNIT = rf"(?:[{COUNTERS}](?:{ITEM_NOUNS})?|个?{ITEM_NOUNS}|个)"

#: In an id two digits at most: 2019.10 is a date.
_SHORT = NUMBER.replace(r"\d+", r"(?<!\d)\d{1,2}")
_ID = re.compile(rf"({_SHORT})[.。·]({_SHORT})(?![.。·]\d)")
_PROBLEMS = (
    re.compile(
        rf"(?:问题|problems?|issue)(?:no\.?)?((?:{ANY_NUMBER})(?:(?:[、,，和与及]|and)(?:{NUMBER})(?![.。·条项点款]))*)"
    ),
    re.compile(
        rf"第((?:{NUMBER})(?:[个类大项种]?(?:[、,，和与及]|以及)第?(?:{NUMBER}))*)[个类项种]?大?(?:突出|主要)?问题"
    ),
    re.compile(rf"(?:the)?({ENGLISH})(?:problem|issue)"),
)
_EDGE_PROBLEMS = (
    (re.compile(r"(?:头|第)?(?:头一|首)个大?(?:突出)?问题"), 1),
    (re.compile(r"最后(?:一)?个大?(?:突出)?问题"), -1),
)
_ITEM = re.compile(rf"第({NUMBER}){UNIT}?(?!个?大?问题)")
_ITEM_LIST = re.compile(rf"第({NUMBER}(?:[、,，和与及](?:{NUMBER})(?![.。·]))+){UNIT}")
_NAMED_ITEM = re.compile(rf"(?:{ITEM_NOUNS}|measure|point|item)(?:no\.?)?({ANY_NUMBER})")
_ENGLISH_ITEM = re.compile(rf"(?:the)?({ENGLISH})(?:measure|point|item|one)")
_FIRST = re.compile(rf"(?:第?头一|开头第?一|首){UNIT}")
_LAST = re.compile(rf"(?:最后面?|末尾)(?:的?一)?{UNIT}|(?:the)?last(?:measure|point|item|one)")
_FROM_END = re.compile(rf"倒数第?({NUMBER}){UNIT}?")
_FRONT = re.compile(rf"(?:前面?|头)({NUMBER}){UNIT}")
_BACK = re.compile(rf"(?:最后面?|后面?)({NUMBER}){UNIT}")


@dataclass(frozen=True, slots=True)
class _Heading:
    """A place that others stand under: the n-th problem (-1: the last), or a heading by clause id."""

    number: int = 0
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class _Items:
    """Numbers of what stands under a heading, negative ones from the end; `bare` when counted with 个 alone."""

    numbers: tuple[int, ...]
    bare: bool = False


@dataclass(frozen=True, slots=True)
class _Identifier:
    """2.5: the clause with this id, or else the fifth measure of the second problem."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class _Word:
    """A joiner, a range sign, or the word for the background."""

    role: str


_Token = _Heading | _Items | _Identifier | _Word


@dataclass(frozen=True, slots=True)
class _Found:
    """What an address names: clauses, or what is missing (never both)."""

    clauses: tuple[Clause, ...] = ()
    missing: str | None = None


def number_of(text: str) -> int | None:
    """The whole number written by up to three digits, Chinese numerals or an English word; None when it is none."""
    if text in ENGLISH_NUMBERS:
        return ENGLISH_NUMBERS[text]
    if text.isdecimal():
        return int(text)
    tens = re.fullmatch(rf"({_DIGIT}?)[{TENS}]({_DIGIT}?)", text)
    if tens:
        return (DIGITS[tens[1]] if tens[1] else 1) * 10 + (DIGITS[tens[2]] if tens[2] else 0)
    return DIGITS.get(text)


def numeral(number: int) -> str:
    """The Chinese numeral of a number from 1 to 99 (others in digits)."""
    names = "零一二三四五六七八九"
    if not 1 <= number <= 99:
        return str(number)
    tens, ones = divmod(number, 10)
    front = "" if not tens else "十" if tens == 1 else f"{names[tens]}十"
    return front + (names[ones] if ones or not tens else "")


def normalize(query: str) -> str:
    """Width, case, circled digits and the Traditional words of an address; spaces go, except between two digits."""
    text = unicodedata.normalize("NFKC", query).lower().translate(TRADITIONAL)
    text = re.sub(r"(?<=\d)\s+(?=\d)", "、", text.strip())
    return re.sub(r"\s+", "", text)


def heading_name(clause: Clause) -> str:
    """A heading's label without its document: 问题二."""
    return re.sub(r"^《[^》]*》", "", clause.label) or clause.label


class Outline:
    """The addresses of every clause of a knowledge base."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge

    def resolve(self, query: str, within: Clause | None = None) -> tuple[Clause, ...]:
        """The clauses that an address names, in the order named; empty when `query` is no address.

        `within`: the heading that a bare 第三条 refers to.
        """
        found = self._read(query, within)
        return found.clauses if found else ()

    def missing(self, query: str, within: Clause | None = None) -> str | None:
        """For an address of something that is not there: what there is ("问题一只有 4 条措施"), else None."""
        found = self._read(query, within)
        return found.missing if found else None

    def is_bare(self, query: str) -> bool:
        """Whether `query` addresses items without saying under which heading (第三条呢)."""
        document, tokens = self._tokens(query)
        return document is None and any(isinstance(t, _Items) for t in tokens) and not _has_place(tokens)

    def is_bare_count(self, query: str) -> bool:
        """Whether `query` is bare and counts with 个 only, so that problems may be meant (第二个呢)."""
        items = [t for t in self._tokens(query)[1] if isinstance(t, _Items)]
        return self.is_bare(query) and all(t.bare for t in items)

    def mentioned(self, text: str) -> Clause | None:
        """The one heading that a text speaks of, by number anywhere in it or by four letters of its title, else None."""
        plain = normalize(text)
        document, rest = self._document(plain)
        document = document or self._first
        if document is None:
            return None
        problems = _of_kind(document, "problem")
        numbers = {
            number
            for pattern in (*_PROBLEMS, re.compile(rf"问题.*第({NUMBER})个"))
            for match in pattern.finditer(rest)
            if (number := number_of(match[1])) is not None
        }
        if len(numbers) == 1:
            position = numbers.pop() - 1
            return problems[position] if 0 <= position < len(problems) else None
        named = [heading for heading in self._headings(document) if _shares_words(_title(heading), rest)]
        return named[0] if len(named) == 1 else None

    def address(self, clauses: Sequence[Clause]) -> str:
        """The plainest address of some clauses: 问题一第3条和第4条; `resolve` gives the same clauses back."""
        groups: dict[str, list[str]] = {}
        for clause in clauses:
            place, item = self._place(clause)
            groups.setdefault(place, []).append(item)
        return "和".join(place + _listed(items) for place, items in groups.items())

    def nth(self, heading: Clause, number: int) -> str:
        """The address of the n-th item under a heading, whether or not there is one."""
        children = self._knowledge.children(heading)
        unit = "点" if children and children[0].kind == "point" else "条"
        return f"{self._place(heading)[0]}第{number}{unit}"

    def nth_problem(self, document_id: str, number: int) -> str:
        """The address of a document's n-th problem, whether or not there is one."""
        return f"{self._document_name(document_id)}问题{numeral(number)}"

    @cached_property
    def _first(self) -> Document | None:
        return self._knowledge.documents[0] if self._knowledge.documents else None

    @cached_property
    def _names(self) -> tuple[tuple[str, Document], ...]:
        """Names of documents in the form of a normalized query, longest first."""
        names = [
            (normalize(name), document)
            for document in self._knowledge.documents
            for name in (document.title, document.short_title)
        ]
        return tuple(sorted(names, key=lambda pair: -len(pair[0])))

    def _document_name(self, document_id: str) -> str:
        first = self._first
        if first is not None and first.id == document_id:
            return ""
        return f"《{self._knowledge.document(document_id).short_title}》"

    def _document(self, text: str) -> tuple[Document | None, str]:
        """The document that a query begins with, and the rest of the query."""
        lead = re.match(r"(?:请问?|那么?|帮我|把|查一下|看看|念一下)*", text)
        front, rest = (lead[0], text[lead.end() :]) if lead else ("", text)
        for name, document in self._names:
            for form in (f"《{name}》", name):
                if rest.startswith(form):
                    return document, front + rest[len(form) :]
        return None, text

    def _headings(self, document: Document) -> tuple[Clause, ...]:
        return tuple(clause for clause in document if clause.is_heading)

    def _place(self, clause: Clause) -> tuple[str, str]:
        """(address of the heading, address of the item under it); the second is empty for a heading."""
        document = self._knowledge.document(clause.document)
        name = self._document_name(clause.document)
        if clause.kind == "problem":
            return f"{name}问题{numeral(_of_kind(document, 'problem').index(clause) + 1)}", ""
        if clause.kind == "background":
            return f"{name}背景", ""
        heading = self._knowledge.parent(clause)
        if heading is None and not clause.is_heading:
            loose = _loose(document)
            return name, f"第{loose.index(clause) + 1}条"
        if heading is None:
            return name + heading_name(clause), ""
        position = self._knowledge.children(heading).index(clause) + 1
        return self._place(heading)[0], f"第{position}{'点' if clause.kind == 'point' else '条'}"

    def _tokens(self, query: str) -> tuple[Document | None, tuple[_Token, ...]]:
        """The named document and the tokens of an address; no tokens when anything else is in the query."""
        text = normalize(query)
        if not text or len(text) > MAX_CHARACTERS:
            return None, ()
        named, rest = self._document(text)
        document = named or self._first
        if document is None:
            return None, ()
        return named, tuple(_scan(rest, self._headings(document), self._whole_names(document)) or ())

    def _whole_names(self, document: Document) -> tuple[tuple[str, _Token], ...]:
        """Words that address a heading by themselves: its name, its title, and the word for the background."""
        names: list[tuple[str, _Token]] = []
        for clause in document:
            if clause.kind == "background":
                names += [("背景", _Word("background")), (normalize(heading_name(clause)), _Word("background"))]
            if clause.kind == "section":
                token = _Heading(clause=clause.id)
                names += [(normalize(name).strip(PUNCTUATION), token) for name in (heading_name(clause), clause.text)]
        return tuple(sorted(names, key=lambda pair: -len(pair[0])))

    def _read(self, query: str, within: Clause | None) -> _Found | None:
        named, tokens = self._tokens(query)
        if not any(not isinstance(token, _Word) or token.role == "background" for token in tokens):
            return None
        document = named or (self._knowledge.document(within.document) if within else self._first)
        if document is None:
            return None
        return _Reader(self._knowledge, document, within if named is None else None).read(tokens)


class _Reader:
    """Turns the tokens of one address into clauses of one document."""

    def __init__(self, knowledge: KnowledgeBase, document: Document, within: Clause | None) -> None:
        self._knowledge = knowledge
        self._document = document
        self._problems = _of_kind(document, "problem")
        self._within = within

    def read(self, tokens: Iterable[_Token]) -> _Found | None:
        """The clauses named; None when a bare item has no heading to stand under."""
        sequence = _heading_first(tuple(tokens))
        found: list[Clause] = []
        heading: Clause | None = self._within
        open_heading: Clause | None = None
        ranging = False
        for token in sequence:
            part: tuple[Clause, ...]
            match token:
                case _Word(role="background"):
                    part = tuple(c for c in self._document if c.kind == "background")
                    open_heading = None
                case _Word(role=role):
                    ranging = role == "range"
                    continue
                case _Heading():
                    heads = self._heading(token)
                    if isinstance(heads, str):
                        return _Found(missing=heads)
                    heading = open_heading = heads
                    part = (heads,)
                case _Identifier():
                    named = self._identifier(token)
                    if isinstance(named, str):
                        return _Found(missing=named)
                    part, open_heading, heading = (named,), None, self._knowledge.parent(named)
                case _Items():
                    if open_heading is not None and found and found[-1] is open_heading:
                        found.pop()
                    open_heading = None
                    below = self._below(heading)
                    if below is None:
                        return None
                    items = _pick(token.numbers, below)
                    if items is None:
                        return _Found(missing=self._count(heading, below))
                    part = items
            if ranging and found and part:
                part = self._between(found.pop(), part[0])
                ranging = False
            found.extend(clause for clause in part if clause not in found)
        return _Found(clauses=tuple(found)) if found else None

    def _heading(self, token: _Heading) -> Clause | str:
        if token.clause is not None:
            return next(clause for clause in self._document if clause.id == token.clause)
        chosen = _pick((token.number,), self._problems)
        return chosen[0] if chosen else f"《{self._document.short_title}》只有 {len(self._problems)} 个问题"

    def _identifier(self, token: _Identifier) -> Clause | str:
        by_id = {clause.id: clause for clause in self._document}
        if (exact := by_id.get(f"{token.first}.{token.second}")) is not None:
            return exact
        heading = by_id.get(str(token.first))
        if heading is None or not heading.is_heading:
            named = self._heading(_Heading(token.first))
            if isinstance(named, str):
                return f"《{self._document.short_title}》没有编号为 {token.first}.{token.second} 的条款"
            heading = named
        below = self._knowledge.children(heading)
        items = _pick((token.second,), below)
        return items[0] if items else self._count(heading, below)

    def _below(self, heading: Clause | None) -> tuple[Clause, ...] | None:
        """What a bare item counts in: the heading's children, else loose clauses, else those of an only heading."""
        if heading is not None:
            return self._knowledge.children(heading)
        if loose := _loose(self._document):
            return loose
        headings = [clause for clause in self._document if clause.is_heading]
        return self._knowledge.children(headings[0]) if len(headings) == 1 else None

    def _count(self, heading: Clause | None, below: Sequence[Clause]) -> str:
        noun = "点" if below and below[0].kind == "point" else "条措施"
        name = heading_name(heading) if heading else f"《{self._document.short_title}》"
        return f"{name}只有 {len(below)} {noun}" if below else f"{name}下面没有条款"

    def _between(self, first: Clause, last: Clause) -> tuple[Clause, ...]:
        """Clauses of one kind from the first to the last, in reading order."""
        clauses = self._document.clauses
        start, end = sorted((clauses.index(first), clauses.index(last)))
        return tuple(clause for clause in clauses[start : end + 1] if clause.kind == first.kind)


def _pick(numbers: Sequence[int], clauses: Sequence[Clause]) -> tuple[Clause, ...] | None:
    """The clauses with these numbers (1 is the first, -1 the last), or None when one of them is not there."""
    if not numbers or any(number == 0 or abs(number) > len(clauses) for number in numbers):
        return None
    return tuple(clauses[number - 1 if number > 0 else number] for number in numbers)


def _listed(items: Sequence[str]) -> str:
    """第1条、第3条和第4条; three or more in a row become 第2条到第4条."""
    runs: list[list[tuple[int, str]]] = []
    for item in items:
        number = int(match[0]) if (match := re.search(r"\d+", item)) else 0
        if runs and runs[-1][-1][0] + 1 == number:
            runs[-1].append((number, item))
        else:
            runs.append([(number, item)])
    parts: list[str] = []
    for run in runs:
        words = [item for _, item in run]
        parts += [f"{words[0]}到{words[-1]}"] if len(words) > 2 else words
    return "和".join(filter(None, ("、".join(parts[:-1]), parts[-1])))


def _of_kind(document: Document, kind: Kind) -> tuple[Clause, ...]:
    return tuple(clause for clause in document if clause.kind == kind)


def _loose(document: Document) -> tuple[Clause, ...]:
    """Measures and points that stand under no heading."""
    return tuple(c for c in document if c.parent is None and c.kind in ("measure", "point"))


def _title(heading: Clause) -> str:
    """The first line of a heading's text, without the number before it."""
    line = normalize(heading.text.splitlines()[0])
    return re.sub(rf"^(?:问题)?{NUMBER}?[:：、.]", "", line)


def _shares_words(title: str, text: str, length: int = 4) -> bool:
    pieces = {title[i : i + length] for i in range(len(title) - length + 1)}
    return any(text[i : i + length] in pieces for i in range(len(text) - length + 1))


def _named_heading(text: str, headings: Sequence[Clause]) -> tuple[int, Clause] | None:
    """A heading named by words of its title before an item or 部分 (文山会海的第七条), and where its name ends."""
    part = re.match(r"(.{2,8}?)(?:这|那)?一?部分", text)
    if part is not None:
        sections = [h for h in headings if h.kind == "section" and _made_of(part[1], normalize(heading_name(h)))]
        if len(sections) == 1:
            return part.end(), sections[0]
    match = re.match(
        rf"(.{{2,16}}?)(?:(?:这个)?问题|部分|方面)?(?:中|里|下)?的?(?=第{NUMBER}[{COUNTERS}]|最后|倒数)", text
    )
    if match is None:
        return None
    words = match[1]
    has_noun = re.search("问题|部分|方面", match[0][len(words) :]) is not None
    named = [h for h in headings if _made_of(words, _title(h) + normalize(heading_name(h)))]
    if len(named) != 1 or len(words) < (2 if has_noun or words in normalize(named[0].label) else 3):
        return None
    return match.end(), named[0]


def _made_of(words: str, title: str) -> bool:
    """Whether `words` falls into runs of two or more characters that the title has (保障落实 in 保障贯彻落实)."""
    reachable = {0}
    for start in range(len(words)):
        if start in reachable:
            for end in range(start + 2, len(words) + 1):
                if words[start:end] in title:
                    reachable.add(end)
    return len(words) in reachable


def _has_place(tokens: Iterable[_Token]) -> bool:
    return any(isinstance(t, _Heading | _Identifier) or t == _Word("background") for t in tokens)


def _heading_first(tokens: tuple[_Token, ...]) -> tuple[_Token, ...]:
    """English order: "measure one under problem four" says the item before its one heading."""
    places = [t for t in tokens if not isinstance(t, _Word)]
    if len(places) == 2 and isinstance(places[0], _Items) and isinstance(places[1], _Heading):
        return (places[1], places[0])
    return tokens


def _numbers(text: str) -> tuple[int, ...] | None:
    """All the numbers in "三、五和7" (never empty), or None when one of them cannot be read."""
    pieces = [piece for piece in re.split(r"and|以及|[个类大项种、,，和与及第]", text) if piece]
    numbers = [number_of(piece) for piece in pieces]
    known = tuple(number for number in numbers if number is not None)
    return known if known and len(known) == len(numbers) else None


def _items(match: re.Match[str]) -> list[_Token] | None:
    numbers = _numbers(match[1])
    return None if numbers is None else [_Items(numbers, bare=match[0].endswith("个"))]


def _heads(match: re.Match[str]) -> list[_Token] | None:
    numbers = _numbers(match[1])
    return None if numbers is None else [_Heading(number) for number in numbers]


def _identifier(match: re.Match[str]) -> list[_Token] | None:
    first, second = number_of(match[1]), number_of(match[2])
    return None if first is None or second is None else [_Identifier(first, second)]


def _counted(sign: int) -> Callable[[re.Match[str]], list[_Token] | None]:
    """First n (sign 1) or last n (sign -1)."""

    def read(match: re.Match[str]) -> list[_Token] | None:
        count = number_of(match[1])
        if not count:
            return None
        return [_Items(tuple(range(1, count + 1) if sign > 0 else range(-count, 0)))]

    return read


def _from_end(match: re.Match[str]) -> list[_Token] | None:
    number = number_of(match[1])
    return [_Items((-number,))] if number else None


#: Tried in this order at each place in the query.
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[_Token] | None]], ...] = (
    (_ID, _identifier),
    *((pattern, _heads) for pattern in _PROBLEMS),
    (_EDGE_PROBLEMS[0][0], lambda _: [_Heading(1)]),
    (_EDGE_PROBLEMS[1][0], lambda _: [_Heading(-1)]),
    (_ITEM_LIST, _items),
    (_ITEM, _items),
    (_NAMED_ITEM, _items),
    (_ENGLISH_ITEM, _items),
    (_FIRST, lambda _: [_Items((1,))]),
    (_FROM_END, _from_end),
    (_FRONT, _counted(1)),
    (_BACK, _counted(-1)),
    (_LAST, lambda _: [_Items((-1,))]),
)
_JOINER = re.compile("|".join(map(re.escape, sorted(JOINERS, key=len, reverse=True))))
_RANGE = re.compile("|".join(map(re.escape, sorted(RANGES, key=len, reverse=True))))
_FILLER = re.compile("|".join(map(re.escape, sorted(FILLERS, key=len, reverse=True))))


def _scan(text: str, headings: Sequence[Clause], names: Sequence[tuple[str, _Token]]) -> list[_Token] | None:
    """The tokens that cover the whole text, or None when something in it belongs to no address."""
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        step = _step(text, position, headings, names)
        if step is None:
            return None
        end, found = step
        tokens.extend(found)
        position = end
    return tokens


def _step(
    text: str, position: int, headings: Sequence[Clause], names: Sequence[tuple[str, _Token]]
) -> tuple[int, list[_Token]] | None:
    """The token at one place and where it ends."""
    for pattern, read in _RULES:
        match = pattern.match(text, position)
        if match and (tokens := read(match)) is not None:
            return match.end(), tokens
    named = _named_heading(text[position:], headings)
    if named is not None:
        return position + named[0], [_Heading(clause=named[1].id)] if named[1].kind != "problem" else [
            _Heading(number=[h for h in headings if h.kind == "problem"].index(named[1]) + 1)
        ]
    for name, token in names:
        if name and text.startswith(name, position):
            return position + len(name), [token]
    for words, role in ((_RANGE, "range"), (_JOINER, "join")):
        match = words.match(text, position)
        if match:
            return match.end(), [_Word(role)]
    match = _FILLER.match(text, position)
    if match:
        return match.end(), []
    return (position + 1, []) if text[position] in PUNCTUATION else None
