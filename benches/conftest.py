"""Check, time and report the contenders of each job, with pytest-benchmark."""

import gc
from dataclasses import dataclass, field
from typing import Any

import pytest
from checks.tables import machine, table

from benches.jobs import OURS, RUST, Job
from benches.timing import Rounds

_DEFAULTS = {"benchmark_max_time": "0.5", "benchmark_min_rounds": 10, "benchmark_disable_gc": True}


class _Clock:
    """The timer that pytest-benchmark reads before and after a round: the round advances it by the time of one call."""

    seconds = 0.0

    def read(self) -> float:
        return self.seconds


_CLOCK = _Clock()


@dataclass
class _Report:
    job: Job
    missing: dict[str, str] = field(default_factory=dict)
    failure: str = ""
    results: dict[str, dict[str, Any]] = field(default_factory=dict)


_REPORTS: dict[str, _Report] = {}


def pytest_configure(config):
    config.addinivalue_line("python_files", "bench_*.py")
    config.addinivalue_line("filterwarnings", "ignore")  # the peers' own
    given = " ".join(map(str, config.invocation_params.args))
    for option, value in _DEFAULTS.items():
        if f"--{option.replace('_', '-')}" not in given:
            setattr(config.option, option, value)
    if not (config.option.benchmark_verbose or config.option.benchmark_compare):
        config.option.benchmark_quiet = True  # the table below is enough


def pytest_itemcollected(item):
    if "time_contender" in item.fixturenames:
        item.add_marker(pytest.mark.benchmark(timer=_CLOCK.read))


@pytest.fixture
def time_contender(request, job, contender, benchmark):
    """Time the contender after all contenders of the job have returned the correct result."""
    if job.title not in _REPORTS:
        report = _REPORTS[job.title] = _Report(job)
        try:
            report.missing = job.check()
        except BaseException as error:
            report.failure = str(error)
            raise
    report = _REPORTS[job.title]
    if report.failure:
        pytest.fail(report.failure, pytrace=False)
    if contender in report.missing:
        pytest.skip(f"{contender}: {report.missing[contender]}")

    def timed():
        gc.collect()
        benchmark.group = job.title
        call = job.contenders[contender](*job.inputs)
        if benchmark.disabled:
            benchmark(call.result)
            return
        rounds = Rounds(call)

        def one_round():
            _CLOCK.seconds += rounds.measure()

        options = request.config.option
        seconds, minimum = float(options.benchmark_max_time), int(options.benchmark_min_rounds)
        benchmark.pedantic(one_round, rounds=rounds.number_within(seconds, minimum))
        report.results[contender] = result = _result(job, contender, rounds, bool(call.baseline))
        benchmark.extra_info |= result

    return timed


def _result(job: Job, contender: str, rounds: Rounds, has_baseline: bool) -> dict[str, Any]:
    result = {"job": job.title, "contender": contender, "r": rounds.ratio, "r_seconds": rounds.r_seconds}
    if has_baseline:
        result["baseline"] = rounds.baseline
    if contender == RUST and job.goal is not None:
        reached = rounds.ratio * rounds.r_seconds * 1e9 / job.size if job.size else rounds.ratio
        result |= {"goal": job.goal, "goal_unit": "ns/byte" if job.size else "R", "reached": reached}
        result["met"] = reached <= job.goal
    return result


def pytest_terminal_summary(terminalreporter):
    if not _REPORTS:
        return
    reports, line = _REPORTS.values(), terminalreporter.write_line
    terminalreporter.ensure_newline()
    terminalreporter.section("R = one hmac.digest of 150 bytes, measured beside each contender")
    rows = [row for report in reports for row in _rows(report)]
    line(table(("job", "contender", "in R", "to best peer", "goal", "met"), rows, 2))
    # A peer may be missing in several jobs; each is listed once.
    for note in dict.fromkeys(f"missing: {name}, {why}" for each in reports for name, why in each.missing.items()):
        line(note)
    for note in dict.fromkeys(
        f"left out: {name}, {why}" for each in reports for name, why in each.job.left_out.items()
    ):
        line(note)
    line(machine())
    judged = [result for report in reports for result in report.results.values() if "met" in result]
    if judged:
        line(f"goals met: {sum(each['met'] for each in judged)} of {len(judged)}")


def _rows(report: _Report) -> list[tuple[str, ...]]:
    title = report.job.title
    if report.failure:
        return [(title, "A WRONG RESULT", "", "", "", "")]
    if not report.results:
        return [(title, f"{len(report.job.contenders) - len(report.missing)} correct results", "", "", "", "")]
    best = min((each["r"] for name, each in report.results.items() if name not in OURS), default=None)
    rows = []
    for name, each in report.results.items():
        shown = f"{name} (less {_number(each['baseline'])})" if "baseline" in each else name
        goal, met = "-", "-"
        if "met" in each:
            goal = f"{_number(each['goal'])} {each['goal_unit']}"
            met = f"{'yes' if each['met'] else 'NO'}, {_number(each['reached'])}"
        rows.append((title, shown, _number(each["r"]), _number(each["r"] / best) if best else "-", goal, met))
        title = ""
    return rows


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2g}"
