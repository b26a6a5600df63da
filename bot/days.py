"""Days and hours as people see them: Beijing's, wherever the server stands, as the notice's readers live there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Beijing")


def day_of(seconds: float) -> date:
    """The day on which a moment (seconds since 1970) falls."""
    return datetime.fromtimestamp(seconds, BEIJING).date()


def minute_of(seconds: float) -> int:
    """The minute of the day, 0 to 1439, of a moment (seconds since 1970)."""
    local = datetime.fromtimestamp(seconds, BEIJING)
    return local.hour * 60 + local.minute


def moment(day: date, minute: int) -> float:
    """Seconds since 1970 of a minute of a day."""
    return (datetime.combine(day, time(0), BEIJING) + timedelta(minutes=minute)).timestamp()


def clock(seconds: float) -> str:
    """A moment (seconds since 1970) as year, month, day, hour and minute."""
    return datetime.fromtimestamp(seconds, BEIJING).strftime("%Y-%m-%d %H:%M")


def clock_of(text: str) -> str:
    """The same of a moment in ISO 8601, as kept in records. Raises ValueError."""
    return clock(datetime.fromisoformat(text).timestamp())


def utc(seconds: float) -> datetime:
    """A moment (seconds since 1970) as a datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
