"""The address by which phones come into a room, as a QR code too, and what to do where phones cannot reach it."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import segno

from bot.channels.web.api.room_models import InvitationBody
from bot.config import WebConfig
from bot.rooms import words

_QUIET = 2  # light modules around the code; the page adds more white


def invitation(base: str, code: str, config: WebConfig) -> InvitationBody:
    """The invitation to a room below `base`, the address of the app as the trainer's browser knows it."""
    address = f"{base.rstrip('/')}/room/{code}"
    size, path = _drawn(address)
    hint = _hint(base, config)
    return InvitationBody(address=address, reachable=not hint, hint=hint, size=size, path=path)


def _drawn(text: str) -> tuple[int, str]:
    """The side of a QR code in modules, and its dark ones as the path of an SVG."""
    rows = [list(row) for row in segno.make_qr(text, error="m").matrix]
    dark = [
        f"M{column + _QUIET} {line + _QUIET}h1v1h-1z"
        for line, row in enumerate(rows)
        for column, module in enumerate(row)
        if module
    ]
    return len(rows) + 2 * _QUIET, "".join(dark)


def _hint(base: str, config: WebConfig) -> str:
    """What to do where only this machine can open the address; empty where others can."""
    parts = urlsplit(base)
    if not _is_loopback(parts.hostname or ""):
        return ""
    if _is_loopback(config.host):
        return words.LOOPBACK_ONLY
    found = own_address()
    port = f":{parts.port}" if parts.port else ""
    known = words.LOOPBACK_FOUND.format(address=f"{parts.scheme}://{found}{port}/room") if found else ""
    return words.LOOPBACK.format(found=known or words.LOOPBACK_UNKNOWN)


def own_address() -> str:
    """The address of this machine in its network, or nothing; no packet is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET: only asks which way a packet would go
        except OSError:
            return ""
        found = str(probe.getsockname()[0])
    return "" if _is_loopback(found) else found


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
