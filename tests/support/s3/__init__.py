"""An S3 server: S3Proxy, which keeps objects in a folder and checks signatures as the original does."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from deploy.kafka import install
from tests.support.kafka import install_or_skip
from tests.support.ports import free_port

POM: Final = Path(__file__).with_name("pom.xml")
START_TIMEOUT: Final = 120.0
KEY: Final = "made-up-key"
SECRET: Final = "made-up-secret"


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server with a bucket; `objects` is the folder that it keeps them in."""

    bucket: str
    objects: Path
    environment: dict[str, str]


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Runs one. Skips the test, or fails it in CI, without Java and Maven."""
    install_or_skip(POM)
    port = free_port()
    bucket = folder / "objects" / "kept"
    bucket.mkdir(parents=True)
    settings = {
        "s3proxy.endpoint": f"http://127.0.0.1:{port}",
        "s3proxy.authorization": "aws-v2-or-v4",
        "s3proxy.identity": KEY,
        "s3proxy.credential": SECRET,
        "jclouds.provider": "filesystem",
        "jclouds.filesystem.basedir": str(bucket.parent),
    }
    properties = folder / "s3proxy.properties"
    properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    environment = {
        "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
    }
    command = [install.java(), "-Xmx256m", "-cp", f"{install.libraries(POM)}/*", "org.gaul.s3proxy.Main", "--properties", str(properties)]
    with (folder / "s3proxy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(folder)})
    try:
        _await(process, port, folder / "s3proxy.log")
        yield S3Server(bucket.name, bucket, environment)
    finally:
        process.terminate()
        process.wait(20)


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the S3 server did not start:\n{log.read_text()[-3000:]}")
