"""Accounts: names and passwords that are taken, logging in and being refused, sessions that end, and the command line."""

from __future__ import annotations

import io
import itertools
import threading
import time
from datetime import date
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from bot.__main__ import main
from bot.accounts import passwords, words
from bot.accounts.door import ACCOUNT_TRIES, ADDRESS_TRIES, Door, Refused, TooManyTries, new_token
from bot.accounts.linking import Keeper, Linking, NotLinked
from bot.accounts.passwords import WeakPassword
from bot.accounts.registry import Registry, UnusableName
from bot.accounts.roles import MAY, ROLES, Action, may
from bot.state.attempts import WINDOW_SECONDS
from bot.state.state import State
from bot.state.upkeep import purge
from tests.admins import hash_quickly
from tests.states import state_at

pytest_plugins = ["tests.states"]

PASSWORD, OTHER = "correct horse battery", "一把红伞 门后 1987 kqx"
HERE, THERE = "192.0.2.1", "192.0.2.2"
NOW = 1_700_000_000.0


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def door(state: State) -> Door:
    """The way in, with one account."""
    Registry(state).add("张三", PASSWORD, "approver")
    return Door(state)


def rows(state: State, query: str) -> list[tuple[object, ...]]:
    with state.database.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


# --- roles ---


def test_each_role_may_what_the_one_before_may_and_more() -> None:
    assert ROLES == ("reader", "trainer", "editor", "approver")
    for lower, higher in itertools.pairwise(ROLES):
        assert MAY[lower] < MAY[higher]
    assert may("approver", Action.PUBLISH)
    assert not may("editor", Action.PUBLISH)
    assert not may("trainer", Action.PROPOSE)
    assert not may("reader", Action.TOTALS)
    assert not may("root", Action.LOOK)
    assert set(words.ROLE_NAMES) == set(words.ROLE_MEANINGS) == set(ROLES)


# --- passwords ---


