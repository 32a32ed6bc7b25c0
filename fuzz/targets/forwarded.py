"""The client of a request behind proxies."""

import ipaddress
from types import SimpleNamespace

from tests.reference import forwarded as reference

from fuzz.both_engines import PACKAGES, same
from fuzz.target import Input, expect, target

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::/48", "unix")
NETWORKS = [ipaddress.ip_network(proxy) for proxy in PROXIES[:-1]]
HEADERS = ("x-forwarded-for", "forwarded")
WALKS = {
    (package, header): package.auth.client_address(trusted_proxies=PROXIES, header=header, ipv6_prefix=128)
    for package in PACKAGES
    for header in HEADERS
}
CLIENT = "203.0.113.7"
LINES = (
    b"198.51.100.1, 10.0.0.9\x1e[2001:db8:ffff::1]:80, 10.0.0.1",
    b'for=198.51.100.1;proto=https, for="[2001:db8::1]:4711"\x1eexample.com',
    b'for="198.51.100.1\x1ea", for=198.51.100.1;x="',
    b'a="\\\x1e\\", for=_hidden',
    b"unix:, unknown,, ,:80,[],1.2.3.4:\x1e,",
)


def _client(peer: str, header: str, lines: list[bytes]) -> str | None:
    headers = [(header.encode(), line) for line in lines]
    request = SimpleNamespace(scope={"type": "http", "client": (peer, 1), "headers": headers})
    kind, *rest = same("client_address", lambda package: WALKS[package, header].of(request), PACKAGES)
    expect(kind == "returned", "an exception", peer, header, lines, rest)
    found: str | None = rest[0]
    return found


@target("client_address", "the reference; what a client writes changes nothing", seeds=(each + b"\0" for each in LINES))
def check_client_address(data: bytes) -> None:
    inputs = Input(data)
    own_line = inputs.flag()
    written, host = inputs.fields(2)
    for header in HEADERS:
        # The client is not a proxy.
        found = _client(CLIENT, header, [written, host])
        expect(found == CLIENT, "a client chose its address", header, written, host, found)
        # A proxy adds its address, and for `Forwarded` a host that the client chooses.
        added = CLIENT.encode()
        if header == "forwarded":
            added = reference.written([("for", CLIENT), ("host", host.decode("latin-1"))]).encode("latin-1")
        lines = [written, added] if own_line else [written + b"," + added]
        expected = CLIENT if len(added) <= 1_024 else "10.0.0.1"
        found = _client("10.0.0.1", header, lines)
        expect(found == expected, "a client behind a proxy chose its address", header, lines, found)
    elements = [each.strip(b" \t").decode("latin-1") for each in written.split(b",")][-32:]
    elements = [each for each in elements if each]
    if not any(set(each) & set("[:%") for each in elements):  # ports and zones are not in the reference
        address = reference.client("10.0.0.1", elements, NETWORKS, unix_is_trusted=True)
        found = _client("10.0.0.1", "x-forwarded-for", [written])
        expect(found == str(address), "another address than the reference", written, found, address)
