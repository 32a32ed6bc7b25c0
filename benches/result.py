"""What a run found out about one contender of one job, as it stands in pytest-benchmark's JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Result:
    """*value* is in *unit*: the median in R, what was *subtracted* not included, or a quantity.

    *goal*, *compared* (the value, counted as the goal is) and *met* are known for the contender that has a goal.
    """

    job: str
    contender: str
    value: float
    unit: str = "R"
    subtracted: float | None = None
    r_seconds: float | None = None
    goal: float | None = None
    goal_unit: str = ""
    compared: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; ``None`` where there is none."""
        return None if self.goal is None or self.compared is None else self.compared <= self.goal

    def extra_info(self) -> dict[str, Any]:
        """This result in the JSON."""
        info = asdict(self) | {"met": self.met}
        return info | {"median_in_R": self.value} if self.unit == "R" else info


def read(path: str | Path) -> list[Result]:
    """Return the results of the run whose JSON is at *path*, in the order in which they were found."""
    benchmarks = json.loads(Path(path).read_text("utf-8"))["benchmarks"]
    return [_from_extra_info(each["extra_info"]) for each in benchmarks if "job" in each["extra_info"]]


def _from_extra_info(info):
    return Result(**{name: info[name] for name in Result.__dataclass_fields__})
