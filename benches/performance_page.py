"""docs/performance.md: the tables in it are written by the programs that measure."""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs"
_PAGE = "performance.md"


def write_json(folder: Path, name: str, results: object) -> Path:
    """Write *results* to ``name.json`` in *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return path


def write_table(folder: Path, name: str, markdown: str) -> None:
    """Put *markdown* between the marks of *name* in the page of *folder*, where there is one."""
    page = folder / _PAGE
    if not page.exists():
        return
    begin, end = f"<!-- {name}: written by the program -->", f"<!-- {name}: end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no place for this table: it needs the lines {begin} and {end}")
    page.write_text(f"{before}{begin}\n{markdown.strip()}\n{end}{after}", encoding="utf-8")


def markdown_table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table in Markdown; the first column is text, the others are numbers."""
    lines = [titles, ("---", *["---:"] * (len(titles) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def text_table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return the same table for a terminal."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) if index == 0 else cell.rjust(width) for index, (cell, width) in enumerate(cells))
        for cells in ([*zip(line, widths, strict=True)] for line in [titles, *rows])
    )
