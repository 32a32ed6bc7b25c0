"""The clock that pytest-benchmark reads."""


class StatedClock:
    """A clock that moves only when told to.

    pytest-benchmark reads it before and after a round. A round measures many calls, and R around them; then it says how
    long one call took, so that the statistics and the JSON are those of a call.
    """

    def __init__(self) -> None:
        self._seconds = 0.0

    def now(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        self._seconds += seconds
