"""A PostgreSQL that takes TLS alone, by Debian's package: the build that the engine brings along has no TLS."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import trustme

from tests.support.ports import free_port
from tests.support.tls_kafka import write_certificate

PACKAGED: Final = Path("/usr/lib/postgresql")
HOST: Final = "127.0.0.1"
USER: Final = "landlord"
PASSWORD: Final = "made/up?word"
QUOTED: Final = "made%2Fup%3Fword"

_CONFIGURATION: Final = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
ssl = on
ssl_cert_file = '{folder}/server.pem'
ssl_key_file = '{folder}/server.pem'
ssl_ca_file = '{folder}/ca.pem'
fsync = off
"""

_WHO_MAY: Final = """
hostssl all by_certificate 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class TlsPostgres:
    """A running server."""

    port: int
    folder: Path
    authority: trustme.CA

    @property
    def ca(self) -> Path:
        """The file of the authority that issued its certificate."""
        return self.folder / "ca.pem"

    def url(self, query: str, user: str = f"{USER}:{QUOTED}") -> str:
        """The server's address with this query."""
        return f"postgresql://{user}@{HOST}:{self.port}/postgres?{query}"


def _programs() -> Path:
    found = sorted(PACKAGED.glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        reason = f"TLS TO POSTGRESQL IS NOT TRIED: there is no server below {PACKAGED} (apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            raise AssertionError(reason)
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    return found[-1]


@contextmanager
def tls_postgres() -> Iterator[TlsPostgres]:
    """A started server. Where there is no package, skips the test loudly, or fails it when CI=true."""
    programs = _programs()
    # A server refuses to run as root, and its user can't enter the folders of pytest.
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="star-tls-pg-"))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    write_certificate(authority, folder / "server.pem", HOST).chmod(0o600)
    word = folder / "password"
    word.write_text(PASSWORD)
    if user is not None:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, *arguments], user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        assert done.returncode == 0, done.stderr.decode()

    data = folder / "data"
    try:
        run("initdb", "-D", str(data), "-U", USER, "-A", "scram-sha-256", f"--pwfile={word}", "--no-sync")
        port = free_port()
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.write(_CONFIGURATION.format(host=HOST, port=port, folder=folder))
        (data / "pg_hba.conf").write_text(_WHO_MAY)
        run("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-w", "start")
        try:
            yield TlsPostgres(port, folder, authority)
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
