"""The engine contract. Both engines implement it, and the tests run on both.

An engine does the work of the hot paths, one complete operation per call. For every input, both engines return equal
values of equal types, or raise the same exception type with the same message. This file defines the rules.

Vocabulary: a *secret* is ``str`` (read as UTF-8) or ``bytes``; *secrets* is one secret, or a sequence of them. ASGI
*headers* are any iterable of two-item iterables of ``bytes``.

The constants apply to both engines. The Rust extension has its own copies under the same names, and a test compares
them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from datetime import timedelta  # not needed before a caller imports it

Secret: TypeAlias = str | bytes
Secrets: TypeAlias = Secret | Sequence[Secret]
Headers: TypeAlias = Iterable[Iterable[bytes]]
Duration: TypeAlias = "float | timedelta"
"""Seconds, or a ``timedelta``."""

MAX_TOKEN_LENGTH: Final = 65_536
"""Maximum length of a token in characters."""

MAX_JSON_DEPTH: Final = 64
"""Maximum number of nested objects and arrays in a token's JSON, the outermost included."""

MAX_INTEGER_LENGTH: Final = 4_300
"""Maximum length of an integer literal in a token's JSON in characters, the sign included."""

SECONDS_PER_HOUR: Final = 3_600

DEFAULT_EXPIRES_HOURS: Final = 720
"""Default lifetime of a token: 30 days."""

MIN_SECRET_LENGTH: Final = 32
"""Minimum length of a secret in bytes; a shorter one causes a warning (RFC 7518 section 3.2)."""

MAX_LEEWAY: Final = 2**53
"""Maximum leeway in seconds: its sum with the clock stays exact."""

MAX_BUCKET_CAPACITY: Final = 1_000_000_000
"""Maximum bucket capacity in tokens."""

MIN_BUCKET_PERIOD: Final = 10**9
MAX_BUCKET_PERIOD: Final = 2**53
"""Minimum and maximum time in which an empty bucket is refilled, in nanoseconds."""

# The memory of `SharedTokenBuckets`. Words are 64 bits, in the byte order of the machine.
SHARED_CLAIMS_AT: Final = 56
"""Where the number of the latest claim is: only the Rust engine uses it."""
SHARED_SLOTS_AT: Final = 65_536
"""Length of the header."""
SHARED_GROUP: Final = 64
"""Bytes of a group of slots. The memory after the header is whole groups, at least two."""
SHARED_KEY_AT: Final = 0
SHARED_EPOCH_AT: Final = 32
"""Where the key (16 bytes) and the epoch (a word) of a limit are in its entry in the header."""

# What `identify` returns instead of claims.
NO_TOKEN: Final = 0
INVALID_TOKEN: Final = 1
UNUSABLE_SECRET: Final = 2

# What `CSRFCheck` returns.
CSRF_PASSED: Final = 0
CSRF_MISSING: Final = 1
"""No CSRF token is submitted, or the double submit has no cookie."""
CSRF_MISMATCH: Final = 2
"""The submitted token is not that of the cookie."""
CSRF_CROSS_SITE: Final = 3
"""``Sec-Fetch-Site`` tells that another site or origin made the request."""
CSRF_ORIGIN: Final = 4
"""``Origin`` is not ``Host``."""
CSRF_NULL_ORIGIN: Final = 5
"""``Origin`` is ``null``."""
CSRF_FORM: Final = 6
"""There is no ``X-CSRF-Token`` header: the form has the token, if the request has one."""
CSRF_WRONG_SESSION: Final = 7
"""The submitted token is forged, or of another session."""


