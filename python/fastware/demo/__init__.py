"""A demo application in the browser: what ``fastware demo`` and ``make demo`` serve."""
