"""The pages that the server renders itself, readable without script: chat shell, clause, trust, error, API reference.

Every value is escaped on its way in. Routes, headers and files belong to web.py and border.py.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from string import Template
from typing import Any

from bot import replies
from knowledge.base import KnowledgeBase
from knowledge.clause import Clause, Document

_WORDS = replies.PAGE_WORDS


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str) -> Markup:
    """An element. Children and attribute values are escaped unless they are Markup; `class_` gives class."""
    shown = "".join(f' {key.rstrip("_")}="{html.escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{shown}>{_joined(children)}</{name}>")


def _joined(children: Iterable[str]) -> Markup:
    return Markup("".join(child if isinstance(child, Markup) else html.escape(child) for child in children))


class Pages:
    """Fills the templates that ship with the assets."""

    def __init__(self, templates: Mapping[str, str], version: str) -> None:
        """`templates` maps file names to their text; `version` is the folder that assets are served under."""
        self._templates = {name: Template(text) for name, text in templates.items()}
        self._version = version

    def chat(self, root: str, max_question_characters: int) -> str:
        """The chat page, which chat.js brings to life."""
        examples = _joined(
            tag("li", tag("button", example, type="button", class_="example")) for example in replies.EXAMPLES
        )
        return self._templates["index.html"].substitute(
            root=html.escape(root),
            version=self._version,
            examples=examples,
            max_question_characters=max_question_characters,
            what_can_be_asked=html.escape(replies.WHAT_CAN_BE_ASKED),
        )

    def clause(self, root: str, knowledge: KnowledgeBase, clause: Clause) -> str:
        """One clause, then its whole notice with the clause marked."""
        document = knowledge.document(clause.document)
        before, after = knowledge.neighbours(clause)
        parent = knowledge.parent(clause)
        trail = [document.title] + ([_lines(parent)[0]] if parent is not None else [])
        content = self._templates["clause.html"].substitute(
            trail=_joined(tag("li", part) for part in trail),
            label=html.escape(clause.label),
            quote=html.escape(clause.display),
            source=html.escape(full_source(clause, document)),
            anchor=html.escape(_anchor(clause)),
            previous=_step(before, knowledge, "previous"),
            next=_step(after, knowledge, "next"),
            notice=_notice(document, clause, knowledge),
        )
        return self._shell(root, clause.label, content)

    def error(self, root: str, status: int, message: str) -> str:
        """What went wrong, and the way back; a page that waits for loading looks again by itself."""
        heading = {404: _WORDS["not_found"], 503: _WORDS["waiting"]}.get(status, _WORDS["trouble"])
        content = self._templates["error.html"].substitute(
            heading=html.escape(heading), message=html.escape(message), root=html.escape(root)
        )
        refresh = Markup('<meta http-equiv="refresh" content="3">') if status == 503 else Markup()
        return self._shell(root, heading, content, refresh)

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
        operations = _joined(
            _operation(method, path, operation)
            for path, methods in openapi["paths"].items()
            for method, operation in methods.items()
        )
        objects = _joined(
            _object(name, schema)
            for name, schema in openapi["components"]["schemas"].items()
            if "properties" in schema and not name.startswith(("HTTPValidation", "Validation"))
        )
        content = self._templates["reference.html"].substitute(
            description=html.escape(openapi["info"].get("description", "")),
            operations=operations,
            objects=objects,
            root=html.escape(root),
        )
        return self._shell(root, _WORDS["reference"], content)

    def _shell(self, root: str, title: str, content: str, head: str = "") -> str:
        return self._templates["page.html"].substitute(
            root=html.escape(root), version=self._version, title=html.escape(title), content=content, head=head
        )


def full_source(clause: Clause, document: Document) -> str:
    """Where a clause stands, with the notice's full title, its issuer and year."""
    place = clause.label.replace(f"《{document.short_title}》", f"《{document.title}》", 1)
    return f"{place}（{document.issuer}，{document.year}年）"


def _anchor(clause: Clause) -> str:
    return f"clause-{clause.id}"


