"""A real Milvus server of a wheel, for `make milvus`; nothing of it is in the everyday environment."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def milvus() -> Iterator[str]:
    """The address of a Milvus that runs as long as the tests, on loopback."""
    from milvus import MilvusServer  # noqa: PLC0415 - in the environment of `make milvus` alone

    folder = tempfile.mkdtemp(prefix="jianfu-milvus-")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = MilvusServer()
    server.set_base_dir(folder)
    server.listen_port = port
    server.start()
    try:
        yield f"milvus://127.0.0.1:{server.listen_port}"
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
