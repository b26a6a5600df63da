"""`jianfu kb propose | publish | approve | rollback | checkout | log | diff | verify`: reads options, prints results."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.kb import words
from knowledge.errors import JianfuError

if TYPE_CHECKING:
    from bot.config import Config
    from bot.kb.proposal import Proposal
    from bot.kb.served import Shelved
    from bot.kb.shelf import Pointer


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the commands to those of `jianfu kb`; `common` holds the options that every command has."""

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(name, parents=[common], help=text)
        made.set_defaults(run=run)
        return made

    propose = command("propose", _propose, "预览：一个知识库文件夹与现在的版本有什么不同，哪些回答会变，能不能过把关")
    publish = command("publish", _publish, "预览并发布；正在运行的程序会自己换上")
    for one in (propose, publish):
        one.add_argument(
            "folder", nargs="?", metavar="文件夹", help="改好的知识库（默认 config.yaml 的 knowledge.folder）"
        )
        one.add_argument("--json", action="store_true", help="输出 JSON")
    publish.add_argument("--base", type=int, metavar="版", help="是在第几版上改的（用 kb checkout 取出的不用写）")
    publish.add_argument("--reason", default="", metavar="说明", help="为什么改，留在记录里")
    publish.add_argument("--override", metavar="理由", help="没过把关也发布的书面理由，留在记录里")
    approve = command("approve", _approve, "同意别人的提议（knowledge.approvals 为 2 时）")
    approve.add_argument("seq", type=int, metavar="号")
    rollback = command("rollback", _rollback, "退回到以前的版本，逐字节相同")
    rollback.add_argument("version", metavar="版", help="第几版，或版本号开头的几位")
    rollback.add_argument("--reason", default="", metavar="说明", help="为什么退回，留在记录里")
    for one in (publish, approve, rollback):
        one.add_argument("--by", default=getpass.getuser(), metavar="姓名", help="谁做的（默认本机用户名），留在记录里")
    checkout = command("checkout", _checkout, "把一个版本取到新文件夹里，好在它上面改")
    checkout.add_argument("folder", metavar="文件夹")
    checkout.add_argument("version", nargs="?", metavar="版", help="默认现在用的")
    command("log", _log, "有过哪些版本，谁在什么时候发布").add_argument("--json", action="store_true", help="输出 JSON")
    diff = command("diff", _diff, "两个版本有什么不同，逐条逐字")
    diff.add_argument("before", metavar="版")
    diff.add_argument("after", metavar="版")
    diff.add_argument("--json", action="store_true", help="输出 JSON")
    command("verify", _verify, "核对全部记录和版本的指纹，找出被改动的")


def _shelved(config: Config, stack: ExitStack) -> Shelved:
    from bot.kb.served import Shelved  # noqa: PLC0415 - brings SQLAlchemy; other commands need none
    from bot.state.database import Database  # noqa: PLC0415 - the same

    database = Database.at(config.state.url, config.root)
    stack.callback(database.close)
    return Shelved.of(config, database)


def _proposal(config: Config, shelved: Shelved, folder: Path, base: Pointer | None = None) -> Proposal:
    from bot.bootstrap import Maker  # noqa: PLC0415 - brings the model's libraries
    from bot.channels.terminal import progress_bar  # noqa: PLC0415 - the same
    from bot.kb.proposal import prepare  # noqa: PLC0415 - the same

    with progress_bar(sys.stderr) as progress:
        found = config.path(config.index.folder) / "proposals"
        return prepare(shelved, folder, Maker(config), config.answers, progress, base=base, remember=found)


def _folder(config: Config, options: argparse.Namespace) -> Path:
    return Path(options.folder).expanduser() if options.folder else config.path(config.knowledge.folder)


def _show(proposal: Proposal, *, as_json: bool) -> None:
    from bot.kb.rendering import proposal_lines  # noqa: PLC0415 - as above

    if as_json:
        print(json.dumps(proposal.to_json(), ensure_ascii=False, indent=2))
    else:
        print("\n".join(proposal_lines(proposal)))


