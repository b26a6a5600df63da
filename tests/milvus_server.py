"""A real Milvus server of a wheel, for `make milvus`; nothing of it is in the everyday environment."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port


class MilvusProcess:
    """A Milvus on loopback that can be stopped where it stands, killed, and started again with what it kept."""

    def __init__(self, folder: Path) -> None:
        from milvus import MilvusServer, _initialize_data_files  # noqa: PLC0415 - in the environment of `make milvus` alone

        self._folder = folder
        server = MilvusServer()
        server.set_base_dir(str(folder))
        server.listen_port = free_port()
        server.config.resolve()
        _initialize_data_files(str(folder))
        # Its etcd would listen where every other Milvus of this machine does.
        mine, theirs = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        (folder / "configs" / "etcd.yaml").write_text(
            f"name: default\nlisten-client-urls: {mine}\nadvertise-client-urls: {mine}\nlisten-peer-urls: {theirs}\n"
            f"initial-advertise-peer-urls: {theirs}\ninitial-cluster: default={theirs}\n"
        )
        self.url = f"milvus://127.0.0.1:{server.listen_port}"
        self._program = Path(server.get_milvus_executable_path())
        self._health = free_port()
        self.start()
        self._wait()

    def start(self) -> None:
        """Start it with the files it has; it takes a while until it answers."""
        environment = {
            **os.environ,
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(self._health),
            "MILVUS_RUN_DIR": str(self._folder / "run"),
            "ETCD_CONFIG_PATH": str(self._folder / "configs" / "etcd.yaml"),
            "LD_LIBRARY_PATH": str(self._program.parent),
        }
        with (self._folder / "logs" / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "run", "standalone"], cwd=self._folder, env=environment, stdout=log, stderr=log
            )

    def _wait(self) -> None:
        """Until it is healthy. Raises RuntimeError with its last words where it ends instead."""
        while self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._health}/healthz", timeout=10) as answer:
                    if b"OK" in answer.read():
                        return
            except OSError:
                pass
            time.sleep(0.2)
        raise RuntimeError((self._folder / "logs" / "server.log").read_text("utf8", "replace")[-2000:])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server's process."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def milvus_process() -> Iterator[MilvusProcess]:
    """A Milvus that runs as long as the tests."""
    folder = Path(tempfile.mkdtemp(prefix="jianfu-milvus-"))
    try:
        process = MilvusProcess(folder)
        yield process
        process.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def milvus(milvus_process: MilvusProcess) -> str:
    """Its address."""
    return milvus_process.url
