"""`jianfu kb import | adopt | lint`: options and output; the work is knowledge.importing's and knowledge.lint's.

`register` adds them to the parser of `jianfu kb`; versions and publishing are cli_versions.py's.
Every other command starts through here too, so parsers and rules are imported by the command that needs them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from bot.config import Config
from bot.kb import cli_words as words
from knowledge.errors import JianfuError
from knowledge.loader import DOCUMENTS_FOLDER

DRAFTS = "drafts"


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommands; `commands` is what add_subparsers() gave, `common` the parent of every parser."""
    take = commands.add_parser("import", parents=[common], help=words.IMPORT_HELP)
    take.add_argument("file", metavar="文件", help=words.FILE_HELP)
    take.add_argument("--id", metavar="编号", help=words.ID_HELP)
    take.add_argument("--out", metavar="文件夹", help=words.OUT_HELP)
    take.add_argument("--title", default="", metavar="标题", help=words.TITLE_HELP)
    take.add_argument("--short-title", default="", metavar="简称", help=words.SHORT_HELP)
    take.add_argument("--issuer", default="", metavar="单位", help=words.ISSUER_HELP)
    take.add_argument("--year", type=int, default=0, metavar="年", help=words.YEAR_HELP)
    take.add_argument("--force", action="store_true", help=words.FORCE_HELP)
    take.add_argument("--json", action="store_true", help=words.JSON_HELP)
    take.set_defaults(run=_import)

    approve = commands.add_parser("adopt", parents=[common], help=words.ADOPT_HELP)
    approve.add_argument("folder", metavar="文件夹", help=words.DRAFT_HELP)
    approve.set_defaults(run=_adopt)

    check = commands.add_parser("lint", parents=[common], help=words.LINT_HELP)
    check.add_argument("folder", nargs="?", metavar="文件夹", help=words.LINT_FOLDER_HELP)
    check.add_argument("--answers", action="store_true", help=words.ANSWERS_HELP)
    check.add_argument("--sample", type=int, metavar="个", help=words.SAMPLE_HELP)
    check.add_argument("--json", action="store_true", help=words.JSON_HELP)
    check.set_defaults(run=_lint)


def _import(config: Config, options: argparse.Namespace) -> int:
    from bot.channels import terminal  # noqa: PLC0415 - only what a command needs is loaded
    from knowledge.importing import leftovers, report  # noqa: PLC0415 - the same
    from knowledge.importing.about import Given  # noqa: PLC0415 - the same
    from knowledge.importing.draft import import_file  # noqa: PLC0415 - brings the parsers
    from knowledge.importing.write import write  # noqa: PLC0415 - the same

    path = Path(options.file).expanduser()
    identifier = options.id if options.id is not None else _id_from(path)
    if options.year and not 1900 <= options.year <= 2200:
        raise JianfuError(words.BAD_YEAR.format(year=options.year))
    given = Given(options.title, options.short_title, options.issuer, options.year)
    with terminal.progress_bar(sys.stderr) as progress:
        draft = import_file(path, identifier, given, progress)
    folder = Path(options.out).expanduser() if options.out else Path(DRAFTS) / draft.id
    _say_if_brought_back(folder)
    cleared = leftovers.clear(folder.parent)
    if cleared:
        print(words.CLEARED.format(count=cleared, folder=folder.parent), file=sys.stderr)
    write(draft, folder, force=options.force)
    if options.json:
        print(json.dumps({**report.as_json(draft), "folder": str(folder)}, ensure_ascii=False))
        return 0
    print(report.as_text(draft), end="")
    print(words.WRITTEN.format(folder=folder))
    return 0


def _id_from(path: Path) -> str:
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}", path.stem) or ".." in path.stem:
        raise JianfuError(words.NEEDS_ID.format(name="".join(c if c.isprintable() else "?" for c in path.name)))
    return path.stem


def _adopt(config: Config, options: argparse.Namespace) -> int:
    from knowledge.importing.adopt import adopt  # noqa: PLC0415 - brings the parsers

    folder = Path(options.folder).expanduser()
    _say_if_brought_back(folder)
    added, waiting = adopt(folder)
    print(words.ADOPTED.format(added=added, waiting=waiting))
    return 0


def _say_if_brought_back(folder: Path) -> None:
    from knowledge.importing.leftovers import bring_back  # noqa: PLC0415 - only what a command needs is loaded

    if bring_back(folder):
        print(words.BROUGHT_BACK.format(folder=folder), file=sys.stderr)


def _lint(config: Config, options: argparse.Namespace) -> int:
    from bot.channels import terminal  # noqa: PLC0415 - only what a command needs is loaded
    from knowledge.lint.run import in_order, lint  # noqa: PLC0415 - brings rapidfuzz

    if options.sample is not None and (options.sample < 1 or not options.answers):
        raise JianfuError(words.BAD_SAMPLE.format(sample=options.sample))
    folder = Path(options.folder).expanduser() if options.folder else config.path(config.knowledge.folder)
    if not (folder / DOCUMENTS_FOLDER).is_dir():
        raise JianfuError(words.LINT_NO_FOLDER.format(folder=folder))
    with terminal.progress_bar(sys.stderr) as progress:
        found = lint(folder, progress)
        if options.answers and not any(one.severity == "error" and one.rule == "文件" for one in found):
            found = in_order([*found, *_by_answers(config, folder, progress, options.sample)])
    errors = sum(one.severity == "error" for one in found)
    if options.json:
        print(json.dumps([_as_json(one) for one in found], ensure_ascii=False, indent=1))
    else:
        for one in found:
            print(one)
        shown = words.LINT_COUNT.format(errors=errors, warnings=len(found) - errors)
        print(shown if found else words.LINT_FINE)
    return 1 if errors else 0


def _by_answers(config: Config, folder: Path, progress: Any, sample: int | None) -> list[Any]:
    from bot.bootstrap import build_assistant  # noqa: PLC0415 - brings the model's libraries
    from bot.kb.lint_answers import answered_elsewhere  # noqa: PLC0415 - with it
    from knowledge.lint.run import kept_documents  # noqa: PLC0415 - the same

    there = config.knowledge.model_copy(update={"folder": str(folder.resolve())})
    assistant = build_assistant(config.model_copy(update={"knowledge": there}), progress)
    return list(answered_elsewhere(assistant, kept_documents(folder), progress, sample))


def _as_json(one: Any) -> dict[str, object]:
    return {
        "file": str(one.path), "line": one.line, "severity": one.severity, "rule": one.rule, "text": one.text,
        "remedy": one.remedy,
    }  # fmt: skip
