"""The pages of the administration: who may open what, forms from elsewhere, sessions, and what the pages say."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.routing import Route

from bot.accounts.door import ACCOUNT_TRIES
from bot.accounts.linking import Linking
from bot.accounts.registry import Registry
from bot.accounts.roles import ROLES, may
from bot.channels.web.admin.guard import own_page
from bot.channels.web.admin.rules import ANYBODY, EVERYBODY, RULES
from bot.kb.changes import ClauseEdit
from bot.kb.proposal import Proposal
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf
from bot.kb.workshop import Workshop
from bot.state.state import State
from knowledge.errors import JianfuError
from tests.admins import PASSWORD, add_roles, hash_quickly
from tests.fakes import ScriptedSearcher, real_knowledge, scripted_assistant
from tests.versions import change_of, write
from tests.web_client import app_with, client_of, recording_assistant, state_in

DRAFT = "0badf00d"
OTHER = "kq7 tv2 mmx 91 plum"
ORIGIN = {"origin": "http://test"}
HTTPS = {"origin": "https://kb.example.gov.cn", "x-forwarded-proto": "https", "x-forwarded-host": "kb.example.gov.cn"}


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an account for each role, named after it, and with versions as `shelved` has them; to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    made = state_in(folder)
    add_roles(made)
    made.sessions.find("x")  # makes the key that tokens are hashed with
    for number, action, author in ((1, "publish", "approver"), (2, "publish", "approver"), (3, "propose", "editor")):
        version = write(folder / f"v{number}", 17 + number)
        made.versions.record([change_of(version, min(number - 1, 2), action, author)])  # type: ignore[arg-type]
    made.close()
    return folder


@pytest.fixture
def state(prepared: Path, tmp_path: Path) -> Iterator[State]:
    """A state with an account for each role, named after it."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    made = state_in(tmp_path)
    yield made
    made.close()


@pytest.fixture
def shelved(state: State, tmp_path: Path) -> Shelved:
    """Two versions on record, of which the second is in use, and a third that the editor proposes."""
    return Shelved(state.versions, Shelf(tmp_path / "copies"), tmp_path / "v1")


@pytest.fixture
def workshop(shelved: Shelved, tmp_path: Path) -> Workshop:
    """One that prepares nothing, with a draft of the editor's."""

    def fails(*arguments: object) -> Proposal:
        raise JianfuError("not here")

    made = Workshop(tmp_path / "drafts", shelved, fails, fails)  # type: ignore[arg-type]
    draft = made.drafts.new("editor", 2, "", [ClauseEdit("jiedai-2021", "2.1", "措施1", new=("几平米",))])
    (tmp_path / "drafts" / draft.id).rename(tmp_path / "drafts" / DRAFT)
    path = tmp_path / "drafts" / DRAFT / "draft.json"
    path.write_text(path.read_text("utf8").replace(draft.id, DRAFT), "utf8")
    imported = tmp_path / "drafts" / "imports" / DRAFT
    imported.mkdir(parents=True)
    (imported / "report.txt").write_text("报告", "utf8")
    (imported / "suggestions.yaml").write_text("suggestions: []\n", "utf8")
    return made


@pytest.fixture
def app(state: State, shelved: Shelved, workshop: Workshop) -> FastAPI:
    return app_with(scripted_assistant(), state, shelved=shelved, workshop=workshop)


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as made:
        yield made


def form_token(page: str) -> str:
    """What the page's forms carry."""
    found = re.search(r'name="form" value="([0-9a-f]{64})"', page)
    assert found is not None, page
    return found[1]


async def log_in(
    client: httpx.AsyncClient,
    name: str = "approver",
    password: str = PASSWORD,
    headers: dict[str, str] | None = None,
    **more: str,
) -> httpx.Response:
    """Open the login page and send its form."""
    headers = ORIGIN if headers is None else headers
    page = await client.get("/admin/login", headers=headers)
    fields = {"form": form_token(page.text), "name": name, "password": password, **more}
    return await client.post("/admin/login", data=fields, headers=headers)


async def send(
    client: httpx.AsyncClient, path: str, fields: dict[str, str], headers: dict[str, str] = ORIGIN
) -> httpx.Response:
    """Send a form as a page of a logged-in person does."""
    page = await client.get("/admin/password")
    return await client.post(path, data={"form": form_token(page.text), **fields}, headers=headers)


