"""A libFuzzer at work on one target, in a process of its own."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fuzz import ROOT, places
from fuzz.core_targets import AnyTarget, CoreTarget

_EVENT = re.compile(r"#(\d+)\s+(?:INITED|NEW|REDUCE|pulse|DONE).*? ft: (\d+)")
_STATISTIC = re.compile(r"stat::(\w+):\s+(\d+)")
_SECONDS_AN_INPUT = 20
_MEGABYTES = 2_048
_END_IN = 15
# What libFuzzer's own files of findings begin with.
_KINDS = ("crash-", "timeout-", "oom-", "leak-")


@dataclass(frozen=True)
class Programs:
    """What the targets run in; ``None`` where it could not be built."""

    extension: Path | None
    core: Path | None


@dataclass(frozen=True)
class Result:
    name: str
    compared_with: str
    executions: int
    executions_per_second: int
    features: int
    new_inputs: int
    findings: list[str]
    """The files of the inputs, or what the process said where there is none."""


class Fuzzer:
    """Starts at once, and ends by itself after so many seconds, or at the first finding."""

    def __init__(self, target: AnyTarget, programs: Programs, seconds: int) -> None:
        self.target = target
        self._findings = _folder(places.FINDINGS, target.name)
        self._known = set(self._findings.iterdir())
        self._log = _folder(places.LOGS) / f"{target.name}.log"
        command, environment = _command(target, programs)
        self._output: IO[bytes] = self._log.open("wb")
        self._process = subprocess.Popen(
            [*command, *_options(target, self._findings, seconds)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,  # Ctrl-C is for the one who started us
        )

    def is_running(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """End it before its time."""
        if self.is_running():
            self._process.terminate()
            try:
                self._process.wait(_END_IN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def progress(self) -> str:
        events = _EVENT.findall(self._said())
        runs, features = events[-1] if events else (0, 0)
        return f"{self.target.name} ({int(runs):,} runs, {int(features):,} features)"

    def result(self, *, is_cut_short: bool = False) -> Result:
        """What came of it, once it has ended."""
        self._output.close()
        said = self._said()
        statistics = {name: int(value) for name, value in _STATISTIC.findall(said)}
        events = _EVENT.findall(said)
        new = set(self._findings.iterdir()) - self._known
        findings = [str(path.relative_to(ROOT)) for path in sorted(new) if path.name.startswith(_KINDS)]
        if not findings and not is_cut_short and self._process.returncode != 0:
            findings = [f"ended with {self._process.returncode}: see {self._log.relative_to(ROOT)}"]
        return Result(
            self.target.name,
            self.target.compared_with,
            statistics.get("number_of_executed_units", int(events[-1][0]) if events else 0),
            statistics.get("average_exec_per_sec", 0),
            max((int(features) for _, features in events), default=0),
            statistics.get("new_units_added", 0),
            findings,
        )

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


def last_words(name: str) -> str:
    """What the fuzzer of a target said of its finding."""
    lines = (places.LOGS / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
    marks = ("Traceback", "panicked", "Uncaught", "Disagreement", "ERROR: libFuzzer")
    start = next((number for number, line in enumerate(lines) if any(mark in line for mark in marks)), 0)
    return "\n".join(line[:400] for line in lines[start : start + 40])


def _command(target: AnyTarget, programs: Programs) -> tuple[list[str], dict[str, str]]:
    if isinstance(target, CoreTarget):
        return [str(programs.core)], {"CORE_FUZZ_TARGET": target.name}
    extension = str(programs.extension) if programs.extension else ""
    return [sys.executable, "-m", "fuzz.atheris_process", target.name, extension], {}


def _options(target: AnyTarget, findings: Path, seconds: int) -> list[str]:
    kept = [folder / target.name for folder in (places.SEEDS, places.REGRESSIONS)]
    return [
        f"-max_total_time={seconds}",
        f"-max_len={target.longest}",
        f"-timeout={_SECONDS_AN_INPUT}",
        f"-rss_limit_mb={_MEGABYTES}",
        f"-artifact_prefix={findings}/",
        "-print_final_stats=1",
        *([f"-dict={_dictionary(target)}"] if target.words else []),
        str(_folder(places.CORPORA, target.name)),
        *(str(folder) for folder in kept if folder.is_dir()),
    ]


def _dictionary(target: AnyTarget) -> Path:
    path = _folder(places.DICTIONARIES) / f"{target.name}.dict"
    lines = ('"' + "".join(f"\\x{octet:02X}" for octet in word) + '"\n' for word in target.words)
    path.write_text("".join(lines), encoding="ascii")
    return path


def _folder(*parts: str | Path) -> Path:
    folder = Path(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
