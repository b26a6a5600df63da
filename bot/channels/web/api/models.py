# ruff: noqa: D400 - class docstrings here are the API's published descriptions, in Chinese, and end with 。
"""What goes over the HTTP API, as pydantic models; their docstrings and descriptions become its OpenAPI text.

Only shapes live here: routes and their errors are other files' business.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from bot import replies
from bot.answer import Mode, Outcome
from bot.channels.web.core.typed import speakable
from bot.state.feedback import Reason, Verdict
from knowledge.clause import Kind

MAX_HISTORY = 50
MAX_CLAUSES = 36

Text = Annotated[str, AfterValidator(speakable)]

#: In the description only: at least one character that clean() leaves.
_SPOKEN: JsonDict = {"pattern": r"[^\s\x00-\x1f\x7f-\x9f]"}


class AskRequest(BaseModel):
    """一个问题，和同一个人先前的问题。"""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"question": "那会议呢", "history": ["一个文件最多几页"]}]},
    )

    question: Text = Field(
        description="问题。字数上限见 config.yaml 的 answers.max_question_characters。", json_schema_extra=_SPOKEN
    )
    history: list[Text] = Field(
        default=[], max_length=MAX_HISTORY, description="先前的问题，从早到晚；用来理解“那会议呢”这样的追问。"
    )


class CitationBody(BaseModel):
    """逐字引用的一条：quote 等于来源文本的第 start 到 end 个字符（不含 end）。"""

    document: str = Field(description="文件编号")
    clause: str = Field(description="条款编号")
    label: str = Field(description="条款在文件中的位置，供人阅读")
    quote: str = Field(description="原文，一字不差，保留换行")
    start: int = Field(description="引文在来源文本中的起点（字符）")
    end: int = Field(description="引文在来源文本中的终点（字符，不含）")
    spans: list[list[int]] = Field(description="引文中直接回答问题的部分，在来源文本中的 [起点, 终点)；可能为空")


_ANSWER_EXAMPLE: JsonDict = {
    "outcome": "answer",
    "answer": "《通知》问题二·措施2写明：\n“中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。”",
    "lead": "《通知》问题二·措施2写明：",
    "confidence": 0.97,
    "knowledge_version": "0123456789ab",
    "elapsed_ms": 12.3,
    "interpreted_as": None,
    "citations": [
        {
            "document": "jianfu-2019",
            "clause": "2.2",
            "label": "《通知》问题二·措施2",
            "quote": "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。",
            "start": 574,
            "end": 608,
            "spans": [[590, 593]],
        }
    ],
    "options": [],
    "related": [],
    "mode": "full",
    "remark": "",
    "next_questions": ["第2.2条说的是几页吗", "第2.3条说的是几页吗", "第2.1条说的是几页吗"],
    "receipt": "",
}


class AnswerBody(BaseModel):
    """一次回答。四种结果：answer 引用条款；clarify 请提问者选择；decline 文件没有写到；chat 问候等。"""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER_EXAMPLE]})

    outcome: Outcome = Field(description="结果")
    answer: str = Field(description="完整的回答文字，可直接显示")
    lead: str = Field(description="引文或选项之前的一句话")
    confidence: float = Field(description="经校准的把握，0 到 1；decline 时指“文件没有写到”的把握")
    knowledge_version: str = Field(description="知识库版本")
    elapsed_ms: float = Field(description="计算用时（毫秒）")
    interpreted_as: str | None = Field(description="追问被理解成的完整问题；不是追问时为 null")
    citations: list[CitationBody] = Field(description="引用的条款，最相关的在前；只在 answer 时有")
    options: list[str] = Field(description="可选的条款（引用编号）；只在 clarify 时有")
    related: list[str] = Field(description="相关条文（引用编号），供阅读，不是答案；只在 decline 时有")
    mode: Mode = Field(description="full，或 lexical：语义模型不可用，仅按字面查找")
    remark: str = Field(description="对问题前提的说明（“原文写的是……”），或关键的一句；没有时为空")
    next_questions: list[str] = Field(description="可以接着问的问题，建索引时已核对过都答得上；没有时为空")
    receipt: str = Field(description="答复凭据号，形如 XXXX-XXXX-XXXX，可在 /verify/{code} 核验；没有留存时为空")


class FeedbackRequest(BaseModel):
    """对一次回答的评价。不记录是谁评的；到期删除。"""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "a1b2c3d4e5f6",
                    "verdict": "down",
                    "reason": "wrong_clause",
                    "question": "一个文件最多几页",
                    "outcome": "answer",
                    "clauses": ["2.1"],
                    "knowledge_version": "0123456789ab",
                }
            ]
        },
    )

    id: str = Field(
        pattern="^[A-Za-z0-9_-]{8,64}$", description="这次回答的编号，由客户端生成；同一编号再评一次，以后一次为准"
    )
    verdict: Verdict = Field(description="up 有用，down 没用")
    reason: Reason = Field(
        default="",
        description="没用的原因：wrong_clause 错条款，incomplete 不完整，should_answer 应答未答，should_not_answer 不该答",
    )
    question: Text = Field(default="", description="问题原文；只在 down 时留存，可以不带")
    outcome: Outcome = Field(description="这次回答的结果")
    clauses: list[Text] = Field(
        default=[], max_length=MAX_CLAUSES, description="回答引用、供选或列出的条款（引用编号）"
    )
    knowledge_version: str = Field(pattern="^[0-9a-f]{12}$", description="这次回答的知识库版本")


class KeptBody(BaseModel):
    """评价已经存好。"""

    status: Literal["kept"]


Today = Literal["same", "changed", "gone"]
ReceiptStatus = Literal["genuine", "unknown", "mistyped"]


class CheckedCitationBody(CitationBody):
    """当时引用的一条，和它今天的样子。"""

    today: Today = Field(description="same 一字未改，changed 改过了，gone 已没有这一条")


class ReceiptBody(BaseModel):
    """一个答复凭据查到了什么。"""

    status: ReceiptStatus = Field(
        description="genuine 确由本服务给出；unknown 号码写法对，但本服务没有给出过；mistyped 号码抄错了"
    )
    code: str = Field(description="号码的标准写法；mistyped 时为空")
    first_given: date | None = Field(description="第一次给出的日期（世界时）；不是 genuine 时为 null，以下各项为空")
    knowledge_version: str = Field(description="当时的知识库版本")
    outcome: Outcome | None = Field(description="当时的结果")
    lead: str = Field(description="当时引文或选项之前的一句话")
    citations: list[CheckedCitationBody] = Field(description="当时逐字引用的条款")
    clauses: list[str] = Field(description="当时请提问者选择、或列为相关的条款（引用编号）")


class ClauseBody(BaseModel):
    """一条条款。"""

    reference: str = Field(description="引用编号，用于 /api/v1/clauses/{reference} 和 /c/{reference}")
    document: str = Field(description="文件编号")
    document_title: str = Field(description="文件全称")
    id: str = Field(description="条款编号")
    kind: Kind = Field(description="背景、问题、措施、章节或要点")
    parent: str | None = Field(description="上级标题的引用编号；没有上级时为 null")
    label: str = Field(description="条款在文件中的位置")
    text: str = Field(description="条款文字，供显示；换行收成“｜”")


class PlacedClauseBody(ClauseBody):
    """一条条款、它在文件中的前后，和相关的条款。"""

    previous: str | None = Field(description="上一条的引用编号")
    next: str | None = Field(description="下一条的引用编号")
    related: list[str] = Field(description="最相关的几条（引用编号），建索引时挑好")


class DocumentBody(BaseModel):
    """一份文件和它的全部条款，按原文顺序。"""

    id: str
    title: str = Field(description="全称")
    short_title: str = Field(description="简称")
    issuer: str = Field(description="印发单位")
    year: int = Field(description="年份")
    clauses: list[ClauseBody]


class DocumentsBody(BaseModel):
    """知识库里的全部文件。"""

    knowledge_version: str
    documents: list[DocumentBody]


class HealthBody(BaseModel):
    """进程在运行。"""

    status: Literal["ok"]


class ReadyBody(BaseModel):
    """可以提问。"""

    status: Literal["ready"]
    mode: Mode
    knowledge_version: str
    problem: str | None = Field(description="新发布的知识库为什么还没有换上；没有问题时为 null")


class NotReadyBody(BaseModel):
    """还不能提问。"""

    status: Literal["loading", "failed"]
    stage: str = Field(description="正在做的一步")
    fraction: float | None = Field(description="这一步完成的比例，0 到 1；不知道时为 null")
    message: str = Field(description="给人看的一句话")


class ErrorContent(BaseModel):
    """错误。"""

    code: str = Field(description="稳定的错误代码：" + "、".join(replies.API_ERRORS))
    message: str = Field(description="中文说明：哪里不对、怎么办")
    request_id: str = Field(description="这次请求的编号，与响应头 X-Request-ID 相同；报告问题时请带上")


class ErrorBody(BaseModel):
    """所有错误的同一种格式。"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"error": {"code": "empty_question", "message": replies.EMPTY, "request_id": "9f86d081884c7d65"}}
            ]
        }
    )

    error: ErrorContent
