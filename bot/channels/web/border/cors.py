"""Which other sites' scripts may call the API: none but the configured origins, and only below /api/v1/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from bot.channels.web.core.addresses import API_PREFIX, path_below_root

PREFLIGHT_SECONDS = 600


class Cors:
    """Answers browsers that ask whether another site's script may call the API."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)

    def headers(self, scope: Scope) -> Mapping[str, str]:
        """The headers that let the asking site read the response; none for any other."""
        if not self._origins or not path_below_root(scope).startswith(API_PREFIX):
            return {}
        origin = Headers(scope=scope).get("origin", "")
        if origin not in self._origins:
            return {"Vary": "Origin"}
        exposed = "X-Request-ID, Retry-After"
        return {"Vary": "Origin", "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": exposed}

    def preflight(self, scope: Scope) -> Response | None:
        """The answer to a permitted site's preflight request; None for everything else."""
        asked = scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope)
        if not asked or "Access-Control-Allow-Origin" not in self.headers(scope):
            return None
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, X-API-Key, X-Request-ID",
                "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
            },
        )
