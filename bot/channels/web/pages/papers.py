"""The pages that make papers: a form with a preview, the downloads, and a paper to print. All of it works without script.

What a paper may be is core/papers.py's to say; this shows the form again with what was wrong.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot import replies
from bot.channels.web.core.addresses import way_up
from bot.channels.web.core.errors import ApiError
from bot.channels.web.core.papers import MOST_ITEMS, MOST_SEED, FileQuery, PaperQuery, choose, write
from bot.channels.web.core.service import SHOWN_REFERENCE, Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages import paper_html
from bot.channels.web.pages.html import Markup, escape
from bot.channels.web.pages.pages import Pages
from bot.quiz.bank import make_items
from bot.quiz.item import Item
from bot.quiz.layout import lay_out
from knowledge.base import KnowledgeBase

Query = TypeVar("Query", bound=PaperQuery)

_STYLE = "quiz/quiz.css"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form, as it was typed; `fault` says what is wrong with `field`."""

    n: str
    seed: str
    scope: str
    kinds: tuple[str, ...]
    form: str = ""
    field: str = ""
    fault: str = ""

    @classmethod
    def read(cls, params: QueryParams) -> Typed:
        """The form from an address; what it leaves out has its default."""
        plain = PaperQuery()
        n, seed = params.get("n", str(plain.n)), params.get("seed", str(plain.seed))
        return cls(
            n.strip(), seed.strip(), params.get("scope", ""), tuple(params.getlist("kinds")), params.get("form", "")
        )

    @property
    def address(self) -> str:
        """The query of an address that gives the same form."""
        return urlencode(
            [("scope", self.scope), ("n", self.n), ("seed", self.seed), *(("kinds", k) for k in self.kinds)]
        )

    def wrong(self, field: str, **values: object) -> Typed:
        """The same with what is wrong; `field` names one of PAPER_FAULTS."""
        value = ", ".join(self.kinds) if field == "kinds" else str(getattr(self, field, ""))
        shown = clean(value)[:SHOWN_REFERENCE]
        said = replies.PAPER_FAULTS[field].format(value=shown, most=MOST_ITEMS, most_seed=MOST_SEED, **values)
        return replace(self, field="n" if field in ("none", "few") else field, fault=said)


class _Refused(Exception):
    """The form cannot be served; it is to be shown again."""

    def __init__(self, typed: Typed) -> None:
        self.typed = typed


def create_router(service: Service, pages: Pages) -> APIRouter:
    """The form, the paper to print, and the files."""
    router = APIRouter(include_in_schema=False)

    async def form(request: Request, typed: Typed, items: tuple[Item, ...] = ()) -> Response:
        knowledge = service.assistant.knowledge
        counts = await service.questions.run(lambda: Counter(item.clause for item in make_items(knowledge)))
        page = pages.filled(
            way_up(request),
            replies.PAPER_PAGE["title"],
            "quiz/form.html",
            _STYLE,
            **_fields(typed, knowledge, counts),
            preview=paper_html.questions(lay_out(items, knowledge, int(typed.seed))) if items else Markup(),
        )
        return HTMLResponse(page, 422 if typed.fault else 200)

    @router.get("/quiz")
    async def paper(request: Request) -> Response:
        typed = Typed.read(request.query_params)
        try:
            query = _query(PaperQuery, typed)
            if "again" in request.query_params:
                other = replace(typed, seed=str((query.seed + 1) % (MOST_SEED + 1)))
                return RedirectResponse(f"{way_up(request)}quiz?{other.address}", 303)
            return await form(request, typed, await _chosen(service, query, typed))
        except _Refused as refused:
            return await form(request, refused.typed)

    @router.get("/quiz/print")
    async def printed(request: Request) -> Response:
        typed = Typed.read(request.query_params)
        try:
            items = await _chosen(service, _query(PaperQuery, typed), typed)
        except _Refused as refused:
            return await form(request, refused.typed)
        root = way_up(request)
        laid_out = lay_out(items, service.assistant.knowledge, int(typed.seed))
        content = paper_html.questions(laid_out, heading="h1")
        page = pages.filled(
            root,
            laid_out.title,
            "quiz/print.html",
            _STYLE,
            paper=content,
            key=paper_html.key(laid_out),
            back=escape(f"{root}quiz?{typed.address}"),
        )
        return HTMLResponse(page)

    @router.get("/quiz/file")
    async def file(request: Request) -> Response:
        typed = Typed.read(request.query_params)
        try:
            query = _query(FileQuery, typed)
            await _chosen(service, query, typed)
        except _Refused as refused:
            return await form(request, refused.typed)
        made = await write(service, query)
        return Response(made.content, media_type=made.media_type, headers=made.headers)

    return router


def _query(model: type[Query], typed: Typed) -> Query:
    """What the form asks for. Raises _Refused where a field cannot be read."""
    given: dict[str, object] = {"n": typed.n, "seed": typed.seed, "scope": typed.scope, "kinds": typed.kinds}
    if model is FileQuery:
        given["form"] = typed.form
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _Refused(typed.wrong(str(error.errors()[0]["loc"][0]))) from error


async def _chosen(service: Service, query: PaperQuery, typed: Typed) -> tuple[Item, ...]:
    """The items. Raises _Refused where there are none or too few."""
    try:
        return await choose(service, query)
    except ApiError as error:
        if error.code == "no_such_scope":
            raise _Refused(typed.wrong("scope")) from error
        if error.code == "too_few_items":
            there = error.values["there"]
            raise _Refused(typed.wrong("few" if there else "none", there=there, count=query.n)) from error
        raise


def _fields(typed: Typed, knowledge: KnowledgeBase, counts: Counter[str]) -> dict[str, str]:
    """The form's fields as HTML."""
    return {
        "fault": paper_html.fault(typed.fault),
        "scopes": paper_html.scopes(knowledge, counts, typed.scope),
        "kinds": paper_html.kinds(typed.kinds),
        "n": paper_html.number("n", typed.n, MOST_ITEMS, wrong=typed.field == "n"),
        "seed": paper_html.number("seed", typed.seed, MOST_SEED, wrong=typed.field == "seed"),
    }
