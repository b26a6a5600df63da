"""Buttons: what stands on them, the short ids they send back, and the views they open.

An id is a letter and what it is about: "c:2.5" shows the clause in place of the message, "n:2.5" as a new message, "o"
the outline, "q:0" asks the first example, "a:2.5:0" the first question offered for that clause, "u:CODE" and "d:CODE"
say what one thinks of the answer with that receipt, "w:CODE:i" why, "s:next_questions" turns a switch. Ids hold no
state of ours, so they survive a restart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Literal

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit, InlineKeyboardMarkupLimit

from bot import replies
from bot.answer import Answer, Citation
from bot.assistant import prove
from bot.channels.telegram_bot.text import Block, Part, citation_section, pack
from bot.state.people import Settings
from bot.state.receipts import read_code
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause

#: A phone shows about this many Chinese characters on a button as wide as the message.
_BUTTON_CHARACTERS = 32

#: Reasons of a complaint by their letter in button ids; feedback.Reason names them.
REASONS = {"w": "wrong_clause", "i": "incomplete", "s": "should_answer", "n": "should_not_answer"}

Rows = list[list[InlineKeyboardButton]]
#: A question to offer, and the id of the button that asks it.
Offer = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Press:
    """What a pressed button asks for.

    `reference` names a clause, a receipt, a switch, or is the number of an example; `detail` is the number of a clause's
    question, a verdict, or a reason.
    """

    kind: Literal["edit", "new", "outline", "example", "next", "verdict", "reason", "switch"]
    reference: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """Something to show: messages, and the buttons under the last."""

    parts: list[Part]
    markup: InlineKeyboardMarkup | None


def read_press(data: str | None) -> Press | None:  # noqa: PLR0911  one line a kind of button
    """What a button's id asks for, or None when no button of ours sends it."""
    if data == "o":
        return Press("outline")
    match = re.fullmatch(r"([cnqaudws]):(\S{1,62})", data or "")
    if match is None:
        return None
    letter, reference = match.groups()
    before, _, after = reference.rpartition(":")
    match letter:
        case "q":
            known = re.fullmatch(r"[0-9]{1,3}", reference) and int(reference) < len(replies.EXAMPLES)
            return Press("example", reference) if known else None
        case "a":
            return Press("next", before, after) if before and re.fullmatch(r"[0-9]{1,3}", after) else None
        case "u" | "d":
            code = read_code(reference)
            return Press("verdict", code, "up" if letter == "u" else "down") if code else None
        case "w":
            code = read_code(before)
            return Press("reason", code, REASONS[after]) if code and after in REASONS else None
        case "s":
            return Press("switch", reference) if reference in {field.name for field in fields(Settings)} else None
    return Press("edit" if letter == "c" else "new", reference)


def examples() -> InlineKeyboardMarkup:
    """The example questions, one a row, and the outline."""
    rows = [[_button(example, f"q:{number}")] for number, example in enumerate(replies.EXAMPLES)]
    return InlineKeyboardMarkup([*rows, [_button(replies.TELEGRAM_OUTLINE_BUTTON, "o")]])


def answer_buttons(
    answer: Answer, knowledge: KnowledgeBase, offers: Sequence[Offer] = ()
) -> InlineKeyboardMarkup | None:
    """The buttons under an answer: choices or related clauses, questions to go on with, neighbours, and thumbs."""
    if answer.outcome == "chat":
        return examples()
    rows: Rows = []
    if answer.outcome in ("clarify", "decline"):
        rows += _choices([*answer.options, *answer.related], knowledge)
    for question, data in offers:
        rows += button_row([(question, data)])
    if answer.outcome == "answer":
        cited = [knowledge.find(f"{citation.document}:{citation.clause}") for citation in answer.citations]
        rows += _beside([clause for clause in cited if clause is not None], knowledge)
    if answer.receipt:
        rows.append(_thumbs(answer.receipt))
    return _markup(rows)


def with_reasons(markup: InlineKeyboardMarkup, code: str) -> InlineKeyboardMarkup:
    """The same buttons, with reasons to choose from in the place of the thumbs."""
    reasons = [_button(replies.TELEGRAM_REASONS[name], f"w:{code}:{letter}") for letter, name in REASONS.items()]
    return _with_opinions(markup, [reasons[:2], reasons[2:]])


def with_thumbs(markup: InlineKeyboardMarkup, code: str) -> InlineKeyboardMarkup:
    """The same buttons, with the thumbs back in their place."""
    return _with_opinions(markup, [_thumbs(code)])


def _thumbs(code: str) -> list[InlineKeyboardButton]:
    return [_button("👍", f"u:{code}"), _button("👎", f"d:{code}")]