def token_of(client: httpx.AsyncClient) -> str:
    return client.cookies.get("jianfu_admin", "")


# --- who may open what: every route, from the app itself ---


def routes(within: Iterable[object]) -> list[tuple[str, str]]:
    """Every route of the administration that an app has, however its routers are nested."""
    found = []
    for route in within:
        path = getattr(route, "path", "")
        inner = getattr(route, "original_router", route)
        if isinstance(route, Route) and path.startswith("/admin"):
            found += [(method, path) for method in sorted(route.methods or ())]
        elif inner is not None and not isinstance(route, Route):
            found += routes(getattr(inner, "routes", ()))
    return found


def test_every_route_has_a_rule_and_every_rule_a_route(app: FastAPI) -> None:
    assert sorted(routes(app.routes)) == sorted(RULES)
    open_ones = {route for route, rule in RULES.items() if rule == EVERYBODY}
    assert open_ones == {("GET", "/admin/login"), ("POST", "/admin/login")}


def concrete(path: str) -> str:
    return path.replace("{reference}", "2.2").replace("{seq}", "1").replace("{draft}", DRAFT)


@pytest.mark.parametrize(("method", "path"), sorted(RULES))
async def test_without_a_login_every_page_leads_to_the_login(client: httpx.AsyncClient, method: str, path: str) -> None:
    for cookie in ("", "x", "A" * 43):
        client.cookies.set("jianfu_admin", cookie, domain="test.local")
        response = await client.request(
            method, concrete(path), headers=ORIGIN, data={"form": "0" * 64} if method == "POST" else None
        )
        if (method, path) == ("GET", "/admin/login"):
            assert response.status_code == 200
            continue
        assert response.status_code == 303
        assert re.fullmatch(r"(\.\./)*(\./)?admin/login(\?.*)?", response.headers["location"])
        assert "2.2" not in response.text


@pytest.mark.fault(20)
@pytest.mark.parametrize("role", ROLES)
async def test_each_role_opens_what_the_table_allows_and_nothing_else(client: httpx.AsyncClient, role: str) -> None:
    assert (await log_in(client, role)).status_code == 303
    for (method, path), rule in sorted(RULES.items()):
        if path == "/admin/logout":
            continue
        fields = {} if method == "POST" else None
        response = await (client.get(concrete(path)) if fields is None else send(client, concrete(path), fields))
        allowed = rule in (EVERYBODY, ANYBODY) or may(role, rule)  # type: ignore[arg-type]
        if not allowed:
            assert response.status_code == 403, (method, path)
            assert "您的角色不能用这一页" in response.text
        elif path == "/admin/login" and method == "GET":
            assert response.status_code == 303
        elif method == "GET":
            assert response.status_code == 200, (method, path)
        else:  # an empty form: looked at, and found wanting
            acts = path.endswith(("/again", "/redo", "/discard", "/drop"))  # which need nothing filled in
            expected = (303, 404) if acts else (200,) if "telegram" in path else (403, 404, 409, 422)
            assert response.status_code in expected, (method, path)
            assert "您的角色不能用这一页" not in response.text


async def test_an_editor_links_a_chat_and_unlinks_it(client: httpx.AsyncClient, state: State) -> None:
    await log_in(client, "editor")
    assert "连接 Telegram" in (await client.get("/admin")).text
    assert "现在没有连着私聊" in (await client.get("/admin/telegram")).text
    made = await send(client, "/admin/telegram", {})
    code = re.search(r"/admin ([0-9A-Z]{5}-[0-9A-Z]{5})<", made.text)
    assert code is not None
    assert Linking(state).link(code[1], "telegram:1").name == "editor"
    assert code[1] not in (await client.get("/admin/telegram")).text
    assert "现在连着 1 个私聊" in (await client.get("/admin/telegram")).text
    assert "已断开 1 个私聊" in (await send(client, "/admin/telegram/unlink", {})).text
    assert Linking(state).keeper("telegram:1") is None


async def test_a_role_that_nobody_knows_may_nothing(client: httpx.AsyncClient, state: State) -> None:
    await log_in(client, "reader")
    state.accounts.set_role("reader", "king")
    assert (await client.get("/admin/clauses")).status_code == 303  # a new role ends the session
    await log_in(client, "reader")
    assert (await client.get("/admin/clauses")).status_code == 403
    page = await client.get("/admin")
    assert page.status_code == 200
    assert 'href="./admin/clauses"' not in page.text


