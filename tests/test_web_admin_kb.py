"""Changing the knowledge on the pages: edit, preview, publish, go back; the gate; two admins; a restart in between."""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.channels.web.admin.editing import _mark
from bot.kb.drafts import Drafts
from bot.kb.receiving import KEEP_DAYS
from bot.kb.workshop import Workshop
from bot.review.recorder import note_of
from bot.review.recorder import write as write_notes
from bot.state.open_questions import OpenQuestion
from knowledge.errors import JianfuError
from tests.keeping import Kept
from tests.test_web_admin import ORIGIN, form_token, log_in, send
from tests.web_client import client_of

pytest_plugins = ["tests.kept_site"]

DEADLINE = 120
QUESTION = "乡科级正职办公室多大"
#: Whom the client of tests.kept_site is.
ROLE = "approver"


def clause_text(kept: Kept, reference: str) -> str:
    assert kept.background.assistant is not None
    clause = kept.background.assistant.knowledge.find(reference)
    assert clause is not None
    return clause.text


async def propose(client: httpx.AsyncClient, reference: str, **fields: str) -> str:
    """Edit a clause into a proposal; the proposal's path."""
    response = await send(client, f"/admin/clauses/{reference}/edit", {"do": "propose", **fields})
    assert response.status_code == 303, response.text
    found = re.search(r"admin/proposals/[0-9a-f]{8}$", response.headers["location"])
    assert found is not None
    return f"/{found[0]}"


async def previewed(client: httpx.AsyncClient, path: str) -> str:
    """The proposal's page once its preview is made; until then it looks again by itself."""
    async with asyncio.timeout(DEADLINE):
        while True:
            page = (await client.get(path)).text
            if "http-equiv" not in page:
                return page
            assert "正在做预览" in page
            await asyncio.sleep(0.05)


async def test_from_an_edit_to_live_answers_and_back(client: httpx.AsyncClient, kept: Kept) -> None:
    text = clause_text(kept, "2.1")
    assert "18平方米" in text
    assert "18平方米" in kept.said("问题二第1条")
    new = text.replace("18平方米", "20平方米")
    shown = await send(
        client, "/admin/clauses/2.1/edit", {"do": "preview", "text": new, "new": "正职的办公室能有几平米"}
    )
    assert "<del>18</del><ins>20</ins>" in shown.text
    assert "正职的办公室能有几平米" in shown.text
    assert kept.workshop.drafts.all() == []
    path = await propose(client, "2.1", text=new, new="正职的办公室能有几平米")
    page = await previewed(client, path)
    assert "<del>18</del><ins>20</ins>" in page
    assert re.search(r"\d+ 个已知问题，[1-9]\d* 个的回答会变。", page)
    assert "通过：没有变差。" in page
    assert "18平方米" in kept.said("问题二第1条")
    done = await send(client, f"{path}/publish", {"reason": "上级更正"})
    assert done.status_code == 303
    kept.switch()
    assert "20平方米" in kept.said("问题二第1条")
    assert kept.workshop.drafts.all() == []
    version = await client.get("/admin/history/2")
    assert "通过：没有变差。" in version.text
    assert "上级更正" in version.text
    assert (await send(client, "/admin/history/1/rollback", {"reason": "改错了"})).status_code == 303
    kept.switch()
    assert "18平方米" in kept.said("问题二第1条")
    assert kept.state.versions.verify() == []


async def test_the_gate_blocks_a_bad_edit_until_reasons_are_given(client: httpx.AsyncClient, kept: Kept) -> None:
    assert kept.background.assistant is not None
    clause = kept.background.assistant.knowledge.find("2.1")
    assert clause is not None
    path = await propose(client, "2.1", **{_mark(one): "1" for one in clause.questions})
    draft = path.rpartition("/")[2]
    assert await propose(client, "1.1", new="\n".join(clause.questions), draft=draft) == path
    page = await previewed(client, path)
    assert "没有通过：" in page
    for fields in ({}, {"override": " "}):
        refused = await send(client, f"{path}/publish", fields)
        assert refused.status_code == 422
        assert "没有过把关。确实要发布，须写明理由。" in refused.text
    assert kept.state.versions.log() == []
    assert (await send(client, f"{path}/publish", {"override": "主管要求"})).status_code == 303
    assert [one.override for one in kept.state.versions.log()] == ["", "主管要求"]
    page = (await client.get("/admin/history/2")).text
    assert "主管要求" in page
    assert "没有通过：" in page


