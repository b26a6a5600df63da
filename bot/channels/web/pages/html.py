"""HTML built from values: everything is escaped on its way in unless it is Markup already."""

from __future__ import annotations

import html
from collections.abc import Iterable

escape = html.escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str) -> Markup:
    """An element. Children and attribute values are escaped unless they are Markup.

    `class_` gives class, and an underscore inside a name a hyphen: `data_copy_text` gives data-copy-text.
    """
    shown = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{shown}>{joined(children)}</{name}>")


def joined(children: Iterable[str]) -> Markup:
    """The children one after another, escaped where they are not Markup."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))
