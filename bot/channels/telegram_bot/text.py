"""What Telegram shows: answers and clauses as HTML, cut into messages that Telegram accepts.

Pure functions from text to text. Buttons are buttons.py's business, sending is delivery.py's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from telegram.constants import MessageLimit

from bot import replies
from bot.answer import Answer, Citation

#: Longer quotes fold; a reader opens them with one touch.
FOLD_CHARACTERS = 150


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text in one format. Blocks stand under each other; a quote is cut only when it must be."""

    text: str
    form: Literal["text", "bold", "quote", "code"] = "text"
    heading: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    folds: bool = True

    @property
    def html(self) -> str:
        """The block as Telegram HTML, everything escaped."""
        body = escape(self.text)
        match self.form:
            case "bold":
                return f"<b>{body}</b>"
            case "quote":
                folded = " expandable" if self.folds and len(self.text) > FOLD_CHARACTERS else ""
                return f"<blockquote{folded}>{self._marked()}</blockquote>"
            case "code":  # one touch copies it; `heading` stands before it
                return f"{escape(self.heading)}<code>{escape(self.text.removeprefix(self.heading))}</code>"
        # `heading` is the bold beginning of a line: "《通知》问题二·措施2" in "《通知》问题二·措施2写明：".
        start = escape(self.heading)
        return f"<b>{start}</b>{body.removeprefix(start)}" if start else body

    def _marked(self) -> str:
        """The text escaped, with `marks`, sorted [start, end) characters of it, in bold."""
        pieces, done = [], 0
        for start, end in self.marks:
            pieces += [escape(self.text[done:start]), f"<b>{escape(self.text[start:end])}</b>"]
            done = end
        return "".join([*pieces, escape(self.text[done:])])


@dataclass(frozen=True, slots=True)
class Part:
    """One message: as HTML, and the same words plain for when Telegram refuses the HTML."""

    html: str
    plain: str


#: Blocks that belong together in one message: a label and its quote.
Section = tuple[Block, ...]


def escape(text: str) -> str:
    """Text for Telegram HTML, where only &, < and > mean something."""
    return html.escape(text, quote=False)


def utf16_length(text: str) -> int:
    """Length as Telegram counts it: UTF-16 units, so most emoji count two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def quote_text(quote: str) -> str:
    """A quote for showing: the same words, runs of line breaks and bullets made one line break."""
    return re.sub(r"[\s●]*\n[\s●]*", "\n", quote).replace("：\n", "：")


def answer_sections(answer: Answer, asked: str = "", *, folds: bool = True) -> list[Section]:
    """An answer as sections; `asked` is shown first where the person pressed a button instead of typing.

    Long quotes fold, unless the person wants them otherwise.
    """
    sections: list[Section] = []
    if asked:
        sections.append((Block(replies.TELEGRAM_ASKED.format(question=asked)),))
    if answer.interpreted_as is not None:
        sections.append((Block(replies.TELEGRAM_INTERPRETED.format(question=answer.interpreted_as)),))
    if answer.remark:
        sections.append((Block(answer.remark),))
    if not answer.citations:
        # The plain text holds the lead, the choices or the related clauses, and the note on the lexical mode.
        return [*sections, *((Block(line),) for line in answer.answer.splitlines()), *_receipt(answer)]
    if len(answer.citations) == 1 and answer.lead.startswith(answer.citations[0].label):
        citation = answer.citations[0]
        sections.append((Block(answer.lead, heading=citation.label), _quote(citation, folds)))
    else:
        sections.append((Block(answer.lead),))
        sections.extend(citation_section(citation, folds=folds) for citation in answer.citations)
    if answer.mode == "lexical":
        sections.append((Block(replies.LEXICAL_MODE),))
    return [*sections, *_receipt(answer)]


def _receipt(answer: Answer) -> list[Section]:
    """The answer's code, where it has one."""
    heading = replies.TELEGRAM_RECEIPT
    return [(Block(heading + answer.receipt, "code", heading),)] if answer.receipt else []


def citation_section(citation: Citation, *, folds: bool = True) -> Section:
    """A label and its quote."""
    return Block(citation.label, "bold"), _quote(citation, folds)


def _quote(citation: Citation, folds: bool) -> Block:
    """A quote with what answers marked; shown with other line breaks than it has, it is shown without marks."""
    shown = quote_text(citation.quote)
    marks = tuple((start - citation.start, end - citation.start) for start, end in citation.spans)
    return Block(shown, "quote", marks=marks if shown == citation.quote else (), folds=folds)


def text_sections(text: str) -> list[Section]:
    """A reply of ours, a section a line."""
    return [(Block(line),) for line in text.splitlines()]


def pack(
    sections: Iterable[Section],
    limit: int = MessageLimit.MAX_TEXT_LENGTH,
    entities: int = MessageLimit.MESSAGE_ENTITIES,
) -> list[Part]:
    """Messages of at most `limit` UTF-16 units (counted without the tags) and `entities` formats each.

    A section stays whole where it fits into one message, a block where a section does not; only a block longer
    than a message is cut.
    """
    messages: list[list[Block]] = []
    for section in sections:
        blocks = [block for block in section if block.text.strip()]
        units = [blocks] if _length(blocks) <= limit else [[piece] for block in blocks for piece in _cut(block, limit)]
        for unit in units:
            if messages and _length(messages[-1] + unit) <= limit and _formats(messages[-1] + unit) <= entities:
                messages[-1].extend(unit)
            elif unit:
                messages.append(list(unit))
    return [
        Part("\n".join(block.html for block in message), "\n".join(block.text for block in message))
        for message in messages
    ]


def _length(blocks: list[Block]) -> int:
    return sum(utf16_length(block.text) for block in blocks) + max(0, len(blocks) - 1)


def _formats(blocks: list[Block]) -> int:
    return sum((block.form != "text" or bool(block.heading)) + len(block.marks) for block in blocks)


def _cut(block: Block, limit: int) -> Iterator[Block]:
    """The block in pieces of at most `limit` UTF-16 units; pieces of white space alone are left out."""
    rest = block.text
    while rest:
        end = min(len(rest), limit)
        while utf16_length(rest[:end]) > limit:
            # Each character over counts at most two units, so this lands after few rounds.
            end -= max(1, (utf16_length(rest[:end]) - limit) // 2)
        piece, rest = rest[:end], rest[end:]
        if piece.strip():
            yield Block(piece, block.form, folds=block.folds)
