"""The page on the architecture names paths that exist, and draws the floors that the import linter holds."""

import re
import tomllib

from tests.support.pages import code_blocks
from tests.unit.docs.prose import ROOT

PAGE = "explanation/architecture.md"
SERVICES = ("ingest", "thresholds", "notifier", "moe_sync", "console")


def page() -> str:
    return (ROOT / "docs" / PAGE).read_text(encoding="utf-8")


def contracts() -> dict[str, list[str]]:
    """The floors of each service from the top down, as the import linter knows them."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layered = [contract for contract in config["tool"]["importlinter"]["contracts"] if "containers" in contract]
    return {contract["containers"][0].removeprefix("services."): contract["layers"] for contract in layered}


def drawn() -> dict[str, list[str]]:
    """The floors of each service from the top down, as the page draws them."""
    (picture,) = code_blocks(PAGE, "floors")
    rows = [[cell.strip() for cell in line.split("│")[1::2]] for line in picture.splitlines() if line.startswith("│")]
    return {
        service: [floor.replace(" · ", " | ") for floor in floors if floor]
        for service, floors in zip(SERVICES, zip(*rows, strict=True), strict=True)
    }


def test_every_path_that_the_page_names_exists() -> None:
    paths = re.findall(r"`((?:services|shared|deploy|tests)/[\w/.]+)`", page())
    assert len(paths) > 50
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_function_that_the_page_names_stands_in_its_file() -> None:
    for path, names in re.findall(r"`(services/[\w/]+\.py)`: ((?:`\w+`(?:, | and )?)+)", page()):
        source = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)`", names):
            assert f"def {name}(" in source, (path, name)


def test_the_picture_shows_the_floors_of_the_import_linter() -> None:
    assert drawn() == contracts()


def test_every_room_has_its_line() -> None:
    packages = [ROOT / "services" / service for service in SERVICES] + [ROOT / "shared"]
    rooms = {str(path.parent.relative_to(ROOT)) for package in packages for path in package.glob("*/__init__.py")}
    assert set(re.findall(r"^\| `([\w/]+)` \|", page(), flags=re.MULTILINE)) == rooms
