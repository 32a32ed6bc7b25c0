"""Machine instructions of each comparison, in both classes."""

from pathlib import Path

from benches.constant_time.comparisons import CLASSES, controls, of_an_engine
from benches.instructions import callgrind

PROFILES = Path("target/constant-time")


def count(engine: str, profiles: Path = PROFILES) -> dict[str, tuple[int, int]]:
    """Return the instructions of a call with the first byte wrong, and with the last, by the name of the comparison."""
    counts = callgrind.count(engine, profiles, "benches.constant_time.driver")
    names = [comparison.name for comparison in [*of_an_engine(engine), *controls()]]
    return {name: tuple(counts[f"{name}, {where}"] for where in CLASSES) for name in names}
