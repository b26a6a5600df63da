"""From a question and a clause to the characters that answer, and to what the question takes for granted.

Deterministic and cautious: in doubt nothing is marked and nothing is said. No rule knows any notice.
"""

from bot.spans.marks import mark
from bot.spans.premise import remark

__all__ = ["mark", "remark"]
