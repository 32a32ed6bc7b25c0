"""The table of goals in docs/performance.md."""

from benches.goals_table import table
from benches.result import Result

RESULTS = [
    Result("create token", "fastware (Rust)", 0.7, goal=0.22, compared=0.7),
    Result("create token", "fastware (Python)", 6.3),
    Result("create token", "PyJWT", 11.4),
    Result("create token", "ryjwt", 0.45),
    Result("cookie: 64 KB", "fastware (Rust)", 11.4, goal=2.0, goal_unit="ns/byte", compared=0.27),
    Result("no goal", "fastware (Rust)", 1.0),
]


def test_a_row_for_each_job_with_a_goal_beside_its_best_peer():
    *_, missed, met = table(RESULTS).splitlines()
    assert missed == "| create token | ryjwt | **0.70** | 0.22 | **no** | 6.30 | 0.45 |"
    assert met == "| cookie: 64 KB | - | **11.4 (0.27)** | 2.00 ns/byte | yes | - | - |"
