"""Keys for ``rate_limit``: the address of the client, also behind reverse proxies, or the authenticated user."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fastware.auth.addresses import IPV6_BITS, Network, client_at, read_address, read_network, without_port
from fastware.auth.configuration import Settings
from fastware.auth.forwarded import HEADERS, hosts_in
from fastware.auth.identity import get_current_user
from fastware.errors import HTTPError

if TYPE_CHECKING:
    from fastware.auth.settings import Auth

_UNKNOWN: Final = "unknown"
_MAX_ADDRESS_LENGTH: Final = 64
_KEPT_HOSTS: Final = 1_024
_DEFAULTS: Final = {"trusted_proxies": (), "header": "x-forwarded-for", "ipv6_prefix": 64}


class _Host(NamedTuple):
    """What is known of a host, given as text.

    ``is_trusted`` says whether it is a proxy whose header is read.
    """

    key: str
    address: str | None
    is_address: bool
    is_trusted: bool


class ClientAddress:
    """What :func:`client_address` returns: takes a request and returns its key."""

    def __init__(self, trusted_proxies: Iterable[str], header: str, ipv6_prefix: int) -> None:
        self._trusted = _checked_proxies(trusted_proxies)
        self._networks = tuple(each for each in self._trusted.values() if each is not None)
        self._header = _checked_header(header)
        self._ipv6_prefix = _checked_prefix(ipv6_prefix)
        # A look-up takes 60 ns, to read an address and compare it with one network 3 µs (CPython 3.11).
        self._known = functools.lru_cache(_KEPT_HOSTS)(self._read)

    def __call__(self, request: Any) -> str:
        """Return ``"address:"`` and the address of the client of *request*, or ``"address:unknown"``.

        Args:
            request: any object with an ASGI ``scope`` (HTTP or WebSocket), or the scope itself.

        """
        return self._client(request).key

    def of(self, request: Any) -> str | None:
        """Return the address of the client of *request*, for example for ``authenticate``, or ``None``.

        It is the whole IPv6 address, whatever *ipv6_prefix* is.
        """
        return self._client(request).address

    def _client(self, request: Any) -> _Host:
        try:
            scope = getattr(request, "scope", request)
            client = scope.get("client")
            host = client[0] if client else ""
            found = self._host(host if isinstance(host, str) else "")
            if found.is_trusted:
                for element in hosts_in(scope["headers"], self._header):
                    hop = self._host(element)
                    if hop.is_address:
                        found = hop
                    if not hop.is_trusted:
                        break
            return found
        finally:
            request = scope = None  # error reporters show the local variables of a traceback's frames

    def _host(self, text: str) -> _Host:
        # Long texts are no addresses. Those of a client must not fill the memory.
        return self._known(text) if len(text) <= _MAX_ADDRESS_LENGTH else _Host(f"address:{text}", text, False, False)

    def _read(self, text: str) -> _Host:
        if text in ("", "unix:"):  # the second is what nginx writes for a client on a Unix socket
            return _Host(f"address:{_UNKNOWN}", None, is_address=False, is_trusted="unix" in self._trusted)
        # A server may report what a proxy wrote. With its port, each connection would have a key of its own.
        address = read_address(without_port(text))
        if address is None:  # for example the "testclient" of a test
            return _Host(f"address:{text}", text, is_address=False, is_trusted=False)
        is_trusted = any(address in network for network in self._networks)
        return _Host(f"address:{client_at(address, self._ipv6_prefix)}", str(address), True, is_trusted)

    def __repr__(self) -> str:
        options = {"trusted_proxies": tuple(self._trusted), "header": self._header, "ipv6_prefix": self._ipv6_prefix}
        shown = ", ".join(f"{name}={value!r}" for name, value in options.items() if value != _DEFAULTS[name])
        return f"client_address({shown})"


def _checked_proxies(proxies: Iterable[str]) -> dict[str, Network | None]:
    """Return the networks of *proxies* by what was written. That of ``"unix"`` is ``None``."""
    if isinstance(proxies, (str, bytes)) or not isinstance(proxies, Iterable):
        found = f"not {type(proxies).__name__}"
        raise TypeError(f'trusted_proxies must be a list of addresses and networks, like ["10.0.0.0/8"]; {found}')
    return {proxy: _checked_proxy(proxy) for proxy in proxies}


def _checked_proxy(proxy: object) -> Network | None:
    if not isinstance(proxy, str):
        raise TypeError(f"each of trusted_proxies must be a str, not {type(proxy).__name__}")
    if proxy == "unix":
        return None
    try:
        network = read_network(proxy)
    except ValueError:
        raise ValueError(
            'each of trusted_proxies must be an IP address, a network like "10.0.0.0/8" without bits after the prefix, '
            f'or "unix"; not {proxy!r:.80}'
        ) from None
    if network.prefixlen == 0:
        raise ValueError(
            f"trusted_proxies must not be all addresses ({proxy!r}): each client could choose its own; name those of "
            "the proxies"
        )
    return network


def _checked_header(header: object) -> str:
    if not isinstance(header, str):
        raise TypeError(f"header must be str, not {type(header).__name__}")
    if header.lower() not in HEADERS:
        raise ValueError(f"header must be {' or '.join(map(repr, HEADERS))}, not {header!r:.80}")
    return header.lower()


def _checked_prefix(ipv6_prefix: object) -> int:
    if not isinstance(ipv6_prefix, int) or isinstance(ipv6_prefix, bool):
        raise TypeError(f"ipv6_prefix must be an int, not {type(ipv6_prefix).__name__}")
    if not 0 <= ipv6_prefix <= IPV6_BITS:
        raise ValueError(f"ipv6_prefix must be 0 to {IPV6_BITS} bits, like 64; not {ipv6_prefix}")
    return ipv6_prefix


def client_address(
    *, trusted_proxies: Iterable[str] = (), header: str = "x-forwarded-for", ipv6_prefix: int = 64
) -> ClientAddress:
    """Return a ``key_func`` for :func:`rate_limit`: the address of the client, also behind reverse proxies.

    Usage::

        by_address = client_address(trusted_proxies=["10.0.0.0/8"])

        @rate_limit("5/minute", by_address)
        async def search(q: str): ...

    It starts at the address that the server sees. If that is a trusted proxy, it goes on to the address that this proxy
    wrote, the last element of *header*; if that is a trusted proxy too, to the element before it; and so on. The first
    address that is not a trusted proxy is the client. What the client itself wrote is never read, so no client can
    choose its address.

    If a proxy wrote no address (``unknown``, an obfuscated identifier, anything malformed) the key is that of the
    proxy. At most 32 elements are read. A port is ignored, and an IPv4-mapped address is the IPv4 address.

    ``by_address.of(request)`` is the address without the prefix of the key: a ``str``, or ``None`` if it is unknown.

    Args:
        trusted_proxies: the proxies in front of the server: addresses, networks such as ``"10.0.0.0/8"``, and
            ``"unix"`` for one that connects over a Unix socket. By default there is none: all clients behind a proxy
            then share a key.
        header: the header that your proxies add to: ``"x-forwarded-for"`` or ``"forwarded"`` (RFC 7239). The other one
            is never read.
        ipv6_prefix: the number of bits of an IPv6 address that tell clients apart, 0 to 128. A single client may own
            2^64 addresses (RFC 6177), or with 56 or 48 even more.

    Raises:
        TypeError: an argument has another type.
        ValueError: an argument is invalid, for example a proxy that is not an address.

    The key is ``"address:"`` and the address. Clients that have none, on a Unix socket that is not trusted, share
    ``"address:unknown"``.

    """
    return ClientAddress(trusted_proxies, header, ipv6_prefix)


_BY_ADDRESS: Final = client_address()


def user_key(*, address: Callable[[Any], str] = _BY_ADDRESS, auth: Auth | None = None) -> Callable[[Any], str]:
    """Return a ``key_func`` for :func:`rate_limit`: the authenticated user, or the address if there is none.

    Usage::

        @rate_limit("100/minute", user_key(address=client_address(trusted_proxies=["10.0.0.0/8"])))
        async def search(q: str): ...

    The key is ``"user:"`` and the user's name, if the request has a token that :func:`get_current_user` accepts.
    Otherwise it is the key of *address*: without a valid token, with a ticket, or while the revocations cannot be read.
    An invalid token does not cause a 401 here.

    Args:
        address: the ``key_func`` for requests without a user, for example a :func:`client_address`.
        auth: the ``Auth`` that verifies the token, by default what :func:`get_current_user` finds in the configuration.

    Raises:
        TypeError: an argument has another type.

    The returned function raises ``ConfigurationError`` if no usable secret is configured.

    """
    if not callable(address):
        raise TypeError(f"address must be a function that takes a request, not {type(address).__name__}")
    if auth is not None and not isinstance(auth, Settings):
        raise TypeError(f"auth must be a fastware.auth.Auth, not {type(auth).__name__}")
    identify = get_current_user if auth is None else auth.identify

    def key(request: Any) -> str:
        try:
            user = identify(request).get("sub")
        except HTTPError:
            user = None
        except BaseException:
            request = None  # error reporters show the local variables of a traceback's frames
            raise
        return f"user:{user}" if user else address(request)

    return key
