"""Text that a person typed, made fit to be searched, stored and shown."""

from __future__ import annotations

import re

# Control characters, and the halves of surrogate pairs that UTF-8 cannot carry.
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def speakable(text: str) -> str:
    """The text with a blank for each control character and lone surrogate; as long as it was."""
    return _UNSPEAKABLE.sub(" ", text)


def clean(text: str) -> str:
    """The same, trimmed."""
    return speakable(text).strip()
