"""Buttons of learning alone: the short ids that they send back, and the rows that they stand in.

An id is "y:" and what it is about: "y:n" the next item, "y:x" enough for now, "y:w:0" the wrong-answer book from its
first item on, "y:m" the map, "y:r" the reminder, "y:i:ITEM" one item, "y:p:SHOWN:SHOWING:0.2" an answer that is being put
together, "y:a:SHOWN:SHOWING:0.2" the answer, "y:s:minute:750" a setting of the reminder. Ids hold all there is to know, so
they survive a restart, and pressing one twice does the same as once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from telegram import InlineKeyboardMarkup

from bot.assistant import Assistant
from bot.channels.telegram_bot.buttons import Rows, button_row, short_label
from bot.quiz.item import Item
from bot.state.reminders import MINUTES_A_DAY, Reminder
from bot.study import Standing, Task, words
from knowledge.base import KnowledgeBase

#: Items of the wrong-answer book in one message.
PAGE = 8
_STEP_MINUTES = 30


@dataclass(frozen=True, slots=True)
class StudyPress:
    """What a pressed button asks for; fields that a kind does not use are empty.

    `place` is where a page starts, or how often the item had been answered when it was shown; `choice` are option indices.
    """

    kind: Literal["next", "stop", "book", "map", "reminder", "item", "picks", "answer", "set"]
    item: str = ""
    place: int = 0
    choice: tuple[int, ...] = ()
    setting: str = ""


def read_study_press(data: str | None) -> StudyPress | None:
    """What a button's id asks for, or None when no button of ours sends it."""
    simple: dict[str, StudyPress] = {
        "y:n": StudyPress("next"),
        "y:x": StudyPress("stop"),
        "y:m": StudyPress("map"),
        "y:r": StudyPress("reminder"),
    }
    if data in simple:
        return simple[data]
    if match := re.fullmatch(r"y:w:([0-9]{1,4})", data or ""):
        return StudyPress("book", place=int(match[1]))
    if match := re.fullmatch(r"y:i:([0-9a-f]{12})", data or ""):
        return StudyPress("item", match[1])
    if match := re.fullmatch(r"y:([pa]):([0-9a-f]{16}):([0-9]{1,6}):(-|[0-9]{1,2}(?:\.[0-9]{1,2})*)", data or ""):
        choice = () if match[4] == "-" else tuple(map(int, match[4].split(".")))
        return StudyPress("picks" if match[1] == "p" else "answer", match[2], int(match[3]), choice)
    if match := re.fullmatch(r"y:s:(wanted|minute|quiet_from|quiet_to):([0-9]{1,4})", data or ""):
        value = int(match[2])
        if value < (2 if match[1] == "wanted" else MINUTES_A_DAY):
            return StudyPress("set", place=value, setting=match[1])
    return None


def changed(reminder: Reminder, press: StudyPress) -> Reminder:
    """The wish after a press of kind "set"."""
    match press.setting:
        case "wanted":
            return replace(reminder, wanted=bool(press.place))
        case "minute":
            return replace(reminder, minute=press.place)
        case "quiet_from":
            return replace(reminder, quiet_from=press.place)
    return replace(reminder, quiet_to=press.place)


def start_buttons(*, anything: bool) -> InlineKeyboardMarkup:
    """Under the day's numbers."""
    rows: Rows = button_row([(words.BUTTON_START, "y:n")]) if anything else []
    return InlineKeyboardMarkup([*rows, *_places()])


def stop_button() -> InlineKeyboardMarkup:
    """Under a poll."""
    return InlineKeyboardMarkup(button_row([(words.BUTTON_STOP, "y:x")]))


def outcome_buttons(item: Item, assistant: Assistant, *, right: bool) -> InlineKeyboardMarkup:
    """Under what came of an answer: on, or enough; after a wrong one also a question about the clause."""
    rows: Rows = []
    clause = assistant.knowledge.find(item.clause)
    if not right and clause is not None:
        asks = f"a:{item.clause}:0" if assistant.questions(clause) else f"n:{item.clause}"
        rows += button_row([(words.BUTTON_ASK, asks)])
    rows += button_row([(words.BUTTON_NEXT, "y:n"), (words.BUTTON_STOP, "y:x")])
    return InlineKeyboardMarkup([*rows, *_places()])


def remind_buttons() -> InlineKeyboardMarkup:
    """Under a reminder."""
    return InlineKeyboardMarkup(button_row([(words.BUTTON_START, "y:n"), (words.BUTTON_REMINDER, "y:r")]))


