"""The clock of tokens while instructions are counted: the digits of the time would change the counts."""

import time

STOPPED_AT = 1_760_000_000


def stop():
    time.time = lambda: float(STOPPED_AT)
