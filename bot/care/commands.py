"""The parsers of `jianfu doctor | backup | restore`; what carries them out is loaded only then."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bot.care import words
from bot.config import Config, find_config
from knowledge.errors import JianfuError

#: Beside the configuration while a restoring is under way (swap.py).
UNFINISHED_RESTORE = ".jianfu-restore.json"


def add_parsers(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the three; `commands` is argparse's subparsers object, each command's `run` is set."""
    doctor = commands.add_parser("doctor", parents=[common], help=words.HELP_DOCTOR, description=words.HELP_DOCTOR)
    doctor.add_argument("--json", action="store_true", help=words.HELP_JSON)
    doctor.set_defaults(run=_doctor, without_config=_no_config)
    backup = commands.add_parser("backup", parents=[common], help=words.HELP_BACKUP, description=words.HELP_BACKUP)
    backup.add_argument("--force", action="store_true", help=words.HELP_FORCE_BACKUP)
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", parents=[common], help=words.HELP_RESTORE, description=words.HELP_RESTORE)
    restore.add_argument("--force", action="store_true", help=words.HELP_FORCE_RESTORE)
    restore.set_defaults(run=_restore)
    for one in (backup, restore):
        one.add_argument("file", metavar=words.FILE)


def _backup(config: Config, options: argparse.Namespace) -> int:
    from bot.care.backup import backup  # noqa: PLC0415 - brings the database's library

    path = Path(options.file).expanduser().absolute()
    done = backup(config, find_config(options.config), path, force=options.force)
    sys.stdout.write(words.DONE.format(path=path, megabytes=done.size / 1e6, members=done.members) + "\n")
    return 0


def _restore(config: Config, options: argparse.Namespace) -> int:
    from bot.care.restore import restore  # noqa: PLC0415 - brings the database's library

    path = Path(options.file).expanduser().absolute()
    done = restore(config, find_config(options.config), path, force=options.force)
    said = [words.RESTORED.format(path=path, rows=done.tables, files=done.files)]
    said += [words.DAMAGED_ASIDE.format(path=done.damaged)] if done.damaged is not None else []
    said += [words.KEPT.format(path=done.kept)] if done.kept is not None else []
    said += [words.SETTINGS.format(path=done.settings)] if done.settings is not None else []
    sys.stdout.write("\n".join(said) + "\n")
    return 0


def _doctor(config: Config, options: argparse.Namespace) -> int:
    from bot.care.doctor import examine  # noqa: PLC0415 - brings the model's and the database's libraries

    return _say(examine(config), options)


def _no_config(error: JianfuError, options: argparse.Namespace) -> int:
    from bot.care.finding import Finding  # noqa: PLC0415 - as above

    return _say(
        [Finding("bad", "设置", " ".join(str(error).split()), "按上面说的改正 config 文件，再检查一次")], options
    )


def _say(findings: list[Any], options: argparse.Namespace) -> int:
    if options.json:
        sys.stdout.write(json.dumps([one.to_json() for one in findings], ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{one}\n" for one in findings))
    return 1 if any(one.state == "bad" for one in findings) else 0