async def test_every_response_forbids_caches_and_frames(client: httpx.AsyncClient) -> None:
    await log_in(client)
    for path in ("/admin", "/admin/login", "/admin/try", "/admin/clauses/2.2", "/admin/nowhere"):
        response = await client.get(path)
        assert response.headers["cache-control"] == "no-store", path
        assert response.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert response.headers["referrer-policy"] == "same-origin"
    assert (await client.get("/verify")).headers["referrer-policy"] == "no-referrer"


async def test_the_pages_can_be_switched_off(state: State) -> None:
    async with client_of(app_with(scripted_assistant(), state, admin=False)) as client:
        response = await client.get("/admin", headers={"accept": "text/html"})
    assert response.status_code == 404


def test_the_pages_are_not_in_the_description(app: FastAPI) -> None:
    assert [path for path in app.openapi()["paths"] if "admin" in path] == []


# --- logging in ---


async def test_a_login_leads_to_the_page_that_was_asked_for(client: httpx.AsyncClient) -> None:
    asked = await client.get("/admin/clauses?q=页&page=1")
    assert asked.headers["location"] == "../admin/login?next=admin/clauses%3Fq%3D%25E9%25A1%25B5%26page%3D1"
    page = await client.get("/admin/login?next=" + quote("admin/clauses?q=%E9%A1%B5&page=1", safe=""))
    assert 'name="next" value="admin/clauses?q=%E9%A1%B5&amp;page=1"' in page.text
    done = await log_in(client, next="admin/clauses?q=%E9%A1%B5&page=1")
    assert (done.status_code, done.headers["location"]) == (303, "../admin/clauses?q=%E9%A1%B5&page=1")


@pytest.mark.fault(21)
@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "admin//evil.example",
        "admin/../../evil",
        "javascript:alert(1)",
        "admin\r\nSet-Cookie: a=b",
        "admin@evil.example",
        "http:admin",
        "admin?next=//evil/\\",
        "verify",
        "admin/" + "a" * 600,
        "页",
    ],
)
async def test_a_login_leads_nowhere_else(client: httpx.AsyncClient, evil: str) -> None:
    assert own_page(evil) == "admin"
    page = await client.get("/admin/login", params={"next": evil})
    assert 'name="next" value="admin"' in page.text
    done = await log_in(client, next=evil)
    assert (done.status_code, done.headers["location"]) == (303, "../admin")
    assert len(done.headers.get_list("set-cookie")) == 1


async def test_the_cookie_is_for_this_site_alone_and_no_script(client: httpx.AsyncClient) -> None:
    done = await log_in(client)
    cookie = done.headers["set-cookie"]
    assert re.fullmatch(r"jianfu_admin=[\w-]{43}; HttpOnly; Path=/; SameSite=strict", cookie)
    assert "expires" not in cookie.lower()


async def test_over_https_the_cookie_never_leaves_it(state: State) -> None:
    app = app_with(scripted_assistant(), state, trusted_proxies=["127.0.0.1"])
    async with client_of(app) as client:
        page = await client.get("/admin/login", headers=HTTPS)
        cookie = page.headers["set-cookie"]
        assert re.fullmatch(r"__Host-jianfu_admin=[\w-]{43}; HttpOnly; Path=/; SameSite=strict; Secure", cookie)
        jar = {"cookie": cookie.partition(";")[0]}
        fields = {"form": form_token(page.text), "name": "approver", "password": PASSWORD}
        done = await client.post("/admin/login", data=fields, headers=HTTPS | jar)
        assert done.status_code == 303
        assert done.headers["set-cookie"].startswith("__Host-jianfu_admin=")
        here = {"cookie": done.headers["set-cookie"].partition(";")[0]}
        assert (await client.get("/admin", headers=HTTPS | here)).status_code == 200
        plain = {"cookie": here["cookie"].removeprefix("__Host-")}
        assert (await client.get("/admin", headers=HTTPS | plain)).status_code == 303


async def test_who_is_no_trusted_proxy_cannot_say_https(client: httpx.AsyncClient) -> None:
    page = await client.get("/admin/login", headers=HTTPS)
    assert page.headers["set-cookie"].startswith("jianfu_admin=")
    assert "Secure" not in page.headers["set-cookie"]


