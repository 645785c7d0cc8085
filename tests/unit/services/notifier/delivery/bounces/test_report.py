"""Reading what mail servers report of letters that had left."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.delivery.bounces.report import BounceReport, NotAReportError, kind_of, read_report
from tests.support import dsn


@pytest.mark.parametrize(
    ("sample", "action", "status", "kind"),
    [
        (dsn.POSTFIX, "failed", "5.1.1", "hard"),
        (dsn.EXIM, "failed", "5.1.1", "hard"),
        (dsn.EXCHANGE, "failed", "5.1.10", "hard"),
        (dsn.GMAIL, "failed", "5.7.1", "policy"),
        (dsn.FULL, "failed", "5.2.2", "soft"),
        (dsn.EXPIRED, "failed", "4.4.7", "soft"),
        (dsn.POSTFIX_DELAYED, "delayed", "4.4.1", "delayed"),
    ],
    ids=["postfix", "exim", "exchange", "gmail", "full", "expired", "delayed"],
)
def test_the_manners_of_mail_servers(sample: str, action: str, status: str, kind: str) -> None:
    report = read_report(sample.encode())

    assert (report.action, report.status, report.kind, report.message_id) == (action, status, kind, dsn.MESSAGE_ID)


@pytest.mark.parametrize("sample", [dsn.POSTFIX, dsn.EXIM, dsn.EXCHANGE, dsn.GMAIL], ids=["postfix", "exim", "exchange", "gmail"])
def test_line_ends_are_no_difference(sample: str) -> None:
    assert read_report(sample.replace("\n", "\r\n").encode()) == read_report(sample.encode())


def test_when_it_was_said() -> None:
    nzdt, pst = timezone(timedelta(hours=13)), timezone(timedelta(hours=-8))

    assert read_report(dsn.POSTFIX.encode()).said_at == datetime(2026, 11, 20, 15, 0, 58, tzinfo=nzdt)
    assert read_report(dsn.GMAIL.encode()).said_at == datetime(2026, 11, 19, 18, 1, 4, tzinfo=pst)
    assert read_report(dsn.POSTFIX.replace("Arrival-Date: Fri", "Arrival-Date: Someday").encode()).said_at is not None
    assert read_report(dsn.SUCCESS_WITH_ENVELOPE_ID.encode()).said_at is None
    undated = dsn.POSTFIX.replace("15:00:58 +1300 (NZDT)", "15:00:58 -0000")
    assert read_report(undated.encode()).said_at == datetime(2026, 11, 20, 15, 0, 58, tzinfo=UTC)


def test_a_letter_told_by_its_envelope_id_only() -> None:
    assert read_report(dsn.SUCCESS_WITH_ENVELOPE_ID.encode()) == BounceReport("delivered", "2.0.0", None, dsn.ENVELOPE_ID, None)


def test_of_several_recipients_the_gravest_is_told() -> None:
    report = read_report(dsn.EXPANDED_WITH_ONE_FAILED.encode())

    assert (report.action, report.status) == ("failed", "5.1.1")


def test_the_reports_own_message_id_is_not_the_letters() -> None:
    with pytest.raises(NotAReportError, match="which letter"):
        read_report(dsn.POSTFIX.replace(f"Message-ID: {dsn.MESSAGE_ID}\n", "").encode())


@pytest.mark.parametrize(
    ("status", "diagnostic", "read"),
    [
        ("5.0.0", "smtp; 550 5.1.1 No such user", "5.1.1"),
        ("5.0.0", "smtp; 550 No such user", "5.0.0"),
        ("4.0.0", "smtp; 452 4.2.2 mailbox full", "4.2.2"),
        ("4.0.0", "smtp; 550 5.1.1 was said by another host 192.0.2.1", "4.0.0"),
        ("5.4.4", "smtp; 550 5.1.1 No such user", "5.4.4"),
        ("nonsense", "smtp; 550 5.2.1 disabled", "5.2.1"),
        ("nonsense", "smtp; 554 no", "5.0.0"),
        ("nonsense", "x-local; who knows", "5.0.0"),
    ],
)
def test_an_unspecific_status_gives_way_to_the_answer(status: str, diagnostic: str, read: str) -> None:
    sample = dsn.EXIM.replace("Status: 5.0.0", f"Status: {status}").replace("smtp; 550 5.1.1 No such user", diagnostic)

    assert read_report(sample.encode()).status == read


@pytest.mark.parametrize("raw", dsn.GARBAGE.values(), ids=dsn.GARBAGE.keys())
def test_what_is_no_report_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(NotAReportError):
        read_report(raw)


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", "hard"),
        ("failed", "5.1.2", "hard"),
        ("failed", "5.1.3", "hard"),
        ("failed", "5.1.6", "hard"),
        ("failed", "5.2.1", "hard"),
        ("failed", "5.1.8", "policy"),
        ("failed", "5.2.3", "policy"),
        ("failed", "5.6.0", "policy"),
        ("failed", "5.7.26", "policy"),
        ("failed", "5.0.0", "soft"),
        ("failed", "5.2.2", "soft"),
        ("failed", "5.4.4", "soft"),
        ("failed", "4.1.1", "soft"),
        ("failed", "4.4.7", "soft"),
        ("delayed", "5.1.1", "delayed"),
        ("delivered", "2.0.0", "delivered"),
        ("relayed", "2.0.0", "delivered"),
        ("expanded", "2.0.0", "delivered"),
    ],
)
def test_what_it_means_for_the_letter_and_its_address(action: str, status: str, kind: str) -> None:
    assert kind_of(action, status) == kind  # type: ignore[arg-type]


SAMPLES = [dsn.POSTFIX.encode(), dsn.EXIM.encode(), dsn.EXCHANGE.encode(), dsn.GMAIL.encode()]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 60), st.binary(max_size=20)), max_size=6))
def test_damage_is_never_more_than_no_report(sample: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    for at, length, instead in cuts:
        sample = sample[:at] + instead + sample[at + length :]
    try:
        report = read_report(sample)
    except NotAReportError:
        return
    assert report.kind in ("hard", "soft", "policy", "delayed", "delivered")


STATUS, RETURNED = ("message/delivery-status", "message/global-delivery-status"), ("text/rfc822-headers", "message/")


@pytest.mark.parametrize("coding", ["7bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("types", [STATUS, RETURNED, (*STATUS, *RETURNED)], ids=["status", "returned", "both"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    "sample",
    [dsn.POSTFIX, dsn.EXIM, dsn.EXCHANGE, dsn.GMAIL, dsn.POSTFIX_DELAYED, dsn.GLOBAL],
    ids=["postfix", "exim", "exchange", "gmail", "delayed", "global"],
)
def test_an_encoded_report_says_the_same(sample: str, line_end: str, types: tuple[str, ...], coding: str) -> None:
    plain = read_report(sample.encode())
    assert plain.message_id == dsn.MESSAGE_ID
    encoded = sample.encode() if coding == "7bit" else dsn.encoded(sample, coding, *types)
    assert read_report(encoded.replace(b"\n", line_end.encode())) == plain


def test_a_report_about_an_address_outside_ascii() -> None:
    report = read_report(dsn.GLOBAL.encode())
    assert (report.action, report.status, report.kind, report.message_id) == ("failed", "5.1.1", "hard", dsn.MESSAGE_ID)
    returned = dsn.GLOBAL.replace("message/global-headers", "message/global").replace(
        f"{dsn.MESSAGE_ID}\n", f"{dsn.MESSAGE_ID}\n\nKia ora\n"
    )
    assert read_report(returned.encode()) == report