class TokenBuckets(Protocol):
    """Token buckets, one per key: *capacity* tokens each, refilled continuously at *capacity* per *period*.

    ``TokenBuckets(capacity, period)`` takes *capacity* in tokens, 1 to ``MAX_BUCKET_CAPACITY``, and *period* in
    nanoseconds, ``MIN_BUCKET_PERIOD`` to ``MAX_BUCKET_PERIOD``; anything else raises ``ValueError``.

    A bucket is kept as its theoretical arrival time, the moment when it will be full again (the generic cell
    rate algorithm, ITU-T I.371 Annex A). Time is counted in ticks of ``period / (capacity * m)`` nanoseconds with
    ``m = max(1, ceil(period / (capacity * 1000)))``, so that a tick is at most a microsecond and a token is exactly
    *m* ticks: the integer arithmetic is exact and does not drift. A full bucket is not kept at all.

    Buckets are safe to share between threads. A short key may be kept as it is; a longer one is kept as a keyed
    fingerprint. Each call removes at most a few full buckets, and moves at most a few of the buckets that are kept.
    """

    def take(self, key: str, now: int | None = None, cost: int = 1) -> int:
        """Take *cost* tokens from the bucket of *key* at *now* (nanoseconds of a monotonic clock, 0 to 2**63 - 1).

        By default *now* is the moment of the call, ``time.monotonic_ns()``.

        Returns 0 if the tokens were taken, otherwise the nanoseconds until *cost* tokens are available (rounded up). A
        rejected call takes no token. *key* may be any ``str``, lone surrogates included. Raises ``TypeError`` for a key
        of another type, ``ValueError`` for a *cost* that is not 1 to the capacity, ``OverflowError`` for a *now* out of
        range, and ``MemoryError`` if there is no memory for another bucket; the existing buckets are unchanged. The
        arguments are checked in this order: *key*, *cost*, *now*.

        A *sweep* removes full buckets. The first is at moment 0, and each call that comes a 4096th of *period* or more
        after the latest sweep starts another. A *now* before the latest sweep counts as the moment of that sweep, so
        that no result depends on whether a bucket is kept. A *now* more than *period* before it means that the clock
        was set back, for example by a test that freezes time: every bucket is full again, and *now* is the latest
        sweep. With 256 calls or more in each period, a full bucket is removed within two periods.
        """
        ...

    def take_counted(self, key: str, now: int | None = None, cost: int = 1) -> tuple[int, int, int]:
        """Do what :meth:`take` does, and count what the bucket holds after the call.

        Returns the result of :meth:`take`, the whole tokens that remain, and the nanoseconds until the bucket is full
        (rounded up). At a moment before that of an earlier call, no less than 0 tokens remain.
        """
        ...

    def give_back(self, key: str, now: int | None = None, cost: int = 1) -> None:
        """Return *cost* tokens to the bucket of *key* at *now*, for example because the call does not count.

        The theoretical arrival time moves *cost* tokens earlier. A full bucket stays full and is not kept: what is
        given back beyond the capacity is lost. *key*, *cost*, *now*, the sweeps and the errors are those of
        :meth:`take`, but no memory is needed.
        """
        ...

    def take_by_client(self, request: Any, cost: int = 1) -> int:
        """Take *cost* tokens, now, from the bucket of the host that *request* comes from; see :meth:`take`.

        The key is the first item of ``request.scope.get("client")`` if that is a non-empty ``str``, otherwise
        ``"unknown"``. A ``dict`` without the attribute ``scope`` is the scope itself. Exceptions that *request* raises
        are passed on.
        """
        ...

    def reset(self, key: str | None = None) -> None:
        """Refill the bucket of *key*, or every bucket. Raises ``TypeError`` if *key* is not ``str`` or ``None``."""
        ...

    def __len__(self) -> int:
        """Return the number of buckets that are kept."""
        ...


class SharedTokenBuckets(Protocol):
    """Token buckets in *memory* that processes share: those of one limit, one per key.

    ``SharedTokenBuckets(memory, limit_at, capacity, period)`` takes a writable buffer that starts at a multiple of 16,
    where the entry of the limit is in its header, and the rate of a :class:`TokenBuckets`. The results are those of
    :class:`TokenBuckets`, for moments of one clock that is never set back. A *now* more than two periods before the
    arrival time of a bucket means that the clock was set back: the bucket is full.

    The memory has a fixed number of slots, 16 bytes for each bucket that is not full. A key has a window of eight. The
    slot of a full bucket is free for another key. If no bucket of a window is full, the one that would be full first
    loses its slot: it is full from then on.

    With the Rust engine, all calls in all processes may run at once: each change of a bucket is one atomic operation.
    With the Python engine, the callers exclude each other. Both leave no wrong bucket when a process is killed. One
    memory is used by one engine at a time: the fingerprints of their keys are different.
    """

    def take(self, key: str, cost: int = 1, now: int | None = None) -> int:
        """Do what :meth:`TokenBuckets.take` does. No memory is needed."""
        ...

    def take_counted(self, key: str, cost: int = 1, now: int | None = None) -> tuple[int, int, int]:
        """Do what :meth:`TokenBuckets.take_counted` does."""
        ...

    def give_back(self, key: str, cost: int = 1, now: int | None = None) -> None:
        """Do what :meth:`TokenBuckets.give_back` does."""
        ...

    def take_by_client(self, request: Any, cost: int = 1) -> int:
        """Do what :meth:`TokenBuckets.take_by_client` does."""
        ...

    def reset(self, key: str | None = None) -> None:
        """Refill the bucket of *key*, or every bucket of the limit: a new epoch begins."""
        ...


