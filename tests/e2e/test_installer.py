"""The installer from nothing to nothing below a root folder: real wheels, each unit's command as its user and with its settings.

There is no systemd to talk to, so the tests start, restart and stop the units, in the installer's order.
"""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest

from shared.version import VERSION
from tests.e2e.school import School, eventually, eventually_holds
from tests.support.installed import DATA, ETC, InstalledParts, InstalledProcess, Root, scratch_root
from tests.support.ports import free_port
from tests.support.releases import LAST, PROJECT, unpack_last
from tests.support.stack import ENVIRONMENT, guarded_cluster, started
from tests.support.units import id_of, owner_of
from tests.support.wheels import wheels_of

pytestmark = pytest.mark.timeout(2400)

NEXT = f"{VERSION}.post1"


@pytest.fixture
def root() -> Iterator[Root]:
    """An empty root folder."""
    with scratch_root() as made:
        yield made


@pytest.fixture(scope="module")
def these(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of this tree."""
    return wheels_of(PROJECT, tmp_path_factory.mktemp("these") / "wheels")


def wheels_of_next(folder: Path) -> Path:
    """The wheels of this tree under the number of a release after it."""
    files = subprocess.run(["git", "ls-files", "-z", "--cached"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in files.rstrip("\0").split("\0"):
        if not name.startswith(("tests/", "docs/")) and (PROJECT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((PROJECT / name).read_bytes())
    project = folder / "pyproject.toml"
    project.write_text(project.read_text().replace(f'version = "{VERSION}"', f'version = "{NEXT}"', 1))
    return wheels_of(folder, folder.with_name(f"{folder.name}-wheels"))


def version_of(health: str) -> str:
    return str(httpx.get(health).raise_for_status().json()["version"])


def assert_ready(health: str) -> None:
    assert httpx.get(health.replace("healthz", "readyz")).status_code == 200


@pytest.mark.undocumented("some of the answers are the last release's")
def test_one_process_is_installed_upgraded_taken_back_and_removed(root: Root, these: Path, tmp_path: Path) -> None:
    last = wheels_of(unpack_last(tmp_path / "last-release"), tmp_path / "last-wheels")
    assert f"{LAST} is installed\n" in root.installer("install", last)
    assert root.started_with_the_machine == {"star.service"}
    places = {place: owner_of(root.path, root.path / place) for place in (ETC, ETC / "star.env", ETC / "operator.env", DATA, "opt/star")}
    assert places == {
        ETC: "root:star 0750",
        ETC / "star.env": "root:star 0640",
        ETC / "operator.env": "root:root 0600",
        DATA: "star:star 0700",
        "opt/star": "root:root 0755",
    }
    port = free_port()
    root.settings("star.env", {**ENVIRONMENT, "STAR_PORT": str(port)})
    before = InstalledProcess(root, tmp_path, port)
    with started([before.unit]):
        school = School(before, "1000")
        school.enrol(["100"])
        school.absent("100", 8)
        eventually(lambda: school.total("100"), 8)
        mine = (root.path / ETC / "star.env").read_text()
        assert f"{VERSION} is installed, {LAST} was before it\n" in root.installer("install", these)
        assert (root.path / ETC / "star.env").read_text() == mine
        # It runs on from the folder that it was started from.
        school.absent("100", 1, first=8)
        eventually(lambda: school.total("100"), 9)
    assert root.current == VERSION
    after = InstalledProcess(root, tmp_path, port)
    with started([after.unit]):
        after.unit.hear("READY=1")
        after.unit.hear("WATCHDOG=1")
        assert version_of(after.unit.health) == VERSION
        assert school.total("100") == 9
        # The manager's word to one that hangs; the log has where it stood.
        assert after.unit.abort() == -signal.SIGABRT
        assert "most recent call first" in after.unit.output.read_text()
        after.unit.start()
        assert school.total("100") == 9
    after.unit.run("migrate", "--back-to", LAST)
    root.installer("switch", LAST)
    with started([InstalledProcess(root, tmp_path, port).unit]):
        school.absent("100", 1, first=9)
        eventually(lambda: school.crossings("100"), [("100", 5, "up", 1)])
        eventually(lambda: len(school.letters("100")), 1)

    assert "settings and data are kept" in root.installer("remove")
    assert remains(root) == ["etc/star", "var/lib/star"]
    assert root.started_with_the_machine == set()
    root.installer("install", these)
    assert (root.path / ETC / "star.env").read_text() == mine
    with started([InstalledProcess(root, tmp_path, port).unit]):
        assert school.total("100") == 10
        assert len(school.letters("100")) == 1
    root.installer("remove", "--purge")
    assert remains(root) == []
    with pytest.raises(StopIteration):
        id_of(root.path, "passwd", "star")


@pytest.mark.kafka
def test_each_part_serves_as_its_unit_says_through_an_upgrade_and_back(root: Root, these: Path, tmp_path: Path) -> None:
    root.installer("install", "--parts", these)
    with guarded_cluster(tmp_path) as neighbours:
        parts = InstalledParts(root, neighbours)
        units = parts.read_units()
        assert root.started_with_the_machine == {"star.target", *(unit.output.name.removesuffix(".log") for unit in units)}
        parts.migrate()
        with started([parts.sandbox_process]), ExitStack() as running:
            running.enter_context(started(units))
            for unit in units:
                unit.hear("READY=1")
                unit.hear("WATCHDOG=1")
                assert version_of(unit.health) == VERSION
                eventually_holds(partial(assert_ready, unit.health))
            school = School(parts, "1000")
            school.enrol(["100"])
            school.absent("100", 9)
            eventually(lambda: school.total("100"), 9)

            root.installer("install", wheels_of_next(tmp_path / "next"))
            parts.migrate()
            posted = 9
            for old, new in zip(units, parts.read_units(), strict=True):
                assert old.stop() == 0
                running.enter_context(started([new]))
                new.hear("READY=1")
                assert version_of(new.health) == NEXT
                school.absent("100", 1, first=posted)
                posted += 1
            eventually(lambda: school.total("100"), posted)
            eventually(lambda: school.crossings("100"), [("100", 5, "up", 1)])
            eventually(lambda: len(school.letters("100")), 1)

            running.close()
            root.installer("switch", VERSION)
            units = parts.read_units()
            with started(units):
                assert {version_of(unit.health) for unit in units} == {VERSION}
                school.absent("100", 1, first=posted)
                eventually(lambda: school.total("100"), posted + 1)
                eventually(lambda: school.crossings("100"), [("100", 5, "up", 1), ("100", 10, "up", 1)])
                eventually(lambda: len(school.letters("100")), 2)
    root.installer("remove", "--purge")
    assert remains(root) == []


def remains(root: Root) -> list[str]:
    """The engine's folders and files that are still there."""
    places = ("opt/star", "etc/star", "var/lib/star", "usr/local/bin/star")
    units = (root.path / "usr/local/lib/systemd/system").glob("star*")
    return [place for place in places if (root.path / place).exists()] + [unit.name for unit in units]
