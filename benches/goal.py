"""What fastware's Rust engine is to achieve."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """At most *limit* in the unit of the job; where the input has a *size*, in nanoseconds for each of its bytes."""

    limit: float
    size: int | None = None

    @property
    def unit(self) -> str:
        """What the limit is counted in, where it is not the unit of the job."""
        return "ns/byte" if self.size else ""

    def compared(self, value: float, r_seconds: float) -> float:
        """*value*, counted as the limit is."""
        return value * r_seconds * 1e9 / self.size if self.size else value
