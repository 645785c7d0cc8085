"""The mail catcher's faults as they are asked for; the notifier's tests meet each of them (tests/integration/notifier/delivery)."""

import pytest

from deploy.sandbox.mail import MailCatcher
from tests.unit.deploy.sandbox_mail import AROHA, WIREMU, letter, send


async def test_one_recipient_can_be_refused_for_a_while(catcher: MailCatcher) -> None:
    catcher.refuse(451, times=1, recipient="AROHA@example.nz", text="4.2.1 try later")

    refused = await send(catcher, letter(), AROHA, WIREMU)
    assert {address: answer.code for address, answer in refused.items()} == {AROHA: 451}
    assert await send(catcher, letter(), AROHA) == {}
    assert [message["to"] for message in catcher.box.messages()] == [[WIREMU], [AROHA]]


@pytest.mark.parametrize(
    ("code", "times", "options"),
    [
        (250, 1, {}),
        (600, 1, {}),
        (451, 0, {}),
        (451, 1, {"text": "two\r\nlines"}),
        (451, 1, {"recipient": AROHA, "stage": "MAIL"}),
    ],
)
async def test_a_fault_that_smtp_could_not_say_is_refused(catcher: MailCatcher, code: int, times: int, options: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        catcher.refuse(code, times, **options)  # type: ignore[arg-type]
