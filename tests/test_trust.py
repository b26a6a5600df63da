"""The record of the evaluation, what is said of it, and that every channel says the same."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import httpx
import pytest
from telegram import Update

from bot import replies, trust
from bot.answer import Mode
from bot.bootstrap import BackgroundAssistant
from bot.channels import telegram_bot
from bot.channels.web import create_app
from bot.config import TelegramConfig, WebConfig
from bot.trust import Evaluation, Share, read_evaluation, trust_text, wilson
from tests.fakes import ROOT, real_knowledge, scripted_assistant
from tests.telegram_fake import TOKEN, RecordingRequest, message_update

GROUP = -1001


def record(version: str | None = None, mode: Mode = "full") -> Evaluation:
    return Evaluation(
        knowledge_version=version or real_knowledge().version,
        model="builtin-1",
        analyzer_version=2,
        mode=mode,
        right=Share.of(190, 200),
        false_answers=Share.of(0, 60),
        wrong_first=Share.of(7, 140),
        wrong_quotes=0,
    )


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "evaluation.json"
    path.write_text(record().to_json(), encoding="utf8")
    monkeypatch.setattr(trust, "RECORD", path)
    return path


def loaded(mode: Mode = "full") -> BackgroundAssistant:
    background = BackgroundAssistant(lambda _: scripted_assistant(mode=mode))
    background.start()
    assert background.wait(5)
    return background


# --- figures ---


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    # Newcombe 1998, table I: 81/263, 15/148, 0/20, 1/29; and the mirror image of 0/20.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_wilson_gives_the_published_values(count: int, total: int, low: float, high: float) -> None:
    assert wilson(count / total, total) == pytest.approx((low, high), abs=0.00006)
    share = Share.of(count, total)
    assert (share.low, share.high) == pytest.approx((low, high), abs=0.00011)


def test_interval_stays_within_0_and_1_and_without_questions_says_nothing() -> None:
    for total in range(1, 400):
        assert wilson(0.0, total)[0] >= 0.0
        assert wilson(1.0, total)[1] <= 1.0
    assert (Share.of(0, 0).low, Share.of(0, 0).high, Share.of(0, 0).percent) == (0.0, 1.0, None)
    assert Share.of(1, 8).percent == 12.5


# --- the record ---


def test_record_survives_its_file(recorded: Path) -> None:
    assert read_evaluation() == record()
    assert record().to_json() == record().to_json()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[1]", b'{"right": 1'])
def test_record_that_cannot_be_used_is_said_and_logged(
    recorded: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    recorded.write_bytes(content)
    assert read_evaluation() is None
    assert trust_text(real_knowledge()).splitlines()[-1] == replies.TRUST_UNMEASURED
    assert "evaluation.json" in caplog.text


def test_unknown_field_and_missing_file_are_no_record(recorded: Path) -> None:
    recorded.write_text(json.dumps(json.loads(record().to_json()) | {"extra": 1}), encoding="utf8")
    assert read_evaluation() is None
    recorded.unlink()
    assert read_evaluation() is None


def test_shipped_record_and_report_are_of_one_run() -> None:
    shipped = read_evaluation()
    assert shipped is not None
    report = (ROOT / "docs" / "evaluation.md").read_text("utf8")
    assert f"- Knowledge version: `{shipped.knowledge_version}`\n" in report
    for name, share in (
        ("answered right", shipped.right),
        ("**false answers**", shipped.false_answers),
        ("**wrong clause first**", shipped.wrong_first),
    ):
        [line] = [line for line in report.splitlines() if line.startswith(f"| {name}")]
        assert line.split(" | ")[1:3] == [str(share.count), str(share.total)]
    assert (shipped.mode, shipped.wrong_quotes) == ("full", 0)
    assert "evaluation.json" in (ROOT / "pyproject.toml").read_text("utf8")


# --- what is said ---


def test_text_gives_every_figure(recorded: Path) -> None:
    lines = trust_text(real_knowledge()).splitlines()
    assert lines == [
        "回答可信到什么程度",
        "怎么答：只摘录，不生成。条款逐字引自《通知》，每次发出前与原文核对，对不上就不发；没有写的，直说没有写。",
        "答对多少：问了 200 个不在知识库里的问题，答对 190 个，占 95.0%（95% 区间 91.0%–97.3%）。",
        "没写却答：通知没有写的 60 个问题里，0 个给出了引文，占 0.0%（95% 上限 6.0%）。",
        "引错条款：写了并作答的 140 个问题里，7 个首条引错，占 5.0%（95% 上限 10.0%）。",
        "引文走样：与原文不符的引文 0 处。",
        replies.TRUST_LIMITS,
        f"衡量时的知识库版本：{real_knowledge().version}。",
    ]


def test_another_knowledge_version_is_warned_of(recorded: Path) -> None:
    assert "注意" not in trust_text(real_knowledge())
    recorded.write_text(record(version="0123456789ab").to_json(), encoding="utf8")
    *_, measured, warning = trust_text(real_knowledge()).splitlines()
    assert measured == "衡量时的知识库版本：0123456789ab。"
    assert warning == replies.TRUST_OTHER_KNOWLEDGE.format(version=real_knowledge().version)


def test_another_mode_is_warned_of_where_it_is_known(recorded: Path) -> None:
    assert trust_text(real_knowledge(), "lexical").splitlines()[-1] == replies.TRUST_OTHER_MODE
    assert trust_text(real_knowledge(), "full") == trust_text(real_knowledge())


def test_no_question_of_a_kind_gives_no_percentage(recorded: Path) -> None:
    recorded.write_text(record().model_copy(update={"wrong_first": Share.of(0, 0)}).to_json(), encoding="utf8")
    assert "0 个首条引错，占 —（95% 上限 100.0%）" in trust_text(real_knowledge())


# --- channels (the command is in test_main.py) ---


async def test_telegram_says_the_same(recorded: Path) -> None:
    request = RecordingRequest()
    application = telegram_bot.create_application(
        loaded("lexical"), TelegramConfig(), TOKEN, request=request, get_updates_request=RecordingRequest()
    )
    await application.initialize()
    for update in (message_update("/trust"), message_update("/trust", chat=GROUP)):
        await application.process_update(Update.de_json(update, application.bot))
    await application.shutdown()
    [call] = request.named("sendMessage")  # in a group only when addressed, as for /help
    assert html.unescape(call["text"]) == trust_text(real_knowledge(), "lexical")
    assert "trust" in replies.TELEGRAM_COMMANDS


async def test_web_page_says_the_same_without_script_of_its_own(recorded: Path) -> None:
    app = create_app(loaded(), WebConfig(), max_question_characters=500)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        response = await client.get("/trust")
        home = (await client.get("/")).text
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    title, *sentences = trust_text(real_knowledge(), "full").splitlines()
    assert f"<h1>{title}</h1>" in response.text
    assert re.findall(r"<p>([^<]+)</p>", response.text) == [html.escape(sentence) for sentence in sentences]
    assert re.findall(r"<script[^>]*>", response.text) == re.findall(
        r'<script src="\./assets/[0-9a-f]+/theme\.js">', response.text
    )
    assert '<a href="./trust">' in home


@pytest.mark.fault(19)
async def test_web_page_escapes_and_waits_for_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "read_evaluation", lambda: record(version="<b>"))
    waiting = BackgroundAssistant(lambda _: scripted_assistant())
    for background, status in ((loaded(), 200), (waiting, 503)):
        app = create_app(background, WebConfig(), max_question_characters=500)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            response = await client.get("/trust", headers={"Accept": "text/html"})
        assert response.status_code == status
        assert "<b>" not in response.text
        assert ("&lt;b&gt;" in response.text) == (status == 200)
