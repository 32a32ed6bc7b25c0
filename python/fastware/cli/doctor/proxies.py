"""What the environment says about reverse proxies."""

from __future__ import annotations

import os
from collections.abc import Iterator

from fastware.cli.doctor.findings import Finding


def check_trusted_proxies() -> Iterator[Finding]:
    """Yield the variable that lets each client choose the address that uvicorn reports."""
    if os.environ.get("FORWARDED_ALLOW_IPS") == "*":
        message = "FORWARDED_ALLOW_IPS is *: uvicorn reports the first address in X-Forwarded-For, which the client "
        fix = "Name the addresses of your proxies, or unset it and use client_address(trusted_proxies=[...])."
        yield Finding("proxies", "warning", f"{message}may have written, and limits count by it.", fix)
