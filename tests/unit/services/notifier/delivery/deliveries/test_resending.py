"""Whether a delivery can be sent again, and as what."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from services.notifier.delivery.deliveries.delivery import Delivery
from services.notifier.delivery.deliveries.resending import Resend, ResendRefusal, plan_resend

FIRST = uuid.UUID("8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10")
SECOND = uuid.UUID("5d2a7c1e-0000-5a3e-9a53-53ae5c1d7a10")
SENT = Delivery(
    id=FIRST,
    school="0999",
    status="sent",
    recipient="mere@example.test",
    body_text="Kia ora",
    body_html="<p>Kia ora</p>",
    message_id=f"<{FIRST}@notifier.star.invalid>",
    resend_of=None,
    asked_by=None,
    asked_because=None,
    asked_at=None,
    reason=None,
    erased_at=None,
    stands=True,
    resends=0,
    is_being_resent=False,
)


@pytest.mark.parametrize("status", ["sent", "failed", "bounced"])
def test_sent_again_it_names_the_first_and_a_number(status: Any) -> None:
    resend = plan_resend(replace(SENT, status=status), is_bad=False)

    assert isinstance(resend, Resend)
    assert (resend.message_id, resend.number) == (f"<{FIRST}.1@notifier.star.invalid>", 1)


def test_what_a_person_kept_from_going_can_go_after_all() -> None:
    assert isinstance(plan_resend(replace(SENT, status="cancelled", reason="by-staff"), is_bad=False), Resend)


def test_the_third_time_it_still_names_the_first() -> None:
    second = replace(SENT, id=SECOND, resend_of=FIRST, message_id=f"<{FIRST}.1@notifier.star.invalid>", resends=1)
    resend = plan_resend(second, is_bad=False)

    assert isinstance(resend, Resend)
    assert (resend.message_id, resend.number) == (f"<{FIRST}.2@notifier.star.invalid>", 2)


@pytest.mark.parametrize(
    ("changes", "is_bad", "refusal"),
    [
        ({"status": "waiting"}, False, "not-resendable"),
        ({"status": "cancelled", "reason": "retracted"}, False, "not-resendable"),
        ({"is_being_resent": True}, False, "being-resent"),
        ({"recipient": None}, False, "erased"),
        ({"body_text": None}, False, "erased"),
        ({"stands": False}, False, "withdrawn"),
        ({}, True, "bad-address"),
    ],
)
def test_why_it_is_not_sent_again(changes: dict[str, Any], is_bad: bool, refusal: ResendRefusal) -> None:
    assert plan_resend(replace(SENT, **changes), is_bad=is_bad) == refusal
