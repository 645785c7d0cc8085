"""Puts a case's count into the words of a letter to one recipient: when it is bound, and anew when what it says has changed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.notifier.contacts.contact import Contact, School
from services.notifier.contacts.postal import envelope
from services.notifier.contacts.recipients import Recipient
from services.notifier.delivery.deliveries.delivery import Told
from services.notifier.delivery.transports.interface import Parcel
from services.notifier.letters.case import Case
from services.notifier.templates.languages import best
from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.rendering.letters import Letters
from services.notifier.templates.rendering.names import people_in
from services.notifier.templates.rendering.occasion import About, Occasion, Written
from services.notifier.templates.rendering.occasions import NO_MORE, occasion_of
from services.notifier.templates.repository.templates import TemplateVersion
from services.notifier.templates.texts import Texts

HOUSEHOLD: Final = "The household"
"""The name on an envelope, where the school's system has none of a person."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The parts that all letters about one case share; `own` are the school's own words for that letter, by language. `reply_link`: the
    link for the family's answer, as letters are kept with it."""

    kind: LetterKind
    case: Case
    school: School
    contact: Contact
    own: Mapping[str, TemplateVersion]
    reply_link: str | None = None
    more: About = NO_MORE

    @property
    def told(self) -> Told:
        """The days that a letter written from it tells of."""
        return Told(self.case.standing, self.case.absent_on)


def on_paper(occasion: Occasion) -> Occasion:
    """The occasion of a letter on paper: nobody can press a link or reply by e-mail, and the letterhead has the school's address."""
    return replace(occasion, reply_link=None, contact_email=None, on_paper=True)


@dataclass(frozen=True, slots=True)
class LetterWriter:
    """Writes parcels. `texts` writes text messages, where there is a gateway for them."""

    words: Letters
    texts: Texts | None
    message_id_domain: str

    def write(self, sheet: Sheet, recipient: Recipient, delivery: uuid.UUID, now: datetime) -> tuple[Parcel, Written]:
        """The parcel for the recipient, and the letter that its words come from."""
        version = best(sheet.own, recipient.language)
        occasion = occasion_of(sheet.case.count(), sheet.school, sheet.contact, recipient.names, sheet.reply_link, sheet.more)
        if recipient.channel == "paper":
            occasion = on_paper(occasion)
        written = self.words.write(sheet.kind, occasion, version.template() if version is not None else None)
        if recipient.channel == "text" and self.texts is not None:
            return self.parcel(sheet.school, recipient, delivery, "", self.texts.write(sheet.kind, occasion), "", now), written
        return self.parcel(sheet.school, recipient, delivery, written.subject, written.text, written.html, now), written

    def parcel(
        self, school: School, recipient: Recipient, delivery: uuid.UUID, subject: str, words: str, html: str, now: datetime
    ) -> Parcel:
        """These words, addressed."""
        return Parcel(
            id=delivery,
            channel=recipient.channel,
            recipient=envelope(people_in(recipient.names) or [HOUSEHOLD], recipient.address)
            if recipient.channel == "paper"
            else recipient.address,
            sender_name=school.name,
            reply_to=school.reply_address() if recipient.channel == "email" else None,
            subject=subject,
            text=words,
            html=html,
            message_id=f"<{delivery}@{self.message_id_domain}>",
            written_at=now,
        )
