"""How the benchmarks are found, checked, timed and reported."""

import gc
from time import perf_counter

import pytest

from .contenders import RUST
from .interleaved import Interleaved
from .job import Quantity
from .report import Report
from .result import Result
from .stated_clock import StatedClock

_REPORT = pytest.StashKey[Report]()
_CLOCK = StatedClock()

_OPTIONS = {
    "benchmark_max_time": "0.5",
    "benchmark_min_rounds": 10,
    "benchmark_disable_gc": True,
}


def pytest_configure(config):
    config.stash[_REPORT] = Report()
    config.addinivalue_line("python_files", "bench_*.py")
    config.addinivalue_line("filterwarnings", "ignore")  # the peers' own
    given = " ".join(map(str, config.invocation_params.args))
    for option, value in _OPTIONS.items():
        if f"--{option.replace('_', '-')}" not in given:
            setattr(config.option, option, value)
    if not (config.option.benchmark_verbose or config.option.benchmark_compare):
        config.option.benchmark_quiet = True  # one table is enough


def pytest_itemcollected(item):
    if "time_contender" in item.fixturenames:
        item.add_marker(pytest.mark.benchmark(timer=_CLOCK.now))


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
def time_contender(request, job, contender, job_report, benchmark):
    """Time the contender, and R before and after each of its rounds."""

    def timed():
        benchmark.group = job.title
        gc.collect()
        measured = job.contenders[contender](*job.inputs)
        if isinstance(job, Quantity):
            result = _count(benchmark, job, contender, measured)
        elif benchmark.disabled:
            benchmark(measured.answer)
            return
        else:
            result = _time(benchmark, job, contender, measured, request.config.option)
        job_report.results[contender] = result
        benchmark.extra_info |= result.extra_info()

    return timed


def _time(benchmark, job, contender, call, option):
    interleaved = Interleaved(call)
    rounds = interleaved.rounds_within(float(option.benchmark_max_time), int(option.benchmark_min_rounds))
    benchmark.pedantic(lambda: _CLOCK.advance(interleaved.round()), rounds=rounds)
    cost = interleaved.cost_in_r
    r_seconds = interleaved.r_seconds
    return Result(
        job.title,
        contender,
        cost,
        subtracted=interleaved.baseline_in_r if call.baseline else None,
        r_seconds=r_seconds,
        **_judged(job, contender, cost, r_seconds),
    )


def _count(benchmark, job, contender, count):
    def counted():
        start = perf_counter()
        value = count()
        _CLOCK.advance(perf_counter() - start)
        return value

    value = benchmark.pedantic(counted)
    return Result(job.title, contender, value, job.unit, **_judged(job, contender, value, 0.0))


def _judged(job, contender, value, r_seconds):
    if contender != RUST or job.goal is None:
        return {}
    goal = job.goal
    return {"goal": goal.limit, "goal_unit": goal.unit, "compared": goal.compared(value, r_seconds)}
