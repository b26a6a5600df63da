"""remark(): what is to be said of a question's premise: the number that the text has instead, or the words that decide.

The sentences are replies.py's; what stands in quotation marks is taken from the clause, letter by letter.
"""

from __future__ import annotations

import re

from bot import replies
from bot.spans.marks import asserted
from bot.spans.passages import DEONTIC, passage
from bot.spans.quantities import Quantity, quantities
from index.analyzer import normalize

_YES_OR_NO = re.compile(
    r"能不能|可不可以|行不行|算不算|是不是|要不要|准不准|许不许|对不对|该不该|允不允许|用不用|会不会|可以.{0,16}[吗么不]|[吗吧么]$|行吗|可否|能否|是否"
)
#: Exam questions name amounts to choose from, which nobody asserts.
_EXAM = re.compile(r"[a-d][.、．)]|[(（]\s*[)）]|_{2,}|选择|单选|多选|判断|填空|案例")
_ASKS_AMOUNT = re.compile(r"多少|几[页次回份场天成个条]|百分之几|how many|how much")


def remark(question: str, text: str) -> str:
    """One sentence on the premise of a question about a clause's text; "" where there is nothing sure to say."""
    read = normalize(question)
    if _EXAM.search(read):
        return ""
    amount = _amount(read, text)
    if amount:
        return amount
    if _YES_OR_NO.search(read.rstrip("?!。.,，~ ")) and not _ASKS_AMOUNT.search(read):
        words = passage(text)
        decided = words.deciding(read)
        if decided is not None and DEONTIC.search(words.words(decided)):
            return replies.DECIDING_WORDS.format(words=text[decided[0] : decided[1]])
    return ""


def _amount(question: str, text: str) -> str:
    """The text's amount, when the question names one of the same unit and the text holds one such amount only."""
    if _ASKS_AMOUNT.search(question):
        return ""
    said = asserted(question)
    written = [one for one in quantities(passage(text).text) if not one.is_date]
    for one in said:
        alike = [other for other in written if other.unit == one.unit]
        if len(alike) != 1:
            continue
        other = alike[0]
        words = text[other.limit_start : other.end]
        if one.same(other):
            return replies.PREMISE_AGREES.format(words=words)
        if not _within(one, other):
            return replies.PREMISE_DIFFERS.format(words=words, said=question[one.start : one.end])
    return ""


def _within(one: Quantity, other: Quantity) -> bool:
    """Whether an amount lies inside the range of another, so that neither contradicts."""
    return other.low <= one.low and one.high <= other.high
