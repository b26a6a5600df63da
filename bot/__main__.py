"""The command line `jianfu`: the only place that prints errors and sets exit codes.

Exit codes: 0 fine, 1 something is wrong and was said in one line, 2 the command line itself was wrong, 130 Ctrl-C.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch and FAISS are imported: see docs/decisions.md

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from bot import log, replies
from bot.accounts import commands as account_commands
from bot.care import commands as care_commands
from bot.care.commands import UNFINISHED_RESTORE
from bot.config import TOKEN_VARIABLE, Config, find_config, load_config, telegram_token
from bot.kb import cli as kb_cli
from bot.kb import cli_versions
from bot.quiz import words as quiz_words
from bot.review import arguments as review_arguments
from bot.trust import trust_text
from knowledge.base import KnowledgeBase
from knowledge.errors import InvalidFile, JianfuError
from knowledge.loader import load_knowledge

if TYPE_CHECKING:
    from bot.assistant import Assistant


class _Parser(argparse.ArgumentParser):
    """argparse that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}：{message}（用法见 {self.prog} --help）\n")


def build_parser() -> argparse.ArgumentParser:
    """All commands and options."""
    # Understood before and after the command; SUPPRESS keeps the inner parser from undoing the outer one.
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--config", metavar="文件", help="设置文件（默认 config.yaml）")
    common.add_argument("--debug", action="store_true", help="出错时显示详情，日志更细")
    parser = _Parser(prog="jianfu", description="按《通知》原文回答问题，逐字引用条款。", parents=[common])
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令", parser_class=_Parser)

    ask = commands.add_parser("ask", parents=[common], help="问一个问题，或成批作答")
    ask.add_argument("question", nargs="?", metavar="问题")
    ask.add_argument("--json", action="store_true", help="输出 JSON")
    ask.add_argument(
        "--batch", nargs="?", const="-", metavar="文件", help="逐行读入 JSONL（默认标准输入），逐行输出 JSON"
    )
    ask.set_defaults(run=_ask, usage_error=ask.error)

    explain = commands.add_parser("explain", parents=[common], help="看一个问题是怎么答出来的：候选、依据、把握、决定")
    explain.add_argument("question", metavar="问题")
    explain.add_argument("--history", action="append", default=[], metavar="前问", help="前面问过的问题，可写多次")
    explain.set_defaults(run=_explain)

    commands.add_parser("chat", parents=[common], help="在终端里连续问答").set_defaults(run=_chat)

    _add_serve(commands, common)

    telegram = commands.add_parser("telegram", parents=[common], help="只启动 Telegram 机器人")
    telegram.set_defaults(run=_telegram)

    prepare = commands.add_parser("prepare", parents=[common], help="解包模型并建好索引，然后退出")
    prepare.set_defaults(run=_prepare)

    train = commands.add_parser(
        "train",
        parents=[common],
        help="用知识库的问题训练语义模型的适配器（改了条款以后；新处理器约一刻钟，旧的要一两个小时）",
    )
    train.add_argument("--seed", type=int, default=0, metavar="数", help="随机种子（默认 0），同一种子结果相同")
    train.add_argument("--epochs", type=int, metavar="数", help="把全部问题学几遍")
    train.add_argument("--out", metavar="文件", help="写到哪里（默认 config.yaml 的 model.adapter）")
    train.set_defaults(run=_train, usage_error=train.error)

    trust = commands.add_parser("trust", parents=[common], help="回答可信到什么程度：怎么答、衡量的结果")
    trust.set_defaults(run=_trust)

    quiz = commands.add_parser("quiz", parents=[common], help="出一份题：按规则取自条款，答案都与原文核对过")
    quiz.add_argument("--n", type=int, default=20, metavar="数", help="几道题（默认 20）")
    quiz.add_argument("--seed", type=int, default=1, metavar="数", help="种子（默认 1），同一种子得到同一份题")
    quiz.add_argument("--scope", metavar="范围", help="条款编号（2 是问题二的全部，2.3 是一条）或通知的编号；默认全部")
    quiz.add_argument(
        "--kinds", nargs="+", default=[], metavar="题型", help=f"只要这些题型：{'、'.join(quiz_words.KIND_NAMES)}"
    )
    quiz.add_argument("--json", action="store_true", help="输出 JSON 数组")
    quiz.add_argument("--out", metavar="文件", help="写成 .docx、.pdf、.csv 或 .txt（Anki）")
    quiz.set_defaults(run=_quiz)

    review = review_arguments.add_arguments(commands, common, _Parser)
    review.set_defaults(run=_review)

    kb = commands.add_parser("kb", parents=[common], help="知识库")
    kb_commands = kb.add_subparsers(dest="kb_command", required=True, metavar="命令", parser_class=_Parser)
    check = kb_commands.add_parser("check", parents=[common], help="检查知识库，逐条核对引文与来源")
    check.set_defaults(run=_kb_check)
    kb_cli.register(kb_commands, common)
    cli_versions.register(kb_commands, common)

    account_commands.add_parsers(commands, common, _Parser)
    care_commands.add_parsers(commands, common)
    return parser


