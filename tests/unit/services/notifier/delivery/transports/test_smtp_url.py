"""Where the mail server is."""

import pytest

from services.notifier.delivery.transports.smtp_url import SmtpServer, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, "offered")),
        ("smtp://mail.example.nz", SmtpServer("mail.example.nz", 25, "offered")),
        ("smtp://[::1]:2525/", SmtpServer("::1", 2525, "offered")),
        ("smtps://mail.example.nz", SmtpServer("mail.example.nz", 465, "tls")),
        ("smtp+starttls://u%40x.nz:p%2Fw%3A@mail.example.nz", SmtpServer("mail.example.nz", 587, "starttls", "u@x.nz", "p/w:")),
    ],
)
def test_what_is_understood(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example.nz", "http://mail.example.nz", "smtp://", "smtp://h:99999", "smtp://h/?tls=1"),
        *("smtp://u:pass/word@h:25", "smtp://u:pass[word@h:25", "smtp://u:pass\uff0fword@h:25"),
    ],
)
def test_what_is_not(url: str) -> None:
    with pytest.raises(ValueError, match="mail server") as refused:
        parse_smtp_url(url)
    assert "word@" not in str(refused.value)
