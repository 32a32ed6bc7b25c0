"""The jobs that are measured: all the ways through one call, in turn, or one that leaks on purpose."""

from collections.abc import Callable
from contextlib import suppress

import engines

from .cases import Case, calls_of, cases
from .fresh import fresh
from .hostile import TroubleError

CALLS = (
    "create_token",
    "verify_token",
    "has_fit_secret",
    "header",
    "cookie",
    "cookies",
    "credential",
    "identify",
    "csrf_verdict",
    "take",
    "take_by_client",
    "TokenBuckets",
)

Turn = Callable[[], int]
"""Makes some calls; returns how many."""


def engine_turn(engine: str, call: str) -> Turn:
    """Return what makes each of the cases of *call* once, with fresh arguments."""
    function = calls_of(engines.engine(engine))[call]
    chosen = [case for case in cases() if case.call == call]
    if not chosen:
        raise ValueError(f"no such call: {call}")
    for case in chosen:
        _check(function, case)

    def turn() -> int:
        for case in chosen:
            with suppress(Exception):  # that is what the case is about
                function(*fresh(case.arguments), **fresh(case.keywords or {}))
        return len(chosen)

    return turn


def _check(function: Callable[..., object], case: Case) -> None:
    """A case that does not do what it says would measure something else."""
    try:
        function(*fresh(case.arguments), **fresh(case.keywords or {}))
        raised = False
    except (TypeError, ValueError, OverflowError, AttributeError, RuntimeError, TroubleError):
        raised = True
    if raised != case.raises:
        raise ValueError(f"{case.title}: {'raised' if raised else 'did not raise'}")


def _leaking(leak: Callable[[], object]) -> Turn:
    """A job of a hundred ways, one of which leaks."""
    kept = []

    def turn() -> int:
        kept.append(leak())
        return 100

    return turn


CONTROLS = {
    "leaks an object": lambda: _leaking(object),
    "leaks large objects": lambda: _leaking(lambda: bytes(1_000)),
    "leaks an exception with its traceback": lambda: _leaking(_raised),
}
"""Jobs in which the check has to find a leak."""


def _raised() -> Exception:
    try:
        raise TroubleError("kept")
    except TroubleError as error:
        return error
