"""Words by which a school's system stops letters to a caregiver, beside those that the notifier knows. Pure."""

from collections.abc import Collection

from msgspec.structs import replace

from shared.correspondents import text_key
from shared.events.data import Caregiver, StudentUpdated


def quietened(student: StudentUpdated, quiet: Collection[str]) -> StudentUpdated:
    """The student as everybody else gets to know them: caregivers in whose words one of `quiet` stands get no letters.

    A notifier of the release before reads nothing else.
    """
    if not quiet:
        return student
    phrases = [f" {text_key(word)} " for word in quiet]
    caregivers = [
        replace(caregiver, notify=caregiver.notify and not any(phrase in _spaced(caregiver) for phrase in phrases))
        for caregiver in student.caregivers
    ]
    return replace(student, caregivers=caregivers)


def _spaced(caregiver: Caregiver) -> str:
    return f" {text_key(caregiver.status)} | {text_key(caregiver.role)} "
