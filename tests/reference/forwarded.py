"""The client behind proxies: the address that ``client_address`` finds, and the elements of ``Forwarded``.

It reads whole headers from the start, in the order of the text, where the package reads from the end.
"""

import ipaddress
import string

TCHARS = frozenset("!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters)


def client(peer, elements, trusted, *, unix_is_trusted=False):
    """Return the right-most address that is not a trusted proxy, as seen by the proxy before it.

    Args:
        peer: the address that the server sees; ``None`` for a Unix socket.
        elements: the hosts in the header, in its order.
        trusted: the networks of the proxies.
        unix_is_trusted: whether a Unix socket is a proxy.

    """
    chain = [folded(element) or element for element in elements] + [None if peer is None else folded(peer)]

    def is_proxy(host):
        if host in (None, "unix:"):
            return unix_is_trusted
        return not isinstance(host, str) and any(host in network for network in trusted)

    first_untrusted = max((at for at, host in enumerate(chain) if not is_proxy(host)), default=0)
    known = [host for host in chain[first_untrusted:] if host is not None and not isinstance(host, str)]
    return known[0] if known else None


def folded(text):
    """Return the address in *text*, IPv4 if it is IPv4-mapped and without a zone; ``None`` for another text."""
    bare = text.partition("%")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def written(pairs):
    """Return an element of ``Forwarded`` with the parameters *pairs* (RFC 7239 section 4)."""
    return ";".join(f"{name}={as_value(value)}" for name, value in pairs)


def as_value(value):
    if value and set(value) <= TCHARS:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
