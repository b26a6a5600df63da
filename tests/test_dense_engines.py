"""Through whichever engine the nearest clauses are found, a question has the same answer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.answer import Answer
from bot.assistant import Assistant
from bot.bootstrap import index_settings, silent
from bot.care.model import _engine
from bot.config import load_config
from index.dense import choose
from index.dense.pgvector import PgvectorIndex
from index.model import fitting_adapter, load_encoder
from index.retriever import Retriever
from knowledge.errors import InvalidFile, JianfuError
from knowledge.loader import load_knowledge
from tests.encoders import FakeEncoder
from tests.fakes import ROOT, real_knowledge
from tests.notices import write_notice
from tests.test_retriever import settings_for

pytest_plugins = ["tests.states"]


def plain(answer: Answer) -> tuple[object, ...]:
    return answer.outcome, answer.mode, answer.lead, answer.citations, answer.options, answer.related


@pytest.mark.model
def test_real_questions_have_the_same_answers_through_faiss_and_postgresql(postgres_url: str) -> None:
    config = load_config(ROOT / "config.yaml")
    faiss, knowledge = index_settings(config), real_knowledge()
    adapter = fitting_adapter(knowledge, faiss)
    encoder = load_encoder(faiss, silent, adapter)
    ours, theirs = (
        Assistant(Retriever.open(knowledge, encoder, settings, silent, adapter), config.answers)
        for settings in (faiss, replace(faiss, dense=postgres_url))
    )
    lines = [
        line for path in sorted((ROOT / "tests" / "questions").glob("*.jsonl")) for line in path.open(encoding="utf8")
    ]
    labels = [json.loads(line) for line in lines][::4]
    assert len(labels) > 150
    for label in labels:
        history = tuple(label.get("history", ()))
        assert plain(ours.ask(label["q"], history)) == plain(theirs.ask(label["q"], history)), label["q"]
    engine = choose.shared_engine(postgres_url)
    assert isinstance(engine, PgvectorIndex)
    with engine._connected() as connection:
        assert connection.execute(text("SELECT count(*) FROM dense_rows")).scalar() == len(list(knowledge))
        first = connection.execute(text("SELECT document, text FROM dense_rows WHERE clause = '2.2'")).one()
    assert tuple(first) == ("jianfu-2019", knowledge.find("2.2").text)


def test_the_doctor_says_how_the_engine_is(postgres_url: str, tmp_path: Path) -> None:
    write_notice(tmp_path / "knowledge")
    knowledge, settings = load_knowledge(tmp_path / "knowledge"), settings_for(tmp_path)
    assert (_engine(settings, "x").state, _engine(settings, "x").seen) == ("good", "本进程的 FAISS")
    shared = replace(settings, dense=postgres_url)
    assert (_engine(shared, "x").state, _engine(shared, "x").remedy) == ("note", "下次启动时会自动补上")
    engine = choose.shared_engine(postgres_url)
    assert isinstance(engine, PgvectorIndex)
    with engine._connected() as connection:  # it looked, and made nothing
        assert connection.execute(text("SELECT to_regclass('dense_revisions')")).scalar() is None
    made = Retriever.open(knowledge, FakeEncoder(), shared, silent)
    assert made._dense is not None
    assert _engine(shared, made._dense.revision).state == "good"
    away = _engine(replace(settings, dense="postgresql+psycopg://a:geheim@127.0.0.1:9/x"), "x")
    assert away.state == "bad"
    assert "geheim" not in str(away)
    assert "回答不变" in away.remedy


def test_an_engine_that_is_away_at_the_start_stops_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_notice(tmp_path / "knowledge")
    knowledge, settings = load_knowledge(tmp_path / "knowledge"), settings_for(tmp_path)
    away = replace(settings, dense="postgresql+psycopg://a:geheim@127.0.0.1:9/x")
    here = Retriever.open(knowledge, FakeEncoder(), settings, silent).search("乡科级正职的办公室多大")
    there = Retriever.open(knowledge, FakeEncoder(), away, silent).search("乡科级正职的办公室多大")
    assert here == there
    assert "the vector engine is away" in caplog.text
    assert "geheim" not in caplog.text


@pytest.mark.parametrize("wrong", ["", "FAISS", "mysql://a/b", "postgresql://a/b", "https://a"])
def test_no_such_engine_is_said_with_the_line(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"index:\n  dense: '{wrong}'\n", "utf8")
    with pytest.raises(InvalidFile, match=r"config\.yaml:2.*postgresql\+psycopg://"):
        load_config(path)


def test_an_address_that_nobody_can_read_is_not_repeated() -> None:
    with pytest.raises(JianfuError, match="读不懂") as caught:
        choose.shared_engine("postgresql+psycopg://a:geheim@host:port/x")
    assert "geheim" not in str(caught.value)
