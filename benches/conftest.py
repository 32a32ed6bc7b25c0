"""How the benchmarks are found, checked, timed and reported."""

import statistics

import pytest

from . import yardstick
from .report import Report

_REPORT = pytest.StashKey[Report]()

_OPTIONS = {
    "benchmark_max_time": "0.5",
    "benchmark_min_time": "0.0005",  # a round of many calls, shorter than a scheduler's time slice
    "benchmark_min_rounds": 10,
}


def pytest_configure(config):
    config.stash[_REPORT] = Report()
    config.addinivalue_line("python_files", "bench_*.py")
    given = " ".join(map(str, config.invocation_params.args))
    for option, value in _OPTIONS.items():
        if f"--{option.replace('_', '-')}" not in given:
            setattr(config.option, option, value)
    if not (config.option.benchmark_verbose or config.option.benchmark_compare):
        config.option.benchmark_quiet = True  # one table is enough


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.ensure_newline()
    config.stash[_REPORT].write(terminalreporter)


@pytest.fixture
def job_report(request, job, contender):
    """The report of the job, after its check: all contenders gave the right answer, and this one is not missing."""
    report = request.config.stash[_REPORT].of(job)
    if report.failure:
        pytest.fail(report.failure, pytrace=False)
    if contender in report.missing:
        pytest.skip(f"{contender}: {report.missing[contender]}")
    return report


@pytest.fixture
def time_contender(job, contender, job_report, benchmark):
    """Time the contender, and R before and after it."""

    def timed():
        call = job.contenders[contender](*job.inputs)
        benchmark.group = job.title
        if benchmark.disabled:
            benchmark(call)
            return
        before = yardstick.measure()
        benchmark(call)
        unit = statistics.mean((before, yardstick.measure()))
        job_report.medians[contender] = benchmark.stats.stats.median / unit
        benchmark.extra_info |= {"R_seconds": unit, "median_in_R": job_report.medians[contender]}

    return timed
