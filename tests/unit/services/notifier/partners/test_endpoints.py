"""Receivers' URLs."""

import pytest

from services.notifier.partners.endpoints import parse_endpoint


def test_a_url_with_all_its_parts() -> None:
    endpoint = parse_endpoint("https://Partner.Example:8443/star/in?tenant=1&x=%20")
    assert (endpoint.tls, endpoint.host, endpoint.port) == (True, "partner.example", 8443)
    assert endpoint.target == "/star/in?tenant=1&x=%20"
    assert endpoint.authority == "partner.example:8443"


@pytest.mark.parametrize(
    ("url", "port", "authority", "target"),
    [
        ("https://partner.example", 443, "partner.example", "/"),
        ("https://partner.example:443/a", 443, "partner.example", "/a"),
        ("http://10.20.0.1/a", 80, "10.20.0.1", "/a"),
        ("https://[2606:4700::1]:8443/", 8443, "[2606:4700::1]:8443", "/"),
        ("https://ōtaki.example/", 443, "xn--taki-k3a.example", "/"),
    ],
)
def test_ports_and_hosts(url: str, port: int, authority: str, target: str) -> None:
    endpoint = parse_endpoint(url)
    assert (endpoint.port, endpoint.authority, endpoint.target) == (port, authority, target)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "partner.example/star",
        "//partner.example",
        "ftp://partner.example",
        "file:///etc/passwd",
        "https://",
        "https:///star",
        "https://user@partner.example",
        "https://user:pass@partner.example",
        "https://partner.example/#part",
        "https://partner.example/#",
        "https://partner.example/a b",
        "https://partner.example\\@10.0.0.1/",
        "https://partner.example/\r\nX: y",
        "https://partner.example:99999/",
        "https://partner.example:0/",
        "https://partner.example:port/",
        "https://" + "a" * 2_000,
    ],
)
def test_what_is_no_url_for_a_webhook(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_endpoint(url)
    assert "passwd" not in str(caught.value)
    assert "pass@" not in str(caught.value)
