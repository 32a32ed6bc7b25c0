"""Whole servers under load, fastware beside FastAPI: ``python -m benches.soak``."""
