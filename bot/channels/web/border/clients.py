"""Who is asking: the address a request comes from, seen through the proxies that are trusted."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import Scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

UNKNOWN = "unknown"
#: One household or office has this much of IPv6; counting single addresses would count nothing.
IPV6_PREFIX = 64


class Clients:
    """Tells clients apart."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        """`trusted_proxies` are addresses and networks whose X-Forwarded-For is believed."""
        self._trusted = tuple(ipaddress.ip_network(text) for text in trusted_proxies)

    def name(self, scope: Scope) -> str:
        """What stands for the client: its IPv4 address or IPv6 network; UNKNOWN without one (a Unix socket)."""
        peer = _address(scope["client"][0]) if scope.get("client") else None
        if peer is None:
            return UNKNOWN
        nearest = peer
        forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        for text in reversed(forwarded):  # each proxy adds at the right whom it heard from
            if not self._trusts(nearest):
                break
            before = _address(text)
            if before is None:
                break
            nearest = before
        if nearest.version == 6:
            return str(ipaddress.ip_network((nearest, IPV6_PREFIX), strict=False))
        return str(nearest)

    def secure(self, scope: Scope) -> bool:
        """Whether the client came over https, to us or to the proxy that says so."""
        scheme = self._told(scope, "x-forwarded-proto") or scope.get("scheme", "http")
        return bool(scheme == "https")

    def host(self, scope: Scope) -> str:
        """The host, and the port where it is not the usual one, that the client asked for."""
        return self._told(scope, "x-forwarded-host") or Headers(scope=scope).get("host", "")

    def _told(self, scope: Scope, header: str) -> str:
        """What a trusted proxy, and only such a one, says that the client said; the outermost where several did."""
        peer = _address(scope["client"][0]) if scope.get("client") else None
        if peer is None or not self._trusts(peer):
            return ""
        return Headers(scope=scope).get(header, "").partition(",")[0].strip().lower()

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _address(text: str) -> Address | None:
    """An address as proxies write it, with or without a port; None for anything else."""
    text = text.strip()
    with_port = re.fullmatch(r"\[(.+)\](?::\d+)?|([\d.]+):\d+", text)
    try:
        found = ipaddress.ip_address((with_port[1] or with_port[2]) if with_port else text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if found.version == 6 else None
    return mapped or found
