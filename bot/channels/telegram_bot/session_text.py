"""What a study session shows in a group: texts and buttons, made of rooms and reports. Nothing is sent from here.

Ids of buttons: "room+:show:10:30:STARTER:SCOPE" for settings before the start ("go" in place of "show" starts, "30n" lets names be given),
"room:CODE:ACTION:POSITION" while a session runs. They hold all that is needed, so they survive a restart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit

from bot import replies
from bot.assistant import UnprovedQuote, prove
from bot.channels.telegram_bot.buttons import View, short_label
from bot.channels.telegram_bot.text import Block, Part, Section, citation_section, pack
from bot.quiz.item import MOST_QUESTION, Item
from bot.quiz.layout import LETTERS
from bot.quiz.words import KIND_NAMES
from bot.rooms import words
from bot.rooms.classroom import Named
from bot.rooms.report import Report
from bot.rooms.room import Room, Tally
from knowledge.base import KnowledgeBase

COUNTS, SECONDS = (5, 10, 15, 20), (15, 30, 45, 60)
#: How much the button for more time adds.
MORE_SECONDS = 30
_SCOPES_A_ROW = 3
#: Buttons about names: put mine there; take it back; send the list to who began the session.
NAME_ACTIONS = ("sign", "unsign", "names")


@dataclass(frozen=True, slots=True)
class Setup:
    """What a session will be. `scope` is a clause reference, "" for everything; `starter` a hash of who asked for it.

    `named`: whoever wants may put their name under their answers.
    """

    starter: str
    scope: str = ""
    count: int = 10
    seconds: int = 30
    named: bool = False

    def id(self, what: str) -> str:
        """The id of a button that shows ("show") or starts ("go") this."""
        return f"room+:{what}:{self.count}:{self.seconds}{'n' * self.named}:{self.starter}:{self.scope}"


def read_setup(data: str) -> tuple[str, Setup] | None:
    """What a button's id asks for before the start; None where no button of ours sends it."""
    match = re.fullmatch(r"room\+:(show|go):(\d+):(\d+)(n?):([0-9a-f]+):(\S*)", data)
    if match is None or int(match[2]) not in COUNTS or int(match[3]) not in SECONDS:
        return None
    return match[1], Setup(match[5], match[6], int(match[2]), int(match[3]), bool(match[4]))


@dataclass(frozen=True, slots=True)
class Control:
    """A pressed button of a running session."""

    code: str
    action: str
    position: int


def read_control(data: str) -> Control | None:
    """What a button's id asks for in a running session; None where no button of ours sends it."""
    match = re.fullmatch(r"room:(\d{6}):([a-z]+\??):(-?\d{1,3})", data)
    known = {*words.CONTROLS, *words.CONTROLLED, *NAME_ACTIONS}
    if match is None or match[2] not in known:
        return None
    return Control(match[1], match[2], int(match[3]))


def setup_view(setup: Setup, knowledge: KnowledgeBase) -> View:
    """The settings as buttons, the chosen ones ticked, and the start under them."""
    headings = [clause for clause in knowledge if clause.is_heading]
    scopes = [(words.SESSION_ALL, "")] + [(short_label(one), knowledge.reference(one)) for one in headings]
    choices = [_choice(text, replace(setup, scope=scope), setup) for text, scope in scopes]
    rows = [choices[first : first + _SCOPES_A_ROW] for first in range(0, len(choices), _SCOPES_A_ROW)]
    rows.append([_choice(words.SESSION_COUNT.format(count=one), replace(setup, count=one), setup) for one in COUNTS])
    rows.append(
        [_choice(words.SESSION_SECONDS.format(seconds=one), replace(setup, seconds=one), setup) for one in SECONDS]
    )
    rows.append([_choice(words.SESSION_NAMED[one], replace(setup, named=one), setup) for one in (False, True)])
    rows.append([InlineKeyboardButton(words.SESSION_START, callback_data=setup.id("go"))])
    fitting = [[one for one in row if _fits(one)] for row in rows]
    text = words.SESSION_SETUP.format(title=replies.titles(knowledge))
    return View(lines(text), InlineKeyboardMarkup([row for row in fitting if row]))


def started_view(room: Room) -> View:
    """What stands in the place of the settings once they are used."""
    settings = room.settings
    text = words.SESSION_STARTED.format(title=settings.title, count=len(room.items), seconds=settings.seconds)
    if not settings.named:
        return View(lines(text), None)
    return View(
        lines(f"{text}\n{words.SESSION_SIGN_ABOUT}"),
        _name_buttons(room, {"sign": words.SESSION_SIGN, "unsign": words.SESSION_UNSIGN}),
    )


def names_button(room: Room, count: int) -> InlineKeyboardMarkup | None:
    """Under the closing sheet, for who began the session; None where nobody put a name there."""
    return _name_buttons(room, {"names": words.SESSION_NAMES.format(count=count)}) if count else None


def names_parts(room: Room, names: Sequence[Named], until: date | None) -> list[Part]:
    """The list of names, by name."""
    told = [words.SESSION_NAMES_ITEM.format(name=one.name, answered=one.answered, right=one.right) for one in names]
    heading = words.SESSION_NAMES_HEADING.format(title=room.settings.title)
    last = words.SESSION_NAMES_UNTIL.format(until=until)
    return pack([(Block(heading, "bold"),), *((Block(one),) for one in (*told, last))])


def _name_buttons(room: Room, labels: Mapping[str, str]) -> InlineKeyboardMarkup:
    made = [InlineKeyboardButton(label, callback_data=f"room:{room.code}:{one}:-1") for one, label in labels.items()]
    return InlineKeyboardMarkup([made])