def form_buttons(task: Task, picks: tuple[int, ...]) -> InlineKeyboardMarkup:
    """Under an item that no poll can carry: its options by number, and what is done with those chosen.

    A single right option is the answer at once; of several any set, of an order each once, of a matching one a left side.
    """
    item, prefix = task.item, f"{task.item.shown_id}:{task.showing}"

    def data(letter: str, chosen: tuple[int, ...]) -> str:
        return f"y:{letter}:{prefix}:{'.'.join(map(str, chosen)) or '-'}"

    numbers = range(len(item.options))
    buttons: list[tuple[str, str]] = []
    if item.kind == "order":
        buttons = [(str(one + 1), data("p", (*picks, one))) for one in numbers if one not in picks]
    elif item.kind == "matching":
        if len(picks) < len(item.left):
            buttons = [(str(one + 1), data("p", (*picks, one))) for one in numbers]
    elif len(item.key) == 1:
        buttons = [(str(one + 1), data("a", (one,))) for one in numbers]
    else:
        for one in numbers:
            toggled = tuple(sorted({*picks} ^ {one}))
            buttons.append((f"{one + 1} ✓" if one in picks else str(one + 1), data("p", toggled)))
    rows: Rows = [row for first in range(0, len(buttons), 6) for row in button_row(buttons[first : first + 6])]
    complete = len(picks) == len(item.key) if item.kind in ("order", "matching") else bool(picks)
    last = [(words.BUTTON_SUBMIT, data("a", picks))] if complete else []
    last += [(words.BUTTON_AGAIN, data("p", ()))] if picks else []
    return InlineKeyboardMarkup([*rows, *button_row([*last, (words.BUTTON_STOP, "y:x")])])


def book_buttons(tasks: tuple[Task, ...], first: int, knowledge: KnowledgeBase) -> InlineKeyboardMarkup:
    """Under a page of the wrong-answer book: each item and its clause."""
    rows: Rows = []
    for number, task in enumerate(tasks[first : first + PAGE], first + 1):
        clause = knowledge.find(task.item.clause)
        label = short_label(clause) if clause is not None else task.item.clause
        source = f"n:{task.item.clause}"
        rows += button_row([(f"{number} {label}", f"y:i:{task.item.id}"), (words.BUTTON_SOURCE, source)])
    if first + PAGE < len(tasks):
        rows += button_row([(words.BUTTON_MORE, f"y:w:{first + PAGE}")])
    return InlineKeyboardMarkup([*rows, *button_row([(words.BUTTON_NEXT, "y:n"), (words.BUTTON_MAP, "y:m")])])


def map_buttons() -> InlineKeyboardMarkup:
    """Under the map."""
    return InlineKeyboardMarkup(button_row([(words.BUTTON_NEXT, "y:n"), (words.BUTTON_BOOK, "y:w:0")]))


def reminder_buttons(reminder: Reminder) -> InlineKeyboardMarkup:
    """Under the reminder's settings; each button holds the value that it sets."""
    rows: Rows = button_row([(words.BUTTON_REMIND[reminder.wanted], f"y:s:wanted:{int(not reminder.wanted)}")])
    for field, names in (
        ("minute", words.BUTTON_TIME),
        ("quiet_from", words.BUTTON_QUIET_FROM),
        ("quiet_to", words.BUTTON_QUIET_TO),
    ):
        value: int = getattr(reminder, field)
        steps = zip(names, (-_STEP_MINUTES, _STEP_MINUTES), strict=True)
        rows += button_row([(name, f"y:s:{field}:{(value + step) % MINUTES_A_DAY}") for name, step in steps])
    return InlineKeyboardMarkup(rows)


def _places() -> Rows:
    return button_row([(words.BUTTON_BOOK, "y:w:0"), (words.BUTTON_MAP, "y:m"), (words.BUTTON_REMINDER, "y:r")])


def levels_by_heading(standings: tuple[Standing, ...], knowledge: KnowledgeBase) -> dict[str, dict[str, list[str]]]:
    """Short names of clauses by the heading that they stand under, and then by level; all in reading order."""
    found: dict[str, dict[str, list[str]]] = {}
    for one in standings:
        parent = knowledge.parent(one.clause)
        title = knowledge.document(one.clause.document).short_title
        heading = parent.display.partition("｜")[0] if parent is not None else words.MAP_OTHER.format(title=title)
        name = short_label(one.clause).rpartition("·")[2]
        found.setdefault(heading, {}).setdefault(one.level, []).append(name)
    return found
