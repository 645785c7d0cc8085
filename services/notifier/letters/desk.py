"""All that letters of one moment are decided by, read in a few statements for all of them: schools, policies, holds, recipients, words."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import Contact, School
from services.notifier.contacts.correspondents import Decisions
from services.notifier.contacts.recipients import Paper, Recipient, recipients
from services.notifier.contacts.repository import bad_addresses, contacts, decisions
from services.notifier.letters.case import Case
from services.notifier.letters.envelopes import Beside
from services.notifier.letters.handlers.crossings import GROUP
from services.notifier.letters.policy import Hold, Policy, PolicyDefaults, cap_of, with_defaults
from services.notifier.letters.repository import holds, letters, policies
from services.notifier.letters.repository.cases import CaseKey
from services.notifier.settings import SCHEMA
from services.notifier.templates.letter_kinds import LetterKind
from services.notifier.templates.repository import templates
from services.notifier.templates.repository.templates import TemplateVersion
from shared.offsets import repository as offsets


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything but the cases themselves. `going` counts the letters of each school's day, as far as is known; `told` are the students
    whose families have had a letter about the very same days; `together` the letters that wait beside, where a school sends a family's
    letters in one e-mail."""

    schools: Mapping[str, School]
    policies: Mapping[str, Policy]
    caps: Mapping[str, int]
    going: Mapping[str, int]
    holds: Mapping[CaseKey, Sequence[Hold]]
    contacts: Mapping[uuid.UUID, Contact]
    bad: Collection[tuple[str, str]]
    decisions: Mapping[str, Decisions]
    words: Mapping[tuple[str, LetterKind], Mapping[str, TemplateVersion]]
    together: Sequence[Beside]
    told: Collection[uuid.UUID]
    restored_at: datetime | None

    @classmethod
    async def of(
        cls,
        connection: AsyncConnection,
        about: Sequence[tuple[Case, LetterKind]],
        defaults: PolicyDefaults,
        now: datetime,
        *,
        together: Sequence[Beside] = (),
    ) -> Self:
        """The desk for letters about cases, which are locked. `together`: the letters that wait beside them."""
        numbers = {case.school for case, _ in about}
        schools = await contacts.schools(connection, numbers)
        chosen = await policies.current_of(connection, numbers)
        chosen = {number: with_defaults(chosen.get(number, Policy()), defaults) for number in numbers}
        students = await contacts.counts_of_schools(connection, [number for number in numbers if chosen[number].daily_cap is None])
        people = await contacts.contacts_of(connection, [*(case.student_id for case, _ in about), *(one.student_id for one in together)])
        keys = [(contact.school, key) for contact in people.values() for key in contact.addresses()]
        return cls(
            schools=schools,
            policies=chosen,
            caps={
                number: cap_of(policy, students.get(number, 0), least=defaults.cap_least, share=defaults.cap_share)
                for number, policy in chosen.items()
            },
            going=await policies.going(connection, {number: school.calendar().today(now) for number, school in schools.items()}),
            holds=await holds.of_all(connection, [(case.student_id, case.term) for case, _ in about]),
            contacts=people,
            bad=await bad_addresses.among_schools(connection, keys),
            decisions=await decisions.of_schools(connection, numbers),
            words=await templates.in_force_of(connection, {(case.school, kind) for case, kind in about}),
            together=together,
            told=await letters.told_already(
                connection,
                [(case, kind) for case, kind in about if isinstance(kind, int)],
                {number: school.calendar() for number, school in schools.items()},
            ),
            restored_at=await offsets.restored_at(connection, f"{SCHEMA}.{GROUP}"),
        )

    def recipients(self, case: Case, *, texts: bool, paper: Paper = "no") -> tuple[Recipient, ...]:
        """Those whom a letter about the case can go to."""
        contact = self.contacts.get(case.student_id)
        if contact is None:
            return ()
        bad = {key for key in contact.addresses() if (case.school, key) in self.bad}
        return recipients(
            contact.caregivers, elsewhere=contact.elsewhere, decisions=self.decisions[case.school], bad=bad, texts=texts, paper=paper
        )
