"""Which addresses a webhook may go to."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.partners.addresses import Guard, parse_networks

GUARD = Guard()

INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2002:c0a8:101::1",
    "2001:0:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2a01:4f8::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
    "",
    "127.1",
    "2130706433",
    "0x7f000001",
]


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_is_refused_with_tls_and_without(address: str) -> None:
    assert GUARD.refuses(address, tls=True)
    assert GUARD.refuses(address, tls=False)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "223.255.255.255", "::ffff:1.1.1.1", "64:ff9b::101:101",
     "2002:101:101::1", "2606:4700:4700::1111"],
)  # fmt: skip
def test_public_addresses_are_reached_and_with_tls_only(address: str) -> None:
    assert not GUARD.refuses(address, tls=True)
    assert GUARD.refuses(address, tls=False)


def test_one_address_inside_spoils_them_all_and_none_is_no_better() -> None:
    assert not GUARD.refuses_any(["1.1.1.1", "2606:4700:4700::1111"], tls=True)
    assert GUARD.refuses_any(["1.1.1.1", "10.0.0.1"], tls=True)
    assert GUARD.refuses_any([], tls=True)


def test_networks_that_are_allowed_and_nothing_beside_them() -> None:
    guard = Guard(parse_networks("10.20.0.0/16, fd00:1::/32"))
    for tls in (True, False):
        assert not guard.refuses("10.20.3.4", tls=tls)
        assert not guard.refuses("::ffff:10.20.3.4", tls=tls)
        assert not guard.refuses("fd00:1::5", tls=tls)
        assert guard.refuses("10.21.0.1", tls=tls)
        assert guard.refuses("fd00:2::5", tls=tls)
    assert not guard.refuses("1.1.1.1", tls=True)
    assert guard.refuses("1.1.1.1", tls=False)


def test_a_tunnel_is_not_allowed_by_one_of_its_ends() -> None:
    # A Teredo address: the server is 10.20.0.1, the client 127.0.0.1.
    teredo = str(IPv6Address((0x2001_0000 << 96) | (int(IPv4Address("10.20.0.1")) << 64) | (int(IPv4Address("127.0.0.1")) ^ 0xFFFFFFFF)))
    assert Guard(parse_networks("10.20.0.0/16")).refuses(teredo, tls=True)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "hello", "10.0.0.0/33", "1.2.3"])
def test_networks_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_networks(text)


@given(st.ip_addresses(v=4))
def test_however_an_ipv4_address_is_wrapped_it_is_judged_alike(address: IPv4Address) -> None:
    refused = GUARD.refuses(str(address), tls=True)
    assert GUARD.refuses(f"::ffff:{address}", tls=True) == refused
    assert GUARD.refuses(str(IPv6Address(int(IPv6Address("64:ff9b::")) | int(address))), tls=True) == refused
    assert GUARD.refuses(str(IPv6Address(int(IPv6Address("2002::")) | (int(address) << 80))), tls=True) == refused


@given(st.ip_addresses(v=6))
def test_outside_global_unicast_nothing_is_reached_but_through_mapped_addresses(address: IPv6Address) -> None:
    wrapped = any(address in ip_network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96"))
    if address not in ip_network("2000::/3") and not wrapped:
        assert GUARD.refuses(str(address), tls=True)