def _add_serve(commands: Any, common: argparse.ArgumentParser) -> None:
    serve = commands.add_parser("serve", parents=[common], help="启动网页；环境里有 Telegram 令牌时同时启动机器人")
    serve.add_argument("--host", metavar="地址", help="覆盖 web.host")
    serve.add_argument("--port", type=int, metavar="端口", help="覆盖 web.port")
    serve.add_argument("--workers", type=int, metavar="数", help="几个进程一起答，覆盖 web.workers")
    serve.add_argument("--no-telegram", action="store_true", help="只启动网页")
    serve.add_argument("--as-worker", help=argparse.SUPPRESS)  # how bot/workers.py starts its processes
    serve.set_defaults(run=_serve)


def _ask(config: Config, options: argparse.Namespace) -> int:
    from bot.bootstrap import build_assistant  # noqa: PLC0415 - brings the model's libraries; kb check needs none
    from bot.channels import terminal  # noqa: PLC0415 - the same

    if (options.question is None) == (options.batch is None):
        options.usage_error(replies.ASK_ONE_OR_BATCH)
    # A file that cannot be read is reported before the model is loaded.
    with terminal.open_input(options.batch) if options.batch is not None else nullcontext(()) as lines:
        with terminal.progress_bar(sys.stderr) as progress:
            assistant = build_assistant(config, progress)
        if options.question is not None:
            terminal.write_answer(assistant.ask(options.question), sys.stdout, options.json)
            return 0
        bad = terminal.answer_batch(assistant, lines, sys.stdout, sys.stderr)
    if bad:
        raise JianfuError(replies.BATCH_FAULTS.format(count=bad))
    return 0


def _explain(config: Config, options: argparse.Namespace) -> int:
    from bot.bootstrap import build_assistant  # noqa: PLC0415 - brings the model's libraries
    from bot.channels import terminal  # noqa: PLC0415 - the same

    with terminal.progress_bar(sys.stderr) as progress:
        assistant = build_assistant(config, progress)
    terminal.write_explanation(assistant.explain(options.question, options.history), sys.stdout)
    return 0


def _chat(config: Config, options: argparse.Namespace) -> int:
    from bot.bootstrap import build_assistant  # noqa: PLC0415 - brings the model's libraries
    from bot.channels import terminal  # noqa: PLC0415 - the same

    with terminal.progress_bar(sys.stderr) as progress:
        assistant = build_assistant(config, progress)
    terminal.chat(assistant, sys.stdout)
    return 0


def _serve(config: Config, options: argparse.Namespace) -> int:
    from bot import serving  # noqa: PLC0415 - brings the channels' libraries

    names = ("host", "port", "workers")
    changes = {name: value for name in names if (value := getattr(options, name)) is not None}
    if not 1 <= changes.get("workers", 1) <= 64:
        raise JianfuError(replies.WORKERS_RANGE.format(workers=changes["workers"]))
    if not 0 <= changes.get("port", 0) <= 65535:
        raise JianfuError(f"--port {changes['port']} 不是端口；应为 0–65535 的整数")
    config = config.model_copy(update={"web": config.web.model_copy(update=changes)})
    token = None if options.no_telegram else telegram_token()
    if options.as_worker is not None:
        return serving.work(config, token, options.as_worker)
    if config.web.workers > 1:
        serving.supervise(config, options.arguments)
        return 0
    announce = lambda address: print(replies.SERVING.format(address=address), flush=True)  # noqa: E731
    serving.run(config, token, with_web=True, announce=announce)
    return 0


def _telegram(config: Config, options: argparse.Namespace) -> int:
    from bot import serving  # noqa: PLC0415 - brings the channels' libraries

    token = telegram_token()
    if token is None:
        raise JianfuError(replies.TELEGRAM_NO_TOKEN.format(variable=TOKEN_VARIABLE))
    serving.run(config, token, with_web=False, announce=lambda address: None)
    return 0


def _prepare(config: Config, options: argparse.Namespace) -> int:
    from bot.bootstrap import build_assistant  # noqa: PLC0415 - brings the model's libraries
    from bot.channels import terminal  # noqa: PLC0415 - the same

    with terminal.progress_bar(sys.stderr) as progress:
        assistant = build_assistant(config, progress)
    if assistant.mode == "lexical":
        raise JianfuError(replies.PREPARED_LEXICAL)
    print(replies.PREPARED.format(version=assistant.knowledge.version))
    return 0


