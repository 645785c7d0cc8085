"""Against a real SFTP server: its key is pinned, ours lets us in, and the outcome is not known until the receipt is there."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from services.moe_sync.adapters.interface import Answer, Parcel, Received, Refused, Rejected, Unsettled
from services.moe_sync.adapters.opening import open_adapters
from services.moe_sync.adapters.sftp import SftpServer
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.uploads.csv_set import archive_of
from tests.integration.moe_sync.adapters.ministry import parcel
from tests.support.ports import free_port

KEY = "11c2a6f2-6f1c-5c0e-a6a5-1f3f6a1b2c3d"


class Server:
    """An SFTP server on a folder, for one user with one key."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        for name in ("inbox", "outbox"):
            (self.root / name).mkdir(parents=True)
        self.port = free_port()
        self.host_key, self.ours = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
        self.key_file = folder / "key"
        self.ours.write_private_key(str(self.key_file))
        (folder / "authorized_keys").write_bytes(self.ours.export_public_key())
        self._authorized = str(folder / "authorized_keys")
        self.posix_rename = True

    def settings(self, **changes: Any) -> MoeSyncSettings:
        fields = {
            "ministry_sftp_url": f"sftp://star@127.0.0.1:{self.port}",
            "ministry_sftp_key": self.key_file,
            "ministry_sftp_host_key": self.host_key.export_public_key().decode().strip(),
            "upload_timeout": "PT20S",
        }
        return MoeSyncSettings(**(fields | changes))

    async def start(self) -> asyncssh.SSHAcceptor:
        server = self

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(server.root))

            def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
                if not server.posix_rename:
                    raise asyncssh.SFTPOpUnsupported("not here")
                return super().posix_rename(oldpath, newpath)

        return await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_host_keys=[self.host_key],
            authorized_client_keys=self._authorized,
            sftp_factory=Files,
        )

    def inbox(self) -> list[str]:
        return sorted(path.name for path in (self.root / "inbox").iterdir())

    def answer(self, name: str, content: Any) -> None:
        (self.root / "outbox" / f"{KEY}.{name}.json").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    acceptor = await server.start()
    yield server
    acceptor.close()
    await acceptor.wait_closed()


async def sent(settings: MoeSyncSettings, what: Parcel | None = None) -> Answer:
    async with open_adapters(settings, archive_of) as adapters:
        return await adapters["sftp"].send(what or parcel())


WAITS = Unsettled("awaiting-receipt", "delivered; the receipt is not there yet", None, None, True)


async def test_a_document_is_put_there_whole_and_its_receipt_awaited(server: Server) -> None:
    assert await sent(server.settings()) == WAITS
    assert server.inbox() == [f"{KEY}.json"]
    assert (server.root / "inbox" / f"{KEY}.json").read_bytes() == parcel().body
    # Collected meanwhile: it is not put there again, only the answer is looked for.
    (server.root / "inbox" / f"{KEY}.json").unlink()
    delivered = Parcel(KEY, parcel().body, parcel().digest, "0999", "2026-W43", 1, delivered=True)
    assert await sent(server.settings(), delivered) == WAITS
    assert server.inbox() == []
    server.answer("receipt", {"receipt": "M-17", "status": "partly-accepted", "rejects": [{"item": "a", "reason": "b"}]})
    assert await sent(server.settings(), delivered) == Received("M-17", "partly-accepted", (Rejected("a", "b"),))


async def test_what_an_attempt_before_left_is_no_hindrance(server: Server) -> None:
    (server.root / "inbox" / f"{KEY}.json.part").write_bytes(b"half a doc")
    (server.root / "inbox" / f"{KEY}.json").write_bytes(parcel().body)
    assert await sent(server.settings()) == WAITS
    server.posix_rename = False
    assert await sent(server.settings()) == WAITS
    assert server.inbox() == [f"{KEY}.json"]
    assert (server.root / "inbox" / f"{KEY}.json").read_bytes() == parcel().body


async def test_refusals_and_receipts_that_cant_be_read(server: Server) -> None:
    server.answer("receipt", b'{"receipt": "M-')
    unreadable = await sent(server.settings())
    assert isinstance(unreadable, Unsettled)
    assert (unreadable.code, unreadable.delivered) == ("unreadable-answer", True)
    (server.root / "outbox" / f"{KEY}.receipt.json").unlink()
    server.answer("refusal", {"title": "Unknown school"})
    assert await sent(server.settings()) == Refused("sftp-refusal", "the Ministry's end refused it: Unknown school")


async def test_nobody_else_is_believed_and_nobody_else_let_in(server: Server, tmp_path: Path) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    stranger.write_private_key(str(tmp_path / "strangers"))
    public = stranger.export_public_key().decode().strip()
    codes = []
    for wrong in ({"ministry_sftp_host_key": public}, {"ministry_sftp_key": tmp_path / "strangers"}):
        answer = await sent(server.settings(**wrong))
        assert isinstance(answer, Unsettled)
        codes.append((answer.code, answer.arrived))
    assert codes == [("host-key", False), ("permission", False)]
    assert server.inbox() == []
    away = await sent(server.settings(ministry_sftp_url="sftp://star@127.0.0.1:1"))
    assert isinstance(away, Unsettled)
    assert away.code == "unreachable"


@pytest.mark.parametrize("url", ["sftp://host", "ssh://star@host", "sftp://star:secret@host", "sftp://star@host/folder"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="SFTP address"):
        SftpServer.parse(url, Path("key"), "ssh-ed25519 AAAA", "inbox", "outbox")
