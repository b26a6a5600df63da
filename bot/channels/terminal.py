"""The terminal: one question, a batch of them, or a chat. Prints; holds no rules."""

from __future__ import annotations

import io
import json
import logging
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from tqdm import tqdm

from bot import replies
from bot.answer import Answer
from bot.assistant import Assistant, Explanation
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

logger = logging.getLogger(__name__)

PROMPT = "问> "
BOLD, PLAIN = "\033[1m", "\033[0m"
MAX_LINE_CHARACTERS = 65536


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
    print(_emphasised(answer) if out.isatty() else answer.answer, file=out)


def _emphasised(answer: Answer) -> str:
    """The answer's text for a terminal, with what answers in bold."""
    text = answer.answer
    for citation in answer.citations:
        quote, done = "", citation.start
        for start, end in citation.spans:
            before, words = citation.quote[done - citation.start : start - citation.start], citation.quote
            quote += f"{before}{BOLD}{words[start - citation.start : end - citation.start]}{PLAIN}"
            done = end
        text = text.replace(citation.quote, quote + citation.quote[done - citation.start :], 1)
    return text


def write_explanation(explanation: Explanation, out: TextIO) -> None:
    """How an answer came about: what was understood, every candidate with its features, and the decision."""
    answer, result = explanation.answer, explanation.result
    if answer.interpreted_as is not None:
        print(replies.INTERPRETED.format(question=answer.interpreted_as), file=out)
    if result is None:
        print(replies.EXPLAIN_UNSEARCHED, file=out)
    elif result.addressed:
        print(replies.EXPLAIN_ADDRESSED, file=out)
    else:
        beside = "，".join(f"{replies.BESIDE_NAMES[reason]} {share:.3f}" for reason, share in result.beside.items())
        print(replies.EXPLAIN_ANSWERABLE.format(answerable=result.answerable, beside=beside), file=out)
    for hit in result.hits if result is not None else ():
        print(f"{hit.probability:6.3f}  {hit.clause.label}  {hit.clause.display[:30]}", file=out)
        if hit.features:
            print("        " + "  ".join(f"{name} {value:.2f}" for name, value in hit.features.items()), file=out)
    outcome = replies.OUTCOME_NAMES[explanation.decision.outcome]
    labels = "、".join(clause.label for clause in explanation.decision.clauses) or "无"
    print(replies.EXPLAIN_DECISION.format(outcome=outcome, labels=labels), file=out)
    for citation in answer.citations:
        marked = "、".join(
            citation.quote[start - citation.start : end - citation.start] for start, end in citation.spans
        )
        if marked:
            print(replies.EXPLAIN_MARKED.format(label=citation.label, words=marked), file=out)
    print(_emphasised(answer) if out.isatty() else answer.answer, file=out)


def answer_batch(assistant: Assistant, lines: Iterable[str], out: TextIO, progress: TextIO) -> int:
    """Answer JSONL questions in order, one JSON object a line; returns how many lines were bad.

    A line is {"id", "q", "history"?}. A bad one gives {"id", "error"} in its place; blank lines give nothing.
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
        except Exception:
            logger.exception("line %d of the batch failed", number)
            bad += 1
            content = {"id": identifier, "error": replies.INTERNAL_ERROR}
        print(json.dumps(content, ensure_ascii=False).encode("utf8", "replace").decode("utf8"), file=out, flush=True)
    return bad


class _BadLine(JianfuError):
    """A line of a batch that holds no question; `identifier` is its id where it can be read."""

    def __init__(self, message: str, identifier: Any = None) -> None:
        super().__init__(message)
        self.identifier = identifier


def _read_request(line: str, number: int) -> tuple[Any, str, list[str]]:
    if len(line) > MAX_LINE_CHARACTERS:
        raise _BadLine(replies.BATCH_LONG_LINE.format(number=number, limit=MAX_LINE_CHARACTERS))
    try:
        request = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _BadLine(replies.BATCH_BAD_JSON.format(number=number, error=error)) from error
    if not isinstance(request, dict):
        raise _BadLine(replies.BATCH_NOT_OBJECT.format(number=number))
    identifier = request.get("id")
    if isinstance(identifier, (list, dict)) or (isinstance(identifier, float) and not math.isfinite(identifier)):
        raise _BadLine(replies.BATCH_BAD_ID.format(number=number))
    question, history = request.get("q"), request.get("history", [])
    if not isinstance(question, str):
        raise _BadLine(replies.BATCH_NO_QUESTION.format(number=number), identifier)
    if not isinstance(history, list) or not all(isinstance(earlier, str) for earlier in history):
        raise _BadLine(replies.BATCH_BAD_HISTORY.format(number=number), identifier)
    return identifier, question, history


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def chat(assistant: Assistant, out: TextIO) -> None:
    """Talk until /quit or the end of input, remembering what was asked."""
    with suppress(ImportError):  # Windows has none, and edits lines itself
        import readline  # noqa: F401, PLC0415 - gives input() editing and arrow keys, by being imported
    _forgive_bytes(sys.stdin)
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
            command, argument = [*line[1:].split(maxsplit=1), "", ""][
                :2
            ]  # also at the full-width space of Chinese keyboards
            if command in ("quit", "exit", "q"):
                return
            print(_command(command, argument, assistant.knowledge), file=out)
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


@contextmanager
def open_input(path: str) -> Iterator[Iterable[str]]:
    """Lines of a file, or of standard input for "-"; undecodable bytes are replaced, not fatal. Raises JianfuError.

    Of a line over MAX_LINE_CHARACTERS only so much is read into memory as shows that it is too long.
    """
    if path == "-":
        _forgive_bytes(sys.stdin, "utf-8-sig")
        yield _bounded_lines(sys.stdin)
        return
    try:
        file = open(path, encoding="utf-8-sig", errors="replace")  # noqa: SIM115 - closed below; Windows adds a BOM
    except OSError as error:
        raise JianfuError(replies.BATCH_NO_FILE.format(path=path, error=error.strerror)) from error
    with file:
        yield _bounded_lines(file)


def _bounded_lines(stream: TextIO) -> Iterator[str]:
    size = MAX_LINE_CHARACTERS + 2  # a line of the limit with its end, or one character too many
    while line := stream.readline(size):
        yield line
        while line and not line.endswith("\n"):
            line = stream.readline(size)


def _forgive_bytes(stream: TextIO, encoding: str | None = None) -> None:
    """Read with a mark for each byte that does not fit the encoding (None keeps the terminal's)."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=encoding, errors="replace")
