"""The results of a campaign as a table, on the terminal and in docs/fuzzing.md."""

from collections.abc import Iterable
from pathlib import Path

from benches.machine import describe, sentence
from benches.performance_page import markdown_table, text_table, write_json

from fuzz import ROOT
from fuzz.fuzzer import Result

DOCS = ROOT / "docs"

_TITLES = ("target", "runs", "runs/s", "features", "new inputs", "findings")
_BEGIN, _END = "<!-- fuzzing: written by the program -->", "<!-- fuzzing: end -->"


def as_text(results: Iterable[Result]) -> str:
    return text_table(_TITLES, _rows(results))


def publish(results: list[Result], seconds: float, folder: Path = DOCS) -> list[Path]:
    """Write the results as fuzzing.json and into fuzzing.md, both in *folder*; returns what was written."""
    figures = [{**vars(result), "findings": len(result.findings)} for result in results]
    written = write_json(folder, "fuzzing", {"machine": describe(), "seconds": round(seconds), "targets": figures})
    page = folder / "fuzzing.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    foot = f"{seconds / 60:.0f} minutes; {sentence()}."
    page.write_text(f"{before}{_BEGIN}\n{markdown_table(_TITLES, _rows(results))}\n\n{foot}\n{_END}{after}", "utf-8")
    return [page, written]


def _rows(results: Iterable[Result]) -> list[tuple[str, ...]]:
    ordered = sorted(results, key=lambda result: (result.name.startswith("core_"), result.name))
    rows = [
        (
            one.name,
            f"{one.executions:,}",
            f"{one.executions_per_second:,}",
            f"{one.features:,}",
            f"{one.new_inputs:,}",
            f"{len(one.findings):,}",
        )
        for one in ordered
    ]
    runs, new = sum(one.executions for one in ordered), sum(one.new_inputs for one in ordered)
    found = sum(len(one.findings) for one in ordered)
    return [*rows, ("all", f"{runs:,}", "", "", f"{new:,}", f"{found:,}")]