def _lines(clause: Clause) -> list[str]:
    """A clause's lines; a heading's display joins its lines with a bar, and reading wants them back."""
    return clause.display.split("｜") if clause.is_heading else [clause.display]


def _step(clause: Clause | None, knowledge: KnowledgeBase, relation: str) -> Markup:
    """A link to a neighbour; the pages of clauses lie side by side, so the reference alone leads there."""
    if clause is None:
        return tag("span")
    # ./ keeps a reference with a colon from being read as a scheme.
    return tag("a", clause.label, href=f"./{knowledge.reference(clause)}", rel=relation[:4], class_=relation)


def _notice(document: Document, marked: Clause, knowledge: KnowledgeBase) -> Markup:
    parts = [tag("h2", document.title), tag("p", _WORDS["issued"].format(issuer=document.issuer, year=document.year))]
    body = [tag("header", *parts)]
    for clause in document:
        first, *rest = _lines(clause)
        lines = _joined([tag("span", first, class_="text"), *(tag("span", line, class_="method") for line in rest)])
        marker = clause.label.rpartition("·")[2] if clause.parent is not None else ""
        body.append(
            tag(
                "h3" if clause.is_heading else "p",
                *([tag("a", marker, href=f"./{knowledge.reference(clause)}", class_="marker")] if marker else []),
                lines,
                id=_anchor(clause),
                class_="notice-clause marked" if clause is marked else "notice-clause",
            )
        )
    return tag("article", *body, class_="notice")


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Markup:
    parts = [
        tag("h2", tag("code", f"{method.upper()} {path}"), " ", tag("span", operation.get("summary", ""))),
        tag("p", operation.get("description", "")),
    ]
    if "parameters" in operation:
        rows = [(p["name"], _type(p["schema"]), p.get("description", "")) for p in operation["parameters"]]
        parts += [tag("h3", _WORDS["parameters"]), _table(("field", "type", "meaning"), rows)]
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        parts += [tag("h3", _WORDS["request_body"]), tag("p", _type(schema))]
    rows = [
        (status, _type(_response_schema(response)), response.get("description", ""))
        for status, response in operation["responses"].items()
    ]
    parts += [tag("h3", _WORDS["responses"]), _table(("status", "content", "meaning"), rows)]
    return tag("section", *parts, class_="operation")


def _response_schema(response: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = response.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _object(name: str, schema: Mapping[str, Any]) -> Markup:
    required = schema.get("required", [])
    rows = [
        (
            key,
            _joined([_type(value), "，", _WORDS["required" if key in required else "optional"]]),
            value.get("description", ""),
        )
        for key, value in schema["properties"].items()
    ]
    parts = [
        tag("h3", tag("code", name), id=f"object-{name}"),
        tag("p", schema.get("description", "")),
        _table(("field", "type", "meaning"), rows),
    ]
    for example in schema.get("examples", []):
        shown = json.dumps(example, ensure_ascii=False, indent=2)
        parts += [tag("p", _WORDS["example"]), tag("pre", tag("code", shown))]
    return tag("section", *parts, class_="object")


def _table(columns: Iterable[str], rows: Iterable[tuple[str, str, str]]) -> Markup:
    head = tag("tr", *(tag("th", _WORDS[column], scope="col") for column in columns))
    lines = [tag("tr", tag("td", tag("code", first)), *(tag("td", cell) for cell in rest)) for first, *rest in rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *lines)), class_="table")


def _type(schema: Mapping[str, Any]) -> Markup:
    """A schema's type in words, linked where it is an object of ours."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return tag("a", name, href=f"#object-{name}")
    if "anyOf" in schema:
        return Markup(html.escape(_WORDS["or"]).join(_type(part) for part in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return Markup(html.escape(_WORDS["or"]).join(tag("code", str(value)) for value in values))
    if schema.get("type") == "array":
        return Markup(html.escape(_WORDS["list_of"]).format(item=_type(schema.get("items", {}))))
    if schema.get("type") == "null":
        return Markup(html.escape(_WORDS["null"]))
    return tag("code", schema.get("type", ""))
