"""Letters about several children of a family as one e-mail to a caregiver: each in a section of its own, with its own words. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from services.notifier.delivery.transports.interface import Parcel

FOLLOWS_AFTER: Final = timedelta(minutes=10)
"""How long a letter leaves it to the first one of its envelope to take it along, before it looks for itself."""

STAGGER: Final = timedelta(seconds=20)
"""Between the looks of two letters of an envelope: the earlier one takes the later one along."""

_BETWEEN: Final = "\n" + "=" * 40 + "\n\n"
_BODY: Final = "<body"
_END: Final = "</body>"


def in_one_envelope(parcels: Sequence[Parcel]) -> Parcel:
    """The first parcel, holding the words of all. Its id and Message-ID are those of the e-mail."""
    first, *others = parcels
    if not others:
        return first
    return replace(
        first,
        subject=" · ".join(dict.fromkeys(parcel.subject for parcel in parcels)),
        text=_BETWEEN.join(parcel.text.rstrip("\n") + "\n" for parcel in parcels),
        html=_with_sections(first.html, [_section(parcel.html) for parcel in others]),
    )


def _with_sections(page: str, sections: Sequence[str]) -> str:
    before, end, after = page.rpartition(_END)
    return "\n".join([before, *sections, end + after]) if end else "\n".join([page, *sections])


def _section(page: str) -> str:
    """The body of a letter's page: its sheet has its language and direction itself."""
    _, begin, body = page.partition(_BODY)
    return body.partition(">")[2].rpartition(_END)[0] if begin and _END in body else page
