"""The picture of a run. It is drawn only where matplotlib is, which `make chart` installs."""

import pytest
from benches.chart import draw
from benches.result import Result

RESULTS = [
    Result("create token", "fastware (Rust)", 0.7, goal=0.22, compared=0.7),
    Result("create token", "fastware (Python)", 6.3),
    Result("create token", "PyJWT", 11.4),
    Result("header: 15th of 20", "fastware (Rust)", 0.02, goal=0.03, compared=0.02),
    Result("header: 15th of 20", "by hand", 0.2),
]


def test_the_same_run_gives_the_same_picture(tmp_path):
    pytest.importorskip("matplotlib")
    for name in ("first.svg", "second.svg"):
        draw(RESULTS, str(tmp_path / name))
    picture = (tmp_path / "first.svg").read_bytes()
    assert picture == (tmp_path / "second.svg").read_bytes()
    assert b"PyJWT" in picture
    assert b"by hand" in picture