@pytest.mark.fault(20)
async def test_a_planted_token_is_never_a_session(client: httpx.AsyncClient) -> None:
    planted = "A" * 43
    client.cookies.set("jianfu_admin", planted, domain="test.local", path="/")
    assert (await log_in(client)).status_code == 303
    assert token_of(client) != planted
    assert (await client.get("/admin")).status_code == 200
    client.cookies.clear()
    client.cookies.set("jianfu_admin", planted, domain="test.local", path="/")
    assert (await client.get("/admin")).status_code == 303


async def test_each_login_has_a_token_of_its_own(client: httpx.AsyncClient) -> None:
    await client.get("/admin/login")
    before = token_of(client)
    await log_in(client)
    first = token_of(client)
    await send(client, "/admin/logout", {})
    await log_in(client)
    second = token_of(client)
    assert len({before, first, second}) == 3
    client.cookies.clear()
    client.cookies.set("jianfu_admin", first, domain="test.local", path="/")
    assert (await client.get("/admin")).status_code == 303


@pytest.mark.parametrize(
    ("name", "password"), [("approver", OTHER), ("nobody", PASSWORD), ("", ""), ("<b>x</b>", "页" * 500)]
)
async def test_a_wrong_login_says_no_more_than_that(client: httpx.AsyncClient, name: str, password: str) -> None:
    response = await log_in(client, name, password)
    assert response.status_code == 403
    assert "账号或密码不对" in response.text
    assert password not in response.text or password == ""
    assert "<b>x" not in response.text
    assert (await client.get("/admin")).status_code == 303


@pytest.mark.fault(20)
async def test_guesses_are_slowed_down(client: httpx.AsyncClient) -> None:
    for _ in range(ACCOUNT_TRIES):
        assert (await log_in(client, "editor", OTHER)).status_code == 403
    response = await log_in(client, "editor", PASSWORD)
    assert response.status_code == 429
    assert "试得太多了，请过 15 分钟再试" in response.text
    assert 0 < int(response.headers["retry-after"]) <= 900
    assert (await log_in(client, "approver")).status_code == 303


async def test_a_disabled_account_cannot_log_in_and_is_out_at_once(client: httpx.AsyncClient, state: State) -> None:
    await log_in(client)
    Registry(state).set_disabled("approver", True)
    assert (await client.get("/admin")).status_code == 303
    assert (await log_in(client)).status_code == 403


