"""A file that is not imported: what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path

from knowledge.errors import JianfuError
from knowledge.importing import words


class Refused(JianfuError):
    """Nothing was written; the message names file, fault and remedy."""

    def __init__(self, path: Path | str, message: tuple[str, str], **details: object) -> None:
        what, remedy = (part.format(**details) for part in message)
        shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in f"{path}")
        super().__init__(words.REFUSED.format(path=shown, what=what, remedy=remedy))
