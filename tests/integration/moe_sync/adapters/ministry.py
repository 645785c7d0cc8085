"""A Ministry behind real TLS that asks for client certificates, and uploads for it."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from starlette.types import ASGIApp

from services.moe_sync.adapters.interface import Parcel
from services.moe_sync.settings import MoeSyncSettings
from tests.support.ports import free_port
from tests.unit.deploy.sandbox_ministry import document, encoded, record


@dataclass(frozen=True)
class Papers:
    """Files of certificates: the authority's, ours with its key, and a stranger's."""

    authority: Path
    ours: Path
    strangers: Path
    server: trustme.LeafCert
    ca: trustme.CA


def papers(folder: Path) -> Papers:
    ca, stranger = trustme.CA(), trustme.CA()
    folder.mkdir(parents=True, exist_ok=True)
    ca.cert_pem.write_to_path(folder / "authority.pem")
    ca.issue_cert("star.test").private_key_and_cert_chain_pem.write_to_path(folder / "ours.pem")
    stranger.issue_cert("star.test").private_key_and_cert_chain_pem.write_to_path(folder / "strangers.pem")
    return Papers(folder / "authority.pem", folder / "ours.pem", folder / "strangers.pem", ca.issue_cert("127.0.0.1"), ca)


@asynccontextmanager
async def over_tls(app: ASGIApp, papers: Papers, folder: Path) -> AsyncIterator[str]:
    """Serves the app to whoever shows a certificate of the authority; answers its base URL."""
    papers.server.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    port = free_port()
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        lifespan="off",
        ssl_certfile=str(folder / "server.pem"),
        ssl_ca_certs=str(papers.authority),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if running.done():
            await running
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await running


def parcel(records: int = 1, key: str = "11c2a6f2-6f1c-5c0e-a6a5-1f3f6a1b2c3d") -> Parcel:
    """An upload of so many records."""
    items = [record(id=f"0e1f7a52-31a1-4a43-9b0e-{number:012x}", student=str(number)) for number in range(records)]
    body = encoded(document(records=items, responses=[]))
    return Parcel(key, body, hashlib.sha256(body).digest(), "0999", "2026-W43", 1)


def settings(url: str, **changes: Any) -> MoeSyncSettings:
    return MoeSyncSettings(**({"ministry_url": f"{url}/ministry", "upload_timeout": "PT20S"} | changes))
