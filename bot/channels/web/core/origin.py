"""Whose page a browser says that it asks for. The administration, which takes nothing from programs, asks for more."""

from __future__ import annotations

from starlette.datastructures import Headers

#: Our own pages send it with "1"; no other site's page may.
PAGE_HEADER = "X-Jianfu-Page"


def from_another_site(headers: Headers) -> bool:
    """Whether a browser says that another site's page asks. A program, which says nothing, is none.

    Over plain http browsers leave Sec-Fetch-Site out; PAGE_HEADER or the origin tells then.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    if headers.get(PAGE_HEADER) == "1":
        return False
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host", "")


def from_our_page(headers: Headers) -> bool:
    """Whether a browser says that our own page asks, which has no key. A program may claim it; another site's page cannot.

    Over plain http, other than on this machine, browsers leave Sec-Fetch-Site out; the page then names itself by a header
    that no other site may send.
    """
    site = headers.get("sec-fetch-site")
    return site == "same-origin" or (site is None and headers.get(PAGE_HEADER) == "1")
