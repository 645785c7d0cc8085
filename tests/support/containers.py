"""A container's command as a process of this machine, with the image's and the container's environment and no other.

Only addresses are changed: hosts to those of this machine, the port to a free one, the volume and the secrets to folders.
"""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.services import SETTINGS
from tests.support.dumps import BIN
from tests.support.ports import free_port
from tests.support.processes import STAR, START_TIMEOUT, Process

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
PART_PORT: Final = 8000


def image_environment() -> dict[str, str]:
    """The variables that the image sets."""
    (block,) = re.findall(r"^ENV ((?:.*\\\n)*.*)$", (DEPLOY / "image" / "Containerfile").read_text(), re.MULTILINE)
    return dict(pair.split("=", 1) for pair in block.replace("\\\n", " ").split())


@dataclass
class Machine:
    """Where the containers' addresses are here: `hosts` by `name:port`, `data` for the volume, `secrets` for their files."""

    folder: Path
    secrets: Path
    hosts: dict[str, str]
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The volume that all share."""
        return self.folder / "volume"

    def lay_out(self, names: Sequence[str]) -> None:
        """Gives each container that serves a port of its own."""
        self.ports = {name: free_port() for name in names}
        self.hosts |= {f"{name}:{PART_PORT}": f"127.0.0.1:{port}" for name, port in self.ports.items()}
        self.data.mkdir(mode=0o700, exist_ok=True)

    def here(self, value: str) -> str:
        """A value of a container, with this machine's addresses."""
        for address, own in self.hosts.items():
            value = re.sub(rf"(?<![\w-]){re.escape(address)}\b", own, value)
        return re.sub(r"^/run/secrets/(?:.*/)?", f"{self.secrets}/", value)


class Container(Process):
    """A container of a name, with its command and environment, and this machine's `more`."""

    def __init__(
        self, machine: Machine, name: str, command: Sequence[str], environment: Mapping[str, object], more: Mapping[str, str]
    ) -> None:
        port = machine.ports.get(name, PART_PORT)
        own = {key: machine.here(str(value)) for key, value in environment.items()}
        super().__init__(
            command, environment={}, output=machine.folder / f"{name}.log", health=f"http://127.0.0.1:{port}/healthz", tree=DEPLOY.parent
        )
        place = {"STAR_PORT": str(port), "STAR_DATA": str(machine.data), "HOME": str(machine.data), "TMPDIR": str(machine.folder)}
        self._environment = image_environment() | own | place | more

    def finish(self, *words: str) -> str:
        """Another command in the container, or its own, to its end; answers what it printed. Raises AssertionError."""
        done = subprocess.run(
            [*STAR, *(words or self.arguments)],
            env=self._environment,
            cwd=DEPLOY.parent,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout


def draw_secrets(folder: Path, database_folder: Path, query: str) -> Path:
    """The secrets of `compose.yaml`, drawn by its script, and its database, made by its script in the server of the folder.

    `query` is that of the server's URL, which says where its socket is.
    """
    secrets = folder / "secrets"
    subprocess.run([DEPLOY / "compose" / "secrets.sh", secrets], check=True, capture_output=True)
    environment = {
        **os.environ,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PGHOST": str(database_folder),
        "OWNER_PASSWORD_FILE": str(secrets / "owner-password"),
        "POSTGRES_USER": "postgres",
    }
    done = subprocess.run([DEPLOY / "compose" / "database.sh"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("owner", *SETTINGS):
        file = secrets / f"{name}-database-url"
        file.chmod(0o600)
        file.write_text(file.read_text().replace("@database/star", f"@/star?{query}"))
    return secrets
