"""Which page of the administration needs what: the one table. A route that is not in it cannot be made.

What each role may do is bot/accounts/roles.py's.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.accounts.roles import Action
from bot.channels.web.core.addresses import ADMIN_PATH, IMPORT_PATH

HOME = ADMIN_PATH
LOGIN = "/admin/login"

#: Open to everybody, logged in or not.
EVERYBODY = "everybody"
#: Open to whoever is logged in, whatever the role.
ANYBODY = "anybody"

Rule = Action | str

RULES: Mapping[tuple[str, str], Rule] = {
    ("GET", LOGIN): EVERYBODY,
    ("POST", LOGIN): EVERYBODY,
    ("GET", HOME): ANYBODY,
    ("POST", "/admin/logout"): ANYBODY,
    ("GET", "/admin/password"): ANYBODY,
    ("POST", "/admin/password"): ANYBODY,
    ("GET", "/admin/telegram"): Action.PROPOSE,
    ("POST", "/admin/telegram"): Action.PROPOSE,
    ("POST", "/admin/telegram/unlink"): Action.PROPOSE,
    ("GET", "/admin/try"): Action.LOOK,
    ("POST", "/admin/try"): Action.LOOK,
    ("GET", "/admin/clauses"): Action.LOOK,
    ("GET", "/admin/clauses/{reference}"): Action.LOOK,
    ("GET", "/admin/clauses/{reference}/edit"): Action.PROPOSE,
    ("POST", "/admin/clauses/{reference}/edit"): Action.PROPOSE,
    ("GET", "/admin/queue"): Action.PROPOSE,
    ("POST", "/admin/queue"): Action.PROPOSE,
    ("POST", "/admin/queue/undo"): Action.PROPOSE,
    ("POST", "/admin/queue/draft"): Action.PROPOSE,
    ("GET", IMPORT_PATH): Action.PROPOSE,
    ("POST", IMPORT_PATH): Action.PROPOSE,
    ("GET", "/admin/import/{draft}"): Action.PROPOSE,
    ("POST", "/admin/import/{draft}"): Action.PROPOSE,
    ("POST", "/admin/import/{draft}/drop"): Action.PROPOSE,
    ("GET", "/admin/proposals"): Action.PROPOSE,
    ("GET", "/admin/proposals/{draft}"): Action.PROPOSE,
    ("POST", "/admin/proposals/{draft}/publish"): Action.PUBLISH,
    ("POST", "/admin/proposals/{draft}/ask"): Action.PROPOSE,
    ("POST", "/admin/proposals/{draft}/again"): Action.PROPOSE,
    ("POST", "/admin/proposals/{draft}/redo"): Action.PROPOSE,
    ("POST", "/admin/proposals/{draft}/discard"): Action.PROPOSE,
    ("GET", "/admin/numbers"): Action.TOTALS,
    ("GET", "/admin/numbers.csv"): Action.TOTALS,
    ("GET", "/admin/history"): Action.LOOK,
    ("GET", "/admin/compare"): Action.LOOK,
    ("GET", "/admin/history/{seq}"): Action.LOOK,
    ("POST", "/admin/history/{seq}/rollback"): Action.PUBLISH,
    ("POST", "/admin/history/{seq}/approve"): Action.PUBLISH,
}
