"""The web app at ASGI level: contract, errors, headers, states, concurrency; and the server's start and end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bot import replies
from bot.answer import Answer
from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.web import create_app, server
from bot.channels.web.api.models import AnswerBody
from bot.channels.web.border import border
from bot.channels.web.border.headers import SECURITY_HEADERS
from bot.channels.web.core.errors import ApiError
from bot.channels.web.core.threads import Threads
from bot.config import AnswersConfig, WebConfig
from index.builtin_model import Progress
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError
from tests.fakes import ROOT, ScriptedSearcher, real_knowledge, scripted_assistant
from tests.web_client import LIMIT, app_with, ask, client_of, error_of

HOSTILE = "<script>alert(1)</script>&\"'"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_with(scripted_assistant())) as client:
        yield client


# --- what is answered ---


async def test_answer_cites_the_clause_word_for_word(client: httpx.AsyncClient) -> None:
    response = await ask(client, "一个文件最多几页")
    content = response.json()
    quote = "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。"
    assert response.status_code == 200
    assert content["outcome"] == "answer"
    assert content["lead"] == "《通知》问题二·措施2写明："
    assert content["answer"] == f"《通知》问题二·措施2写明：\n“{quote}”"
    assert content["confidence"] == 0.97
    assert content["citations"] == [
        {
            "document": "jianfu-2019",
            "clause": "2.2",
            "label": "《通知》问题二·措施2",
            "quote": quote,
            "start": 574,
            "end": 608,
            "spans": [[590, 593]],
        }
    ]
    assert content["remark"] == ""
    assert content["options"] == content["related"] == []
    assert content["mode"] == "full"
    assert content["knowledge_version"] == real_knowledge().version


async def test_whole_problem_cites_the_heading_and_its_nine_measures(client: httpx.AsyncClient) -> None:
    citations = (await ask(client, "问题二有哪些措施")).json()["citations"]
    assert [citation["clause"] for citation in citations] == ["2", *(f"2.{i}" for i in range(1, 10))]


async def test_tie_is_offered_as_options(client: httpx.AsyncClient) -> None:
    content = (await ask(client, "开会有什么要求")).json()
    assert content["outcome"] == "clarify"
    assert content["options"] == ["2.5", "2.6"]
    assert content["lead"] == replies.CLARIFY
    assert content["citations"] == content["related"] == []


async def test_what_the_notice_does_not_say_is_declined(client: httpx.AsyncClient) -> None:
    near = (await ask(client, "密级怎么定")).json()
    far = (await ask(client, "今天天气")).json()
    assert (near["outcome"], near["related"], near["citations"]) == ("decline", ["2.4"], [])
    assert (far["outcome"], far["related"], far["citations"]) == ("decline", [], [])
    assert far["lead"] == "《通知》没有写到这个问题，不能替它回答。"


async def test_greeting_is_chat(client: httpx.AsyncClient) -> None:
    content = (await ask(client, "你好")).json()
    assert content["outcome"] == "chat"
    assert content["answer"].endswith(replies.WHAT_CAN_BE_ASKED)


async def test_the_object_is_exactly_to_json(monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = scripted_assistant()
    given: list[Answer] = []
    original = assistant.ask

    def remember(question: str, history: Any = ()) -> Answer:
        given.append(original(question, history))
        return given[-1]

    monkeypatch.setattr(assistant, "ask", remember)
    async with client_of(app_with(assistant)) as client:
        for question in ("几页", "开会", "密级", "你好"):
            content = (await ask(client, question)).json()
            assert content == json.loads(json.dumps(given[-1].to_json()))
            assert AnswerBody.model_validate(content, strict=True).model_dump() == content
            assert set(content) == set(AnswerBody.model_fields)


async def test_history_reaches_the_assistant_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = scripted_assistant()
    seen: list[tuple[str, list[str]]] = []
    original = assistant.ask

    def spy(question: str, history: Any = ()) -> Answer:
        seen.append((question, list(history)))
        return original(question)

    monkeypatch.setattr(assistant, "ask", spy)
    async with client_of(app_with(assistant)) as client:
        await ask(client, "  那会议呢 ", history=["一个文件最多几页", "\u0000", "谁牵头"])
    assert seen == [("那会议呢", ["一个文件最多几页", "谁牵头"])]


@pytest.mark.fault(18)
@pytest.mark.parametrize(
    ("raw", "searched"),
    [
        (r"几页\u0000呢", "几页 呢"),
        (r"几页\ud800", "几页"),
        (r"几页\u001b[31m", "几页 [31m"),
        (r"几页\n呢", "几页\n呢"),
    ],
)
async def test_control_characters_and_lone_surrogates_are_cleaned(raw: str, searched: str) -> None:
    searcher = ScriptedSearcher()
    async with client_of(app_with(Assistant(searcher, AnswersConfig()))) as client:
        body = f'{{"question": "{raw}"}}'
        response = await client.post("/api/v1/ask", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200
    assert response.json()["citations"][0]["clause"] == "2.2"
    assert searcher.queries == [searched]


async def test_longest_question_and_history_are_taken(client: httpx.AsyncClient) -> None:
    response = await ask(client, "页" * LIMIT, history=["问" * LIMIT] * 10 + ["问"] * 40)
    assert response.status_code == 200


# --- errors ---

_JSON = "application/json"


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        (b"{", _JSON, (400, "invalid_json")),
        (b"\xff\xfe{}", _JSON, (400, "invalid_json")),
        (b'{"question": "\xff"}', _JSON, (400, "invalid_json")),
        (b"[" * 20000, _JSON, (400, "invalid_json")),
        (b"", _JSON, (422, "invalid_request")),
        (b"[]", _JSON, (422, "invalid_request")),
        (b"null", _JSON, (422, "invalid_request")),
        (b"{}", _JSON, (422, "invalid_request")),
        (b'{"question": 1}', _JSON, (422, "invalid_request")),
        (b'{"question": null}', _JSON, (422, "invalid_request")),
        (b'{"question": "a", "history": "b"}', _JSON, (422, "invalid_request")),
        (b'{"question": "a", "history": [1]}', _JSON, (422, "invalid_request")),
        (b'{"question": "a", "extra": 1}', _JSON, (422, "invalid_request")),
        (b'{"question": "a", "\\ud800": 1}', _JSON, (422, "invalid_request")),
        (b'{"question": ""}', _JSON, (422, "empty_question")),
        (b'{"question": " \\u0000\\ud800\\n "}', _JSON, (422, "empty_question")),
        (b'{"question": "a"}', "text/plain", (415, "unsupported_media_type")),
        (b'{"question": "a"}', "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        (b'{"question": "a"}', "", (415, "unsupported_media_type")),
    ],
)
async def test_bad_bodies(
    client: httpx.AsyncClient, content: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    assert error_of(await client.post("/api/v1/ask", content=content, headers=headers)) == expected


async def test_json_with_a_charset_is_json(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    response = await client.post("/api/v1/ask", content='{"question": "几页"}'.encode(), headers=headers)
    assert response.json()["outcome"] == "answer"


async def test_messages_name_what_is_wrong_and_never_the_value(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/ask", json={"history": "秘密", "extra": "秘密"})
    message = response.json()["error"]["message"]
    assert "缺少 question" in message
    assert "history 应为列表" in message
    assert "不认识 extra" in message
    assert "秘密" not in message


async def test_too_long_questions_and_histories(client: httpx.AsyncClient) -> None:
    long = await ask(client, "页" * (LIMIT + 1))
    assert error_of(long) == (422, "question_too_long")
    assert long.json()["error"]["message"] == replies.TOO_LONG.format(length=LIMIT + 1, limit=LIMIT)
    assert error_of(await ask(client, "页", history=["问" * (LIMIT + 1)])) == (422, "history_too_long")
    many = await ask(client, "页", history=["问"] * 51)
    assert error_of(many) == (422, "invalid_request")
    assert "history 最多 50 项" in many.json()["error"]["message"]


@pytest.mark.fault(9, 22)
async def test_body_over_the_limit_with_and_without_content_length() -> None:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 1000

    async with client_of(app_with(scripted_assistant(), max_body_bytes=2048)) as client:
        headers = {"content-type": "application/json"}
        declared = await client.post("/api/v1/ask", content=b" " * 2049, headers=headers)
        streamed = await client.post("/api/v1/ask", content=pieces(), headers=headers)
        fits = await client.post("/api/v1/ask", content='{"question":"几页"}'.encode().ljust(2048), headers=headers)
    assert error_of(declared) == (413, "body_too_large")
    assert error_of(streamed) == (413, "body_too_large")
    assert sent <= 4  # reading stopped at the limit
    assert fits.status_code == 200


@pytest.mark.fault(22)
async def test_body_that_never_arrives_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(border, "BODY_SECONDS", 0.05)
    app = app_with(scripted_assistant())
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError("unreachable")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/ask",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"20")],
    }
    await asyncio.wait_for(app(scope, receive, send), 5)
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["error"]["code"] == "body_timeout"


async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    assert error_of(await client.get("/nowhere")) == (404, "not_found")
    assert error_of(await client.get("/api/v1/nowhere", headers={"accept": "text/html"})) == (404, "not_found")
    assert error_of(await client.get("/healthz/")) == (404, "not_found")
    assert error_of(await client.get("/assets/x/../web.py")) == (404, "not_found")
    assert error_of(await client.get("/assets/x/index.html")) == (404, "not_found")
    wrong = await client.get("/api/v1/ask")
    assert error_of(wrong) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"
    assert error_of(await client.delete("/healthz")) == (405, "method_not_allowed")


async def test_unknown_path_is_a_page_for_a_browser(client: httpx.AsyncClient) -> None:
    response = await client.get("/deep/down", headers={"accept": "text/html,*/*"})
    assert response.status_code == 404
    assert replies.API_ERRORS["not_found"] in response.text
    assert 'href="../assets/' in response.text


@pytest.mark.fault(23)
async def test_failure_inside_shows_no_trace_and_logs_no_question(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assistant = scripted_assistant()

    def fail(question: str, history: Any = ()) -> Answer:
        raise ValueError(f"cannot handle {question}")

    monkeypatch.setattr(assistant, "ask", fail)
    with caplog.at_level(logging.DEBUG):
        async with client_of(app_with(assistant)) as client:
            response = await ask(client, "很私密的问题")
    assert error_of(response) == (500, "internal")
    assert response.json()["error"]["message"] == replies.INTERNAL_ERROR
    assert "ValueError" not in response.text
    records = [record for record in caplog.records if record.name == "bot.channels.web.border.border"]
    assert len(records) == 1
    assert "ValueError" in records[0].getMessage()
    assert "test_web.py" in records[0].getMessage()  # the frames are there
    assert "很私密的问题" not in caplog.text


async def test_unproved_quote_is_not_sent() -> None:
    knowledge = real_knowledge()
    document = knowledge.documents[0]
    torn = tuple(replace(c, text=c.text + "假") if c.id == "2.2" else c for c in document.clauses)
    forged = KnowledgeBase((replace(document, clauses=torn),))
    async with client_of(app_with(Assistant(ScriptedSearcher(forged), AnswersConfig()))) as client:
        assert error_of(await ask(client, "几页")) == (500, "internal")


# --- headers, files, pages ---


async def test_security_headers_on_every_response(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    assets = re.findall(r'(?:href|src)="\./(assets/[^"#]+)', page)
    assert len(assets) >= 5
    responses = [await client.get(f"/{path}") for path in ["", "docs", "c/2.2", "c/no", "healthz", "nowhere", *assets]]
    responses += [
        await ask(client, "几页"),
        await ask(client, ""),
        await client.post("/api/v1/ask", content=b"x" * 70000),
    ]
    assert {response.status_code for response in responses} == {200, 404, 413, 422}
    for response in responses:
        for name, value in SECURITY_HEADERS.items():
            assert response.headers[name] == value
    assert "unsafe" not in SECURITY_HEADERS["Content-Security-Policy"]


async def test_security_headers_on_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = scripted_assistant()
    monkeypatch.setattr(assistant, "ask", lambda *a: 1 / 0)
    async with client_of(app_with(assistant)) as client:
        response = await ask(client, "几页")
    assert response.status_code == 500
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in response.headers["content-security-policy"]


async def test_assets_are_cached_by_version_and_tag(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    version = re.findall(r"assets/([0-9a-f]{12})/style\.css", page.text)[0]
    now = await client.get(f"/assets/{version}/style.css")
    old = await client.get("/assets/000000000000/style.css")
    again = await client.get(f"/assets/{version}/style.css", headers={"if-none-match": now.headers["etag"]})
    assert now.headers["content-type"] == "text/css; charset=utf-8"
    assert now.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert old.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert (await ask(client, "几页")).headers["cache-control"] == "no-store"


async def test_page_is_light_and_has_nothing_inline_or_foreign(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    folder = ROOT / "bot" / "channels" / "web" / "assets"
    served = [path for path in folder.iterdir() if path.suffix in (".css", ".js", ".svg")]
    assert sum(path.stat().st_size for path in served) + len(page.encode()) <= 150 * 1024
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    for text in [page, *(path.read_text("utf8") for path in served)]:
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
        assert ".innerHTML" not in text
    for example in replies.EXAMPLES:
        assert f">{example}</button>" in page
    assert f'data-max-question-characters="{LIMIT}"' in page


async def test_clause_page_reads_without_script(client: httpx.AsyncClient) -> None:
    response = await client.get("/c/2.2")
    text = response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<blockquote><p>中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。</p>" in text
    assert '<p id="clause-2.2" class="notice-clause marked">' in text
    assert text.count(' class="notice-clause"') == 35
    assert '<a href="./2.1" rel="prev" class="previous">' in text
    assert '<a href="./2.3" rel="next" class="next">' in text
    assert "<li>问题二：文山会海反弹回潮</li>" in text
    assert (await client.get("/c/0")).text.count('rel="prev"') == 0
    assert (await client.get("/c/jianfu-2019:2.2")).status_code == 200


async def test_unknown_clause_is_a_chinese_page(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/c/{HOSTILE.replace('/', '')}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "没有编号为" in response.text
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;alert(1)" in response.text


@pytest.mark.fault(19)
async def test_hostile_knowledge_is_escaped() -> None:
    document = real_knowledge().documents[0]
    source = HOSTILE + document.source[len(HOSTILE) :]
    first = replace(document.clauses[0], text=HOSTILE, start=0, end=len(HOSTILE), label=f"《通知》{HOSTILE}")
    hostile = replace(document, source=source, title=HOSTILE, clauses=(first, *document.clauses[1:]))
    assistant = Assistant(ScriptedSearcher(KnowledgeBase((hostile,))), AnswersConfig())
    async with client_of(app_with(assistant)) as client:
        page = (await client.get("/c/0")).text
        clause = (await client.get("/api/v1/clauses/0")).json()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27;") >= 4
    assert clause["text"] == HOSTILE


async def test_head_answers_like_get_without_a_body(client: httpx.AsyncClient) -> None:
    for path in ("/", "/healthz", "/c/2.2"):
        response = await client.head(path)
        assert (response.status_code, response.content) == (200, b"")


async def test_works_below_a_prefix() -> None:
    async with client_of(app_with(scripted_assistant()), root_path="/jianfu") as client:
        page = await client.get("/jianfu/")
        clause = await client.get("/jianfu/c/2.2")
        openapi = (await client.get("/jianfu/openapi.json")).json()
        answer = await client.post("/jianfu/api/v1/ask", json={"question": "几页"})
    assert 'href="./assets/' in page.text
    assert 'href="../assets/' in clause.text
    assert openapi["servers"] == [{"url": "/jianfu"}]
    assert answer.json()["outcome"] == "answer"


# --- reading ---


async def test_documents_hold_all_clauses_in_order(client: httpx.AsyncClient) -> None:
    content = (await client.get("/api/v1/documents")).json()
    (document,) = content["documents"]
    assert content["knowledge_version"] == real_knowledge().version
    assert document["title"] == "关于解决形式主义突出问题为基层减负的通知"
    assert [clause["reference"] for clause in document["clauses"]] == [clause.id for clause in real_knowledge()]
    assert document["clauses"][6] == {
        "reference": "2",
        "document": "jianfu-2019",
        "document_title": "关于解决形式主义突出问题为基层减负的通知",
        "id": "2",
        "kind": "problem",
        "parent": None,
        "label": "《通知》问题二",
        "text": "问题二：文山会海反弹回潮｜解决方法：严格控制层层发文、层层开会",
    }


async def test_one_clause_with_its_neighbours(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/v1/clauses/2.9")).json()
    assert (found["parent"], found["previous"], found["next"]) == ("2", "2.8", "3")
    assert (await client.get("/api/v1/clauses/0")).json()["previous"] is None
    assert (await client.get("/api/v1/clauses/5.3")).json()["next"] is None
    missing = await client.get("/api/v1/clauses/9.9")
    assert error_of(missing) == (404, "no_such_clause")
    assert missing.json()["error"]["message"] == replies.NO_SUCH_CLAUSE.format(reference="9.9")


# --- description ---


async def test_openapi_describes_every_route_and_error(client: httpx.AsyncClient) -> None:
    openapi = (await client.get("/openapi.json")).json()
    assert set(openapi["paths"]) == {
        "/healthz",
        "/readyz",
        "/api/v1/ask",
        "/api/v1/documents",
        "/api/v1/clauses/{reference}",
        "/api/v1/quiz",
        "/api/v1/quiz/file",
        "/api/v1/rooms",
        "/api/v1/rooms/{code}",
        "/api/v1/rooms/{code}/invitation",
        "/api/v1/rooms/{code}/control",
        "/api/v1/rooms/{code}/screen",
        "/api/v1/rooms/{code}/events",
        "/api/v1/rooms/{code}/report",
        "/api/v1/rooms/{code}/files/{name}",
        "/api/v1/rooms/{code}/key",
        "/api/v1/rooms/{code}/actions",
        "/api/v1/rooms/{code}/seat",
        "/api/v1/rooms/{code}/answers",
        "/api/v1/study",
        "/api/v1/study/tasks/{item}",
        "/api/v1/study/start",
        "/api/v1/study/answers",
        "/api/v1/study/forget",
        "/api/v1/feedback",
        "/api/v1/receipts/{code}",
    }
    responses = openapi["paths"]["/api/v1/ask"]["post"]["responses"]
    assert set(responses) == {"200", "400", "401", "408", "413", "415", "422", "429", "500", "503"}
    assert responses["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/AnswerBody")
    assert responses["422"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorBody")
    assert "HTTPValidationError" not in openapi["components"]["schemas"]
    assert openapi["components"]["schemas"]["AskRequest"]["examples"] == [
        {"question": "那会议呢", "history": ["一个文件最多几页"]}
    ]


async def test_examples_in_the_description_are_true(client: httpx.AsyncClient) -> None:
    openapi = (await client.get("/openapi.json")).json()
    example = openapi["components"]["schemas"]["AnswerBody"]["examples"][0]
    given = (await ask(client, "一个文件最多几页")).json()
    unstable = {"knowledge_version", "elapsed_ms"}
    # FastAPI leaves null out of the examples it publishes.
    stable = {key: value for key, value in given.items() if key not in unstable and value is not None}
    assert {key: value for key, value in example.items() if key not in unstable} == stable


async def test_reference_page_names_every_route_without_script_of_others(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    for line in ("GET /healthz", "GET /readyz", "POST /api/v1/ask", "GET /api/v1/clauses/{reference}"):
        assert f"<code>{line}</code>" in page
    assert 'id="object-AnswerBody"' in page
    assert re.findall(r"<script[^>]*>", page) == re.findall(r'<script src="\./assets/[0-9a-f]+/theme\.js">', page)


# --- loading, failing, many at once ---


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


async def test_loading_then_ready(gate: threading.Event) -> None:
    begun = threading.Event()

    def build(progress: Progress) -> Assistant:
        progress("编码条款", 0.25)
        begun.set()
        gate.wait(10)
        return scripted_assistant()

    background = BackgroundAssistant(build)
    background.start()
    assert begun.wait(5)
    app = create_app(background, WebConfig(), max_question_characters=LIMIT)
    async with client_of(app) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/")).status_code == 200
        loading = await client.get("/readyz")
        assert loading.status_code == 503
        assert loading.headers["retry-after"] == "2"
        assert loading.json() == {
            "status": "loading",
            "stage": "编码条款",
            "fraction": 0.25,
            "message": "还在准备（编码条款），请稍等片刻再问。",
        }
        for response in (await ask(client, "几页"), await client.get("/api/v1/documents")):
            assert error_of(response) == (503, "loading")
            assert "编码条款" in response.json()["error"]["message"]
            assert response.headers["retry-after"] == "2"
        page = await client.get("/c/2.2")
        assert (page.status_code, page.headers["retry-after"]) == (503, "2")
        assert '<meta http-equiv="refresh"' in page.text
        gate.set()
        assert background.wait(5)
        assert (await client.get("/readyz")).json() == {
            "status": "ready",
            "mode": "full",
            "knowledge_version": real_knowledge().version,
            "problem": None,
        }
        assert (await ask(client, "几页")).status_code == 200


async def test_failed_start_says_so() -> None:
    def build(progress: Progress) -> Assistant:
        raise JianfuError("知识库第 3 行有误")

    background = BackgroundAssistant(build)
    background.start()
    assert background.wait(5)
    async with client_of(create_app(background, WebConfig(), max_question_characters=LIMIT)) as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "failed")
        assert ready.json()["message"] == "启动失败：知识库第 3 行有误"
        assert error_of(await ask(client, "几页")) == (503, "failed")
        assert (await client.get("/healthz")).status_code == 200


async def test_lexical_mode_is_reported() -> None:
    async with client_of(app_with(scripted_assistant(mode="lexical"))) as client:
        assert (await client.get("/readyz")).json()["mode"] == "lexical"
        assert (await ask(client, "几页")).json()["mode"] == "lexical"


class CountingSearcher(ScriptedSearcher):
    """Knows how many searches ran at the same time."""

    def __init__(self) -> None:
        super().__init__(delay=0.1)
        self.lock = threading.Lock()
        self.running = self.most = 0

    def search(self, query: str) -> Any:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            return super().search(query)
        finally:
            with self.lock:
                self.running -= 1


async def test_health_stays_quick_while_bounded_questions_run() -> None:
    searcher = CountingSearcher()
    app = app_with(Assistant(searcher, AnswersConfig()), concurrent_questions=2)
    async with client_of(app) as client:
        asked = [asyncio.create_task(ask(client, f"几页{i}")) for i in range(8)]
        await asyncio.sleep(0.05)
        started = time.perf_counter()
        assert (await client.get("/healthz")).status_code == 200
        assert time.perf_counter() - started < 0.1
        assert not any(task.done() for task in asked[2:])
        assert {response.status_code for response in await asyncio.gather(*asked)} == {200}
    assert searcher.most == 2


@pytest.mark.fault(22)
async def test_too_many_waiting_questions_are_turned_away() -> None:
    threads = Threads("test", threads=1, waiting=1)
    assistant = scripted_assistant(delay=0.2)

    def call() -> Answer:
        return assistant.ask("几页")

    asked = [asyncio.create_task(threads.run(call)) for _ in range(2)]
    await asyncio.sleep(0.05)
    with pytest.raises(ApiError) as caught:
        await threads.run(call)
    assert (caught.value.status, caught.value.code, caught.value.headers["Retry-After"]) == (503, "busy", "2")
    assert [answer.outcome for answer in await asyncio.gather(*asked)] == ["answer", "answer"]
    assert (await threads.run(call)).outcome == "answer"
    threads.close()


# --- the server ---


async def test_serve_answers_and_stops_on_the_event() -> None:
    stop = asyncio.Event()
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = app_with(scripted_assistant())
    running = asyncio.create_task(server.serve(app, "127.0.0.1", 0, started.set_result, stop))
    url = await asyncio.wait_for(started, 5)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answer = await client.post("api/v1/ask", json={"question": "几页"})
        too_large = await client.post("api/v1/ask", content=b"x" * 100_000)
        head = await client.head("/")
    assert answer.json()["citations"][0]["clause"] == "2.2"
    assert "server" not in answer.headers
    assert too_large.status_code == 413
    assert (head.status_code, head.content) == (200, b"")
    stop.set()
    await asyncio.wait_for(running, 5)
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            await client.get("/")


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[str]:
    stop = asyncio.Event()
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = app_with(scripted_assistant())
    running = asyncio.create_task(server.serve(app, "127.0.0.1", 0, started.set_result, stop))
    yield await asyncio.wait_for(started, 5)
    stop.set()
    await asyncio.wait_for(running, 10)


@pytest.mark.fault(22)
async def test_a_connection_too_many_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 1)
    async with listening() as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as first:
            assert (await ask(first, "几页")).status_code == 200  # and the connection stays open
            async with httpx.AsyncClient(base_url=url, trust_env=False) as second:
                refused = await ask(second, "几页")
                assert error_of(refused) == (503, "busy")
                assert (refused.headers["retry-after"], refused.headers["connection"]) == ("5", "close")
                assert refused.headers["content-security-policy"]
                page = await second.get("/", headers={"accept": "text/html"})
                assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
                assert (await second.get("/healthz")).status_code == 200  # full is not dead
            assert (await ask(first, "几页")).status_code == 200
        await asyncio.sleep(0.05)
        async with httpx.AsyncClient(base_url=url, trust_env=False) as third:
            assert (await ask(third, "几页")).status_code == 200


@pytest.mark.fault(22)
@pytest.mark.parametrize("before", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nX-Slow: "])
async def test_a_client_that_never_ends_a_head_is_let_go(
    monkeypatch: pytest.MonkeyPatch, before: bytes, said: bytes
) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.2)
    monkeypatch.setattr(server, "KEEP_ALIVE_SECONDS", 1)
    async with listening() as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))
        if before:
            writer.write(before)
            assert (await reader.readuntil(b'{"status":"ok"}')).startswith(b"HTTP/1.1 200")
        writer.write(said)
        assert await asyncio.wait_for(reader.read(), 5) == b""  # the server has closed
        writer.close()


async def test_cancelling_serve_ends_the_server() -> None:
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = app_with(scripted_assistant())
    running = asyncio.create_task(server.serve(app, "127.0.0.1", 0, started.set_result, asyncio.Event()))
    port = int((await asyncio.wait_for(started, 5)).rstrip("/").rpartition(":")[2])
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(running, 5)
    with socket.create_server(("127.0.0.1", port)):
        pass  # the port is free again


async def test_taken_port_is_one_chinese_line() -> None:
    app = app_with(scripted_assistant())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(JianfuError) as caught:
            await server.serve(app, "127.0.0.1", port)
    assert str(caught.value) == replies.PORT_TAKEN.format(port=port)
    assert "\n" not in str(caught.value)


async def test_unusable_host_is_a_chinese_line() -> None:
    with pytest.raises(JianfuError, match=r"请检查 config\.yaml 的 web\.host"):
        await server.serve(app_with(scripted_assistant()), "203.0.113.1", 0)


@pytest.mark.fault(15)
def test_sigterm_ends_the_process_cleanly_while_a_question_runs() -> None:
    program = textwrap.dedent(
        """
        import asyncio
        from bot.channels.web.server import serve
        from tests.fakes import scripted_assistant
        from tests.web_client import app_with
        asyncio.run(serve(app_with(scripted_assistant(delay=1.0)), "127.0.0.1", 0, lambda url: print(url, flush=True)))
        print("ended", flush=True)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        outcome: list[int] = []

        def ask_slowly() -> None:
            response = httpx.post(f"{url}api/v1/ask", json={"question": "几页"}, trust_env=False, timeout=10)
            outcome.append(response.status_code)

        asking = threading.Thread(target=ask_slowly)
        asking.start()
        time.sleep(0.4)
        started = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)
        rest, _ = process.communicate(timeout=10)
        asking.join(5)
    finally:
        process.kill()
    assert time.monotonic() - started < 8
    assert rest.strip() == "ended"
    assert process.returncode == 0
    assert outcome == [200]  # the running question was still answered
