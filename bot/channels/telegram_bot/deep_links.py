"""Deep links: what stands after `?start=` in a link to the bot, and after /start when it is followed.

"c_2-2" opens clause 2.2 ("c_other_2-2" that of the document `other`), "q_" and the base64url of a question asks it.
Telegram allows 64 characters of A-Z, a-z, 0-9, _ and -, which is room for a question of 15 Chinese characters.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Link:
    """What a link opens: a clause by its reference, or a question."""

    kind: Literal["clause", "question"]
    content: str


def read_link(payload: str) -> Link | None:
    """What a payload means; None for one that no link of ours has."""
    if not re.fullmatch(r"[cq]_[A-Za-z0-9_-]{1,62}", payload):
        return None
    letter, content = payload[0], payload[2:]
    if letter == "c":
        document, _, clause = content.rpartition("_")
        reference = clause.replace("-", ".")
        return Link("clause", f"{document}:{reference}" if document else reference)
    try:
        question = base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)).decode("utf8").strip()
    except (binascii.Error, ValueError):
        return None
    return Link("question", question) if question.isprintable() and question else None
