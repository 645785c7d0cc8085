"""A student's caregivers in words."""

from services.console.pages.student.family import WHY, CaregiverView, family_of
from services.notifier.letters.schemas.caregivers import CaregiverOut


def test_every_reason_of_the_api_has_words() -> None:
    given = CaregiverOut.model_json_schema()["properties"]["why"]["anyOf"]
    assert {reason for kind in given for reason in kind.get("enum", [kind.get("const")])} - {None} == set(WHY)


def test_an_address_or_a_reason() -> None:
    mere = {"name": "Mere", "relationship": None, "phone": None, "written_to": True, "channel": "email", "address": "m@x.test", "why": None}
    texted = {**mere, "channel": "text", "address": "+64211234567", "phone": "021 123 4567", "relationship": "Aunt"}
    silent = {**mere, "written_to": False, "address": None, "channel": None, "why": "not-wanted"}
    assert family_of({"items": [mere, texted, silent]}) == [
        CaregiverView("Mere", "", "–", True, "to m@x.test"),
        CaregiverView("Mere", "Aunt", "021 123 4567", True, "by text message to +64211234567"),
        CaregiverView("Mere", "", "–", False, "no: your school's system says that they get no letters"),
    ]
