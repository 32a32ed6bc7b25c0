"""What each process keeps in its own memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastware.cli.doctor.findings import Finding

if TYPE_CHECKING:
    from fastware.cli.doctor.application import Application


def check_limits(workers: int, application: Application) -> Iterator[Finding]:
    """Yield the limits that each of the *workers* counts in its own memory."""
    from fastware.auth import LoginGuard  # noqa: PLC0415

    limited = [each for each in application.limited_handlers() if not each.limit.is_shared]
    limits = sorted(f"{each.__module__}.{each.__qualname__}" for each in limited)
    limits += ["LoginGuard"] * any(not guard.is_shared for guard in application.objects_of(LoginGuard))
    if limits and workers > 1:
        message = f"Each of the {workers} workers counts for itself, so clients get {workers} times the limits of "
        fix = "Pass buckets=SharedBuckets(path) for the workers of a machine, or buckets=RedisBuckets(url) for many."
        yield Finding("limits", "warning", f"{message}{', '.join(limits)}.", fix)


def check_memory(workers: int, application: Application) -> Iterator[Finding]:
    """Yield the revocations, refresh tokens and tickets that only one of the *workers* knows."""
    from fastware.auth import MemoryRevocations  # noqa: PLC0415
    from fastware.auth.sqlite_file import SQLiteFile  # noqa: PLC0415

    parts = {file._part for file in application.objects_of(SQLiteFile) if file.path is None}
    if application.objects_of(MemoryRevocations):
        parts.add("revocations")
    if parts and workers > 1:
        message = f"The {' and '.join(sorted(parts))} are in the memory of one of the {workers} workers; the others do "
        fix = "Share them: SQLiteRevocations(path), RedisRevocations(url), RefreshTokens(path or url), Tickets."
        yield Finding("memory", "error", f"{message}not know them.", fix)
