"""Code that ``fastware.auth`` and ``fastware.core`` share. Nothing here is public."""
