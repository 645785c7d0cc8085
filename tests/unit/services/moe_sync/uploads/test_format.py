"""The published schema: it takes every document of ours, and none that is wrong."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from deploy.sandbox.ministry_document import checksum_of as independent_checksum
from deploy.sandbox.ministry_document import read_upload
from services.moe_sync.uploads.document import Document, encode_document
from services.moe_sync.uploads.format import schema_bytes
from tests.unit.deploy.sandbox_ministry import document, record, response
from tests.unit.services.moe_sync.uploads.documents import documents

REPOSITORY = Path(__file__).parents[5]
SCHEMA = json.loads(schema_bytes())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_schema_is_one_and_is_published_as_it_is_packaged() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert (REPOSITORY / "docs" / "reference" / "upload.schema.json").read_bytes() == schema_bytes()


@given(documents())
@settings(max_examples=300)
def test_every_document_of_ours_is_valid(made: Document) -> None:
    said = json.loads(encode_document(made))
    VALIDATOR.validate(said)
    assert independent_checksum(said) == made.checksum
    read_upload(encode_document(made))


@pytest.mark.parametrize(
    "wrong",
    [
        document(version="1.0"),
        document(school="189"),
        document(number=0),
        document(created_at="2026-10-23 18:00"),
        document(names=[]),
        document(records=[record(name="Testgiven")]),
        document(records=[record(days_absent=5.2)]),
        document(records=[record(student=" 1")]),
        document(records=[record(threshold=6)]),
        document(records=[record(change="withdrawn", status="open")]),
        document(records=[record(change="amended", status="withdrawn")]),
        document(records=[record(threshold=None)]),
        document(records=[record(nsn="123")]),
        document(records=[record(nsn=123)]),
        document(responses=[response(activity="Not A Code")]),
        document(responses=[response(note="x")]),
        document(checksum="sha-1:00"),
        {},
        [],
    ],
)
def test_what_is_wrong_is_not_valid(wrong: Any) -> None:
    assert not VALIDATOR.is_valid(wrong)


def test_the_example_in_the_reference_is_valid_and_its_checksum_true() -> None:
    page = (REPOSITORY / "docs" / "reference" / "ministry-upload.md").read_text()
    example = page.split("```json\n")[1].split("```")[0]
    read_upload(example.encode())


def test_the_command_that_anybody_can_check_a_document_with(tmp_path: Path) -> None:
    # As the reference says it: jsonschema's own command line would do the same.
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(document()))
    bad.write_text(json.dumps(document(school="1")))
    script = (
        "import json, sys, jsonschema; jsonschema.Draft202012Validator(json.load(open(sys.argv[1]))).validate(json.load(open(sys.argv[2])))"
    )
    schema = REPOSITORY / "docs" / "reference" / "upload.schema.json"
    codes = [
        subprocess.run([sys.executable, "-c", script, schema, file], capture_output=True, check=False).returncode for file in (good, bad)
    ]
    assert codes == [0, 1]
