"""Notes what is answered, beside the answering: counts for the dashboard, and questions without an answer for the queue.

One thread writes; whoever answers only puts a note in a bounded list. While the database is away, notes are dropped.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import get_args

from bot.assistant import Explanation
from bot.review.scrub import scrub
from bot.state.counters import Counts, Ending, bound
from bot.state.database import StateUnavailable
from bot.state.open_questions import Kind, OpenQuestion
from bot.state.state import State
from index import analyzer

logger = logging.getLogger(__name__)

#: Notes that may wait to be written; more are dropped.
WAITING = 1_000
#: How long notes are gathered, so that many questions cost one commit.
GATHER_SECONDS = 1.0
#: How long nothing is tried after the database could not be used.
PAUSE_SECONDS = 30.0
#: How long closing waits for the last notes.
CLOSE_SECONDS = 2.0

_KINDS: frozenset[Ending] = frozenset({"clarify", "near", "far"})


@dataclass(frozen=True, slots=True)
class Note:
    """What is kept of one question: how it ended, with which clause, how long it took; its words only if unanswered."""

    day: date
    ending: Ending
    clause: str
    milliseconds: float
    question: str = ""


class Recorder:
    """Writes the notes of one process. note() may be called from any thread."""

    def __init__(self, state: State, gather_seconds: float = GATHER_SECONDS) -> None:
        self._state = state
        self._gather = gather_seconds
        self._notes: queue.Queue[Note | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="review-recorder", daemon=True)
        self._wanted = state.open_questions.keeps or state.counters.keeps
        self._away = False
        self._again = 0.0

    def start(self) -> None:
        """Begin to write; nothing is started where nothing is to be kept."""
        if self._wanted:
            self._thread.start()

    def note(self, question: str, explanation: Explanation) -> None:
        """Take a note of a question and how it was answered. Returns at once and raises nothing."""
        if not self._wanted:
            return
        try:
            self._notes.put_nowait(note_of(question, explanation, keep_words=self._state.open_questions.keeps))
        except queue.Full:
            pass  # more questions than the database takes; the answers matter more
        except Exception:
            logger.exception("an answer was not noted")

    def close(self) -> None:
        """Write what waits, within CLOSE_SECONDS, and end."""
        if self._thread.is_alive():
            try:
                self._notes.put(None, timeout=CLOSE_SECONDS)
            except queue.Full:
                return
            self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        going = True
        while going:
            first = self._notes.get()
            batch, going = self._gathered(first) if first is not None else ([], False)
            if time.monotonic() < self._again or not batch:
                continue
            try:
                write(self._state, batch)
                self._away = False
            except StateUnavailable as error:
                self._again = time.monotonic() + PAUSE_SECONDS
                if not self._away:
                    logger.warning("answers are not counted while the database is away: %s", error)
                self._away = True
            except Exception:
                logger.exception("%d notes were lost", len(batch))

    def _gathered(self, first: Note) -> tuple[list[Note], bool]:
        """The notes of the next moment, and whether to go on after them."""
        batch, until = [first], time.monotonic() + self._gather
        while len(batch) < WAITING:
            try:
                note = self._notes.get(timeout=max(until - time.monotonic(), 0.0))
            except queue.Empty:
                break
            if note is None:
                return batch, False
            batch.append(note)
        return batch, True


def note_of(question: str, explanation: Explanation, *, keep_words: bool = True, today: date | None = None) -> Note:
    """The note of an answered question; its words are left out where they were answered or are not to be kept."""
    decision, answer = explanation.decision, explanation.answer
    ending: Ending = "other"
    if decision.outcome != "decline":
        ending = decision.outcome
    elif decision.reason in get_args(Ending):
        ending = next(one for one in get_args(Ending) if one == decision.reason)
    clause = f"{decision.clauses[0].document}:{decision.clauses[0].id}" if decision.clauses else ""
    day = today or datetime.now(UTC).date()
    return Note(day, ending, clause, answer.elapsed_ms, question if keep_words and ending in _KINDS else "")


def write(state: State, notes: list[Note]) -> None:
    """Count the notes and keep their questions, scrubbed. Raises StateUnavailable."""
    counts = Counts()
    asked: dict[tuple[str, date], OpenQuestion] = {}
    for note in notes:
        counts.outcomes[note.day, note.ending, note.clause] += 1
        counts.times[note.day, bound(note.milliseconds)] += 1
        scrubbed = scrub(note.question) if note.question else None
        if scrubbed is not None:
            same = same_words(scrubbed.text)
            kind = next(one for one in _kinds() if one == note.ending)
            fresh = OpenQuestion(scrubbed.text, kind, note.day, note.clause, scrubbed.masked, 0)
            before = asked.get((same, note.day), fresh)
            asked[same, note.day] = replace(before, asked=before.asked + 1)
    state.counters.add(counts)
    state.open_questions.put([(same, one) for (same, _), one in asked.items()])


def _kinds() -> tuple[Kind, ...]:
    return get_args(Kind)


def same_words(text: str) -> str:
    """Two questions with the same are the same: width, case, script, marks and blanks aside."""
    return "".join(character for character in analyzer.normalize(text) if character.isalnum())
