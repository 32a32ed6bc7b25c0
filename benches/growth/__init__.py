"""How the cost of each hot path grows with its input, on both engines: ``python -m benches.growth``."""

import sys
from pathlib import Path

# Both engines in one process, as the tests have them.
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))
