"""What can be typed after `jianfu review`. Imports nothing heavy: the command line reads it at each start."""

from __future__ import annotations

import argparse
from typing import Any

REASONS = ("near", "far", "chat", "noise", "attack")


def add_arguments(commands: Any, common: argparse.ArgumentParser, parser_class: type[argparse.ArgumentParser]) -> Any:
    """Add `review` and what stands below it to the command line's subparsers; returns its parser, whose `run` is not set."""
    review = commands.add_parser("review", parents=[common], help="没答上来的问题：归并、处理、周报（不记是谁问的）")
    below = review.add_subparsers(dest="review_command", required=True, metavar="命令", parser_class=parser_class)

    def command(name: str, text: str, *, json: bool = True) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = below.add_parser(name, parents=[common], help=text)
        if json:
            added.add_argument("--json", action="store_true", help="输出 JSON")
        return added

    listed = command("list", "待处理的问题，意思相同的归为一组，问得多的在前")
    listed.add_argument("--limit", type=int, default=50, metavar="数", help="最多列几组（默认 50；--json 列全部）")
    shown = command("show", "看一组里的各种问法")
    add = command("add", "把一组问题加到一条条款，作为它回答的问题")
    add.add_argument("clause", metavar="条款")
    beside = command("beside", "记下通知没有写这个问题，以后不引用条款")
    beside.add_argument(
        "reason",
        choices=REASONS,
        metavar="缘由",
        help="near 相近而没写、far 别的事、chat 寒暄、noise 乱码、attack 攻击",
    )
    beside.add_argument("--clause", metavar="条款", help="near 时与哪一条相近（默认最近的一条）")
    beside.add_argument("--why", metavar="话", help="near 时没有写的是什么，例如 没有写超页怎么处罚")
    dismiss = command("dismiss", "忽略一组")
    for one in (shown, add, beside, dismiss):
        one.add_argument("group", metavar="组号")
    for one in (add, beside):
        one.add_argument("--text", action="append", default=[], metavar="问法", help="改用这个问法，可写多次")
        one.add_argument("--all", action="store_true", help="组里的各种问法都加（默认只加代表的一句）")
    undo = command("undo", "撤回一个决定")
    undo.add_argument("number", type=int, metavar="号")
    command("log", "作过的决定")
    apply = command("apply", "把还没写入的决定写进知识库的一个副本（不发布）")
    apply.add_argument("--out", required=True, metavar="文件夹", help="写到哪里，不能已经存在")
    report = command("report", "周报：各条被问的次数、没有写的比例、用时、没答上来的问题")
    report.add_argument("--week", metavar="周", help="2026-W48 或那一周的任一天（默认本周）")
    report.add_argument("--csv", metavar="文件", help="把每天的次数写成 CSV")
    return review
