"""Sign-in links of a set-up with a key of its own, as whole addresses."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from deploy.embedded.address import last_address
from services.console.identity.links import LinkRole, sign_link
from services.console.settings import ConsoleSettings


def link_address(data: Path, role: LinkRole, schools: Sequence[str], groups: Sequence[str], now: datetime) -> str:
    """The address for a browser: at STAR_CONSOLE_URL, else where the last `star run` on the folder served.

    Raises ValueError for a bad school number or year level.
    """
    base = ConsoleSettings(data=data).console_url or last_address(data)
    return f"{base.rstrip('/')}/console/link/{sign_link(data, role, schools, groups, now)}"
