"""The table at the end of a run."""

from dataclasses import dataclass, field
from typing import Any

from .contenders import OURS
from .job import Job

_TITLES = ("job", "contender", "median in R", "to best peer")


@dataclass
class JobReport:
    """What is known of a job: whether its check passed, who is missing, and the medians in R by contender."""

    job: Job
    failure: str | None = None
    missing: dict[str, str] = field(default_factory=dict)
    medians: dict[str, float] = field(default_factory=dict)

    def costs(self) -> dict[str, float]:
        """The medians in R, the baseline's subtracted."""
        baseline = self.medians.get(self.job.baseline, 0.0) if self.job.baseline else 0.0
        return {name: median - baseline for name, median in self.medians.items() if name != self.job.baseline}

    def rows(self) -> list[tuple[str, str, str]]:
        """Contender, median in R, ratio to the best peer."""
        if self.failure:
            return [("CHECK FAILED", "", "")]
        costs = self.costs()
        best = min((cost for name, cost in costs.items() if name not in OURS), default=None)
        rows = [(name, _number(cost), _number(cost / best) if best else "-") for name, cost in costs.items()]
        if self.job.baseline in self.medians:
            baseline = _number(self.medians[self.job.baseline])
            rows.append((f"{self.job.baseline} (subtracted)", baseline, "-"))
        rows += [(f"{name}: missing, {reason}", "", "") for name, reason in self.missing.items()]
        rows += [(f"{name}: left out, {reason}", "", "") for name, reason in self.job.left_out.items()]
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
        if any(report.medians for report in self._jobs.values()):
            self._write_table(terminal)
        else:
            self._write_checks(terminal)

    def _write_table(self, terminal: Any) -> None:
        reports = [report for report in self._jobs.values() if report.medians or report.failure]
        rows = [(report.job.title, report.rows()) for report in reports]
        first = max(len(_TITLES[0]), *(len(title) for title, _ in rows))
        second = max(len(row[0]) for _, job_rows in rows for row in job_rows if row[1])
        terminal.section("R = one hmac.digest of 150 bytes, measured beside each contender", sep="=")
        terminal.line(_line(_TITLES, first, second), bold=True)
        for title, job_rows in rows:
            terminal.line("-" * (first + second + 30))
            for index, row in enumerate(job_rows):
                terminal.line(_line(("" if index else title, *row), first, second))

    def _write_checks(self, terminal: Any) -> None:
        terminal.section("checks: do all contenders give the right answer?", sep="=")
        for report in self._jobs.values():
            agreed = [name for name in report.job.contenders if name not in report.missing]
            verdict = "FAILED" if report.failure else f"passed: {', '.join(agreed)}"
            missing = f" (missing: {', '.join(report.missing)})" if report.missing else ""
            terminal.line(f"{report.job.title}: {verdict}{missing}")


def _line(cells: tuple[str, ...], first: int, second: int) -> str:
    title, contender, median, ratio = cells
    return f"{title:<{first}}  {contender:<{second}}  {median:>12}  {ratio:>12}".rstrip()


def _number(value: float) -> str:
    """Three significant digits, two below a tenth."""
    if 0 < abs(value) < 0.1:
        return f"{value:.1e}" if abs(value) < 0.001 else f"{value:.2g}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
