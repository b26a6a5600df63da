"""Carries out `jianfu admin …`: commands.py has its parser. Writes to the stream it is given; passwords are never shown."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TextIO

from bot.accounts import passwords, words
from bot.accounts.linking import CODE_SECONDS, Linking
from bot.accounts.registry import Registry, spelled
from bot.config import Config
from bot.state.state import State
from knowledge.errors import JianfuError


def run(config: Config, options: argparse.Namespace, out: TextIO) -> None:
    """Do what `options.admin_command` says. Raises JianfuError."""
    state = State.of(config)
    try:
        if options.admin_command in _LINKING:
            _LINKING[options.admin_command](Linking(state), spelled(options.name), out)
        else:
            _COMMANDS[options.admin_command](Registry(state), options, out)
    finally:
        state.close()


def _add(registry: Registry, options: argparse.Namespace, out: TextIO) -> None:
    name = registry.new_name(options.name)  # before a password is typed for nothing
    registry.add(name, _read_password(options.password_stdin, name), options.role)
    role, meaning = words.ROLE_NAMES[options.role], words.ROLE_MEANINGS[options.role]
    print(words.ADDED.format(name=name, role=role, meaning=meaning), file=out)


def _list(registry: Registry, options: argparse.Namespace, out: TextIO) -> None:
    accounts = registry.all()
    for account in accounts:
        role, state = words.ROLE_NAMES.get(account.role, account.role), words.STATES[account.disabled]
        print(words.LINE.format(name=account.name, role=role, state=state, created=account.created), file=out)
    if not accounts:
        print(words.NOBODY, file=out)


def _disable(registry: Registry, options: argparse.Namespace, out: TextIO) -> None:
    print(words.DISABLED.format(name=registry.set_disabled(options.name, True)), file=out)


def _enable(registry: Registry, options: argparse.Namespace, out: TextIO) -> None:
    print(words.ENABLED.format(name=registry.set_disabled(options.name, False)), file=out)


def _password(registry: Registry, options: argparse.Namespace, out: TextIO) -> None:
    name = registry.known_name(options.name)
    registry.set_password(name, _read_password(options.password_stdin, name))
    print(words.PASSWORD_SET.format(name=name), file=out)


def _role(registry: Registry, options: argparse.Namespace, out: TextIO) -> None:
    name = registry.set_role(options.name, options.role)
    role, meaning = words.ROLE_NAMES[options.role], words.ROLE_MEANINGS[options.role]
    print(words.ROLE_SET.format(name=name, role=role, meaning=meaning), file=out)


def _link(linking: Linking, name: str, out: TextIO) -> None:
    print(words.LINK_CODE.format(name=name, code=linking.code(name), minutes=CODE_SECONDS // 60), file=out)


def _unlink(linking: Linking, name: str, out: TextIO) -> None:
    print(words.UNLINKED.format(name=name, count=linking.unlink(name)), file=out)


def _read_password(from_stdin: bool, name: str) -> str:
    """A password from standard input, or typed twice unseen. Raises JianfuError."""
    if from_stdin:
        try:
            password = sys.stdin.readline().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise JianfuError(words.PASSWORD_NOT_TEXT) from error
        if not password:
            raise JianfuError(words.NO_PASSWORD)
        return password
    if not sys.stdin.isatty():
        raise JianfuError(words.NO_TERMINAL)
    password = getpass.getpass(words.ASK_PASSWORD)
    passwords.check(password, name)  # before it is typed again
    if getpass.getpass(words.ASK_AGAIN) != password:
        raise JianfuError(words.PASSWORDS_DIFFER)
    return password


_COMMANDS = {
    "add": _add,
    "list": _list,
    "disable": _disable,
    "enable": _enable,
    "password": _password,
    "role": _role,
}
_LINKING = {"link": _link, "unlink": _unlink}
