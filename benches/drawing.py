"""The look of the charts in docs/: the same figures make the same SVG, byte for byte."""

from pathlib import Path

from .contenders import PYTHON, RUST

COLOURS = {RUST: "#c4501b", PYTHON: "#2f6db0"}
GREY = "#666666"
PEER_COLOURS = ("#5b8c5a", "#8c6bb1", "#a58b3a", "#7a7a7a")
OPACITY_OF_A_VARIANT = 0.5

_STYLE = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "svg.hashsalt": "fastware",
}


def draw(rows: int, columns: int, *, size: tuple[float, float]):
    """Return a figure and its panels, row by row; *size* in inches."""
    import matplotlib as mpl  # takes a second, and few of those who measure draw

    mpl.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams.update(_STYLE)
    figure, panels = pyplot.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    return figure, list(panels.flat)


def save(figure, path: Path) -> None:
    """Write the figure in the format that the suffix of *path* names."""
    from matplotlib import pyplot

    path.parent.mkdir(parents=True, exist_ok=True)
    is_svg = path.suffix == ".svg"
    figure.savefig(path, metadata={"Date": None} if is_svg else None, dpi=110)
    if is_svg:  # matplotlib ends lines of paths with a space
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")
    pyplot.close(figure)
