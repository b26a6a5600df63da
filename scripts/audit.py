"""Looks up known advisories for every pin of both locks and of torch: audit.py PIP_AUDIT. Fails unless all were looked up.

pip-audit ends with 0 where it reaches no advisories: every package is "skipped" then. Here a skipped package is a failure
that says so, because a silence proves nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Audit:
    """What an audit came to: advisories as "name version: ids", and the names that could not be looked up."""

    advisories: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Everything was looked up, and nothing was found."""
        return not self.advisories and not self.unknown


def pins() -> dict[str, str]:
    """Name and version of every package that is installed, tools for developers too."""
    found = dict(PIN.findall((ROOT / "requirements.lock").read_text("utf8")))
    found.update(PIN.findall((ROOT / "requirements-dev.lock").read_text("utf8")))
    found.update(re.findall(r'"(torch)==([^"]+)"', (ROOT / "pyproject.toml").read_text("utf8")))
    return found


def judged(said: dict[str, Any], wanted: dict[str, str]) -> Audit:
    """Read pip-audit's JSON; a package it skipped, or never names, is one that could not be looked up."""
    looked_up: set[str] = set()
    advisories = []
    for one in said["dependencies"]:
        if "skip_reason" in one:
            continue
        looked_up.add(_key(one["name"]))
        if one["vulns"]:
            advisories.append(f"{one['name']} {one['version']}: {', '.join(vuln['id'] for vuln in one['vulns'])}")
    return Audit(tuple(advisories), tuple(sorted(name for name in wanted if _key(name) not in looked_up)))


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(tool: str) -> int:
    """Run the audit and say what it came to."""
    wanted = pins()
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "pins.txt"
        listed.write_text("".join(f"{name}=={number}\n" for name, number in wanted.items()), "utf8")
        command = [
            tool,
            "-r",
            str(listed),
            "--no-deps",
            "--disable-pip",
            "--format",
            "json",
            "--progress-spinner",
            "off",
        ]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    try:
        said = json.loads(ran.stdout)
    except ValueError:
        print(f"audit FAILED, nothing was looked up: {ran.stderr.strip()[-500:]}", file=sys.stderr)
        return 1
    audit = judged(said, wanted)
    for one in audit.advisories:
        print(f"advisory: {one}", file=sys.stderr)
    if audit.unknown:
        print(
            f"audit FAILED: no advisory data for {len(audit.unknown)} of {len(wanted)} packages ({', '.join(audit.unknown[:5])} …); "
            "run it where the advisory services can be reached",
            file=sys.stderr,
        )
    if audit.clean:
        print(f"{len(wanted)} packages looked up, no known advisory")
    return 0 if audit.clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
