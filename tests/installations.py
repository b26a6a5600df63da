"""A `jianfu` for tests of faults: commands in processes of their own, killed at a step or a moment, on a small notice.

A Shell forks them from one warm process (kb_shell.py); an Installation is a folder that they work on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes import ROOT
from tests.versions_folder import DROPPED, write

#: Questions by address: they need no model, and name the clauses that versions differ in.
CHANGED_AT, DROPPED_AT = "问题二第1条", "问题二第3条"
KILLED = -int(signal.SIGKILL)


@dataclass(frozen=True)
class Ran:
    """What a process did: its exit code (minus the signal that ended it), what each command said, its steps, its seconds."""

    code: int
    said: tuple[dict[str, Any], ...] = ()
    steps: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def text(self) -> str:
        return "\n".join(one["out"] + one["err"] for one in self.said)


class Shell:
    """Runs commands in forked processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kb_shell"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def together(self, orders: Sequence[dict[str, Any]], kill_after: float | None = None) -> list[Ran]:
        """Run orders side by side; with `kill_after`, all are killed after so many seconds, wherever they are."""
        assert self._process.stdin is not None
        files = []
        for order in orders:
            self._number += 1
            files.append(self._folder / f"said-{self._number}.json")
            order["out"] = str(files[-1])
        self._process.stdin.write(json.dumps(list(orders)) + "\n")
        self._process.stdin.flush()
        children = json.loads(self._line())
        started = time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)  # where in its work it is killed, not how long anything takes
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        codes = json.loads(self._line())
        return [self._ran(code, file, time.monotonic() - started) for code, file in zip(codes, files, strict=True)]

    def _ran(self, code: int, file: Path, seconds: float) -> Ran:
        if code < 0 or not file.exists():
            file.unlink(missing_ok=True)
            return Ran(code, seconds=seconds)
        content = json.loads(file.read_text("utf8"))
        file.unlink()
        return Ran(code, tuple(content["said"]), tuple(content["steps"]), seconds)

    def close(self) -> None:
        self._process.communicate("\n", timeout=60)


@dataclass
class Installation:
    """A folder with a small notice, settings without a model, and a folder `edit` to publish from."""

    root: Path
    shell: Shell

    @classmethod
    def at(cls, root: Path, shell: Shell, url: str = "") -> Installation:
        made = cls(root, shell)
        write(root / "knowledge")
        state = f"state: {{url: '{url}'}}\n" if url else ""
        (root / "config.yaml").write_text(f"model: {{name: /no/such/model, adapter: ''}}\n{state}", "utf8")
        return made

    def order(self, *commands: Sequence[str], at: int | None = None, fault: str | None = None) -> dict[str, Any]:
        config = str(self.root / "config.yaml")
        return {"commands": [["--config", config, *command] for command in commands], "at": at, "fault": fault}

    def run(
        self, *commands: Sequence[str], at: int | None = None, fault: str | None = None, kill_after: float | None = None
    ) -> Ran:
        return self.shell.together([self.order(*commands, at=at, fault=fault)], kill_after)[0]

    def done(self, *command: str) -> str:
        """What a command printed that must succeed."""
        ran = self.run(command)
        assert ran.code == 0, ran.text
        return str(ran.said[0]["out"])

    def refused(self, *command: str) -> str:
        """What a command said in one line that must fail."""
        ran = self.run(command)
        assert ran.code == 1, ran.text
        return one_line(ran)

    def edit(self, metres: int, *, drop: bool) -> Path:
        """The folder to publish from, with other contents."""
        return write(self.root / "edit", metres, drop=drop)

    def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.done("kb", "log", "--json"))
        return found


def one_line(ran: Ran) -> str:
    """The sentence that a refused command ended with: Chinese, and nothing unexpected."""
    last = str(ran.said[-1]["err"]).splitlines()[-1]
    assert last.startswith("jianfu："), ran.text
    assert "程序出错" not in last, last
    assert "Traceback" not in ran.text
    assert any("一" <= character <= "龥" for character in last)
    return last


@dataclass(frozen=True)
class Seen:
    """What an installation serves, as a process that starts now finds it."""

    seq: int
    action: str
    version: str
    metres: int
    has_dropped: bool


def seen(installation: Installation) -> Seen:
    """Start, verify the record, ask; asserts that all comes from one version, and that it is the one on record."""
    ran = installation.run(
        ("kb", "verify"), ("kb", "log", "--json"), ("ask", CHANGED_AT, "--json"), ("ask", DROPPED_AT, "--json")
    )
    assert ran.code == 0, ran.text
    assert ran.said[0]["code"] == 0, ran.text
    entries = [one for one in json.loads(ran.said[1]["out"]) if one["action"] != "propose"]
    changed, dropped = (json.loads(one["out"]) for one in ran.said[2:])
    head = entries[-1]
    assert {changed["knowledge_version"], dropped["knowledge_version"]} == {head["version"]}
    quotes = [one["quote"] for one in changed["citations"]]
    assert len(quotes) == 1
    metres = int(quotes[0].partition("不超过")[2].partition("平方米")[0])
    cited = [one["clause"] for one in dropped["citations"]]
    assert cited in ([], [DROPPED])
    return Seen(head["seq"], head["action"], head["version"], metres, cited == [DROPPED])
