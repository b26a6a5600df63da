"""Follow-ups: turn "那会议呢" after an earlier question into the question that is meant.

Deterministic and cautious: a question that is complete in itself is never rewritten. A follow-up is known by its form
alone: a place without its heading (第三条呢), a step (下一条), a cue (那…呢, 还有吗, 原文怎么写), or words that name
no subject of their own (谁牵头, 具体减少多少). What comes out is text, which index/ then searches like any other.
"""

from bot.followup.resolver import is_follow_up, resolve

__all__ = ["is_follow_up", "resolve"]
