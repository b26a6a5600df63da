"""Import by upload: a file becomes a draft notice with its report, suggested questions are ticked, then it is proposed.

Reading the file, and every refusal, is knowledge/importing's business.
"""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import tempfile
from pathlib import Path

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.channels.web.admin import desk_words as words
from bot.channels.web.admin.forms import found, line, tick
from bot.channels.web.admin.frame import Frame, alert, button, field, form
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Turned, Visit
from bot.channels.web.core.addresses import IMPORT_PATH
from bot.channels.web.core.service import Service
from bot.channels.web.core.typed import clean
from bot.channels.web.pages.html import Markup, tag
from bot.kb.changes import Imported
from bot.kb.drafts import Draft
from bot.kb.workshop import Workshop
from knowledge import editing, strict_yaml
from knowledge.errors import JianfuError
from knowledge.importing import leftovers
from knowledge.importing.about import Given
from knowledge.importing.adopt import Suggestion, SuggestionsFile
from knowledge.importing.draft import import_file
from knowledge.importing.leftovers import REPORT, SUGGESTIONS
from knowledge.importing.write import write
from knowledge.loader import DOCUMENTS_FOLDER, load_document

logger = logging.getLogger(__name__)

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_ID = re.compile(r"[0-9a-f]{8}")
FOLDER = "imports"


def add_routes(guard: Guard, service: Service, frame: Frame, workshop: Workshop | None) -> None:
    """The routes of this file."""

    def page(visit: Visit, message: str = "", status: int = 200) -> Response:
        chosen = Markup('<input id="file" name="file" type="file" accept=".docx,.pdf,.txt,.md,.html,.htm" required>')
        fields = (
            tag("div", tag("label", words.FILE, for_="file"), chosen, class_="entry wide"),
            field(words.IMPORT_ID, "id", value=visit.form.get("id", "")[:64], hint=words.IMPORT_ID_HINT, longest=64),
            line(words.IMPORT_TITLE, "title", visit.form.get("title", "")[:200], longest=200),
            button(words.IMPORT_BUTTON),
        )
        upload = form(visit, "admin/import", *fields, upload=True)
        return HTMLResponse(
            frame.page(visit, words.IMPORT, tag("p", words.IMPORT_INTRO), alert(message), upload), status
        )

    async def show(visit: Visit) -> Response:
        return page(visit)

    async def take(visit: Visit) -> Response:
        shop = found(workshop)
        if visit.upload is None or not visit.upload[0]:
            return page(visit, words.FILE_MISSING, 422)
        name, content = visit.upload
        identifier, title = clean(visit.form.get("id", "")), clean(visit.form.get("title", ""))[:200]
        knowledge = service.assistant.knowledge
        if identifier in {one.id for one in knowledge.documents}:
            return page(visit, words.ID_TAKEN.format(id=identifier), 422)
        import_id = secrets.token_hex(4)

        try:
            folder = shop.root / FOLDER / import_id
            await service.paper_threads.run(lambda: _read(name, content, identifier, title, folder))
        except JianfuError as error:
            return page(visit, str(error), 422)
        return RedirectResponse(f"{visit.root}admin/import/{import_id}", 303)

    def folder_of(visit: Visit) -> Path:
        name: str = visit.request.path_params["draft"]
        folder = found(workshop).root / FOLDER / name
        if not _ID.fullmatch(name) or not (folder / REPORT).is_file():
            raise Turned(404, words.NO_IMPORT)
        return folder

    async def report(visit: Visit) -> Response:
        folder = folder_of(visit)
        text, some = await service.paper_threads.run(
            lambda: ((folder / REPORT).read_text(encoding="utf8"), _suggestions(folder))
        )
        boxes = [tick(f"{one.clause}：{one.question}", f"use-{number}") for number, one in enumerate(some)]
        content = [
            tag("pre", text, class_="spoken", tabindex="0"),
            tag("h2", words.SUGGESTED),
            tag("p", words.SUGGESTED_NOTE),
        ]
        content.append(form(visit, f"admin/import/{folder.name}", *boxes, button(words.PROPOSE)))
        return HTMLResponse(frame.page(visit, words.IMPORTED, *content))

    async def propose(visit: Visit) -> Response:
        folder, shop = folder_of(visit), found(workshop)

        try:
            draft = await service.with_state(lambda state: _begin(shop, folder, visit))
        except JianfuError as error:
            raise Turned(409, str(error)) from error
        return RedirectResponse(f"{visit.root}admin/proposals/{draft.id}", 303)

    guard.add("GET", IMPORT_PATH, show)
    guard.add("POST", IMPORT_PATH, take)
    guard.add("GET", "/admin/import/{draft}", report)
    guard.add("POST", "/admin/import/{draft}", propose)


def _read(name: str, content: bytes, identifier: str, title: str, folder: Path) -> None:
    """Read an uploaded file into a draft notice. Raises JianfuError that names the file as the person does."""
    # The name is only shown; what is read lies under a name of our own.
    with tempfile.TemporaryDirectory(prefix="jianfu-import-") as passing:
        suffix = Path(name).suffix
        path = Path(passing) / f"notice{suffix if _SUFFIX.fullmatch(suffix) else ''}"
        path.write_bytes(content)
        try:
            draft = import_file(path, identifier, Given(title, "", "", 0))
        except JianfuError as error:
            raise JianfuError(str(error).replace(str(path), clean(Path(name).name)[:80])) from error
        cleared = leftovers.clear(folder.parent)
        if cleared:
            logger.warning("%s", words.CLEARED.format(count=cleared))
        write(draft, folder)


def _begin(shop: Workshop, folder: Path, visit: Visit) -> Draft:
    """Put the ticked questions under their clauses, and propose the notice. Raises JianfuError."""
    path = next(iter((folder / DOCUMENTS_FOLDER).glob("*.yaml")), None)
    if path is None:
        raise JianfuError(words.NO_IMPORT)
    wanted: dict[str, list[str]] = {}
    for number, one in enumerate(_suggestions(folder)):
        if f"use-{number}" in visit.form:
            wanted.setdefault(one.clause, []).append(one.question)
    there = {question for clause in load_document(path, folder).clauses for question in clause.questions}
    for clause, questions in wanted.items():
        editing.add_questions(path, clause, [one for one in questions if one not in there])
    document = load_document(path, folder)
    source = (folder / document.source_path).read_bytes().decode("utf8")
    change = Imported(document.id, document.title, path.read_bytes().decode("utf8"), source)
    draft = shop.begin(visit.who.name, [change])
    shutil.rmtree(folder, ignore_errors=True)
    return draft


def _suggestions(folder: Path) -> list[Suggestion]:
    return strict_yaml.validate(SuggestionsFile, strict_yaml.read(folder / SUGGESTIONS)).suggestions
