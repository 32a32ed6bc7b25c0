"""Limits and revocations in the memory of a process, where several processes serve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastware.cli.doctor.findings import Finding

if TYPE_CHECKING:
    from fastware.cli.doctor.application import Application


def check_workers(workers: int, application: Application) -> Iterator[Finding]:
    """Yield what each of the *workers* counts or keeps for itself."""
    if workers < 2:
        return
    handlers = sorted(f"{each.__module__}.{each.__qualname__}" for each in application.limited_handlers())
    if handlers:
        message = f"Rate limits count in each of the {workers} workers, which together allow {workers} times the rate: "
        fix = "Divide the rates by the number of workers, or limit at the reverse proxy."
        yield Finding("limits", "warning", f"{message}{', '.join(handlers)}.", fix)
    if any(map(_counts_in_memory, application.objects_of(_public("LoginGuard")))):
        message = (
            f"A LoginGuard counts in each of the {workers} workers, which together allow {workers} times the attempts."
        )
        yield Finding("limits", "warning", message, "Divide its limits by the number of workers.")
    if application.objects_of(_public("MemoryRevocations")):
        message = f"MemoryRevocations end a token in one of the {workers} workers only; the others accept it."
        yield Finding("revocations", "error", message, "Use SQLiteRevocations(path).")


def _public(name: str) -> type[Any]:
    import fastware.auth  # noqa: PLC0415

    kind: type[Any] = getattr(fastware.auth, name)
    return kind


def _counts_in_memory(guard: Any) -> bool:
    return getattr(guard, "buckets", None) is None
