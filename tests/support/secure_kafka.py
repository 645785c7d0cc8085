"""A broker with a second listener that asks who is there, Kafka's own authorizer, and the console command that keeps its ACLs."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka import install
from deploy.kafka.broker import KafkaBroker
from deploy.kafka.probe import HOST
from deploy.kafka.rights import OPERATOR, RIGHTS
from tests.support.kafka import install_or_skip
from tests.support.ports import free_port

TOOLS = Path(__file__).with_name("kafka_tools") / "pom.xml"
SERVICES: Sequence[str] = (*RIGHTS, OPERATOR)
USERS: Mapping[str, str] = {
    "partner": "partner-secret",
    "stranger": "stranger-secret",
    **{f"star-{name}": f"{name}-secret" for name in SERVICES},
}

_SECURITY = """
sasl.enabled.mechanisms=PLAIN
listener.name.partners.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {users};
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
"""


class SecureBroker(KafkaBroker):
    """A broker on which the engine's listener may do anything, and the partners' what the ACLs say."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.partners = f"{HOST}:{free_port()}"

    def _configure(self, data: Path) -> str:
        path = Path(super()._configure(data))
        more = {"listeners=": f",PARTNERS://{self.partners}", "listener.security.protocol.map=": ",PARTNERS:SASL_PLAINTEXT"}
        lines = [line + next((end for start, end in more.items() if line.startswith(start)), "") for line in path.read_text().splitlines()]
        users = " ".join(f'user_{name}="{word}"' for name, word in USERS.items())
        path.write_text("\n".join(lines) + _SECURITY.format(users=users))
        return str(path)


def kafka_acls(*arguments: str) -> str:
    """Runs `kafka-acls`; answers what it prints."""
    done = subprocess.run(
        [install.java(), "-cp", f"{install.install(TOOLS)}/*", "org.apache.kafka.tools.AclCommand", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def secure_broker(folder: Path) -> Iterator[SecureBroker]:
    """A started broker. Skips the test, or fails it, as `install_or_skip` does."""
    install_or_skip(install.POM, TOOLS)
    broker = SecureBroker(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
