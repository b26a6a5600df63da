"""Linking one's Telegram chat: a code to send from it, and unlinking. What a link is, is bot/accounts/linking.py's."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from bot.accounts.linking import CODE_SECONDS, Linking, NotLinked
from bot.channels.web.admin import words
from bot.channels.web.admin.forms import press
from bot.channels.web.admin.frame import Frame, alert, button, form
from bot.channels.web.admin.guard import Guard
from bot.channels.web.admin.visit import Turned, Visit
from bot.channels.web.core.service import Service
from bot.channels.web.pages.html import Markup, tag
from bot.state.state import State


def add_routes(guard: Guard, service: Service, frame: Frame) -> None:
    """The routes of this file."""

    async def page(visit: Visit, *said: Markup) -> Response:
        count = await service.with_state(lambda state: state.links.count(visit.who.name))
        linked = words.TELEGRAM_LINKED.format(count=count) if count else words.TELEGRAM_NONE
        days = await service.with_state(lambda state: state.links.keep_days)
        content = [tag("p", words.TELEGRAM_INTRO), *said, tag("p", linked, role="status")]
        content.append(form(visit, "admin/telegram", button(words.MAKE_CODE)))
        if count:
            content.append(form(visit, "admin/telegram/unlink", press(words.UNLINK, "do", "unlink"), class_="inline"))
        content.append(tag("p", words.TELEGRAM_ENDS.format(days=days), class_="field-hint"))
        return HTMLResponse(frame.page(visit, words.TELEGRAM, *content))

    async def show(visit: Visit) -> Response:
        return await page(visit)

    async def make(visit: Visit) -> Response:
        def code(state: State) -> str:
            return Linking(state).code(visit.who.name)

        try:
            made = await service.with_state(code)
        except NotLinked as error:
            raise Turned(409, words.SENTENCE.format(said=error)) from error
        note = tag("p", words.CODE_NOTE.format(minutes=CODE_SECONDS // 60))
        shown = tag(
            "pre", words.CODE_SEND.format(code=made), class_="spoken", tabindex="0", aria_label=words.CODE_LABEL
        )
        return await page(visit, tag("section", note, shown, role="status"))

    async def unlink(visit: Visit) -> Response:
        count = await service.with_state(lambda state: state.links.unlink(visit.who.name))
        return await page(visit, alert(words.UNLINKED.format(count=count)))

    guard.add("GET", "/admin/telegram", show)
    guard.add("POST", "/admin/telegram", make)
    guard.add("POST", "/admin/telegram/unlink", unlink)