def _with_opinions(markup: InlineKeyboardMarkup, opinions: Rows) -> InlineKeyboardMarkup:
    others = [
        list(row)
        for row in markup.inline_keyboard
        if not any(re.match("[udw]:", str(button.callback_data)) for button in row)
    ]
    return InlineKeyboardMarkup([*others, *opinions])


def settings_view(settings: Settings) -> View:
    """A person's switches, each a button that turns it."""
    rows: Rows = []
    for field in fields(settings):
        name, off, on = replies.TELEGRAM_SWITCHES[field.name]
        rows += button_row([(f"{name}：{on if getattr(settings, field.name) else off}", f"s:{field.name}")])
    return View(pack([(Block(replies.TELEGRAM_SETTINGS),)]), _markup(rows))


def outline_view(knowledge: KnowledgeBase) -> View:
    """Every heading as a button."""
    several = len(knowledge.documents) > 1
    rows: Rows = []
    for clause in knowledge:
        if clause.is_heading:
            title = f"《{knowledge.document(clause.document).short_title}》" if several else ""
            text = title + clause.display.split("｜", maxsplit=1)[0]
            rows.extend(button_row([(text, f"c:{knowledge.reference(clause)}")]))
    return View(pack([(Block(replies.TELEGRAM_PROBLEMS),)]), _markup(rows))


def clause_view(clause: Clause, knowledge: KnowledgeBase, related: Sequence[Clause] = ()) -> View:
    """A clause word for word; a heading with what stands below it, any other with its neighbours and what is related.

    Raises UnprovedQuote when the clause no longer equals its source text.
    """
    citation = Citation.of(clause)
    prove(citation, knowledge)
    children = knowledge.children(clause)
    if children:
        rows: Rows = []
        for child in children:
            text = f"{short_label(child).rpartition('·')[2]} {child.display}"
            rows.extend(button_row([(text, f"c:{knowledge.reference(child)}")]))
    else:
        rows = _beside([clause], knowledge)
        shown = {button.callback_data for row in rows for button in row}
        beyond = [(f"{replies.TELEGRAM_RELATED}{short_label(one)}", f"c:{knowledge.reference(one)}") for one in related]
        rows += button_row([(text, data) for text, data in beyond if data not in shown][:2])
    parent = knowledge.parent(clause)
    back = [(f"↑ {short_label(parent)}", f"c:{knowledge.reference(parent)}")] if parent else []
    rows.extend(button_row([*back, (replies.TELEGRAM_OUTLINE_BUTTON, "o")]))
    return View(pack([citation_section(citation)]), _markup(rows))


def short_label(clause: Clause) -> str:
    """The label without the notice's title, for buttons beside text of the same notice."""
    return clause.label.rpartition("》")[2] or clause.label


def _choices(references: Iterable[str], knowledge: KnowledgeBase) -> Rows:
    """Clauses to choose from, one a row; each opens as a new message so that the choice stays."""
    rows: Rows = []
    for reference in references:
        clause = knowledge.find(reference)
        if clause is not None:
            rows.extend(button_row([(clause.label, f"n:{reference}")]))
    return rows


def _beside(clauses: Sequence[Clause], knowledge: KnowledgeBase) -> Rows:
    """Buttons to the clauses before and after: around the whole run if the clauses follow each other, else the first."""
    if not clauses:
        return []
    run = all(knowledge.neighbours(clause)[1] == after for clause, after in pairwise(clauses))
    before, _ = knowledge.neighbours(clauses[0])
    _, after = knowledge.neighbours(clauses[-1] if run else clauses[0])
    buttons = []
    if before is not None:
        buttons.append((f"‹ {short_label(before)}", f"c:{knowledge.reference(before)}"))
    if after is not None:
        buttons.append((f"{short_label(after)} ›", f"c:{knowledge.reference(after)}"))
    return button_row(buttons)


def button_row(buttons: Iterable[tuple[str, str]]) -> Rows:
    """One row of buttons, or none: an id too long for Telegram (a very long document id) gives no button."""
    row = [
        _button(text, data)
        for text, data in buttons
        if len(data.encode("utf8")) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    ]
    return [row] if row else []


def _button(text: str, data: str) -> InlineKeyboardButton:
    shown = text if len(text) <= _BUTTON_CHARACTERS else text[: _BUTTON_CHARACTERS - 1] + "…"
    return InlineKeyboardButton(shown, callback_data=data)


def _markup(rows: Rows) -> InlineKeyboardMarkup | None:
    """A keyboard of at most as many rows as Telegram takes, keeping the last row (the way back)."""
    limit = InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER - 2
    kept = rows if len(rows) <= limit else [*rows[: limit - 1], rows[-1]]
    return InlineKeyboardMarkup(kept) if kept else None
