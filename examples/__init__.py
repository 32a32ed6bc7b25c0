"""Applications that use fastware."""
