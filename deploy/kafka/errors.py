"""The errors of a broker. Each message names the fix."""

from pathlib import Path


class BrokerError(Exception):
    """A broker can't be had, started or stopped."""


class ToolMissingError(BrokerError):
    """Java or Maven is missing or too old."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}. Kafka needs a Java runtime (JRE) 17 or newer and Maven: install them"
            " (on Debian: apt-get install default-jre-headless maven), then try again."
        )


class InstallFailedError(BrokerError):
    """Maven could not fetch the jars."""

    def __init__(self, output: str) -> None:
        super().__init__(
            "Maven could not fetch Kafka's jars. Check the network and Maven's settings.xml (proxy, mirror), then try again;"
            f" what has arrived is kept.\n{output}"
        )


class PortTakenError(BrokerError):
    """Another process listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is taken by another process. Stop that one, or choose another port (--port).")


class StartFailedError(BrokerError):
    """The broker ended, or did not answer in time, while starting."""

    def __init__(self, reason: str, log: Path, excerpt: str) -> None:
        super().__init__(f"Kafka {reason}. Its log is {log}:\n{excerpt}")


class StopFailedError(BrokerError):
    """The broker outlived SIGKILL, which only a stuck disk explains."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"Kafka (pid {pid}) did not end. Look at the disk it writes to, then stop it again.")
