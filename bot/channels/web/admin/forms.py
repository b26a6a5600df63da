"""More inputs for forms: choices, longer texts, boxes to tick, several buttons; and what those who keep the knowledge share."""

from __future__ import annotations

from collections.abc import Iterable

from bot.channels.web.admin import desk_words as words
from bot.channels.web.admin.visit import Turned
from bot.channels.web.pages.html import Markup, escape, joined, tag
from bot.kb.workshop import Workshop


def found(workshop: Workshop | None) -> Workshop:
    """The workshop. Raises Turned where this process has none."""
    if workshop is None:
        raise Turned(404, words.NOT_HERE)
    return workshop


def choice(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str = "", *, id_: str = "") -> Markup:
    """A labelled choice of (value, label)."""
    rows = joined(
        Markup(f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>')
        for value, text in options
    )
    id_ = id_ or name
    return tag("div", tag("label", label, for_=id_), tag("select", rows, id=id_, name=name), class_="entry wide")


def area(label: str, name: str, value: str, *, rows: int = 4, longest: int = 20_000) -> Markup:
    """A labelled text of several lines."""
    box = Markup(
        f'<textarea id="{name}" name="{name}" rows="{rows}" maxlength="{longest}">\n{escape(value)}</textarea>'
    )
    return tag("div", tag("label", label, for_=name), box, class_="entry wide")


def line(
    label: str, name: str, value: str = "", *, longest: int = 500, id_: str = "", required: bool = False
) -> Markup:
    """A labelled line of text."""
    id_ = id_ or name
    box = Markup(
        f'<input id="{id_}" name="{name}" value="{escape(value)}" maxlength="{longest}" autocomplete="off"'
        f"{' required' if required else ''}>"
    )
    return tag("div", tag("label", label, for_=id_), box, class_="entry wide")


def tick(label: str, name: str, *, id_: str = "", ticked: bool = False) -> Markup:
    """A box to tick."""
    id_ = id_ or name
    box = Markup(f'<input type="checkbox" id="{id_}" name="{name}" value="1"{" checked" if ticked else ""}>')
    return tag("div", box, tag("label", label, for_=id_), class_="tick")


def hidden(name: str, value: str) -> Markup:
    """A value that the form carries along."""
    return Markup(f'<input type="hidden" name="{name}" value="{escape(value)}">')


def press(label: str, name: str, value: str, *, main: bool = False) -> Markup:
    """One of several buttons of a form; what was pressed is in the field `name`."""
    look = "action main-action" if main else "action"
    return tag("button", label, type="submit", name=name, value=value, class_=look)


def presses(*buttons: str) -> Markup:
    """Buttons side by side."""
    return tag("div", *buttons, class_="presses")
