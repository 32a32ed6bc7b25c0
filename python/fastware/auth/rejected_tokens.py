"""The audit event of a request whose token is rejected."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from fastware._engine import engine
from fastware._engine.contract import Secrets
from fastware.auth import audit
from fastware.auth.token_report import inspect_token

_EVENT: Final = "token_rejected"
_RECORDED: Final = "fastware.token_rejected"
"""The key of a scope whose event is recorded: an optional user and a required one are two checks of one request."""


def record_rejected_token(
    scope: Mapping[str, Any],
    query_string: bytes | None,
    cookie_name: str,
    secret: Secrets,
    options: Mapping[str, Any],
) -> None:
    """Record why the token of a request is rejected, once. Nothing is recorded if no handler reads it.

    The arguments are those of ``Engine.identify``. A token that ``verify_token`` accepts was revoked.
    """
    if _RECORDED in scope or not audit.is_recorded(_EVENT):
        return
    _mark(scope)
    try:
        token = engine.credential(scope["headers"], query_string, cookie_name)
        report = inspect_token(token or "", secret, **options)
        username = (report.signed_claims or {}).get("sub")
        audit.record(
            _EVENT,
            username=username if isinstance(username, str) else None,
            address=audit.address_of(scope),
            reason=report.reason or "revoked",
        )
    finally:
        scope = query_string = secret = token = report = None  # type: ignore[assignment] # error reporters show locals


def record_rejected_ticket(scope: Mapping[str, Any]) -> None:
    """Record that the ticket of a request is rejected, once."""
    if _RECORDED not in scope:
        _mark(scope)
        audit.record(_EVENT, address=audit.address_of(scope), reason="invalid ticket")


def _mark(scope: Mapping[str, Any]) -> None:
    if isinstance(scope, MutableMapping):
        scope[_RECORDED] = True
