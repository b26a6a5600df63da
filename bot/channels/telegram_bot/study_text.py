"""What learning alone shows on Telegram: the day, an item as a message, what came of an answer, the book, the map."""

from __future__ import annotations

from datetime import datetime

from bot.assistant import prove
from bot.channels.telegram_bot.study_buttons import PAGE, levels_by_heading
from bot.channels.telegram_bot.text import Block, Section, citation_section
from bot.quiz.item import MOST_QUESTION, Item
from bot.state.reminders import Reminder
from bot.study import Outcome, Standing, Task, Today, words
from bot.study.reminding import is_quiet
from knowledge.base import KnowledgeBase


def today_text(today: Today) -> str:
    """How much there is to do."""
    if today.tasks:
        return words.TODAY.format(due=today.due, new=today.new)
    return words.TODAY_DONE + (words.TODAY_LATER.format(later=today.later) if today.later else "")


def poll_question(task: Task) -> str:
    """The stem as a poll shows it, marked where its clause was changed and there is room for it."""
    marked = f"【{words.REVISED}】{task.item.stem}"
    return marked if task.revised and len(marked) <= MOST_QUESTION else task.item.stem


def form_sections(task: Task, picks: tuple[int, ...]) -> list[Section]:
    """An item as a message: its stem, its sides, what to do, and what was chosen so far."""
    item = task.item
    sections: list[Section] = [(Block(words.REVISED, "bold"),)] if task.revised else []
    sections.append((Block(item.stem, "bold"),))
    sections += [(Block(f"{letter(place)}．{left}"),) for place, left in enumerate(item.left)]
    sections += [(Block(f"{number}．{option}"),) for number, option in enumerate(item.options, 1)]
    match item.kind:
        case "order":
            sections.append((Block(words.ARRANGE),))
        case "matching":
            waiting = len(picks) < len(item.left)
            sections.append((Block(words.MATCH.format(left=letter(len(picks))) if waiting else words.MATCHED),))
        case _ if len(item.key) > 1:
            sections.append((Block(words.TICK),))
    if picks:
        sections.append((Block(words.CHOSEN.format(chosen=_numbers(item, picks))),))
    return sections


def outcome_sections(outcome: Outcome, knowledge: KnowledgeBase, now: datetime) -> list[Section]:
    """What came of an answer; of a wrong one the right answer and the clause, word for word.

    Raises UnprovedQuote when the clause no longer equals its source text.
    """
    item = outcome.item
    note: list[Section] = [] if outcome.counted else [(Block(words.NOT_COUNTED),)]
    if outcome.right:
        again = words.until(outcome.due, now) if outcome.due is not None else ""
        return [*note, (Block(words.RIGHT.format(again=again)),)]
    prove(item.citation, knowledge)
    return [*note, (Block(words.WRONG.format(answer=_answer(item))),), citation_section(item.citation, folds=False)]


def book_sections(tasks: tuple[Task, ...], first: int) -> list[Section]:
    """A page of the wrong-answer book."""
    if not tasks:
        return [(Block(words.BOOK_EMPTY),)]
    page = enumerate(tasks[first : first + PAGE], first + 1)
    return [(Block(words.BOOK.format(count=len(tasks))),), *((Block(f"{n}．{task.item.stem}"),) for n, task in page)]


def map_sections(standings: tuple[Standing, ...], knowledge: KnowledgeBase) -> list[Section]:
    """How well each clause is known, under its heading."""
    sections: list[Section] = [(Block(words.MAP),)]
    for heading, levels in levels_by_heading(standings, knowledge).items():
        lines = [Block(f"{name}：{words.BETWEEN.join(levels[level])}") for level, name in words.LEVELS.items() if level in levels]  # fmt: skip
        sections.append((Block(heading, "bold"), *lines))
    return sections


def reminder_text(reminder: Reminder, keep_days: int) -> str:
    """When there is a reminder, when never, and what is kept for it."""
    lines = [words.REMINDER_ON.format(time=words.clock(reminder.minute)) if reminder.wanted else words.REMINDER_OFF]
    if not reminder.wanted:
        lines.append(words.REMINDER_WOULD.format(time=words.clock(reminder.minute)))
    if reminder.quiet_from == reminder.quiet_to:
        lines.append(words.REMINDER_NEVER_QUIET)
    else:
        start, end = words.clock(reminder.quiet_from), words.clock(reminder.quiet_to)
        lines.append(words.REMINDER_QUIET.format(start=start, end=end))
    if is_quiet(reminder, reminder.minute):
        lines.append(words.REMINDER_CLASH)
    return "\n".join([*lines, words.REMINDER_KEEPS.format(days=keep_days)])


def letter(place: int) -> str:
    """A, B, C … for the left sides of a matching."""
    return chr(ord("A") + place)


def _answer(item: Item) -> str:
    if item.kind in ("order", "matching"):
        return _numbers(item, item.key)
    return words.BETWEEN.join(f"{words.OPEN_QUOTE}{item.options[one]}{words.CLOSE_QUOTE}" for one in item.key)


def _numbers(item: Item, picks: tuple[int, ...]) -> str:
    names = [
        f"{letter(place)}—{one + 1}" if item.kind == "matching" else str(one + 1) for place, one in enumerate(picks)
    ]
    return words.BETWEEN.join(names)
