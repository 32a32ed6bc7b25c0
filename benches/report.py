"""The table at the end of a run."""

from dataclasses import dataclass, field
from typing import Any

from .contenders import OURS
from .job import Job
from .number import shown
from .result import Result

_TITLES = ("job", "contender", "median in R", "to best peer", "goal", "met")
_WIDTHS = (12, 12, 9, 16)


@dataclass
class JobReport:
    """What is known of a job: whether its check passed, who is missing, and the results by contender."""

    job: Job
    failure: str | None = None
    missing: dict[str, str] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, ...]]:
        """Contender, median, ratio to the best peer, goal, whether it is met."""
        if self.failure:
            return [("CHECK FAILED",)]
        best = min((result.value for name, result in self.results.items() if name not in OURS), default=None)
        rows = [_row(result, best) for result in self.results.values()]
        rows += [(f"{name}: missing, {reason}",) for name, reason in self.missing.items()]
        rows += [(f"{name}: left out, {reason}",) for name, reason in self.job.left_out.items()]
        return rows


class Report:
    """All jobs of a run, in the order in which they ran."""

    def __init__(self) -> None:
        self._jobs: dict[str, JobReport] = {}

    def of(self, job: Job) -> JobReport:
        """The report of *job*; the job is checked when it is first asked for."""
        if job.title not in self._jobs:
            self._jobs[job.title] = report = JobReport(job)
            try:
                report.missing = job.check()
            except BaseException as error:
                report.failure = str(error)
                raise
        return self._jobs[job.title]

    def write(self, terminal: Any) -> None:
        """Write the table, or what the checks found where nothing was timed."""
        if not self._jobs:
            return
        if any(report.results for report in self._jobs.values()):
            self._write_table(terminal)
            self._write_verdict(terminal)
        else:
            self._write_checks(terminal)

    def _write_table(self, terminal: Any) -> None:
        reports = [report for report in self._jobs.values() if report.results or report.failure]
        rows = [(report.job.title, report.rows()) for report in reports]
        first = max(len(_TITLES[0]), *(len(title) for title, _ in rows))
        second = max(len(row[0]) for _, job_rows in rows for row in job_rows if len(row) > 1)
        terminal.section("R = one hmac.digest of 150 bytes, measured beside each contender", sep="=")
        terminal.line(_line(_TITLES, first, second), bold=True)
        for title, job_rows in rows:
            terminal.line("-" * (first + second + sum(_WIDTHS) + 10))
            for index, row in enumerate(job_rows):
                terminal.line(_line(("" if index else title, *row), first, second))

    def _write_verdict(self, terminal: Any) -> None:
        judged = [
            result for report in self._jobs.values() for result in report.results.values() if result.met is not None
        ]
        if judged:
            terminal.section(f"goals met: {sum(bool(result.met) for result in judged)} of {len(judged)}", sep="=")

    def _write_checks(self, terminal: Any) -> None:
        terminal.section("checks: do all contenders give the right answer?", sep="=")
        for report in self._jobs.values():
            agreed = [name for name in report.job.contenders if name not in report.missing]
            verdict = "FAILED" if report.failure else f"passed: {', '.join(agreed)}"
            missing = f" (missing: {', '.join(report.missing)})" if report.missing else ""
            terminal.line(f"{report.job.title}: {verdict}{missing}")


def _row(result: Result, best: float | None) -> tuple[str, ...]:
    value = shown(result.value) if result.unit == "R" else f"{shown(result.value)} {result.unit}"
    name = result.contender
    if result.subtracted is not None:
        name += f" (less {shown(result.subtracted)})"
    return name, value, shown(result.value / best) if best else "-", *_goal(result)


def _goal(result: Result) -> tuple[str, str]:
    if result.goal is None or result.compared is None:
        return "-", "-"
    verdict = "yes" if result.met else "NO"
    if not result.goal_unit:
        return shown(result.goal), verdict
    return f"{result.goal:g} {result.goal_unit}", f"{verdict}, {shown(result.compared)}"


def _line(cells: tuple[str, ...], first: int, second: int) -> str:
    title, contender, *numbers = cells
    columns = [f"{title:<{first}}", f"{contender:<{second}}"]
    columns += [f"{number:>{width}}" for number, width in zip(numbers, _WIDTHS, strict=False)]
    return "  ".join(columns).rstrip()
