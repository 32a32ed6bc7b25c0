"""fastware under real servers that are attacked: ``python -m benches.siege``."""

import sys
from pathlib import Path

# The passwords of the siege cost as little as those of the tests.
sys.path.append(str(Path(__file__).parents[2] / "tests" / "support"))
