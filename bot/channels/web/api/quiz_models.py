# ruff: noqa: D400 - class docstrings here are the API's published descriptions, in Chinese, and end with 。
"""What goes over the HTTP API about quiz items, as pydantic models; their descriptions become its OpenAPI text."""

from __future__ import annotations

from pydantic import BaseModel, Field

from bot.channels.web.api.models import CitationBody
from bot.quiz.item import Kind, Rule


class ItemBody(BaseModel):
    """一道题：题干、选项、答案，和证明答案的条款。"""

    id: str = Field(description="编号：条款、题型和位置不变，编号不变")
    kind: Kind = Field(
        description="题型：number 数字填空，term 词语填空，who 谁负责，single 单选，multiple 多选，belongs 归类，"
        "truefalse 判断，order 排序，matching 对应"
    )
    rule: Rule = Field(description="答案是怎样证明的")
    document: str = Field(description="文件编号")
    clause: str = Field(description="条款（引用编号）")
    stem: str = Field(description="题干")
    passage: str = Field(description="题干里取自原文的部分，空白处为 ____；可能为空")
    options: list[str] = Field(description="选项")
    key: list[int] = Field(
        description="答案：选项的序号，从 0 起；order 时是全部选项的正确先后，matching 时是左列每一项所对应的选项"
    )
    explanation: str = Field(description="解析")
    citation: CitationBody = Field(description="证明答案的条款，逐字")
    left: list[str] = Field(description="对应题的左列；其他题型为空")
    also: list[str] = Field(description="答案还依据的条款（引用编号）")
    label: str = Field(description="条款在文件中的位置")
    telegram_fits: bool = Field(description="能否做成 Telegram 的测验投票")


class PaperBody(BaseModel):
    """一份题，按题型和条款的顺序。"""

    knowledge_version: str = Field(description="知识库版本")
    seed: int = Field(description="套号")
    items: list[ItemBody]
