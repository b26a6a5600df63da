# ruff: noqa: D400 - descriptions of the query are the API's published ones, in Chinese
"""Papers for the API and the pages: what was asked for, and its items or its file, made off the event loop.

Which items there are is bot.quiz's business; forms and addresses are the routes'.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from bot import replies
from bot.channels.web.core.errors import ApiError
from bot.channels.web.core.service import SHOWN_REFERENCE, Service
from bot.channels.web.core.typed import clean
from bot.quiz.export import WRITERS
from bot.quiz.item import KINDS, Item, Kind
from bot.quiz.paper import NoSuchPaper, NoSuchScope, TooFew, select
from knowledge.base import KnowledgeBase

MOST_ITEMS = 200
MOST_SEED = 999_999_999

Form = Literal["docx", "pdf", "anki", "csv"]
#: The ending of each form's files, and what they are.
FORMS: Mapping[Form, tuple[str, str]] = MappingProxyType(
    {
        "docx": (".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        "pdf": (".pdf", "application/pdf"),
        "anki": (".txt", "text/plain; charset=utf-8"),
        "csv": (".csv", "text/csv; charset=utf-8"),
    }
)


class PaperQuery(BaseModel):
    """要一份什么样的题。"""

    model_config = ConfigDict(extra="forbid")

    n: int = Field(default=20, ge=1, le=MOST_ITEMS, description="几道题")
    seed: int = Field(default=1, ge=0, le=MOST_SEED, description="套号：知识库不变时，同一个数得到同一份题")
    scope: str = Field(
        default="", max_length=SHOWN_REFERENCE, description="条款编号（2 是问题二的全部）或文件编号；空为全部"
    )
    kinds: list[Kind] = Field(default=[], max_length=len(KINDS), description="只要这些题型；不写就是全部")


class FileQuery(PaperQuery):
    """要一份什么样的题，写成什么文件。"""

    form: Form = Field(description="docx（Word）、pdf、anki（Anki 的文字导入格式）或 csv")


@dataclass(frozen=True, slots=True)
class PaperFile:
    """A paper as a file to download."""

    content: bytes
    media_type: str
    name: str

    @property
    def headers(self) -> dict[str, str]:
        """Content-Disposition with the name in Chinese (RFC 5987) and an ASCII one for programs that know no better."""
        plain = f"jianfu-quiz{Path(self.name).suffix}"
        return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(self.name)}"}


async def choose(service: Service, query: PaperQuery) -> tuple[Item, ...]:
    """The items of a paper. Raises ApiError 422 where there is no such scope or too few items, 503 while there is no assistant."""
    knowledge = service.assistant.knowledge
    call = partial(select, knowledge, query.n, query.seed, query.scope or None, query.kinds)
    try:
        return await service.questions.run(call)
    except NoSuchScope as error:
        raise ApiError(422, "no_such_scope", scope=clean(query.scope)) from error
    except TooFew as error:
        raise ApiError(422, "too_few_items", count=error.count, there=error.there) from error


async def write(service: Service, query: FileQuery) -> PaperFile:
    """A paper as a file. Raises ApiError like choose(), and 500 where this installation cannot write such files."""
    items = await choose(service, query)
    knowledge = service.assistant.knowledge
    suffix, media_type = FORMS[query.form]
    try:
        content = await service.paper_threads.run(partial(_written, suffix, items, knowledge, query.seed))
    except NoSuchPaper as error:
        raise ApiError(500, "no_paper", reason=error) from error
    return PaperFile(content, media_type, file_name(query, items, knowledge) + suffix)


def _written(suffix: str, items: tuple[Item, ...], knowledge: KnowledgeBase, seed: int) -> bytes:
    with tempfile.TemporaryDirectory(prefix="jianfu-") as folder:
        path = Path(folder) / f"paper{suffix}"
        WRITERS[suffix](path, items, knowledge, seed)
        return path.read_bytes()


def file_name(query: PaperQuery, items: tuple[Item, ...], knowledge: KnowledgeBase) -> str:
    """What a paper's file is called, without its ending: 通知练习题_问题二_20题_第1套."""
    used = {item.document for item in items}
    documents = [document for document in knowledge.documents if document.id in used]
    clause = knowledge.find(query.scope) if query.scope else None
    scope = f"{clause.label.rpartition('》')[2]}_" if clause is not None else ""
    titles = "".join(document.short_title for document in documents)
    name = replies.PAPER_FILE.format(titles=titles, scope=scope, count=len(items), seed=query.seed)
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "", name)
