"""Attack fastware under Granian and uvicorn with several workers, and kill workers meanwhile."""
