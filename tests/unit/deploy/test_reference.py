"""Generated pages say what the code says."""

from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from deploy.reference import chart, events, kept, logs, metrics, problems, tables
from deploy.reference.log_meanings import MEANINGS
from deploy.reference.setting_examples import EXAMPLES, READERS, UNITS
from deploy.reference.settings import PAGE, SAMPLE, SECTIONS, example, fields, page, sample, takes
from services.ingest.settings import IngestSettings
from shared.settings import Settings

ROOT = Path(__file__).parents[3]


def test_the_page_of_settings_is_what_make_reference_writes() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()


def test_the_readme_of_the_chart_is_what_make_reference_writes() -> None:
    assert (ROOT / chart.PAGE).read_text(encoding="utf-8") == chart.page()


def test_the_dictionary_of_the_flat_tables_is_what_make_reference_writes() -> None:
    assert (ROOT / tables.PAGE).read_text(encoding="utf-8") == tables.page()


def test_the_documents_of_the_events_are_what_make_reference_writes() -> None:
    texts = events.documents()
    assert {path: (ROOT / path).read_bytes() for path in texts} == texts
    kept = {path.relative_to(ROOT) for path in (ROOT / events.FOLDER / "schemas").glob("*.json")}
    assert kept == {path for path in texts if path.parent.name == "schemas"}


def test_the_catalogue_of_the_log_is_what_make_reference_writes() -> None:
    assert (ROOT / logs.PAGE).read_text(encoding="utf-8") == logs.page()


def test_every_line_of_the_log_has_a_name_and_a_meaning_and_no_field_for_what_a_person_is_called() -> None:
    found = logs.found()
    assert found.keys() == MEANINGS.keys()
    fields = {field for line in found.values() for field in line.fields}
    assert "school" in fields
    assert fields & {"name", "email", "phone", "address_text", "recipient", "nsn", "student", "given_name", "family_name", "note"} == set()


def test_the_page_of_problems_is_what_make_reference_writes() -> None:
    assert (ROOT / problems.PAGE).read_text(encoding="utf-8") == problems.page()


def test_the_catalogue_of_metrics_is_what_make_reference_writes() -> None:
    assert (ROOT / metrics.PAGE).read_text(encoding="utf-8") == metrics.page()


def test_every_metric_is_in_the_catalogue() -> None:
    ours = {family.name for family in REGISTRY.collect() if family.name.startswith("star_")}
    assert ours == {name.removesuffix("_total").removesuffix("_info") for name, _, _, _ in metrics.catalogue()}
    assert "star_consumer_lag_seconds" in ours


def test_every_setting_has_a_meaning() -> None:
    without = [line for line in page().splitlines() if line.startswith("| `STAR_") and line.endswith("|  |")]
    assert without == []


def test_the_sample_of_a_configuration_file_is_what_make_reference_writes() -> None:
    assert (ROOT / SAMPLE).read_text(encoding="utf-8") == sample()


def test_every_number_and_duration_has_bounds_and_every_number_a_unit() -> None:
    kinds = {name: takes(name, field) for _, settings, skip in SECTIONS for name, field in fields(settings, skip)}
    counted = {name: text.split() for name, text in kinds.items() if text.startswith(("number", "duration"))}
    assert {name for name, words in counted.items() if words[2:3] != ["to"] and words[3:4] != ["to"]} == set()
    assert {name for name, words in counted.items() if words[0] == "number"} == set(UNITS)
    assert (kinds["clock_skew"], kinds["kafka_partitions"]) == ("duration PT0S to P1D", "number 1 to 1,000 partitions")
    assert kinds["bus"] == "one of `embedded`, `kafka`"


def test_every_setting_has_an_example_that_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(READERS) == set(Settings.model_fields)
    lines = []
    for line in sample().splitlines():
        name, _, value = line.removeprefix("# ").partition(" = ")
        if name in EXAMPLES and value.startswith('"/'):
            (tmp_path / "file").touch()
            value = f'"{tmp_path / "file"}"'
        # Two that exclude each other, and one that nobody should copy.
        if value and name not in {"kafka_password_file", "secrets_key"}:
            lines.append(f"{name} = {value}")
    (tmp_path / "star.toml").write_text("\n".join(lines))
    monkeypatch.setenv("STAR_CONFIG", str(tmp_path / "star.toml"))
    for _, settings, skip in SECTIONS:
        read = settings()
        for name, field in fields(settings, skip):
            assert example(name, field) or field.get_default(call_default_factory=True) in ("", None), name
            assert name in read.model_fields_set or name in {"kafka_password_file", "secrets_key"}, name


def test_the_page_on_what_is_kept_is_what_make_reference_writes() -> None:
    assert (ROOT / kept.PAGE).read_text(encoding="utf-8") == kept.page()


def test_the_privacy_statement_of_kamars_door_agrees_with_what_is_kept() -> None:
    times = {table: kept.in_words(rule.keep_for) for own in kept.rules().values() for rule in own for table in rule.tables}
    assert (times["register"], times["star_records"]) == ("7 years", "7 years")
    statement = IngestSettings().kamar_privacy_statement
    assert "attendance and the school's records of it are kept seven years" in statement
    assert f"pastoral entries are deleted after {times['kamar_pastoral']}" in statement
    assert "Names and contacts are deleted when a student leaves" in statement
    for table in ("notifier.contacts", "thresholds.students"):
        assert "until the student is taken off" in (kept.reason_for(table) or "")


def test_a_time_is_said_in_whole_years_or_in_days() -> None:
    days = {2557: "7 years", 2562: "7 years", 400: "400 days", 90: "90 days", 366: "366 days", 1: "1 day", 0: "at once", 3650: "10 years"}
    assert {number: kept.in_words(timedelta(days=number)) for number in days} == days
