from __future__ import annotations

import multiprocessing
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bot.answer import Answer
from bot.assistant import Assistant
from bot.config import AnswersConfig
from bot.state.database import MIGRATIONS, REVISION, Database, StateUnavailable
from bot.state.feedback import FeedbackBook, Opinion
from bot.state.receipts import ALPHABET, Receipt, Receipts, read_code
from bot.state.tables import metadata
from tests.fakes import ScriptedSearcher, scripted_assistant

URL = "sqlite:///state/jianfu.db"


pytest_plugins = ["tests.states"]


def at(url: str) -> Database:
    """The same database, as another process would open it."""
    return Database.at(url, Path("/"))


def stored(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_tables_are_what_the_migrations_make(database: Database) -> None:
    with database.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == REVISION


def test_nothing_is_made_before_first_use(tmp_path: Path) -> None:
    Database.at(URL, tmp_path)
    assert not (tmp_path / "state").exists()


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(StateUnavailable, match="建不了文件夹 /proc/1/nowhere"):
        Database.at("sqlite:////proc/1/nowhere/x.db", Path("/")).open()


@pytest.mark.parametrize(("url", "said"), [("nonsense", "不是数据库地址"), ("mysql://h/x", "没有安装的软件")])
def test_a_url_that_can_never_work_is_refused_at_once(url: str, said: str) -> None:
    with pytest.raises(StateUnavailable, match=said):
        Database.at(url, Path("/"))


@pytest.mark.fault(7)
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    path = tmp_path / "state" / "jianfu.db"
    path.write_text("not a database, but somebody's notes " * 100, "utf8")
    before = path.read_bytes()
    with pytest.raises(StateUnavailable, match="数据库用不了"):
        Database.at(URL, tmp_path).open()
    assert path.read_bytes() == before


@pytest.mark.fault(25)
def test_a_database_of_a_newer_version_is_refused(url: str, database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StateUnavailable, match="更新的版本"):
        at(url).open()


def test_a_database_that_was_away_is_found_again(tmp_path: Path) -> None:
    blocker = tmp_path / "state"
    blocker.write_text("a file where the folder should be", "utf8")
    database = Database.at(URL, tmp_path)
    answer = scripted_assistant().ask("一个文件最多几页")
    receipts = Receipts(database)
    assert receipts.keep(answer) == ""
    blocker.unlink()
    assert receipts.keep(answer) == Receipt.of(answer).code


def test_many_may_open_a_new_database_at_once(url: str) -> None:
    faults: list[Exception] = []

    def use() -> None:
        try:
            at(url).hashed("x")
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_hashes_are_the_same_after_a_restart_and_other_elsewhere(tmp_path: Path) -> None:
    here = Database.at(URL, tmp_path / "a").hashed("person", "telegram:1")
    assert Database.at(URL, tmp_path / "a").hashed("person", "telegram:1") == here
    assert Database.at(URL, tmp_path / "b").hashed("person", "telegram:1") != here
    assert len(here) == 64


# Receipts


def answer_to(question: str) -> Answer:
    return scripted_assistant().ask(question)


def test_a_receipt_shows_later_what_was_said(url: str, database: Database) -> None:
    answer = answer_to("一个文件最多几页")
    code = Receipts(database).keep(answer)
    found = Receipts(at(url)).find(code)
    assert found is not None
    assert [(one.clause, one.quote) for one in found.citations] == [("2.2", answer.citations[0].quote)]
    assert found.lead == answer.lead
    assert found.first_given == datetime.now(UTC).date()


def test_the_same_words_have_the_same_receipt_and_one_row(database: Database) -> None:
    receipts = Receipts(database)
    one, other = answer_to("一个文件最多几页"), answer_to("请问几页呀")
    assert one.elapsed_ms != other.elapsed_ms
    assert receipts.keep(one) == receipts.keep(other)
    assert receipts.keep(replace(one, knowledge_version="other")) != receipts.keep(one)
    assert stored(database, "SELECT count(*) FROM receipts") == [(2,)]


def test_no_question_is_in_a_receipt(database: Database) -> None:
    Receipts(database).keep(answer_to("张三想知道一个文件最多几页"))
    assert "张三" not in str(stored(database, "SELECT * FROM receipts"))


def test_small_talk_has_no_receipt(database: Database) -> None:
    assert Receipts(database).keep(answer_to("你好")) == ""


def test_a_declined_question_has_one_too(database: Database) -> None:
    answer = answer_to("密级怎么定")
    found = Receipts(database).find(Receipts(database).keep(answer))
    assert found is not None
    assert (found.outcome, found.clauses) == ("decline", ("2.4",))


def test_an_altered_row_proves_nothing(database: Database) -> None:
    receipts = Receipts(database)
    code = receipts.keep(answer_to("一个文件最多几页"))
    with database.begin() as connection:
        connection.execute(text("UPDATE receipts SET content = replace(content, '10页', '20页')"))
    assert receipts.find(code) is None


def test_codes_are_read_as_people_type_them() -> None:
    code = Receipt.of(answer_to("一个文件最多几页")).code
    assert read_code(code) == code
    assert read_code(f"  {code.lower().replace('-', ' ')} ") == code
    assert read_code(code.replace("0", "o").replace("1", "l")) == code


def test_a_slip_of_the_pen_is_told_from_a_code_never_given() -> None:
    code = Receipt.of(answer_to("一个文件最多几页")).code.replace("-", "")
    slips = [code[:i] + letter + code[i + 1 :] for i in range(12) for letter in ALPHABET if letter != code[i]]
    missed = sum(read_code(slip) is not None for slip in slips)
    assert missed < len(slips) * 0.06  # one letter in 32 checks the others
    assert read_code("") is None
    assert read_code("一二三") is None


def test_an_assistant_gives_receipts_only_where_they_are_kept(database: Database) -> None:
    assert scripted_assistant().ask("一个文件最多几页").receipt == ""
    kept = Assistant(ScriptedSearcher(), AnswersConfig(), Receipts(database).keep)
    answer = kept.ask("一个文件最多几页")
    assert answer.to_json()["receipt"] == Receipt.of(answer).code


# Feedback


def opinion(verdict: str = "down", **more: object) -> Opinion:
    return Opinion(verdict, "answer", "v1", "web", **more)  # type: ignore[arg-type]


def test_a_second_opinion_replaces_the_first(database: Database) -> None:
    book = FeedbackBook(database, keep_days=90)
    book.put("answer-1", opinion(reason="wrong_clause", question="几页", clauses=["2.2"]))
    book.put("answer-1", opinion("up"))
    book.put("answer-2", opinion(reason="incomplete"))
    assert book.tally() == {("up", ""): 1, ("down", "incomplete"): 1}


def test_the_question_is_kept_only_with_a_complaint(database: Database) -> None:
    book = FeedbackBook(database, keep_days=90)
    book.put("1", opinion("up", question="不该留下的问题"))
    book.put("2", opinion(question="留下的问题"))
    assert stored(database, "SELECT question FROM feedback ORDER BY question") == [("",), ("留下的问题",)]


def test_forgetting_deletes_what_one_person_said_and_nothing_else(database: Database) -> None:
    book = FeedbackBook(database, keep_days=90)
    for number, person in enumerate(["telegram:1", "telegram:1", "telegram:2", None]):
        book.put(str(number), opinion(), person)
    assert book.forget("telegram:1") == 2
    assert book.forget("telegram:1") == 0
    assert book.tally() == {("down", ""): 2}


def test_no_person_can_be_read_from_the_database(tmp_path: Path) -> None:
    database = Database.at(URL, tmp_path)
    FeedbackBook(database, keep_days=90).put("77", opinion(), "telegram:123456789")
    database.close()
    content = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert content
    assert b"123456789" not in content


def test_feedback_expires(database: Database) -> None:
    book = FeedbackBook(database, keep_days=2)
    book.put("1", opinion())
    today = datetime.now(UTC).date()
    assert book.purge(today + timedelta(days=1)) == 0
    assert book.purge(today + timedelta(days=2)) == 1
    assert book.tally() == {}


def _give_receipts(url: str, acknowledged: multiprocessing.Queue[str]) -> None:
    database = at(url)
    receipts, book = Receipts(database), FeedbackBook(database, keep_days=90)
    answer = answer_to("一个文件最多几页")
    for number in range(10_000):
        book.put(str(number), opinion())
        acknowledged.put(receipts.keep(replace(answer, knowledge_version=str(number))))


@pytest.mark.fault(5)
def test_what_was_acknowledged_survives_kill_9(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    acknowledged: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_give_receipts, args=(url, acknowledged))
    process.start()
    codes = [acknowledged.get(timeout=60) for _ in range(50)]
    process.kill()
    process.join()
    receipts = Receipts(at(url))
    assert all(code and receipts.find(code) is not None for code in codes)
    assert FeedbackBook(at(url), keep_days=90).tally()["down", ""] >= len(codes)
