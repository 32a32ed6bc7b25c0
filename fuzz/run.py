"""Runs libFuzzer: each process fuzzes one target until its time is over, or until it has a finding."""

import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fuzz import ROOT
from fuzz.target import REGRESSIONS

WORK = ROOT / ".fuzz"
SEEDS = WORK / "seeds"

MIN_LENGTH = 512
SECONDS_PER_INPUT = 20
MEGABYTES = 2_048
SHOWN_LINES = 40

EXECUTIONS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
FEATURES = re.compile(r" ft: (\d+)")
WORD = re.compile(rb"\w+|[^\w\x1e]{1,16}")
FINDINGS = ("crash-", "timeout-", "oom-", "leak-")
"""The names that libFuzzer gives to the inputs of findings."""
ERROR_MARKS = ("Traceback", "panicked", "Uncaught", "ERROR: libFuzzer")


@dataclass
class Job:
    """A target, and the command that fuzzes it."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


class Run:
    """A running libFuzzer."""

    def __init__(self, job: Job, seconds: int) -> None:
        self.name = job.name
        self._findings = folder("findings", job.name)
        self._before = set(self._findings.iterdir())
        self._log = folder("logs") / f"{job.name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*job.command, *self._options(seconds)],
                cwd=ROOT,
                env={**os.environ, **job.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches only this program, which ends the processes
            )

    def _options(self, seconds: int) -> list[str]:
        seeds = [path.read_bytes() for path in sorted((SEEDS / self.name).iterdir())]
        words = sorted({word for seed in seeds for word in WORD.findall(seed) if len(word) <= 32})
        dictionary = folder("dictionaries") / self.name
        lines = ('"' + "".join(f"\\x{octet:02X}" for octet in word) + '"\n' for word in words)
        dictionary.write_text("".join(lines), encoding="ascii")
        kept = [SEEDS / self.name, REGRESSIONS / self.name]
        return [
            f"-max_total_time={seconds}",
            f"-max_len={max(MIN_LENGTH, *(len(seed) * 5 // 4 for seed in seeds))}",
            f"-timeout={SECONDS_PER_INPUT}",
            f"-rss_limit_mb={MEGABYTES}",
            f"-artifact_prefix={self._findings}/",
            f"-dict={dictionary}",
            "-print_final_stats=1",
            str(folder("corpora", self.name)),
            *(str(path) for path in kept if path.is_dir()),
        ]

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def report(self) -> tuple[str, list[Path]]:
        """Return a summary, and the findings: inputs, or the log if the process failed without one."""
        said = self._log.read_text(encoding="utf-8", errors="replace")
        executions = sum(map(int, EXECUTIONS.findall(said)))
        features = max(map(int, FEATURES.findall(said)), default=0)
        new = set(self._findings.iterdir()) - self._before
        findings = sorted(path for path in new if path.name.startswith(FINDINGS))
        if not findings and self._process.returncode != 0:
            findings = [self._log]
        summary = f"{executions:,} runs, {features:,} features, {len(findings)} findings"
        if findings:
            lines = said.splitlines()
            start = next((at for at, line in enumerate(lines) if any(mark in line for mark in ERROR_MARKS)), 0)
            summary += "\n" + "\n".join(line[:400] for line in lines[start : start + SHOWN_LINES])
        return summary, findings


def run_all(jobs: Sequence[Job], seconds: float, workers: int) -> dict[str, list[Path]]:
    """Run all jobs in about *seconds* in total, *workers* at once. Returns the findings by target."""
    seconds_each = max(2, int(seconds * min(workers, len(jobs)) / len(jobs)))
    print(f"{len(jobs)} targets, {seconds_each} s each, {workers} at once", flush=True)
    waiting, running, found = list(jobs), list[Run](), dict[str, list[Path]]()
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(Run(waiting.pop(0), seconds_each))
            time.sleep(0.2)
            for ended in [run for run in running if run.has_ended()]:
                running.remove(ended)
                summary, findings = ended.report()
                print(f"[{len(jobs) - len(waiting) - len(running)}/{len(jobs)}] {ended.name}: {summary}", flush=True)
                if findings:
                    found[ended.name] = findings
    finally:
        for run in running:
            run.end()
    return found


def write_seeds(name: str, seeds: Sequence[bytes]) -> None:
    for number, seed in enumerate(seeds):
        (folder("seeds", name) / str(number)).write_bytes(seed)


def folder(*parts: str) -> Path:
    path = WORK.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path
