"""Uploads over SFTP: a file in the Ministry's inbox, and the receipt from its outbox. Until that is there, the outcome is not known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import asyncssh

from services.moe_sync.adapters.interface import Answer, Parcel, Refused, Unsettled
from services.moe_sync.adapters.reading import problem_in, receipt_in

DEFAULT_PORT: Final = 22
MOST_RECEIPT: Final = 8 * 1024 * 1024
CONNECT_TIMEOUT: Final = 10


@dataclass(frozen=True, slots=True)
class SftpServer:
    """The Ministry's SFTP server, and our name and key there. `host_key` is its only key that is believed (`ssh-ed25519 AAAA...`)."""

    host: str
    port: int
    user: str
    key: Path
    host_key: str
    inbox: str = "inbox"
    outbox: str = "outbox"

    @classmethod
    def parse(cls, url: str, key: Path, host_key: str, inbox: str, outbox: str) -> "SftpServer":
        """Reads `sftp://user@host:port`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme != "sftp" or not parts.hostname or not parts.username or parts.password or parts.path.strip("/"):
            raise ValueError("the SFTP address is written like sftp://user@host:22, without a password or path")
        asyncssh.import_public_key(host_key)
        return cls(parts.hostname, parts.port or DEFAULT_PORT, unquote(parts.username), key, host_key, inbox, outbox)


@dataclass(frozen=True, slots=True)
class SftpAdapter:
    """Puts `<inbox>/<key>.json` there, and looks for `<outbox>/<key>.receipt.json` or, refused, `<outbox>/<key>.refusal.json`."""

    server: SftpServer
    timeout: timedelta

    async def send(self, parcel: Parcel) -> Answer:
        """Looks for the answer first, and puts the document there unless it is on its way already."""
        try:
            async with asyncio.timeout(self.timeout.total_seconds()), connected(self.server) as sftp:
                answer = await self._answer(sftp, parcel)
                if answer is not None:
                    return answer
                if not parcel.delivered:
                    await self._put(sftp, parcel)
        except TimeoutError:
            return Unsettled("timeout", "the Ministry's SFTP server did not answer in time")
        except asyncssh.HostKeyNotVerifiable:
            return Unsettled("host-key", "the Ministry's SFTP server showed another key than the one that is believed", arrived=False)
        except asyncssh.PermissionDenied:
            return Unsettled("permission", "the Ministry's SFTP server does not let us in", arrived=False)
        except (OSError, asyncssh.Error) as error:
            # A broken connection may leave a part of a file, but never under the name that is collected.
            return Unsettled("unreachable", f"the Ministry's SFTP server could not be used ({type(error).__name__})")
        return Unsettled("awaiting-receipt", "delivered; the receipt is not there yet", delivered=True)

    async def _answer(self, sftp: asyncssh.SFTPClient, parcel: Parcel) -> Answer | None:
        receipt = await _read(sftp, f"{self.server.outbox}/{parcel.key}.receipt.json")
        if receipt is not None:
            # One that is still being written can be read next time.
            return receipt_in(receipt) or Unsettled("unreadable-answer", "the receipt in the outbox can't be read", delivered=True)
        refusal = await _read(sftp, f"{self.server.outbox}/{parcel.key}.refusal.json")
        if refusal is not None:
            return Refused("sftp-refusal", problem_in(refusal, "the Ministry's end refused it"))
        return None

    async def _put(self, sftp: asyncssh.SFTPClient, parcel: Parcel) -> None:
        final = f"{self.server.inbox}/{parcel.key}.json"
        unfinished = f"{final}.part"
        async with sftp.open(unfinished, "wb") as file:
            await file.write(parcel.body)
        # Over a whole one of the same name, which an attempt before may have left: it has the same bytes.
        try:
            await sftp.posix_rename(unfinished, final)
        except asyncssh.SFTPOpUnsupported:
            if await sftp.exists(final):
                await sftp.remove(final)
            await sftp.rename(unfinished, final)


@asynccontextmanager
async def connected(server: SftpServer) -> AsyncIterator[asyncssh.SFTPClient]:
    """A session at the server. Raises OSError, asyncssh.Error."""
    async with (
        asyncssh.connect(
            server.host,
            server.port,
            username=server.user,
            client_keys=[str(server.key)],
            known_hosts=([asyncssh.import_public_key(server.host_key)], [], []),
            # Nothing of the person who runs this: no agent, no configuration, no other ways in.
            agent_path=None,
            config=None,
            preferred_auth=["publickey"],
            connect_timeout=CONNECT_TIMEOUT,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):
        yield sftp


async def _read(sftp: asyncssh.SFTPClient, path: str) -> bytes | None:
    try:
        async with sftp.open(path, "rb") as file:
            content: bytes = await file.read(MOST_RECEIPT)
            return content
    except asyncssh.SFTPNoSuchFile:
        return None
