"""Attack fastware under Granian and uvicorn with several workers while workers are killed."""