def _train(config: Config, options: argparse.Namespace) -> int:
    from bot.bootstrap import train_adapter  # noqa: PLC0415 - brings the model's libraries
    from bot.channels import terminal  # noqa: PLC0415 - the same

    if options.epochs is not None and options.epochs < 1:
        options.usage_error(replies.TRAIN_EPOCHS)
    target = options.out or config.model.adapter
    if not target:
        raise JianfuError(replies.TRAIN_NOWHERE)
    path = config.path(config.model.adapter) if options.out is None else Path(options.out).expanduser()
    with terminal.progress_bar(sys.stderr) as progress:
        trained = train_adapter(config, path, progress, seed=options.seed, epochs=options.epochs)
    report = trained.report
    print(
        replies.TRAINED.format(
            path=path,
            megabytes=trained.size / 1e6,
            minutes=trained.seconds / 60,
            learned=report.learned,
            held_out=report.held_out,
            first_before=report.first[0],
            first_after=report.first[1],
            apart_before=report.told_apart[0],
            apart_after=report.told_apart[1],
        )
    )
    return 0


def _trust(config: Config, options: argparse.Namespace) -> int:
    print(trust_text(_served(config), kept_days=config.review.keep_questions_days))
    return 0


def _quiz(config: Config, options: argparse.Namespace) -> int:
    from bot.quiz import export, layout, paper  # noqa: PLC0415 - brings the segmenter's dictionary

    target = None if options.out is None else Path(options.out).expanduser()
    if target is not None:
        export.check_name(target)
    knowledge = _served(config)
    kinds = [name for names in options.kinds for name in names.split(",") if name]
    items = paper.select(knowledge, options.n, options.seed, options.scope, kinds)
    if options.json:
        print(json.dumps([item.to_json() for item in items], ensure_ascii=False, indent=2))
    elif target is None:
        print(layout.plain_text(layout.lay_out(items, knowledge, options.seed)))
    if target is not None:
        export.write(target, items, knowledge, options.seed)
        print(quiz_words.WRITTEN.format(count=len(items), path=target), file=sys.stderr)
    return 0


def _served(config: Config) -> KnowledgeBase:
    """The knowledge in use: what was published, else the folder."""
    from bot.kb.served import Shelved  # noqa: PLC0415 - brings SQLAlchemy; kb check needs none

    return Shelved.of(config).load().knowledge


def _review(config: Config, options: argparse.Namespace) -> int:
    from bot import bootstrap  # noqa: PLC0415 - brings the model's libraries
    from bot.channels import terminal  # noqa: PLC0415 - the same
    from bot.review import commands  # noqa: PLC0415 - the same

    def build() -> Assistant:
        with terminal.progress_bar(sys.stderr) as progress:
            return bootstrap.build_assistant(config, progress)

    return commands.run(config, options, build, sys.stdout)


def _kb_check(config: Config, options: argparse.Namespace) -> int:
    knowledge = load_knowledge(config.path(config.knowledge.folder))
    clauses = list(knowledge)
    questions = sum(len(clause.questions) for clause in clauses) + sum(
        len(document.shared_questions) + len(document.unanswered) for document in knowledge.documents
    )
    print(
        replies.KB_FINE.format(
            documents=len(knowledge.documents), clauses=len(clauses), questions=questions, version=knowledge.version
        )
    )
    return 0


def _finish_restore(config: Config) -> None:
    from bot.care.restore import recover  # noqa: PLC0415 - brings SQLAlchemy, and is hardly ever needed

    print(recover(config) or "", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = build_parser().parse_args(given, argparse.Namespace(config=None, debug=False, arguments=given))
    try:
        try:
            config = load_config(find_config(options.config))
        except JianfuError as error:
            if "without_config" not in options:
                raise
            without_config: int = options.without_config(error, options)
            return without_config
        level = "DEBUG" if options.debug else config.log.level
        log.set_up(level, config.log.format, quiet=options.command not in ("serve", "telegram"))
        if (config.root / UNFINISHED_RESTORE).exists() and options.command != "doctor":
            _finish_restore(config)
        code: int = options.run(config, options)
        print(end="", flush=True)  # what is still buffered fails here, not when the interpreter ends
    except KeyboardInterrupt:
        print(replies.INTERRUPTED, file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what reads us is gone; end quietly
        return 0
    except JianfuError as error:
        if options.debug:
            raise
        if isinstance(error, InvalidFile) and len(error.faults) > 1 and options.command != "kb":
            error = JianfuError(replies.MORE_FAULTS.format(first=error.faults[0], count=len(error.faults) - 1))
        print(f"jianfu：{error}", file=sys.stderr)
        return 1
    except Exception as error:
        if options.debug:
            raise
        message = " ".join(str(error).split())  # one line, whatever a library wrote
        print(f"jianfu：{replies.UNEXPECTED.format(kind=type(error).__name__, error=message)}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
