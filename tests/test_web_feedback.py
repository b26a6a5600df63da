"""Feedback and receipts over the API and as pages: what is kept, what a code proves, and what happens without a database."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot import replies
from bot.assistant import Assistant
from bot.config import AnswersConfig
from bot.state.receipts import Receipt
from bot.state.state import State
from knowledge.base import KnowledgeBase
from tests.fakes import ScriptedSearcher, real_knowledge, scripted_assistant
from tests.web_client import LIMIT, app_with, ask, client_of, error_of, recording_assistant, state_in

OPINION = {
    "id": "a1b2c3d4",
    "verdict": "down",
    "reason": "wrong_clause",
    "question": "一个文件最多几页",
    "outcome": "answer",
    "clauses": ["2.2"],
    "knowledge_version": "0123456789ab",
}
QUOTE = "中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = state_in(tmp_path)
    yield made
    made.close()


@pytest_asyncio.fixture
async def client(state: State) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_with(recording_assistant(state), state)) as client:
        yield client


async def give(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await client.post("/api/v1/feedback", json=OPINION | changes)


def kept(folder: Path) -> list[tuple[Any, ...]]:
    columns = "verdict, reason, question, outcome, clauses, knowledge_version, channel, person"
    with sqlite3.connect(folder / "state" / "jianfu.db") as connection:
        return connection.execute(f"SELECT {columns} FROM feedback").fetchall()


# --- feedback ---


async def test_an_opinion_is_kept_without_who_gave_it(client: httpx.AsyncClient, tmp_path: Path) -> None:
    response = await give(client)
    assert (response.status_code, response.json()) == (200, {"status": "kept"})
    assert kept(tmp_path) == [
        ("down", "wrong_clause", "一个文件最多几页", "answer", '["2.2"]', "0123456789ab", "web", None)
    ]


async def test_a_second_opinion_on_an_answer_replaces_the_first(client: httpx.AsyncClient, tmp_path: Path) -> None:
    await give(client)
    await give(client, verdict="up", reason="")
    await give(client, id="another-answer_1", reason="incomplete")
    assert sorted((row[0], row[1]) for row in kept(tmp_path)) == [("down", "incomplete"), ("up", "")]


async def test_the_question_is_kept_only_with_a_thumb_down(client: httpx.AsyncClient, tmp_path: Path) -> None:
    await give(client, verdict="up", reason="")
    assert [row[2] for row in kept(tmp_path)] == [""]


async def test_only_what_is_needed_has_to_be_sent(client: httpx.AsyncClient, tmp_path: Path) -> None:
    least = {name: OPINION[name] for name in ("id", "verdict", "outcome", "knowledge_version")}
    assert (await client.post("/api/v1/feedback", json=least)).status_code == 200
    assert kept(tmp_path) == [("down", "", "", "answer", "[]", "0123456789ab", "web", None)]


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"id": "short"}, "invalid_request", "id 的写法不对"),
        ({"id": "a" * 65}, "invalid_request", "id 的写法不对"),
        ({"id": "has a blank"}, "invalid_request", "id 的写法不对"),
        ({"id": "new-line\n"}, "invalid_request", "id 的写法不对"),
        ({"verdict": "maybe"}, "invalid_request", "verdict 只能是规定的几个词之一"),
        ({"reason": "boring"}, "invalid_request", "reason 只能是规定的几个词之一"),
        ({"outcome": "perhaps"}, "invalid_request", "outcome 只能是规定的几个词之一"),
        ({"knowledge_version": "x"}, "invalid_request", "knowledge_version 的写法不对"),
        ({"clauses": ["2.2"] * 37}, "invalid_request", "clauses 最多 36 项"),
        ({"clauses": ["2.2", "9.9"]}, "unknown_clause", "没有编号为 9.9 的条款"),
        ({"question": "页" * (LIMIT + 1)}, "question_too_long", "501 字"),
        ({"person": "张三"}, "invalid_request", "不认识 person"),
    ],
)
async def test_odd_opinions_are_refused_and_not_kept(
    client: httpx.AsyncClient, tmp_path: Path, changes: dict[str, Any], code: str, said: str
) -> None:
    response = await give(client, **changes)
    assert error_of(response) == (422, code)
    assert said in response.json()["error"]["message"]
    assert not (tmp_path / "state").exists()


async def test_all_clauses_of_a_notice_may_be_named(client: httpx.AsyncClient) -> None:
    assert (await give(client, clauses=[clause.id for clause in real_knowledge()])).status_code == 200


# --- receipts ---


async def receipt_of(client: httpx.AsyncClient, question: str) -> str:
    code: str = (await ask(client, question)).json()["receipt"]
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", code)
    return code


async def test_a_receipt_tells_what_was_said(client: httpx.AsyncClient) -> None:
    code = await receipt_of(client, "一个文件最多几页")
    content = (await client.get(f"/api/v1/receipts/{code}")).json()
    assert content == {
        "status": "genuine",
        "code": code,
        "first_given": datetime.now(UTC).date().isoformat(),
        "knowledge_version": real_knowledge().version,
        "outcome": "answer",
        "lead": "《通知》问题二·措施2写明：",
        "citations": [
            {
                "document": "jianfu-2019",
                "clause": "2.2",
                "label": "《通知》问题二·措施2",
                "quote": QUOTE,
                "start": 574,
                "end": 608,
                "spans": [],
                "today": "same",
            }
        ],
        "clauses": [],
    }
    typed = code.lower().replace("-", " ")
    assert (await client.get(f"/api/v1/receipts/{typed}")).json() == content


async def test_a_code_that_was_never_given_and_one_that_is_mistyped(client: httpx.AsyncClient, tmp_path: Path) -> None:
    other = state_in(tmp_path / "elsewhere")
    given_elsewhere = recording_assistant(other).ask("一个文件最多几页").receipt
    other.close()
    nothing = {
        "first_given": None,
        "knowledge_version": "",
        "outcome": None,
        "lead": "",
        "citations": [],
        "clauses": [],
    }
    unknown = (await client.get(f"/api/v1/receipts/{given_elsewhere}")).json()
    mistyped = (await client.get("/api/v1/receipts/AAAA-BBBB-CCCC")).json()
    assert unknown == {"status": "unknown", "code": given_elsewhere, **nothing}
    assert mistyped == {"status": "mistyped", "code": "", **nothing}


def changed_knowledge(*, text: str | None) -> KnowledgeBase:
    """The notice with other words in 2.2, or without it."""
    document = real_knowledge().documents[0]
    clause = next(clause for clause in document if clause.id == "2.2")
    others = tuple(one for one in document.clauses if one is not clause)
    if text is None:
        return KnowledgeBase((replace(document, clauses=others),))
    source = document.source.replace(clause.text, text)
    return KnowledgeBase(
        (replace(document, source=source, clauses=(*others, replace(clause, text=text, end=clause.start + len(text)))),)
    )


@pytest.mark.parametrize(("text", "today"), [(QUOTE.replace("10", "20"), "changed"), (None, "gone")])
async def test_a_receipt_tells_whether_the_clause_still_reads_so(
    client: httpx.AsyncClient, state: State, text: str | None, today: str
) -> None:
    code = await receipt_of(client, "一个文件最多几页")
    later = Assistant(ScriptedSearcher(changed_knowledge(text=text)), AnswersConfig())
    async with client_of(app_with(later, state)) as client_later:
        content = (await client_later.get(f"/api/v1/receipts/{code}")).json()
        page = (await client_later.get(f"/verify/{code}")).text
    assert [(one["quote"], one["today"]) for one in content["citations"]] == [(QUOTE, today)]
    assert f"<p>{QUOTE}</p>" in page
    assert replies.TODAY[today] in page
    assert ('href="../c/2.2"' in page) == (today == "changed")


# --- the pages ---


async def test_the_form_works_without_script_and_leads_to_one_address(client: httpx.AsyncClient) -> None:
    form = (await client.get("/verify")).text
    assert '<form class="verify" action="./verify" method="get">' in form
    assert 'name="code" value=""' in form
    code = await receipt_of(client, "一个文件最多几页")
    sent = await client.get("/verify", params={"code": f" {code.lower()} "})
    assert (sent.status_code, sent.headers["location"]) == (303, f"./verify/{code}")


async def test_the_page_of_a_receipt_shows_the_words_of_then(client: httpx.AsyncClient) -> None:
    code = await receipt_of(client, "一个文件最多几页")
    page = (await client.get(f"/verify/{code}")).text
    assert f"<h2>{replies.RECEIPT_GENUINE}</h2>" in page
    assert (
        f"凭据号 {code}，第一次给出于 {datetime.now(UTC).date()}（世界时），知识库版本 {real_knowledge().version}。"
        in page
    )
    assert f"<p>{QUOTE}</p>" in page
    assert "今天的条款与此一字不差。" in page
    assert 'href="../c/2.2"' in page
    assert f'value="{code}"' in page


async def test_a_choice_and_reading_beside_the_point_are_shown_as_that(client: httpx.AsyncClient) -> None:
    choice = (await client.get(f"/verify/{await receipt_of(client, '开会有什么要求')}")).text
    declined = (await client.get(f"/verify/{await receipt_of(client, '密级怎么定')}")).text
    assert replies.RECEIPT_OFFERED["clarify"] in choice
    assert re.findall(r'<li><a href="\.\./c/([\d.]+)">', choice) == ["2.5", "2.6"]
    assert replies.RECEIPT_OFFERED["decline"] in declined
    assert re.findall(r'<li><a href="\.\./c/([\d.]+)">', declined) == ["2.4"]


async def test_the_page_says_what_to_do_about_a_false_or_mistyped_code(client: httpx.AsyncClient) -> None:
    code = scripted_receipt()
    unknown = await client.get(f"/verify/{code}")
    mistyped = await client.get("/verify", params={"code": "<script>alert(1)</script>"})
    assert (unknown.status_code, mistyped.status_code) == (200, 200)
    assert replies.RECEIPT_UNKNOWN_HELP.format(code=code) in unknown.text
    assert 'href="../notice"' in unknown.text
    assert replies.RECEIPT_MISTYPED_HELP in mistyped.text
    assert "<script>alert" not in mistyped.text
    assert 'value="&lt;script&gt;alert(1)&lt;/script&gt;"' in mistyped.text


def scripted_receipt() -> str:
    """A well-formed code that no test gives."""
    return Receipt.of(replace(scripted_assistant().ask("几页"), knowledge_version="elsewhere")).code


# --- without a database ---


async def unusable(client: httpx.AsyncClient) -> list[httpx.Response]:
    return [await give(client), await client.get(f"/api/v1/receipts/{scripted_receipt()}")]


async def test_without_state_feedback_is_refused_and_answering_goes_on() -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        for response in await unusable(client):
            assert error_of(response) == (503, "state_unavailable")
            assert response.headers["retry-after"] == "30"
        answer = (await ask(client, "几页")).json()
        assert (answer["outcome"], answer["receipt"]) == ("answer", "")
        assert (await client.get("/api/v1/receipts/x")).json()["status"] == "mistyped"


async def test_a_database_that_is_away_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be", "utf8")
    state = state_in(tmp_path)
    async with client_of(app_with(recording_assistant(state), state)) as client:
        for response in await unusable(client):
            assert error_of(response) == (503, "state_unavailable")
            assert str(tmp_path) not in response.text
        answer = (await ask(client, "几页")).json()
        assert (answer["outcome"], answer["receipt"]) == ("answer", "")
        page = await client.get(f"/verify/{scripted_receipt()}")
        assert page.status_code == 503
        assert replies.API_ERRORS["state_unavailable"] in page.text
        assert "http-equiv" not in page.text  # only loading ends by itself
        (tmp_path / "state").unlink()
        assert (await give(client)).status_code == 200
        assert await receipt_of(client, "几页")
    state.close()
