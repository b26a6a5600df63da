"""What one line of a notice is by its look: a numbered item, a date, a page number, a title, an addressee."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMERALS = dict(zip("零〇一二三四五六七八九两", (0, 0, *range(1, 10), 2), strict=True))
_CHINESE = "[零〇一二三四五六七八九十百两]{1,7}"
_SPACE = r"[ \t\u3000]*"
_ORNAMENTS = "●■◆★▲▪•·○□◇☆△-–—*＊　 \t"
#: (style, pattern); the number is group "n". `problem` keeps its words in the clause, all others only mark it.
_MARKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("problem", re.compile(rf"问题(?P<n>{_CHINESE}|\d{{1,3}})(?=[：:、.．])")),
    ("part", re.compile(rf"第(?P<n>{_CHINESE}|\d{{1,3}})[章编](?:[ \t\u3000]+|(?=\S)){_SPACE}")),
    ("division", re.compile(rf"第(?P<n>{_CHINESE}|\d{{1,3}})节{_SPACE}")),
    ("article", re.compile(rf"第(?P<n>{_CHINESE}|\d{{1,3}})条(?![款例的]){_SPACE}[：:]?{_SPACE}")),
    ("chinese", re.compile(rf"(?P<n>{_CHINESE})[、．.]{_SPACE}")),
    ("bracket", re.compile(rf"[（(]{_SPACE}(?P<n>{_CHINESE}){_SPACE}[）)]{_SPACE}[、.．]?{_SPACE}")),
    ("decimal3", re.compile(r"\d{1,3}[.．]\d{1,3}[.．](?P<n>\d{1,3})[ \t\u3000]+")),
    ("decimal2", re.compile(r"\d{1,3}[.．](?P<n>\d{1,3})[ \t\u3000]+")),
    ("number", re.compile(rf"(?P<n>\d{{1,3}})(?:[、．]|\.(?!\d)){_SPACE}")),
    ("round", re.compile(rf"[（(]{_SPACE}(?P<n>\d{{1,3}}){_SPACE}[）)]{_SPACE}[、.．]?{_SPACE}")),
    ("half", re.compile(rf"(?P<n>\d{{1,3}})[）)]{_SPACE}")),
    ("circle", re.compile(rf"(?P<n>[①-⑳]){_SPACE}")),
)
SENTENCE_ENDS = "。！？；!?;…”"
_DATE = re.compile(
    r"[（(]?\s*(?P<year>\d{4}|[一二][一二三四五六七八九〇零○]{3})\s*年\s*[\d一二三四五六七八九十]{1,3}\s*月"
    r"\s*[\d一二三四五六七八九十]{1,3}\s*日?\s*(?:印发|发布|施行)?\s*[）)]?"
)
_PAGE = re.compile(
    r"(?:[-–—－·•]{1,2}\s*\d{1,4}\s*[-–—－·•]{1,2}|第\s*\d{1,4}\s*页(?:[,，/\s]*共\s*\d{1,4}\s*页)?|\d{1,4}\s*/\s*\d{1,4}"
    r"|Page\s*\d+(?:\s*of\s*\d+)?)",
    re.I,
)
_DOCUMENT_NUMBER = re.compile(r"\S{1,14}[〔\[［（(【]\s*(?P<year>\d{4})\s*[〕\]］）)】]\s*(?:第\s*)?\d{1,5}\s*号")
KINDS_OF_NOTICE = "通知|意见|办法|规定|方案|决定|细则|条例|通报|公告|规则|规范|要点|计划|措施|制度|公约|函"
_TITLE = re.compile(rf".{{2,80}}(?:{KINDS_OF_NOTICE})(?:[（(][^）)]{{1,12}}[）)])?")
_ADDRESSEES = re.compile(r"[^。；！？]{2,120}[：:]")
_CLOSING = re.compile(
    r"[（(](?:此件|联系人|联系电话|本通知|信息公开|公开方式)[^）)]*[）)]|(?:抄送|主题词|印发机关|联系人|联系电话)[：:].*"
    r"|特此(?:通知|公告|通报|函告)[。.]?"
)
_ATTACHMENT = re.compile(r"附(?:件|表|录)\s*(?:\d{1,2}|[一二三四五六七八九十])?\s*(?:[：:].*)?")


@dataclass(frozen=True, slots=True)
class Mark:
    """The number before an item: its style, its value, and how many characters it takes (0 where it stays)."""

    style: str
    number: int
    length: int
    written: str


def number_of(text: str) -> int:
    """A whole number in digits, Chinese numerals or a circle."""
    if text.isascii() and text.isdigit():
        return int(text)
    if "①" <= text <= "⑳":
        return ord(text) - ord("①") + 1
    if not set(text) & set("十百"):
        return int("".join(str(_NUMERALS[c]) for c in text))
    total, current = 0, 0
    for character in text:
        if character in "十百":
            total += max(current, 1) * (10 if character == "十" else 100)
            current = 0
        else:
            current = _NUMERALS[character]
    return total + current


def mark_of(line: str) -> Mark | None:
    """The mark that a line begins with, or None."""
    for style, pattern in _MARKS:
        match = pattern.match(line)
        if match is not None:
            length = 0 if style == "problem" else match.end()
            return Mark(style, number_of(match["n"]), length, match[0].strip())
    return None


def bare_number(line: str) -> int | None:
    """The number of a line that holds nothing else."""
    return int(line) if re.fullmatch(r"[0-9]{1,2}", line) else None


def ornaments_before(line: str) -> int:
    """How many bullets and spaces a line begins with."""
    return len(line) - len(line.lstrip(_ORNAMENTS))


def is_ornament(text: str) -> bool:
    """Whether a text says nothing: bullets, rules, spaces."""
    return all(not c.isalnum() for c in text)


def is_date(line: str) -> bool:
    """A date alone."""
    return _DATE.fullmatch(line) is not None


def year_of(text: str) -> int | None:
    """The year of the first date or document number in a text."""
    found = _DOCUMENT_NUMBER.search(text) or _DATE.search(text) or re.search(r"(?P<year>(?:19|20)\d\d)年", text)
    if found is None:
        return None
    written = found["year"].replace("○", "〇")
    return int(written) if written.isdigit() else number_of(written)


def is_page_number(line: str) -> bool:
    """A page number that looks like one (a bare number does not)."""
    return _PAGE.fullmatch(line) is not None


def is_document_number(line: str) -> bool:
    """X政办发〔2024〕5号."""
    return _DOCUMENT_NUMBER.fullmatch(line) is not None


def is_title(line: str) -> bool:
    """关于……的通知."""
    return _TITLE.fullmatch(line) is not None


def is_addressees(line: str) -> bool:
    """Whether a line names whom the notice is for: 各乡镇人民政府： is such a line, 现就有关事项通知如下： is not."""
    return _ADDRESSEES.fullmatch(line) is not None and re.search(r"如下\s*[：:]$|(?:方法|措施)[：:]$", line) is None


def is_closing(line: str) -> bool:
    """Whether a line is like （此件公开发布）, 抄送：…… or 特此通知。 (at the end of a notice)."""
    return _CLOSING.fullmatch(line) is not None


def is_attachment(line: str) -> bool:
    """附件：1.……, or 附件2 alone."""
    return _ATTACHMENT.fullmatch(line) is not None


def ends_sentence(line: str) -> bool:
    """Whether a line ends where a sentence does (closing marks aside)."""
    return line.rstrip().rstrip("”’）)》」")[-1:] in (*SENTENCE_ENDS, "：", ":") or line.rstrip().endswith(
        ("。”", "。）")
    )


def is_short_heading(line: str, limit: int = 40) -> bool:
    """Whether a line could be a heading: short, no sentence in it."""
    return (
        0 < len(line) <= limit
        and not re.search(r"[。；！，;!,]", line.rstrip("。"))
        and not line.endswith(("。", "：", ":"))
    )
