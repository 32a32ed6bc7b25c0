"""Coverage-guided fuzzing of both engines against each other, PyJWT and references; see docs/fuzzing.md."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# The engines are loaded as the tests load them.
sys.path.append(str(ROOT / "tests" / "support"))
