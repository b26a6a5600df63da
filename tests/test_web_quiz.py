"""Papers from the web: items as JSON, files to download that open, a paper to print, and what is said of a bad wish."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio
from docx import Document

from bot.assistant import Assistant
from bot.channels.web.core import papers
from bot.config import AnswersConfig
from bot.quiz import bank, words
from bot.quiz.item import KINDS, Item
from bot.quiz.layout import answer
from bot.quiz.paper import NoSuchPaper, select
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge
from tests.fakes import ScriptedSearcher, real_knowledge, scripted_assistant
from tests.notices import write_notice
from tests.web_client import app_with, client_of, error_of


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_with(scripted_assistant(), questions_per_minute=0)) as client:
        yield client


def plain(page: str) -> str:
    return unescape(re.sub("<[^>]*>", "", page))


def chosen(count: int = 20, seed: int = 1, scope: str | None = None, kinds: tuple[str, ...] = ()) -> tuple[Item, ...]:
    return select(real_knowledge(), count, seed, scope, kinds)


# --- the API ---


async def test_items_are_those_of_the_command(client: httpx.AsyncClient) -> None:
    given = (await client.get("/api/v1/quiz?n=7&seed=3&scope=2&kinds=term&kinds=truefalse")).json()
    assert (given["knowledge_version"], given["seed"]) == (real_knowledge().version, 3)
    expected = chosen(7, 3, "2", ("term", "truefalse"))
    assert [item["id"] for item in given["items"]] == [item.id for item in expected]
    for item, one in zip(given["items"], expected, strict=True):
        assert item["key"] == list(one.key)
        assert item["citation"]["quote"] == one.citation.quote
        assert item["label"] == one.citation.label


async def test_defaults(client: httpx.AsyncClient) -> None:
    given = (await client.get("/api/v1/quiz")).json()
    assert [item["id"] for item in given["items"]] == [item.id for item in chosen()]


@pytest.mark.parametrize(
    ("query", "status", "code", "said"),
    [
        ("n=0", 422, "invalid_request", "n 太小"),
        ("n=201", 422, "invalid_request", "n 太大"),
        ("n=many", 422, "invalid_request", "n 的格式不对"),
        ("seed=-1", 422, "invalid_request", "seed 太小"),
        ("kinds=essay", 422, "invalid_request", "kinds.0 只能是规定的几个词之一"),
        ("colour=red", 422, "invalid_request", "不认识 colour"),
        ("scope=9.9", 422, "no_such_scope", "没有“9.9”这个范围。可用条款编号"),
        ("scope=2.3&n=100", 422, "too_few_items", "要 100 道题，可是这个范围和题型里只有 15 道"),
    ],
)
async def test_a_bad_wish_is_an_error(client: httpx.AsyncClient, query: str, status: int, code: str, said: str) -> None:
    for path in ("/api/v1/quiz?", "/api/v1/quiz/file?form=csv&"):
        response = await client.get(path + query)
        assert error_of(response) == (status, code)
        assert said in response.json()["error"]["message"]
    assert error_of(await client.get("/api/v1/quiz/file?form=odt")) == (422, "invalid_request")
    assert "缺少 form" in (await client.get("/api/v1/quiz/file")).json()["error"]["message"]


async def test_papers_are_counted_like_questions() -> None:
    paths = (
        "/api/v1/quiz?n=1",
        "/quiz?n=1",
        "/quiz/file?form=csv&n=1",
        "/api/v1/quiz/file?form=csv&n=1",
        "/quiz/print?n=1",
    )
    async with client_of(app_with(scripted_assistant(), questions_per_minute=len(paths))) as client:
        assert [(await client.get(path)).status_code for path in paths] == [200] * len(paths)
        assert error_of(await client.get("/api/v1/quiz?n=1")) == (429, "too_many_requests")
        assert "请过" in plain((await client.get("/quiz/file?form=csv&n=1")).text)


async def test_keys_are_asked_for_where_they_are_required() -> None:
    app = app_with(scripted_assistant(), api_keys=["key-0123456789-a"], require_api_key=True)
    async with client_of(app) as client:
        assert error_of(await client.get("/api/v1/quiz")) == (401, "api_key_required")
        assert (await client.get("/quiz/file?form=csv&n=1")).status_code == 200  # a page's form shows no key


# --- files ---


def disposition(response: httpx.Response) -> str:
    """The name that a browser gives to the file."""
    given = response.headers["content-disposition"]
    return unquote(re.fullmatch(r"attachment; filename=\"[!-~]+\"; filename\*=UTF-8''([!-~]+)", given)[1])  # type: ignore[index]


@pytest.mark.parametrize("path", ["/quiz/file", "/api/v1/quiz/file"])
async def test_word(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(f"{path}?form=docx&scope=2&n=12&seed=4")
    assert response.headers["content-type"].endswith("wordprocessingml.document")
    assert disposition(response) == "通知练习题_问题二_12题_第4套.docx"
    lines = [paragraph.text for paragraph in Document(io.BytesIO(response.content)).paragraphs]
    key = lines.index(words.KEY)
    for number, item in enumerate(chosen(12, 4, "2"), 1):
        assert f"{number}．{item.stem}" in lines[:key]
        assert any(line.startswith(f"{number}．{answer(item)}") for line in lines[key:])


async def test_pdf(client: httpx.AsyncClient) -> None:
    response = await client.get("/quiz/file?form=pdf&scope=2.2&n=3")
    assert response.headers["content-type"] == "application/pdf"
    assert disposition(response) == "通知练习题_问题二·措施2_3题_第1套.pdf"
    assert response.content.startswith(b"%PDF-")
    assert len(re.findall(rb"/FontFile[23]? ", response.content)) == 2
    assert len(re.findall(rb"/Type /Page\b", response.content)) == 2  # the key has a page of its own


async def test_csv_and_anki(client: httpx.AsyncClient) -> None:
    table = await client.get("/quiz/file?form=csv&n=5&seed=2")
    assert disposition(table) == "通知练习题_5题_第2套.csv"
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [row["编号"] for row in rows] == [item.id for item in chosen(5, 2)]
    notes = await client.get("/quiz/file?form=anki&n=5&seed=2")
    assert disposition(notes) == "通知练习题_5题_第2套.txt"
    lines = notes.content.decode().splitlines()
    assert lines[0] == "#separator:tab"
    assert [line.split("\t")[0] for line in lines if not line.startswith("#")] == [item.id for item in chosen(5, 2)]


async def test_an_installation_without_fonts_says_so(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise NoSuchPaper(words.NO_FONT)

    monkeypatch.setattr(papers, "WRITERS", {**papers.WRITERS, ".pdf": fail})
    response = await client.get("/api/v1/quiz/file?form=pdf&n=1")
    assert error_of(response) == (500, "no_paper")
    assert "pylopdf-fonts-zh-cn" in response.json()["error"]["message"]
    assert "pylopdf-fonts-zh-cn" in plain((await client.get("/quiz/file?form=pdf&n=1")).text)


async def test_questions_are_answered_while_a_file_is_written(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(path: Any, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(asked.wait(), loop).result(30)
        path.write_bytes(b"done")

    monkeypatch.setattr(papers, "WRITERS", {**papers.WRITERS, ".pdf": slow})
    waiting = asyncio.create_task(client.get("/quiz/file?form=pdf&n=1"))
    await asyncio.sleep(0)
    answered = await client.post("/api/v1/ask", json={"question": "几页"})
    assert answered.json()["outcome"] == "answer"
    assert not waiting.done()
    asked.set()
    assert (await waiting).content == b"done"


# --- the page ---


async def test_the_page_shows_the_items_and_never_the_key(client: httpx.AsyncClient) -> None:
    page = (await client.get("/quiz?n=9&seed=5&scope=3")).text
    shown = plain(page)
    for number, item in enumerate(chosen(9, 5, "3"), 1):
        assert f"{number}．{item.stem}" in shown
        assert item.explanation not in shown
    assert words.KEY not in shown
    assert '<option value="3" selected="">问题三：' in page
    assert 'name="n" value="9"' in page
    assert 'name="seed" value="5"' in page


async def test_every_scope_offered_has_as_many_items_as_it_says(client: httpx.AsyncClient) -> None:
    offered = re.findall(r'<option value="([^"]*)"[^>]*>[^<]*（(\d+) 题）', (await client.get("/quiz")).text)
    assert [value for value, _ in offered] == ["", "0", "1", "2", "3", "4", "5"]
    everything = bank.make_items(real_knowledge())
    for value, count in offered:
        assert int(count) == sum(
            item.clause == value or item.clause.startswith(f"{value}.") or not value for item in everything
        )


async def test_a_measure_may_be_the_scope(client: httpx.AsyncClient) -> None:
    page = (await client.get("/quiz?n=3&scope=2.3")).text
    assert '<option value="2.3" selected="">问题二·措施3（15 题）</option>' in page


async def test_another_set_keeps_the_rest(client: httpx.AsyncClient) -> None:
    response = await client.get("/quiz?n=9&seed=5&scope=3&kinds=term&kinds=who&again=1")
    assert response.status_code == 303
    assert response.headers["location"] == "./quiz?scope=3&n=9&seed=6&kinds=term&kinds=who"
    last = await client.get("/quiz?n=1&seed=999999999&again=1")
    assert last.headers["location"] == "./quiz?scope=&n=1&seed=0"


async def test_the_kinds_that_were_chosen_stay_ticked(client: httpx.AsyncClient) -> None:
    page = (await client.get("/quiz?n=3&kinds=who")).text
    assert re.findall(r'name="kinds" value="(\w+)" checked', page) == ["who"]
    assert re.findall(r'name="kinds" value="(\w+)"', page) == list(KINDS)
    assert "一、谁负责（3 题）" in page


@pytest.mark.parametrize("path", ["/quiz", "/quiz/print", "/quiz/file"])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("n=0", "题数应为 1 到 200 的整数，现在是“0”。"),
        ("n=", "题数应为 1 到 200 的整数，现在是“”。"),
        ("n=二十", "题数应为 1 到 200 的整数，现在是“二十”。"),
        ("n=5000", "题数应为 1 到 200 的整数，现在是“5000”。"),
        ("seed=1.5", "套号应为 0 到 999999999 的整数，现在是“1.5”。"),
        ("scope=<b>9</b>", "没有“<b>9</b>”这个范围，请在列表里选一个。"),
        ("scope=" + "9" * 500, "没有“" + "9" * 60 + "”这个范围，请在列表里选一个。"),
        ("kinds=essay", "没有“essay”这种题型，请在下面重新选。"),
        ("scope=2.3&n=16", "这个范围和题型里只有 15 道题，不够 16 道；请把题数改为 15 以内，或放宽范围、题型。"),
        ("scope=5&kinds=number", "这个范围里没有所选题型的题，请放宽范围或题型。"),
    ],
)  # fmt: skip
async def test_a_bad_wish_is_said_in_the_form(client: httpx.AsyncClient, path: str, query: str, said: str) -> None:
    response = await client.get(f"{path}?form=csv&{query}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    (fault,) = re.findall(r'<p id="fault"[^>]*>(.*?)</p>', response.text)
    assert unescape(fault) == said
    assert "<b>" not in response.text
    assert 'class="questions"' not in response.text


async def test_a_file_of_no_known_form(client: httpx.AsyncClient) -> None:
    for query in ("form=odt", ""):
        response = await client.get(f"/quiz/file?{query}")
        assert response.status_code == 422
        assert "请用下面的按钮下载" in response.text


async def test_the_paper_to_print_has_its_key_apart(client: httpx.AsyncClient) -> None:
    page = (await client.get("/quiz/print?n=8&seed=2&scope=4")).text
    paper, key = page.split('<section class="paper-key">')
    for number, item in enumerate(chosen(8, 2, "4"), 1):
        assert f"{number}．{item.stem}" in plain(paper)
        assert item.explanation not in plain(paper)
        assert f"{number}．{answer(item)}" in plain(key)
        assert item.explanation in plain(key)
    assert "data-print" in paper
    assert 'href="../quiz?scope=4&amp;n=8&amp;seed=2"' in page
    assert "<title>《通知》练习题 · 减负问答</title>" in page


async def test_two_notices_stand_in_groups(tmp_path: Path) -> None:
    write_notice(tmp_path)
    knowledge = KnowledgeBase((*real_knowledge().documents, *load_knowledge(tmp_path).documents))
    assistant = Assistant(ScriptedSearcher(knowledge), AnswersConfig())
    async with client_of(app_with(assistant)) as client:
        page = (await client.get("/quiz?n=1")).text
    for document in knowledge.documents:
        assert f'<optgroup label="{document.title}">' in page
        assert f'<option value="{document.id}">《{document.short_title}》全文（' in page


async def test_the_way_to_it(client: httpx.AsyncClient) -> None:
    assert '<a href="./quiz">出一份题</a>' in (await client.get("/")).text
