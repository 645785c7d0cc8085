"""Which network addresses a webhook may be sent to. Pure.

A subscriber names the receiver, so that without this rule a subscriber could have us connect to machines inside the network. The rule is
asked for every address of a name at every connection, and the connection then goes to the address that was asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is routed between networks. Loopback, link-local, unique local, multicast and mapped addresses lie elsewhere."""

_NAT64: Final = IPv6Network("64:ff9b::/96")

_SPECIAL: Final[tuple[Network, ...]] = tuple(
    ip_network(network)
    for network in (
        # IANA's special-purpose registries. Most are known to `ipaddress` too, but which of them depends on Python's patch release.
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "2001::/23",
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


@dataclass(frozen=True, slots=True)
class Guard:
    """The rule. `allowed` are networks that may be reached although they are private, and without TLS too."""

    allowed: tuple[Network, ...] = ()

    def refuses(self, address: str, *, tls: bool) -> bool:
        """Whether nothing may be sent to this address, as a resolver wrote it."""
        try:
            read = ip_address(address)
        except ValueError:
            return True
        forms = _forms(read)
        if all(_within(form, self.allowed) for form in forms):
            return False
        return not tls or not all(_is_public(form) for form in forms)

    def refuses_any(self, addresses: Sequence[str], *, tls: bool) -> bool:
        """Whether one of a name's addresses is refused, or there is none: a name that points both inside and outside is no accident."""
        return not addresses or any(self.refuses(address, tls=tls) for address in addresses)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Reads networks separated by commas or blanks. Raises ValueError."""
    return tuple(ip_network(part) for part in text.replace(",", " ").split())


def _forms(address: Address) -> tuple[Address, ...]:
    """The address itself, or the IPv4 addresses inside it that it leads to (mapped, NAT64, 6to4, Teredo)."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    return (address,)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address.scope_id is not None):
        return False
    return address.is_global and not address.is_multicast and not _within(address, _SPECIAL)


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
