"""Mail servers' answers and their meaning."""

import pytest

from services.notifier.delivery.transports.outcomes import Away, Deferred, Full, NoSuchAddress, Ours, Refused, Unwanted
from services.notifier.delivery.transports.verdicts import Stage, Verdict, detail, enhanced_code, judge


@pytest.mark.parametrize(
    ("stage", "code", "enhanced", "verdict"),
    [
        ("RCPT", 550, "5.1.1", NoSuchAddress),
        ("RCPT", 550, "5.1.0", NoSuchAddress),
        ("RCPT", 550, "5.1.2", NoSuchAddress),
        ("RCPT", 501, "5.1.3", NoSuchAddress),
        ("RCPT", 551, "5.1.6", NoSuchAddress),
        ("RCPT", 556, "5.1.10", NoSuchAddress),
        ("RCPT", 556, None, NoSuchAddress),
        ("RCPT", 550, "5.2.1", NoSuchAddress),
        ("DATA", 550, "5.1.1", NoSuchAddress),
        ("RCPT", 550, None, Refused),
        ("RCPT", 553, None, Refused),
        ("RCPT", 501, None, Refused),
        ("RCPT", 504, "5.5.2", Refused),
        ("RCPT", 550, "5.4.1", Refused),
        ("DATA", 554, "5.5.0", Refused),
        ("RCPT", 550, "5.7.1", Unwanted),
        ("DATA", 550, "5.7.26", Unwanted),
        ("DATA", 554, "5.6.0", Unwanted),
        ("DATA", 552, "5.3.4", Unwanted),
        ("DATA", 552, "5.2.3", Unwanted),
        ("RCPT", 552, None, Full),
        ("RCPT", 552, "5.2.2", Full),
        ("RCPT", 550, "5.2.2", Full),
        ("RCPT", 452, "4.2.2", Full),
        ("RCPT", 452, "4.3.1", Deferred),
        ("RCPT", 450, None, Deferred),
        ("RCPT", 450, "4.1.1", Deferred),
        ("RCPT", 421, "4.7.0", Deferred),
        ("DATA", 451, None, Deferred),
        ("MAIL", 451, "4.7.1", Away),
        ("MAIL", 550, "5.1.1", Ours),
        ("MAIL", 535, None, Ours),
        ("RCPT", 530, "5.7.0", Ours),
        ("RCPT", 503, "5.5.1", Ours),
        ("RCPT", 550, "5.1.8", Ours),
        ("DATA", 535, "5.7.8", Ours),
        ("DATA", 699, None, Ours),
    ],
)
def test_answers(stage: Stage, code: int, enhanced: str | None, verdict: Verdict) -> None:
    assert judge(stage, code, enhanced) is verdict


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("5.1.1 <mere@example.test>: no such user", "5.1.1"),
        ("  4.7.1\nlater", "4.7.1"),
        ("5.1.1", "5.1.1"),
        ("192.0.2.1 is blocked", None),
        ("5.1.1.1 what", None),
        ("6.1.1 what", None),
        ("no such user", None),
        ("", None),
    ],
)
def test_the_enhanced_code_stands_first(words: str, code: str | None) -> None:
    assert enhanced_code(words) == code


def test_what_is_kept_of_an_answer() -> None:
    assert detail("RCPT", 550, "5.1.1") == "RCPT 550 5.1.1 (no such mailbox)"
    assert detail("RCPT", 550, "5.9.9") == "RCPT 550 5.9.9"
    assert detail("DATA", 451, None) == "DATA 451"
