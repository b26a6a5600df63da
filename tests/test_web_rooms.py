"""Trainers' rooms over HTTP: who may do what, what each view is shown, what is counted, and what is left at the end."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.assistant import Assistant
from bot.bootstrap import BackgroundAssistant
from bot.channels.web.api import room_invitation
from bot.channels.web.border import gate
from bot.channels.web.core.service import Service
from bot.channels.web.rooms import feeds, letterbox
from bot.channels.web.rooms import rooms as rooms_module
from bot.channels.web.rooms.rooms import Rooms
from bot.config import AnswersConfig, WebConfig
from bot.rooms import rules, words
from bot.rooms.room import Answered, BadRequest, Verdict
from bot.state.state import State
from knowledge.base import KnowledgeBase
from tests.browser import served
from tests.fakes import ScriptedSearcher, real_knowledge, scripted_assistant
from tests.web_client import app_with, client_of, error_of, state_in
from tests.web_rooms import Device, device, open_room, phone_in, right, wrong


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = state_in(tmp_path)
    yield made
    made.close()


@pytest.fixture
def app(state: State) -> FastAPI:
    return app_with(scripted_assistant(), state)


async def content(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


# --- opening and keys ---


async def test_a_room_opens_with_nothing_said(app: FastAPI) -> None:
    trainer, key = await open_room(app)
    control = await content(await trainer.get("/control"))
    assert (control["room"]["phase"], control["room"]["count"], control["room"]["seconds"]) == ("lobby", 10, 30)
    assert control["totals"] == {"seats": 0, "answered": 0, "right": None, "counts": [], "teams": []}
    assert (control["names"], control["names_until"]) == ([], None)
    assert key not in json.dumps(control)


async def test_the_key_becomes_a_cookie_for_this_room_alone(app: FastAPI) -> None:
    trainer, key = await open_room(app)
    other, _ = await open_room(app)
    response = await trainer.post("/key", key=key)
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "path=" not in cookie.lower()  # so it holds below the room's own address
    assert [one.path for one in trainer.client.cookies.jar] == [trainer.path]
    assert error_of(await Device(trainer.client, other.code).get("/control")) == (403, "not_trainer")
    assert (
        await device(app, trainer.code).client.get(f"{trainer.path}/control", headers={"X-Room-Key": key})
    ).status_code == 200


@pytest.mark.parametrize("key", ["", "nonsense", "钥匙", "x" * 100])
async def test_a_wrong_key_opens_nothing(app: FastAPI, key: str) -> None:
    trainer, _ = await open_room(app)
    stranger = device(app, trainer.code)
    assert error_of(await stranger.post("/key", key=key)) == (403, "not_trainer")
    assert error_of(await stranger.get("/control")) == (403, "not_trainer")
    assert error_of(await stranger.act("start")) == (403, "not_trainer")
    assert (await content(await trainer.get("")))["phase"] == "lobby"


async def test_the_whole_of_a_scope_and_what_there_is_too_little_of(app: FastAPI) -> None:
    trainer, _ = await open_room(app, scope="2", count=5)
    await trainer.act("start")
    solution = (await content(await trainer.act("reveal")))["room"]["solution"]
    assert solution["clause"].startswith("2")
    client = client_of(app)
    for scope in ("99", "2.2"):
        refused = await client.post("/api/v1/rooms", json={"scope": scope, "count": 50})
        assert error_of(refused) == (422, "bad_room_request")
        assert scope in refused.json()["error"]["message"]
    for bad in ({"count": 0}, {"count": 51}, {"seconds": 601}, {"teams": 5}, {"named": "yes"}, {"more": 1}):
        assert error_of(await client.post("/api/v1/rooms", json=bad)) == (422, "invalid_request")
    assert error_of(await client.post("/api/v1/rooms", json={"teams": 1})) == (422, "bad_room_request")


async def test_too_many_open_rooms_are_refused(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.web.rooms.rooms.MOST_OPEN", 1)
    trainer, _ = await open_room(app)
    assert error_of(await client_of(app).post("/api/v1/rooms", json={})) == (409, "not_now")
    await trainer.act("end")
    await open_room(app)


# --- a session ---


async def test_a_session_shows_each_view_its_own(app: FastAPI) -> None:
    trainer, _ = await open_room(app, count=2)
    first, second = [await phone_in(app, trainer.code) for _ in range(2)]
    asked = (await content(await trainer.act("start")))["room"]
    seen = await content(await first.get())
    assert seen["item"] == asked["item"]
    assert seen["solution"] is None
    assert seen["seat"] == {"team": None, "name": None, "choice": None}
    assert 0 < seen["seconds_left"] <= 30
    assert await content(await first.answer(right(seen))) == {"status": "kept", "choice": right(seen)}
    assert await content(await first.answer(wrong(seen))) == {"status": "already", "choice": right(seen)}
    assert (await content(await second.answer(wrong(seen))))["status"] == "kept"
    totals = (await content(await second.get("/screen")))["totals"]
    assert (totals["seats"], totals["answered"], totals["right"], totals["counts"]) == (2, 2, None, [])
    shown = await content(await trainer.act("reveal"))
    assert shown["totals"]["right"] == 1
    solution = shown["room"]["solution"]
    clause = real_knowledge().find(solution["clause"])
    assert clause is not None
    assert (solution["quote"], solution["key"], solution["revised"]) == (clause.text, right(seen), False)
    assert (await content(await first.get()))["seat"]["choice"] == right(seen)
    assert (await content(await first.answer([0], position=1)))["status"] == "late"
    assert (await content(await trainer.act("next")))["room"]["position"] == 1
    assert (await content(await first.get()))["seat"]["choice"] is None


async def test_a_reload_finds_the_seat_and_the_answer_and_a_late_joiner_the_open_item(app: FastAPI) -> None:
    trainer, _ = await open_room(app)
    phone = await phone_in(app, trainer.code)
    await trainer.act("start")
    seen = await content(await phone.get())
    await phone.answer(right(seen))
    again = await content(await phone.get())
    assert again["seat"]["choice"] == right(seen)
    assert (await content(await phone.post("/seat")))["seat"]["choice"] == right(seen), "coming in twice is one seat"
    late = device(app, trainer.code)
    assert (await content(await late.get()))["seat"] is None
    assert error_of(await late.answer([0])) == (422, "bad_room_request")
    assert (await content(await late.post("/seat")))["item"] == seen["item"]
    assert (await content(await late.answer(right(seen))))["status"] == "kept"
    assert (await content(await trainer.get("/screen")))["totals"]["seats"] == 2


async def test_pause_extend_skip_and_what_does_not_fit(app: FastAPI) -> None:
    trainer, _ = await open_room(app, count=2)
    assert error_of(await trainer.act("next")) == (409, "not_now")
    await trainer.act("start")
    longer = (await content(await trainer.act("extend", seconds=60)))["room"]
    assert longer["seconds_left"] > 60
    paused = (await content(await trainer.act("pause")))["room"]
    assert (paused["phase"], paused["seconds_left"] > 60) == ("paused", True)
    assert (await content(await trainer.act("resume")))["room"]["phase"] == "asking"
    assert (await content(await trainer.act("skip")))["room"]["position"] == 1
    assert error_of(await trainer.act("dance")) == (422, "invalid_request")
    assert (await content(await trainer.act("skip")))["room"]["phase"] == "over"
    report = await content(await trainer.get("/report"))
    assert (report["items"], report["skipped"]) == ([], 2)


async def test_an_answer_without_the_items_form_is_refused_alone(app: FastAPI) -> None:
    trainer, _ = await open_room(app)
    phones = [await phone_in(app, trainer.code) for _ in range(6)]
    seen = (await content(await trainer.act("start")))["room"]
    given = await asyncio.gather(
        *(phone.answer([11] if number == 3 else right(seen)) for number, phone in enumerate(phones))
    )
    assert [one.status_code for one in given] == [200, 200, 200, 422, 200, 200]
    assert "重新选择" in given[3].json()["error"]["message"]
    for bad in ([], [0] * 13, [-1], ["A"]):
        assert error_of(await phones[3].answer(bad)) == (422, "invalid_request")
    assert (await content(await trainer.get("/screen")))["totals"]["answered"] == 5


async def test_time_closes_an_item_whoever_looks(app: FastAPI, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, _ = await open_room(app, seconds=1, count=1, reading_seconds=1)
    await trainer.act("start")
    phases = []
    for _ in range(600):
        phases.append((await content(await trainer.get()))["phase"])
        if phases[-1] == "over":
            break
        await asyncio.sleep(0.02)
    assert list(dict.fromkeys(phases)) == ["asking", "shown", "over"]


async def test_a_room_that_nobody_follows_ends_by_itself(state: State) -> None:
    with served(lambda progress: scripted_assistant(), state=state) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            opened = (await client.post("/api/v1/rooms", json={"seconds": 1, "count": 1, "reading_seconds": 1})).json()
            key = {"X-Room-Key": opened["key"]}
            await client.post(f"/api/v1/rooms/{opened['code']}/actions", json={"action": "start"}, headers=key)
        for _ in range(1000):  # only the row is looked at, which moves nothing
            row = state.rooms.read(opened["code"])
            assert row is not None
            if row["phase"] == "over":
                return
            await asyncio.sleep(0.02)
    raise AssertionError("the ticker did not end the room")


async def test_one_unreadable_room_costs_the_others_nothing(
    rooms: tuple[FastAPI, Rooms],
    state: State,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(rooms_module, "TICK_SECONDS", 0.01)
    app, made = rooms
    (bad, _), (good, _) = [await open_room(app, seconds=1, count=1) for _ in range(2)]
    for trainer in (bad, good):
        await trainer.act("start")
    with state.rooms.holding(bad.code) as rows:
        assert rows is not None
        rows.write({"content": "{}"})
    ticking = asyncio.create_task(made.tick())
    for _ in range(1000):
        row = state.rooms.read(good.code)
        if row is not None and row["phase"] == "shown":
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError("the good room stood still")
    ticking.cancel()
    assert f"room {bad.code} cannot be read" in caplog.text


async def test_time_stands_while_nobody_can_look_at_a_room(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "TICK_SECONDS", 0.01)
    trainer, _ = await open_room(app_with(scripted_assistant(), state), seconds=1, count=1)
    await trainer.act("start")
    loading = BackgroundAssistant(lambda progress: scripted_assistant())  # never started
    service = Service.of(loading, WebConfig(), 500, state)
    ticking = asyncio.create_task(Rooms(service).tick())
    row = state.rooms.read(trainer.code)
    assert row is not None
    await asyncio.sleep(max(rules.due("asking", row["deadline"]) - time.time(), 0) + 0.2)
    ticking.cancel()
    row = state.rooms.read(trainer.code)
    assert row is not None
    assert row["phase"] == "asking"


async def test_another_process_with_the_same_database_goes_on(state: State, tmp_path: Path) -> None:
    before = app_with(scripted_assistant(), state)
    trainer, key = await open_room(before, count=2)
    phone = await phone_in(before, trainer.code)
    await trainer.act("start")
    seen = await content(await phone.get())
    await phone.answer(right(seen))
    later_state = state_in(tmp_path)
    after = app_with(scripted_assistant(), later_state)
    moved = Device(client_of(after), trainer.code)
    assert (await moved.post("/key", key=key)).status_code == 200
    carried = Device(client_of(after), trainer.code)
    carried.client.cookies = phone.client.cookies
    assert (await content(await carried.get()))["seat"]["choice"] == right(seen)
    shown = await content(await moved.act("reveal"))
    assert (shown["totals"]["answered"], shown["totals"]["right"]) == (1, 1)
    later_state.close()


# --- the stream ---


async def follow(rooms: feeds.Feeds, code: str, view: feeds.View, seen: str = "") -> AsyncIterator[tuple[str, Any]]:
    """(event, content) of a stream as a browser gets them."""
    async with aclosing(rooms.follow(code, await rooms.feed(code), view, seen)) as events:
        async for event in events:
            yield str(event.event), json.loads(event.raw_data or "null")


async def upcoming(stream: AsyncIterator[tuple[str, Any]]) -> Any:
    async with asyncio.timeout(20):
        name, found = await anext(stream)
    assert name == "room"
    return found


@pytest.fixture
def rooms(state: State, monkeypatch: pytest.MonkeyPatch) -> tuple[FastAPI, Rooms]:
    made: list[Rooms] = []
    original = Rooms.__init__

    def remember(self: Rooms, *arguments: Any) -> None:
        original(self, *arguments)
        made.append(self)

    monkeypatch.setattr(Rooms, "__init__", remember)
    app = app_with(scripted_assistant(), state)
    return app, made[0]


async def test_phones_hear_of_phases_and_screens_of_counts_too(rooms: tuple[FastAPI, Rooms]) -> None:
    app, live = rooms
    trainer, _ = await open_room(app)
    phone_stream = follow(live.feeds, trainer.code, "phone")
    screen_stream = follow(live.feeds, trainer.code, "screen")
    assert (await upcoming(phone_stream))["phase"] == "lobby"
    assert (await upcoming(screen_stream))["totals"]["seats"] == 0
    phone = await phone_in(app, trainer.code)
    assert (await upcoming(screen_stream))["totals"]["seats"] == 1
    await trainer.act("start")
    asked = await upcoming(phone_stream)  # the seat taken meanwhile was no event for phones
    assert (asked["phase"], asked["seconds_left"] > 25) == ("asking", True)
    assert (await upcoming(screen_stream))["room"]["phase"] == "asking"
    await phone.answer(right(asked))
    assert (await upcoming(screen_stream))["totals"]["answered"] == 1
    await trainer.act("reveal")
    assert (await upcoming(phone_stream))["solution"]["key"] == right(asked)
    seen = str((await content(await trainer.get()))["revision"])
    again = follow(live.feeds, trainer.code, "phone", seen)
    waiting = asyncio.ensure_future(upcoming(again))
    await asyncio.sleep(0)
    await trainer.act("next")
    assert (await waiting)["position"] == 1, "what was seen already is not sent again"
    for stream in (phone_stream, screen_stream, again):
        await stream.aclose()  # type: ignore[attr-defined]
    assert live.feeds.streams == 0


async def test_one_look_serves_all_who_follow(rooms: tuple[FastAPI, Rooms], monkeypatch: pytest.MonkeyPatch) -> None:
    app, live = rooms
    trainer, _ = await open_room(app)
    looks: list[str] = []
    read = live.feeds._read

    async def counted(code: str) -> feeds.Shown:
        looks.append(code)
        return await read(code)

    monkeypatch.setattr(live.feeds, "_read", counted)
    streams = [follow(live.feeds, trainer.code, "phone") for _ in range(100)]
    await asyncio.gather(*(upcoming(stream) for stream in streams))
    assert len(looks) <= 3
    looks.clear()
    waiting = [asyncio.ensure_future(upcoming(stream)) for stream in streams]
    await asyncio.sleep(0)
    await trainer.act("start")
    assert {one["phase"] for one in await asyncio.gather(*waiting)} == {"asking"}
    assert len(looks) <= 3
    for stream in streams:
        await stream.aclose()  # type: ignore[attr-defined]


async def test_streams_are_bounded_and_end_when_the_server_does(
    rooms: tuple[FastAPI, Rooms], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, live = rooms
    trainer, _ = await open_room(app)
    stream = follow(live.feeds, trainer.code, "phone")
    await upcoming(stream)
    monkeypatch.setattr(feeds, "MOST_STREAMS", 1)
    assert error_of(await trainer.get("/events")) == (503, "busy")
    monkeypatch.setattr(feeds, "MOST_STREAMS", 10)
    assert error_of(await device(app, "999999").get("/events")) == (404, "no_such_room")
    ending = asyncio.ensure_future(anext(stream, None))
    await asyncio.sleep(0)
    live.feeds.close()
    assert await ending is None


async def test_a_quiet_stream_says_that_it_is_alive(
    rooms: tuple[FastAPI, Rooms], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, live = rooms
    monkeypatch.setattr(feeds, "ALIVE_SECONDS", 0.01)
    trainer, _ = await open_room(app)
    stream = follow(live.feeds, trainer.code, "phone")
    await upcoming(stream)
    assert await anext(stream) == ("alive", {})


async def test_another_process_is_seen_within_a_look(rooms: tuple[FastAPI, Rooms], tmp_path: Path) -> None:
    app, live = rooms
    trainer, key = await open_room(app)
    stream = follow(live.feeds, trainer.code, "phone")
    await upcoming(stream)
    other = state_in(tmp_path)
    elsewhere = Device(client_of(app_with(scripted_assistant(), other)), trainer.code)
    await elsewhere.post("/key", key=key)
    await elsewhere.act("start")
    assert (await upcoming(stream))["phase"] == "asking"
    other.close()


def test_the_stream_is_server_sent_events(state: State) -> None:
    with served(lambda progress: scripted_assistant(), state=state) as url, httpx.Client(base_url=url) as client:
        code = client.post("/api/v1/rooms", json={}).json()["code"]
        with client.stream("GET", f"/api/v1/rooms/{code}/events?view=screen") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "no-cache"
            lines = response.iter_lines()
            event = dict(line.split(": ", 1) for line in (next(lines), next(lines), next(lines)))
        assert (event["event"], event["id"]) == ("room", "0-0-0-")
        assert json.loads(event["data"])["room"]["code"] == code


# --- answers together ---


async def test_answers_that_come_together_are_one_transaction() -> None:
    batches: list[int] = []

    async def keep(code: str, answers: Any) -> list[Verdict]:
        batches.append(len(answers))
        if any(one.choice == (9,) for one in answers):
            raise BadRequest("no")
        return ["kept"] * len(answers)

    box = letterbox.Letterbox(keep)
    given = await asyncio.gather(*(box.put("1", Answered(str(seat), 0, (0,))) for seat in range(150)))
    assert given == ["kept"] * 150
    assert batches == [150]
    batches.clear()
    choices = [(0,), (9,), (0,)]
    mixed = await asyncio.gather(
        *(box.put("1", Answered(str(seat), 0, choice)) for seat, choice in enumerate(choices)), return_exceptions=True
    )
    assert [type(one).__name__ for one in mixed] == ["str", "BadRequest", "str"]
    assert batches == [3, 1, 1, 1]


# --- teams, names, forgetting ---


async def test_teams_are_chosen_and_counted_for_the_hour(app: FastAPI) -> None:
    trainer, _ = await open_room(app, teams=2, count=1)
    phone = device(app, trainer.code)
    assert error_of(await phone.post("/seat")) == (422, "bad_room_request")
    assert error_of(await phone.post("/seat", team=3)) == (422, "bad_room_request")
    assert (await content(await phone.post("/seat", team=2)))["seat"]["team"] == 2
    await trainer.act("start")
    await phone.answer(right(await content(await phone.get())))
    shown = await content(await trainer.act("reveal"))
    assert shown["totals"]["teams"] == [{"team": 1, "answered": 0, "right": 0}, {"team": 2, "answered": 1, "right": 1}]
    await trainer.act("end")
    assert "team" not in (await trainer.get("/report")).text


async def test_names_are_the_trainers_alone_and_can_be_taken_back(app: FastAPI) -> None:
    plain, _ = await open_room(app)
    assert error_of(await device(app, plain.code).post("/seat", name="王芳")) == (422, "bad_room_request")
    trainer, _ = await open_room(app, named=True, count=1)
    phone = await phone_in(app, trainer.code, name="王芳")
    await phone_in(app, trainer.code)
    await trainer.act("start")
    await phone.answer(right(await content(await phone.get())))
    await trainer.act("end")
    control = await content(await trainer.get("/control"))
    assert control["names"] == [{"name": "王芳", "answered": 1, "right": 1}]
    assert control["names_until"] is not None
    stranger = device(app, trainer.code)
    page = await stranger.client.get(f"/room/{trainer.code}/report")
    for seen in (await stranger.get(), await stranger.get("/screen"), await stranger.get("/report"), page):
        assert seen.status_code == 200
        assert "王芳" not in seen.text
    csv_file = await stranger.get("/files/totals.csv")
    assert "王芳" not in csv_file.content.decode("utf-8-sig")
    assert await content(await phone.client.delete(phone.path + "/seat")) == {"deleted": 1}
    assert (await content(await trainer.get("/control")))["names"] == []


async def test_somebody_who_leaves_is_counted_no_more(app: FastAPI) -> None:
    trainer, _ = await open_room(app)
    phone = await phone_in(app, trainer.code)
    await trainer.act("start")
    await phone.answer(right(await content(await phone.get())))
    assert await content(await phone.client.delete(phone.path + "/seat")) == {"deleted": 2}
    assert (await content(await phone.get()))["seat"] is None
    assert (await content(await trainer.get("/screen")))["totals"]["answered"] == 0


# --- after the end ---


async def finished(app: FastAPI, count: int = 3) -> Device:
    """A room whose first item everybody missed and whose others everybody knew."""
    trainer, _ = await open_room(app, count=count)
    phones = [await phone_in(app, trainer.code) for _ in range(2)]
    await trainer.act("start")
    for position in range(count):
        seen = await content(await trainer.get())
        for phone in phones:
            await phone.answer(right(seen) if position else wrong(seen), position)
        await trainer.act("reveal")
        await trainer.act("next")
    return trainer


async def test_the_report_and_its_files(app: FastAPI) -> None:
    trainer, _ = await open_room(app)
    assert error_of(await trainer.get("/report")) == (409, "not_now")
    assert error_of(await trainer.get("/files/paper.pdf")) == (409, "not_now")
    done = await finished(app)
    report = await content(await done.get("/report"))
    assert [(one["answered"], one["right"]) for one in report["items"]] == [(2, 0), (2, 2), (2, 2)]
    assert report["seats"] == 2
    missed = report["items"][0]["solution"]
    assert [one["quote"] for one in report["weak"]] == [missed["quote"]]
    assert (await content(await done.get()))["weak"] == report["weak"], "phones show the same at the end"
    rows = list(csv.reader(io.StringIO((await done.get("/files/totals.csv")).content.decode("utf-8-sig"))))
    assert tuple(rows[0]) == words.TOTALS_COLUMNS
    assert [row[6:9] for row in rows[1:]] == [["2", "2", "0"], ["2", "2", "2"], ["2", "2", "2"]]
    for name, magic in (("paper.docx", b"PK"), ("paper.pdf", b"%PDF")):
        file = await done.get(f"/files/{name}")
        assert file.content.startswith(magic)
        assert f'filename="{name}"' in file.headers["content-disposition"]
    assert (await done.get("/files/secrets.txt")).status_code == 422
    page = (await done.client.get(f"/room/{done.code}/report")).text
    for line in missed["quote"].splitlines():
        assert line in page
    assert "0 / 2 答对（0%）" in page


async def test_nothing_weak_needs_no_paper(app: FastAPI) -> None:
    trainer, _ = await open_room(app, count=1)
    await trainer.act("start")
    await trainer.act("end")
    refused = await trainer.get("/files/paper.docx")
    assert error_of(refused) == (409, "not_now")
    assert "不用再出题" in refused.json()["error"]["message"]
    assert words.REPORT_NO_WEAK in (await trainer.client.get(f"/room/{trainer.code}/report")).text


async def test_a_clause_revised_meanwhile_is_marked(state: State, tmp_path: Path) -> None:
    trainer, key = await open_room(app_with(scripted_assistant(), state), count=1, scope="2.2")
    knowledge = real_knowledge()
    documents = tuple(
        replace(
            document,
            clauses=tuple(
                replace(clause, text=clause.text + "（修订）") if clause.id == "2.2" else clause for clause in document
            ),
        )
        for document in knowledge.documents
    )
    searcher = ScriptedSearcher(KnowledgeBase(documents, *_rest(knowledge)))
    later = Device(client_of(app_with(Assistant(searcher, AnswersConfig()), state)), trainer.code)
    await later.post("/key", key=key)
    await later.act("start")
    solution = (await content(await later.act("reveal")))["room"]["solution"]
    assert solution["revised"] is True
    assert solution["quote"] == knowledge.find("2.2").text  # type: ignore[union-attr]
    await later.act("end")
    assert words.REVISED in (await later.client.get(f"/room/{trainer.code}/report")).text


def _rest(knowledge: KnowledgeBase) -> tuple[Any, ...]:
    """The other fields of a knowledge base, in their order."""
    return tuple(getattr(knowledge, field.name) for field in fields(knowledge)[1:] if field.init)


# --- the border ---


async def test_another_sites_page_changes_nothing(app: FastAPI) -> None:
    trainer, _ = await open_room(app)
    path, act = f"{trainer.path}/actions", {"action": "start"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "X-Jianfu-Page": "1"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ):
        assert error_of(await trainer.client.post(path, json=act, headers=headers)) == (403, "foreign_page")
        left = await trainer.client.delete(f"{trainer.path}/seat", headers=headers)
        assert error_of(left) == (403, "foreign_page")
    assert (await content(await trainer.get()))["phase"] == "lobby"
    for headers in (
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://test"},
        {"X-Jianfu-Page": "1", "Origin": "http://x"},
    ):
        assert (await trainer.client.post(path, json={"action": "end"}, headers=headers)).status_code == 200


async def test_a_hall_behind_one_address_is_let_in_and_a_guesser_is_not(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MISSES_PER_MINUTE", 5)
    app = app_with(scripted_assistant(), state, questions_per_minute=10)
    trainer, _ = await open_room(app)
    phones = [await phone_in(app, trainer.code) for _ in range(60)]
    assert {(await phone.get()).status_code for phone in phones} == {200}
    guesser = device(app, "123456", address="10.9.9.9")
    statuses = [(await guesser.client.get(f"/api/v1/rooms/{100000 + number}")).status_code for number in range(7)]
    assert statuses == [404] * 5 + [429] * 2
    assert (await phones[0].get()).status_code == 200
    monkeypatch.setattr(gate, "SEAT_PER_MINUTE", 3)
    assert [(await phones[1].get()).status_code for _ in range(5)][-1] == 429
    assert (await phones[2].get()).status_code == 200


async def test_a_guesser_does_not_shut_out_those_behind_the_same_address(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MISSES_PER_MINUTE", 5)
    app = app_with(scripted_assistant(), state, questions_per_minute=0)
    trainer, _ = await open_room(app)
    phone = await phone_in(app, trainer.code)
    guesser = device(app, "123456")
    for number in range(7):  # a page is given for any code, which makes it no real one
        assert (await guesser.client.get(f"/room/{100000 + number}")).status_code == 200
    statuses = [(await guesser.client.get(f"/api/v1/rooms/{100000 + number}")).status_code for number in range(7)]
    assert statuses == [404] * 5 + [429] * 2
    assert (await phone.get()).status_code == 200
    assert (await content(await trainer.act("start")))["room"]["phase"] == "asking"


async def test_one_address_opens_only_so_many_rooms(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "ROOMS_PER_HOUR", 2)
    app = app_with(scripted_assistant(), state, questions_per_minute=60)
    client = client_of(app)
    assert (await client.post("/api/v1/rooms", json={"scope": "99"})).status_code == 422  # opened nothing
    statuses = [(await client.post("/api/v1/rooms", json={})).status_code for _ in range(2)]
    assert statuses == [200, 200]
    refused = await client.post("/api/v1/rooms", json={})
    assert error_of(refused) == (429, "too_many_rooms")
    assert "请过 60 分钟再开" in refused.json()["error"]["message"]
    other = device(app, "123456", address="10.9.9.9").client
    assert (await other.post("/api/v1/rooms", json={})).status_code == 200


async def test_a_press_meant_for_another_item_does_nothing(app: FastAPI) -> None:
    """Two devices of one trainer press 下一题 at the same moment."""
    trainer, _ = await open_room(app, count=3)
    path = f"{trainer.path}/actions"
    await trainer.act("start")
    await trainer.act("reveal")
    press = {"action": "next", "position": 0}
    assert (await content(await trainer.client.post(path, json=press)))["room"]["position"] == 1
    await trainer.act("reveal")
    refused = await trainer.client.post(path, json=press)
    assert error_of(refused) == (409, "not_now")
    assert "别的题" in refused.json()["error"]["message"]
    extend = {"action": "extend", "position": 0, "seconds": 5}
    assert error_of(await trainer.client.post(path, json=extend)) == (409, "not_now")
    assert (await content(await trainer.get("")))["position"] == 1


async def test_entering_again_after_a_lost_answer_is_the_same_seat(app: FastAPI) -> None:
    trainer, _ = await open_room(app)
    phones = [device(app, trainer.code) for _ in range(2)]  # neither has the cookie of the other
    for phone in phones:
        await content(await phone.post("/seat", ticket="t" * 48))
    assert (await content(await trainer.get("/screen")))["totals"]["seats"] == 1
    for bad in ("short", "t" * 65, "座" * 30):
        assert error_of(await phones[0].post("/seat", ticket=bad)) == (422, "invalid_request")


async def test_a_stream_that_is_refused_leaves_nothing_open(state: State) -> None:
    app = app_with(scripted_assistant(), state)
    trainer, _ = await open_room(app)
    looked: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        feed = feeds.Feeds.feed
        patch.setattr(feeds.Feeds, "feed", lambda self, code: looked.append(code) or feed(self, code))
        assert error_of(await trainer.get("/events?view=bogus")) == (422, "invalid_request")
    assert looked == []


async def test_rooms_need_no_api_key_but_opening_one_does(state: State) -> None:
    app = app_with(scripted_assistant(), state, api_keys=("k" * 16,), require_api_key=True)
    client = client_of(app)
    assert error_of(await client.post("/api/v1/rooms", json={})) == (401, "api_key_required")
    opened = (await client.post("/api/v1/rooms", json={}, headers={"X-Jianfu-Page": "1"})).json()
    phone = await phone_in(app, opened["code"])
    assert (await phone.get()).status_code == 200


async def test_without_a_database_it_is_said(tmp_path: Path) -> None:
    client = client_of(app_with(scripted_assistant()))
    assert error_of(await client.post("/api/v1/rooms", json={})) == (503, "state_unavailable")
    assert error_of(await client.get("/api/v1/rooms/123456")) == (503, "state_unavailable")


@pytest.mark.parametrize("code", ["000000", "12345", "1234567", "abcdef", "１２３４５６", "<b>", "%00"])
async def test_a_code_that_is_none_is_said(app: FastAPI, code: str) -> None:
    client = client_of(app)
    for rest in ("", "/screen", "/control", "/report", "/invitation", "/events"):
        assert error_of(await client.get(f"/api/v1/rooms/{code}{rest}")) == (404, "no_such_room")
    page = await client.get(f"/room/{code}/report", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "<b>" not in page.text


# --- pages and invitations ---


async def test_joining_by_code_leads_to_the_room(app: FastAPI) -> None:
    client = client_of(app)
    for typed in ("123456", "123 456", "１２３４５６", "123-456"):
        response = await client.get("/join", params={"code": typed})
        assert (response.status_code, response.headers["location"]) == (303, "./room/123456")
    for typed in ("12345", "abcdef", "<script>"):
        page = await client.get("/join", params={"code": typed})
        assert page.status_code == 200
        assert words.CODE_MISTYPED in page.text
        assert "<script>" not in page.text.replace("<script src", "")
    assert words.CODE_MISTYPED not in (await client.get("/join")).text


async def test_every_page_of_a_room_is_served(app: FastAPI) -> None:
    client = client_of(app)
    for path in ("/room", "/join", "/room/123456", "/room/123456/screen", "/room/123456/control"):
        page = await client.get(path)
        assert page.status_code == 200
        assert "$" not in page.text
    assert 'href="./room"' in (await client.get("/notice")).text


async def test_an_invitation_names_the_address_that_the_browser_knows(app: FastAPI) -> None:
    trainer, _ = await open_room(app)
    plain = await content(await trainer.get("/invitation"))
    assert (plain["address"], plain["reachable"], plain["hint"]) == (f"http://test/room/{trainer.code}", True, "")
    asked = await trainer.client.get(
        f"{trainer.path}/invitation", params={"address": "https://oa.example.gov.cn/jianfu/"}
    )
    invited = await content(asked)
    assert invited["address"] == f"https://oa.example.gov.cn/jianfu/room/{trainer.code}"
    assert (invited["path"].count("M"), invited["size"] > 25) == (invited["path"].count("z"), True)
    for bad in ("javascript:alert(1)/", "http://a b/", "ftp://x/", "https://x"):
        refused = await trainer.client.get(f"{trainer.path}/invitation", params={"address": bad})
        assert refused.status_code == 422


async def test_an_address_that_only_this_machine_opens_is_said(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_invitation, "own_address", lambda: "192.168.1.20")
    for host, hint in (("127.0.0.1", words.LOOPBACK_ONLY), ("0.0.0.0", "http://192.168.1.20:8321/room")):
        app = app_with(scripted_assistant(), state, host=host)
        trainer, _ = await open_room(app)
        for own in ("http://127.0.0.1:8321/", "http://localhost:8321/", "http://[::1]:8321/"):
            found = await trainer.client.get(f"{trainer.path}/invitation", params={"address": own})
            assert found.json()["reachable"] is False
            assert hint in found.json()["hint"]


async def test_keys_and_codes_are_not_logged(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="bot"):
        trainer, key = await open_room(app)
        phone = await phone_in(app, trainer.code)
        await trainer.act("start")
        await phone.get()
    person = next(iter(phone.client.cookies.jar)).value
    for secret in (key, trainer.code, str(person)):
        assert secret not in caplog.text
    assert "/api/v1/rooms/{code}/seat" in caplog.text