async def test_of_two_admins_the_second_is_told_and_can_go_on(client: httpx.AsyncClient, kept: Kept) -> None:
    text = clause_text(kept, "2.1")
    first = await propose(client, "2.1", text=text.replace("18", "20"))
    second = await propose(client, "2.1", keywords="办公室、面积")
    await previewed(client, first)
    await previewed(client, second)
    assert (await send(client, f"{first}/publish", {})).status_code == 303
    refused = await send(client, f"{second}/publish", {})
    assert refused.status_code == 409
    assert "别人已发布了第 2 版" in refused.text
    assert [one.seq for one in kept.state.versions.log()] == [1, 2]
    assert "原版本已变" in (await client.get("/admin/proposals")).text
    redone = await send(client, f"{second}/redo", {})
    path = "/" + redone.headers["location"].lstrip("./")
    assert "通过：没有变差。" in await previewed(client, path)
    assert (await send(client, f"{path}/publish", {})).status_code == 303
    kept.switch()
    assert "20" in clause_text(kept, "2.1")
    assert kept.background.assistant is not None
    assert kept.background.assistant.knowledge.find("2.1").keywords == ("办公室", "面积")  # type: ignore[union-attr]


async def test_an_edit_of_a_page_that_is_old_is_refused(client: httpx.AsyncClient, kept: Kept) -> None:
    refused = await send(client, "/admin/clauses/2.1/edit", {"do": "propose", "version": "0" * 12, "new": "几平米"})
    assert refused.status_code == 409
    assert "知识库在您打开这一页以后换了新版本" in refused.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "什么都没有改"),
        ({"text": " "}, "条文不能是空的"),
        ({"text": "文" * 5001}, "条文太长（5001 字），最多 5000 字"),
        ({"new": "问" * 501}, "太长，每个最多 500 字"),
        ({"new": "\n".join(f"问题{n}" for n in range(101))}, "一次最多加 100 个问题，这里有 101 个"),
        ({"keywords": "、".join(f"词{n}" for n in range(31))}, "关键词最多 30 个"),
        ({"new": "几平米", "draft": "../../etc"}, "没有这个提议"),
        ({"new": "几平米", "draft": "0badf00d"}, "没有这个提议"),
    ],
)
async def test_bad_edits_are_refused_with_what_to_do(
    client: httpx.AsyncClient, kept: Kept, fields: dict[str, str], said: str
) -> None:
    refused = await send(client, "/admin/clauses/2.1/edit", {"do": "propose", **fields})
    assert refused.status_code in (409, 422)
    assert said in refused.text
    assert kept.workshop.drafts.all() == []


async def test_html_in_an_edit_is_shown_as_text(client: httpx.AsyncClient, kept: Kept) -> None:
    path = await propose(client, "2.1", new="<script>alert(1)</script>几平米")
    page = await previewed(client, path)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;几平米" in page


async def test_an_editor_asks_and_another_person_approves(client: httpx.AsyncClient, kept: Kept) -> None:
    async with client_of(kept.app()) as editor:
        await log_in(editor, "editor")
        path = await propose(editor, "2.1", new="正职的办公室能有几平米")
        page = await previewed(editor, path)
        assert "请人审批" in page
        assert "/publish" not in page
        assert (await send(editor, f"{path}/publish", {})).status_code == 403
        assert (await send(editor, f"{path}/ask", {"reason": "常有人问"})).status_code == 303
        assert (await send(editor, "/admin/history/2/approve", {})).status_code == 403
    assert kept.state.versions.head().action == "shipped"  # type: ignore[union-attr]
    waiting = await client.get("/admin/history/2")
    assert "通过：没有变差。" in waiting.text
    assert "同意并发布" in waiting.text
    assert (await send(client, "/admin/history/2/approve", {})).status_code == 303
    head = kept.state.versions.head()
    assert head is not None
    assert (head.author, head.approver) == ("editor", "approver")


async def test_a_restart_in_the_middle_of_a_preview_loses_nothing(kept: Kept) -> None:
    begun, stop = threading.Event(), threading.Event()

    def stuck(folder: Path, progress: object) -> None:
        begun.set()
        stop.wait(DEADLINE)
        raise JianfuError("the process of before is gone")

    kept.workshop = Workshop(kept.root / "drafts", kept.shelved, stuck, kept.maker.make)  # type: ignore[arg-type]
    async with client_of(kept.app()) as before:
        await log_in(before, "approver")
        path = await propose(before, "2.1", new="正职的办公室能有几平米")
        assert await asyncio.to_thread(begun.wait, DEADLINE)
        assert "正在做预览" in (await before.get(path)).text
    for lock in (kept.root / "drafts").glob("*/.lock"):
        lock.unlink()  # the system frees the lock of a process that is gone; this one only hangs
    again = Kept.at(kept.root, kept.state)
    async with client_of(again.app()) as after:
        await log_in(after, "approver")
        assert "正职的办公室能有几平米" in await previewed(after, path)
        assert (await send(after, f"{path}/publish", {})).status_code == 303
    stop.set()


