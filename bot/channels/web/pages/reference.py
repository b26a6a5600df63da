"""The API reference as HTML, from the OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot import replies
from bot.channels.web.pages.html import Markup, escape, joined, tag

_WORDS = replies.PAGE_WORDS


def operations(openapi: Mapping[str, Any]) -> Markup:
    """A section for every route."""
    return joined(
        _operation(method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    )


def objects(openapi: Mapping[str, Any]) -> Markup:
    """A section for every object that goes over the API."""
    return joined(
        _object(name, schema)
        for name, schema in openapi["components"]["schemas"].items()
        if "properties" in schema and not name.startswith(("HTTPValidation", "Validation"))
    )


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
            joined([_type(value), "，", _WORDS["required" if key in required else "optional"]]),
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
        parts += [tag("p", _WORDS["example"]), tag("pre", tag("code", shown), tabindex="0")]
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
        return Markup(escape(_WORDS["or"]).join(_type(part) for part in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return Markup(escape(_WORDS["or"]).join(tag("code", str(value)) for value in values))
    if schema.get("type") == "array":
        return Markup(escape(_WORDS["list_of"]).format(item=_type(schema.get("items", {}))))
    if schema.get("type") == "null":
        return Markup(escape(_WORDS["null"]))
    return tag("code", schema.get("type", ""))
