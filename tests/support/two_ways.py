"""A broker with a second listener, which clients reach through a forwarder alone."""

from pathlib import Path

from deploy.kafka.broker import KafkaBroker
from tests.support.blackhole import HOST
from tests.support.ports import free_port


class TwoWays(KafkaBroker):
    """`behind` is the second listener's port; its clients are sent to `before`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, free_port())
        self.behind, self.before = free_port(), free_port()

    def _configure(self, data: Path) -> str:
        path = Path(super()._configure(data))
        more = {"listeners=": f",WAY://{HOST}:{self.behind}", "listener.security.protocol.map=": ",WAY:PLAINTEXT"}
        lines = [line + next((end for start, end in more.items() if line.startswith(start)), "") for line in path.read_text().splitlines()]
        lines.append(f"advertised.listeners=BROKER://{self.bootstrap},WAY://{HOST}:{self.before}")
        path.write_text("\n".join(lines) + "\n")
        return str(path)
