"""Generated pages say what the code says."""

from pathlib import Path

from deploy.reference.settings import PAGE, page

ROOT = Path(__file__).parents[3]


def test_the_page_of_settings_is_what_make_reference_writes() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()


def test_every_setting_has_a_meaning() -> None:
    without = [line for line in page().splitlines() if line.startswith("| `STAR_") and line.endswith("|  |")]
    assert without == []
