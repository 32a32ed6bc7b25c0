"""Coverage-guided fuzzing: both engines against each other, PyJWT and the references. See fuzz/README.md."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# The targets load the engines as the tests do.
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
