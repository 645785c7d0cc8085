"""What mail servers' answers mean."""

import pytest

from services.notifier.delivery.transports.verdicts import Stage, Verdict, detail, enhanced_code, judge


@pytest.mark.parametrize(
    ("stage", "code", "enhanced", "verdict"),
    [
        ("RCPT", 550, "5.1.1", "bad-address"),
        ("RCPT", 550, "5.1.0", "bad-address"),
        ("RCPT", 550, "5.1.2", "bad-address"),
        ("RCPT", 501, "5.1.3", "bad-address"),
        ("RCPT", 551, "5.1.6", "bad-address"),
        ("RCPT", 556, "5.1.10", "bad-address"),
        ("RCPT", 556, None, "bad-address"),
        ("RCPT", 550, "5.2.1", "bad-address"),
        ("DATA", 550, "5.1.1", "bad-address"),
        ("RCPT", 550, None, "refused"),
        ("RCPT", 553, None, "refused"),
        ("RCPT", 501, None, "refused"),
        ("RCPT", 504, "5.5.2", "refused"),
        ("RCPT", 550, "5.4.1", "refused"),
        ("DATA", 554, "5.5.0", "refused"),
        ("RCPT", 550, "5.7.1", "policy"),
        ("DATA", 550, "5.7.26", "policy"),
        ("DATA", 554, "5.6.0", "policy"),
        ("DATA", 552, "5.3.4", "policy"),
        ("DATA", 552, "5.2.3", "policy"),
        ("RCPT", 552, None, "full"),
        ("RCPT", 552, "5.2.2", "full"),
        ("RCPT", 550, "5.2.2", "full"),
        ("RCPT", 452, "4.2.2", "full"),
        ("RCPT", 452, "4.3.1", "later"),
        ("RCPT", 450, None, "later"),
        ("RCPT", 450, "4.1.1", "later"),
        ("RCPT", 421, "4.7.0", "later"),
        ("DATA", 451, None, "later"),
        ("MAIL", 451, "4.7.1", "away"),
        ("MAIL", 550, "5.1.1", "ours"),
        ("MAIL", 535, None, "ours"),
        ("RCPT", 530, "5.7.0", "ours"),
        ("RCPT", 503, "5.5.1", "ours"),
        ("RCPT", 550, "5.1.8", "ours"),
        ("DATA", 535, "5.7.8", "ours"),
        ("DATA", 699, None, "ours"),
    ],
)
def test_answers(stage: Stage, code: int, enhanced: str | None, verdict: Verdict) -> None:
    assert judge(stage, code, enhanced) == verdict


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
