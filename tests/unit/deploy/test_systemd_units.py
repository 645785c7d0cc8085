"""The units of `deploy/systemd`: each part has one, their settings exist, and systemd finds little to say against them."""

import os
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

from deploy.cli.environment import known_variables
from deploy.services import SETTINGS
from services.console.settings import ConsoleSettings
from tests.support.units import FOLDER, environment_file, settings_of

UNITS = sorted(FOLDER.glob("*.service"))
LASTING = [unit for unit in UNITS if unit.name != "star-migrate.service"]
NEEDED = (("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("CapabilityBoundingSet", ""), ("User", "star"), ("UMask", "0077"))


def port_of(kind: str, service: str) -> int:
    (line,) = settings_of(FOLDER / f"star-{kind}@{service}.service.d" / "port.conf")
    assert line[0] == "Environment"
    return int(line[1].removeprefix("PART_PORT="))


def test_each_service_has_a_port_for_its_api_and_its_worker_and_the_console_asks_there() -> None:
    ports = [port_of(kind, service) for kind in ("api", "worker") for service in SETTINGS]
    assert len(set(ports)) == 2 * len(SETTINGS)
    asked = {
        "ingest": ConsoleSettings.model_fields["console_ingest_url"].default,
        "thresholds": ConsoleSettings.model_fields["console_thresholds_url"].default,
        "notifier": ConsoleSettings.model_fields["console_notifier_url"].default,
        "moe-sync": ConsoleSettings.model_fields["console_moe_sync_url"].default,
    }
    assert asked == {service: f"http://127.0.0.1:{port_of('api', service)}" for service in asked}
    assert len(list(FOLDER.glob("*.service.d"))) == 2 * len(SETTINGS)


def test_every_setting_that_is_named_exists() -> None:
    text = "".join(path.read_text() for path in FOLDER.iterdir() if path.is_file())
    assert set(re.findall(r"STAR_[A-Z_]+", text)) - known_variables() == set()
    assert environment_file(FOLDER / "star.env") == {"STAR_HOST": "127.0.0.1", "STAR_PORT": "8000"}


def analyze() -> str:
    """The tool that knows units. Skips the test, or fails it in CI, without it."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        reason = "THE UNITS ARE NOT LOOKED AT: there is no systemd-analyze (apt-get install systemd)"
        if os.environ.get("CI") == "true":
            raise AssertionError(reason)
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    return tool


def verified(folder: Path, *units: str) -> list[str]:
    """The faults that systemd finds in units of a folder, beside those of this machine."""
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}
    words = [analyze(), "verify", "--man=no", *(str(folder / unit) for unit in units)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if "star" in line.partition(":")[0]]


def test_systemd_finds_no_fault_in_any_unit(tmp_path: Path) -> None:
    folder = tmp_path / "units"
    shutil.copytree(FOLDER, folder)
    for unit in folder.glob("*.service"):
        # The programs are not installed on this machine.
        unit.write_text(unit.read_text().replace("ExecStart=/opt/star/current/bin/star", "ExecStart=/bin/true"))
    parts = [f"star-{kind}@{service}.service" for kind in ("api", "worker") for service in SETTINGS]
    assert verified(folder, "star.service", "star.target", "star-migrate.service", *parts) == []
    faulty = folder / "star.service"
    faulty.write_text(faulty.read_text().replace("WatchdogSec=60", "WatchdogSec=often").replace("NoNewPrivileges", "NoNewPrivilege"))
    assert len(verified(folder, "star.service")) == 2


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_walled_in(unit: Path) -> None:
    lines = settings_of(unit)
    assert [line for line in NEEDED if line not in lines] == []
    # Exposure in tenths, from 0 to 100: 12 is "OK", as the network and a user of its own leave it.
    words = [analyze(), "security", "--offline=true", "--threshold=12", unit]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr


@pytest.mark.parametrize("unit", LASTING, ids=lambda unit: unit.name)
def test_one_that_hangs_is_started_again_and_leaves_no_dump(unit: Path) -> None:
    lines = settings_of(unit)
    for line in (("Type", "notify"), ("WatchdogSec", "60"), ("Restart", "always"), ("LimitCORE", "0")):
        assert line in lines