async def test_a_session_that_expired_leads_to_the_login_and_changes_nothing(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log_in(client)
    page = await client.get("/admin/password")
    monkeypatch.setattr("bot.state.sessions.time.time", lambda: 4_000_000_000.0)
    fields = {"form": form_token(page.text), "old": PASSWORD, "new": OTHER, "again": OTHER}
    response = await client.post("/admin/password", data=fields, headers=ORIGIN)
    assert (response.status_code, response.headers["location"]) == (303, "../admin/login?again=1")
    assert "刚才的操作没有执行" in (await client.get("/admin/login?again=1")).text


async def test_logging_out_ends_the_session_for_whoever_has_the_token(client: httpx.AsyncClient) -> None:
    await log_in(client)
    token = token_of(client)
    done = await send(client, "/admin/logout", {})
    assert (done.status_code, done.headers["location"]) == (303, "../admin/login?out=1")
    assert token_of(client) == ""
    client.cookies.set("jianfu_admin", token, domain="test.local", path="/")
    assert (await client.get("/admin")).status_code == 303


# --- forms from elsewhere ---


@pytest.mark.fault(20)
async def test_a_form_needs_the_token_of_its_own_session(app: FastAPI, client: httpx.AsyncClient) -> None:
    await log_in(client)
    async with client_of(app) as other:
        await log_in(other, "editor")
        foreign = form_token((await other.get("/admin/password")).text)
    for shown in ({}, {"form": ""}, {"form": "0" * 64}, {"form": foreign}, {"form": token_of(client)}):
        response = await client.post("/admin/try", data={"question": "几页", **shown}, headers=ORIGIN)
        assert response.status_code == 403, shown
        assert "没有执行" in response.text
        assert (await client.post("/admin/logout", data={"x": "1", **shown}, headers=ORIGIN)).status_code == 403
    assert (await client.get("/admin")).status_code == 200


async def test_a_login_form_needs_the_token_of_its_own_browser(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Else another site could log somebody in as itself."""
    async with client_of(app) as other:
        foreign = form_token((await other.get("/admin/login")).text)
    fields = {"form": foreign, "name": "approver", "password": PASSWORD}
    for _ in range(2):  # without a cookie, and with one
        response = await client.post("/admin/login", data=fields, headers=ORIGIN)
        assert response.headers["location"] == "../admin/login?again=1"
        assert (await client.get("/admin")).status_code == 303
        await client.get("/admin/login")


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://test.evil.example"},
        {"origin": "http://test:81"},
    ]
    + [{"origin": "http://test", "sec-fetch-site": site} for site in ("cross-site", "same-site", "none")]
    + [{"origin": "http://evil.example", "x-forwarded-host": "evil.example"}],
)
async def test_a_form_from_another_site_is_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    await log_in(client)
    response = await send(client, "/admin/logout", {}, headers)
    assert response.status_code == 403
    assert "不是从本网站的页面发来的" in response.text
    assert (await client.get("/admin")).status_code == 200


@pytest.mark.parametrize("headers", [ORIGIN, {"origin": "http://public.example", "sec-fetch-site": "same-origin"}])
async def test_a_form_from_here_is_taken(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    await log_in(client)
    assert (await send(client, "/admin/logout", {}, headers)).status_code == 303


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"form=x"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("", b"form=x"),
    ]
    + [("application/x-www-form-urlencoded", body) for body in (b"\xff\xfe=1", b"&".join([b"a=1"] * 600))],
)
async def test_what_is_no_form_is_refused(client: httpx.AsyncClient, kind: str, body: bytes) -> None:
    await log_in(client)
    response = await client.post("/admin/try", content=body, headers=ORIGIN | {"content-type": kind})
    assert response.status_code in (400, 415)
    assert "收到的不是网页表单" in response.text


# --- the pages ---


async def test_the_overview_says_what_is_served_and_who_is_here(app: FastAPI, client: httpx.AsyncClient) -> None:
    async with client_of(app) as other:
        await log_in(other, "reader")
        seen = (await other.get("/admin")).text
        assert "现在登录着的人" not in seen
        await log_in(client)
        page = (await client.get("/admin")).text
    knowledge = real_knowledge()
    assert knowledge.version in page
    assert "语义和字面" in page
    assert f"<td>{len(list(knowledge))}</td>" in page
    assert "approver，审批：全部" in page
    assert re.search("现在登录着的人.*reader.*查看.*approver.*审批", page, re.DOTALL)


async def test_the_overview_is_there_while_the_model_loads(state: State) -> None:
    from bot.bootstrap import BackgroundAssistant  # noqa: PLC0415
    from bot.channels.web import create_app  # noqa: PLC0415
    from bot.config import WebConfig  # noqa: PLC0415

    loading = BackgroundAssistant(lambda progress: scripted_assistant())
    app = create_app(loading, WebConfig(), max_question_characters=500, state=state)
    async with client_of(app) as client:
        await log_in(client)
        page = await client.get("/admin")
        assert page.status_code == 200
        assert "还在准备：启动" in page.text
        assert 'http-equiv="refresh"' in page.text
        assert (await client.get("/admin/clauses")).status_code == 503
        loading.start()
        assert loading.wait(10)
        assert 'http-equiv="refresh"' not in (await client.get("/admin")).text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "一个文件几页",
            ["作答", "0.970 不低于 0.600", "问题二·措施2", "中央印发的政策性文件原则上不超过10页", "0.100"],
        ),
        ("开会", ["请选择", "几条不相上下，首条单条把握 0.180 低于 0.200"]),
        ("密级", ["没有写", "0.300 低于 0.600", "相近而没写 0.600"]),
        ("你好", ["寒暄"]),
        ("<script>alert(1)</script>", ["&lt;script&gt;"]),
        ("", ["请输入一个问题"]),
        ("页" * 501, ["问题太长了（501 字）"]),
    ],
)
async def test_a_question_is_tried_with_all_that_led_to_the_answer(
    client: httpx.AsyncClient, question: str, said: list[str]
) -> None:
    await log_in(client, "reader")
    response = await send(client, "/admin/try", {"question": question})
    assert response.status_code == (422 if question in ("", "页" * 501) else 200)
    shown = re.sub(r"(\s|<[^>]+>)+", " ", response.text)
    for words in said:
        assert words in response.text or words in shown, words
    assert "<script>alert" not in response.text


async def test_the_questions_before_are_read_too(client: httpx.AsyncClient) -> None:
    await log_in(client, "reader")
    response = await send(client, "/admin/try", {"question": "第三条呢", "history": "问题二有哪些措施\n"})
    assert "按「" in response.text


async def test_trying_leaves_no_receipt(state: State) -> None:
    assistant = recording_assistant(state)
    async with client_of(app_with(assistant, state)) as client:
        await log_in(client)
        assert (await send(client, "/admin/try", {"question": "几页"})).status_code == 200
        with state.database.begin() as connection:
            kept = connection.exec_driver_sql("SELECT count(*) FROM receipts").scalar_one()
        assert kept == 0
        assert assistant.ask("几页").receipt


async def test_every_feature_of_every_candidate_is_shown(state: State) -> None:
    from dataclasses import replace  # noqa: PLC0415

    searcher = ScriptedSearcher()
    result = searcher.script["页"]
    hits = tuple(replace(hit, features={"bm25": 1.25, "unheard_of": -3.5}) for hit in result.hits)
    searcher.script["页"] = replace(result, hits=hits)
    from bot.assistant import Assistant  # noqa: PLC0415
    from bot.config import AnswersConfig  # noqa: PLC0415

    async with client_of(app_with(Assistant(searcher, AnswersConfig()), state)) as client:
        await log_in(client)
        page = (await send(client, "/admin/try", {"question": "几页"})).text
    for words in ("字面（BM25）", "unheard_of", "<td>1.25</td>", "<td>-3.50</td>"):
        assert words in page


async def test_all_clauses_are_listed_page_by_page(client: httpx.AsyncClient) -> None:
    await log_in(client, "reader")
    found: list[str] = []
    path = "/admin/clauses"
    for _ in range(10):
        page = (await client.get(path)).text
        found += re.findall(r'<h2><a href="[^"]*admin/clauses/([^"]+)"', page)
        further = re.search(r'href="\.\./(admin/clauses\?page=\d+)" rel="next"', page)
        if further is None:
            break
        path = f"/{further[1]}"
    knowledge = real_knowledge()
    assert found == [knowledge.reference(clause) for clause in knowledge]


@pytest.mark.parametrize("odd", ["0", "-1", "9" * 30, "x", "", "²", "1e3"])
async def test_an_odd_page_number_shows_a_page(client: httpx.AsyncClient, odd: str) -> None:
    await log_in(client, "reader")
    response = await client.get("/admin/clauses", params={"page": odd})
    assert response.status_code == 200
    assert "<h2><a" in response.text


async def test_a_search_finds_words_and_questions(client: httpx.AsyncClient) -> None:
    await log_in(client, "reader")
    page = (await client.get("/admin/clauses", params={"q": "１０頁"})).text  # width and characters do not matter
    assert "问题二·措施2" in page
    assert "个含有「１０頁」" in page
    nothing = (await client.get("/admin/clauses", params={"q": "<i>独角兽"})).text
    assert "没有条款或问题含有「&lt;i&gt;独角兽」" in nothing
    assert "<i>" not in nothing


async def test_a_clause_shows_every_question_that_points_at_it(client: httpx.AsyncClient) -> None:
    await log_in(client, "reader")
    page = (await client.get("/admin/clauses/2.2")).text
    knowledge = real_knowledge()
    clause = knowledge.find("2.2")
    assert clause is not None
    assert clause.questions
    for question in clause.questions:
        assert f"<li>{html.escape(question)}" in page
    document = knowledge.document(clause.document)
    for shared in document.shared_questions:
        assert (f"<li>{shared.text} " in page) == ("2.2" in shared.clauses)


async def test_a_clause_that_is_not_there_is_said_to_be_so(client: httpx.AsyncClient) -> None:
    await log_in(client, "reader")
    response = await client.get("/admin/clauses/9.9")
    assert response.status_code == 404
    assert "没有编号为 9.9 的条款" in response.text


async def test_a_password_is_changed_and_ends_all_sessions(app: FastAPI, client: httpx.AsyncClient) -> None:
    async with client_of(app) as elsewhere:
        await log_in(elsewhere)
        await log_in(client)
        for fields, status, said in (
            ({"old": OTHER, "new": OTHER, "again": OTHER}, 403, "现在的密码不对"),
            ({"old": PASSWORD, "new": OTHER, "again": PASSWORD}, 422, "两次输入的新密码不一样"),
            ({"old": PASSWORD, "new": "short", "again": "short"}, 422, "密码太短"),
        ):
            response = await send(client, "/admin/password", fields)
            assert response.status_code == status
            assert said in response.text
            assert PASSWORD not in response.text
        done = await send(client, "/admin/password", {"old": PASSWORD, "new": OTHER, "again": OTHER})
        assert done.headers["location"] == "../admin/login?changed=1"
        assert (await client.get("/admin")).status_code == 303
        assert (await elsewhere.get("/admin")).status_code == 303
    assert (await log_in(client, password=PASSWORD)).status_code == 403
    assert (await log_in(client, password=OTHER)).status_code == 303


async def test_without_a_database_the_pages_say_so() -> None:
    async with client_of(app_with(scripted_assistant())) as client:
        response = await client.get("/admin")
    assert response.status_code == 503
    assert "记录暂时存取不了" in response.text
    assert response.headers["content-type"].startswith("text/html")


async def test_the_pages_work_below_a_prefix(state: State) -> None:
    async with client_of(app_with(scripted_assistant(), state), root_path="/kb") as client:
        page = await client.get("/kb/admin/clauses/2.2")
        assert page.headers["location"] == "../../admin/login?next=admin/clauses/2.2"
        login = await client.get("/kb/admin/login")
        assert 'action="../admin/login"' in login.text


# --- history ---


async def test_the_history_says_who_published_what(client: httpx.AsyncClient) -> None:
    await log_in(client, "reader")
    page = (await client.get("/admin/history")).text
    assert re.search("第 3 版.*提议.*editor.*第 2 版.*正在使用.*approver.*第 1 版.*发布", page, re.DOTALL)
    one = (await client.get("/admin/history/1")).text
    assert "退回到第 1 版" not in one  # a reader may look, and no more


async def test_two_versions_are_compared_character_by_character(client: httpx.AsyncClient) -> None:
    await log_in(client, "reader")
    for address in ("/admin/compare?old=1&new=2", "/admin/history/2"):
        page = (await client.get(address)).text
        assert "1<del>8</del><ins>9</ins>平方米" in page
    for odd in ("old=9&new=1", "old=x&new=1", "old=<b>&new=1"):
        response = await client.get(f"/admin/compare?{odd}")
        assert response.status_code == 404
        assert "<b>" not in response.text


async def test_an_approver_goes_back_with_a_reason_and_the_record_keeps_it(
    client: httpx.AsyncClient, state: State
) -> None:
    await log_in(client)
    assert "退回到第 1 版" in (await client.get("/admin/history/1")).text
    refused = await send(client, "/admin/history/1/rollback", {"reason": " "})
    assert refused.status_code == 422
    assert "请写明为什么退回" in refused.text
    done = await send(client, "/admin/history/1/rollback", {"reason": "数写错了"})
    assert (done.status_code, done.headers["location"]) == (303, "../../../admin/history/4")
    head = state.versions.head()
    assert head is not None
    assert (head.seq, head.action, head.author, head.reason) == (4, "rollback", "approver", "数写错了")
    assert head.digest == state.versions.find("1").digest
    again = await send(client, "/admin/history/1/rollback", {"reason": "再来"})
    assert again.status_code == 409
    assert "不用退回" in again.text
    assert state.versions.verify() == []


async def test_a_proposal_is_agreed_to_by_another_person_only(client: httpx.AsyncClient, state: State) -> None:
    await log_in(client)
    assert "同意并发布" in (await client.get("/admin/history/3")).text
    state.accounts.set_role("editor", "approver")
    await send(client, "/admin/logout", {})
    await log_in(client, "editor")
    assert "这是您自己的提议" in (await client.get("/admin/history/3")).text
    own = await send(client, "/admin/history/3/approve", {})
    assert own.status_code == 409
    assert "不能自己同意" in own.text
    await send(client, "/admin/logout", {})
    await log_in(client)
    assert (await send(client, "/admin/history/3/approve", {})).status_code == 303
    head = state.versions.head()
    assert head is not None
    assert (head.seq, head.author, head.approver) == (4, "editor", "approver")


async def test_without_a_version_the_history_says_so(state: State) -> None:
    async with client_of(app_with(scripted_assistant(), state)) as client:
        await log_in(client)
        assert "还没有发布过任何版本" in (await client.get("/admin/history")).text
        assert (await client.get("/admin/history/1")).status_code == 404
        assert (await send(client, "/admin/history/1/rollback", {"reason": "x"})).status_code == 404


# --- each page that changes something, from the app itself ---


def changing(app: FastAPI) -> list[str]:
    """The paths that take forms, but for the one that everybody may send."""
    found = [path for method, path in routes(app.routes) if method not in ("GET", "HEAD") and path != "/admin/login"]
    assert len(found) > 12
    return found


@pytest.mark.fault(20)
async def test_no_route_of_the_app_changes_anything_without_a_login_a_role_and_a_form_of_ones_own(
    app: FastAPI, client: httpx.AsyncClient, state: State, workshop: Workshop
) -> None:
    """Whatever routes the app has: one that somebody adds is asked here too, and nothing of this depends on RULES."""
    before = (state.versions.log(), workshop.drafts.all())

    def unchanged() -> bool:
        return (state.versions.log(), workshop.drafts.all()) == before

    paths = changing(app)
    for path in paths:
        response = await client.post(concrete(path), data={"form": "0" * 64}, headers=ORIGIN)
        assert response.status_code == 303, path
        assert "admin/login" in response.headers["location"]
    async with client_of(app) as other:
        await log_in(other, "editor")
        foreign = form_token((await other.get("/admin/password")).text)
    await log_in(client)
    own = form_token((await client.get("/admin/password")).text)
    for path in paths:
        for fields in ({}, {"form": ""}, {"form": foreign}):
            response = await client.post(concrete(path), data={"reason": "x", **fields}, headers=ORIGIN)
            assert response.status_code == 403, (path, fields)
        for headers in ({}, {"origin": "http://evil.example"}, ORIGIN | {"sec-fetch-site": "cross-site"}):
            response = await client.post(concrete(path), data={"form": own, "reason": "x"}, headers=headers)
            assert response.status_code == 403, (path, headers)
        assert (await client.get(concrete(path))).status_code in (200, 405), path  # a link does nothing
        assert unchanged(), path
    assert (await client.get("/admin")).status_code == 200
    await log_in_anew(client, "reader")
    harmless = {"/admin/logout", "/admin/password", "/admin/try"}
    for path in sorted(set(paths) - harmless):
        assert (await send(client, concrete(path), {"reason": "x"})).status_code == 403, path
        assert unchanged(), path


async def log_in_anew(client: httpx.AsyncClient, name: str) -> None:
    assert (await send(client, "/admin/logout", {})).status_code == 303
    assert (await log_in(client, name)).status_code == 303


@pytest.mark.fault(19)
async def test_what_people_write_is_text_on_every_page(client: httpx.AsyncClient, state: State, tmp_path: Path) -> None:
    """Names, reasons, wordings of a version: on each page that shows them."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
    version = write(tmp_path / "v4", 44)
    for path in (*version.glob("documents/*.yaml"),):
        content = path.read_text("utf8").replace("科员一个人能用几平米", evil.replace('"', '\\"'))
        path.write_text(content.replace("某市机关事务管理局", "<b>局</b>"), "utf8")
    change = change_of(version, 2, "publish", evil)
    state.versions.record([replace(change, reason=evil, override=evil)])
    await log_in(client)
    for path in ("/admin/history", "/admin/history/4", "/admin/compare?old=2&new=4", "/admin/proposals", "/admin"):
        page = await client.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img src=x" not in page.text, path
        assert "<b>局" not in page.text, path
    assert "&lt;script&gt;alert(1)" in (await client.get("/admin/history/4")).text
    for path in (
        f"/admin/clauses?q={quote(evil)}",
        f"/admin/history/{quote(evil, safe='')}",
        f"/admin/clauses/{quote(evil, safe='')}",
    ):
        assert "<script>alert" not in (await client.get(path)).text, path
