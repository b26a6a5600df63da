"""What is installed is what was pinned and tested, and an audit that could not look says so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import audit
from tests.fakes import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
FOUND, SKIPPED = (
    {"name": "Safe-Name", "version": "1", "vulns": []},
    {"name": "safe_name", "skip_reason": "not found"},
)


def locked(name: str) -> dict[str, str]:
    return {canonicalize_name(one): pin for one, pin in audit.PIN.findall((ROOT / name).read_text("utf8"))}


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", PROJECT["dependencies"]),
        ("requirements-dev.lock", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]),
    ],
)
def test_the_lock_has_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    pins = locked(lock)
    for requirement in map(Requirement, wanted):
        if requirement.name == "torch":  # its build depends on the machine: scripts/setup.sh asks for it by itself
            continue
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)], prereleases=True), requirement


@pytest.mark.fault(24)
def test_both_locks_agree_and_every_pin_has_hashes() -> None:
    users, developers = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: developers[name] for name in users} == users
    for lock in ("requirements.lock", "requirements-dev.lock"):
        blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", (ROOT / lock).read_text("utf8"))
        assert [block.split()[0] for block in blocks if audit.PIN.match(block) and "--hash=sha256:" not in block] == []


@pytest.mark.fault(24)
def test_every_place_names_the_same_torch() -> None:
    pin = next(one for one in PROJECT["dependencies"] if one.startswith("torch=="))
    for script in ("setup.sh", "bundle.sh"):
        assert re.findall(r"torch==\S+", (ROOT / "scripts" / script).read_text("utf8")) == [pin]


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    ("said", "clean"),
    [
        ([FOUND], True),
        ([SKIPPED], False),
        ([], False),
        ([FOUND | {"vulns": [{"id": "CVE-1"}]}], False),
    ],
)
def test_an_audit_is_clean_only_where_all_was_looked_up(said: list[dict[str, object]], clean: bool) -> None:
    assert audit.judged({"dependencies": said}, {"safe.name": "1"}).clean is clean


@pytest.mark.fault(24)
@pytest.mark.parametrize("said", [{"dependencies": []}, None])
def test_an_audit_that_reached_nothing_fails_and_says_so(tmp_path: Path, said: object) -> None:
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\necho '{'' if said is None else json.dumps(said)}'\n", "utf8")
    tool.chmod(0o755)
    ran = subprocess.run(
        [sys.executable, "-m", "scripts.audit", str(tool)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "audit FAILED" in ran.stderr


def test_what_is_audited_is_all_that_is_installed() -> None:
    pins = audit.pins()
    assert pins["torch"] == "2.13.0"
    assert {"segno", "ruff"} <= set(pins)
