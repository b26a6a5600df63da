"""Buttons of those who keep the knowledge: the ids that they send back, and the rows that they stand in.

An id is "k:", a letter for what to do, and what to do it with: "k:s:1a2b3c4d" submits a draft notice, "k:P:1a2b3c4d:2"
publishes a proposal as it was at its second change, "k:b:3:4" goes back to version 3 while 4 is in use. They hold no state
of ours, so they survive a restart; what was done already is not there any more to be done again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup

from bot.accounts.linking import Keeper
from bot.accounts.roles import Action, may
from bot.channels.telegram_bot.buttons import Rows, button_row
from bot.channels.telegram_bot.keeping import words
from bot.days import clock_of
from bot.kb.drafts import Draft
from bot.kb.preview import Preview
from bot.state.versions import Entry

_DRAFT, _REVISION, _SEQ = r"(?P<draft>[0-9a-f]{8})", r"(?P<number>[0-9]{1,6})", r"(?P<seq>[0-9]{1,9})"
_PATTERNS = {
    "clauses": f"k:c:{_DRAFT}",
    "submit": f"k:s:{_DRAFT}",
    "submit_with": f"k:q:{_DRAFT}",
    "drop": f"k:t:{_DRAFT}",
    "look": f"k:p:{_DRAFT}",
    "changes": f"k:d:{_DRAFT}",
    "publish": f"k:P:{_DRAFT}:{_REVISION}",
    "ask": f"k:A:{_DRAFT}:{_REVISION}",
    "again": f"k:g:{_DRAFT}",
    "redo": f"k:m:{_DRAFT}",
    "discard": f"k:x:{_DRAFT}",
    "waiting": f"k:w:{_SEQ}",
    "agree": f"k:a:{_SEQ}",
    "back": f"k:b:{_SEQ}:{_REVISION}",
    "yaml": "k:y",
    "unlink": "k:u",
}
#: What needs the right to publish; everything else needs the right to propose.
PUBLISHING = ("publish", "agree", "back")
_MOST = 8


@dataclass(frozen=True, slots=True)
class KeepPress:
    """What a pressed button asks for: `draft` names a proposal or a draft notice, `seq` a row of the log.

    `number` is the proposal's revision, or the version that was in use.
    """

    kind: str
    draft: str = ""
    seq: int = 0
    number: int = 0


def read_keep_press(data: str | None) -> KeepPress | None:
    """What a button's id asks for, or None when no button of ours sends it."""
    for kind, pattern in _PATTERNS.items():
        if match := re.fullmatch(pattern, data or ""):
            found = match.groupdict()
            return KeepPress(kind, found.get("draft", ""), int(found.get("seq", 0)), int(found.get("number", 0)))
    return None


def notice_buttons(import_id: str, suggested: int) -> InlineKeyboardMarkup:
    """Under the report of a new notice."""
    rows: Rows = button_row([(words.BUTTON_CLAUSES, f"k:c:{import_id}"), (words.BUTTON_SUBMIT, f"k:s:{import_id}")])
    if suggested:
        rows += button_row([(words.BUTTON_SUBMIT_WITH.format(count=suggested), f"k:q:{import_id}")])
    return InlineKeyboardMarkup([*rows, *button_row([(words.BUTTON_DROP, f"k:t:{import_id}")])])


def progress_buttons(draft_id: str) -> InlineKeyboardMarkup:
    """Under a proposal whose preview is being made."""
    return InlineKeyboardMarkup(
        button_row([(words.BUTTON_PROGRESS, f"k:p:{draft_id}"), (words.BUTTON_DROP, f"k:x:{draft_id}")])
    )


def proposal_buttons(
    draft: Draft, preview: Preview, keeper: Keeper, *, now: int, approvals: int
) -> InlineKeyboardMarkup:
    """Under a proposal that was looked at: what this person may do with it as it is; `now` is the version in use."""
    rows: Rows = []
    if not preview.fault:
        rows += button_row([(words.BUTTON_SHOW, f"k:d:{draft.id}")])
    if now != draft.base:
        rows += button_row([(words.BUTTON_REDO.format(seq=now), f"k:m:{draft.id}")])
    elif preview.fault:
        rows += button_row([(words.BUTTON_AGAIN, f"k:g:{draft.id}")])
    elif may(keeper.role, Action.PUBLISH):
        label = words.BUTTON_PUBLISH if approvals == 1 else words.BUTTON_PUBLISH_SECOND
        rows += button_row([(label, f"k:P:{draft.id}:{draft.revision}")])
    else:
        rows += button_row([(words.BUTTON_ASK, f"k:A:{draft.id}:{draft.revision}")])
    return InlineKeyboardMarkup([*rows, *button_row([(words.BUTTON_DROP, f"k:x:{draft.id}")])])


def back_button(to: int, head: int) -> InlineKeyboardMarkup:
    """Under what was just published."""
    return InlineKeyboardMarkup(button_row([(words.BUTTON_BACK.format(seq=to), f"k:b:{to}:{head}")]))


def agree_button(seq: int) -> InlineKeyboardMarkup:
    """Under a proposal that waits for a second person."""
    return InlineKeyboardMarkup(button_row([(words.BUTTON_AGREE, f"k:a:{seq}")]))


def menu_buttons(
    drafts: Sequence[Draft], waiting: Sequence[Entry], back: tuple[int, int] | None
) -> InlineKeyboardMarkup:
    """Under /admin: open proposals, those that wait for a second person, the version to go back to, and ways out."""
    rows: Rows = []
    for draft in drafts[:_MOST]:
        label = words.BUTTON_DRAFT.format(author=draft.author, minute=clock_of(draft.created)[5:])
        rows += button_row([(label, f"k:p:{draft.id}")])
    for entry in waiting[:_MOST]:
        rows += button_row([(words.BUTTON_WAITING.format(seq=entry.seq), f"k:w:{entry.seq}")])
    if back is not None:
        rows += back_button(*back).inline_keyboard  # type: ignore[arg-type]
    return InlineKeyboardMarkup([*rows, *button_row([(words.BUTTON_YAML, "k:y"), (words.BUTTON_UNLINK, "k:u")])])
