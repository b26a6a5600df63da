"""Learning alone on the web: tasks without keys, answers kept once, the book, the map, who a person is, and forgetting."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot.channels.web.core import learner
from bot.quiz.bank import make_items
from bot.quiz.item import Item
from bot.state.state import State
from bot.study import Study, Task, Today
from bot.study.words import REVISED
from tests.fakes import real_knowledge, scripted_assistant
from tests.web_client import app_with, client_of, error_of, state_in

PAGE = {"X-Jianfu-Page": "1"}
ITEMS: dict[str, Item] = {item.id: item for item in make_items(real_knowledge())}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = state_in(tmp_path)
    yield made
    made.close()


@pytest_asyncio.fixture
async def client(state: State) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_with(scripted_assistant(), state, questions_per_minute=0)) as client:
        yield client


def rows(folder: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "state/jianfu.db") as database:
        return database.execute('select person, item, answers, "right" from cards').fetchall()


def plain(page: str) -> str:
    return unescape(re.sub("<[^>]*>", "", page))


async def start(client: httpx.AsyncClient) -> dict[str, Any]:
    response = await client.post("/api/v1/study/start", headers=PAGE)
    assert response.status_code == 200
    content: dict[str, Any] = response.json()
    return content


async def answer(client: httpx.AsyncClient, task: dict[str, Any], choice: list[int]) -> httpx.Response:
    body = {"item": task["item"], "showing": task["showing"], "choice": choice}
    return await client.post("/api/v1/study/answers", json=body, headers=PAGE)


def wrong_choice(item: Item) -> list[int]:
    if item.kind in ("order", "matching"):
        return list(reversed(item.key))
    return [next(place for place in range(len(item.options)) if place not in item.key)]


# --- who a person is ---


async def test_nothing_is_kept_and_no_cookie_set_before_a_start(client: httpx.AsyncClient, tmp_path: Path) -> None:
    today = await client.get("/api/v1/study")
    assert today.json() == {"started": False, "due": 0, "new": 0, "later": 0, "next": None}
    pages = [await client.get(path) for path in ("/study", "/study/wrong", "/study/map")]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert not any("set-cookie" in response.headers for response in (today, *pages))
    assert rows(tmp_path) == []


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: httpx.AsyncClient, tmp_path: Path) -> None:
    response = await client.post("/api/v1/study/start", headers=PAGE)
    cookie = response.headers["set-cookie"]
    assert re.fullmatch(r"jianfu_study=[\w-]{43}; HttpOnly; Max-Age=34560000; Path=/; SameSite=lax", cookie), cookie
    key = client.cookies[learner.COOKIE]
    await answer(client, response.json()["next"], [0])
    assert all(key not in str(row) for row in rows(tmp_path))
    assert re.fullmatch("[0-9a-f]{64}", rows(tmp_path)[0][0])
    assert client.cookies[learner.COOKIE] == key
    await start(client)
    assert client.cookies[learner.COOKIE] == key  # starting again changes nothing


async def test_over_https_the_cookie_stays_there(state: State) -> None:
    transport = httpx.ASGITransport(app_with(scripted_assistant(), state))
    async with httpx.AsyncClient(transport=transport, base_url="https://test") as client:
        response = await client.post("/api/v1/study/start", headers=PAGE)
    assert "; Secure" in response.headers["set-cookie"]


@pytest.mark.parametrize("key", ["short", "a" * 44, "ä" * 43, "a/" * 21 + "a"])
async def test_an_odd_cookie_is_nobody(client: httpx.AsyncClient, key: str) -> None:
    header = {"cookie": f"jianfu_study={key}".encode()}
    assert (await client.get("/api/v1/study", headers=header)).json()["started"] is False
    body = {"item": next(iter(ITEMS)), "showing": 0, "choice": [0]}
    refused = await client.post("/api/v1/study/answers", json=body, headers={**PAGE, "cookie": "jianfu_study=short"})
    assert error_of(refused) == (409, "study_not_started")


@pytest.mark.parametrize("path", ["start", "answers", "forget"])
async def test_another_site_can_change_nothing(client: httpx.AsyncClient, tmp_path: Path, path: str) -> None:
    task = (await start(client))["next"]
    body = {"item": task["item"], "showing": 0, "choice": [0]}
    bare = await client.post(f"/api/v1/study/{path}", json=body)
    assert error_of(bare) == (422, "invalid_request")
    for site in ("cross-site", "same-site"):
        foreign = await client.post(f"/api/v1/study/{path}", json=body, headers={**PAGE, "Sec-Fetch-Site": site})
        assert error_of(foreign) == (403, "other_site")
    asked = {
        "origin": "https://evil.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-jianfu-page",
    }
    preflight = await client.options(f"/api/v1/study/{path}", headers=asked)
    assert "access-control-allow-origin" not in preflight.headers
    assert rows(tmp_path) == []


async def test_not_even_a_site_that_may_ask_may_answer_for_a_person(state: State) -> None:
    origin = "https://oa.example.gov.cn"
    async with client_of(app_with(scripted_assistant(), state, cors_origins=[origin])) as client:
        asked = {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "x-jianfu-page",
        }
        preflight = await client.options("/api/v1/study/answers", headers=asked)
    assert "x-jianfu-page" not in preflight.headers["access-control-allow-headers"].lower()


# --- tasks and answers ---


async def test_a_task_does_not_tell_its_key(client: httpx.AsyncClient) -> None:
    given = await start(client)
    assert (given["started"], given["due"], given["later"]) == (True, 0, 0)
    assert given["new"] > 0
    task = given["next"]
    item = ITEMS[task["item"][:12]]
    assert set(task) == {"item", "showing", "kind", "form", "stem", "left", "options", "is_new", "revised"}
    assert (task["stem"], task["options"], task["is_new"]) == (item.stem, list(item.options), True)
    assert item.explanation not in json.dumps(task, ensure_ascii=False)
    page = (await client.get("/study")).text
    assert item.explanation not in unescape(page)


async def test_a_right_and_a_wrong_answer(client: httpx.AsyncClient, tmp_path: Path) -> None:
    first = await start(client)
    item = ITEMS[first["next"]["item"][:12]]
    right = (await answer(client, first["next"], list(item.key))).json()
    assert (right["right"], right["counted"], right["key"]) == (True, True, list(item.key))
    assert right["citation"]["quote"] == item.citation.quote
    assert right["explanation"] == item.explanation
    assert datetime.fromisoformat(right["due"]) > datetime.now(UTC)
    assert right["today"]["new"] == first["new"] - 1
    other = ITEMS[right["today"]["next"]["item"][:12]]
    wrong = (await answer(client, right["today"]["next"], wrong_choice(other))).json()
    assert (wrong["right"], wrong["counted"], wrong["key"]) == (False, True, list(other.key))
    assert sorted(row[1:] for row in rows(tmp_path)) == sorted([(item.id, 1, 1), (other.id, 1, 0)])


async def test_the_same_showing_counts_once(client: httpx.AsyncClient, tmp_path: Path) -> None:
    task = (await start(client))["next"]
    item = ITEMS[task["item"][:12]]
    await answer(client, task, list(item.key))
    again = (await answer(client, task, wrong_choice(item))).json()
    assert (again["right"], again["counted"]) == (False, False)
    assert [row[2:] for row in rows(tmp_path)] == [(1, 1)]


async def test_a_reload_goes_on_where_it_was_and_a_restart_too(client: httpx.AsyncClient, tmp_path: Path) -> None:
    task = (await start(client))["next"]
    assert (await client.get("/api/v1/study")).json()["next"] == task
    given = (await answer(client, task, [0])).json()["today"]
    assert (await client.get("/api/v1/study")).json() == given
    later = state_in(tmp_path)  # another process over the same database
    async with client_of(app_with(scripted_assistant(), later)) as restarted:
        restarted.cookies = client.cookies
        assert (await restarted.get("/api/v1/study")).json() == given
    later.close()


async def test_people_are_apart(client: httpx.AsyncClient, state: State) -> None:
    task = (await start(client))["next"]
    await answer(client, task, [0])
    async with client_of(app_with(scripted_assistant(), state)) as other:
        assert (await start(other))["next"] == task


async def test_an_item_again(client: httpx.AsyncClient) -> None:
    task = (await start(client))["next"]
    item = ITEMS[task["item"][:12]]
    await answer(client, task, wrong_choice(item))
    again = (await client.get(f"/api/v1/study/tasks/{item.id}")).json()["next"]
    assert (again["item"], again["showing"], again["is_new"]) == (item.shown_id, 1, False)
    assert (await answer(client, again, list(item.key))).json()["counted"] is True


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"item": "0" * 12, "showing": 0, "choice": [0]}, 404, "no_such_item"),
        ({"item": "xyz", "showing": 0, "choice": [0]}, 422, "invalid_request"),
        ({"item": next(iter(ITEMS)), "showing": 0, "choice": []}, 422, "invalid_request"),
        ({"item": next(iter(ITEMS)), "showing": 0, "choice": [11]}, 422, "bad_choice"),
        ({"item": next(iter(ITEMS)), "showing": 0, "choice": [-1]}, 422, "invalid_request"),
        ({"item": next(iter(ITEMS)), "showing": -1, "choice": [0]}, 422, "invalid_request"),
        ({"item": next(iter(ITEMS)), "showing": 0, "choice": [0], "more": 1}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
    ],
)
async def test_a_bad_answer(
    client: httpx.AsyncClient, tmp_path: Path, body: dict[str, Any], status: int, code: str
) -> None:
    await start(client)
    response = await client.post("/api/v1/study/answers", json=body, headers=PAGE)
    assert error_of(response) == (status, code)
    assert rows(tmp_path) == []


async def test_an_unknown_item(client: httpx.AsyncClient) -> None:
    await start(client)
    assert error_of(await client.get("/api/v1/study/tasks/000000000000")) == (404, "no_such_item")
    assert error_of(await client.get("/api/v1/study/tasks/odd")) == (422, "invalid_request")
    page = await client.get("/study?item=000000000000")  # an old link goes on with today's
    assert page.status_code == 200
    assert '"is_new": true' in unescape(page.text)


async def test_a_revised_clause_is_said_to_be(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await start(client)
    item = next(iter(ITEMS.values()))
    monkeypatch.setattr(Study, "today", lambda *_: Today((Task(item, 0, is_new=True, revised=True),), 0, 1, 0))
    assert (await client.get("/api/v1/study")).json()["next"]["revised"] is True
    script = Path(learner.__file__).parents[1] / "assets/study/task.js"
    assert REVISED in script.read_text(encoding="utf8")


# --- the book, the map ---


async def test_the_wrong_answer_book(client: httpx.AsyncClient) -> None:
    assert "现在没有错题" in (await client.get("/study/wrong")).text
    task = (await start(client))["next"]
    item = ITEMS[task["item"][:12]]
    given = (await answer(client, task, wrong_choice(item))).json()
    second = ITEMS[given["today"]["next"]["item"][:12]]
    await answer(client, given["today"]["next"], list(second.key))
    page = (await client.get("/study/wrong")).text
    assert f'href="../study?item={item.id}"' in page
    assert f'href="../c/{item.clause}"' in page
    assert item.stem in plain(page)
    assert item.citation.label in plain(page)
    assert second.id not in page
    again = (await client.get(f"/api/v1/study/tasks/{item.id}")).json()["next"]
    await answer(client, again, list(item.key))
    assert "现在没有错题" in (await client.get("/study/wrong")).text


async def test_the_map_has_every_measure_with_its_level_in_words(client: httpx.AsyncClient) -> None:
    page = (await client.get("/study/map")).text
    levels = dict(re.findall(r'<a href="\.\./c/([\d.]+)" class="level (\w+)">', page))
    assert list(levels) == [clause.id for clause in real_knowledge() if not clause.is_heading]
    assert set(levels.values()) == {"new"}
    assert plain(page).count("未开始") == len(levels) + 1  # and once in the legend
    headings = re.findall(r'<th scope="row">(.*?)</th>', page)
    assert [one[:3] for one in headings[1:5]] == ["问题一", "问题二", "问题三", "问题四"]
    assert not re.search(r"\d+(\.\d+)?\s*[%％分]", plain(page))
    task = (await start(client))["next"]
    await answer(client, task, [0])
    page = (await client.get("/study/map")).text
    clause = ITEMS[task["item"][:12]].clause
    level = "learning" if clause in levels else None
    assert dict(re.findall(r'<a href="\.\./c/([\d.]+)" class="level (\w+)">', page)).get(clause) == level


# --- forgetting, limits, trouble ---


async def test_forgetting_deletes_everything_and_takes_the_key_back(client: httpx.AsyncClient, tmp_path: Path) -> None:
    task = (await start(client))["next"]
    await answer(client, task, [0])
    response = await client.post("/api/v1/study/forget", headers=PAGE)
    assert response.json() == {"deleted": 1}
    assert 'jianfu_study=""' in response.headers["set-cookie"]
    assert rows(tmp_path) == []
    assert (await client.get("/api/v1/study")).json()["started"] is False
    assert (await client.post("/api/v1/study/forget", headers=PAGE)).json() == {"deleted": 0}


async def test_the_page_says_what_is_kept(client: httpx.AsyncClient) -> None:
    page = plain((await client.get("/study")).text)
    assert "这里记下您做过哪些题、上次对不对、下次什么时候再做，别的都不记" in page
    assert "90 天没有再做，记录自动删除" in page
    assert "Telegram" in page


async def test_learning_has_a_limit_of_its_own(state: State) -> None:
    async with client_of(app_with(scripted_assistant(), state, questions_per_minute=1)) as client:
        statuses = [(await client.get("/api/v1/study")).status_code for _ in range(11)]
        asked = await client.post("/api/v1/ask", json={"question": "几页"})
    assert statuses == [200] * 10 + [429]
    assert asked.status_code == 200


async def test_without_a_database_it_says_so() -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        assert error_of(await client.post("/api/v1/study/start", headers=PAGE)) == (503, "state_unavailable")
        page = await client.get("/study")
    assert page.status_code == 503
    assert "记录暂时存取不了" in page.text