async def test_a_discarded_proposal_is_gone(client: httpx.AsyncClient, kept: Kept) -> None:
    path = await propose(client, "2.1", new="正职的办公室能有几平米")
    await previewed(client, path)
    assert (await send(client, f"{path}/discard", {})).status_code == 303
    assert list((kept.root / "drafts").iterdir()) == []
    for method in ("get", "post"):
        gone = await (client.get(path) if method == "get" else send(client, f"{path}/publish", {}))
        assert gone.status_code == 404
        assert "没有这个提议；可能已经发布，或被人丢弃了" in gone.text


async def test_what_cannot_be_applied_says_why_and_can_be_tried_again(client: httpx.AsyncClient, kept: Kept) -> None:
    path = await propose(client, "2.1", new="正职的办公室能有几平米")
    draft = path.rpartition("/")[2]
    assert await propose(client, "1.1", new="正职的办公室能有几平米", draft=draft) == path
    page = await previewed(client, path)
    assert "预览没有做成" in page
    assert "已经有了" in page
    assert str(kept.root) not in page
    assert (await send(client, f"{path}/publish", {})).status_code == 409
    assert (await send(client, f"{path}/again", {})).status_code == 303


async def test_the_queue_becomes_a_proposal_and_then_knowledge(client: httpx.AsyncClient, kept: Kept) -> None:
    assert kept.background.assistant is not None
    today = datetime.now(UTC).date()
    for question in ("宿舍能有多大", "食堂几点开门"):
        kept.state.open_questions.put([(question, OpenQuestion(question, "far", today))])
    page = (await client.get("/admin/queue")).text
    groups = re.findall(r'name="group" value="([0-9a-f]+)"', page)
    assert len(groups) == 2
    assert "宿舍能有多大" in page
    by_text = {re.search(rf'id="text-{one}"[^>]*value="([^"]*)"', page)[1]: one for one in groups}  # type: ignore[index]
    refused = await send(client, "/admin/queue", {"do": "add", "group": by_text["宿舍能有多大"]})
    assert "请选一条由它回答的条款" in refused.text
    add = {"do": "add", "group": by_text["宿舍能有多大"], "clause": "2.1"}
    assert (await send(client, "/admin/queue", add)).status_code == 303
    beside = {"do": "beside", "group": by_text["食堂几点开门"], "reason": "far"}
    assert (await send(client, "/admin/queue", beside)).status_code == 303
    page = (await client.get("/admin/queue")).text
    assert "没有待处理的问题" in page
    numbers = re.findall(r'name="number" value="(\d+)"', page)
    assert len(numbers) == 2
    assert (await send(client, "/admin/queue/undo", {"number": max(numbers, key=int)})).status_code == 303
    assert "食堂几点开门" in (await client.get("/admin/queue")).text
    made = await send(client, "/admin/queue/draft", {})
    assert made.status_code == 303
    path = "/" + made.headers["location"].lstrip("./")
    assert "宿舍能有多大" in await previewed(client, path)
    assert "已写进一个提议" in (await client.get("/admin/queue")).text
    assert (await send(client, "/admin/queue/draft", {})).status_code == 409
    assert (await send(client, f"{path}/publish", {})).status_code == 303
    kept.switch()
    knowledge = kept.background.assistant.knowledge
    assert "宿舍能有多大" in knowledge.find("2.1").questions  # type: ignore[union-attr]


