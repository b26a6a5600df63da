"""Synthetic notices, one at a time and the same for the same seed: regions, topics, structure and wording of real ones.

Words are drawn as Zipf has it (the k-th of a list in proportion to 1 / k); every number, name and deadline is drawn
anew. As counties do with what comes from above, one measure in COPIED repeats another notice's measure with small
changes: mostly one of the same topic, in some a measure of the real notice. Nothing here is a real rule or place.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import TypeVar

from knowledge.clause import Clause, Document, Kind
from scripts.growth import vocabulary as words
from scripts.growth.vocabulary import TOPICS, Topic

#: One measure in so many is a near-duplicate of another notice's.
COPIED = 8
#: One near-duplicate in so many, in the real notice's topics, is of a clause of the real notice.
COPIED_FROM_REAL = 5
#: The first topics are the real notice's.
REAL_TOPICS = 7
#: Measures kept to be repeated later, for each topic.
KEPT = 50
Item = TypeVar("Item")
_NUMBER = re.compile(r"\d+")
_CHINESE_NUMERALS = "一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Notice:
    """A document, and for each of its clauses what it was made of: equal for clauses that are worded alike.

    `kinds` holds (topic, mould) of each clause; for a near-duplicate of the real notice ("copy", id of its clause).
    """

    document: Document
    kinds: tuple[tuple[str, str], ...]


def notices(count: int, seed: int, real: Document | None = None) -> Iterator[Notice]:
    """So many notices of about twenty clauses, ids syn-0000000 and on. `real` gives measures that some repeat."""
    generator = random.Random(seed)  # noqa: S311 - drawing words
    templates = () if real is None else tuple(clause for clause in real if clause.kind in ("measure", "point"))
    kept: dict[str, list[tuple[str, tuple[str, str]]]] = {topic.name: [] for topic in TOPICS}
    for number in range(count):
        yield _notice(number, generator, templates, kept)


@cache
def _zipf(length: int) -> tuple[float, ...]:
    return tuple(accumulate(1 / rank for rank in range(1, length + 1)))


def _draw(items: Sequence[Item], generator: random.Random) -> Item:
    return generator.choices(items, cum_weights=_zipf(len(items)))[0]


def _place(generator: random.Random) -> str:
    return _draw(words.PLACE_FIRST, generator) + _draw(words.PLACE_SECOND, generator)


def _slots(topic: Topic, about: dict[str, str], generator: random.Random) -> dict[str, str]:
    """Words for every place in a mould; two of one list differ."""
    fault, fault2 = _two(topic.faults, generator)
    action, action2 = _two(topic.actions, generator)
    days = generator.choice((2, 3, 5, 7, 10, 15))
    return about | {
        "object": _draw(topic.objects, generator),
        "fault": fault,
        "fault2": fault2,
        "action": action,
        "action2": action2,
        "percent": str(generator.choice((5, 10, 15, 20, 25, 30, 35, 40, 50, 60))),
        "n": str(generator.choice((1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 18, 20, 24, 30, 45, 50, 60, 90))),
        "unit": _draw(words.UNITS, generator),
        "period": _draw(words.PERIODS, generator),
        "days": str(days),
        "days2": str(days + generator.choice((5, 7, 10, 15))),
        "times": str(generator.randint(1, 5)),
        "times2": str(generator.randint(2, 4)),
        "month": str(generator.randint(1, 12)),
        "money": str(generator.choice((20, 40, 50, 80, 100, 120, 150, 180, 200, 260, 300, 500, 800))),
        "hours": str(generator.choice((12, 16, 24, 40, 60, 72, 90))),
        "phone": f"{generator.randint(2000000, 8999999)}",
        "place": f"{_place(generator)}镇",
        "name": "".join(generator.sample(words.SCHEME_FIRST, 2) + generator.sample(words.SCHEME_SECOND, 2)),
    }


def _two(items: Sequence[str], generator: random.Random) -> tuple[str, str]:
    first = _draw(items, generator)
    return first, _draw([item for item in items if item != first], generator)


def _fill(moulds: Sequence[str], topic: Topic, about: dict[str, str], generator: random.Random) -> tuple[str, str]:
    """A filled mould, and which one it was."""
    mould = _draw(moulds, generator)
    return mould.format(**_slots(topic, about, generator)), mould


def _varied(text: str, about: dict[str, str], generator: random.Random) -> str:
    """The same measure as another place has it: other numbers, another level of government, a word more."""
    text = _NUMBER.sub(lambda match: str(max(1, round(int(match[0]) * generator.choice((0.5, 0.8, 1, 1.2, 2))))), text)
    text = text.replace("中央和国家机关", about["region"] + "直机关").replace("中央", about["region"] + "委")
    place = about["region"]
    return (
        generator.choice((f"{place}各乡镇要", f"{place}直各单位", "进一步", "各村（社区）", "严格落实以下要求："))
        + text
    )


def _measure(
    topic: Topic,
    about: dict[str, str],
    generator: random.Random,
    templates: Sequence[Clause],
    kept: list[tuple[str, tuple[str, str]]],
    moulds: Sequence[str],
) -> tuple[str, tuple[str, str]]:
    if generator.randrange(COPIED) == 0:
        if templates and TOPICS.index(topic) < REAL_TOPICS and generator.randrange(COPIED_FROM_REAL) == 0:
            original = generator.choice(templates)
            return _varied(original.display, about, generator), ("copy", original.id)
        if kept:
            text, kind = generator.choice(kept)
            return _varied(text, about, generator), kind
    text, mould = _fill(moulds, topic, about, generator)
    made = text, (topic.name, mould)
    if len(kept) < KEPT:
        kept.append(made)
    else:
        kept[generator.randrange(KEPT)] = made
    return made


def _notice(
    number: int,
    generator: random.Random,
    templates: Sequence[Clause],
    kept: dict[str, list[tuple[str, tuple[str, str]]]],
) -> Notice:
    topic = _draw(TOPICS, generator)
    province = _draw(words.PROVINCES, generator)
    region = _place(generator) + _draw(words.COUNTY_SUFFIXES, generator)
    about = {
        "topic": topic.name,
        "department": topic.department,
        "province": province,
        "region": region,
        "issuer": region + _draw(words.ISSUERS, generator),
        "year": str(generator.randint(2013, 2025)),
    }
    title = region + generator.choice(words.TITLES).format(**about)
    document_id = f"syn-{number:07d}"
    short = f"{region}{topic.name}通知{number}"
    source = (
        f"{title}\n\n{about['issuer']}　{about['year']}年{generator.randint(1, 12)}月{generator.randint(1, 28)}日\n"
    )
    clauses: list[Clause] = []
    kinds: list[tuple[str, str]] = []

    def add(identifier: str, kind: Kind, parent: str | None, label: str, made: tuple[str, tuple[str, str]]) -> None:
        nonlocal source
        text, made_of = made
        source += "\n"
        start = len(source)
        source += text + "\n"
        clauses.append(
            Clause(document_id, identifier, kind, parent, f"《{short}》{label}", text, start, start + len(text))
        )
        kinds.append(made_of)

    text, mould = _fill(words.BACKGROUNDS, topic, about, generator)
    add("0", "background", None, "背景", (text, (topic.name, mould)))
    problems = generator.randint(2, 4)
    for problem in range(1, problems + 1):
        numeral = _CHINESE_NUMERALS[problem - 1]
        (wrong, mould), (remedy, _) = (_fill(m, topic, about, generator) for m in (words.PROBLEMS, words.REMEDIES))
        heading = f"问题{numeral}：{wrong}\n\n解决方法：\n\n{remedy}"
        add(str(problem), "problem", None, f"问题{numeral}", (heading, (topic.name, mould)))
        for item in range(1, generator.randint(3, 6) + 1):
            unused = [
                mould for mould in words.MEASURES if (topic.name, mould) not in kinds
            ]  # no notice says a thing twice
            made = _measure(topic, about, generator, templates, kept[topic.name], unused or words.MEASURES)
            add(f"{problem}.{item}", "measure", str(problem), f"问题{numeral}·措施{item}", made)
    last = str(problems + 1)
    text, mould = _fill(words.SECTIONS, topic, about, generator)
    add(last, "section", None, "贯彻落实", (text, (topic.name, mould)))
    for item in range(1, generator.randint(1, 3) + 1):
        text, mould = _fill(words.POINTS, topic, about, generator)
        add(f"{last}.{item}", "point", last, f"贯彻落实·第{item}点", (text, (topic.name, mould)))
    document = Document(
        id=document_id,
        title=title,
        short_title=short,
        issuer=about["issuer"],
        year=int(about["year"]),
        source_path=f"sources/{document_id}.txt",
        source_sha256=hashlib.sha256(source.encode("utf8")).hexdigest(),
        source=source,
        clauses=tuple(clauses),
    )
    return Notice(document, tuple(kinds))
