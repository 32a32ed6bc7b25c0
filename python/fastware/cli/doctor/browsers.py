"""Reads the source of an application: its session cookies, and its protection against cross-site request forgery."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from fastware.cli.doctor.findings import Finding

if TYPE_CHECKING:
    from fastware.auth import Auth
    from fastware.cli.doctor.source_file import Call, SourceFile

_SECURE: Final = "Pass secure=True, or host_prefix=True, where the application is served over HTTPS (docs/cookies.md)."
_SWITCHES: Final = {
    "check_origin": "does not check which site a request comes from",
    "websockets": "lets the pages of other sites open WebSockets",
}


def check_cookies(auths: Iterable[Auth], sources: Iterable[SourceFile]) -> Iterator[Finding]:
    """Yield the calls that certainly set session cookies without ``Secure``."""
    prefixes = {auth.host_prefix for auth in auths}
    for source in sources:
        for call in source.calls("set_session_cookies", "login_route", "RollingSessions"):
            if _has_secure(call, prefixes) is False:
                setting = call.text("secure") or call.text("host_prefix")
                message = f"{call.place} sets session cookies without Secure{setting}: "
                yield Finding("cookies", "warning", f"{message}browsers send them over plain HTTP too.", _SECURE)


def check_host_prefix(auths: Iterable[Auth], sources: Iterable[SourceFile]) -> Iterator[Finding]:
    """Yield the calls that name the cookies otherwise than each ``Auth``, or else each ``CSRFMiddleware``, does."""
    names = ("set_session_cookies", "clear_session_cookies", "CSRFMiddleware")
    calls = [(call, call.flag("host_prefix")) for source in sources for call in source.calls(*names)]
    reader = "Auth"
    read: set[bool | None] = {auth.host_prefix for auth in auths}
    if not read:
        reader, read = "CSRFMiddleware", {prefix for call, prefix in calls if call.name == "CSRFMiddleware"}
    if read not in ({True}, {False}):
        return
    expected = read.pop()
    for call, prefix in calls:
        if prefix is (not expected):
            message = (
                f"{call.place} calls {call.name} with host_prefix={prefix}, and {reader} has {expected}: they name "
            )
            fix = "Pass the same host_prefix to Auth, CSRFMiddleware, set_session_cookies and clear_session_cookies."
            yield Finding("host-prefix", "error", f"{message}different cookies.", fix)


def check_csrf(sources: Iterable[SourceFile]) -> Iterator[Finding]:
    """Yield the switched-off parts of ``CSRFMiddleware``, and session cookies without any protection."""
    setters: list[Call] = []
    is_protected = False
    for source in sources:
        is_protected = is_protected or _names_a_protection(source)
        setters += source.calls("set_session_cookies", "login_route")
        for call in source.calls("CSRFMiddleware"):
            if call.flag("disabled", position=2):
                message = f"{call.place} has CSRFMiddleware(disabled=True){call.text('disabled')}: it checks nothing."
                yield Finding("csrf", "error", message, "Disable it in tests only.")
            for option, consequence in _SWITCHES.items():
                if call.flag(option, True) is False:
                    message = (
                        f"{call.place} has CSRFMiddleware({option}=False){call.text(option)}, which {consequence}."
                    )
                    yield Finding(
                        "csrf",
                        "warning",
                        message,
                        f"Leave out {option}=False, and name your other origins in trusted_origins.",
                    )
    if setters and not is_protected:
        message = (
            f"{setters[0].place} sets session cookies, and no source file of the application names CSRFMiddleware: "
        )
        fix = "Add CSRFMiddleware (docs/csrf.md)."
        yield Finding("csrf", "error", f"{message}other sites can send requests in the name of a user.", fix)


def _has_secure(call: Call, prefixes: set[bool]) -> bool | None:
    """Return whether the cookies of *call* are ``Secure``, or ``None`` if that is not known."""
    if call.name == "set_session_cookies":
        flags = (call.flag("secure"), call.flag("host_prefix"))
    else:
        # Without `secure`, those of login_route are if the request came over HTTPS.
        default = None if call.name == "login_route" else False
        flags = (call.flag("secure", default), _prefix_of(call, prefixes))
    return True if True in flags else None if None in flags else False


def _prefix_of(call: Call, prefixes: set[bool]) -> bool | None:
    """Return the ``host_prefix`` of the ``Auth`` that *call* gets."""
    auth: Any = call.value("auth", None, position=0 if call.name == "login_route" else 1)
    prefix = getattr(auth, "host_prefix", None)
    if isinstance(prefix, bool):
        return prefix
    return next(iter(prefixes)) if len(prefixes) == 1 else None


def _names_a_protection(source: SourceFile) -> bool:
    """Return whether *source* has a class with ``csrf`` in its name: ``CSRFMiddleware``, or that of another package."""
    names = set()
    for node in source.nodes():
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.alias):
            names.add(node.name)
    return any("csrf" in name.lower() and not (name.islower() or name.isupper()) for name in names)
