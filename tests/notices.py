"""A second, invented notice on receptions and offices, written as files for tests that need more than one document.

`write_notice` lays out a whole knowledge folder that loads; `change` alters one record in it, to test one fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

DOCUMENT_ID = "jiedai-2021"
TITLE = "关于规范公务接待和办公用房管理的若干规定"

#: (id, kind, parent, label, text, questions); headings keep their line break, as notices have it.
Row = tuple[str, str, str | None, str, str, tuple[str, ...]]
ROWS: tuple[Row, ...] = (
    (
        "1", "problem", None, "《若干规定》问题一",
        "问题一：公务接待超标准、讲排场\n解决方法：严格接待审批和清单管理",
        ("公务接待这一块指出了什么毛病", "接待讲排场打算怎么治", "若干规定的第一个问题是什么"),
    ),
    (
        "1.1", "measure", "1", "《若干规定》问题一·措施1",
        "接待对象应当按照规定标准自行用餐，确需安排工作餐的只安排一次，陪餐人数不得超过接待对象人数的三分之一。",
        ("来客吃饭最多陪几个人", "工作餐能安排几次", "接待能不能天天陪着吃", "陪餐人数怎么算"),
    ),
    (
        "1.2", "measure", "1", "《若干规定》问题一·措施2",
        "工作餐应当供应家常菜，不得提供鱼翅、燕窝等高档菜肴，不得提供香烟和高档酒水。",
        ("工作餐可以上酒吗", "招待的菜有什么讲究", "桌上能不能放烟"),
    ),
    (
        "1.3", "measure", "1", "《若干规定》问题一·措施3",
        "无公函的公务活动和来访人员一律不予接待，接待费用报销须附派出单位公函和接待清单。",
        ("没有公函来了接不接待", "接待费报销要附哪些单子", "口头打个招呼就来能报销吗", "接待清单干什么用"),
    ),
    (
        "2", "problem", None, "《若干规定》问题二",
        "问题二：办公用房超面积、配备不规范\n解决方法：核定面积、统一调配",
        ("办公室方面的问题是什么", "办公用房超面积怎么解决", "若干规定的第二个问题讲什么"),
    ),
    (
        "2.1", "measure", "2", "《若干规定》问题二·措施1",
        "乡科级正职办公室使用面积不超过18平方米，乡科级以下每人不超过9平方米。",
        ("乡长的办公室最大多少平方", "科员一个人能用几平米", "正科级办公室面积标准", "九平方米说的是谁"),
    ),
    (
        "2.2", "measure", "2", "《若干规定》问题二·措施2",
        "领导干部不得长期租用宾馆、酒店房间作为办公用房，退休后应当及时腾退原有办公用房。",
        ("退休了办公室还能留着吗", "能不能租酒店的房间办公", "什么时候要把办公室腾出来"),
    ),
    (
        "2.3", "measure", "2", "《若干规定》问题二·措施3",
        "办公用房维修改造以消除安全隐患、恢复使用功能为重点，严禁豪华装修和借机扩大面积。",
        ("办公室装修有什么要求", "维修的时候顺便扩建可以吗", "办公楼能装得豪华点吗"),
    ),
)  # fmt: skip
PREFACE = f"{TITLE}\n（2021年6月1日）\n"
SHARED = ({"text": "接待要带公函、吃饭又有人数限制，两条一起说说", "clauses": ["1.3", "1.1"]},)
UNANSWERED = ({"text": "公务用车坏了找谁修", "related": []}, {"text": "办公室的空调多少度合适", "related": ["2.3"]})

Change = Callable[[dict[str, Any]], None]


def write_notice(
    folder: Path,
    *,
    document_id: str = DOCUMENT_ID,
    rows: Sequence[Row] = ROWS,
    change: Change | None = None,
) -> Path:
    """Write source and document under a knowledge folder (made if need be); returns the document's path.

    `change` gets the record just before it is written, to break one thing in it.
    """
    source = PREFACE + "\n".join(row[4] for row in rows) + "\n"
    clauses: list[dict[str, Any]] = []
    for identifier, kind, parent, label, text, questions in rows:
        start = source.index(text)
        place = {} if parent is None else {"parent": parent}
        quote = {"label": label, "text": text, "start": start, "end": start + len(text)}
        clauses.append({"id": identifier, "kind": kind, **place, **quote, "questions": list(questions)})
    record: dict[str, Any] = {
        "document": {
            "id": document_id,
            "title": TITLE,
            "short_title": "若干规定",
            "issuer": "某市机关事务管理局",
            "year": 2021,
            "source": f"sources/{document_id}.txt",
            "sha256": hashlib.sha256(source.encode("utf8")).hexdigest(),
        },
        "clauses": clauses,
        "shared_questions": [dict(one) for one in SHARED],
        "unanswered": [dict(one) for one in UNANSWERED],
    }
    if change is not None:
        change(record)
    for name in ("documents", "sources"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "sources" / f"{document_id}.txt").write_bytes(source.encode("utf8"))
    path = folder / "documents" / f"{document_id}.yaml"
    path.write_text(_dump(record), encoding="utf8")
    return path


class _Dumper(yaml.SafeDumper):
    """Writes each text in double quotes on one line, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def _dump(record: dict[str, Any]) -> str:
    return yaml.dump(record, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)


def line_of(path: Path, text: str, nth: int = 1) -> int:
    """The line, from 1, of the nth line of a file that holds this text."""
    lines = path.read_text(encoding="utf8").splitlines()
    return [number for number, line in enumerate(lines, 1) if text in line][nth - 1]
