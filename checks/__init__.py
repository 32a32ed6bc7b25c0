"""Checks that take too long for the test suite: ``python -m checks`` runs them, README.md describes them."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# Helpers that the tests use too: both engines in one process, bcrypt at its lowest cost, tokens with any content.
sys.path.insert(0, str(ROOT / "tests" / "support"))

SKIPPED = 77
"""Exit status of a check that cannot run here, for example because valgrind is missing."""
