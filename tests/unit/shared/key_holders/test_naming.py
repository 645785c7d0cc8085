"""Children in answers get the names by which their school knows them."""

import json
from typing import Any, Final

import pytest

from shared.key_holders.naming import named

FIRST: Final = "040c0cfc-5f92-5688-add7-200868fd6d5c"
SECOND: Final = "fc1e95e7-e8c8-594d-8f2f-48e994ad212b"
NAMES: Final = {FIRST: "12345~1", SECOND: "12345"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"student": "12345", "student_id": FIRST}, {"student": "12345~1", "student_id": FIRST}),
        ({"student_id": SECOND, "student": "12345~2"}, {"student_id": SECOND, "student": "12345"}),
        (
            {"items": [{"records": [{"student": "12345", "student_id": FIRST, "absent_days": 5.0}]}], "next": None},
            {"items": [{"records": [{"student": "12345~1", "student_id": FIRST, "absent_days": 5.0}]}], "next": None},
        ),
        # A student without a key, and an id that is no text.
        ([1, None, {"student": None, "student_id": FIRST}], [1, None, {"student": None, "student_id": FIRST}]),
        (
            [{"student": "12345", "student_id": [FIRST]}, {"student_id": FIRST}],
            [{"student": "12345", "student_id": [FIRST]}, {"student_id": FIRST}],
        ),
    ],
)
def test_the_name_of_a_child_takes_the_place_of_the_key(answer: Any, expected: Any) -> None:
    once = named(json.dumps(answer).encode(), NAMES)
    assert json.loads(once) == expected
    assert json.loads(named(once, NAMES)) == expected


@pytest.mark.parametrize("answer", [b'{"a": 1.0,  "student": "12345"}', b"not json", b"", b'{"student": "12345", "student_id": "unknown"}'])
def test_an_answer_about_none_of_them_stays_as_it_is(answer: bytes) -> None:
    assert named(answer, NAMES) == answer
