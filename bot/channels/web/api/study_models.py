# ruff: noqa: D400 - class docstrings here are the API's published descriptions, in Chinese, and end with 。
"""What goes over the HTTP API when a person learns alone; no task gives its key away before it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.channels.web.api.models import CitationBody
from bot.quiz.item import MOST_OPTIONS, Form, Kind

ITEM_PATTERN = "^[0-9a-f]{12}([0-9a-f]{4})?$"  # Item.id or Item.shown_id


class TaskBody(BaseModel):
    """一道要做的题，不带答案。"""

    item: str = Field(description="题的编号；选项变了就不同，交答案时原样带回")
    showing: int = Field(description="交答案时原样带回；同一次出示只算一次")
    kind: Kind = Field(description="题型")
    form: Form = Field(description="怎么答：one 选一项，several 选一项或几项，order 排序，pairs 对应")
    stem: str = Field(description="题干")
    left: list[str] = Field(description="对应题的左列；其他题型为空")
    options: list[str] = Field(description="选项")
    is_new: bool = Field(description="第一次做")
    revised: bool = Field(description="学过的那一条后来修订了，这是新出的题")


class TodayBody(BaseModel):
    """今天要做的。"""

    started: bool = Field(description="是否已开始学习；没有时其余为 0 和 null")
    due: int = Field(description="到期该复习的题数")
    new: int = Field(description="今天的新题数")
    later: int = Field(description="今天过几分钟还会再来的题数")
    next: TaskBody | None = Field(description="接着要做的一道；今天都做完时为 null")


class AnswerRequest(BaseModel):
    """对一道题的回答。"""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"item": "0123456789ab", "showing": 0, "choice": [2]}]},
    )

    item: str = Field(pattern=ITEM_PATTERN, description="题的编号")
    showing: int = Field(ge=0, le=1_000_000, description="题里的 showing")
    choice: list[Annotated[int, Field(ge=0, lt=MOST_OPTIONS)]] = Field(
        min_length=1,
        max_length=MOST_OPTIONS,
        description="选了第几个选项，从 0 起；排序题按先后写全部，对应题按左列的次序各写一个",
    )


class OutcomeBody(BaseModel):
    """答得对不对、答案、依据的条款，和接着要做的。"""

    right: bool = Field(description="答对了没有")
    counted: bool = Field(description="这次是否记下；同一次出示已经答过时为 false")
    due: datetime | None = Field(description="下次什么时候再做")
    key: list[int] = Field(description="答案，写法同 choice")
    explanation: str = Field(description="解析")
    clause: str = Field(description="条款（引用编号）")
    citation: CitationBody = Field(description="证明答案的条款，逐字")
    today: TodayBody = Field(description="答过以后今天还要做的")


class ForgottenBody(BaseModel):
    """学习记录已经删除。"""

    deleted: int = Field(description="删了几道题的记录")
