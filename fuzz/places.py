"""Where things are: what is kept in the repository, and what a run leaves behind in ``.fuzz``."""

from pathlib import Path

from fuzz import ROOT

SEEDS = ROOT / "fuzz" / "seeds"
REGRESSIONS = ROOT / "fuzz" / "regressions"
CORE = ROOT / "fuzz" / "rust"

LEFT = ROOT / ".fuzz"
CORPORA = LEFT / "corpora"
FINDINGS = LEFT / "findings"
DICTIONARIES = LEFT / "dictionaries"
LOGS = LEFT / "logs"
BUILT = LEFT / "built"


def kept_inputs(name: str) -> list[Path]:
    """The seeds and regressions of a target."""
    return sorted(path for folder in (SEEDS, REGRESSIONS) for path in (folder / name).glob("*"))
