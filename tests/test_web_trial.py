"""Trying a question on two versions side by side: what differs is said, loading one stops nothing, and few are kept."""

from __future__ import annotations

import re
import threading

import httpx
import pytest

from bot.channels.web.admin import trial, words
from bot.kb.changes import ClauseEdit
from bot.kb.tryouts import KEPT, Tryouts
from knowledge.errors import JianfuError
from tests.keeping import Kept
from tests.telegram_fake import until
from tests.test_web_admin import log_in, send
from tests.web_client import client_of

pytest_plugins = ["tests.kept_site"]

DEADLINE = 120
QUESTION = "乡科级正职的办公室不能超过多少平米"
#: Whom the client of tests.kept_site is.
ROLE = "reader"


async def proposed(kept: Kept, square_metres: int) -> str:
    """A proposal that changes clause 2.1, with its preview; its id."""
    assert kept.background.assistant is not None
    clause = kept.background.assistant.knowledge.find("2.1")
    assert clause is not None
    text = re.sub(r"\d+平方米，", f"{square_metres}平方米，", clause.text)
    draft = kept.workshop.begin("editor", [ClauseEdit(clause.document, clause.id, clause.label, text)])
    await until(lambda: kept.workshop.preview(draft) is not None, DEADLINE)
    return draft.id


async def publish(kept: Kept, square_metres: int) -> None:
    draft = kept.workshop.drafts.get(await proposed(kept, square_metres))
    kept.workshop.publish(draft, author="approver", reason="", override="试验", ask=False)
    kept.switch()


async def compare(client: httpx.AsyncClient, left: str, right: str) -> httpx.Response:
    fields = {"question": QUESTION, "do": "compare", "left": left, "right": right}
    return await send(client, "/admin/try", fields)


async def test_two_versions_side_by_side_and_what_differs_in_words(client: httpx.AsyncClient, kept: Kept) -> None:
    assert words.NOTHING_TO_COMPARE in (await client.get("/admin/try")).text
    await publish(kept, 20)
    form = (await client.get("/admin/try")).text
    assert re.search(r'<option value="now" selected>正在使用的（第 2 版）', form)
    assert re.search(r'<option value="v1" selected>第 1 版', form)
    page = (await compare(client, "now", "v1")).text
    assert re.search(r"两个版本有 \d 项不同：[^。]*会这样回答", page)
    assert "20平方米" in page
    assert "18平方米" in page
    assert '<strong class="differs">≠ 不同</strong>' in page
    assert re.search(r'<strong class="differs">≠ [^<]*条文不同</strong>', page)
    assert page.count('id="found"') == 1
    links = re.findall(r'href="[^"]*admin/clauses/[^"]+"', page.partition('id="found"')[2])
    assert links  # of the version in use; what an old one says is not there to be read
    same = (await compare(client, "v1", "v1")).text
    assert words.ALL_SAME in same
    assert "≠" not in same.partition('id="found"')[2]
    assert kept.state.receipts.find("0" * 12) is None


async def test_a_proposal_is_offered_first_and_only_to_who_may_see_proposals(kept: Kept) -> None:
    await publish(kept, 20)
    draft = await proposed(kept, 30)
    key = f"d{draft}-1"
    async with client_of(kept.app()) as reader:
        await log_in(reader, "reader")
        assert key not in (await reader.get("/admin/try")).text
        refused = await compare(reader, "now", key)
        assert refused.status_code == 409
        assert words.NO_CHOICE in refused.text
    async with client_of(kept.app()) as editor:
        await log_in(editor, "editor")
        assert f'<option value="{key}" selected>editor的提议' in (await editor.get("/admin/try")).text
        assert "30平方米" in (await compare(editor, "now", key)).text
        for odd in ("", "v99", "../etc", "d00000000-1"):
            assert (await compare(editor, odd, "now")).status_code == 409


async def test_while_a_version_is_loaded_it_is_said_and_serving_goes_on(
    client: httpx.AsyncClient, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(kept, 20)
    monkeypatch.setattr(trial, "PATIENCE_SECONDS", 0.0)
    begun, go_on, make = threading.Event(), threading.Event(), kept.workshop.make

    def slow(*given: object) -> object:
        begun.set()
        assert go_on.wait(DEADLINE)
        return make(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(kept.workshop, "make", slow)
    page = await compare(client, "now", "v1")
    assert page.status_code == 200
    assert "正在载入第 1 版" in page.text
    assert f'value="{QUESTION}"' in page.text
    assert begun.wait(DEADLINE)
    assert "正在载入第 1 版" in (await compare(client, "now", "v1")).text
    assert "20平方米" in (await send(client, "/admin/try", {"question": QUESTION})).text
    assert "20平方米" in kept.said("问题二第1条")
    go_on.set()
    await until(lambda: kept.workshop.stage("try-v1") is None, DEADLINE)
    assert "18平方米" in (await compare(client, "now", "v1")).text


async def test_a_version_that_cannot_be_loaded_says_why_and_can_be_tried_again(
    client: httpx.AsyncClient, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(kept, 20)
    make = kept.workshop.make

    def broken(*_: object) -> object:
        raise JianfuError("磁盘满了，请清理")

    monkeypatch.setattr(kept.workshop, "make", broken)
    refused = await compare(client, "now", "v1")
    assert (refused.status_code, "磁盘满了，请清理" in refused.text) == (409, True)
    monkeypatch.setattr(kept.workshop, "make", make)
    assert "18平方米" in (await compare(client, "now", "v1")).text


async def test_no_more_than_a_few_versions_are_kept_in_memory(kept: Kept) -> None:
    for square_metres in (20, 21, 22):
        await publish(kept, square_metres)
    tryouts = Tryouts(kept.workshop)
    choices = {one.key: one for one in tryouts.choices(drafts=True)}
    assert list(choices) == ["v3", "v2", "v1"]
    for choice in choices.values():
        await until(lambda choice=choice: tryouts.assistant(choice) is not None, DEADLINE)  # type: ignore[misc]
        assert len(tryouts._made) <= KEPT
    assert list(tryouts._made) == ["v2", "v1"]
