"""All targets of the Python side, by name."""

from fuzz.target import Target
from fuzz.targets import (
    buckets,
    created_tokens,
    identify,
    rate_strings,
    request_bodies,
    request_headers,
    routing,
    secret_fitness,
    set_cookies,
    tokens,
    user_file,
)

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        tokens.TOKEN,
        tokens.SIGNED_TOKEN,
        created_tokens.TARGET,
        secret_fitness.TARGET,
        request_headers.HEADER,
        request_headers.COOKIES,
        request_headers.CREDENTIAL,
        request_headers.CSRF_VERDICT,
        identify.TARGET,
        buckets.TARGET,
        rate_strings.TARGET,
        user_file.TARGET,
        request_bodies.JSON_BODY,
        request_bodies.FORM,
        request_bodies.BODY,
        set_cookies.TARGET,
        routing.TARGET,
    )
}
