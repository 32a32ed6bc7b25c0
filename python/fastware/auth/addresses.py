"""IP addresses: reads them, and makes one text of the addresses that one client may have."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
IPV6_BITS: Final = 128
_WITH_PORT: Final = re.compile(r"(?:([^][:]+)|\[([^][]+)\])(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?\Z")


def read_address(text: str) -> Address | None:
    """Return the IP address that *text* spells, or ``None``.

    An IPv4-mapped IPv6 address is the IPv4 address (RFC 4291 section 2.5.5.2): a server that listens on both sees the
    same client as either. The zone of an IPv6 address (RFC 4007 section 11) is dropped: it names an interface of the
    machine that wrote it.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    return address.ipv4_mapped or ipaddress.IPv6Address(int(address))


def without_port(text: str) -> str:
    """Return the host in ``host``, ``host:port``, ``[host]`` or ``[host]:port`` (RFC 7239 section 6)."""
    match = _WITH_PORT.match(text) if ":" in text else None
    return (match[1] or match[2]) if match else text


def read_network(text: str) -> Network:
    """Return the network that *text* spells: an address, or an address and the length of a prefix.

    An IPv4-mapped one is the IPv4 network. Raises ``ValueError`` if *text* is neither, or has bits after the prefix.
    """
    if "%" in text:
        raise ValueError("a network has no zone")
    network = ipaddress.ip_network(text)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        return ipaddress.ip_network(f"{mapped}/{network.prefixlen - _MAPPED.prefixlen}")
    return network


def client_at(address: Address, ipv6_prefix: int = 64) -> str:
    """Return one text for all addresses that the client at *address* may have.

    A single client may own the /64 of an IPv6 address, or more (RFC 6177).

    Args:
        address: an address of :func:`read_address`.
        ipv6_prefix: the number of bits of an IPv6 address that tell clients apart, 0 to 128.

    """
    if isinstance(address, ipaddress.IPv4Address) or ipv6_prefix == IPV6_BITS:
        return str(address)
    host_bits = IPV6_BITS - ipv6_prefix
    return f"{ipaddress.IPv6Address(int(address) >> host_bits << host_bits)}/{ipv6_prefix}"
