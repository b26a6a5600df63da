"""The pages that the server renders itself, readable without script: chat shell, notice, clause, receipt, trust, error, API.

Every value is escaped on its way in. Parts come from reading.py, findings.py and reference.py; routes are site.py's, headers the border's.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Any
from urllib.parse import quote as quoted

from bot import replies
from bot.channels.web.api.models import ReceiptBody
from bot.channels.web.pages import findings, reading, reference
from bot.channels.web.pages.html import Markup, escape, joined, tag
from bot.channels.web.pages.reading import Marks
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document

_WORDS = replies.PAGE_WORDS
_HEADINGS = {404: _WORDS["not_found"], 429: _WORDS["waiting"], 503: _WORDS["waiting"]}


class Pages:
    """Fills the templates that ship with the assets. `root` is always the relative way from a page up to the app."""

    def __init__(self, files: Mapping[str, bytes], version: str) -> None:
        """`files` are the assets with their templates; `version` is the folder that assets are served under."""
        self._templates = {
            name: Template(body.decode("utf8")) for name, body in files.items() if name.endswith(".html")
        }
        self._version = version

    def chat(self, root: str, max_question_characters: int, kept_days: int | None = None) -> str:
        """The chat page, which chat.js brings to life; it says for how many days unanswered questions are kept."""
        examples = joined(
            tag("li", tag("button", example, type="button", class_="example")) for example in replies.EXAMPLES
        )
        return self._templates["index.html"].substitute(
            root=escape(root),
            version=self._version,
            examples=examples,
            max_question_characters=max_question_characters,
            what_can_be_asked=escape(replies.WHAT_CAN_BE_ASKED),
            kept=escape(replies.KEPT_SHORT.format(days=kept_days)) if kept_days else "",
        )

    def embedded_chat(self, root: str, max_question_characters: int, kept_days: int | None = None) -> str:
        """The chat page for a frame on another site: the same, and it says so to its script and style."""
        return self.chat(root, max_question_characters, kept_days).replace("<html ", "<html data-embed ", 1)

    def embed_example(self, root: str) -> str:
        """A page that shows how another site embeds the chat, and does so itself."""
        content = self._templates["embed.html"].substitute(root=escape(root))
        return self._shell(root, _WORDS["example_embed"], content)

    def notice(self, root: str, knowledge: KnowledgeBase, document: Document) -> str:
        """A whole notice, with links to the others."""
        others = [
            tag("li", tag("a", f"《{other.title}》", href=f"{root}notice/{other.id}"))
            for other in knowledge.documents
            if other is not document
        ]
        content = self._templates["notice.html"].substitute(
            contents=reading.contents(document),
            notice=reading.notice(root, document, knowledge),
            others=tag("ul", *others, class_="others") if others else "",
            root=escape(root),
        )
        return self._shell(root, document.title, content)

    def clause(
        self,
        root: str,
        knowledge: KnowledgeBase,
        clause: Clause,
        *,
        marks: Marks,
        related: tuple[Clause, ...],
        question: str,
    ) -> str:
        """One clause with its marked words, what is near to it, then its whole notice; `question` is one that it answers."""
        document = knowledge.document(clause.document)
        before, after = knowledge.neighbours(clause)
        parent = knowledge.parent(clause)
        source = reading.full_source(clause, document)
        line = replies.QUOTE_WITH_SOURCE.format(quote=clause.display, source=source)
        trail = [document.title] + ([reading.lines(parent)[0]] if parent is not None else [])
        content = self._templates["clause.html"].substitute(
            trail=joined(tag("li", part) for part in trail),
            label=escape(clause.label),
            quote=reading.marked_words(clause, marks),
            source=escape(source),
            line=escape(line),
            ask=tag("a", replies.ASK_ABOUT, href=f"{root}?q={quoted(question)}", class_="action"),
            anchor=escape(reading.anchor(clause)),
            previous=reading.step(before, knowledge, "previous"),
            next=reading.step(after, knowledge, "next"),
            related=reading.choices(root, related, knowledge),
            notice=reading.notice(root, document, knowledge, clause, marks),
        )
        return self._shell(root, clause.label, content)

    def verify(
        self, root: str, typed: str = "", receipt: ReceiptBody | None = None, knowledge: KnowledgeBase | None = None
    ) -> str:
        """A form for a receipt's code, and below it what was found, if something was looked up."""
        result = findings.found(root, receipt, knowledge) if receipt is not None and knowledge is not None else Markup()
        content = self._templates["verify.html"].substitute(root=escape(root), typed=escape(typed), result=result)
        return self._shell(root, _WORDS["verify"], content)

    def error(self, root: str, status: int, message: str, request_id: str, *, refresh: bool) -> str:
        """What went wrong, and the way back; with `refresh` the page looks again by itself."""
        heading = _HEADINGS.get(status, _WORDS["trouble"])
        content = self._templates["error.html"].substitute(
            heading=escape(heading), message=escape(message), request_id=escape(request_id), root=escape(root)
        )
        again = Markup('<meta http-equiv="refresh" content="3">') if refresh else Markup()
        return self._shell(root, heading, content, again)

    def trust(self, root: str, text: str) -> str:
        """How answers are made, and how well; `text` is a title and a sentence a line."""
        title, *sentences = text.splitlines()
        back = tag("p", tag("a", _WORDS["back"], href=root))
        content = tag(
            "article", tag("h1", title), *(tag("p", sentence) for sentence in sentences), back, class_="trust"
        )
        return self._shell(root, title, content)

    def reference(self, root: str, openapi: Mapping[str, Any]) -> str:
        """The API reference, from the OpenAPI description."""
        content = self._templates["reference.html"].substitute(
            description=escape(openapi["info"].get("description", "")),
            operations=reference.operations(openapi),
            objects=reference.objects(openapi),
            root=escape(root),
        )
        return self._shell(root, _WORDS["reference"], content)

    def filled(self, root: str, title: str, template: str, *head: str, **values: str) -> str:
        """A page of any template in the assets. Values are HTML; `head` holds styles (.css) and scripts (.js) to load."""
        content = self._templates[template].substitute(root=escape(root), **values)
        return self._shell(root, title, content, joined(self._loaded(root, name) for name in head))

    def _loaded(self, root: str, name: str) -> Markup:
        address = f"{root}assets/{self._version}/{name}"
        if name.endswith(".css"):
            return Markup(f'<link rel="stylesheet" href="{escape(address)}">')
        return tag("script", src=address, type="module")

    def room(self, root: str, view: str, title: str, script: str = "", **values: str) -> str:
        """A page of a trainer's room, from the template of a view; `script` is the file that brings it to life."""
        asset = f"{escape(root)}assets/{self._version}/rooms/"
        head = f'<link rel="stylesheet" href="{asset}rooms.css">'
        if script:
            head += f'<script src="{asset}{script}" type="module"></script>'
        patterns = Markup(self._templates["rooms/patterns.html"].template)
        filled = {name: value if isinstance(value, Markup) else escape(value) for name, value in values.items()}
        content = self._templates[f"rooms/{view}.html"].substitute(filled, root=escape(root), patterns=patterns)
        return self._shell(root, title, content, head)

    def _shell(self, root: str, title: str, content: str, head: str = "") -> str:
        return self._templates["page.html"].substitute(
            root=escape(root), version=self._version, title=escape(title), content=content, head=head
        )
