"""What deploy/ names exists and is what the program reads; systemd and HAProxy judge their own files where they are there."""

from __future__ import annotations

import ipaddress
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot import config
from knowledge import strict_yaml
from tests.fakes import ROOT

DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "jianfu.service").read_text("utf8")
PROXY = (DEPLOY / "haproxy.cfg").read_text("utf8")
CONTAINER = (DEPLOY / "Containerfile").read_text("utf8")
SETTINGS = config.load_config(DEPLOY / "config.yaml")
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
needs_haproxy = pytest.mark.skipif(shutil.which("haproxy") is None, reason="no haproxy here")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = strict_yaml.read(DEPLOY / "compose.yaml").value
    return found


def run(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@needs_systemd
def test_systemd_takes_the_unit_and_finds_it_closed(tmp_path: Path) -> None:
    unit = tmp_path / "jianfu.service"
    unit.write_text(UNIT.replace("/opt/jianfu/.venv/bin/jianfu", "/bin/true"), "utf8")
    assert run("systemd-analyze", "verify", str(unit)) == ""  # an unknown or misspelt line is said, with exit code 0
    run("systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit))  # of 100; 96 without hardening


@needs_haproxy
def test_haproxy_takes_its_file(tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(re.sub(r"\bapp-\d:", "127.0.0.1:", PROXY), "utf8")
    assert "warning" not in run("haproxy", "-c", "-f", str(file)).lower()


def test_the_unit_may_write_what_the_settings_name() -> None:
    writable = re.findall(r"(?m)^ReadWritePaths=(.*)$", UNIT)[0].split()
    own = config.load_config(ROOT / "config.yaml")
    for path in (own.knowledge.copies, own.knowledge.drafts, own.index.folder, own.model.cache, "state/jianfu.db"):
        assert any(Path("/opt/jianfu", path).is_relative_to(folder) for folder in writable), path


def test_the_settings_of_the_container_lead_to_what_is_there() -> None:
    assert SETTINGS.path(SETTINGS.knowledge.folder).resolve() == ROOT / "knowledge"
    assert SETTINGS.path(SETTINGS.model.adapter).resolve() == ROOT / "index" / "adapter.safetensors"
    for line in re.findall(r"(?m)^COPY (.*) \S+$", CONTAINER):
        assert [name for name in line.split() if not (ROOT / name).exists()] == []


def test_services_ports_networks_and_secrets_fit_together() -> None:
    content = compose()
    services = content["services"]
    servers = dict(re.findall(r"(?m)^ +server (\S+) \S+:(\d+)$", PROXY))
    assert set(servers) == {"app-1", "app-2"} <= set(services)
    assert set(servers.values()) == {str(SETTINGS.web.port)} == set(re.findall(r"(?m)^EXPOSE (\d+)$", CONTAINER))
    assert services["proxy"]["ports"] == ["8080:8080"]
    assert "bind :8080" in PROXY
    subnet = ipaddress.ip_network(content["networks"]["inside"]["ipam"]["config"][0]["subnet"])
    assert [str(one) for one in SETTINGS.web.trusted_proxies] == [str(subnet)]
    assert "@database/" in SETTINGS.state.url
    assert services["app-1"]["environment"] == {"PGPASSFILE": "/run/secrets/pgpass"}
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in content["volumes"], (
                name,
                volume,
            )
    assert {"password", "pgpass"} == set(content["secrets"])


def test_the_driver_is_the_one_that_is_tested() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf8")
    pin = re.findall(r'"psycopg\[binary\]==([^"]+)"', project)[0]
    for text in (CONTAINER, (DEPLOY / "README.md").read_text("utf8")):
        assert f"psycopg=={pin} psycopg-binary=={pin}" in text


def test_what_the_readme_runs_exists() -> None:
    text = (DEPLOY / "README.md").read_text("utf8")
    for name in re.findall(r"^\| `([^`]+)`", text, re.MULTILINE):
        assert (DEPLOY / name).is_file()
    commands = set(re.findall(r"\.venv/bin/jianfu (\w+)", text)) | {"telegram", "serve"}
    main = (ROOT / "bot" / "__main__.py").read_text("utf8") + (ROOT / "bot" / "care" / "commands.py").read_text("utf8")
    assert [one for one in commands if f'"{one}"' not in main] == []
    assert {f"JIANFU_{one}" for one in re.findall(r"JIANFU_(\w+)", text)} <= {config.TOKEN_VARIABLE}
