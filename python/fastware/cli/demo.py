"""``fastware demo``: a page in the browser that shows what fastware does."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from fastware.cli.output import fail, say


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True, help="The first port to try.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the user file; by default one that is deleted at the end.",
)
def demo(port: int, folder: Path | None) -> None:
    """Serve a demo on this machine until Ctrl-C."""
    if find_spec("granian") is None:
        fail('the demo needs the server Granian: pip install "fastware[cli,server]"')
    from fastware.demo.server import PORTS_TRIED, free_port, serve  # noqa: PLC0415 - the other commands do not need it

    free = free_port(port)
    if free is None:
        fail(f"no port from {port} to {port + PORTS_TRIED - 1} is free; choose another one with --port")
    if free != port:
        say(f"Port {port} is in use; using {free}.")
    if folder is not None:
        serve(free, folder)
        return
    with TemporaryDirectory(prefix="fastware-demo-") as temporary:
        serve(free, Path(temporary))
