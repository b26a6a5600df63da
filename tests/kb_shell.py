"""Runs jianfu's commands in processes that may be killed or denied disk at any step; each is forked from this warm one.

Reads lines of JSON, each a list of orders that run side by side; writes a line with their process numbers, and once all
have ended a line with their exit codes (minus the signal, for one that was killed). An order is
{"commands": [[...], ...], "out": file, "at": step or null, "fault": "kill" | "full" | null}; what was said goes to the file,
and so do the steps on which something could have gone wrong: before and after each sync, rename, removal and commit.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

#: What changes the disk, or makes sure of it; each is a step.
CALLS = ("fsync", "rename", "replace", "mkdir", "unlink", "rmdir")


class Steps:
    """Counts steps, and at the one that was asked for kills the process, or denies it the disk."""

    def __init__(self, at: int | None, fault: str | None) -> None:
        self.seen: list[str] = []
        self._at = at
        self._fault = fault

    def pass_(self, name: str, *, before: bool) -> None:
        self.seen.append(f"{'before' if before else 'after'} {name}")
        if self._at is None or len(self.seen) - 1 != self._at:
            return
        if self._fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif before and name == "commit":
            raise sqlite3.OperationalError("database or disk is full")
        elif before:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.pass_(name, before=True)
            result = call(*arguments, **options)
            self.pass_(name, before=False)
            return result

        return wrapped

    def install(self) -> None:
        for name in CALLS:
            setattr(os, name, self.wrap(name, getattr(os, name)))
        DefaultDialect.do_commit = self.wrap("commit", DefaultDialect.do_commit)  # type: ignore[method-assign]


def run(order: dict[str, Any]) -> int:
    """The last command's exit code; stops at the first that fails unless the order says to go on."""
    from bot.__main__ import main  # noqa: PLC0415 - the parent has it; here only for the name

    steps, said, code = Steps(order.get("at"), order.get("fault")), [], 0
    steps.install()
    for command in order["commands"]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main(command)
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
        said.append({"code": code, "out": out.getvalue(), "err": err.getvalue()})
    steps.pass_ = lambda name, before: None  # type: ignore[method-assign]
    with open(order["out"], "w", encoding="utf8") as file:
        json.dump({"said": said, "steps": steps.seen}, file, ensure_ascii=False)
    return code


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def warm_up() -> None:
    """Import all that the commands need, by running each once."""
    from bot.__main__ import main  # noqa: PLC0415 - slow, so after the first line was read
    from tests.versions_folder import write  # noqa: PLC0415 - the same

    with tempfile.TemporaryDirectory() as name, quiet():
        root = Path(name)
        write(root / "knowledge")
        (root / "config.yaml").write_text("model: {name: /no/such/model, adapter: ''}\n", "utf8")
        (root / "a.txt").write_text("关于开会的通知\n一、会议不得超过两次。\n", "utf8")
        for command in (
            ("kb", "import", str(root / "a.txt"), "--out", str(root / "draft")),
            ("kb", "adopt", str(root / "draft")),
            ("kb", "checkout", str(root / "edit")),
        ):
            assert main(["--config", str(root / "config.yaml"), *command]) == 0
        write(root / "edit", 20)
        for command in (("kb", "publish", str(root / "edit")), ("kb", "rollback", "1"), ("ask", "2.1")):
            assert main(["--config", str(root / "config.yaml"), *command]) == 0


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve() -> None:
    warm_up()
    tell("ready")
    for line in sys.stdin:
        if not line.strip():
            break
        children = []
        for order in json.loads(line):
            child = os.fork()
            if not child:
                code = 99
                try:
                    code = run(order)
                finally:
                    os._exit(code)
            children.append(child)
        tell(json.dumps(children))
        tell(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]))


if __name__ == "__main__":
    serve()
