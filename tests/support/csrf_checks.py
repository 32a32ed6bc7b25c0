"""``CSRFCheck`` as the tests and checks of all engine calls use it: with everything on, and with the usual names."""

SESSION_COOKIE, CSRF_COOKIE = "session", "csrf_token"
METHODS = {"verdict": (True,), "verdict_of_form": (b"t",)}
"""The methods that read headers, and their further arguments."""


def new(engine, **changes):
    """Return a check that looks at the origin and takes double-submitted tokens, unless *changes* say otherwise."""
    settings = {"session_cookie": SESSION_COOKIE, "csrf_cookie": CSRF_COOKIE, "check_origin": True, **changes}
    return engine.CSRFCheck(**settings)


def call_of(engine, name):
    """Return the function *name* of an engine, or the method of that name of a check."""
    return getattr(new(engine) if name in METHODS else engine, name)
