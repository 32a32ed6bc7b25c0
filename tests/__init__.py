"""The tests. A package, so that `tests.reference` is this one and not one that is installed."""
