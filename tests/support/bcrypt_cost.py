"""bcrypt at its lowest cost, where the cost is not the point: a millisecond instead of a quarter of a second."""

import contextlib

import bcrypt

LOWEST = 4


@contextlib.contextmanager
def lowest():
    """Salt every new hash with the lowest cost; all else is bcrypt as it is."""
    gensalt = bcrypt.gensalt

    def cheap_gensalt(rounds=12, prefix=b"2b"):
        return gensalt(min(rounds, LOWEST), prefix)

    bcrypt.gensalt = cheap_gensalt
    try:
        yield
    finally:
        bcrypt.gensalt = gensalt


def cost_of(hashed):
    """The cost that a hash was made with."""
    return int(hashed.split("$")[2])
