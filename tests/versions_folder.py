"""The invented notice of notices.py as a knowledge folder, with a changed number or without a clause."""

from __future__ import annotations

from pathlib import Path

from tests.notices import ROWS, write_notice

#: The clause that edit() changes, and one that drop() takes away.
CHANGED, DROPPED = "2.1", "2.3"


def write(folder: Path, square_metres: int = 18, *, drop: bool = False) -> Path:
    """A knowledge folder whose clause 2.1 allows so many square metres, without clause 2.3 if it is dropped."""
    rows = [
        (*row[:4], row[4].replace("18平方米", f"{square_metres}平方米"), row[5])
        for row in ROWS
        if not (drop and row[0] == DROPPED)
    ]

    def without(record: dict) -> None:  # type: ignore[type-arg]
        for one in record["unanswered"]:
            one["related"] = [] if drop else one["related"]

    write_notice(folder, rows=rows, change=without)
    return folder
