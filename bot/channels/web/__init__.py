"""The web channel: the chat page, the notice for reading, and the HTTP API."""

from bot.channels.web.app import create_app
from bot.channels.web.server import address, listen, serve

__all__ = ["address", "create_app", "listen", "serve"]
