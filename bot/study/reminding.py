"""When to remind: at the hour a person chose, at most once a day, never in their quiet hours, never late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.days import day_of, minute_of, moment
from bot.state.reminders import Claimed, Reminder

#: A reminder that could not be sent within so many seconds of its time (a stop, a network away) is left out that day.
LATEST_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder to send now: whose (a hash, for retry and unreachable), to which address, and how many cards wait."""

    person: str
    address: str
    cards: int


def is_quiet(reminder: Reminder, minute: int) -> bool:
    """Whether a minute of the day lies in the quiet hours, which may reach over midnight."""
    start, end = reminder.quiet_from, reminder.quiet_to
    return start <= minute < end if start <= end else not end <= minute < start


def next_time(reminder: Reminder, after: float) -> float:
    """The first time after a moment (seconds since 1970) at which the chosen minute comes."""
    day = day_of(after)
    today = moment(day, reminder.minute)
    return today if today > after else moment(day + timedelta(days=1), reminder.minute)


def last_time(reminder: Reminder, before: float) -> float:
    """The last time up to a moment (seconds since 1970) at which the chosen minute came."""
    day = day_of(before)
    today = moment(day, reminder.minute)
    return today if today <= before else moment(day - timedelta(days=1), reminder.minute)


def may_send(claimed: Claimed, now: float) -> bool:
    """Whether a claimed reminder may be sent now: not too late, not in quiet hours, not a second one that day.

    How late it is counts from the chosen minute, however often it was tried since.
    """
    return (
        now - last_time(claimed.reminder, now) <= LATEST_SECONDS
        and not is_quiet(claimed.reminder, minute_of(now))
        and day_of(claimed.last_at) != day_of(now)
    )
