"""Generated pages say what the code says."""

from pathlib import Path

from deploy.reference import events
from deploy.reference.settings import PAGE, page

ROOT = Path(__file__).parents[3]


def test_the_page_of_settings_is_what_make_reference_writes() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()


def test_the_documents_of_the_events_are_what_make_reference_writes() -> None:
    texts = events.documents()
    assert {path: (ROOT / path).read_bytes() for path in texts} == texts
    kept = {path.relative_to(ROOT) for path in (ROOT / events.FOLDER / "schemas").glob("*.json")}
    assert kept == {path for path in texts if path.parent.name == "schemas"}


def test_every_setting_has_a_meaning() -> None:
    without = [line for line in page().splitlines() if line.startswith("| `STAR_") and line.endswith("|  |")]
    assert without == []
