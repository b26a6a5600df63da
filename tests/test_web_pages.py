"""The pages for reading: the whole notice, one clause with its marked words and its ways on; all without script."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio

from bot import replies
from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.web import create_app
from bot.channels.web.pages.html import Markup, tag
from bot.channels.web.pages.reading import marked_words, read_marks
from bot.config import AnswersConfig, WebConfig
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause
from tests.fakes import ScriptedSearcher, real_knowledge, scripted_assistant
from tests.web_client import app_with, client_of, error_of

TITLE = "关于解决形式主义突出问题为基层减负的通知"


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_with(scripted_assistant())) as client:
        yield client


def clause(reference: str) -> Clause:
    found = real_knowledge().find(reference)
    assert found is not None
    return found


def plain(page: str) -> str:
    return unescape(re.sub("<[^>]*>", "", page))


# --- the whole notice ---


async def test_the_notice_is_all_there_in_order(client: httpx.AsyncClient) -> None:
    for path in ("/notice", "/notice/jianfu-2019"):
        page = (await client.get(path)).text
        assert re.findall(r'id="clause-([\d.]+)"', page) == [one.id for one in real_knowledge()]
        words = plain(page)
        for one in real_knowledge():
            for line in one.display.split("｜"):
                assert line in words
        assert f"<title>{TITLE} · 减负问答</title>" in page


async def test_each_clause_of_the_notice_has_its_address(client: httpx.AsyncClient) -> None:
    above = (await client.get("/notice")).text
    below = (await client.get("/notice/jianfu-2019")).text
    assert re.findall(r'href="\./c/([\d.]+)"', above) == [one.id for one in real_knowledge()]
    assert re.findall(r'href="\.\./c/([\d.]+)"', below) == [one.id for one in real_knowledge()]
    assert '<a href="./c/2.2" class="marker">措施2</a>' in above
    assert '<a href="./c/0" class="marker">背景</a>' in above
    assert '<a href="./c/2">问题二：文山会海反弹回潮</a>' in above
    assert '<span class="method">解决方法：严格控制层层发文、层层开会</span>' in above


async def test_the_contents_lead_to_the_parts(client: httpx.AsyncClient) -> None:
    page = (await client.get("/notice")).text
    contents = page.split('<nav class="contents"')[1].split("</nav>")[0]
    assert re.findall(r'href="#clause-([\d.]+)"', contents) == ["0", "1", "2", "3", "4", "5"]
    assert "背景" in plain(contents)


async def test_other_notices_are_linked(client: httpx.AsyncClient) -> None:
    document = real_knowledge().documents[0]
    twin = replace(
        document, id="twin", title="另一份", clauses=tuple(replace(one, document="twin") for one in document.clauses)
    )
    assistant = Assistant(ScriptedSearcher(KnowledgeBase((document, twin))), AnswersConfig())
    async with client_of(app_with(assistant)) as both:
        page = (await both.get("/notice")).text
        other = await both.get("/notice/twin")
    assert '<a href="./notice/twin">《另一份》</a>' in page
    assert 'href="../c/twin:2.2"' in other.text
    assert "另一份" not in (await client.get("/notice")).text


async def test_no_such_notice_is_a_page(client: httpx.AsyncClient) -> None:
    response = await client.get("/notice/<b>x</b>")
    assert response.status_code == 404
    assert replies.API_ERRORS["not_found"] in response.text
    assert replies.API_ERRORS["no_such_document"] in (await client.get("/notice/x")).text


# --- one clause ---


async def test_the_answering_words_are_marked(client: httpx.AsyncClient) -> None:
    page = (await client.get("/c/2.2?mark=590-593")).text
    assert "<blockquote><p>中央印发的政策性文件原则上不超过<mark>10页</mark>，" in page
    assert page.count("<mark>10页</mark>") == page.count("<mark>") == 2  # in the quote and in its place


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("590-593", ((590, 593),)),
        ("600-602,590-593", ((590, 593), (600, 602))),
        ("590-593,592-600", ((590, 600),)),
        (" 574-608 ", ((574, 608),)),
        ("", ()),
        ("573-580", ()),
        ("600-609", ()),
        ("593-590,590-590", ()),
        ("-1-5,a-b,590,590-,1e3-2e3,５９０-５９３,<script>", ()),
        ("9" * 5000 + "-1", ()),
        ("x," * 100 + "590-593", ()),
    ],
)
def test_marks_are_read_and_odd_ones_ignored(text: str, marks: tuple[tuple[int, int], ...]) -> None:
    assert read_marks(text, clause("2.2")) == marks


@pytest.mark.parametrize("reference", [one.id for one in real_knowledge()])
def test_marking_changes_no_word(reference: str) -> None:
    found = clause(reference)
    middle = (found.start + found.end) // 2
    marks = ((found.start, found.start + 2), (middle, middle + 3))
    assert plain(marked_words(found, marks)) == found.display
    assert plain(marked_words(found, ())) == found.display
    assert re.findall("<mark>(.*?)</mark>", marked_words(found, marks))[0] == found.text[:2]


async def test_a_clause_leads_on(client: httpx.AsyncClient) -> None:
    page = (await client.get("/c/2.2")).text
    related = page.split('<nav class="related"')[1].split("</nav>")[0]
    assert re.findall(r'<a href="\.\./c/([\d.]+)">', related) == ["2.1", "2.3"]
    question = re.findall(r'<a href="\.\./\?q=([^"]+)" class="action">就这一条提问</a>', page)
    assert [unquote(one) for one in question] == ["第2.2条说的是几页吗"]


async def test_a_clause_without_questions_is_asked_about_by_its_label(monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = scripted_assistant()
    monkeypatch.setattr(assistant, "questions", lambda one: ())
    async with client_of(app_with(assistant)) as client:
        page = (await client.get("/c/2.2")).text
    (question,) = re.findall(r'\?q=([^"]+)"', page)
    assert unquote(question) == "《通知》问题二·措施2"


async def test_the_line_to_copy_names_its_source(client: httpx.AsyncClient) -> None:
    page = (await client.get("/c/2.2")).text
    (line,) = re.findall(r'<div class="copy-line" data-copy-text="([^"]*)">', page)
    (shown,) = re.findall(r"<textarea[^>]* readonly>([^<]*)</textarea>", page)
    assert line == shown == f"{clause('2.2').text}——《{TITLE}》问题二·措施2（中央办公厅，2019年）"


async def test_pages_of_reading_load_nothing_inline_and_nothing_foreign(client: httpx.AsyncClient) -> None:
    for path in ("/notice", "/notice/jianfu-2019", "/c/2.2?mark=590-593", "/verify", "/verify/x", "/embed/example"):
        page = (await client.get(path)).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
        assert not re.search(r'<[^<>]*\s(?:src|href|action)="(?:https?:)?//', page)
        (version,) = set(re.findall(r"assets/([0-9a-f]{12})/", page))
        assert (await client.get(f"/assets/{version}/style.css")).headers["cache-control"].endswith("immutable")


async def test_the_chat_page_takes_a_question_from_its_address_alone(client: httpx.AsyncClient) -> None:
    page = await client.get("/", params={"q": "<script>alert(1)</script>"})
    assert page.text == (await client.get("/")).text


async def test_while_loading_the_notice_waits_as_a_page() -> None:
    app = create_app(BackgroundAssistant(lambda progress: scripted_assistant()), WebConfig(), max_question_characters=9)
    async with client_of(app) as client:
        page = await client.get("/notice")
        machine = await client.get("/api/v1/receipts/x")
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert '<meta http-equiv="refresh"' in page.text
    assert error_of(machine) == (503, "loading")


def test_tags_escape_what_is_no_markup() -> None:
    made = tag("a", "<b>", Markup("<i></i>"), href='"&', data_copy_text="x", class_="y")
    assert made == '<a href="&quot;&amp;" data-copy-text="x" class="y">&lt;b&gt;<i></i></a>'
