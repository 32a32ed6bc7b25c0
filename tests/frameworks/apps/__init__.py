"""One application per framework, with the same routes, written as docs/ says."""
