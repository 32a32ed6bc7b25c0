"""One application per framework, with the same routes, written as the documentation of fastware says."""
