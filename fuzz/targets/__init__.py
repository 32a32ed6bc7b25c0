"""The targets of the Python side, by name."""

from fuzz.target import TARGETS
from fuzz.targets import applications, bodies, buckets, csrf, forwarded, headers, tokens

__all__ = ["TARGETS", "applications", "bodies", "buckets", "csrf", "forwarded", "headers", "tokens"]
