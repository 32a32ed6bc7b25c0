"""Whether millions of calls of the engines leave memory behind: ``python -m benches.memory``."""

import sys
from pathlib import Path

# Both engines, and the hostile objects, as the tests have them.
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))
