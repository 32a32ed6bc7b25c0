"""The counts that were written down, to be compared with: ``baseline.json``, by machine and layer."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benches.instructions.surroundings import machine

FILE = Path(__file__).with_name("baseline.json")

_TOLERANCE = 0.02
"""By how much a count may grow, with the same tools. Another directory or environment moves it by up to 0.4 %."""
_TOLERANCE_WITH_OTHER_TOOLS = 0.20
"""Another build of the same Python moves counts by up to 15 %, another rustc by less than 1 %."""


@dataclass(frozen=True)
class Baseline:
    """The counts of one layer, and the tools that they were made with."""

    tools: dict[str, str]
    counts: dict[str, int]

    def tolerance(self, tools):
        return _TOLERANCE if tools == self.tools else _TOLERANCE_WITH_OTHER_TOOLS


def load(layer):
    """The baseline of *layer* for this machine, or None."""
    entry = _read().get(machine(), {}).get(layer)
    return None if entry is None else Baseline(**entry)


def save(layer, baseline):
    """Write *baseline* into the file, beside those of other layers and machines."""
    entries = _read()
    entries.setdefault(machine(), {})[layer] = asdict(baseline)
    FILE.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def _read():
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
