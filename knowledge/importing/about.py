"""What the notice says of itself: title, short title, issuer, year. What is guessed or missing is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.importing import lines, words
from knowledge.importing.outline import Left, Outline

_CALLED = re.compile(
    r"《(?P<title>[^《》]{4,80})》\s*[（(]\s*(?:以下|下称|以下统称|以下简)?(?:简称|称)?\s*[“《](?P<short>[^》”]{1,20})[》”]"
)
_SHORT = re.compile(rf"({lines.KINDS_OF_NOTICE})(?:[（(][^）)]*[）)])?$")
_ISSUER_IN_TITLE = re.compile(r"^(?P<issuer>[^关]{2,30}?)关于")
_OFFICE = re.compile(
    r"(?:[，。,]|^)(?:由)?(?P<issuer>[^，。、,的]{2,20}?(?:办公厅|办公室|委员会|人民政府|局|厅|部))(?:会同|牵头|制定|印发)"
)


@dataclass(frozen=True, slots=True)
class About:
    """The `document:` block's words. `missing` and `guessed` name fields, for the report."""

    title: str
    short_title: str
    issuer: str
    year: int
    missing: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What the person said on the command line; empty where nothing."""

    title: str = ""
    short_title: str = ""
    issuer: str = ""
    year: int = 0


def about(found: Outline, source: str, given: Given, this_year: int) -> About:
    """Title, short title, issuer and year, from what was given, else from the text."""
    lead = source[found.lead.start : found.lead.end] if found.lead is not None else ""
    called = _CALLED.search(lead)
    missing, guessed = [], []
    title = given.title or _title(found.left, source)
    if not given.title and called is not None and lines.is_title(called["title"]) and not lines.is_title(title):
        title = called["title"]
    if not title:
        title = words.TO_FILL
        missing.append("标题")
    elif not given.title and not lines.is_title(title):
        guessed.append("标题")
    kind = _SHORT.search(title)
    short = given.short_title or (called["short"] if called else "") or (kind[1] if kind else title[:12])
    issuer = given.issuer or _issuer(found, source, title)
    if not issuer:
        office = _OFFICE.search(lead)
        issuer = office["issuer"] if office is not None else words.TO_FILL
        (guessed if office is not None else missing).append("发文单位")
    year = given.year or _stated_year(found, source)
    if not year and (lines.year_of(source) or 0):
        year = lines.year_of(source) or 0
        guessed.append("年份")
    if not year:
        year = this_year
        missing.append("年份")
    return About(title, short, issuer, year, tuple(missing), tuple(guessed))


def _of(left: Sequence[Left], reason: str, source: str) -> list[str]:
    return [source[one.start : one.end] for one in left if one.reason == reason]


def _title(left: Sequence[Left], source: str) -> str:
    rows = _of(left, words.TITLE, source)
    whole = "".join(rows)
    if lines.is_title(whole) and len(rows) <= 4:
        found = re.search(r"[^\s《》]*关于.*", whole)
        return (found[0] if found else whole).strip()
    return next((row for row in rows if lines.is_title(row)), rows[-1] if rows else "")


def _issuer(found: Outline, source: str, title: str) -> str:
    signed = _of(found.left, words.SIGNATURE, source)
    if signed:
        return signed[0].strip()
    in_title = _ISSUER_IN_TITLE.match(title)
    return in_title["issuer"] if in_title is not None else ""


def _stated_year(found: Outline, source: str) -> int:
    for reason in (words.DATE, words.DOCUMENT_NUMBER):
        for row in reversed(_of(found.left, reason, source)):
            year = lines.year_of(row)
            if year is not None:
                return year
    return 0
