"""What the Rust engine is to reach at a million keys."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """*figure* names what is measured, see ``summary.py``; it is to be at most *most*."""

    figure: str
    most: float
    unit: str

    def verdict(self, value: float) -> str:
        return "met" if value <= self.most else "MISSED"


GOALS = (
    Goal("live bytes a key", 64, "bytes"),
    Goal("stale bytes a key", 8, "bytes"),
    Goal("arriving: worst, smallest", 500_000, "ns"),
    Goal("going stale: worst, smallest", 500_000, "ns"),
    Goal("arriving: worst, CPU time, smallest", 500_000, "ns"),
    Goal("going stale: worst, CPU time, smallest", 500_000, "ns"),
    Goal("arriving: p99.9", 2_000, "ns"),
    Goal("going stale: p99.9", 2_000, "ns"),
)
