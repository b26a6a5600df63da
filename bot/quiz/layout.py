"""A paper as lines of text: numbers, letters, sections and key, the same in every export. Libraries are the exports' own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.quiz import words
from bot.quiz.item import Item
from knowledge.base import KnowledgeBase

LETTERS = "ABCDEFGHIJKL"


@dataclass(frozen=True, slots=True)
class Question:
    """One numbered question. `left` and `options` carry their numbers and letters."""

    number: int
    stem: str
    left: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The options as they are printed: short ones side by side, four or two a row."""
        longest = max(map(len, self.options))
        a_row = 4 if longest <= 9 else 2 if longest <= 19 else 1
        return tuple(self.options[first : first + a_row] for first in range(0, len(self.options), a_row))


@dataclass(frozen=True, slots=True)
class Solved:
    """The key of one question, and the clause's own words."""

    line: str
    quote: str


@dataclass(frozen=True, slots=True)
class Section:
    """The questions of one kind."""

    heading: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that is printed."""

    title: str
    about: str
    sections: tuple[Section, ...]
    key_about: str
    solved: tuple[Solved, ...]


def lay_out(items: Sequence[Item], knowledge: KnowledgeBase, seed: int) -> Paper:
    """Number the items in their order; items of a kind stand together."""
    titles = "".join(
        f"《{document.short_title}》"
        for document in knowledge.documents
        if any(item.document == document.id for item in items)
    )
    sections: list[Section] = []
    number = 0
    for kind, group in groupby(items, key=lambda item: item.kind):
        questions = []
        for item in group:
            number += 1
            questions.append(Question(number, item.stem, left_lines(item), option_lines(item)))
        heading = words.SECTION.format(
            number=words.NUMERALS[len(sections)], kind=words.KIND_NAMES[kind], count=len(questions)
        )
        sections.append(Section(heading, tuple(questions)))
    solved = tuple(
        Solved(
            words.ANSWER.format(number=place, answer=answer(item), explanation=item.explanation),
            quoted(item, knowledge),
        )
        for place, item in enumerate(items, 1)
    )
    about = words.PAPER_ABOUT.format(count=len(items), version=knowledge.version, seed=seed)
    return Paper(words.PAPER.format(title=titles), about, tuple(sections), words.KEY_ABOUT, solved)


def option_lines(item: Item) -> tuple[str, ...]:
    """The options with their letters."""
    return tuple(f"{letter}．{option}" for letter, option in zip(LETTERS, item.options, strict=False))


def left_lines(item: Item) -> tuple[str, ...]:
    """The left column of a matching item with its numbers."""
    return tuple(f"({number}) {left}" for number, left in enumerate(item.left, 1))


def answer(item: Item) -> str:
    """The key in letters: B, ABD, C→A→B, (1)C (2)A."""
    letters = [LETTERS[place] for place in item.key]
    if item.kind == "matching":
        return " ".join(f"({number}){letter}" for number, letter in enumerate(letters, 1))
    if item.kind == "order":
        return "→".join(letters)
    if item.kind == "truefalse":
        return item.options[item.key[0]]
    return "".join(letters)


def quoted(item: Item, knowledge: KnowledgeBase) -> str:
    """The clause's words on one line, after its label."""
    clause = knowledge.find(item.clause)
    assert clause is not None  # the item was made from it
    return f"〔{clause.label}〕{clause.display}"


def plain_text(paper: Paper) -> str:
    """The whole paper for a terminal, the key at the end."""
    lines = [paper.title, paper.about]
    for section in paper.sections:
        lines += ["", section.heading]
        for question in section.questions:
            lines += ["", f"{question.number}．{question.stem}"]
            lines += [f"   {line}" for line in (*question.left, *question.options)]
    lines += ["", words.KEY, paper.key_about]
    for solved in paper.solved:
        lines += ["", solved.line, f"   {solved.quote}"]
    return "\n".join(lines)
