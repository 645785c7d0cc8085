"""The TypeScript client, compiled."""

import shutil
import subprocess
from pathlib import Path

from tests.support.locks import locked
from tests.support.node import node, npm

CLIENT = Path(__file__).parents[2] / "clients" / "typescript"


def built() -> Path:
    """The module of the client, compiled by `tsc --strict` from the sources of now."""
    with locked(CLIENT.parents[1] / ".cache" / "typescript-client.lock"):
        if not (CLIENT / "node_modules").exists():
            subprocess.run([*npm(), "ci", "--silent"], cwd=CLIENT, check=True, timeout=200)
        subprocess.run([*node(), "node_modules/typescript/bin/tsc"], cwd=CLIENT, check=True, timeout=200)
    return CLIENT / "dist" / "index.js"


def can_be_had() -> bool:
    """Whether the machine has npm."""
    return shutil.which("npm") is not None
