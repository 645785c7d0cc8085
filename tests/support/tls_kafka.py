"""A broker with listeners as clusters have them: SASL within TLS, and TLS with certificates on both sides."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from deploy.kafka.broker import KafkaBroker
from deploy.kafka.probe import HOST
from tests.support.kafka import install_or_skip
from tests.support.ports import free_port

USER: Final = "star"
PASSWORD: Final = "a made-up word with blanks"
NEXT_USER: Final = "star-next"
NEXT_PASSWORD: Final = "another made-up word"

_LISTENERS: Final = """
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
listener.name.mutual.ssl.client.auth=required
listener.name.within.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.within.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.within.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
"""


def write_certificate(authority: trustme.CA, path: Path, *identities: str, common_name: str | None = None) -> Path:
    """A file with a certificate, its chain and its key, as Kafka and Python read it."""
    certificate = authority.issue_cert(*identities, common_name=common_name)
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain)
    return path


class TlsBroker(KafkaBroker):
    """`bootstrap` stays open to this machine; `within` asks for a user within TLS, `mutual` for a certificate."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.within, self.mutual = f"{HOST}:{free_port()}", f"{HOST}:{free_port()}"
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca))
        self._keystore = write_certificate(self.authority, folder / "broker.pem", HOST)

    def _configure(self, data: Path) -> str:
        path = Path(super()._configure(data))
        more = {
            "listeners=": f",WITHIN://{self.within},MUTUAL://{self.mutual}",
            "listener.security.protocol.map=": ",WITHIN:SASL_SSL,MUTUAL:SSL",
        }
        lines = [line + next((end for start, end in more.items() if line.startswith(start)), "") for line in path.read_text().splitlines()]
        path.write_text("\n".join(lines) + _LISTENERS.format(keystore=self._keystore, ca=self.ca, user=USER, password=PASSWORD))
        return str(path)

    def _java(self, libraries: Path, *arguments: str) -> list[str]:
        accounts = ((USER, PASSWORD), (NEXT_USER, NEXT_PASSWORD)) if "format" in arguments else ()
        users = [word for name, secret in accounts for word in ("--add-scram", f'SCRAM-SHA-512=[name={name},password="{secret}"]')]
        return super()._java(libraries, *arguments, *users)


@contextmanager
def tls_broker(folder: Path) -> Iterator[TlsBroker]:
    """A started broker. Skips the test, or fails it, as `install_or_skip` does."""
    install_or_skip()
    broker = TlsBroker(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
