"""What a letter is written of, put together from what the notifier keeps. Pure."""

from collections.abc import Sequence

from services.notifier.contacts.contact import Contact, School
from services.notifier.letters.case import Case
from services.notifier.templates.rendering.occasion import Occasion
from shared.addresses import usable_address


def occasion_of(case: Case, school: School, contact: Contact, names: Sequence[str]) -> Occasion:
    """What a letter to these names can speak of."""
    return Occasion(
        child=contact.given_name,
        names=names,
        absent_half_days=case.absent_half_days,
        counted_at=case.counted_at,
        term=case.term,
        dates=school.term_named(case.term),
        school=school.name,
        contact_email=reply_address(school),
        timezone=school.timezone,
        absent_on=case.absent_on,
        illness_half_days=case.illness_half_days,
    )


def reply_address(school: School) -> str | None:
    """Where a family can write back to. A header holds an address outside ASCII only where every server on the way can."""
    office = usable_address(school.contact_email)
    return office if office is not None and office.isascii() else None
