"""The border of the web channel: request ids, limits, keys, proxies, other sites, metrics, the access log."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import httpx
import pytest

from bot.channels.web.border.clients import UNKNOWN, Clients
from bot.channels.web.border.headers import SECURITY_HEADERS
from bot.channels.web.pages import files
from bot.log import JsonFormatter
from knowledge.errors import JianfuError
from tests.fakes import real_knowledge, scripted_assistant
from tests.web_client import app_with, ask, client_of, error_of

KEY, OTHER_KEY = "key-0123456789-a", "key-0123456789-b"
SITE = "https://oa.example.gov.cn"
WIDGET = b"// the widget\n"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that pass only when a test says so, for the window of the limits."""
    now = [1_700_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    return now


# --- request ids ---


async def test_every_response_has_an_id_and_a_clients_own_is_kept() -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        one, other = await client.get("/healthz"), await client.get("/nowhere")
        named = await client.get("/nowhere", headers={"x-request-id": "my_Request-1"})
    assert re.fullmatch("[0-9a-f]{16}", one.headers["x-request-id"])
    assert one.headers["x-request-id"] != other.headers["x-request-id"]
    assert named.headers["x-request-id"] == named.json()["error"]["request_id"] == "my_Request-1"


@pytest.mark.parametrize("odd", ["short", "a" * 65, "with blank", "<script>", "日本語日本語日本"])
async def test_an_odd_id_is_not_taken_over(odd: str) -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        response = await client.get("/healthz", headers={"x-request-id": odd.encode()})
    assert re.fullmatch("[0-9a-f]{16}", response.headers["x-request-id"])


async def test_a_page_that_failed_shows_its_id() -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        response = await client.get("/c/9.9", headers={"x-request-id": "my_Request-1"})
    assert "请求编号：my_Request-1" in response.text


async def test_what_the_assistant_logs_names_the_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assistant = scripted_assistant()
    lines: list[str] = []
    original = assistant.ask

    def ask_and_log(question: str, history: Any = ()) -> Any:
        record = logging.LogRecord("bot.x", logging.INFO, "x.py", 1, "searching", (), None)
        lines.append(JsonFormatter().format(record))
        return original(question, history)

    monkeypatch.setattr(assistant, "ask", ask_and_log)
    async with client_of(app_with(assistant)) as client:
        response = await ask(client, "几页")
    assert [json.loads(line)["request_id"] for line in lines] == [response.headers["x-request-id"]]


# --- the access log ---


@pytest.mark.fault(23)
async def test_the_access_log_names_the_route_and_nothing_that_was_typed(caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        with caplog.at_level(logging.INFO, "bot.channels.web.access"):
            await ask(client, "很私密的问题")
            await client.get("/c/2.2?mark=很私密的问题")
            await client.get("/verify?code=很私密的问题")
            await client.get("/很私密的问题")
            await client.get("/healthz")
    records = [record for record in caplog.records if record.name == "bot.channels.web.access"]
    assert [(one.fields["method"], one.fields["route"], one.fields["status"]) for one in records] == [  # type: ignore[attr-defined]
        ("POST", "/api/v1/ask", 200),
        ("GET", "/c/{reference}", 200),
        ("GET", "/verify", 200),
        ("GET", "-", 404),
    ]
    assert re.fullmatch(r"POST /api/v1/ask 200 \d+\.\d ms", records[0].getMessage())
    assert "私密" not in caplog.text


async def test_a_failure_is_logged_by_its_route(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assistant = scripted_assistant()
    monkeypatch.setattr(assistant, "related", lambda clause: 1 / 0)
    async with client_of(app_with(assistant)) as client:
        response = await client.get("/c/2.2")
    assert response.status_code == 500
    assert "ZeroDivisionError" not in response.text
    assert "Traceback" not in response.text
    (record,) = (record for record in caplog.records if record.name == "bot.channels.web.border.border")
    assert record.getMessage().startswith("GET /c/{reference} failed: ZeroDivisionError\n")


# --- limits ---


async def test_the_question_too_many_is_told_when_to_come_again(clock: list[float]) -> None:
    async with client_of(app_with(scripted_assistant(), questions_per_minute=3)) as client:
        for _ in range(3):
            assert (await ask(client, "几页")).status_code == 200
            clock[0] += 10
        refused = await ask(client, "几页")
        assert error_of(refused) == (429, "too_many_requests")
        assert refused.headers["retry-after"] == "30"
        assert "30 秒" in refused.json()["error"]["message"]
        assert (await client.get("/c/2.2")).status_code == 200  # reading is not counted
        assert (await client.get("/")).status_code == 200
        clock[0] += 30.5
        assert (await ask(client, "几页")).status_code == 200
        assert (await ask(client, "几页")).status_code == 429  # the window moves, it does not start anew


async def test_questions_opinions_and_receipts_are_counted_together(clock: list[float]) -> None:
    async with client_of(app_with(scripted_assistant(), questions_per_minute=4)) as client:
        await ask(client, "几页")
        await client.post("/api/v1/feedback", content=b"{")
        await client.get("/api/v1/receipts/x")
        await client.get("/verify/x")
        for path in ("/api/v1/receipts/x", "/verify", "/verify/x"):
            assert (await client.get(path)).status_code == 429
        page = await client.get("/verify/x")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "秒再试" in page.text


async def test_clients_are_counted_apart(clock: list[float]) -> None:
    app = app_with(scripted_assistant(), questions_per_minute=1)
    async with client_of(app) as one, client_of(app, address="10.1.2.3") as other:
        assert [(await ask(client, "几页")).status_code for client in (one, other, one)] == [200, 200, 429]


async def test_no_limit_where_it_is_off() -> None:
    async with client_of(app_with(scripted_assistant(), questions_per_minute=0)) as client:
        assert {(await ask(client, "几页")).status_code for _ in range(80)} == {200}


# --- proxies ---


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return {"type": "http", "client": (peer, 1) if peer else None, "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "name"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # nobody we trust says so
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # the left ones are the client's own words
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:5678"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8:1:2:3::9]:5678"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        (None, ["198.51.100.1"], UNKNOWN),
    ],
)
def test_who_is_asking(peer: str | None, forwarded: list[str], name: str) -> None:
    assert Clients(["10.0.0.0/8", "fd00::/8"]).name(scope(peer, *forwarded)) == name


async def test_clients_behind_a_trusted_proxy_are_counted_apart(clock: list[float]) -> None:
    app = app_with(scripted_assistant(), questions_per_minute=1, trusted_proxies=["127.0.0.1"])
    async with client_of(app) as client:
        sent = [
            (
                await client.post("/api/v1/ask", json={"question": "几页"}, headers={"x-forwarded-for": address})
            ).status_code
            for address in ("198.51.100.1", "198.51.100.2", "198.51.100.1")
        ]
    assert sent == [200, 200, 429]


# --- keys ---


async def asked_with(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/api/v1/ask", json={"question": "几页"}, headers=named)


async def test_a_key_has_a_limit_of_its_own(clock: list[float]) -> None:
    limits = {"questions_per_minute": 1, "key_questions_per_minute": 2}
    async with client_of(app_with(scripted_assistant(), api_keys=[KEY, OTHER_KEY], **limits)) as client:
        headers = [
            {},
            {"authorization": f"Bearer {KEY}"},
            {"x_api_key": KEY},
            {"x_api_key": KEY},
            {},
            {"x_api_key": OTHER_KEY},
        ]
        statuses = [(await asked_with(client, **one)).status_code for one in headers]
    assert statuses == [200, 200, 200, 429, 429, 200]


@pytest.mark.fault(23)
@pytest.mark.parametrize("shown", [KEY[:-1], KEY + "x", KEY.upper(), "x", "钥匙"])
async def test_a_wrong_key_is_refused_and_not_logged(shown: str, caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(app_with(scripted_assistant(), api_keys=[KEY])) as client:
        with caplog.at_level(logging.DEBUG):
            response = await client.post(
                "/api/v1/ask", json={"question": "几页"}, headers={"x-api-key": shown.encode()}
            )
    assert error_of(response) == (401, "bad_api_key")
    assert response.headers["www-authenticate"] == "Bearer"
    assert shown not in response.text
    assert KEY not in caplog.text


async def test_trying_keys_is_counted(clock: list[float]) -> None:
    async with client_of(app_with(scripted_assistant(), api_keys=[KEY], questions_per_minute=2)) as client:
        tried = [(await asked_with(client, x_api_key=f"wrong-key-{number}")).status_code for number in range(3)]
        assert tried == [401, 401, 429]
        assert (await asked_with(client, x_api_key=KEY)).status_code == 200


async def test_the_pages_own_header_is_offered_to_no_other_site() -> None:
    async with client_of(app_with(scripted_assistant(), cors_origins=[SITE])) as client:
        asked = {"origin": SITE, "access-control-request-method": "POST"}
        preflight = await client.options("/api/v1/ask", headers=asked)
    assert "page" not in preflight.headers["access-control-allow-headers"].lower()


async def test_other_schemes_and_installations_without_keys_take_no_notice() -> None:
    async with client_of(app_with(scripted_assistant(), api_keys=[KEY])) as client:
        assert (await asked_with(client, authorization="Basic dTpw")).status_code == 200
    async with client_of(app_with(scripted_assistant())) as client:
        assert (await asked_with(client, authorization="Bearer of-some-proxy")).status_code == 200


async def test_where_keys_are_required_only_the_own_page_needs_none() -> None:
    async with client_of(app_with(scripted_assistant(), api_keys=[KEY], require_api_key=True)) as client:
        assert error_of(await asked_with(client)) == (401, "api_key_required")
        assert error_of(await asked_with(client, sec_fetch_site="cross-site")) == (401, "api_key_required")
        assert error_of(await client.get("/api/v1/documents")) == (401, "api_key_required")
        assert (await asked_with(client, sec_fetch_site="same-origin")).status_code == 200
        assert (await asked_with(client, x_jianfu_page="1")).status_code == 200  # plain http has no Sec-Fetch-Site
        elsewhere = await asked_with(client, x_jianfu_page="1", sec_fetch_site="cross-site")
        assert error_of(elsewhere) == (401, "api_key_required")
        assert (await asked_with(client, x_api_key=KEY)).status_code == 200
        for path in ("/", "/c/2.2", "/healthz", "/openapi.json"):
            assert (await client.get(path)).status_code == 200


def test_requiring_keys_without_any_is_refused_at_the_start() -> None:
    with pytest.raises(JianfuError, match="JIANFU_API_KEYS"):
        app_with(scripted_assistant(), require_api_key=True)


# --- other sites ---


async def test_other_sites_may_not_read_the_api_unless_listed() -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        for response in (
            await client.get("/api/v1/documents", headers={"origin": SITE}),
            await client.options("/api/v1/ask", headers={"origin": SITE, "access-control-request-method": "POST"}),
        ):
            assert not [name for name in response.headers if name.startswith("access-control")]


async def test_a_listed_site_may() -> None:
    async with client_of(app_with(scripted_assistant(), cors_origins=[SITE], questions_per_minute=1)) as client:
        asking = {"origin": SITE, "access-control-request-method": "POST"}
        preflight = await client.options("/api/v1/ask", headers=asking)
        answer = await asked_with(client, origin=SITE)
        refused = await asked_with(client, origin=SITE)
        stranger = await client.get("/api/v1/documents", headers={"origin": "https://evil.example"})
        page = await client.get("/c/2.2", headers={"origin": SITE})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-methods"] == "GET, POST"
    assert "X-API-Key" in preflight.headers["access-control-allow-headers"]
    assert preflight.headers["x-content-type-options"] == "nosniff"
    assert (answer.status_code, refused.status_code) == (200, 429)
    for response in (preflight, answer, refused):  # a script must be able to read the refusal too
        assert response.headers["access-control-allow-origin"] == SITE
        assert response.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers
    assert "access-control-allow-origin" not in stranger.headers
    assert "access-control-allow-origin" not in page.headers


@pytest.mark.fault(21)
async def test_only_the_embedded_chat_may_be_framed_and_only_by_listed_sites() -> None:
    async with client_of(app_with(scripted_assistant(), embed_origins=[SITE, "http://10.0.0.5:8080"])) as client:
        embedded = await client.get("/embed")
        others = [await client.get(path) for path in ("/", "/c/2.2", "/verify", "/embed/example", "/embed/no")]
        plain = await client.get("/")
    policy = embedded.headers["content-security-policy"]
    assert f"frame-ancestors 'self' {SITE} http://10.0.0.5:8080;" in policy
    assert "x-frame-options" not in embedded.headers
    assert "<html data-embed " in embedded.text
    assert "data-embed" not in plain.text
    for response in others:
        assert {name: response.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


async def test_without_listed_sites_only_our_own_pages_may_frame_it() -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        policy = (await client.get("/embed")).headers["content-security-policy"]
    assert "frame-ancestors 'self';" in policy


async def test_the_widget_has_one_lasting_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with_widget = {**files.read_files(), "widget.js": WIDGET}
    monkeypatch.setattr(files, "read_files", lambda: with_widget)
    async with client_of(app_with(scripted_assistant())) as client:
        response = await client.get("/widget.js")
        again = await client.get("/widget.js", headers={"if-none-match": response.headers["etag"]})
    assert response.content == WIDGET
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (again.status_code, again.content) == (304, b"")


async def test_the_example_page_embeds_by_one_script_tag() -> None:
    async with client_of(app_with(scripted_assistant()), root_path="/jianfu") as client:
        page = (await client.get("/jianfu/embed/example")).text
    assert '<script src="../widget.js" defer></script>' in page
    assert "&lt;script src=&quot;" in page or '&lt;script src="' in page


# --- metrics ---


def value(page: str, line: str) -> float:
    return float(re.findall(rf"^{re.escape(line)} (\S+)$", page, re.MULTILINE)[0])


async def test_metrics_count_what_happened(clock: list[float]) -> None:
    async with client_of(app_with(scripted_assistant(), metrics=True, questions_per_minute=4)) as client:
        for question in ("几页", "几页", "密级", "", "几页"):
            await ask(client, question)
        await client.get("/c/9.9")
        response = await client.get("/metrics")
    page = response.text
    assert response.headers["content-type"].startswith("text/plain")
    assert value(page, 'jianfu_answers_total{outcome="answer"}') == 2
    assert value(page, 'jianfu_answers_total{outcome="decline"}') == 1
    assert value(page, "jianfu_answer_seconds_count") == 3
    assert value(page, 'jianfu_errors_total{code="empty_question"}') == 1
    assert value(page, 'jianfu_errors_total{code="no_such_clause"}') == 1
    assert value(page, "jianfu_rate_limited_total") == 1
    assert value(page, 'jianfu_requests_total{method="POST",route="/api/v1/ask",status="200"}') == 3
    assert value(page, 'jianfu_requests_total{method="POST",route="-",status="429"}') == 1  # turned away before routing
    assert value(page, "jianfu_requests_in_flight") == 1  # the one that asks
    assert value(page, "jianfu_ready") == 1
    assert value(page, f'jianfu_knowledge{{mode="full",version="{real_knowledge().version}"}}') == 1


async def test_what_clients_make_up_makes_no_new_series() -> None:
    async with client_of(app_with(scripted_assistant(), metrics=True)) as client:
        for number in range(5):
            await client.request(f"METHOD{number}", f"/made-up-{number}")
        page = (await client.get("/metrics")).text
    assert value(page, 'jianfu_requests_total{method="-",route="-",status="404"}') == 5
    assert "made-up" not in page


async def test_no_metrics_unless_asked_for() -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        assert error_of(await client.get("/metrics")) == (404, "not_found")
