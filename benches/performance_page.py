"""docs/performance.md: the tables in it are written by the programs that measure."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

Draw: TypeAlias = Callable[[Any, Path], None]
"""Draws results to a file."""

FOLDER = Path(__file__).parents[1] / "docs"
_PAGE = "performance.md"


def publish(folder: Path, name: str, results: object, draw: Draw, markdown: str) -> None:
    """Write *results* as ``name.json``, drawn as ``name.svg``, and *markdown* into the page, all in *folder*."""
    written = write_json(folder, name, results)
    picture = folder / f"{name}.svg"
    draw(results, picture)
    write_table(folder, name, markdown)
    print(f"Written: {picture}, {written}")


def write_json(folder: Path, name: str, results: object) -> Path:
    """Write *results* to ``name.json`` in *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return path


def write_table(folder: Path, name: str, markdown: str, page_name: str = _PAGE) -> None:
    """Put *markdown* between the marks of *name* in the page of *folder*, where there is one."""
    page = folder / page_name
    if not page.exists():
        return
    begin, end = f"<!-- {name}: written by the program -->", f"<!-- {name}: end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no place for this table: it needs the lines {begin} and {end}")
    page.write_text(f"{before}{begin}\n{markdown.strip()}\n{end}{after}", encoding="utf-8")


def markdown_table(titles: tuple[str, ...], rows: list[tuple[str, ...]], texts: int = 1) -> str:
    """Return a table in Markdown, *texts* columns of text and then numbers."""
    rule = tuple("---" if index < texts else "---:" for index in range(len(titles)))
    return "\n".join(f"| {' | '.join(line)} |" for line in (titles, rule, *rows))


def text_table(titles: tuple[str, ...], rows: list[tuple[str, ...]], texts: int = 1) -> str:
    """Return the same table for a terminal."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    return "\n".join(_text_line(line, widths, texts) for line in (titles, *rows))


def _text_line(cells: tuple[str, ...], widths: list[int], texts: int) -> str:
    sized = enumerate(zip(cells, widths, strict=True))
    return "  ".join(f"{cell:{'<' if index < texts else '>'}{width}}" for index, (cell, width) in sized).rstrip()