class CSRFCheck(Protocol):
    """The check of a request against cross-site request forgery (OWASP CSRF Prevention Cheat Sheet).

    ``CSRFCheck(*, session_cookie, csrf_cookie, check_origin, trusted_origins=(), keys=(), form=False)`` takes the names
    of the two cookies; whether the origin steps are done; a list or tuple of ``bytes``, each an origin
    ``scheme://host[:port]`` in lowercase without the default port; a list or tuple of ``bytes``, the HMAC keys of
    signed CSRF tokens; and whether a form may have the token. Another type of a name or of an item raises
    ``TypeError``; the three switches may be any object, whose truth value counts. A check never changes, and threads
    may share it.

    Of a header that is not ``Cookie``, the first counts; spaces and tabs around its value are trimmed (RFC 9110
    section 5.5). Cookies are read as :meth:`Engine.cookie` reads them, to their Latin-1 bytes; an empty cookie counts
    as missing. All headers are read. Headers raise ``TypeError`` as in :meth:`Engine.cookie`.
    """

    def verdict(self, headers: Headers, needs_token: bool) -> int:
        """Return the result for a request, one of the ``CSRF_`` constants.

        The steps are, in this order:

        1. ``Authorization`` is ``Bearer``, read as :meth:`Engine.credential` reads it, with a ``b64token`` (RFC 6750
           section 2.1): ``CSRF_PASSED``. A browser never adds that by itself.
        2. Without *needs_token* and without a session cookie: ``CSRF_PASSED``.
        3. With *check_origin*: if there is a ``Sec-Fetch-Site`` (W3C Fetch Metadata), other than exactly
           ``same-origin`` or ``none``, and ``Origin`` is not trusted: ``CSRF_CROSS_SITE``. If there is none but an
           ``Origin``, which is neither ``Host`` nor trusted: ``CSRF_NULL_ORIGIN`` for exactly ``null``, otherwise
           ``CSRF_ORIGIN``.
        4. Without *needs_token*: ``CSRF_PASSED``.
        5. Without an ``X-CSRF-Token`` header, or with an empty one: ``CSRF_FORM`` with *form*, otherwise
           ``CSRF_MISSING``.
        6. With *keys* and a session cookie: ``CSRF_PASSED`` if the header is a token that one of the keys signed for
           the session, otherwise ``CSRF_WRONG_SESSION``.
        7. Otherwise: ``CSRF_PASSED`` if the header is the CSRF cookie, compared in constant time; ``CSRF_MISMATCH`` if
           they differ; ``CSRF_MISSING`` without the cookie.

        An origin is read only if it is ``scheme://host[:port]``: a scheme of RFC 3986 section 3.1; a host of letters,
        digits, ``.``, ``-`` and ``_``, or an address of hexadecimal digits, ``:`` and ``.`` in brackets; a port of one
        to five digits. It is compared in lowercase without the default port of its scheme: 80 for ``http`` and ``ws``,
        443 for ``https`` and ``wss``. It is trusted if it is one of *trusted_origins*, and it is ``Host`` if its
        ``host[:port]`` is ``Host`` in lowercase without that default port.

        A signed token is 16 random bytes, a dot, and their MAC, both canonical base64url. The MAC is the HMAC-SHA256 of
        the session and the random bytes, each after its length as 4 bytes (big-endian); it is compared in constant
        time. The session is the UTF-8 of the claim ``sid``, if the session cookie has at most ``MAX_TOKEN_LENGTH``
        characters and three segments between dots, the second of which is read as a token's payload, a JSON object
        whose ``sid`` is a string and not empty; otherwise it is the whole cookie. No signature is verified here.
        """
        ...

    def verdict_of_form(self, headers: Headers, submitted: bytes) -> int:
        """Return the result of steps 5 to 7 with *submitted*, the value in the form, in place of the header.

        It is not trimmed, and an empty one is ``CSRF_MISSING``. Raises ``TypeError`` if *submitted* is not ``bytes``.
        """
        ...


class CSRFCheckClass(Protocol):
    """The class of a :class:`CSRFCheck`."""

    def __call__(
        self,
        *,
        session_cookie: str,
        csrf_cookie: str,
        check_origin: bool,
        trusted_origins: Sequence[bytes] = (),
        keys: Sequence[bytes] = (),
        form: bool = False,
    ) -> CSRFCheck:
        """Return a check."""
        ...