def open_view(room: Room) -> View:
    """What is said to /session while one is open."""
    buttons = [
        InlineKeyboardButton(words.SESSION_GO_ON, callback_data=_control(room, "go")),
        InlineKeyboardButton(words.SESSION_STOP, callback_data=_control(room, "end")),
    ]
    where = words.SESSION_WHERE[room.phase].format(number=room.position + 1, count=len(room.items))
    return View(
        lines(words.SESSION_OPEN.format(title=room.settings.title, where=where)), InlineKeyboardMarkup([buttons])
    )


def controls(room: Room) -> InlineKeyboardMarkup | None:
    """The buttons of a room as it is; None where it is over."""
    match room.phase:
        case "asking":
            rows = [["pause", "more", "reveal"], ["skip", "end?"]]
        case "paused":
            rows = [["resume"], ["more", "reveal", "skip", "end?"]]
        case "shown" if room.deadline is not None:
            rows = [["next"], ["pause", "more", "end?"]]
        case "shown":
            rows = [["next", "end?"]]
        case _:
            return None
    return _keyboard(room, rows)


def confirmation(room: Room) -> InlineKeyboardMarkup:
    """The buttons that ask whether to end."""
    return _keyboard(room, [["end", "back"]])


def _keyboard(room: Room, rows: list[list[str]]) -> InlineKeyboardMarkup:
    def label(action: str) -> str:
        if action == "next" and room.is_last:
            action = "last"
        if action == "pause" and room.phase == "shown":
            action = "stay"
        return words.CONTROLS[action].format(seconds=MORE_SECONDS)

    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label(one), callback_data=_control(room, one)) for one in row] for row in rows]
    )


def question(room: Room, item: Item, position: int) -> str:
    """The question of a poll, numbered where that fits."""
    numbered = words.POLL_QUESTION.format(number=position + 1, count=len(room.items), stem=item.stem)
    return numbered if len(numbered) <= MOST_QUESTION else item.stem


def answer_parts(room: Room, position: int, tally: Tally, knowledge: KnowledgeBase) -> list[Part]:
    """The answer of an item: how many gave it, and its clause word for word."""
    item = room.items[position]
    options = "；".join(f"{LETTERS[place]}．{item.options[place]}" for place in item.key)
    line = words.ANSWER_LINE.format(number=position + 1, count=len(room.items), answer=options)
    counted = words.ANSWERED_LINE.format(answered=tally.answered, right=tally.right)
    sections: list[Section] = [
        (Block(line, "bold"), Block(counted if tally.answered else words.NOBODY_ANSWERED)),
        proved_section(item, knowledge),
    ]
    if room.position == position and room.phase == "shown" and room.deadline is not None:
        what = words.LAST_WHAT if room.is_last else words.NEXT_WHAT
        sections.append((Block(words.NEXT_SOON.format(seconds=room.settings.reading_seconds, what=what)),))
    return pack(sections)


def proved_section(item: Item, knowledge: KnowledgeBase, heading: str = "") -> Section:
    """An item's clause word for word, under its label or `heading`; without its words where today's notice has others."""
    citation = item.citation
    try:
        prove(citation, knowledge)
    except (UnprovedQuote, KeyError):
        return (Block(words.CLAUSE_CHANGED.format(label=citation.label)),)
    label, quote = citation_section(citation)
    return Block(heading or label.text, "bold"), quote


def sheet_parts(report: Report, knowledge: KnowledgeBase) -> list[Part]:
    """The closing sheet: totals of each item, and the clauses to read again with their words."""
    skipped = words.SHEET_SKIPPED.format(count=report.skipped) if report.skipped else ""
    head = words.SHEET.format(title=report.title, seats=report.seats, count=len(report.results), skipped=skipped)
    sections: list[Section] = [(Block(head, "bold"),)]
    for number, one in enumerate(report.results, 1):
        counted = words.SHEET_ANSWERED.format(answered=one.tally.answered, right=one.tally.right)
        line = words.SHEET_ITEM.format(
            number=number,
            label=one.item.citation.label,
            kind=KIND_NAMES[one.item.kind],
            result=counted if one.tally.answered else words.SHEET_NOBODY,
        )
        sections.append((Block(line),))
    if not report.weak:
        answered = any(one.tally.answered for one in report.results)
        return pack([*sections, (Block(words.SHEET_FINE if answered else words.SHEET_NOTHING),)])
    sections.append((Block(words.SHEET_WEAK.format(count=len(report.weak)), "bold"),))
    items = {one.item.clause: one.item for one in report.results}
    for clause in report.weak:
        heading = words.SHEET_WEAK_ITEM.format(label=clause.label, right=clause.right, answered=clause.answered)
        section = proved_section(items[clause.clause], knowledge, heading)
        # Marks point at one item's words; here the whole clause is to be read.
        sections.append(tuple(replace(block, marks=(), folds=False) for block in section))
    return pack(sections)


def _choice(text: str, leads_to: Setup, now: Setup) -> InlineKeyboardButton:
    shown = words.SESSION_CHOSEN.format(text=text) if leads_to == now else text
    return InlineKeyboardButton(shown, callback_data=leads_to.id("show"))


def _fits(button: InlineKeyboardButton) -> bool:
    return len(str(button.callback_data).encode("utf8")) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA


def _control(room: Room, action: str) -> str:
    return f"room:{room.code}:{action}:{room.position}"


def lines(text: str) -> list[Part]:
    """A text of our own, a block a line."""
    sections: Sequence[Section] = [(Block(line),) for line in text.splitlines()]
    return pack(sections)
