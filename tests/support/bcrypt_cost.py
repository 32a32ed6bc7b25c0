"""bcrypt at its lowest cost: a millisecond instead of a quarter of a second, for tests that are not about the cost."""

import contextlib

import bcrypt

LOWEST = 4


@contextlib.contextmanager
def lowest():
    """Make every new hash at the lowest cost."""
    gensalt = bcrypt.gensalt

    def cheap_gensalt(rounds=12, prefix=b"2b"):
        return gensalt(min(rounds, LOWEST), prefix)

    bcrypt.gensalt = cheap_gensalt
    try:
        yield
    finally:
        bcrypt.gensalt = gensalt


def cost_of(hashed):
    """Return the cost of a hash."""
    return int(hashed.split("$")[2])