TokenBucketsClass: TypeAlias = Callable[[int, int], TokenBuckets]
SharedTokenBucketsClass: TypeAlias = Callable[[Any, int, int, int], SharedTokenBuckets]


class Engine(Protocol):
    """The calls of an engine module."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of the module
        """``"rust"`` or ``"python"``."""
        ...

    @property
    def CSRFCheck(self) -> CSRFCheckClass:  # noqa: N802 - a class of the module
        """The class of CSRF checks."""
        ...

    @property
    def TokenBuckets(self) -> TokenBucketsClass:  # noqa: N802 - a class of the module
        """The class of token buckets."""
        ...

    @property
    def SharedTokenBuckets(self) -> SharedTokenBucketsClass:  # noqa: N802 - a class of the module
        """The class of token buckets that processes share."""
        ...

    def has_usable_secret(self, secrets: object) -> bool:
        """Return whether one of *secrets* can sign and verify. Never raises, for an object of any type.

        A secret is unusable when it is empty, has a lone surrogate, or is a key of another kind. PyJWT rejects most of
        these keys too (RFC 8725 section 2.1):

        - It contains ``-----BEGIN `` or ``---- BEGIN `` (PEM, SSH2).
        - It starts with an SSH key type: ``ssh-ed25519``, ``ssh-ed448``, ``ssh-rsa``, ``ssh-dss``,
          ``ecdsa-sha2-nistp256``, ``-nistp384``, ``-nistp521``, ``sk-ssh-ed25519@openssh.com``,
          ``sk-ecdsa-sha2-nistp256@openssh.com``.
        - It is a DER key or certificate: one whole SEQUENCE that begins with a SEQUENCE or an INTEGER (ITU-T X.690).
        - It is a JWK: JSON in ``{}`` or ``[]`` that contains ``kty`` or a backslash. Surrounding white space, NULs and
          a byte order mark are ignored, so that UTF-16 and UTF-32 are recognized too.
        """
        ...

    def create_token(
        self,
        username: str,
        role: str,
        secret: Secrets,
        expires_hours: int = DEFAULT_EXPIRES_HOURS,
        *,
        expires_in: Duration | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        r"""Return a signed JWT with the claims ``sub``, ``role``, ``iat`` and ``exp`` (HS256), in this order.

        ``iat`` is the integer part of what ``time.time()`` returns; ``exp`` is *expires_hours* later, or *expires_in*,
        rounded down to whole seconds; passing both raises ``TypeError``. The header is ``{"alg":"HS256","typ":"JWT"}``
        and the JSON is compact and ASCII (other characters as ``\uXXXX``), so that the token equals PyJWT's token of
        the same claims (RFC 7515 section 3.1, RFC 7519 section 3).

        *claims*, a mapping, follow in its order. A ``datetime`` as ``nbf`` becomes a number. A claim whose name is one
        of the four, or that ``verify_token`` would reject as JSON (``NaN``, a lone surrogate, too deep), raises
        ``ValueError``; a name or an ``iss`` that is not ``str``, and a value that is not JSON, raise ``TypeError``.

        The first secret of a sequence signs. The errors for invalid arguments and the warning for a short secret are in
        ``fastware/_engine/token_errors.py`` and ``further_claims.py``.
        """
        ...

    def verify_token(
        self,
        token: str,
        secret: Secrets,
        *,
        leeway: Duration = 0.0,
        audience: str | Collection[str] | None = None,
        issuer: str | None = None,
    ) -> dict[str, Any] | None:
        """Return the claims of *token* if one of the secrets signed it and it is valid now; otherwise ``None``.

        Raises only for an invalid option. *leeway* is 0 to ``MAX_LEEWAY`` seconds; *audience* is a non-empty ``str``,
        or a non-empty collection of them; *issuer* is a ``str``. Unusable secrets in a sequence are skipped. The checks
        are, in this order:

        1. *token* is a ``str`` of at most ``MAX_TOKEN_LENGTH`` ASCII characters, with exactly two dots.
        2. The signature segment is the canonical base64url spelling of 32 bytes (RFC 7515 section 2, RFC 4648
           section 3.5: no padding, no stray characters, trailing bits zero), and these bytes are the HMAC-SHA256 of
           the signing input, compared in constant time. Nothing else is decoded before this check passes.
        3. The header and the payload segment are non-empty canonical base64url of JSON objects: valid UTF-8 without
           a byte order mark, no lone surrogate in any string, no ``NaN`` or ``Infinity``, no number that overflows
           to infinity, no integer over ``MAX_INTEGER_LENGTH`` characters, at most ``MAX_JSON_DEPTH`` deep. The last
           of duplicate member names counts (RFC 8259 section 4, as in ``json``).
        4. Header: ``alg`` is ``"HS256"``; ``kid``, if present, is a string; ``b64`` is not ``false``; ``crit``,
           if present, is a non-empty array of ``"b64"`` only, and ``b64`` is present (RFC 7515 section 4.1.11,
           RFC 7797).
        5. *now* is what ``time.time()`` returns; the clock is not read before the signature is verified.
           If now and leeway do not fit in 64 bits, or are not numbers, a token with one of the times is invalid.
           Payload: ``exp``, ``nbf``, ``iat``, if present, are JSON numbers, truncated to integers, with
           ``exp > now - leeway``, ``nbf <= now + leeway``, ``iat <= now + leeway``; ``sub`` and ``jti``, if
           present, are strings (RFC 7519 section 4.1). Without *audience*, ``aud`` is absent or empty (``""``, ``[]``,
           ``{}``, ``0``, ``false``, ``null``); with it, ``aud`` is one of its names, or an array of strings with one of
           them (RFC 7519 section 4.1.3). With *issuer*, ``iss`` is that string.
        """
        ...

    def header(self, headers: Headers, name: bytes) -> bytes:
        """Return the first value whose header name is *name*, exactly ``bytes``, or ``b""``.

        *name* is lowercase; ASCII letters of the header names are compared without case (RFC 9110 section 5.1).
        Items are read in order, up to the one that matches. Raises ``TypeError`` if *headers* is not iterable, if an
        item is not two ``bytes``, or if *name* is not ``bytes``.
        """
        ...

    def cookie(self, headers: Headers, cookie_name: str) -> str:
        r"""Return the value of the cookie *cookie_name* in the Cookie headers, or ``""``.

        Several Cookie headers are read as if joined by ``"; "`` (RFC 9113 section 8.2.3). ``;`` ends a pair, inside
        quotes too; the first ``=`` ends the name; a pair without ``=`` or with an empty name is ignored; only spaces
        and tabs around name and value are trimmed. Names are compared exactly, and the last of duplicate cookies
        counts. A value in double quotes is unquoted: ``\`` with three octal digits (the first from 0 to 3) is that
        character, and ``\`` with any other character except a line feed is that character. Bytes are decoded as
        Latin-1. The time is linear in the length of the headers. Raises ``TypeError`` as :meth:`header` does, and if
        *cookie_name* is not a ``str``.
        """
        ...

    def cookies(self, headers: Headers) -> dict[str, str]:
        """Return all cookies by name, in the order in which the names first appear. Rules as for :meth:`cookie`."""
        ...

    def credential(self, headers: Headers, query_string: bytes | None, cookie_name: str) -> str | None:
        """Return the token that a request presents: the first of these that is not empty, or ``None``.

        1. The first ``Authorization`` header, if its scheme is ``Bearer`` in any case followed by at least one
           space (RFC 9110 section 11.4, RFC 6750 section 2.1); spaces and tabs around the token are trimmed.
        2. The cookie *cookie_name*.
        3. The first ``token`` parameter of *query_string* (RFC 6750 section 2.3), decoded as
           ``application/x-www-form-urlencoded``: pairs are split at ``&``, names from values at the first ``=``;
           ``+`` is a space and ``%XX`` a byte, in names too; a malformed escape is kept as it is. ``None`` for
           *query_string* means that the query is not read.

        Bytes are decoded as Latin-1. Headers are read in order, up to a first ``Authorization`` header with a token.
        Raises ``TypeError`` as :meth:`cookie` does, and if *query_string* is neither ``bytes`` nor ``None``.
        """
        ...

    def identify(
        self,
        headers: Headers,
        query_string: bytes | None,
        cookie_name: str,
        secret: Secrets,
        *,
        leeway: Duration = 0.0,
        audience: str | Collection[str] | None = None,
        issuer: str | None = None,
    ) -> dict[str, Any] | int:
        """Return the claims of the token that a request presents: :meth:`credential` and :meth:`verify_token` in one.

        Raises as they do; an invalid option raises before the headers are read.
        Without valid claims, returns ``NO_TOKEN`` if the request presents no token, ``UNUSABLE_SECRET`` if none of the
        secrets is usable, and otherwise ``INVALID_TOKEN``.
        """
        ...
