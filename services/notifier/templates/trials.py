"""Letters that are sent to the school itself, to see what they look like. Pure."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from shared.addresses import address_key

WITHIN: Final = timedelta(hours=1)


def may_go_to(address: str, office: str | None, caregivers: Collection[str]) -> bool:
    """Whether a usable address is the school's: its contact address, or one in the same domain that is no caregiver's.

    A made-up letter must not frighten a real family, and nobody is to write to strangers in a school's name.
    """
    if office is None:
        return False
    key, office_key = address_key(address), address_key(office)
    same_domain = key.rpartition("@")[2] == office_key.rpartition("@")[2]
    return key == office_key or (same_domain and key not in {address_key(caregiver) for caregiver in caregivers})
