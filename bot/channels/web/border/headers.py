"""The security headers of every response, and the few addresses that other sites may show or load.

Everything the pages need comes from the same origin and nothing is inline, so the policy names no exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.channels.web.core.addresses import ADMIN_PATH, EMBEDDED_PATH, WIDGET_PATH

_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors {ancestors}; form-action 'self'"
)

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY.format(ancestors="'none'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """The headers for each address."""

    def __init__(self, embed_origins: Iterable[str]) -> None:
        """`embed_origins` are the sites that may show the chat in a frame, beside this one."""
        ancestors = " ".join(("'self'", *embed_origins))
        # X-Frame-Options cannot name sites; the policy's frame-ancestors stands alone here.
        embedded = {name: value for name, value in SECURITY_HEADERS.items() if name != "X-Frame-Options"}
        # Without an origin a form could not be told from another site's; other sites still learn nothing.
        self._admin = {**SECURITY_HEADERS, "Referrer-Policy": "same-origin"}
        self._special = {
            EMBEDDED_PATH: {**embedded, "Content-Security-Policy": _POLICY.format(ancestors=ancestors)},
            WIDGET_PATH: {**SECURITY_HEADERS, "Cross-Origin-Resource-Policy": "cross-origin"},
        }

    def of(self, path: str) -> Mapping[str, str]:
        """The headers of a response under a path below the root."""
        if path == ADMIN_PATH or path.startswith(f"{ADMIN_PATH}/"):
            return self._admin
        return self._special.get(path, SECURITY_HEADERS)
