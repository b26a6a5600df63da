"""The parser of `jianfu admin …`; console.py carries it out, and is loaded only then."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from bot.accounts import words
from bot.accounts.roles import ROLES
from bot.config import Config


def add_parsers(commands: Any, common: argparse.ArgumentParser, parser_class: type[argparse.ArgumentParser]) -> None:
    """Add `admin` and what belongs to it; `commands` is argparse's subparsers object, each command's `run` is set."""
    admin = commands.add_parser("admin", parents=[common], help=words.HELP)
    inner = admin.add_subparsers(dest="admin_command", required=True, metavar="命令", parser_class=parser_class)

    def add(command: str, help_text: str) -> Any:
        parser = inner.add_parser(command, parents=[common], help=help_text)
        parser.set_defaults(run=_run)
        if command != "list":
            parser.add_argument("name", metavar=words.NAME)
        if command in ("add", "password"):
            parser.add_argument("--password-stdin", action="store_true", help=words.HELP_STDIN)
        return parser

    roles = "；".join(f"{role} {words.ROLE_NAMES[role]}（{words.ROLE_MEANINGS[role]}）" for role in ROLES)
    add("add", words.HELP_ADD).add_argument("--role", choices=ROLES, required=True, help=roles)
    add("list", words.HELP_LIST)
    add("disable", words.HELP_DISABLE)
    add("enable", words.HELP_ENABLE)
    add("password", words.HELP_PASSWORD)
    add("link", words.HELP_LINK)
    add("unlink", words.HELP_UNLINK)
    add("role", words.HELP_ROLE).add_argument("role", choices=ROLES, help=roles)


def _run(config: Config, options: argparse.Namespace) -> int:
    from bot.accounts import console  # noqa: PLC0415 - brings the database's and the hash's libraries

    console.run(config, options, sys.stdout)
    return 0