def test_a_hash_is_argon2id_at_the_costs_of_rfc_9106(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    made = passwords.hashed(PASSWORD)
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.fits(PASSWORD, made)
    assert not passwords.fits(OTHER, made)
    assert passwords.hashed(PASSWORD) != made


@pytest.mark.parametrize(
    "weak",
    [
        "",
        "kq7 tv2",
        "0123456789",
        "aaaaaaaaaaaaaaaa",
        "password1234",
        "Passw0rd123!",
        "1qaz2wsx3edc4rfv",
        "woaini1314520",
        "jianfu2024!!",
        "Beijing2019!!",
        "zhangsan12",
        "张三张三张三张三张三",
        "减负减负减负减负减负",
        "x1" * 101,
    ],
)
def test_a_weak_password_is_refused(weak: str) -> None:
    with pytest.raises(WeakPassword, match="密码"):
        passwords.check(weak, "zhangsan" if "zhangsan" in weak else "张三")


@pytest.mark.parametrize("good", [PASSWORD, OTHER, "kq7 tv2 mmx 91", "长江边的老灯塔刷了新漆七遍"])
def test_a_good_password_is_taken(good: str) -> None:
    passwords.check(good, "张三")


def test_a_password_is_the_same_from_every_keyboard() -> None:
    assert passwords.fits("ｃｏｒｒｅｃｔ horse battery", passwords.hashed(PASSWORD))


@pytest.mark.parametrize("odd", ["", "\0", "\ud800", "x" * 100_000, "$argon2id$"])
def test_an_odd_password_fits_nothing_and_breaks_nothing(odd: str) -> None:
    assert not passwords.fits(odd, passwords.hashed(PASSWORD))
    assert not passwords.fits(odd, None)
    assert not passwords.fits(PASSWORD, "$argon2id$")


# --- names ---


@pytest.mark.parametrize("bad", ["", "a", "-a-", "a b", "a/b", "<b>", "名" * 33, "a\nb", "..", "a\0b"])
def test_an_odd_name_is_refused(state: State, bad: str) -> None:
    with pytest.raises(UnusableName, match="2–32"):
        Registry(state).add(bad, PASSWORD, "reader")
    assert state.accounts.all() == ()


def test_a_name_is_one_account_however_it_is_spelled(state: State) -> None:
    registry = Registry(state)
    assert registry.add(" Ｌｉ.Si ", PASSWORD, "editor") == "li.si"
    with pytest.raises(UnusableName, match="已有账号"):
        registry.add("LI.SI", OTHER, "reader")
    (account,) = state.accounts.all()
    assert (account.name, account.role, account.disabled) == ("li.si", "editor", False)
    assert isinstance(account.created, date)
    assert Door(state).session(Door(state).sign_in("LI.si", PASSWORD, HERE)) is not None


def test_no_account_is_there_by_default(state: State) -> None:
    assert state.accounts.all() == ()
    for name, password in (("admin", "admin"), ("root", ""), ("", "")):
        with pytest.raises(Refused):
            Door(state).sign_in(name, password, HERE)


# --- logging in ---


def test_a_login_begins_a_session_that_another_process_knows(door: Door, url: str) -> None:
    token = door.sign_in("张三", PASSWORD, HERE)
    replica = state_at(url)
    session = Door(replica).session(token)
    replica.close()
    assert session is not None
    assert (session.name, session.role) == ("张三", "approver")


@pytest.mark.fault(23)
def test_neither_token_nor_password_nor_address_is_in_the_database(door: Door, state: State) -> None:
    token = door.sign_in("张三", PASSWORD, HERE)
    with pytest.raises(Refused):
        door.sign_in("张三", "wrong", THERE)
    kept = str([rows(state, f"SELECT * FROM {table}") for table in ("accounts", "sessions", "login_attempts")])
    assert "argon2id" in kept
    for secret in (token, PASSWORD, HERE, THERE, "wrong"):
        assert secret not in kept


@pytest.mark.parametrize(("name", "password"), [("张三", OTHER), ("李四", PASSWORD), ("张三", ""), ("", "")])
def test_a_wrong_login_is_refused_in_the_same_words(door: Door, name: str, password: str) -> None:
    with pytest.raises(Refused, match="账号或密码不对") as refused:
        door.sign_in(name, password, HERE)
    assert str(refused.value) == words.WRONG


def test_an_unknown_name_costs_a_hash_too(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    hasher = passwords._hasher

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            compared.append(str(hash))
            return hasher.verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
    for name in ("张三", "李四"):
        with pytest.raises(Refused):
            door.sign_in(name, "wrong wrong wrong", HERE)
    assert len(compared) == 2
    assert all(one.startswith("$argon2id$v=19$m=8,t=1,p=1$") for one in compared)


def test_a_login_always_makes_a_new_token_and_ends_the_one_before(door: Door) -> None:
    planted = new_token()
    token = door.sign_in("张三", PASSWORD, HERE, token_before=planted)
    assert token != planted
    assert door.session(planted) is None
    again = door.sign_in("张三", PASSWORD, HERE, token_before=token)
    assert door.session(token) is None
    assert door.session(again) is not None


def test_a_hash_of_other_costs_is_renewed_at_the_next_login(
    door: Door, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    token = door.sign_in("张三", PASSWORD, HERE)
    account = state.accounts.find("张三")
    assert account is not None
    assert "m=16,t=2,p=1" in account.password
    assert door.session(token) is not None


# --- throttling ---


def test_an_account_is_closed_to_guesses_after_a_few_from_anywhere(door: Door) -> None:
    for number in range(ACCOUNT_TRIES):
        with pytest.raises(Refused, match="账号或密码不对"):
            door.sign_in("张三", "wrong", f"192.0.2.{number}", now=NOW)
    with pytest.raises(TooManyTries, match="请过 15 分钟再试") as refused:
        door.sign_in("张三", PASSWORD, "198.51.100.1", now=NOW + 1)
    assert refused.value.seconds == WINDOW_SECONDS - 1
    with pytest.raises(TooManyTries, match="请过 1 分钟再试"):
        door.sign_in("张三", PASSWORD, "198.51.100.1", now=NOW + WINDOW_SECONDS - 1)
    assert door.sign_in("张三", PASSWORD, "198.51.100.1", now=NOW + WINDOW_SECONDS)


def test_an_address_is_closed_after_many_guesses_of_any_name(door: Door) -> None:
    for number in range(ADDRESS_TRIES):
        with pytest.raises(Refused, match="账号或密码不对"):
            door.sign_in(f"name{number}", "wrong", HERE, now=NOW)
    with pytest.raises(TooManyTries):
        door.sign_in("张三", PASSWORD, HERE, now=NOW + 1)
    assert door.sign_in("张三", PASSWORD, THERE, now=NOW + 1)


def test_logins_that_succeed_close_nothing(door: Door) -> None:
    for _ in range(ADDRESS_TRIES + 5):
        assert door.sign_in("张三", PASSWORD, HERE, now=NOW)


@pytest.mark.fault(20)
def test_guesses_at_once_are_counted_before_they_are_looked_at(door: Door) -> None:
    said: list[str] = []

    def guess() -> None:
        try:
            door.sign_in("张三", "wrong", HERE)
        except Refused as refused:
            said.append(type(refused).__name__)

    threads = [threading.Thread(target=guess) for _ in range(ACCOUNT_TRIES * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["Refused"] * ACCOUNT_TRIES + ["TooManyTries"] * ACCOUNT_TRIES


def test_a_new_password_opens_a_closed_account(door: Door, state: State) -> None:
    for _ in range(ACCOUNT_TRIES + 1):
        with pytest.raises(Refused):
            door.sign_in("张三", "wrong", HERE)
    Registry(state).set_password("张三", OTHER)
    assert door.sign_in("张三", OTHER, THERE)


# --- sessions ---


def test_a_session_ends_by_logging_out(door: Door) -> None:
    token = door.sign_in("张三", PASSWORD, HERE)
    door.sign_out(token)
    assert door.session(token) is None
    door.sign_out(token)


@pytest.mark.fault(14)
def test_a_session_ends_when_not_used(door: Door) -> None:
    token = door.sign_in("张三", PASSWORD, HERE, now=NOW)
    assert door.session(token, NOW + 29 * 60) is not None
    assert door.session(token, NOW + 58 * 60) is not None
    assert door.session(token, NOW + 88 * 60 + 1) is None


@pytest.mark.fault(14)
def test_a_session_ends_at_last_however_busy(door: Door) -> None:
    token = door.sign_in("张三", PASSWORD, HERE, now=NOW)
    for minutes in range(20, 12 * 60, 20):
        assert door.session(token, NOW + minutes * 60) is not None
    assert door.session(token, NOW + 12 * 3600) is None


@pytest.mark.parametrize("what", ["disable", "role", "password"])
def test_what_is_taken_away_ends_the_session_at_once(door: Door, state: State, what: str) -> None:
    token, registry = door.sign_in("张三", PASSWORD, HERE), Registry(state)
    change = {
        "disable": lambda: registry.set_disabled("张三", True),
        "role": lambda: registry.set_role("张三", "reader"),
        "password": lambda: registry.set_password("张三", OTHER),
    }[what]
    change()
    assert door.session(token) is None
    assert rows(state, "SELECT * FROM sessions") == []


def test_a_disabled_account_is_refused_like_a_wrong_password_until_it_is_enabled(door: Door, state: State) -> None:
    Registry(state).set_disabled("张三", True)
    with pytest.raises(Refused, match="账号或密码不对"):
        door.sign_in("张三", PASSWORD, HERE)
    Registry(state).set_disabled("张三", False)
    assert door.sign_in("张三", PASSWORD, HERE)


def test_a_session_that_slipped_in_while_its_account_was_closed_is_no_good(door: Door, state: State) -> None:
    Registry(state).set_disabled("张三", True)
    token = new_token()
    state.sessions.begin(token, "张三")
    assert door.session(token) is None
    assert door.present() == ()


def test_one_changes_ones_own_password_with_the_old_one(door: Door) -> None:
    token = door.sign_in("张三", PASSWORD, HERE)
    with pytest.raises(Refused):
        door.change_password("张三", "wrong", OTHER, HERE)
    with pytest.raises(WeakPassword, match="一样"):
        door.change_password("张三", PASSWORD, PASSWORD, HERE)
    with pytest.raises(WeakPassword, match="太短"):
        door.change_password("张三", PASSWORD, "short", HERE)
    assert door.session(token) is not None
    door.change_password("张三", PASSWORD, OTHER, HERE)
    assert door.session(token) is None
    assert door.sign_in("张三", OTHER, HERE)


def test_the_form_token_belongs_to_one_token(door: Door) -> None:
    mine, other = new_token(), new_token()
    assert door.form_fits(mine, door.form_token(mine))
    for shown in ("", door.form_token(other), mine, "页", "\ud800"):
        assert not door.form_fits(mine, shown)
    assert not door.form_fits("", door.form_token(""))


def test_what_ended_is_purged(door: Door, state: State) -> None:
    door.sign_in("张三", PASSWORD, HERE, now=NOW)
    with pytest.raises(Refused):
        door.sign_in("李四", PASSWORD, HERE, now=NOW)
    lasting = door.sign_in("张三", PASSWORD, HERE)
    purge(state)
    assert len(rows(state, "SELECT * FROM sessions")) == 1
    assert rows(state, "SELECT began FROM login_attempts WHERE began < 1700001000") == []
    assert door.session(lasting, time.time()) is not None


# --- the command line ---


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A configuration of its own, whose state is a file beside it."""
    path = tmp_path / "config.yaml"
    path.write_text("state: {url: sqlite:///jianfu.db}\n", encoding="utf8")
    return str(path)


def admin(config: str, *arguments: str) -> int:
    return main(["--config", config, "admin", *arguments])


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """A terminal at which these lines are typed unseen."""
    left = list(lines)
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.setattr("getpass.getpass", lambda prompt: left.pop(0))


def test_the_first_admin_is_made_on_a_terminal(
    config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert admin(config, "list") == 0
    assert "jianfu admin add 名字 --role approver" in capsys.readouterr().out
    typed(monkeypatch, PASSWORD, PASSWORD)
    assert admin(config, "add", "张三", "--role", "approver") == 0
    said = capsys.readouterr().out
    assert "已建账号「张三」（审批：全部" in said
    assert "账号名是本系统唯一保存的姓名" in said
    assert PASSWORD not in said
    assert admin(config, "list") == 0
    assert capsys.readouterr().out.startswith("张三\t审批\t可用\t建于 20")


def test_every_command_does_what_it_says(
    config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert admin(config, "add", "Li.Si", "--role", "reader", "--password-stdin") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{OTHER}\r\n"))
    assert admin(config, "password", "li.si", "--password-stdin") == 0
    assert admin(config, "role", "li.si", "editor") == 0
    state = state_at(f"sqlite:///{tmp_path / 'jianfu.db'}")
    door = Door(state)
    session = door.session(door.sign_in("li.si", OTHER, HERE))
    assert session is not None
    assert session.role == "editor"
    assert admin(config, "disable", "li.si") == 0
    with pytest.raises(Refused):
        door.sign_in("li.si", OTHER, HERE)
    assert admin(config, "enable", "li.si") == 0
    assert door.sign_in("li.si", OTHER, HERE)
    state.close()
    said = capsys.readouterr().out
    for line in ("已重设「li.si」的密码", "「li.si」现在是编辑", "已停用「li.si」", "已启用「li.si」"):
        assert line in said


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["add", "张三", "--role", "approver"], "x\n", "--password-stdin"),
        (["add", "张三", "--role", "approver", "--password-stdin"], "", "第一行是空的"),
        (["add", "张三", "--role", "approver", "--password-stdin"], "short\n", "太短"),
        (["add", "张三", "--role", "approver", "--password-stdin"], "jianfu2024!!\n", "太容易猜"),
        (["add", "张 三", "--role", "approver", "--password-stdin"], f"{PASSWORD}\n", "不能用"),
        (["password", "张三", "--password-stdin"], f"{PASSWORD}\n", "没有账号「张三」"),
        (["disable", "张三"], "", "没有账号「张三」"),
        (["enable", "张三"], "", "没有账号「张三」"),
        (["role", "张三", "editor"], "", "没有账号「张三」"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    config: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    stdin: str,
    said: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    assert admin(config, *arguments) == 1
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_two_different_passwords_make_no_account(
    config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, PASSWORD, OTHER)
    assert admin(config, "add", "张三", "--role", "approver") == 1
    assert "两次输入的密码不一样" in capsys.readouterr().err
    admin(config, "list")
    assert "还没有账号" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["add", "张三"], ["add", "张三", "--role", "root"], ["role", "张三", "king"], []]
)
def test_a_wrong_command_line_is_refused(config: str, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        admin(config, *arguments)
    assert ended.value.code == 2


def test_a_chat_is_linked_and_unlinked_from_the_command_line(
    config: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = state_at(f"sqlite:///{tmp_path / 'jianfu.db'}")
    for role in ("editor", "reader"):
        state.accounts.add(role, "x", role)
    assert admin(config, "link", "Editor") == 0
    code = capsys.readouterr().out.split("连接码：")[1].split()[0]
    assert Linking(state).link(code, "telegram:1") == Keeper("editor", "editor")
    with pytest.raises(NotLinked, match="已用过"):
        Linking(state).link(code, "telegram:2")
    assert admin(config, "unlink", "editor") == 0
    assert "原来连着 1 个私聊" in capsys.readouterr().out
    assert admin(config, "link", "reader") == 1
    assert "只有没停用的编辑、审批账号可以" in capsys.readouterr().err
    assert admin(config, "unlink", "nobody") == 1
    state.close()