def _propose(config: Config, options: argparse.Namespace) -> int:
    with ExitStack() as stack:
        proposal = _proposal(config, _shelved(config, stack), _folder(config, options))
    _show(proposal, as_json=options.json)
    return 1 if proposal.obstacles else 0


def _publish(config: Config, options: argparse.Namespace) -> int:
    from bot.kb import publishing  # noqa: PLC0415 - as above

    folder = _folder(config, options)
    if options.override is not None and not options.override.strip():
        raise JianfuError(words.EMPTY_OVERRIDE)
    with ExitStack() as stack:
        shelved = _shelved(config, stack)
        base = publishing.check_base(shelved, folder, options.base)  # before a minute's work
        proposal = _proposal(config, shelved, folder, base)
        _show(proposal, as_json=options.json)
        entry = publishing.publish(
            shelved,
            proposal,
            author=options.by,
            reason=options.reason,
            override=options.override,
            approvals=config.knowledge.approvals,
        )
    said = words.PUBLISHED if entry.parent else words.PUBLISHED_FIRST
    text = words.PROPOSED_FOR if entry.action == "propose" else said
    print(text.format(**asdict(entry)), file=sys.stderr if options.json else sys.stdout)
    return 0


def _approve(config: Config, options: argparse.Namespace) -> int:
    from bot.kb import publishing  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        entry = publishing.approve(_shelved(config, stack), options.seq, approver=options.by)
    print(words.PUBLISHED.format(**asdict(entry)))
    return 0


def _rollback(config: Config, options: argparse.Namespace) -> int:
    from bot.kb import publishing  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        shelved = _shelved(config, stack)
        earlier, entry = publishing.rollback(shelved, options.version, author=options.by, reason=options.reason)
    print(words.ROLLED_BACK.format(to=earlier.seq, version=entry.version, seq=entry.seq))
    return 0


def _checkout(config: Config, options: argparse.Namespace) -> int:
    from bot.kb import publishing  # noqa: PLC0415 - as above

    folder = Path(options.folder).expanduser()
    with ExitStack() as stack:
        seq = publishing.checkout(_shelved(config, stack), folder, options.version)
    print(words.CHECKED_OUT.format(what=words.served(seq), folder=folder))
    return 0


def _log(config: Config, options: argparse.Namespace) -> int:
    from bot.kb.rendering import log_lines  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        shelved = _shelved(config, stack)
        entries, in_use = ([], None) if shelved.versions is None else (shelved.versions.log(), shelved.versions.head())
    if options.json:
        print(json.dumps([asdict(one) for one in entries], ensure_ascii=False, indent=2))
    else:
        print("\n".join(log_lines(entries, in_use)) or words.NOTHING_YET.format(folder=shelved.folder))
    return 0


def _diff(config: Config, options: argparse.Namespace) -> int:
    from bot.kb.differences import differences  # noqa: PLC0415 - as above
    from bot.kb.rendering import difference_lines  # noqa: PLC0415 - as above
    from bot.kb.shelf import knowledge_of  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        versions = _shelved(config, stack).versions
        assert versions is not None
        one, other = (
            knowledge_of(versions.archive(versions.find(name).digest)) for name in (options.before, options.after)
        )
    found = differences(one, other)
    if options.json:
        print(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
    else:
        print(words.SAME if one == other else "\n".join(difference_lines(found)))
    return 0


def _verify(config: Config, options: argparse.Namespace) -> int:
    from bot.kb import publishing  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        shelved = _shelved(config, stack)
        faults = publishing.verify(shelved)
        entries = [] if shelved.versions is None else shelved.versions.log()
    if faults:
        raise JianfuError(words.FAULTY.format(count=len(faults), faults="\n".join(f"  {one}" for one in faults)))
    print(words.WHOLE.format(entries=len(entries), versions=len({one.digest for one in entries})))
    return 0
