"""Limits for guesses of passwords: for each user and address, each address, and each user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from fastware.auth.addresses import client_at, read_address, without_port
from fastware.auth.buckets.base import Buckets, LimitBuckets
from fastware.auth.buckets.memory import MemoryBuckets
from fastware.auth.limit_names import check_buckets, check_name
from fastware.auth.rates import parse_rate, retry_after
from fastware.auth.worker_processes import warn_of_several
from fastware.errors import HTTPError


class LoginGuard:
    """Limits how many passwords a client can guess, without locking the user out at other addresses.

    Usage::

        guard = LoginGuard()

        user = await authenticate(store, username, password, guard=guard, address=request.client.host)

    Each login takes an attempt of the user at this address, of the address, and of the user, before the password is
    checked. A correct password gives these attempts back, and refills the limit of the user at this address. A login
    beyond a limit raises :class:`LoginLimitedError`, and its password is not checked.

    A login that one limit rejects takes nothing from the others. So by default, one address takes at most a tenth of a
    user's attempts at once, and does not lock the user out at other addresses (OWASP Authentication Cheat Sheet,
    "Account Lockout"). Unknown usernames count like others, so that the limits do not reveal which users exist.

    An IPv6 address counts as its /64, which a single client may own (RFC 6177), and an IPv4-mapped one as the IPv4
    address. One guard may be shared between threads, and between event loops.

    Args:
        per_user_and_address: failed logins of one user at one address, as a rate of ``rate_limit``: ``"10/hour"`` is 10
            at once, and one more every 6 minutes.
        per_address: failed logins of all users at one address.
        per_user: failed logins of one user at all addresses.
        buckets: where the attempts are counted: ``SharedBuckets(path)`` for all processes of a machine,
            ``RedisBuckets(url)`` for many machines. By default each process counts in its own memory.
        name: separates guards in the same *buckets*. Guards of one name share their counts.

    Attributes:
        is_shared: other processes may count in the same buckets.

    Raises:
        TypeError: *buckets* has another type, or *name* is not a ``str``.
        ValueError: a rate is invalid, *name* is empty, or another guard of this name in *buckets* has other rates.

    """

    def __init__(
        self,
        *,
        per_user_and_address: str = "10/hour",
        per_address: str = "100/hour",
        per_user: str = "100/hour",
        buckets: Buckets | None = None,
        name: str = "login",
    ) -> None:
        rates = {"per_user_and_address": per_user_and_address, "per_address": per_address, "per_user": per_user}
        parsed = {limit: parse_rate(rate, limit) for limit, rate in rates.items()}
        if buckets is not None:
            check_buckets(buckets)
        check_name(name)
        self.name = name
        self.is_shared = buckets is not None
        self._rates = rates
        if buckets is None:
            warn_of_several("LoginGuard")
        opened = {limit: _open(buckets, f"{name}:{limit}", *rate) for limit, rate in parsed.items()}
        self._limits = {each: limit for limit, each in opened.items()}
        self._pairs, self._addresses, self._users = opened.values()

    def __repr__(self) -> str:
        return f"LoginGuard({', '.join(f'{limit}={rate!r}' for limit, rate in self._rates.items())})"

    async def attempt(self, username: str, address: str) -> LoginAttempt:
        """Return an attempt to log in, which counts as failed until one of its methods is called.

        Call it before the password is checked. :func:`authenticate` does.

        Args:
            username: any username, whether it exists or not.
            address: the host of the client. A text that is not an IP address is a client of its own.

        Raises:
            LoginLimitedError: a limit is reached. Nothing is taken from the others.
            TypeError: an argument is not a ``str``.

        """
        attempt = LoginAttempt()
        for buckets, key in self._buckets_of(username, address):
            try:
                wait = await buckets.atake(key)
            except Exception:
                await attempt.withdrawn()
                raise
            if wait:
                await attempt.withdrawn()
                raise LoginLimitedError(self._limits[buckets], wait)
            attempt.taken.append((buckets, key))
        return attempt

    def reset(self, username: str | None = None, address: str | None = None) -> None:
        """Refill the limit of *username*, that of *address*, and that of both together if both are given.

        Without arguments, every limit is refilled.
        """
        for buckets, key in self._buckets_to_reset(username, address):
            buckets.reset(key)

    async def areset(self, username: str | None = None, address: str | None = None) -> None:
        """Do what :meth:`reset` does, without blocking the event loop."""
        for buckets, key in self._buckets_to_reset(username, address):
            await buckets.areset(key)

    def _buckets_of(self, username: str, address: str) -> Iterable[tuple[LimitBuckets, str]]:
        """Return the buckets of a login, in the order in which a token is taken from each.

        An address that has used up its tokens for a user takes no more tokens of that user, nor of itself.
        """
        _check_is_str("username", username)
        client = _client_at(address)
        # A name may contain anything: the length keeps it apart from the client.
        pair = f"{len(client)} {client} {username}"
        return (self._pairs, pair), (self._addresses, client), (self._users, username)

    def _buckets_to_reset(self, username: str | None, address: str | None) -> Iterable[tuple[LimitBuckets, str | None]]:
        if username is not None and address is not None:
            return self._buckets_of(username, address)
        if username is not None:
            _check_is_str("username", username)
            return [(self._users, username)]
        if address is not None:
            return [(self._addresses, _client_at(address))]
        return [(buckets, None) for buckets in (self._pairs, self._addresses, self._users)]


class LoginAttempt:
    """One login, which counts as failed until one of its methods is called. A further call has no effect."""

    __slots__ = ("taken",)

    def __init__(self) -> None:
        self.taken: list[tuple[LimitBuckets, str]] = []

    async def succeeded(self) -> None:
        """Give the attempt back, and refill the limit of the user at this address: the password was correct."""
        taken, self.taken = self.taken, []
        for buckets, key in taken[1:]:
            await _give_back(buckets.agive_back, key)
        for buckets, key in taken[:1]:
            await _give_back(buckets.areset, key)

    async def withdrawn(self) -> None:
        """Give the attempt back: no password was checked."""
        taken, self.taken = self.taken, []
        for buckets, key in taken:
            await _give_back(buckets.agive_back, key)


class LoginLimitedError(HTTPError):
    """The ``HTTPError`` 429 of a login that a :class:`LoginGuard` rejects.

    ``Retry-After`` is the time until the limit that rejects the login accepts one.

    Attributes:
        limit: the parameter of the guard, for example ``"per_user"``. The response does not show it.

    """

    def __init__(self, limit: str, wait: int) -> None:
        super().__init__(429, "Too many login attempts", retry_after(wait))
        self.limit = limit


def _open(buckets: Buckets | None, name: str, capacity: int, period: int) -> LimitBuckets:
    if buckets is None:
        return MemoryBuckets(capacity, period)
    return buckets.open(name, capacity, period, gives_back=True)


async def _give_back(give_back: Callable[[str], Awaitable[None]], key: str) -> None:
    """Await *give_back*. A failure is only logged: the attempt counts as failed, and the login goes on."""
    try:
        await give_back(key)
    except Exception as error:  # noqa: BLE001 - buckets may raise any error, whose text may contain the key
        import logging  # noqa: PLC0415 - loaded when there is something to log

        logger = logging.getLogger("fastware")
        logger.warning("A login attempt could not be given back, and counts as failed: %s", type(error).__name__)


def _client_at(address: str) -> str:
    """Return the key of the client at *address*: an IPv4 address, the /64 of an IPv6 one, or another text."""
    _check_is_str("address", address)
    parsed = read_address(without_port(address))
    return f"text {address}" if parsed is None else client_at(parsed)


def _check_is_str(parameter: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{parameter} must be str, not {type(value).__name__}")
