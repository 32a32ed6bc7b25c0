"""The check of a request against cross-site request forgery."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from typing import Final, TypeAlias, final

from fastware._engine.arguments import as_items, as_octets
from fastware._engine.contract import (
    CSRF_CROSS_SITE,
    CSRF_FORM,
    CSRF_MISMATCH,
    CSRF_MISSING,
    CSRF_NULL_ORIGIN,
    CSRF_ORIGIN,
    CSRF_PASSED,
    CSRF_WRONG_SESSION,
    Headers,
)
from fastware._engine.pure import csrf_tokens, origins
from fastware._engine.pure.headers import bearer, last_cookie, octets_argument, pairs, text_argument, unquote
from fastware._internal.http_syntax import OPTIONAL_WHITESPACE

_B64TOKEN: Final = re.compile(rb"[A-Za-z0-9\-._~+/]+=*\Z")
_FIRST: Final = frozenset((b"authorization", b"x-csrf-token", b"sec-fetch-site", b"origin", b"host"))


_Request: TypeAlias = tuple[dict[bytes, bytes], bytes, bytes]
"""The first value of each header in ``_FIRST``, the session cookie and the CSRF cookie."""


@final
class CSRFCheck:
    """The check of a request against cross-site request forgery. Rules: ``CSRFCheck`` in the engine contract."""

    __slots__ = ("_check_origin", "_csrf_cookie", "_form", "_keys", "_session_cookie", "_trusted_origins")

    def __init__(
        self,
        *,
        session_cookie: str,
        csrf_cookie: str,
        check_origin: bool,
        trusted_origins: Sequence[bytes] = (),
        keys: Sequence[bytes] = (),
        form: bool = False,
    ) -> None:
        self._session_cookie = text_argument(session_cookie, "session_cookie")
        self._csrf_cookie = text_argument(csrf_cookie, "csrf_cookie")
        self._check_origin = bool(check_origin)
        self._trusted_origins = _octet_strings(trusted_origins, "trusted_origins")
        self._keys = _octet_strings(keys, "keys")
        self._form = bool(form)

    def verdict(self, headers: Headers, needs_token: bool) -> int:
        """Return the result for a request."""
        needs_token = bool(needs_token)
        first, session, csrf_cookie = self._read(headers, bool(self._keys) or not needs_token)
        if _B64TOKEN.match(bearer(first.get(b"authorization", b""))):
            return CSRF_PASSED
        if not needs_token and not session:
            return CSRF_PASSED
        if self._check_origin and (problem := self._problem_of_origin(first)):
            return problem
        if not needs_token:
            return CSRF_PASSED
        submitted = _trimmed(first, b"x-csrf-token")
        if not submitted:
            return CSRF_FORM if self._form else CSRF_MISSING
        return self._verdict_of_token(submitted, session, csrf_cookie)

    def verdict_of_form(self, headers: Headers, submitted: bytes) -> int:
        """Return the result of the token steps, with the token from the form."""
        submitted = octets_argument(submitted, "submitted")
        _, session, csrf_cookie = self._read(headers, bool(self._keys))
        return self._verdict_of_token(submitted, session, csrf_cookie) if submitted else CSRF_MISSING

    def _read(self, headers: Headers, needs_session: bool) -> _Request:
        first: dict[bytes, bytes] = {}
        session = csrf_cookie = None
        for name, value in pairs(headers):
            lowered = name.lower()
            if lowered in _FIRST:
                first.setdefault(lowered, value)
            elif lowered == b"cookie":
                if needs_session:
                    session = last_cookie(value, self._session_cookie, session)
                csrf_cookie = last_cookie(value, self._csrf_cookie, csrf_cookie)
        return first, _octets_of(session), _octets_of(csrf_cookie)

    def _problem_of_origin(self, first: dict[bytes, bytes]) -> int:
        """Return why the browser's word on the origin rejects the request, or ``CSRF_PASSED``."""
        site, origin = _trimmed(first, b"sec-fetch-site"), _trimmed(first, b"origin")
        if site in (b"same-origin", b"none") or (site is None and origin is None):
            return CSRF_PASSED
        if origin is not None and origins.is_trusted(origin, self._trusted_origins):
            return CSRF_PASSED
        if site is not None:
            return CSRF_CROSS_SITE
        if origin == b"null":
            return CSRF_NULL_ORIGIN
        return CSRF_PASSED if origins.is_host(origin or b"", _trimmed(first, b"host") or b"") else CSRF_ORIGIN

    def _verdict_of_token(self, submitted: bytes, session: bytes, csrf_cookie: bytes) -> int:
        if self._keys and session:
            return CSRF_PASSED if csrf_tokens.verifies(submitted, session, self._keys) else CSRF_WRONG_SESSION
        if not csrf_cookie:
            return CSRF_MISSING
        return CSRF_PASSED if hmac.compare_digest(csrf_cookie, submitted) else CSRF_MISMATCH


def _trimmed(first: dict[bytes, bytes], name: bytes) -> bytes | None:
    value = first.get(name)
    return None if value is None else value.strip(OPTIONAL_WHITESPACE)


def _octets_of(quoted: str | None) -> bytes:
    return unquote(quoted or "").encode("latin-1")


def _octet_strings(argument: object, name: str) -> tuple[bytes, ...]:
    items = as_items(argument)
    octets = None if items is None else tuple(map(as_octets, items))
    if octets is None or None in octets:
        del argument, items, octets
        raise TypeError(f"{name} must be a list or tuple of bytes")
    return octets  # type: ignore[return-value]
