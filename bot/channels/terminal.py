"""The terminal: one question, a batch of them, or a chat. Prints; holds no rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from tqdm import tqdm

from bot import replies
from bot.answer import Answer
from bot.assistant import Assistant
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

PROMPT = "问> "
MAX_LINE_BYTES = 65536


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Callable[[str, float | None], None]]:
    """A progress callback that draws on a terminal, prints each stage once elsewhere, and cleans up."""
    bar: tqdm[Any] | None = None
    shown = ""

    def show(stage: str, fraction: float | None) -> None:
        nonlocal bar, shown
        if not stream.isatty():
            if fraction is not None and stage != shown:  # only what takes time
                print(f"{stage}……", file=stream, flush=True)
            shown = stage
            return
        if bar is None or stage != shown:
            if bar is not None:
                bar.close()
            bar = tqdm(total=100, desc=stage, leave=False, file=stream, bar_format="{desc} {bar:24} {percentage:3.0f}%")
            shown = stage
        if fraction is not None:
            bar.update(round(fraction * 100) - bar.n)
        else:
            bar.refresh()

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()


def write_answer(answer: Answer, out: TextIO, as_json: bool) -> None:
    """One answer, as text or as one line of JSON."""
    if as_json:
        print(json.dumps(answer.to_json(), ensure_ascii=False), file=out)
        return
    if answer.interpreted_as is not None:
        print(replies.INTERPRETED.format(question=answer.interpreted_as), file=out)
    print(answer.answer, file=out)


def answer_batch(assistant: Assistant, lines: Iterable[str], out: TextIO, progress: TextIO) -> int:
    """Answer JSONL questions in order, one JSON object a line; returns how many lines were bad.

    A line is {"id", "q", "history"?}. A bad one gives {"id", "error"} in its place.
    """
    bad = 0
    bar = tqdm(lines, desc=replies.BATCH_PROGRESS, unit="题", file=progress, disable=not progress.isatty(), leave=False)
    for number, line in enumerate(bar, 1):
        if not line.strip():
            continue
        identifier: Any = None
        try:
            identifier, question, history = _read_request(line, number)
            content = {"id": identifier, **assistant.ask(question, history).to_json()}
        except _BadLine as error:
            bad += 1
            content = {"id": error.identifier, "error": str(error)}
        except JianfuError as error:
            bad += 1
            content = {"id": identifier, "error": str(error)}
        print(json.dumps(content, ensure_ascii=False).encode("utf8", "replace").decode("utf8"), file=out, flush=True)
    return bad


class _BadLine(JianfuError):
    def __init__(self, message: str, identifier: Any = None) -> None:
        super().__init__(message)
        self.identifier = identifier


def _read_request(line: str, number: int) -> tuple[Any, str, list[str]]:
    if len(line) > MAX_LINE_BYTES:
        raise _BadLine(replies.BATCH_LONG_LINE.format(number=number, limit=MAX_LINE_BYTES))
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _BadLine(replies.BATCH_BAD_JSON.format(number=number, error=error)) from error
    if not isinstance(request, dict):
        raise _BadLine(replies.BATCH_NOT_OBJECT.format(number=number))
    identifier = request.get("id")
    question, history = request.get("q"), request.get("history", [])
    if not isinstance(question, str):
        raise _BadLine(replies.BATCH_NO_QUESTION.format(number=number), identifier)
    if not isinstance(history, list) or not all(isinstance(earlier, str) for earlier in history):
        raise _BadLine(replies.BATCH_BAD_HISTORY.format(number=number), identifier)
    return identifier, question, history


def chat(assistant: Assistant, out: TextIO) -> None:
    """Talk until /quit or the end of input, remembering what was asked."""
    import readline  # noqa: F401, PLC0415 - gives input() editing and arrow keys; absent on some systems until used

    history: list[str] = []
    print(replies.CHAT_WELCOME, file=out)
    while True:
        try:
            line = input(PROMPT).strip()
        except EOFError:
            print(file=out)
            return
        except KeyboardInterrupt:
            print(f"\n{replies.CHAT_INTERRUPTED}", file=out)
            continue
        if not line:
            continue
        if line.startswith("/"):
            command, _, argument = line[1:].partition(" ")
            if command in ("quit", "exit", "q"):
                return
            print(_command(command, argument.strip(), assistant.knowledge), file=out)
            continue
        answer = assistant.ask(line, history)
        write_answer(answer, out, as_json=False)
        history.append(line)
        print(file=out)


def _command(command: str, argument: str, knowledge: KnowledgeBase) -> str:
    if command == "help":
        return f"{replies.help_text()}\n{replies.CHAT_COMMANDS}"
    if command == "source":
        return source_text(argument, knowledge)
    return replies.CHAT_NO_COMMAND.format(command=command)


def source_text(reference: str, knowledge: KnowledgeBase) -> str:
    """A clause and what stands below it, for reading."""
    clause = knowledge.find(reference)
    if clause is None:
        return replies.NO_SUCH_CLAUSE.format(reference=reference or "（空）")
    return "\n".join(f"{one.label}：{one.display}" for one in (clause, *knowledge.children(clause)))


def read_input(path: str) -> Iterator[str]:
    """Lines of a file, or of standard input for "-"; undecodable bytes are replaced, not fatal."""
    if path == "-":
        sys.stdin.reconfigure(encoding="utf8", errors="replace")  # type: ignore[union-attr]
        yield from sys.stdin
        return
    try:
        with open(path, encoding="utf8", errors="replace") as file:
            yield from file
    except OSError as error:
        raise JianfuError(f"读不了 {path}：{error.strerror}") from error
