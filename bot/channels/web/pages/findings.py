"""What was found under a receipt's code, as HTML: whether it is genuine, what was said, and what the clauses say today."""

from __future__ import annotations

from bot import replies
from bot.channels.web.api.models import CheckedCitationBody, ReceiptBody
from bot.channels.web.pages import reading
from bot.channels.web.pages.html import Markup, tag
from knowledge.base import KnowledgeBase

_WORDS = replies.PAGE_WORDS


def found(root: str, receipt: ReceiptBody, knowledge: KnowledgeBase) -> Markup:
    """What was found under a code, in words."""
    if receipt.status == "mistyped":
        return _finding("mistyped", replies.RECEIPT_MISTYPED, tag("p", replies.RECEIPT_MISTYPED_HELP))
    if receipt.status == "unknown":
        ways = tag("p", tag("a", _WORDS["open_notice"], href=f"{root}notice"), " ", tag("a", _WORDS["back"], href=root))
        said = tag("p", replies.RECEIPT_UNKNOWN_HELP.format(code=receipt.code))
        return _finding("unknown", replies.RECEIPT_UNKNOWN, said, ways)
    given = replies.RECEIPT_GIVEN.format(code=receipt.code, date=receipt.first_given, version=receipt.knowledge_version)
    parts = [tag("p", given), tag("p", receipt.lead, class_="lead")]
    parts += [_then_and_now(root, citation, knowledge) for citation in receipt.citations]
    offered = [clause for one in receipt.clauses if (clause := knowledge.find(one)) is not None]
    if offered and receipt.outcome in replies.RECEIPT_OFFERED:
        parts.append(tag("p", replies.RECEIPT_OFFERED[receipt.outcome]))
        parts.append(tag("ul", reading.choices(root, offered, knowledge), class_="related"))
    return _finding("genuine", replies.RECEIPT_GENUINE, *parts)


def _finding(status: str, heading: str, *parts: Markup) -> Markup:
    return tag("section", tag("h2", heading), *parts, class_=f"finding {status}")


def _then_and_now(root: str, citation: CheckedCitationBody, knowledge: KnowledgeBase) -> Markup:
    """A quote as it was given, and whether its clause still reads so."""
    words = tag("blockquote", *(tag("p", line) for line in citation.quote.splitlines() if line.strip()))
    now = knowledge.find(f"{citation.document}:{citation.clause}")
    caption = [
        tag("span", citation.label, class_="source"),
        " ",
        tag("span", replies.TODAY[citation.today], class_="today"),
    ]
    if now is not None:
        caption += [" ", tag("a", _WORDS["open_clause"], href=reading.address(root, now, knowledge))]
    figure = tag("figure", words, tag("figcaption", *caption), class_="citation")
    return tag("div", figure, class_=f"card {citation.today}")
