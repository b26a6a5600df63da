"""Receipts: a short code for the words of an answer, and what stood behind it when somebody looks later.

The code is a hash of what was said (knowledge version, outcome, lead, quotes), so the same answer has the same code for
everybody: it proves the words and tells nothing of the asker or the question. What was never given is not on record.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from bot.answer import Answer, Citation, Outcome
from bot.state.database import Database, StateUnavailable
from bot.state.tables import receipts

logger = logging.getLogger(__name__)

#: Crockford's base 32: no I, L, O or U, which people confuse with others.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
#: Codes known to be on record, kept in memory so that an answer given often is written once.
REMEMBERED = 10_000
#: Outcomes that say something of the notice.
RECORDED: frozenset[Outcome] = frozenset({"answer", "clarify", "decline"})


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was said: `clauses` are references offered or listed as reading, quotes stand in `citations`."""

    knowledge_version: str
    outcome: Outcome
    lead: str
    citations: tuple[Citation, ...]
    clauses: tuple[str, ...]
    first_given: date | None = None

    @classmethod
    def of(cls, answer: Answer) -> Receipt:
        """The receipt for an answer; what was marked or remarked for one question is no part of it."""
        plain = tuple(
            Citation(one.document, one.clause, one.label, one.quote, one.start, one.end) for one in answer.citations
        )
        return cls(answer.knowledge_version, answer.outcome, answer.lead, plain, (*answer.options, *answer.related))

    def canonical(self) -> str:
        """JSON that is the same for the same words; the date is no part of it."""
        content = asdict(self)
        del content["first_given"]
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def code(self) -> str:
        """55 bits of the hash, and 5 that tell a slip of the pen from a code that was never given: XXXX-XXXX-XXXX."""
        digits = _digits(self.canonical(), LENGTH - 1)
        return "-".join(re.findall("....", digits + _digits(digits, 1)))


def read_code(typed: str) -> str | None:
    """A code as people type it (lower case, blanks, O for 0), in its written form; None where it cannot be one."""
    upper = re.sub(r"[\s\-—–_·.]+", "", typed).upper().translate(str.maketrans("OIL", "011"))
    if len(upper) != LENGTH or any(letter not in ALPHABET for letter in upper) or _digits(upper[:-1], 1) != upper[-1]:
        return None
    return "-".join(re.findall("....", upper))


class Receipts:
    """The receipts of one installation. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[str, None] = OrderedDict()
        self._guard = threading.Lock()

    def keep(self, answer: Answer) -> str:
        """Put an answer on record and return its code; "" for small talk, and while the database cannot be used."""
        if answer.outcome not in RECORDED:
            return ""
        receipt = Receipt.of(answer)
        code = receipt.code
        with self._guard:
            if code in self._known:
                self._known.move_to_end(code)
                return code
        try:
            self._write(code, receipt)
        except StateUnavailable as error:
            logger.warning("an answer has no receipt: %s", error)
            return ""
        with self._guard:
            self._known[code] = None
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return code

    def _write(self, code: str, receipt: Receipt) -> None:
        row: dict[str, Any] = {
            "code": code,
            "knowledge_version": receipt.knowledge_version,
            "content": receipt.canonical(),
            "first_given": datetime.now(UTC).date(),
        }
        with self._database.begin() as connection:
            connection.execute(self._database.insert(receipts).values(row).on_conflict_do_nothing())

    def find(self, code: str) -> Receipt | None:
        """What was said under a code in written form, or None. Raises StateUnavailable."""
        with self._database.begin() as connection:
            row = connection.execute(
                select(receipts.c.content, receipts.c.first_given).where(receipts.c.code == code)
            ).one_or_none()
        if row is None:
            return None
        content = json.loads(row.content)
        citations = tuple(Citation(**{**one, "spans": ()}) for one in content.pop("citations"))
        found = Receipt(
            content["knowledge_version"],
            content["outcome"],
            content["lead"],
            citations,
            tuple(content["clauses"]),
            row.first_given,
        )
        return found if found.code == code else None  # an altered row proves nothing


def _digits(text: str, count: int) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode("utf8")).digest()[:8], "big") >> (64 - 5 * count)
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(count)))
