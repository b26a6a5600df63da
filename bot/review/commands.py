"""`jianfu review …`: reads the command line, asks the desk, writes what it says. It decides nothing itself."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from bot.assistant import Assistant
from bot.config import Config
from bot.review import words
from bot.review.desk import ReviewDesk, pending
from bot.review.draft import DraftFailed, write_draft
from bot.review.queue import MAX_TEXTS, SHOWN_FROM, Group, Queue
from bot.review.report import make_report, report_csv, report_text, week_of
from bot.state.decisions import Decision
from bot.state.state import State
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge

#: Builds the assistant, whose encoder groups the questions; given by the command line, which shows the progress.
Build = Callable[[], Assistant]


def run(config: Config, options: argparse.Namespace, build: Build, out: TextIO) -> int:
    """Run one of COMMANDS, named in `options.review_command`; returns the exit code. Raises JianfuError."""
    state = State.of(config)
    try:
        _COMMANDS[options.review_command](_Call(config, options, state, build, out))
    finally:
        state.close()
    return 0


class _Call:
    """What one command works with."""

    def __init__(self, config: Config, options: argparse.Namespace, state: State, build: Build, out: TextIO) -> None:
        self.config, self.options, self.state, self.out = config, options, state, out
        self._build = build

    def desk(self) -> ReviewDesk:
        """The desk over the assistant's knowledge and encoder; loads the model when there is something to group."""
        assistant = self._build()
        return ReviewDesk(self.state, assistant.knowledge, assistant.vectors, self.config.review.group_distance)

    def knowledge(self) -> KnowledgeBase:
        return load_knowledge(self.config.path(self.config.knowledge.folder))

    def say(self, *lines: str) -> None:
        for line in lines:
            self.out.write(f"{line}\n")

    def dump(self, content: Any) -> None:
        self.say(json.dumps(content, ensure_ascii=False, indent=2))


def _list(call: _Call) -> None:
    desk = call.desk()
    queue = desk.queue()
    knowledge = call.knowledge()
    if call.options.json:
        call.dump(
            {
                "groups": [group.to_json() for group in queue.groups],
                "hidden": queue.hidden,
                "ungrouped": queue.ungrouped,
                "lexical": queue.lexical,
            }
        )
        return
    if not call.state.open_questions.keeps:
        call.say(words.OFF)
    if not queue.groups and not queue.hidden:
        call.say(words.NOTHING)
    if queue.groups:
        asked, days = sum(group.asked for group in queue.groups), call.config.review.keep_questions_days
        call.say(words.LISTED.format(groups=len(queue.groups), asked=asked, days=days))
    for group in queue.groups[: call.options.limit]:
        line = {"id": group.id, "asked": group.asked, "kinds": _kinds(group), "text": group.text}
        call.say(words.LINE.format(**line, near=_near(group, knowledge)))
    call.say(*_remarks(queue))


def _remarks(queue: Queue) -> Iterator[str]:
    if queue.hidden:
        yield words.HIDDEN.format(count=queue.hidden, least=SHOWN_FROM)
    if queue.ungrouped:
        yield words.UNGROUPED.format(limit=MAX_TEXTS, count=queue.ungrouped)
    if queue.lexical:
        yield words.LEXICAL


def _show(call: _Call) -> None:
    group = call.desk().group(call.options.group)
    if call.options.json:
        call.dump(group.to_json())
        return
    knowledge = call.knowledge()
    span = {"id": group.id, "asked": group.asked, "first": group.first, "last": group.last}
    call.say(words.SHOWN.format(**span, kinds=_kinds(group), near=_near(group, knowledge)))
    call.say(*(words.MEMBER.format(asked=one.asked, text=one.text) for one in group.members))


def _add(call: _Call) -> None:
    desk, options = call.desk(), call.options
    decision = desk.add(options.group, options.clause, _texts(desk, options))
    clause = call.knowledge().find(decision.target)
    label = clause.label if clause is not None else decision.target
    _said(call, decision, words.ADDED, label=label)


