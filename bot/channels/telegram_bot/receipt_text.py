"""What /verify shows of a genuine receipt: what was said, and whether each clause reads the same today."""

from __future__ import annotations

from bot import replies
from bot.answer import Citation
from bot.channels.telegram_bot.text import Block, Section, citation_section
from bot.state.receipts import Receipt
from knowledge.base import KnowledgeBase


def receipt_sections(receipt: Receipt, knowledge: KnowledgeBase) -> list[Section]:
    """The receipt word for word, with a line on today under each quote."""
    first = receipt.first_given.isoformat() if receipt.first_given else ""
    said = replies.TELEGRAM_VERIFY_GENUINE.format(code=receipt.code, date=first, version=receipt.knowledge_version)
    sections: list[Section] = [(Block(said),), (Block(receipt.lead),)]
    sections += [(*citation_section(one), Block(_today(one, knowledge))) for one in receipt.citations]
    clauses = [clause for clause in map(knowledge.find, receipt.clauses) if clause is not None]
    if clauses:
        labels = replies.related_line(tuple(clauses)) if receipt.outcome == "decline" else None
        sections.append((Block(labels or replies.choice_lines(tuple(clauses))),))
    return sections


def _today(citation: Citation, knowledge: KnowledgeBase) -> str:
    clause = knowledge.find(f"{citation.document}:{citation.clause}")
    if clause is None:
        return replies.TELEGRAM_VERIFY_GONE
    if clause.text == citation.quote:
        return replies.TELEGRAM_VERIFY_SAME
    return replies.TELEGRAM_VERIFY_CHANGED.format(reference=knowledge.reference(clause))
