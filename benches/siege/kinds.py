"""All kinds of requests."""

from . import (
    good_requests,
    hostile_bodies,
    hostile_connections,
    hostile_credentials,
    hostile_headers,
    hostile_paths,
    limited_requests,
    user_requests,
)

KINDS = (
    *good_requests.KINDS,
    *user_requests.KINDS,
    *limited_requests.KINDS,
    *hostile_credentials.KINDS,
    *hostile_headers.KINDS,
    *hostile_paths.KINDS,
    *hostile_bodies.KINDS,
    *hostile_connections.KINDS,
)