def _beside(call: _Call) -> None:
    desk, options = call.desk(), call.options
    texts = _texts(desk, options)
    decision = desk.beside(options.group, options.reason, texts, related=options.clause or "", why=options.why or "")
    _said(call, decision, words.BESIDE, reason=words.REASONS[decision.target])


def _dismiss(call: _Call) -> None:
    _said(call, call.desk().dismiss(call.options.group), words.DISMISSED)


def _texts(desk: ReviewDesk, options: argparse.Namespace) -> list[str]:
    """The wording that the person gave; every plain text of the group with --all; else none, which is the group's own."""
    if options.all and not options.text:
        return [one.text for one in desk.group(options.group).members if not one.masked]
    return list(options.text)


def _said(call: _Call, decision: Decision, sentence: str, **more: str) -> None:
    if call.options.json:
        call.dump(_decision(decision))
    else:
        call.say(sentence.format(number=decision.number, texts="、".join(decision.texts), **more))


def _undo(call: _Call) -> None:
    knowledge = call.knowledge()
    ReviewDesk(call.state, knowledge, lambda texts: None, 0.0).undo(call.options.number)
    if call.options.json:
        call.dump({"undone": call.options.number})
    else:
        call.say(words.UNDONE.format(number=call.options.number))


def _log(call: _Call) -> None:
    decisions = call.state.decisions.all()
    waiting = {one.number for one in pending(decisions, call.knowledge())}
    if call.options.json:
        call.dump([{**_decision(one), "pending": one.number in waiting} for one in decisions])
        return
    call.say(*([] if decisions else [words.LOG_EMPTY]))
    for one in decisions:
        action = words.ACTIONS[one.action].format(target=one.target, asked=one.asked)
        done = "" if one.number in waiting or not one.texts else words.LOG_DONE
        line = words.LOG_LINE.format(number=one.number, day=one.day, action=action, texts="、".join(one.texts))
        call.say(line.rstrip() + done)


def _apply(call: _Call) -> None:
    source = call.config.path(call.config.knowledge.folder)
    target = Path(call.options.out).expanduser()
    waiting = pending(call.state.decisions.all(), call.knowledge())
    if not waiting:
        call.say(words.APPLY_NOTHING)
        return
    draft = write_draft(source, target, waiting)
    if call.options.json:
        content = {"folder": str(draft.folder), "knowledge_version": draft.knowledge.version}
        call.dump({**content, "changes": list(draft.changes), "left": list(draft.left)})
        return
    call.say(words.APPLIED.format(path=target, version=draft.knowledge.version, source=source))
    call.say(*draft.changes, *draft.left)


def _report(call: _Call) -> None:
    first, last = week_of(call.options.week, datetime.now(UTC).date())
    knowledge = call.knowledge()
    report = make_report(call.state, knowledge, lambda: call.desk().queue(), first, last)
    if call.options.csv is not None:
        path = Path(call.options.csv).expanduser()
        with _writing(path):
            path.write_bytes(report_csv(report, knowledge).encode("utf-8-sig"))  # Excel reads UTF-8 by its mark
        call.say(words.CSV_WRITTEN.format(path=path))
    elif call.options.json:
        call.dump(report.to_json())
    else:
        call.say(report_text(report))


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DraftFailed(words.OUT_FAILED.format(path=path, error=error.strerror)) from error


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "number": decision.number,
        "day": decision.day.isoformat(),
        "action": decision.action,
        "target": decision.target or None,
        "related": decision.related or None,
        "why": decision.why or None,
        "texts": list(decision.texts),
        "asked": decision.asked,
    }


def _kinds(group: Group) -> str:
    return "，".join(f"{words.KINDS[kind]} {count}" for kind, count in sorted(group.kinds.items()))


def _near(group: Group, knowledge: KnowledgeBase) -> str:
    clause = knowledge.find(group.near) if group.near else None
    return words.NEAR.format(label=clause.label) if clause is not None else ""


_COMMANDS: dict[str, Callable[[_Call], None]] = {
    "list": _list,
    "show": _show,
    "add": _add,
    "beside": _beside,
    "dismiss": _dismiss,
    "undo": _undo,
    "log": _log,
    "apply": _apply,
    "report": _report,
}