def test_a_torn_draft_is_no_draft(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    (tmp_path / "0badf00d").mkdir()
    (tmp_path / "0badf00d" / "draft.json").write_text('{"id": "0bad', "utf8")
    assert drafts.all() == []


NOTICE = """关于规范会议活动的通知

各乡镇：
一、会议要少开
（一）每月的会议不得超过两次。
（二）每次会议不得超过90分钟。
二、会议要短开
（一）讲话稿不得超过3000字。
"""


async def upload(client: httpx.AsyncClient, content: bytes, name: str = "会议.txt", **fields: str) -> httpx.Response:
    """Send a file as the import page does."""
    page = await client.get("/admin/password")
    token = form_token(page.text)
    files = {"file": (name, content)}
    return await client.post(
        "/admin/import",
        data={"form": token, "id": "huiyi", "issuer": "青禾县人民政府办公室", **fields},
        files=files,
        headers=ORIGIN,
    )


async def test_a_file_becomes_a_proposal_with_ticked_questions(client: httpx.AsyncClient, kept: Kept) -> None:
    done = await upload(client, NOTICE.encode())
    assert done.status_code == 303, done.text
    path = "/" + done.headers["location"].lstrip("./")
    page = (await client.get(path)).text
    assert "关于规范会议活动的通知" in page
    assert 'name="use-0"' in page
    made = await send(client, path, {"use-0": "1"})
    proposal = "/" + made.headers["location"].lstrip("./")
    assert "每次会议不得超过90分钟" in await previewed(client, proposal)
    assert (await send(client, f"{proposal}/publish", {})).status_code == 303
    kept.switch()
    assert kept.background.assistant is not None
    assert {one.id for one in kept.background.assistant.knowledge.documents} == {"huiyi", "jiedai-2021"}
    assert (await client.get(path)).status_code == 404


async def test_what_was_read_waits_to_be_gone_on_with_and_goes_after_a_month(
    client: httpx.AsyncClient, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    paths = []
    for title in ("<b>甲</b>", "通知乙"):
        done = await upload(client, NOTICE.encode(), title=title)
        paths.append("/" + done.headers["location"].lstrip("./"))
    page = (await client.get("/admin/import")).text
    assert all(path[1:] in page for path in paths)
    assert "<b>甲" not in page  # as text, not as markup
    assert "&lt;b&gt;甲" in page
    dropped = await send(client, f"{paths[1]}/drop", {})
    assert dropped.status_code == 303
    page = (await client.get("/admin/import?dropped=1")).text
    assert "草稿已丢弃" in page
    assert "通知乙" not in page
    assert (await client.get(paths[1])).status_code == 404
    [report] = kept.workshop.root.glob("imports/*/report.json")
    os.utime(report, (time.time() - (KEEP_DAYS - 1) * 24 * 3600,) * 2)
    await upload(client, NOTICE.encode(), title="通知丙")
    assert (await client.get(paths[0])).status_code == 200
    os.utime(report, (time.time() - (KEEP_DAYS + 1) * 24 * 3600,) * 2)
    await upload(client, NOTICE.encode(), title="通知丁")
    assert (await client.get(paths[0])).status_code == 404
    assert f"{KEEP_DAYS} 天没有写成提议" in caplog.text
    page = (await client.get("/admin/import")).text
    assert "通知丙" in page
    assert "通知丁" in page


async def test_an_error_of_the_lint_is_not_published_without_a_reason(client: httpx.AsyncClient, kept: Kept) -> None:
    done = await upload(client, NOTICE.encode(), issuer="")
    made = await send(client, "/" + done.headers["location"].lstrip("./"), {})
    proposal = "/" + made.headers["location"].lstrip("./")
    page = await previewed(client, proposal)
    assert "issuer 还写着「待填」" in page
    assert "有新的错误，改正以前不能发布" in page
    assert (await send(client, f"{proposal}/publish", {})).status_code == 422
    assert kept.state.versions.log() == []
    assert (await send(client, f"{proposal}/publish", {"override": "发文单位待查"})).status_code == 303
    assert kept.state.versions.log()[-1].override == "发文单位待查"


@pytest.mark.parametrize(
    ("content", "name", "identifier"),
    [
        (b"", "a.txt", "huiyi"),
        (b"\x00\x01\x02", "a.txt", "huiyi"),
        (b"PK\x03\x04 broken", "a.docx", "huiyi"),
        (NOTICE.encode(), "a.txt", "../etc"),
        (NOTICE.encode(), "a.txt", "jiedai-2021"),
        (NOTICE.encode(), "a.exe", "huiyi"),
    ],
)
async def test_a_file_that_is_refused_says_why(
    client: httpx.AsyncClient, kept: Kept, content: bytes, name: str, identifier: str
) -> None:
    refused = await upload(client, content, name, id=identifier)
    assert refused.status_code == 422
    assert re.search(r'role="alert"[^>]*>[^<]*[一-龥]', refused.text)
    assert "/tmp" not in refused.text
    assert kept.workshop.drafts.all() == []


async def test_only_who_may_import_has_a_file_read_and_none_is_too_large(kept: Kept) -> None:
    async with client_of(kept.app()) as client:
        huge = await client.post("/admin/import", content=b"x" * (21 * 1024 * 1024), headers=ORIGIN)
        assert huge.status_code == 413
        await log_in(client, "reader")
        assert (await upload(client, NOTICE.encode())).status_code == 403


async def test_the_numbers_of_a_week_have_a_table_and_a_csv(client: httpx.AsyncClient, kept: Kept) -> None:
    today = datetime.now(UTC).date()
    assert kept.background.assistant is not None
    asked = kept.background.assistant.explain("问题二第1条"), kept.background.assistant.explain("完全没有关系的一句话")
    write_notes(kept.state, [note_of("x", one, today=today) for one in (asked[0], asked[0], asked[1])])
    page = (await client.get("/admin/numbers")).text
    row = re.search(r"问题二·措施1</a></th><td>(.*?)</td>", page)
    assert row is not None
    assert row[1] == '<span class="heat heat-5">2</span>'
    assert '<svg class="trend"' in page
    csv = await client.get("/admin/numbers.csv")
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"{today},作答,2.1,2" in csv.text
    assert (await client.get("/admin/numbers", params={"week": "x"})).status_code == 422
