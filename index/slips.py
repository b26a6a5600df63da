"""Slips of the keyboard, made on purpose: training.py shows the encoder questions as hurried people type them.

Most slips of Chinese input methods put a character of the same sound in another's place; some drop, double or swap
characters, or leave out the marks.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable

from index.analyzer import sound

_MARKS = frozenset("，。？！、：；,.?!:; ")
#: Shortest text that a slip leaves recognisable.
SHORTEST = 5


class Slips:
    """Makes slips with the characters of some texts. Not thread-safe; the same seed makes the same slips."""

    def __init__(self, texts: Iterable[str], seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not a secret
        counts = Counter(character for text in texts for character in text if _is_chinese(character))
        self._common = [character for character, _ in counts.most_common(600)]
        self._alike: dict[str, list[str]] = defaultdict(list)
        for character in sorted(counts):
            self._alike[sound(character)].append(character)

    def make(self, text: str) -> str:
        """The text with one slip or two; a short one as it is."""
        if len(text) < SHORTEST:
            return text
        characters = list(text)
        for _ in range(self._random.choice((1, 1, 2))):
            self._slip(characters)
        return "".join(characters)

    def _slip(self, characters: list[str]) -> None:
        place, kind = self._random.randrange(len(characters)), self._random.random()
        if kind < 0.6:  # same sound
            alike = self._alike.get(sound(characters[place]), ()) if _is_chinese(characters[place]) else ()
            if len(alike) > 1:
                characters[place] = self._random.choice(alike)
        elif kind < 0.75 and len(characters) > SHORTEST - 1:
            del characters[place]
        elif kind < 0.85 and place + 1 < len(characters):
            characters[place], characters[place + 1] = characters[place + 1], characters[place]
        elif kind < 0.92 and self._common:
            characters.insert(place, self._random.choice(self._common))
        else:
            characters[:] = [character for character in characters if character not in _MARKS] or characters


def _is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"
