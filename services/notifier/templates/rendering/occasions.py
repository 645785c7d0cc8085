"""The occasion of a letter, put together from the roster and a count. Pure."""

from collections.abc import Sequence
from typing import Final

from services.notifier.contacts.contact import Contact, School
from services.notifier.contacts.person import person_for
from services.notifier.templates.rendering.occasion import About, Count, Occasion

NO_MORE: Final = About()


def occasion_of(
    count: Count, school: School, contact: Contact, names: Sequence[str], reply_link: str | None = None, about: About = NO_MORE
) -> Occasion:
    """The values for a letter to these names."""
    person = person_for(school, contact)
    return Occasion(
        child=contact.given_name,
        names=names,
        absent_half_days=count.absent_half_days,
        counted_at=count.counted_at,
        term=count.term,
        dates=school.term_named(count.term),
        school=school.name,
        contact_email=person.email,
        contact_name=person.name,
        phone=person.phone,
        timezone=school.timezone,
        absent_on=count.absent_on,
        illness_half_days=count.illness_half_days,
        promises=school.promises,
        reply_link=reply_link,
        since=about.since,
        school_average_days=about.school_average_days,
    )
