"""The frame around the pages of the administration, with the ways that a role may go, and the pages for who is turned away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template

from bot.accounts import words as account_words
from bot.accounts.roles import Action, may
from bot.channels.web.admin import words
from bot.channels.web.admin.rules import ANYBODY, EVERYBODY, RULES
from bot.channels.web.admin.visit import Visit
from bot.channels.web.pages.html import Markup, escape, joined, tag
from bot.state.sessions import Session


class Frame:
    """Fills the template of the administration."""

    def __init__(self, files: Mapping[str, bytes], version: str) -> None:
        """`files` are the assets with their templates; `version` is the folder that assets are served under."""
        self._template = Template(files["admin.html"].decode("utf8"))
        self._version = version

    def page(self, visit: Visit, title: str, *content: str, again: bool = False) -> str:
        """A page for whoever is logged in, or for nobody yet; with `again` it looks for news by itself every few seconds."""
        here = visit.request.scope["route"].path
        return self._fill(visit.root, title, content, _ways(visit, here), again)

    def turned(self, root: str, status: int, message: str) -> str:
        """Why nothing was done, and the way back."""
        heading = words.TURNED.get(status, words.TURNED_ELSE)
        back = tag("p", tag("a", words.TO_HOME, href=f"{root}admin"), class_="page-links")
        return self._fill(root, heading, (tag("p", message, role="alert"), back), Markup(), False)

    def _fill(self, root: str, title: str, content: tuple[str, ...], ways: Markup, again: bool) -> str:
        return self._template.substitute(
            root=escape(root),
            version=self._version,
            title=escape(title),
            heading=tag("h1", title),
            ways=ways,
            content=joined(content),
            head=Markup('<meta http-equiv="refresh" content="2">') if again else "",
        )


def form(visit: Visit, path: str, *content: str, class_: str = "fields", upload: bool = False) -> Markup:
    """A form that the guard takes, sent to a path from the root; with `upload` it can hold a file."""
    hidden = Markup(f'<input type="hidden" name="form" value="{escape(visit.form_token)}">')
    kind = {"enctype": "multipart/form-data"} if upload else {}
    return tag("form", hidden, *content, action=f"{visit.root}{path}", method="post", class_=class_, **kind)


def field(
    label: str,
    name: str,
    *,
    value: str = "",
    kind: str = "text",
    complete: str = "off",
    hint: str = "",
    longest: int = 200,
) -> Markup:
    """A labelled input that must be filled in."""
    more = f' aria-describedby="{name}-hint"' if hint else ""
    box = (
        f'<input id="{name}" name="{name}" type="{kind}" value="{escape(value)}" autocomplete="{complete}" '
        f'maxlength="{longest}" spellcheck="false" autocapitalize="none" required{more}>'
    )
    said = tag("p", hint, class_="field-hint", id=f"{name}-hint") if hint else Markup()
    return tag("div", tag("label", label, for_=name), Markup(box), said, class_="entry")


def button(label: str) -> Markup:
    """What sends a form."""
    return tag("button", label, type="submit", class_="action main-action")


def alert(message: str) -> Markup:
    """What went wrong, or that something was done; read out at once."""
    return tag("p", message, role="alert", class_="note") if message else Markup()


def table(caption: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], class_: str = "") -> Markup:
    """A table whose first column names the row; wide ones scroll by themselves."""
    head = tag("tr", *(tag("th", column, scope="col") for column in columns))
    lines = [tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest)) for first, *rest in rows]
    inner = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *lines), class_=class_)
    return tag("div", inner, class_="table", tabindex="0", role="region", aria_label=caption)


def pairs(rows: list[tuple[str, str]]) -> Markup:
    """Names and what they are, as a list."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows), class_="pairs")


def role_name(session: Session) -> str:
    """What a role is called."""
    return account_words.ROLE_NAMES.get(session.role, session.role)


def _ways(visit: Visit, here: str) -> Markup:
    """The pages that this role may open, the way out, and who is logged in; nothing for nobody."""
    session = visit.session
    if session is None:
        return Markup()
    links = []
    for path, name in words.NAV.items():
        rule = RULES["GET", path]
        if rule in (ANYBODY, EVERYBODY) or may(session.role, Action(rule)):
            inside = here == path or (path != "/admin" and here.startswith(f"{path}/"))
            mark = {"aria_current": "page" if here == path else "true"} if inside else {}
            links.append(tag("li", tag("a", name, href=f"{visit.root}{path.removeprefix('/')}", **mark)))
    who = tag(
        "a",
        words.WHO.format(name=session.name, role=role_name(session)),
        href=f"{visit.root}admin/password",
        class_="who",
        title=words.CHANGE_PASSWORD,
    )
    out = form(visit, "admin/logout", tag("button", words.LOG_OUT, type="submit", class_="tool"), class_="log-out")
    return tag(
        "div",
        tag("nav", tag("ul", *links), aria_label=words.NAV_LABEL),
        tag("div", who, out, class_="me"),
        class_="ways",
    )
